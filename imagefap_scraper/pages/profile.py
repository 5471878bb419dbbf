"""A user's profile page: the number behind a name, and the name as its owner writes it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from imagefap_scraper.exceptions import PageNotFound
from imagefap_scraper.pages._page import Page, has_class, node_text

#: The link to the user's favorites; the class sets it apart from links to other users' favorites.
FAVORITES_LINK = f"//a[@href][{has_class('blk_header')}]"
#: Where the name stands: the header that says "NAME Profile".
HEADER = f"//*[{has_class('blk_profile_hdr')}]"
HEADER_END = re.compile(r"\s+Profile$", re.IGNORECASE)
#: Elsewhere on the page where the name can stand, as a word among others.
NAME_PLACES = f"//title | //h1 | //h2 | //*[{has_class('blk_header')}]"
UNKNOWN_USER = re.compile(
    r"(?:sorry,? |error:? )?(?:(?:the |this )?(?:user|profile|member)(?: you .{1,60})?(?: \S{1,60})? "
    r"(?:was not found|not found|does not exist|doesn't exist|could not be found|is unknown)"
    r"|(?:could not|cannot|can't) find (?:the |this |that )?(?:user|profile|member)\b"
    r"|(?:no such|unknown|invalid) (?:user|profile|member)\b)",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Profile:
    """Who a user is.

    Attributes:
        user_id: the site's number of the user.
        name: the name as the site writes it; as it was asked for if the page does not show it.
    """

    user_id: int
    name: str


class ProfilePage(Page):
    """The page `/profile/<name>`."""

    @property
    def profile(self) -> Profile:
        """Number and name of the user.

        Raises:
            PageNotFound: if the site says that there is no such user.
            LayoutChanged: if the page names no user's favorites, or those of several users.
        """
        self.require_whole()
        self.refuse_gone_address()
        ids = self._user_ids(FAVORITES_LINK) or self._user_ids("//a[@href]")
        if not ids and self.says(UNKNOWN_USER):
            raise PageNotFound(f"{self.shown}: the site knows no such user; check the spelling of the name")
        if len(ids) != 1:
            raise self.changed(f"it links to the favorites of {len(ids)} users instead of one")
        name = self._name()
        if not name:
            raise self.changed("it does not show the user's name")
        return Profile(ids.pop(), name)

    def _user_ids(self, xpath: str) -> set[int]:
        found = (link.address for link in self.links_at(xpath) if link.address.is_script("showfavorites.php"))
        return {address.user_id for address in found if address.user_id is not None}

    def _name(self) -> str | None:
        """The name in the site's letter case: the header's, a link's or the title's, else the one asked for."""
        asked = self.address.user_name
        header = HEADER_END.sub("", next(map(node_text, self.selector.xpath(HEADER)), ""))
        linked = [link.address.user_name for link in self.links]
        if asked is None:
            distinct = {name for name in linked if name}
            return header or (distinct.pop() if len(distinct) == 1 else None)
        for name in (header, *linked):
            if name and name.casefold() == asked.casefold():
                return name
        word = re.compile(rf"(?<!\w){re.escape(asked)}(?!\w)", re.IGNORECASE)
        for place in self.selector.xpath(NAME_PLACES):
            shown = word.search(node_text(place))
            if shown:
                return shown[0]
        return asked

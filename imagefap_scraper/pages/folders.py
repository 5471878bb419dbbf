"""The list of a user's favorites folders: the favorites root, and the same list on every folder page."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from imagefap_scraper.pages._header import favorites_owner
from imagefap_scraper.pages._page import Page, has_class
from imagefap_scraper.pages._text import parse_folder_id

if TYPE_CHECKING:
    from imagefap_scraper.pages._page import Link

#: Anchors with an `onclick` beside a folder's link only show and hide it.
FOLDER_LINKS = "//a[@href][not(@onclick)]"
#: `|`-joined numbers of the folders listed, with a `|` at the end; empty if there are none.
ALL_FOLDERS = "tgl_all"
#: The folder being shown is bold.
IS_BOLD = "boolean(.//b | .//strong | parent::b | parent::strong)"
IS_FOLDER_CLASS = f"boolean(self::*[{has_class('blk_galleries')}])"
NEXT = re.compile(r"::? ?next ?::?", re.IGNORECASE)
#: What the links of a pager say; the site's own next link is `:: next ::`.
PAGER_TEXT = re.compile(r"[0-9]+|\W{0,8}(?:next|prev|previous|first|last)?\W{0,8}", re.IGNORECASE)
#: "Uncategorized", which the site repeats on every page of the list.
UNCATEGORIZED = -1


@dataclass(frozen=True)
class FolderLink:
    """A favorites folder in the list.

    Attributes:
        folder_id: the site's number of it; may be negative ("Uncategorized") or 0.
        name: its name, entities decoded once, white space collapsed; empty if the link shows none.
        current: True if the list marks it as the one being shown.
    """

    folder_id: int
    name: str
    current: bool = False


@dataclass(frozen=True)
class FavoritesRoot:
    """One page of the list of a user's favorites folders.

    Attributes:
        user_id: the user's number.
        user_name: the name as the site writes it.
        folders: in the site's order, each number once.
        more: True if the page links to a later one. False proves nothing: the site may not show a pager here.
        unlinked: folders that the page counts (`tgl_all`) but does not link, so that their names are not known.
    """

    user_id: int
    user_name: str
    folders: tuple[FolderLink, ...]
    more: bool
    unlinked: tuple[int, ...] = ()


class FavoritesRootPage(Page):
    """The page `/showfavorites.php?userid=U`."""

    def root(self, user_id: int) -> FavoritesRoot:
        """The folders that this page lists; none is an answer too (no favorites, or past the last page).

        Raises:
            PageNotFound: if the site says that there is no such user.
            LayoutChanged: if it is not positively that user's favorites page, or counts folders and links none.
        """
        self.require_whole()
        self.refuse_gone_address()
        name = favorites_owner(self, user_id)
        folders = folder_links(self, user_id)
        linked = {folder.folder_id for folder in folders}
        counted = [parse_folder_id(part) for part in (self.value_of(ALL_FOLDERS) or "").split("|")]
        unlinked = [number for number in dict.fromkeys(counted) if number is not None and number not in linked]
        unlinked = [number for number in unlinked if number != UNCATEGORIZED]
        if unlinked and not folders and self.address.page == 0:
            raise self.changed(f"it counts {len(unlinked)} folders and links none of them")
        return FavoritesRoot(user_id, name, folders, self._has_more(user_id), tuple(unlinked))

    def _has_more(self, user_id: int) -> bool:
        """True if a link leads to a later page of this list (one to a folder's pages has a `folderid`)."""
        addresses = (link.address for link in self.links if link.address.is_script("showfavorites.php"))
        return any(
            address.user_id == user_id and not address.params.get("folderid") and address.page > self.address.page
            for address in addresses
        )


def folder_links(page: Page, user_id: int) -> tuple[FolderLink, ...]:
    """The favorites folders of that user that a page lists, in its order, each number once."""
    folders: dict[int, FolderLink] = {}
    for link in page.links_at(FOLDER_LINKS):
        folder_id = folder_of(link, user_id)
        if folder_id is None or _is_pager(link):
            continue
        seen = FolderLink(folder_id, link.text, link.node.xpath(IS_BOLD).get() == "1")
        known = folders.get(folder_id, seen)
        folders[folder_id] = replace(known, name=known.name or seen.name, current=known.current or seen.current)
    return tuple(folders.values())


def folder_of(link: Link, user_id: int) -> int | None:
    """The folder of that user that a link leads to; None if it leads anywhere else."""
    address = link.address
    if not address.is_script("showfavorites.php") or address.user_id != user_id:
        return None
    return parse_folder_id(address.params.get("folderid"))


def _is_pager(link: Link) -> bool:
    """True for a link to another page of a folder; a folder may be called `2` or `:: next ::` itself."""
    if not link.address.params.get("page") or link.node.xpath(IS_FOLDER_CLASS).get() == "1":
        return False
    return PAGER_TEXT.fullmatch(link.text) is not None

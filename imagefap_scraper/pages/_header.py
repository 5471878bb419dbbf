"""The header of favorites pages: whose page it is. Without it no favorites page is believed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from imagefap_scraper.exceptions import PageNotFound
from imagefap_scraper.pages._page import ANCHORS, Page, has_class
from imagefap_scraper.pages.profile import UNKNOWN_USER

if TYPE_CHECKING:
    from collections.abc import Iterable

    from imagefap_scraper.pages._page import Link

#: `<td class='blk_header'>` with a link to the profile (by name) and one to the user's galleries (by number).
HEADER_LINKS = f"//td[{has_class('blk_header')}]//a[@href]"

PRIVATE = re.compile(
    r"(?:sorry,? )?th(?:is|e|ese) (?:(?:user|member)(?:'?s)? )?(?:favorites?(?: folders?)?|folders?|profile)?\s?"
    r"(?:(?:is|are) (?:set to )?(?:private|hidden|password|protected)|ha(?:s|ve) (?:been )?(?:hidden|deleted|removed))",
    re.IGNORECASE,
)


def favorites_owner(page: Page, user_id: int) -> str:
    """The name of the user in the header of a favorites page, which must be that user's.

    Raises:
        PageNotFound: if there is no such header and the site says that the user is unknown or keeps this private.
        LayoutChanged: if there is no header with that user's number and a name.
    """
    for links in (page.links_at(HEADER_LINKS), page.links_at(ANCHORS)):
        found, name = _owner(links, user_id)
        if found and name:
            return name
        if found:
            raise page.changed("its header does not name the user")
    if page.says(UNKNOWN_USER) or page.says(PRIVATE):
        raise PageNotFound(f"{page.shown}: the site says that user {user_id} is not there or keeps this private")
    raise page.changed(f"it has no header of the favorites of user {user_id}")


def _owner(links: Iterable[Link], user_id: int) -> tuple[bool, str | None]:
    """Whether a link to the user's galleries is there, and the name in the profile link nearest to it."""
    found, name = False, None
    for link in links:
        address = link.address
        is_profile = address.is_script("profile.php") or address.path.startswith("/profile/")
        if is_profile and address.user_name:
            name = address.user_name
        if address.is_script("usergallery.php") and address.user_id == user_id:
            found = True
        if found and name:
            break
    return found, name

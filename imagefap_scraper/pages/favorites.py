"""One listing page of a favorites folder: what it holds, in the site's order, and whether there is more."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from imagefap_scraper.exceptions import PageNotFound
from imagefap_scraper.items import FolderKind
from imagefap_scraper.pages._cells import ListedGallery, ListedImage, has_gallery_marks, listed_galleries, listed_images
from imagefap_scraper.pages._header import favorites_owner
from imagefap_scraper.pages._page import Page, has_class, node_text
from imagefap_scraper.pages.folders import NEXT, FolderLink, folder_links, folder_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from parsel import Selector

__all__ = ["FavoritesFolderPage", "FolderListing", "ListedGallery", "ListedImage"]

#: The folder's own name over its items: a toggle whose script ends with `none;`.
OWN_NAME = f"//a[{has_class('blk_favorites')}][not(@onclick)][contains(@href, 'none;')]"
PASSWORD_INPUTS = "//input[translate(@type, 'PASWORD', 'pasword')='password']"  # noqa: S105 - a selector
#: A form that also asks who one is logs in; it can stand on any page.
FORM_NAMES = "ancestor::form[1]//input[not(translate(@type, 'HIDEN', 'hiden')='hidden')]/@name"
LOGIN_NAME = re.compile(r"user|login|e-?mail|nick|member", re.IGNORECASE)


@dataclass(frozen=True)
class FolderListing:
    """One page of a favorites folder.

    Attributes:
        user_id: the folder's user.
        user_name: the user's name as the site writes it.
        folder_id: the folder.
        folder_name: its name; None if the page does not show it.
        kind: images if there is one, else galleries if there is one or the header of such a list, else empty.
        images: in the site's order; an id that is listed twice is here twice.
        galleries: in the site's order; beside images only in a mixed folder.
        folders: the list of the user's folders that every folder page carries.
        has_next: True if the page links to a later one of the same folder.
        next_page: that page's number, from 0; None without one.
    """

    user_id: int
    user_name: str
    folder_id: int
    folder_name: str | None
    kind: FolderKind
    images: tuple[ListedImage, ...]
    galleries: tuple[ListedGallery, ...]
    folders: tuple[FolderLink, ...]
    has_next: bool
    next_page: int | None


class FavoritesFolderPage(Page):
    """The page `/showfavorites.php?userid=U&page=P&folderid=F`."""

    def listing(self, user_id: int, folder_id: int) -> FolderListing:
        """What the page lists; nothing (kind empty) only if it is positively a page of that folder.

        Raises:
            PageNotFound: if the folder is password-protected or private, or there is no such user.
            LayoutChanged: if it is not positively a page of that folder. `PageCut` if it ended in the middle.
        """
        self.require_whole()
        self.refuse_gone_address()
        images, galleries = listed_images(self), listed_galleries(self)
        kind = self._kind(images, galleries)
        if kind is FolderKind.EMPTY and self._asks_password():
            raise PageNotFound(f"folder {folder_id} of user {user_id} is password-protected; it cannot be had")
        user_name = favorites_owner(self, user_id)
        folders = folder_links(self, user_id)
        folder_name = self._own_name(user_id, folder_id, folders, kind)
        next_page = self._next_page(user_id, folder_id)
        return FolderListing(
            user_id=user_id,
            user_name=user_name,
            folder_id=folder_id,
            folder_name=folder_name or None,
            kind=kind,
            images=images,
            galleries=galleries,
            folders=folders,
            has_next=next_page is not None,
            next_page=next_page,
        )

    def _kind(self, images: Sequence[ListedImage], galleries: Sequence[ListedGallery]) -> FolderKind:
        if images:
            return FolderKind.IMAGES
        return FolderKind.GALLERIES if galleries or has_gallery_marks(self) else FolderKind.EMPTY

    def _asks_password(self) -> bool:
        """True if the page asks for a password and not, in the same form, for a user: a log-in is on any page."""
        return any(not self._is_login(node) for node in self.selector.xpath(PASSWORD_INPUTS))

    @staticmethod
    def _is_login(password_input: Selector) -> bool:
        return any(LOGIN_NAME.search(name) for name in password_input.xpath(FORM_NAMES).getall())

    def _own_name(self, user_id: int, folder_id: int, folders: Sequence[FolderLink], kind: FolderKind) -> str:
        """The folder's name, once it is certain that this is its page."""
        current = [folder.folder_id for folder in folders if folder.current]
        if len(current) == 1 and current[0] != folder_id:
            raise self.changed(f"it shows folder {current[0]} and not folder {folder_id} of user {user_id}")
        own = next((folder.name for folder in folders if folder.folder_id == folder_id), None)
        over_items = next(map(node_text, self.selector.xpath(OWN_NAME)), "")
        linked = own is not None or any(folder_of(link, user_id) == folder_id for link in self.links)
        if kind is FolderKind.EMPTY and not linked and not over_items:
            raise self.changed(f"it is empty and does not mention folder {folder_id} of user {user_id}")
        return own or over_items

    def _next_page(self, user_id: int, folder_id: int) -> int | None:
        """Number of the next page: the next link's, else that of the nearest later page in the pager."""
        later = [
            link
            for link in self.links
            if folder_of(link, user_id) == folder_id and link.address.page > self.address.page
        ]
        said = [link.address.page for link in later if NEXT.fullmatch(link.text)]
        return said[0] if said else min((link.address.page for link in later), default=None)

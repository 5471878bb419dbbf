"""The listing of one folder, page by page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from imagefap_scraper.exceptions import ArchiveError, PageNotFound
from imagefap_scraper.items import FavoriteItem, FolderItem, FolderKind
from imagefap_scraper.pages.favorites import FavoritesFolderPage, ListedImage
from imagefap_scraper.spiders.steps import Step

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from imagefap_scraper.planning.folder_walk import FolderWalk
    from imagefap_scraper.spiders.favorites import FavoritesSpider


@dataclass(slots=True)
class Listing:
    """A folder that is being listed.

    Attributes:
        user_id: the folder's user.
        folder_id: the folder.
        name: its name.
        order: its place among the folders of this run.
        walk: which page comes next.
        position: places given so far; the order of photo pages is learned from them.
        listed: True if the list of folders shows it; another one that is empty does not exist.
        named: True if a person named this folder, so that not getting it is an error.
        since: when a listing from the first page began; None for one that starts later.
    """

    user_id: int
    folder_id: int
    name: str
    order: int
    walk: FolderWalk[ListedImage]
    position: int
    listed: bool
    named: bool
    since: str | None


class FolderStep(Step):
    """The listing page of a folder at which its walk stands."""

    kind = "folder"

    def __init__(self, spider: FavoritesSpider, listing: Listing) -> None:
        super().__init__()
        self._spider = spider
        self._listing = listing
        self._page = listing.walk.page or 0

    @property
    def url(self) -> str:
        """Address of the listing page."""
        return self._spider.site.favorites_folder(self._listing.user_id, self._listing.folder_id, self._page)

    def read(self, text: str, url: str) -> Iterator[Any]:
        """Yield the page with its checkpoint, and what of it is wanted."""
        here = self._listing
        page = FavoritesFolderPage(text, url, self._spider.site).listing(here.user_id, here.folder_id)
        here.name = page.folder_name or here.name
        if page.kind is FolderKind.GALLERIES:
            yield from self._spider.galleries_folder(here)
            return
        if page.kind is FolderKind.EMPTY and not here.listed:
            raise PageNotFound(f"user {here.user_id} has no folder {here.folder_id}")
        yield from self._record(page.images, page.has_next)

    def _record(self, images: Sequence[ListedImage], has_next: bool) -> Iterator[Any]:
        """Yield what the walk lets go of, each page with its checkpoint."""
        here = self._listing
        for listed in here.walk.saw([image.image_id for image in images], images, has_next=has_next):
            yield FolderItem(
                here.user_id,
                here.folder_id,
                here.name,
                kind=FolderKind.IMAGES if images or listed.pages else FolderKind.EMPTY,
                pages=listed.pages,
                favorites=[FavoriteItem(i.image_id, i.listed_name, i.gallery_id) for i in listed.entries],
                listed_through=listed.last,
                listed_since=here.since,
            )
            yield from self._spider.take_listed(here, listed.entries)
        self._spider.went_on(here)

    def missed(self, error: ArchiveError) -> Iterator[Any]:
        """Leave the folder as it is, nothing in it missing; but a page behind its last one may well not be there."""
        if isinstance(error, PageNotFound) and self._page > 0:
            yield from self._record((), has_next=False)
        else:
            self._spider.folder_missed(self._listing, error)

"""The listing of one folder, page by page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from imagefap_scraper.exceptions import ArchiveError, PageNotFound
from imagefap_scraper.items import FavoriteItem, FolderItem, FolderKind, ListedGalleryItem
from imagefap_scraper.pages.favorites import FavoritesFolderPage, ListedGallery, ListedImage
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
        places: place of each known image among those that the site still lists, from 1.
        count: places in `places`, and those given behind them.
        kind: what it holds, as far as that is known.
        galleries: galleries that this run has seen in it.
        listed: True if the list of folders shows it; another one that is empty does not exist.
        named: True if a person named this folder, so that not getting it is an error.
        since: when a listing from the first page began; None for one that starts later.
    """

    user_id: int
    folder_id: int
    name: str
    order: int
    walk: FolderWalk[ListedImage | ListedGallery]
    position: int
    places: dict[int, int]
    count: int
    kind: FolderKind | None
    listed: bool
    named: bool
    since: str | None
    galleries: int = 0

    @property
    def label(self) -> str:
        """What a person reads: name and number."""
        return f"{self.name} (folder {self.folder_id})"

    def holds(self, first: int | None) -> bool:
        """Return whether as many images, or galleries, have been listed as are wanted; never if all are."""
        return first is not None and max(self.count, self.galleries) >= first


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
        if page.kind is FolderKind.GALLERIES and not self._spider.arguments.galleries:
            yield from self._spider.galleries_folder(here)
            return
        if page.kind is FolderKind.EMPTY and not here.listed:
            raise PageNotFound(f"user {here.user_id} has no folder {here.folder_id}")
        if page.kind is not FolderKind.EMPTY and here.kind is not FolderKind.IMAGES:
            here.kind = page.kind
        galleries = page.galleries if self._spider.arguments.galleries else ()
        yield from self._record([*page.images, *galleries], page.has_next)

    def _record(self, entries: Sequence[ListedImage | ListedGallery], has_next: bool) -> Iterator[Any]:
        """Yield what the walk lets go of, each page with its checkpoint."""
        here = self._listing
        for listed in here.walk.saw([walk_id(entry) for entry in entries], entries, has_next=has_next):
            images = [entry for entry in listed.entries if isinstance(entry, ListedImage)]
            galleries = [entry for entry in listed.entries if isinstance(entry, ListedGallery)]
            kind = here.kind or (FolderKind.IMAGES if listed.pages else FolderKind.EMPTY)
            yield FolderItem(
                here.user_id,
                here.folder_id,
                here.name,
                kind=kind,
                pages=listed.pages,
                favorites=[FavoriteItem(i.image_id, i.listed_name, i.gallery_id) for i in images],
                galleries=[ListedGalleryItem(one.gallery_id, one.title or None, one.count) for one in galleries],
                listed_through=listed.last,
                listed_since=here.since,
            )
            yield from self._spider.take_listed(here, images)
            yield from self._spider.take_listed_galleries(here, galleries)
        yield from self._spider.went_on(here)

    def missed(self, error: ArchiveError) -> Iterator[Any]:
        """Leave the folder as it is, nothing in it missing; but a page behind its last one may well not be there."""
        if isinstance(error, PageNotFound) and self._page > 0:
            yield from self._record((), has_next=False)
        else:
            self._spider.folder_missed(self._listing, error)


def walk_id(entry: ListedImage | ListedGallery) -> int:
    """Return the number of a listed entry for its folder's walk: galleries have numbers of their own, below 0."""
    return entry.image_id if isinstance(entry, ListedImage) else -entry.gallery_id

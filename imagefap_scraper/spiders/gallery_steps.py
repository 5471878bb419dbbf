"""The pages that show what a gallery holds: partial strips, with addresses, and its own pages, with names."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from imagefap_scraper.exceptions import LayoutChanged, PageNotFound, SiteError
from imagefap_scraper.pages._cells import ListedImage
from imagefap_scraper.pages.gallery import GalleryPage
from imagefap_scraper.pages.strip import StripPage
from imagefap_scraper.planning.windows import WINDOW, StripRequest
from imagefap_scraper.spiders.photo_steps import window_of
from imagefap_scraper.spiders.steps import Step

if TYPE_CHECKING:
    from collections.abc import Iterator

    from imagefap_scraper.database.reads import WantedImage
    from imagefap_scraper.exceptions import ArchiveError
    from imagefap_scraper.planning.gallery_walk import GalleryWalk
    from imagefap_scraper.spiders.galleries import GallerySpider


@dataclass(slots=True)
class GalleryWork:
    """A gallery that is wanted.

    Attributes:
        gallery_id: the site's number.
        name: its title; empty while not known.
        walk: which part of it comes next.
        order: its place among the galleries of this run.
        shown: how many images a listing says it holds; None if none does.
        via: an image for the addresses of its strips, which need one of the site's and take any; None while unknown.
        by_pages: True if its own pages are read, for the names or because strips do not come.
        named: True if a person named this gallery, so that not getting it is an error.
        first: how many of its images are wanted; None for all.
        places: positions of its images, as far as they are known.
        title: its whole title, from its own page; None while not known.
        before: images that earlier runs did not get and whose names its pages may tell.
        tried: images for which a strip was asked since the gallery was read.
    """

    gallery_id: int
    name: str
    walk: GalleryWalk
    order: int
    shown: int | None
    via: int | None
    by_pages: bool = False
    named: bool = False
    first: int | None = None
    places: dict[int, int] = field(default_factory=dict)
    title: str | None = None
    before: dict[int, WantedImage] = field(default_factory=dict)
    tried: set[int] = field(default_factory=set)

    @property
    def label(self) -> str:
        """What a person reads: title and number."""
        return f"{self.name} (gallery {self.gallery_id})" if self.name else f"gallery {self.gallery_id}"


class GalleryStripStep(Step):
    """A partial strip at which a gallery's walk stands: it tells what the gallery holds and serves it at once."""

    kind = "strip"

    def __init__(self, spider: GallerySpider, work: GalleryWork) -> None:
        super().__init__()
        assert work.via is not None
        self._spider = spider
        self._work = work
        self._request = StripRequest(work.gallery_id, work.walk.start or 0, work.via)

    @property
    def url(self) -> str:
        """Address of the partial answer."""
        return self._spider.site.strip(self._request.via_image_id, self._request.gallery_id, self._request.start)

    def read(self, text: str, url: str) -> Iterator[Any]:
        """Yield the gallery's part, and requests for the files of everything wanted in it."""
        strip = StripPage(text, url, self._spider.site).strip()
        if strip.empty and not self._request.start:
            # Empty, gone, or not to be had this way: its own page tells.
            self._work.by_pages = True
            return
        images = [ListedImage(entry.image_id, width=entry.width, height=entry.height) for entry in strip.entries]
        images += [ListedImage(image_id) for image_id in strip.refused]
        yield from self._spider.take_part(self._work, images, total=strip.total)
        if any(image.image_id in self._spider.planner for image in images):
            self._spider.planner.saw(self._request, window_of(strip, self._request.gallery_id))
        yield from self._spider.take_strip(strip, self._request.gallery_id, url)

    def missed(self, error: ArchiveError) -> Iterator[Any]:
        """Read the gallery's own pages instead, unless the site could not be reached at all."""
        if type(error) is SiteError:
            self._spider.gallery_missed(self._work, error)
        else:
            self._work.by_pages = True
        yield from ()


class GalleryPageStep(Step):
    """The gallery's own page at which its walk stands."""

    kind = "gallery"

    def __init__(self, spider: GallerySpider, work: GalleryWork) -> None:
        super().__init__()
        self._spider = spider
        self._work = work
        self._page = (work.walk.start or 0) // WINDOW

    @property
    def url(self) -> str:
        """Address of the gallery page."""
        return self._spider.site.gallery(self._work.gallery_id, self._page)

    def read(self, text: str, url: str) -> Iterator[Any]:
        """Yield the gallery's part with the names that the page shows."""
        gallery = GalleryPage(text, url, self._spider.site).gallery()
        if gallery.gallery_id != self._work.gallery_id:
            raise LayoutChanged(f"{self.url} shows gallery {gallery.gallery_id}")
        self._work.title = gallery.title or self._work.title
        self._work.name = self._work.title or self._work.name
        if gallery.images and self._work.via is None:
            self._work.via = gallery.images[0].image_id
        if self._work.shown is None:
            self._work.shown = gallery.total
        has_next = gallery.next_page is not None
        yield from self._spider.take_part(self._work, gallery.images, total=gallery.total, has_next=has_next)

    def missed(self, error: ArchiveError) -> Iterator[Any]:
        """Say that the gallery is gone, or leave it as it is; but a page behind its last one may well not be there."""
        if isinstance(error, PageNotFound) and self._page > 0:
            yield from self._spider.take_part(self._work, (), has_next=False)
        elif isinstance(error, PageNotFound):
            yield from self._spider.gallery_gone(self._work)
        else:
            self._spider.gallery_missed(self._work, error)

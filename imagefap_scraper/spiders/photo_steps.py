"""The pages that show images' addresses: photo pages and partial strips."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from imagefap_scraper.items import ImageStatus
from imagefap_scraper.pages.photo import PhotoPage
from imagefap_scraper.pages.strip import Strip, StripPage
from imagefap_scraper.planning.windows import PhotoRequest, StripRequest, Window
from imagefap_scraper.spiders.steps import Step
from imagefap_scraper.spiders.wishes import NO_ADDRESS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from imagefap_scraper.exceptions import ArchiveError
    from imagefap_scraper.spiders.photos import PhotoSpider


class PhotoStep(Step):
    """The photo page of one image."""

    kind = "photo"
    may_wait = True

    def __init__(self, spider: PhotoSpider, request: PhotoRequest) -> None:
        super().__init__()
        self._spider = spider
        self._request = request

    @property
    def url(self) -> str:
        """Address of the photo page."""
        return self._spider.site.photo(self._request.image_id, self._request.gallery_id)

    def read(self, text: str, url: str) -> Iterator[Any]:
        """Yield image requests for everything wanted that the page shows."""
        image_id = self._request.image_id
        photo = PhotoPage(text, url, self._spider.site).photo(image_id)
        window = window_of(photo.strip, photo.gallery_id)
        self._spider.planner.saw(self._request, window)
        yield from self._spider.take_photo(photo, window, url)
        yield from self._spider.take_strip(photo.strip, photo.gallery_id, url)

    def missed(self, error: ArchiveError) -> Iterator[Any]:
        """Yield the image's outcome."""
        self._spider.planner.saw(self._request, None)
        yield from self._spider.give_up_for(self._request.image_id, error, "page")

    def postpone(self) -> None:
        """Let the other images' pages go first."""
        self._spider.planner.saw(self._request, None)

    def is_needless(self) -> bool:
        """Return whether the image's file is on the way."""
        return not self._spider.still_wants(self._request.image_id)


class StripStep(Step):
    """A partial strip: entries of a gallery, without any page around them.

    Args:
        spider: whose step it is.
        request: which entries.
        for_image: an image whose own page did not show its address, which must be here or nowhere.
    """

    kind = "strip"

    def __init__(self, spider: PhotoSpider, request: StripRequest, for_image: int | None = None) -> None:
        super().__init__()
        self._spider = spider
        self._request = request
        self._for_image = for_image

    @property
    def url(self) -> str:
        """Address of the strip."""
        return self._spider.site.strip(self._request.via_image_id, self._request.gallery_id, self._request.start)

    def read(self, text: str, url: str) -> Iterator[Any]:
        """Yield image requests for everything wanted that the strip shows."""
        strip = StripPage(text, url, self._spider.site).strip()
        if self._for_image is None:
            self._spider.planner.saw(self._request, window_of(strip, self._request.gallery_id))
        yield from self._spider.take_strip(strip, self._request.gallery_id, url)
        if self._for_image is not None and self._spider.still_wants(self._for_image):
            yield from self._spider.give_up(self._for_image, ImageStatus.FAILED, NO_ADDRESS)

    def missed(self, error: ArchiveError) -> Iterator[Any]:
        """A strip is only a short cut: its images' own pages will be asked."""
        if self._for_image is None:
            self._spider.planner.saw(self._request, None)
        if self._for_image is not None and self._spider.still_wants(self._for_image):
            yield from self._spider.give_up_for(self._for_image, error, "page")


def window_of(strip: Strip, gallery_id: int | None) -> Window:
    """Return what a strip teaches the planner."""
    ids = tuple(entry.image_id for entry in strip.entries)
    return Window(gallery_id or strip.gallery_id, strip.total, strip.index, ids)

"""What of the stored images the site no longer has: pages and addresses from strips, files by their headers alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from imagefap_scraper.items import Absence, AuditItem, ImageStatus
from imagefap_scraper.pages.urls import image_id_from_address, is_full_size
from imagefap_scraper.spiders.photos import EXPIRED, GONE, PhotoSpider
from imagefap_scraper.spiders.wishes import NO_ADDRESS, PAGE_GONE, Sighting, Wish

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scrapy import Request
    from scrapy.http import Response
    from twisted.python.failure import Failure

#: What an image that could not be had means for one that is stored; any other reason proves nothing.
_ABSENCE = {PAGE_GONE: Absence.PAGE, NO_ADDRESS: Absence.ADDRESS}


class AuditSpider(PhotoSpider):
    """A spider for which some images are only looked at.

    Attributes:
        audited: the images that are stored here.
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.audited: set[int] = set()

    def ask_file(self, wish: Wish, sighting: Sighting) -> Iterator[Any]:
        """Yield the request for a stored image's headers; for the others, what they need."""
        if wish.image_id not in self.audited:
            yield from super().ask_file(wish, sighting)
            return
        wish.asked = True
        yield self.file_request(wish.image_id, sighting, self.parse_headers, self.headers_failed, method="HEAD")

    def give_up(self, image_id: int, status: ImageStatus, reason: str) -> Iterator[Any]:
        """Yield what is missing of a stored image; nothing if that is not known."""
        if image_id not in self.audited:
            yield from super().give_up(image_id, status, reason)
        elif reason in _ABSENCE:
            yield AuditItem(image_id, _ABSENCE[reason])
        else:
            self._leave_open(image_id)

    def parse_headers(self, response: Response, image_id: int, sighting: Sighting) -> Iterator[Any]:
        """Yield whether the file is there."""
        if response.status == EXPIRED and self.refresh(image_id):
            yield from self.advance()
        elif response.status in GONE or (response.status == 200 and not _is_own_file(response.url, image_id)):
            yield AuditItem(image_id, Absence.FILE)
        elif response.status == 200:
            yield AuditItem(image_id)
        else:
            self._leave_open(image_id)

    def headers_failed(self, failure: Failure) -> None:
        """Conclude nothing."""
        request: Request = failure.request  # type: ignore[attr-defined]
        self._leave_open(request.cb_kwargs["image_id"])

    def _leave_open(self, image_id: int) -> None:
        self.wishes.pop(image_id, None)
        self.stats.inc_value("imagefap/audit/open")


def _is_own_file(url: str, image_id: int) -> bool:
    """Return whether an answer's address is still that of the image in full size, and no redirect's target."""
    return is_full_size(url) and image_id_from_address(url) == image_id

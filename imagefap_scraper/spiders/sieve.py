"""What the filters keep out of a crawl: by what listings and pages say, by a file's headers, by its bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scrapy.exceptions import StopDownload

from imagefap_scraper.inspection.formats import detect, extension, read_header
from imagefap_scraper.items import ImageItem, ImageStatus
from imagefap_scraper.pace.slots import IMAGE_SLOT
from imagefap_scraper.planning.filters import Facts, Filters, is_by_place, rule_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from scrapy import Request
    from scrapy.http import Headers, Response

#: Scrapy's mark on an answer whose download was stopped.
_STOPPED = "download_stopped"
#: Bytes in which a picture's size is looked for: metadata may come before it, and more would cost time.
_HEAD = 256 * 1024
_SEEN = "imagefap_first_bytes"


class Sieve:
    """Keeps images out of one crawl, each once.

    Attributes:
        filters: what the arguments ask for.

    Args:
        filters: what the arguments ask for.
        count: adds to a statistic.
    """

    def __init__(self, filters: Filters, count: Callable[[str, int], None]) -> None:
        self.filters = filters
        self._inc_value = count
        self._out: set[int] = set()
        self._beyond: set[int] = set()

    def keep_out(self, image_id: int, facts: Facts) -> Iterator[ImageItem] | None:
        """Return what puts on record that an image is kept out; None if nothing keeps it out."""
        if image_id in self._out:
            return iter(())
        reason = self.filters.reason(facts)
        if not reason:
            return None
        if is_by_place(reason):
            known = image_id in self._beyond
            self._beyond.add(image_id)
            return iter(() if known else (ImageItem(image_id, status=ImageStatus.FILTERED, reason=reason),))
        self._out.add(image_id)
        self._beyond.discard(image_id)
        return iter((ImageItem(image_id, status=ImageStatus.FILTERED, reason=reason),))

    def kept_out(self) -> int:
        """Return how many images were kept out so far."""
        return len(self._out) + len(self._beyond)

    def still_out(self, image_id: int, facts: Facts) -> bool:
        """Return whether these filters keep out what is on record as filtered, and count it."""
        reason = self.filters.reason(facts)
        if not reason:
            return False
        known = self._beyond if is_by_place(reason) else self._out
        if image_id not in known:
            known.add(image_id)
            self._count(reason, 1)
        return True

    def let_in(self, image_id: int) -> None:
        """Note that one folder wants an image that stands too far behind in another."""
        if image_id in self._beyond:
            self._beyond.discard(image_id)
            self._count(f"first={self.filters.first}", -1)

    def _count(self, reason: str, change: int) -> None:
        self._inc_value("imagefap/images/filtered", change)
        self._inc_value(f"imagefap/images/filtered_reasons/{rule_of(reason)}", change)

    # Files

    def headers_received(self, headers: Headers, body_length: int | None, request: Request) -> None:
        """Stop a download whose announced size is enough to keep the image out."""
        is_picture = _is_image(request) and (headers.get(b"Content-Type") or b"").startswith(b"image/")
        if is_picture and self.filters.reason(Facts(size=_announced(headers))):
            raise StopDownload(fail=False)

    def bytes_received(self, data: bytes, request: Request) -> None:
        """Stop a download whose first bytes are of a type that is not wanted."""
        if not _is_image(request) or request.meta.get(_SEEN):
            return
        request.meta[_SEEN] = True
        if self.filters.reason(Facts(type=_type(data))):
            raise StopDownload(fail=False)

    def reason_of(self, response: Response) -> str:
        """Return why a file that came, or was stopped, keeps its image out; empty if it does not.

        What is no picture says nothing: it is no file of the site's but a page that came instead.
        """
        if _STOPPED in response.flags and not response.body:
            return self.filters.reason(Facts(size=_announced(response.headers)))
        if _STOPPED in response.flags:
            return self.filters.reason(Facts(type=_type(response.body)))
        if self.filters == Filters():
            return ""
        header = read_header(response.body[:_HEAD])
        if header is None:
            return ""
        width, height = header.width or None, header.height or None
        return self.filters.reason(Facts(width, height, len(response.body), extension(header.format)))


def _is_image(request: Request) -> bool:
    return request.method == "GET" and request.meta.get("download_slot") == IMAGE_SLOT


def _announced(headers: Headers) -> int | None:
    """Return the bytes that an answer announces; None where it does not, or where they are packed."""
    text = (headers.get(b"Content-Length") or b"").decode("latin-1")
    return int(text) if text.isascii() and text.isdecimal() and not headers.get(b"Content-Encoding") else None


def _type(content: bytes) -> str | None:
    found = detect(content)
    return extension(found) if found is not None else None

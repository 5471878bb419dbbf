"""Retries that wait, each longer than the one before."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from scrapy.downloadermiddlewares.retry import RetryMiddleware

from imagefap_scraper.inspection.formats import read_header
from imagefap_scraper.pace.config import number
from imagefap_scraper.pace.slots import HOLD_SECONDS, IMAGE_SLOT

if TYPE_CHECKING:
    from scrapy import Request
    from scrapy.http import Response
    from scrapy.settings import BaseSettings

#: Each wait is so many times the one before: 1, 4, 16 s outlast a restart of a server.
GROWTH = 4
_JPEG_START, _JPEG_END = b"\xff\xd8\xff", b"\xff\xd9"


class PatientRetryMiddleware(RetryMiddleware):
    """Scrapy's retries, held back in the queue for `IMAGEFAP_RETRY_WAIT` seconds times 1, 4, 16 and so on.

    A held request takes no place in the engine and keeps the crawl open. An image file that came without its end, as
    text or empty is asked again too: the connection may have been cut where nothing announced its length, or the site
    may have been in trouble.
    """

    def __init__(self, settings: BaseSettings) -> None:
        """Reads the settings.

        Raises:
            SettingError: if `IMAGEFAP_RETRY_WAIT` is no number from 0.
        """
        super().__init__(settings)
        self._first_wait = number(settings, "IMAGEFAP_RETRY_WAIT")

    def process_response(self, request: Request, response: Response) -> Request | Response:  # type: ignore[override]
        """Pass the answer on, or the request once more."""
        of_image = request.meta.get("download_slot") == IMAGE_SLOT and response.status == HTTPStatus.OK
        if of_image and request.method == "GET" and not _is_whole(response.body):
            return self._retry(request, "not a whole image") or response
        return super().process_response(request, response)

    def _retry(self, request: Request, reason: str | Exception | type[Exception]) -> Request | None:
        retry = super()._retry(request, reason)
        if retry is not None:
            retry.meta[HOLD_SECONDS] = self._first_wait * GROWTH ** (retry.meta["retry_times"] - 1)
        return retry


def _is_whole(content: bytes) -> bool:
    """Whether the bytes have the first and the last mark of a picture format."""
    if content.startswith(_JPEG_START) and content.endswith(_JPEG_END):
        return True  # nearly all of them, without looking between
    header = read_header(content)
    return header is not None and header.complete

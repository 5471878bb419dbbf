"""Retries that wait, each longer than the one before."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scrapy.downloadermiddlewares.retry import RetryMiddleware

from imagefap_scraper.pace.config import number
from imagefap_scraper.pace.slots import HOLD_SECONDS

if TYPE_CHECKING:
    from scrapy import Request
    from scrapy.settings import BaseSettings

#: Each wait is so many times the one before: 1, 4, 16 s outlast a restart of a server.
GROWTH = 4


class PatientRetryMiddleware(RetryMiddleware):
    """Scrapy's retries, held back in the queue for `IMAGEFAP_RETRY_WAIT` seconds times 1, 4, 16 and so on.

    A held request takes no place in the engine, keeps the crawl open, and is kept by a JOBDIR.
    """

    def __init__(self, settings: BaseSettings) -> None:
        """Reads the settings.

        Raises:
            SettingError: if `IMAGEFAP_RETRY_WAIT` is no number from 0.
        """
        super().__init__(settings)
        self._first_wait = number(settings, "IMAGEFAP_RETRY_WAIT")

    def _retry(self, request: Request, reason: str | Exception | type[Exception]) -> Request | None:
        retry = super()._retry(request, reason)
        if retry is not None:
            retry.meta[HOLD_SECONDS] = self._first_wait * GROWTH ** (retry.meta["retry_times"] - 1)
        return retry

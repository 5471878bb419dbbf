"""What the engine has in hand, and waking it: the gate's view of Scrapy."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from scrapy.utils.asyncio import call_later
from scrapy.utils.defer import deferred_from_coro

from imagefap_scraper.pace.slots import IMAGE_SLOT, PAGE_SLOT

if TYPE_CHECKING:
    from collections.abc import Iterable

    from scrapy import Request
    from scrapy.crawler import Crawler
    from scrapy.utils.asyncio import CallLaterResult


class Traffic:
    """Counts requests between the queue and the end of their callbacks, and makes the engine ask the queue again."""

    def __init__(self, crawler: Crawler) -> None:
        """Takes the crawler; its engine is only looked at once it runs."""
        self._crawler = crawler
        slots = crawler.settings.getdict("DOWNLOAD_SLOTS")
        default = crawler.settings.getint("CONCURRENT_REQUESTS_PER_DOMAIN")
        #: How many image files the downloader runs at a time. More than that are not handed out: they would queue
        #: up inside the downloader, where neither a block nor Ctrl-C reaches them.
        self.image_places = max(1, int(slots.get(IMAGE_SLOT, {}).get("concurrency", default)))
        self._timer: CallLaterResult | None = None
        self._timer_at = 0.0

    def page_in_flight(self) -> bool:
        """True from a page's way out of the queue until its callback, and the items it yielded, are worked off."""
        scraper = self._crawler.engine.scraper.slot
        if _count(self._crawler.engine.downloader.active, PAGE_SLOT):
            return True
        if scraper is None:
            return False
        return bool(_count(scraper.active, PAGE_SLOT) or _count((entry[1] for entry in scraper.queue), PAGE_SLOT))

    def images_running(self) -> int:
        """How many image files are with the downloader or its middlewares."""
        return _count(self._crawler.engine.downloader.active, IMAGE_SLOT)

    def images_unrecorded(self) -> int:
        """How many image files are on their way, or have come and are not on record yet: what a kill would cost."""
        scraper = self._crawler.engine.scraper.slot
        if scraper is None:
            return self.images_running()
        come = _count(scraper.active, IMAGE_SLOT) + _count((entry[1] for entry in scraper.queue), IMAGE_SLOT)
        return self.images_running() + come

    def wake_at(self, moment: float) -> None:
        """Makes the engine ask its queue at `moment` (seconds since the epoch), unless a timer is set for before it."""
        if self._timer is not None:
            if self._timer_at <= moment:
                return
            self._timer.cancel()
        self._timer_at = moment
        self._timer = call_later(max(0.0, moment - time.time()), self._wake)

    def stop(self) -> None:
        """Drops the timer."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def close_spider(self, reason: str) -> None:
        """Closes the crawl with `reason`, from outside the engine's own loop."""
        call_later(0, lambda: deferred_from_coro(self._crawler.engine.close_spider_async(reason=reason)))

    def _wake(self) -> None:
        self._timer = None
        # The engine has no public way to be woken, and its own heartbeat of 5 s is too slow for a gap of 1 s.
        slot = self._crawler.engine._slot
        if slot is not None and slot.closing is None:
            slot.nextcall.schedule()


def _count(requests: Iterable[Request], slot: str) -> int:
    return sum(1 for request in requests if request.meta.get("download_slot") == slot)

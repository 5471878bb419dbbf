"""Every page takes its place in the budget before it leaves."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Self

from imagefap_scraper.middlewares.held import HeldBack, put_back
from imagefap_scraper.pace.gate import PageGate, gate_of
from imagefap_scraper.pace.slots import PAGE_KIND, PAGE_SLOT, ROBOTS_KIND, SENT_AT

if TYPE_CHECKING:
    from scrapy import Request
    from scrapy.crawler import Crawler
    from scrapy.http import Response
    from scrapy.statscollectors import StatsCollector


class PaceMiddleware:
    """The last one before the network: what passes it is sent at once, and has been recorded.

    The gate has looked before the page was handed out; here the budget is asked again, because another crawl may have
    used it in between, and because robots.txt and pages from elsewhere do not come through the gate.
    """

    def __init__(self, gate: PageGate, stats: StatsCollector) -> None:
        """Takes the gate and the statistics to count in."""
        self._gate = gate
        self._stats = stats

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Makes it for the crawl's gate."""
        return cls(gate_of(crawler), crawler.stats)

    async def process_request(self, request: Request) -> Request | None:
        """Lets a request pass, or puts a page back into the queue if none may leave now.

        Raises:
            HeldBack: instead, for a robots.txt, which did not come from the queue.
        """
        if request.meta.get("download_slot") != PAGE_SLOT:
            request.meta[SENT_AT] = time.time()
            return None
        # Pages have their own pace; AutoThrottle is for the image hosts.
        request.meta["autothrottle_dont_adjust_delay"] = True
        if not await self._gate.send(request):
            if request.meta.get(PAGE_KIND) == ROBOTS_KIND:
                raise HeldBack(request)
            return put_back(request)
        self._stats.inc_value("imagefap/pages/asked")
        self._stats.inc_value(f"imagefap/pages/{request.meta.get(PAGE_KIND, 'other')}")
        return None

    async def process_response(self, request: Request, response: Response) -> Response:
        """Notes that a page was answered; passes the answer on."""
        await self._gate.answered(request)
        return response

    async def process_exception(self, request: Request, exception: Exception) -> None:
        """Notes that a page failed; what was refused before it left is no page."""
        if self._gate.was_sent(request):
            await self._gate.answered(request)
            await self._gate.undecided(request)

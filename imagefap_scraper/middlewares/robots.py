"""robots.txt is obeyed, counted as the page it is, and never asked for in a tight loop."""

from __future__ import annotations

import logging
import math
from typing import TYPE_CHECKING

from scrapy import Request, signals
from scrapy.downloadermiddlewares.robotstxt import RobotsTxtMiddleware
from scrapy.exceptions import IgnoreRequest
from scrapy.http.request import NO_CALLBACK
from scrapy.utils.defer import maybe_deferred_to_future
from scrapy.utils.httpobj import urlparse_cached
from scrapy.utils.misc import build_from_crawler
from twisted.internet.defer import Deferred

from imagefap_scraper.middlewares.held import HeldBack, put_back
from imagefap_scraper.pace.gate import gate_of
from imagefap_scraper.pace.slots import IMAGE_SLOT, PAGE_KIND, PAGE_SLOT, ROBOTS_KIND

if TYPE_CHECKING:
    from scrapy.crawler import Crawler
    from scrapy.http import Response
    from scrapy.robotstxt import RobotParser

logger = logging.getLogger(__name__)

#: Seconds; a Crawl-delay beyond it would stop every crawl for good, which a refusal says more clearly.
CRAWL_DELAY_MAX = 3600.0


class RefusedByRobots(IgnoreRequest):
    """A request that robots.txt does not allow; nothing was sent.

    Attributes:
        url: what was refused.
    """

    def __init__(self, url: str) -> None:
        """Takes the address that was refused."""
        super().__init__("robots.txt of the site does not allow this address")
        self.url = url


class RobotsMiddleware(RobotsTxtMiddleware):
    """Asks for robots.txt in the slot of the request that waits for it, and may be told to come back later.

    It never passes the scheduler: the engine repeats it at once, whatever a middleware returns. So a robots.txt that
    meets a block or an empty budget raises, what waits for it goes back to the queue, and nothing is remembered.
    A robots.txt that is not there, or cannot be had, allows everything.
    """

    def __init__(self, crawler: Crawler) -> None:
        """Takes the crawler.

        Raises:
            NotConfigured: if ROBOTSTXT_OBEY is off.
        """
        super().__init__(crawler)
        self._gate = gate_of(crawler)
        self._known: dict[str, RobotParser | None] = {}
        self._waiting: dict[str, list[Deferred[None]]] = {}
        self._redirected: dict[str, Request] = {}

    async def process_request(self, request: Request) -> Request | None:  # type: ignore[override]  # no `spider`
        """Lets an allowed request pass, or puts it back into the queue if robots.txt cannot be asked for now.

        Raises:
            RefusedByRobots: if it is not allowed.
        """
        try:
            await super().process_request(request)
        except HeldBack:
            return put_back(request)
        return None

    def process_request_2(self, rp: RobotParser | None, request: Request) -> None:
        """Checks one request against the rules.

        Raises:
            RefusedByRobots: if they do not allow it.
        """
        if rp is not None and not rp.allowed(request.url, self._user_agent(request)):
            self._stats.inc_value("imagefap/robots_refused")
            raise RefusedByRobots(request.url)

    async def robot_parser(self, request: Request) -> RobotParser | None:
        """The rules for a request's host, asked for once; None if there are none.

        Raises:
            HeldBack: if they cannot be asked for now.
        """
        netloc = urlparse_cached(request).netloc
        if netloc not in self._known:
            if netloc in self._waiting:
                await self._wait(netloc)
            else:
                await self._ask(netloc, request)
        if netloc not in self._known:
            raise HeldBack(request)
        return self._known[netloc]

    async def _wait(self, netloc: str) -> None:
        """Waits for the answer to another request's question. One Deferred each: it gives its result only once."""
        answer: Deferred[None] = Deferred()
        self._waiting[netloc].append(answer)
        await maybe_deferred_to_future(answer)

    async def _ask(self, netloc: str, request: Request) -> None:
        self._waiting[netloc] = []
        try:
            self._known[netloc] = await self._fetch(netloc, request)
        finally:
            for answer in self._waiting.pop(netloc):
                answer.callback(None)

    async def _fetch(self, netloc: str, request: Request) -> RobotParser | None:
        robots = self._redirected.pop(netloc, None) or _robots_request(request)
        self._stats.inc_value("robotstxt/request_count")
        try:
            response = await self.crawler.engine.download_async(robots)
        except HeldBack as held:
            if held.request.meta.get("redirect_times"):
                # The next page of a redirect has to wait for its place: go on from there, not from the beginning.
                self._redirected[netloc] = held.request
            raise
        except IgnoreRequest:
            return None
        except Exception as error:  # noqa: BLE001 - any failure to get the file means that there are no rules
            logger.warning("robots.txt of %s cannot be had (%s): taken as allowing everything.", netloc, error)
            return None
        return await self._read(response, request)

    async def _read(self, response: Response, request: Request) -> RobotParser | None:
        self._stats.inc_value("robotstxt/response_count")
        self._stats.inc_value(f"robotstxt/response_status_count/{response.status}")
        if response.status != 200:
            return None
        rules: RobotParser = build_from_crawler(self._parserimpl, self.crawler, response.body)
        await self.crawler.signals.send_catch_log_async(
            signal=signals.robots_parsed, robotparser=rules, request=request
        )
        delay = rules.crawl_delay(self._user_agent(request))
        if delay is not None and request.meta.get("download_slot") == PAGE_SLOT and math.isfinite(delay):
            self._gate.raise_gap(min(delay, CRAWL_DELAY_MAX))
        return rules

    def _user_agent(self, request: Request) -> str | bytes:
        agent = self._robotstxt_useragent or request.headers.get(b"User-Agent") or self._default_useragent
        return agent if isinstance(agent, bytes) else str(agent)


def _robots_request(request: Request) -> Request:
    """The request for robots.txt of a request's host: a page if that is a page, an image file if that is one."""
    url = urlparse_cached(request)
    return Request(
        f"{url.scheme}://{url.netloc}/robots.txt",
        priority=RobotsTxtMiddleware.DOWNLOAD_PRIORITY,
        callback=NO_CALLBACK,
        meta={
            "dont_obey_robotstxt": True,
            "dont_retry": True,
            "download_slot": IMAGE_SLOT if request.meta.get("download_slot") == IMAGE_SLOT else PAGE_SLOT,
            PAGE_KIND: ROBOTS_KIND,
        },
    )

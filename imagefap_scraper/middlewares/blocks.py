"""A block is seen at two doors and handled in one place.

The site answers too many pages with a redirect to its check page, which answers 200: outside Scrapy's redirects that is
never followed. But there a compressed body cannot be read yet; so the check's own text is looked for further in.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Self
from urllib.parse import urljoin

from scrapy.http import TextResponse

from imagefap_scraper.middlewares.held import HeldBack, Postponed, put_back
from imagefap_scraper.pace.gate import PageGate, gate_of
from imagefap_scraper.pace.pauses import retry_after
from imagefap_scraper.pace.slots import IMAGE_SLOT, MAY_WAIT, PAGE_KIND, PAGE_SLOT, ROBOTS_KIND
from imagefap_scraper.pages.blocked import is_block_address, is_block_text

if TYPE_CHECKING:
    from scrapy import Request
    from scrapy.crawler import Crawler
    from scrapy.http import Response


class _Door:
    """What both doors do."""

    def __init__(self, gate: PageGate) -> None:
        """Takes the crawl's gate."""
        self._gate = gate

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Makes it for the crawl's gate."""
        return cls(gate_of(crawler))

    async def _turn_back(self, request: Request, response: Response, style: str) -> Request:
        """Starts the pause and puts the request back into the queue.

        Raises:
            HeldBack: instead, for a robots.txt: given back to the engine it would be sent again at once, for ever.
            Postponed: instead, for a page that answered 503; its spider has one page in flight and chooses the next.
        """
        asked = retry_after(response.headers.get("Retry-After"), time.time())
        await self._gate.blocked(request, style, asked)
        if request.meta.get(PAGE_KIND) == ROBOTS_KIND:
            raise HeldBack(request)
        if style == "http_503" and request.meta.get(MAY_WAIT):
            raise Postponed("the page answered 503")
        # A 503 may be the page's own trouble: behind its equals it is not the next probe, too.
        return put_back(request, request.priority - 1 if style == "http_503" else request.priority)


class BlockMiddleware(_Door):
    """Outer door, for answers as they come: redirects to the check, 429 and 503."""

    async def process_response(self, request: Request, response: Response) -> Request | Response:
        """Passes an answer on, or turns it back if it is a block."""
        if request.meta.get("download_slot") not in {PAGE_SLOT, IMAGE_SLOT}:
            return response
        style = _style(response)
        if style is not None:
            return await self._turn_back(request, response, style)
        if 300 <= response.status < 400:  # a usual redirect: the inner door will not see it
            await self._gate.passed(request)
        return response


class BlockTextMiddleware(_Door):
    """Inner door, for bodies that can be read: the check's text, whatever the status."""

    async def process_response(self, request: Request, response: Response) -> Request | Response:
        """Passes an answer on, or turns it back if it is a block."""
        if request.meta.get("download_slot") not in {PAGE_SLOT, IMAGE_SLOT}:
            return response
        if isinstance(response, TextResponse) and is_block_text(response.text):
            return await self._turn_back(request, response, "check_text")
        if response.status < 500:
            await self._gate.passed(request)
        else:  # a server's trouble says nothing about a block
            await self._gate.undecided(request)
        return response


def _style(response: Response) -> str | None:
    """How a block shows in status and headers; None if it does not."""
    if response.status in {429, 503}:
        return f"http_{response.status}"
    location = response.headers.get("Location")
    if 300 <= response.status < 400 and location is not None:
        try:
            target = urljoin(response.url, location.decode("latin-1").strip())
        except ValueError:
            return None
        return "redirect" if is_block_address(target) else None
    return None

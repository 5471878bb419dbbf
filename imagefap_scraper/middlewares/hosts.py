"""No request to anywhere but the site."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Self
from urllib.parse import urlsplit

from scrapy.exceptions import IgnoreRequest

from imagefap_scraper.pages.urls import Site

if TYPE_CHECKING:
    from scrapy import Request
    from scrapy.crawler import Crawler
    from scrapy.statscollectors import StatsCollector

logger = logging.getLogger(__name__)


class ForeignHost(IgnoreRequest):
    """A request that would have left the site; nothing was sent."""


class HostGuardMiddleware:
    """Refuses every request that does not stay on the site, whoever made it.

    It looks at redirects, retries and robots.txt, too. Scrapy's own off-site filter lets requests with `dont_filter`
    pass, and whatever they redirect to.
    """

    def __init__(self, site: Site, stats: StatsCollector) -> None:
        """Takes the site and the statistics to count in."""
        self._site = site
        self._stats = stats
        self._told: set[str] = set()

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Makes it for the site that `IMAGEFAP_SITE_URL` names."""
        return cls(Site(str(crawler.settings["IMAGEFAP_SITE_URL"])), crawler.stats)

    def process_request(self, request: Request) -> None:
        """Lets a request of the site pass.

        Raises:
            ForeignHost: for any other.
        """
        if self._site.is_ours(request.url):
            return
        self._stats.inc_value("imagefap/refused_hosts")
        host = urlsplit(request.url).netloc.rpartition("@")[2]
        if host not in self._told:
            self._told.add(host)
            logger.warning("Not asked: %s is not the site, %s.", host, self._site.base_url)
        raise ForeignHost(f"{host} is not the site")

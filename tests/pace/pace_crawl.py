"""A crawl of `pace_server.py`, run as `python pace_crawl.py RESULT OPTIONS`; writes what came of it to RESULT as JSON.

OPTIONS is JSON: `site`, `settings`, `pages` (how many), `urls` (more addresses of pages).
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from scrapy import Request, Spider
from scrapy.crawler import AsyncCrawlerProcess

SETTINGS: dict[str, Any] = {
    "IMAGEFAP_PAGE_LIMITS": "",
    "IMAGEFAP_PAGE_LIMIT_SHARE": "1.0",
    "IMAGEFAP_PAGE_GAP": "0",
    "IMAGEFAP_IMAGE_BACKLOG": "1000",
    "IMAGEFAP_BLOCK_PAUSE": "1",
    "IMAGEFAP_BLOCK_PAUSE_MAX": "4",
    "IMAGEFAP_BLOCK_MAX_PAUSES": "4",
    "IMAGEFAP_RETRY_WAIT": "0.1",
    "LOG_LEVEL": "INFO",
    "ROBOTSTXT_OBEY": False,
    "RETRY_TIMES": 3,
    "TELNETCONSOLE_ENABLED": False,
    "REMOTE_CONTROL_ENABLED": False,
    "METAREFRESH_ENABLED": False,
    "SCHEDULER_PRIORITY_QUEUE": "imagefap_scraper.pace.queue.PageGateQueue",
    "DOWNLOAD_SLOTS": {
        "pages": {"concurrency": 1, "delay": 0, "jitter": 0},
        "images": {"concurrency": 4, "delay": 0, "jitter": 0},
    },
    "EXTENSIONS": {"imagefap_scraper.pace.gate.PageGate": 0},
    "DOWNLOADER_MIDDLEWARES": {
        "scrapy.downloadermiddlewares.offsite.OffsiteMiddleware": None,
        "scrapy.downloadermiddlewares.robotstxt.RobotsTxtMiddleware": None,
        "scrapy.downloadermiddlewares.retry.RetryMiddleware": None,
        "imagefap_scraper.middlewares.hosts.HostGuardMiddleware": 10,
        "imagefap_scraper.middlewares.robots.RobotsMiddleware": 100,
        "imagefap_scraper.middlewares.retry.PatientRetryMiddleware": 550,
        "imagefap_scraper.middlewares.blocks.BlockTextMiddleware": 570,
        "imagefap_scraper.middlewares.blocks.BlockMiddleware": 610,
        "imagefap_scraper.middlewares.pace.PaceMiddleware": 950,
    },
}


class PaceSpider(Spider):
    name = "pace"
    options: dict[str, Any]
    got: list[str]
    failed: list[str]

    async def start(self):
        urls = [f"{self.options['site']}/p/{n}" for n in range(self.options.get("pages", 0))]
        for url in urls + self.options.get("urls", []):
            yield Request(url, self.page, errback=self.sorry, meta={"download_slot": "pages", "page_kind": "photo"})

    def page(self, response):
        self.got.append(response.url)
        for href in response.css("a::attr(href)").getall():
            meta = {"download_slot": "images"}
            yield response.follow(href, self.image, errback=self.sorry, meta=meta, priority=10)

    def image(self, response):
        self.got.append(response.url)

    def sorry(self, failure):
        self.failed.append(type(failure.value).__name__)


def main() -> None:
    options = json.loads(sys.argv[2])
    PaceSpider.options, PaceSpider.got, PaceSpider.failed = options, [], []
    settings = SETTINGS | {"IMAGEFAP_SITE_URL": options["site"]} | options.get("settings", {})
    process = AsyncCrawlerProcess(settings)
    crawler = process.create_crawler(PaceSpider)
    process.crawl(crawler)
    process.start()
    stats = {key: value for key, value in crawler.stats.get_stats().items() if isinstance(value, int | float | str)}
    Path(sys.argv[1]).write_text(json.dumps({"stats": stats, "got": PaceSpider.got, "failed": PaceSpider.failed}))


if __name__ == "__main__":
    main()

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest
from scrapy import Request, Spider
from scrapy.utils.test import get_crawler

from imagefap_scraper.pace.gate import gate_of
from imagefap_scraper.pace.scheduler import ArchiveScheduler

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from scrapy.crawler import Crawler


@pytest.fixture
async def make(tmp_path: Path) -> AsyncIterator[Callable[[], ArchiveScheduler]]:
    """Open a scheduler as a crawl with JOBDIR does."""
    crawlers: list[Crawler] = []

    def make() -> ArchiveScheduler:
        crawler = get_crawler(
            settings_dict={
                "TWISTED_REACTOR_ENABLED": False,
                "JOBDIR": str(tmp_path / "job"),
                "DUPEFILTER_CLASS": "scrapy.dupefilters.BaseDupeFilter",
                "SCHEDULER_PRIORITY_QUEUE": "imagefap_scraper.pace.queue.PageGateQueue",
                "IMAGEFAP_SITE_URL": "https://www.imagefap.com",
                "IMAGEFAP_PAGE_LIMITS": "",
                "IMAGEFAP_PAGE_LIMIT_SHARE": "0.8",
                "IMAGEFAP_PAGE_GAP": "0",
                "IMAGEFAP_IMAGE_BACKLOG": "48",
                "IMAGEFAP_PACE_FILE": str(tmp_path / "pace.sqlite3"),
                "IMAGEFAP_BLOCK_PAUSE": "900",
                "IMAGEFAP_BLOCK_PAUSE_MAX": "7200",
                "IMAGEFAP_BLOCK_MAX_PAUSES": "1",
                "EXTENSIONS": {"imagefap_scraper.pace.gate.PageGate": 0},
            }
        )
        downloader = SimpleNamespace(active=set(), slots={}, get_slot_key=lambda request: request.meta["download_slot"])
        scraper = SimpleNamespace(slot=SimpleNamespace(active=set(), queue=[]))
        crawler.engine = SimpleNamespace(downloader=downloader, scraper=scraper, _slot=None)  # type: ignore[assignment]
        crawler.spider = crawler._create_spider("test")
        crawlers.append(crawler)
        scheduler = ArchiveScheduler.from_crawler(crawler)
        scheduler.open(crawler.spider)
        return scheduler

    yield make
    for crawler in crawlers:
        gate_of(crawler).spider_closed()


def _request(number: int) -> Request:
    meta = {"download_slot": "images"}
    return Request(f"https://www.imagefap.com/photo/{number}/", callback=Spider.parse, meta=meta, dont_filter=True)


def _files(job: Path) -> list[str]:
    return sorted(path.name for path in job.rglob("*") if path.is_file())


async def test_nothing_is_kept_in_a_job_directory(make: Callable[[], ArchiveScheduler], tmp_path: Path) -> None:
    scheduler = make()
    for number in range(5):
        assert scheduler.enqueue_request(_request(number))
    assert len(scheduler) == 5
    assert scheduler.next_request() is not None
    scheduler.close("shutdown")
    assert _files(tmp_path / "job") == []


async def test_a_request_that_cannot_be_pickled_is_no_matter(make: Callable[[], ArchiveScheduler]) -> None:
    scheduler = make()
    request = _request(1).replace(cb_kwargs={"step": lambda: None})
    scheduler.enqueue_request(request)
    assert scheduler.next_request() is request
    assert not scheduler.has_pending_requests()
    scheduler.close("finished")


async def test_what_another_run_left_there_is_neither_read_nor_removed(
    make: Callable[[], ArchiveScheduler], tmp_path: Path
) -> None:
    queue = tmp_path / "job" / "requests.queue"
    queue.mkdir(parents=True)
    (queue / "active.json").write_text("this is no queue of any version")
    (tmp_path / "job" / "requests.seen").write_text("0123\n")
    scheduler = make()
    assert len(scheduler) == 0
    scheduler.enqueue_request(_request(1))
    scheduler.close("finished")
    assert (queue / "active.json").read_text() == "this is no queue of any version"
    assert _files(tmp_path / "job") == ["active.json", "requests.seen"]

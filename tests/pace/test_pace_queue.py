from __future__ import annotations

import time
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest
from scrapy import Request
from scrapy.squeues import PickleLifoDiskQueue
from scrapy.utils.test import get_crawler

from imagefap_scraper.pace.gate import PageGate, gate_of
from imagefap_scraper.pace.queue import PageGateQueue
from imagefap_scraper.pace.slots import HOLD_SECONDS
from imagefap_scraper.pace.words import clock_time, duration

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from scrapy.crawler import Crawler


@pytest.fixture
async def crawler(tmp_path: Path) -> AsyncIterator[Crawler]:
    """A crawler with an engine that does nothing but hold what is in flight."""
    crawler = get_crawler(
        settings_dict={
            "TWISTED_REACTOR_ENABLED": False,
            "IMAGEFAP_SITE_URL": "https://www.imagefap.com",
            "IMAGEFAP_PAGE_LIMITS": "",
            "IMAGEFAP_PAGE_LIMIT_SHARE": "0.8",
            "IMAGEFAP_PAGE_GAP": "0",
            "IMAGEFAP_IMAGE_BACKLOG": "3",
            "IMAGEFAP_PACE_FILE": str(tmp_path / "pace.sqlite3"),
            "IMAGEFAP_BLOCK_PAUSE": "900",
            "IMAGEFAP_BLOCK_PAUSE_MAX": "7200",
            "IMAGEFAP_BLOCK_MAX_PAUSES": "1",
            "DOWNLOAD_SLOTS": {"images": {"concurrency": 2}},
            "EXTENSIONS": {"imagefap_scraper.pace.gate.PageGate": 0},
        }
    )
    downloader = SimpleNamespace(active=set(), slots={}, get_slot_key=lambda request: request.meta["download_slot"])
    crawler.engine = SimpleNamespace(  # type: ignore[assignment]
        downloader=downloader, scraper=SimpleNamespace(slot=SimpleNamespace(active=set(), queue=[])), _slot=None
    )
    crawler.spider = crawler._create_spider("test")
    yield crawler
    gate = gate_of(crawler)
    gate.spider_closed()
    for queue in gate._queues:
        queue.close()


def _queue(crawler: Crawler, path: Path, startprios: object = ()) -> PageGateQueue:
    return PageGateQueue.from_crawler(crawler, PickleLifoDiskQueue, str(path), startprios)  # type: ignore[arg-type]


def _request(name: str, slot: str = "pages", **meta: object) -> Request:
    return Request(f"https://www.imagefap.com/{name}", meta={"download_slot": slot} | meta)


def _name(request: Request | None) -> str | None:
    return request and request.url.rpartition("/")[2]


async def test_one_page_in_flight_from_the_queue_to_the_end_of_its_callback(crawler: Crawler, tmp_path: Path) -> None:
    queue, page = _queue(crawler, tmp_path / "q"), _request("flying")
    engine = crawler.engine
    queue.push(_request("waiting"))
    engine.downloader.active.add(page)
    assert queue.pop() is None
    assert len(queue) == 1
    engine.downloader.active.clear()
    engine.scraper.slot.queue.append((None, page, None))
    assert queue.pop() is None
    engine.scraper.slot.queue.clear()
    engine.scraper.slot.active.add(page)
    assert queue.pop() is None
    engine.scraper.slot.active.clear()
    assert _name(queue.pop()) == "waiting"


async def test_no_more_image_files_leave_than_have_a_place(crawler: Crawler, tmp_path: Path) -> None:
    queue = _queue(crawler, tmp_path / "q")
    queue.push(_request("image", "images"))
    crawler.engine.downloader.active.update({_request("a", "images"), _request("b", "images")})
    assert queue.pop() is None
    crawler.engine.downloader.active.pop()
    assert _name(queue.pop()) == "image"


async def test_waiting_and_running_image_files_of_all_queues_hold_pages_back(crawler: Crawler, tmp_path: Path) -> None:
    memory, disk = _queue(crawler, tmp_path / "m"), _queue(crawler, tmp_path / "d")
    disk.push(_request("page"))
    memory.push(_request("a", "images"))
    memory.push(_request("b", "images", **{HOLD_SECONDS: 60.0}))
    disk.push(_request("c", "images"))
    running = _request("d", "images")
    crawler.engine.downloader.active.update({running, _request("e", "images")})
    assert disk.pop() is None
    crawler.engine.downloader.active.remove(running)
    assert disk.waiting("images") == 1
    image = disk.pop()
    assert _name(image) == "c"
    crawler.engine.downloader.active.add(image)
    assert disk.pop() is None, "four wait or run"
    crawler.engine.downloader.active.remove(image)
    assert _name(disk.pop()) == "page"


async def test_held_requests_wait_keep_the_crawl_open_and_are_kept_on_disk(crawler: Crawler, tmp_path: Path) -> None:
    queue = _queue(crawler, tmp_path / "q")
    queue.push(_request("long", **{HOLD_SECONDS: 60.0}))
    queue.push(_request("short", **{HOLD_SECONDS: 0.05}))
    assert queue.pop() is None
    assert len(queue) == 2
    time.sleep(0.06)
    assert _name(queue.pop()) == "short"
    assert queue.pop() is None
    state = queue.close()
    again = _queue(crawler, tmp_path / "q", state)
    assert len(again) == 1
    assert _name(again.pop()) == "long", "held once: after a restart it has waited enough"


async def test_a_held_page_obeys_the_gate_too(crawler: Crawler, tmp_path: Path) -> None:
    queue = _queue(crawler, tmp_path / "q")
    queue.push(_request("retry", **{HOLD_SECONDS: 0.001}))
    time.sleep(0.01)
    crawler.engine.downloader.active.add(_request("flying"))
    assert queue.pop() is None
    assert len(queue) == 1
    crawler.engine.downloader.active.clear()
    assert _name(queue.pop()) == "retry"


async def test_a_paused_queue_is_kept_whole_on_disk(crawler: Crawler, tmp_path: Path) -> None:
    queue = _queue(crawler, tmp_path / "q")
    for name in ("a", "b"):
        queue.push(_request(name))
    await gate_of(crawler).blocked(_request("x"), "redirect", None)
    assert queue.pop() is None
    assert len(queue) == 2
    again = _queue(crawler, tmp_path / "q", queue.close())
    assert len(again) == 2


async def test_one_image_file_probes_after_a_block_of_image_files(crawler: Crawler, tmp_path: Path) -> None:
    queue, gate = _queue(crawler, tmp_path / "q"), gate_of(crawler)
    for name in ("a", "b"):
        queue.push(_request(name, "images"))
    await gate.blocked(_request("x", "images"), "http_429", 0.05)
    assert queue.pop() is None
    time.sleep(0.06)
    probe = queue.pop()
    assert probe is not None
    crawler.engine.downloader.active.add(probe)
    assert queue.pop() is None
    await gate.passed(probe.replace(meta=probe.meta | {"imagefap_sent_at": time.time()}))
    assert queue.pop() is not None


async def test_what_the_display_shows(crawler: Crawler) -> None:
    gate = gate_of(crawler)
    assert (gate.paused_until, gate.images_paused_until, gate.next_page_at) == (None, None, None)
    assert (gate.pause_reason, gate.blocks) == ("", 0)
    await gate.blocked(_request("x"), "http_429", 30.0)
    assert gate.paused_until == pytest.approx(time.time() + 30, abs=1)
    assert (gate.pause_reason, gate.blocks) == ("http_429", 1)
    assert not await gate.send(_request("y")), "no page during a pause"


async def test_a_crawl_that_starts_during_a_pause_waits(crawler: Crawler) -> None:
    await gate_of(crawler).blocked(_request("x"), "redirect", 300.0)
    later = PageGate.from_crawler(crawler)
    assert later.paused_until is None
    await later.spider_opened()
    assert later.paused_until == pytest.approx(time.time() + 300, abs=1)


async def test_a_pace_file_that_breaks_ends_the_crawl(crawler: Crawler, tmp_path: Path) -> None:
    crawler.settings.frozen = False
    crawler.settings.set("IMAGEFAP_PAGE_GAP", "1")
    gate = PageGate.from_crawler(crawler)
    (tmp_path / "pace.sqlite3").write_bytes(b"hello" * 500)
    reasons: list[str] = []
    gate._traffic.close_spider = reasons.append  # type: ignore[method-assign]
    assert not await gate.send(_request("x"))
    assert "pages" in gate.shut_slots()
    assert "pages" in gate.shut_slots()
    assert reasons == ["pace_file_failed"]


async def test_a_block_is_kept_in_memory_if_the_file_cannot_be_written(crawler: Crawler, tmp_path: Path) -> None:
    gate = gate_of(crawler)
    (tmp_path / "pace.sqlite3").mkdir()
    await gate.blocked(_request("x"), "redirect", 300.0)
    assert gate.paused_until == pytest.approx(time.time() + 300, abs=1)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.2, "0 s"), (59.6, "1 min"), (920, "15 min 20 s"), (3600, "1 h"), (7500, "2 h 5 min"), (-3, "0 s")],
)
def test_durations(seconds: float, words: str) -> None:
    assert duration(seconds) == words


def test_clock_times() -> None:
    assert len(clock_time(time.time())) == 8
    assert len(clock_time(time.time() + 3 * 86_400)) == 19

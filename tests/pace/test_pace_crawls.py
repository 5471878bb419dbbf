"""Whole crawls against a small site with blocks, windows scaled down to seconds."""

from __future__ import annotations

import signal
import time
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest
from pace_run import crawl, server, start

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def _paths(result: dict[str, Any]) -> list[str]:
    return sorted(url.partition("/p/")[2] or url.rpartition("/i/")[2] for url in result["got"])


def _pages(count: int, images: int = 0) -> list[str]:
    return sorted([str(n) for n in range(count)] + [f"{n}-{i}.jpg" for n in range(count) for i in range(images)])


def _until(condition: Callable[[], bool], seconds: float = 15.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it does not happen"
        time.sleep(0.02)


def test_every_style_of_block_costs_one_page_and_loses_nothing(tmp_path: Path) -> None:
    styles = ["redirect", "text", "gzip", "429", "503"]
    blocks = [{"at": 2 + 3 * n, "seconds": 0.5, "style": style} for n, style in enumerate(styles)]
    settings = {"IMAGEFAP_BLOCK_PAUSE": "0.7", "IMAGEFAP_BLOCK_MAX_PAUSES": "1"}
    with server(tmp_path, blocks=blocks, images=8, image_delay=0.1) as site:
        result = crawl(tmp_path, site, pages=12, settings=settings)
        pages, images = site.pages(), site.images()
    assert _paths(result) == _pages(12, 8)
    assert result["failed"] == []
    assert result["stats"]["finish_reason"] == "finished"
    blocked = [page["t"] for page in pages if page["blocked"]]
    assert len(blocked) == len(styles) == result["stats"]["imagefap/blocks/count"]
    for style in ("redirect", "http_429", "http_503"):
        assert result["stats"][f"imagefap/blocks/{style}"] == 1
    assert result["stats"]["imagefap/blocks/check_text"] == 2
    assert not [page for page in pages if page["path"] == "/human-verification"]
    assert sum(1 for image in images if blocked[0] < image["t"] < blocked[0] + 0.5) >= 3
    assert result["stats"]["imagefap/pages/photo"] == len(pages) == result["stats"]["imagefap/pages/asked"]
    assert result["stats"]["scheduler/dequeued"] == len(pages) + len(images), "what is held back is not even taken out"


def test_robots_that_meets_a_block_at_the_very_first_request(tmp_path: Path) -> None:
    settings = {"ROBOTSTXT_OBEY": True, "IMAGEFAP_BLOCK_PAUSE": "0.7", "IMAGEFAP_PAGE_GAP": "0.1"}
    robots = "User-agent: *\nDisallow: /p/2\nCrawl-delay: 0.3\n"
    with server(tmp_path, blocks=[{"at": 1, "seconds": 0.5, "style": "redirect"}], robots=robots) as site:
        result = crawl(tmp_path, site, pages=5, settings=settings)
        pages = site.pages()
    assert [page["path"] for page in pages[:3]] == ["/robots.txt", "/robots.txt", "/rules.txt"]
    assert pages[1]["t"] - pages[0]["t"] > 0.7
    assert pages[2]["t"] - pages[1]["t"] > 0.09, "the redirect takes its own place in the budget"
    assert len(pages) == 7
    assert _paths(result) == ["0", "1", "3", "4"]
    assert result["failed"] == ["RefusedByRobots"]
    assert result["stats"]["imagefap/robots_refused"] == 1
    assert result["stats"]["imagefap/pages/robots"] == 3
    assert min(after["t"] - before["t"] for before, after in pairwise(pages[2:])) > 0.28


def test_retry_after_is_honoured_within_a_second(tmp_path: Path) -> None:
    block = {"at": 2, "seconds": 1.5, "style": "429", "retry_after": "2"}
    with server(tmp_path, blocks=[block]) as site:
        result = crawl(tmp_path, site, pages=4, settings={"IMAGEFAP_BLOCK_PAUSE": "60"})
        pages = site.pages()
    assert _paths(result) == _pages(4)
    assert 2.0 <= pages[2]["t"] - pages[1]["t"] < 3.0


def test_a_lasting_block_ends_the_crawl_and_the_next_one_goes_on(tmp_path: Path) -> None:
    settings = {
        "IMAGEFAP_BLOCK_PAUSE": "0.3",
        "IMAGEFAP_BLOCK_MAX_PAUSES": "2",
        "JOBDIR": str(tmp_path / "job"),
    }
    with server(tmp_path, blocks=[{"at": 3, "seconds": 2.0, "style": "redirect"}], images=6, image_delay=0.3) as site:
        first = crawl(tmp_path, site, pages=6, settings=settings)
        asked = site.pages()
        assert first["stats"]["finish_reason"] == "rate_blocked"
        assert len([page for page in asked if page["blocked"]]) == 3
        assert _paths(first) == _pages(2, 6)
        until = first["stats"]["imagefap/rate_blocked_until"]
        assert until > asked[-1]["t"] + 1.1
        second = crawl(tmp_path, site, name="second", pages=0, settings=settings)
        assert site.pages()[len(asked)]["t"] >= until
    assert second["stats"]["finish_reason"] == "finished"
    assert sorted(_paths(first) + _paths(second)) == _pages(6, 6)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_pause_is_left_at_once_and_nothing_queued_is_lost(tmp_path: Path, number: signal.Signals) -> None:
    settings = {"IMAGEFAP_BLOCK_PAUSE": "60", "JOBDIR": str(tmp_path / "job")}
    with server(tmp_path, blocks=[{"at": 2, "seconds": 0.2, "style": "text"}]) as site:
        running = start(tmp_path, site, pages=5, settings=settings)
        _until(lambda: "slow down" in running.log())
        time.sleep(0.3)
        began = time.monotonic()
        running.process.send_signal(number)
        first = running.wait()
        assert time.monotonic() - began < 3
        assert first["stats"]["finish_reason"] == "shutdown"
        assert len(site.pages()) == 2
        settings["IMAGEFAP_PACE_FILE"] = str(tmp_path / "other.sqlite3")
        second = crawl(tmp_path, site, name="second", pages=0, settings=settings)
    assert sorted(_paths(first) + _paths(second)) == _pages(5)


def test_two_crawls_share_the_budget(tmp_path: Path) -> None:
    settings = {"IMAGEFAP_PAGE_LIMITS": "6/1"}
    with server(tmp_path, limit=[6, 1]) as site:
        crawls = [start(tmp_path, site, name, pages=12, settings=settings) for name in ("one", "two")]
        results = [crawl.wait() for crawl in crawls]
        pages = site.pages()
    assert [_paths(result) for result in results] == [_pages(12)] * 2
    assert not [page for page in pages if page["over"]]
    assert len(pages) == 24
    # Not only never above the limit: it is used, too.
    assert pages[-1]["t"] - pages[0]["t"] < 4 * 1.0


def test_the_budget_survives_a_kill(tmp_path: Path) -> None:
    settings = {"IMAGEFAP_PAGE_LIMITS": "5/2.5"}
    with server(tmp_path, limit=[5, 2.5]) as site:
        killed = start(tmp_path, site, pages=20, settings=settings)
        _until(lambda: len(site.pages()) >= 4)
        killed.process.kill()
        killed.process.wait()
        result = crawl(tmp_path, site, name="second", pages=5, settings=settings)
        pages = site.pages()
    assert _paths(result) == _pages(5)
    assert not [page for page in pages if page["over"]]
    assert pages[-1]["t"] - pages[0]["t"] > 2.5


def test_a_block_of_image_files_leaves_pages_alone(tmp_path: Path) -> None:
    block = {"at": 3, "seconds": 0.6, "style": "429"}
    with server(tmp_path, image_blocks=[block], images=2, image_delay=0.1, page_delay=0.05) as site:
        result = crawl(tmp_path, site, pages=10, settings={"IMAGEFAP_BLOCK_PAUSE": "0.8"})
        pages, images = site.pages(), site.images()
    assert _paths(result) == _pages(10, 2)
    assert result["failed"] == []
    met = [image["t"] for image in images if image["blocked"]]
    assert 1 <= len(met) <= 4, "what was on its way together may meet the block together"
    assert result["stats"]["imagefap/blocks/images/http_429"] == 1 == result["stats"]["imagefap/blocks/count"]
    assert not [image for image in images if met[-1] < image["t"] < met[0] + 0.8]
    assert [page for page in pages if met[0] < page["t"] < met[0] + 0.8]


def test_pages_wait_while_many_image_files_wait(tmp_path: Path) -> None:
    with server(tmp_path, images=10, image_delay=0.1) as site:
        result = crawl(tmp_path, site, pages=5, settings={"IMAGEFAP_IMAGE_BACKLOG": "4"})
        log = site.log()
    assert _paths(result) == _pages(5, 10)
    linked = asked = 0
    for line in log:
        if line["path"].startswith("/i/"):
            asked += 1
        else:
            assert linked - asked <= 4, "a page was asked for while more image files waited"
            linked += 10


def test_retries_wait_longer_each_time_and_let_others_pass(tmp_path: Path) -> None:
    settings = {"IMAGEFAP_RETRY_WAIT": "0.2", "TWISTED_REACTOR_ENABLED": False}
    with server(tmp_path, failures={"/p/0": 2}) as site:
        result = crawl(tmp_path, site, pages=4, settings=settings)
        pages = site.pages()
    assert _paths(result) == _pages(4)
    tries = [page["t"] for page in pages if page["path"] == "/p/0"]
    assert len(tries) == 3
    assert tries[1] - tries[0] >= 0.2
    assert tries[2] - tries[1] >= 0.8
    assert [page["path"] for page in pages[1:4]] == ["/p/1", "/p/2", "/p/3"]


def test_a_probe_that_fails_otherwise_lets_the_next_page_probe(tmp_path: Path) -> None:
    settings = {"IMAGEFAP_BLOCK_PAUSE": "0.3", "IMAGEFAP_PAGE_GAP": "0.1"}
    failures = {f"/p/{n}": 1 for n in range(4)}
    with server(tmp_path, blocks=[{"at": 1, "seconds": 0.2, "style": "redirect"}], failures=failures) as site:
        result = crawl(tmp_path, site, pages=4, settings=settings)
        pages = site.pages()
    assert _paths(result) == _pages(4)
    assert pages[-1]["t"] - pages[0]["t"] < 4, "nobody waits for the lease of a probe that was answered"


def test_nothing_leaves_for_another_host(tmp_path: Path) -> None:
    with server(tmp_path) as site:
        foreign = site.url.replace("127.0.0.1", "localhost") + "/p/7"
        result = crawl(tmp_path, site, pages=1, urls=[foreign, "http://127.0.0.1:9/p/1"])
        assert [page["path"] for page in site.pages()] == ["/p/0"]
    assert result["failed"] == ["ForeignHost", "ForeignHost"]
    assert result["stats"]["imagefap/refused_hosts"] == 2


def test_without_limits_there_is_no_pace_file(tmp_path: Path) -> None:
    with server(tmp_path) as site:
        result = crawl(tmp_path, site, pages=3, settings={"IMAGEFAP_PACE_FILE": ""})
    assert _paths(result) == _pages(3)
    assert not (tmp_path / "state").exists()

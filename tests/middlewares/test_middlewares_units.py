from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from scrapy import Request
from scrapy.http import HtmlResponse, Response
from scrapy.utils.test import get_crawler

from imagefap_scraper.exceptions import SettingError
from imagefap_scraper.middlewares.blocks import BlockMiddleware, BlockTextMiddleware
from imagefap_scraper.middlewares.held import HeldBack, Postponed
from imagefap_scraper.middlewares.hosts import ForeignHost, HostGuardMiddleware
from imagefap_scraper.middlewares.retry import PatientRetryMiddleware
from imagefap_scraper.middlewares.robots import RefusedByRobots, RobotsMiddleware
from imagefap_scraper.pace.gate import gate_of
from imagefap_scraper.pace.slots import HOLD_SECONDS, MAY_WAIT

if TYPE_CHECKING:
    from pathlib import Path

    from scrapy.crawler import Crawler

SITE = "https://www.imagefap.com"


@pytest.fixture
def crawler(tmp_path: Path) -> Crawler:
    return _crawler(tmp_path)


def _crawler(tmp_path: Path, **settings: Any) -> Crawler:
    usual = {
        "TWISTED_REACTOR_ENABLED": False,
        "IMAGEFAP_SITE_URL": SITE,
        "IMAGEFAP_PAGE_LIMITS": "",
        "IMAGEFAP_PAGE_LIMIT_SHARE": "0.8",
        "IMAGEFAP_PAGE_GAP": "0",
        "IMAGEFAP_IMAGE_BACKLOG": "48",
        "IMAGEFAP_PACE_FILE": str(tmp_path / "pace.sqlite3"),
        "IMAGEFAP_BLOCK_PAUSE": "900",
        "IMAGEFAP_BLOCK_PAUSE_MAX": "7200",
        "IMAGEFAP_BLOCK_MAX_PAUSES": "4",
        "IMAGEFAP_RETRY_WAIT": "1.0",
        "RETRY_TIMES": 3,
        "ROBOTSTXT_OBEY": True,
        "EXTENSIONS": {"imagefap_scraper.pace.gate.PageGate": 0},
    }
    crawler = get_crawler(settings_dict=usual | settings)
    crawler.spider = crawler._create_spider("test")
    return crawler


def _page(url: str = f"{SITE}/photo/1/", slot: str = "pages", **meta: Any) -> Request:
    return Request(url, meta={"download_slot": slot} | meta)


@pytest.mark.parametrize(
    ("url", "ours"),
    [
        (f"{SITE}/photo/1/", True),
        ("https://cdn.imagefap.com/images/full/1.jpg", True),
        ("http://www.imagefap.com/", False),
        ("https://imagefap.com.example/", False),
        ("https://user:pw@www.imagefap.com/", False),
        ("https://www.imagefap.com:8443/", False),
        ("http://169.254.169.254/latest", False),
        ("file:///etc/passwd", False),
    ],
)
def test_only_the_site_is_asked(crawler: Crawler, url: str, ours: bool) -> None:
    guard = HostGuardMiddleware.from_crawler(crawler)
    request = Request(url, dont_filter=True)
    if ours:
        guard.process_request(request)
    else:
        with pytest.raises(ForeignHost):
            guard.process_request(request)
    assert crawler.stats.get_value("imagefap/refused_hosts", 0) == (0 if ours else 1)


def test_a_password_in_a_foreign_address_is_not_logged(crawler: Crawler, caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(ForeignHost):
        HostGuardMiddleware.from_crawler(crawler).process_request(Request("https://me:geheim@other.example/"))
    assert "other.example" in caplog.text
    assert "geheim" not in caplog.text


@pytest.mark.parametrize(
    ("status", "location", "slot", "blocked"),
    [
        (302, "/human-verification", "pages", True),
        (302, f"{SITE}/rl_captcha.php?x=1", "images", True),
        (301, "/photo/2/", "pages", False),
        (302, "http://[bad", "pages", False),
        (200, "/human-verification", "pages", False),
        (429, None, "pages", True),
        (503, None, "images", True),
        (500, None, "pages", False),
        (403, None, "images", False),
        (429, None, "other", False),
    ],
)
async def test_the_outer_door(crawler: Crawler, status: int, location: str | None, slot: str, blocked: bool) -> None:
    door, request = BlockMiddleware.from_crawler(crawler), _page(slot=slot)
    response = Response(request.url, status=status, headers={"Location": location} if location else {})
    result = await door.process_response(request, response)
    gate = gate_of(crawler)
    if not blocked:
        assert result is response
        assert gate.blocks == 0
        return
    assert isinstance(result, Request)
    assert (result.url, result.dont_filter, result.callback) == (request.url, True, request.callback)
    assert gate.blocks == 1
    assert (gate.paused_until is None) == (slot == "images")
    assert (gate.images_paused_until is None) == (slot == "pages")


@pytest.mark.parametrize("status", [200, 403, 500])
async def test_the_inner_door(crawler: Crawler, status: int) -> None:
    door, request = BlockTextMiddleware.from_crawler(crawler), _page()
    body = b"<html><body><p>Your IP made too many requests to our servers</p></body></html>"
    assert isinstance(
        await door.process_response(request, HtmlResponse(request.url, status=status, body=body)), Request
    )
    usual = HtmlResponse(request.url, status=status, body=b"<html><body>a picture</body></html>")
    assert await door.process_response(request, usual) is usual
    assert gate_of(crawler).pause_reason == "check_text"


async def test_a_blocked_robots_file_is_never_given_back_to_the_engine(crawler: Crawler) -> None:
    request = _page(f"{SITE}/robots.txt", page_kind="robots")
    with pytest.raises(HeldBack):
        await BlockMiddleware.from_crawler(crawler).process_response(request, Response(request.url, status=429))


def test_a_503_is_not_the_next_probe(crawler: Crawler) -> None:
    request = _page()
    result = asyncio.run(
        BlockMiddleware.from_crawler(crawler).process_response(request, Response(request.url, status=503))
    )
    assert isinstance(result, Request)
    assert result.priority == request.priority - 1


async def test_a_503_of_a_page_that_may_wait_is_for_its_spider(crawler: Crawler) -> None:
    request = _page()
    request.meta[MAY_WAIT] = True
    with pytest.raises(Postponed):
        await BlockMiddleware.from_crawler(crawler).process_response(request, Response(request.url, status=503))
    assert gate_of(crawler).blocks == 1


def test_retries_wait_four_times_as_long_each_time(crawler: Crawler) -> None:
    retry = PatientRetryMiddleware.from_crawler(crawler)
    request, waits = _page(), []
    for _ in range(3):
        result = retry.process_response(request, Response(request.url, status=500))
        assert isinstance(result, Request)
        waits.append(result.meta[HOLD_SECONDS])
        request = result
    assert waits == [1.0, 4.0, 16.0]
    assert isinstance(retry.process_response(request, Response(request.url, status=500)), Response)


def test_a_wrong_wait_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingError, match="IMAGEFAP_RETRY_WAIT is 'soon'"):
        PatientRetryMiddleware.from_crawler(_crawler(tmp_path, IMAGEFAP_RETRY_WAIT="soon"))


class Engine:
    """Answers robots.txt: with a response, or with an exception; slowly enough for others to ask meanwhile."""

    def __init__(self, *answers: Response | Exception) -> None:
        self.answers = list(answers)
        self.asked: list[Request] = []

    async def download_async(self, request: Request) -> Response:
        self.asked.append(request)
        await asyncio.sleep(0.01)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


def _robots(crawler: Crawler, engine: Engine) -> RobotsMiddleware:
    crawler.__dict__["_engine"] = engine
    crawler.engine = engine
    return RobotsMiddleware.from_crawler(crawler)


def _rules(text: str, status: int = 200) -> Response:
    return Response(f"{SITE}/robots.txt", status=status, body=text.encode())


async def _outcomes(robots: RobotsMiddleware, *requests: Request) -> list[object]:
    return await asyncio.gather(*map(robots.process_request, requests), return_exceptions=True)


async def test_all_that_wait_for_robots_get_its_rules(crawler: Crawler) -> None:
    engine = Engine(_rules("User-agent: *\nDisallow: /images/\n"))
    images = [_page(f"{SITE}/images/{n}.jpg", "images") for n in range(4)]
    outcomes = await _outcomes(_robots(crawler, engine), *images)
    assert [type(outcome) for outcome in outcomes] == [RefusedByRobots] * 4
    assert [outcome.url for outcome in outcomes if isinstance(outcome, RefusedByRobots)] == [i.url for i in images]
    assert len(engine.asked) == 1
    assert engine.asked[0].meta["download_slot"] == "images"
    assert crawler.stats.get_value("imagefap/robots_refused") == 4


async def test_all_that_wait_for_a_robots_that_is_held_back_go_back(crawler: Crawler) -> None:
    engine = Engine(HeldBack(_page(f"{SITE}/robots.txt")), _rules(""))
    robots = _robots(crawler, engine)
    outcomes = await _outcomes(robots, _page(), _page(f"{SITE}/photo/2/"))
    assert [isinstance(outcome, Request) and outcome.dont_filter for outcome in outcomes] == [True, True]
    assert len(engine.asked) == 1
    assert await _outcomes(robots, _page()) == [None]
    assert len(engine.asked) == 2, "the failure is forgotten"


async def test_a_redirected_robots_goes_on_where_it_was_held_back(crawler: Crawler) -> None:
    target = _page(f"{SITE}/other/robots.txt", redirect_times=1)
    engine = Engine(HeldBack(target), _rules("User-agent: *\nDisallow: /photo/\n"))
    robots = _robots(crawler, engine)
    await _outcomes(robots, _page())
    assert [type(outcome) for outcome in await _outcomes(robots, _page())] == [RefusedByRobots]
    assert engine.asked[1] is target


@pytest.mark.parametrize(
    "answer", [_rules("User-agent: *\nDisallow: /", status=404), _rules("Disallow: /", status=500), OSError("reset")]
)
async def test_without_a_robots_everything_is_allowed(crawler: Crawler, answer: Response | Exception) -> None:
    engine = Engine(answer)
    robots = _robots(crawler, engine)
    assert await _outcomes(robots, _page(), _page()) == [None, None]
    assert len(engine.asked) == 1


@pytest.mark.parametrize(("text", "gap"), [("Crawl-delay: 7", 7.0), ("Crawl-delay: 99999", 3600.0), ("", 0.0)])
async def test_crawl_delay(crawler: Crawler, text: str, gap: float, monkeypatch: pytest.MonkeyPatch) -> None:
    gaps: list[float] = []
    monkeypatch.setattr(gate_of(crawler), "raise_gap", gaps.append)
    await _outcomes(_robots(crawler, Engine(_rules(f"User-agent: *\n{text}\n"))), _page())
    assert gaps == ([gap] if gap else [])


def test_the_gate_is_needed(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="EXTENSIONS"):
        gate_of(_crawler(tmp_path, EXTENSIONS={}))

from __future__ import annotations

import http.server
import json
import logging
import sys
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest
from scrapy import Spider
from scrapy.exceptions import NotConfigured
from scrapy.utils.test import get_crawler

from imagefap_scraper.extensions import notify
from imagefap_scraper.extensions._snapshot import Snapshot
from imagefap_scraper.extensions.notify import EndNotification, message

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Apprise 2.2.0 imports it.
pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")

STATS: dict[str, Any] = {
    "imagefap/folders/current": "secret folder",
    "imagefap/folders/skipped": [("secret folder", "secret reason")],
    "imagefap/images/total": 20,
    "imagefap/images/stored": 1204,
    "imagefap/images/failed": 3,
    "imagefap/images/failed_reasons/secret reason": 3,
    "imagefap/images/left": 7,
    "imagefap/pages/asked": 9,
    "imagefap/bytes/stored": 3_300_000,
    "imagefap/output": "/secret/archive",
    "imagefap/command": "scrapy crawl favorites -a user=secret",
    "imagefap/error": "secret is private",
    "elapsed_time_seconds": 65.0,
}


class Service:
    """A service on loopback that takes Apprise's json:// messages, and how it answers."""

    def __init__(self) -> None:
        self.got: list[dict[str, Any]] = []
        self.status = 200
        service = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                service.got.append(json.loads(body))
                self.send_response(service.status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"json://token:hidden@127.0.0.1:{self.server.server_address[1]}/hidden"


@pytest.fixture
def service() -> Iterator[Service]:
    found = Service()
    thread = threading.Thread(target=found.server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield found
    found.server.shutdown()
    thread.join()
    found.server.server_close()


@pytest.fixture(autouse=True)
def _quiet_again() -> Iterator[None]:
    """Set back what a message does to the loggers of others."""
    levels = {name: logging.getLogger(name).level for name in notify._TALKATIVE}
    yield
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)


def notification(addresses: str, **stats: Any) -> EndNotification:
    crawler = get_crawler(Spider, {"IMAGEFAP_NOTIFY": addresses})
    for key, value in {**STATS, **stats}.items():
        crawler.stats.set_value(key, value)
    return EndNotification.from_crawler(crawler)


async def ended(notification: EndNotification, reason: str = "finished") -> None:
    """What a crawl does from its start to its end."""
    notification.engine_started()
    await notification.spider_closed(Spider("any"), reason)
    await notification.engine_stopped()


def test_nobody_is_told_unless_there_is_an_address() -> None:
    for addresses in ("", "  "):
        with pytest.raises(NotConfigured):
            EndNotification.from_crawler(get_crawler(Spider, {"IMAGEFAP_NOTIFY": addresses}))
    with pytest.raises(NotConfigured):
        EndNotification.from_crawler(get_crawler(Spider, {}))


def test_the_message_has_counts_and_nothing_else() -> None:
    title, body = message(Snapshot.of(STATS), "finished")
    assert title == "imagefap_scraper: ended with an error, its log says which"
    assert body == ("new images: 1,204\nfailed: 3\nstill wanted: 7\npages asked: 9\nstored: 3.3 MB\ntime: 1 min 5 s")
    assert "secret" not in title + body


@pytest.mark.parametrize(
    ("reason", "failed", "ending"),
    [
        ("finished", 0, "finished"),
        ("finished", 2, "finished, 2 images failed"),
        ("shutdown", 2, "interrupted"),
        ("rate_blocked", 0, "blocked by the site, the same command later goes on"),
        ("secret_reason", 0, "ended early, its log says why"),
    ],
)
def test_the_title_says_how_it_ended(reason: str, failed: int, ending: str) -> None:
    counts = Snapshot.of({"imagefap/images/failed": failed})
    assert message(counts, reason)[0] == f"imagefap_scraper: {ending}"


async def test_without_the_package_there_is_one_warning(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setitem(sys.modules, "apprise", None)
    await ended(notification("json://hidden@127.0.0.1:9/"))
    (record,) = caplog.records
    assert record.levelname == "WARNING"
    assert "requirements-extra.txt" in record.getMessage()
    assert "hidden" not in record.getMessage()


async def test_a_service_that_does_not_answer_keeps_nobody(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    released = threading.Event()
    monkeypatch.setattr(notify, "_PATIENCE", 0.05)
    monkeypatch.setattr(notify, "_send", lambda *_: released.wait(10) and "")
    started = time.monotonic()
    await ended(notification("json://127.0.0.1:9/"))
    assert time.monotonic() - started < 5
    released.set()
    assert "no answer within 0.05 seconds" in caplog.text


@pytest.fixture
def _apprise() -> None:
    pytest.importorskip("apprise", reason="apprise is not installed (requirements-extra.txt)")


@pytest.mark.usefixtures("_apprise")
async def test_it_is_sent_once_after_everybody_has_counted(service: Service, caplog: pytest.LogCaptureFixture) -> None:
    told = notification(service.address, **{"imagefap/error": ""})
    told.engine_started()
    await told.spider_closed(Spider("any"), "finished")
    assert service.got == []
    await told.engine_stopped()
    await told.spider_closed(Spider("any"), "finished")
    (got,) = service.got
    assert got["title"] == "imagefap_scraper: finished, 3 images failed"
    assert got["message"].startswith("new images: 1,204\n")
    assert "secret" not in json.dumps(got)
    assert caplog.records == []


@pytest.mark.usefixtures("_apprise")
async def test_a_crawl_that_never_ran_tells_as_well(service: Service) -> None:
    await notification(service.address).spider_closed(Spider("any"), "cancelled")
    assert [got["title"] for got in service.got] == ["imagefap_scraper: interrupted"]


@pytest.mark.usefixtures("_apprise")
@pytest.mark.parametrize(
    ("addresses", "words"),
    [
        ("{good}, json://hidden@127.0.0.1:9/hidden", "not every service of IMAGEFAP_NOTIFY took it"),
        ("{good} nosuch://hidden", "not all addresses of IMAGEFAP_NOTIFY are such as Apprise knows"),
    ],
)
async def test_what_fails_is_a_warning_without_addresses_and_the_others_are_told(
    service: Service, caplog: pytest.LogCaptureFixture, addresses: str, words: str
) -> None:
    await ended(notification(addresses.format(good=service.address)))
    assert len(service.got) == 1
    assert words in caplog.text
    assert "hidden" not in caplog.text


@pytest.mark.usefixtures("_apprise")
async def test_a_service_that_refuses_is_a_warning(service: Service, caplog: pytest.LogCaptureFixture) -> None:
    service.status = 500
    await ended(notification(service.address))
    assert "not every service of IMAGEFAP_NOTIFY" in caplog.text
    assert "hidden" not in caplog.text

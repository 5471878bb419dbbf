"""Who is answered: our own pages, and nobody else's."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
import web_bench
from starlette.testclient import TestClient
from web_bench import HOME, PORT

from imagefap_scraper.storage.lock import write_lock
from imagefap_scraper.web.app import create_app
from imagefap_scraper.web.archive import WebArchive
from imagefap_scraper.web.security import Guard

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from starlette.types import Receive, Scope, Send


@pytest.fixture
def asking(tmp_path: Path) -> Iterator[TestClient]:
    bench = web_bench.bench(tmp_path)
    bench.add(web_bench.encoded(web_bench.picture(1)))
    with web_bench.client(bench) as client:
        yield client


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        f"evil.example:{PORT}",
        "127.0.0.1",
        "127.0.0.1:1",
        f"127.0.0.1.evil.example:{PORT}",
        f"[::1]:{PORT}",
        "",
    ],
)
def test_another_name_for_this_address_is_not_answered(asking: TestClient, host: str) -> None:
    assert asking.get("/", headers={"Host": host}).status_code == 421


@pytest.mark.parametrize("host", [f"127.0.0.1:{PORT}", f"localhost:{PORT}"])
def test_this_machine_is_answered(asking: TestClient, host: str) -> None:
    assert asking.get("/", headers={"Host": host}).status_code == 200


def test_at_port_80_browsers_leave_the_port_out(tmp_path: Path) -> None:
    bench = web_bench.bench(tmp_path)
    bench.add(web_bench.encoded(web_bench.picture(1)))
    app = create_app(WebArchive(bench.workplace, bench.options), 80)
    with TestClient(app, base_url="http://127.0.0.1") as client:
        assert client.get("/").status_code == 200
        assert client.post("/api/redo", headers={"Origin": "http://127.0.0.1"}).status_code == 404
        assert client.get("/", headers={"Host": "evil.example"}).status_code == 421


@pytest.mark.parametrize("origin", ["https://evil.example", f"https://127.0.0.1:{PORT}", "http://127.0.0.1:1"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_another_origin_is_refused_whatever_it_asks(asking: TestClient, origin: str, method: str) -> None:
    answer = asking.request(method, "/", headers={"Origin": origin})
    assert answer.status_code == 403


@pytest.mark.parametrize("site", ["cross-site", "same-site", "none", None])
def test_a_hidden_origin_is_ours_only_if_the_browser_says_so(asking: TestClient, site: str | None) -> None:
    del asking.headers["Sec-Fetch-Site"]
    asking.headers["Origin"] = "null"
    assert asking.post("/undo/1", headers={} if site is None else {"Sec-Fetch-Site": site}).status_code == 403
    # What a browser sends for a form of ours, because no page of ours gives a referrer.
    assert asking.post("/undo/1", headers={"Sec-Fetch-Site": "same-origin"}).status_code == 404


@pytest.mark.parametrize("site", ["cross-site", "same-site", "anything"])
def test_pictures_pages_and_scripts_of_other_sites_are_refused(asking: TestClient, site: str) -> None:
    assert asking.get("/", headers={"Sec-Fetch-Site": site}).status_code == 403
    followed = {"Sec-Fetch-Site": site, "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
    answer = asking.get("/images?q=tag:x", headers=followed)
    assert answer.status_code == 403
    assert 'href="/"' in answer.text


def test_a_change_has_to_say_where_it_comes_from(tmp_path: Path) -> None:
    bench = web_bench.bench(tmp_path)
    bench.add(web_bench.encoded(web_bench.picture(1)))
    with web_bench.client(bench) as asking:
        asking.headers.pop("Origin")
        asking.headers.pop("Sec-Fetch-Site")
        assert asking.get("/").status_code == 200
        assert asking.post("/api/undo/1").status_code == 403
        assert asking.post("/api/undo/1", headers={"Sec-Fetch-Site": "none"}).status_code == 403
        assert asking.post("/api/undo/1", headers={"Origin": HOME}).status_code not in (403, 421)


@pytest.mark.parametrize("path", ["/", "/nothing-here", "/static/css/base.css", "/api/openapi.json", "/api/nothing"])
def test_every_answer_is_kept_private(asking: TestClient, path: str) -> None:
    headers = asking.get(path).headers
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert "private" in headers["cache-control"]


@pytest.mark.parametrize("path", ["/docs", "/redoc", "/openapi.json", "/docs/oauth2-redirect"])
def test_pages_that_load_from_the_net_are_off(asking: TestClient, path: str) -> None:
    assert asking.get(path).status_code == 404


@pytest.mark.parametrize(
    "path",
    ["/static/../app.py", "/static/%2e%2e/app.py", "/static/%2e%2e%2f%2e%2e%2fsettings.py", "/static//etc/passwd"],
)
def test_nothing_but_static_files_is_served_as_one(asking: TestClient, path: str) -> None:
    assert asking.get(path).status_code == 404


def test_a_fault_of_the_page_that_tells_of_a_fault_is_kept_private_too() -> None:
    async def broken(_scope: Scope, _receive: Receive, _send: Send) -> None:
        raise RuntimeError

    answer = TestClient(Guard(broken, PORT), base_url=HOME, raise_server_exceptions=False).get("/")
    assert answer.status_code == 500
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "private" in answer.headers["cache-control"]


@pytest.mark.parametrize("path", ["/?done=1", "/nothing?done=1", "/api/status?done=1"])
def test_without_a_database_the_page_still_says_so(tmp_path: Path, path: str) -> None:
    bench = web_bench.bench(tmp_path)
    bench.add(web_bench.encoded(web_bench.picture(1)))
    with web_bench.client(bench) as client:
        for file in tmp_path.glob("imagefap.database*"):
            file.unlink()
        assert client.get(path).status_code == (404 if "nothing" in path else 503)


@pytest.mark.parametrize("charset", ["utf-7", "unicode_escape", "undefined", "idna", "nope"])
def test_text_is_taken_in_utf8_alone(asking: TestClient, charset: str) -> None:
    body = b'--x\r\nContent-Disposition: form-data; name="path"\r\n\r\n+2AA-\r\n--x--\r\n'
    for path in ("/tags/add", "/undo/1"):
        kind = f"multipart/form-data; charset={charset}; boundary=x"
        assert asking.post(path, content=body, headers={"Content-Type": kind}).status_code == 415
    kind = "multipart/form-data; charset=UTF-8; boundary=x"
    assert asking.post("/tags/add", content=body, headers={"Content-Type": kind}).status_code == 303


@pytest.mark.parametrize("announced", [True, False])
@pytest.mark.parametrize("path", ["/tags/add", "/undo/1", "/api/tagging", "/nothing", "/keys"])
def test_what_is_too_long_is_said_as_everything_else(asking: TestClient, path: str, announced: bool) -> None:
    piece = b"path=" + bytes(1_000_000)
    content = piece * 9 if announced else iter([piece] * 9)
    kind = "application/json" if path.startswith("/api/") else "application/x-www-form-urlencoded"
    answer = asking.post(path, content=content, headers={"Content-Type": kind})
    assert answer.status_code == 413
    if path.startswith("/api/"):
        assert "nothing was done" in answer.json()["error"]
    else:
        assert "That is too much at once" in answer.text


def test_changes_that_wait_keep_no_page_waiting(asking: TestClient, tmp_path: Path) -> None:
    with ThreadPoolExecutor(12) as threads, write_lock(tmp_path / ".imagefap/write.lock"):
        changes = [threads.submit(asking.post, "/tags/add", data={"path": f"tag {n}"}) for n in range(12)]
        time.sleep(0.3)
        began = time.monotonic()
        for path in ("/images", "/static/css/base.css", "/keys", "/api/status"):
            assert asking.get(path).status_code == 200
        assert time.monotonic() - began < 1.5
        answers = [change.result() for change in changes]
        assert time.monotonic() - began < 10
    assert {answer.status_code for answer in answers} == {503}
    assert all("nothing was done" in answer.text for answer in answers)
    assert asking.post("/tags/add", data={"path": "tag"}).status_code == 303

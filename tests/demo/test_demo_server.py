"""The demo site as a process: it starts, says where, keeps its log, breaks connections, stops."""

from __future__ import annotations

import hashlib
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from parsel import Selector

from tools.demo.build import WorldOptions, plain_world
from tools.demo.client import PROGRAM, DemoSite

if TYPE_CHECKING:
    from collections.abc import Iterator

IMAGE = "100000001"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[DemoSite, Path]]:
    log = tmp_path_factory.mktemp("demo") / "requests.jsonl"
    with DemoSite.start("--world", "plain", "--images", "40", "--folders", "2", "--log", log) as site:
        yield site, log


@pytest.fixture
def site(running: tuple[DemoSite, Path]) -> DemoSite:
    running[0].set_fault(reset=True)
    running[0].reset_log()
    return running[0]


def get(site: DemoSite, path: str) -> bytes:
    with urllib.request.urlopen(site.url + path, timeout=10) as answer:
        read: bytes = answer.read()
        return read


def address(site: DemoSite) -> str:
    text = get(site, f"/photo/{IMAGE}/").decode()
    return Selector(text).css(f"#_navi_cavi a[imageid='{IMAGE}']::attr(href)").get("").removeprefix(site.url)


def test_pictures_are_those_of_the_truth(site: DemoSite) -> None:
    told = site.truth()["images"][IMAGE]
    content = get(site, address(site))
    assert (hashlib.sha256(content).hexdigest(), len(content)) == (told["sha256"], told["size"])


def test_the_log_says_what_was_asked(site: DemoSite, running: tuple[DemoSite, Path]) -> None:
    request = urllib.request.Request(
        f"{site.url}/showfavorites.php?userid=1234567&page=1&folderid=5001", headers={"Referer": "r", "User-Agent": "u"}
    )
    urllib.request.urlopen(request, timeout=10).close()
    (entry,) = site.requests()
    told = {key: entry[key] for key in ("method", "kind", "path", "query", "status", "folder_id", "page")}
    assert told == {
        "method": "GET",
        "kind": "folder",
        "path": "/showfavorites.php",
        "query": "userid=1234567&page=1&folderid=5001",
        "status": 200,
        "folder_id": 5001,
        "page": 1,
    }
    assert (entry["referer"], entry["user_agent"]) == ("r", "u")
    assert entry["host"] == site.url.removeprefix("http://")
    assert abs(entry["t"] - time.time()) < 10
    assert json.loads(running[1].read_text(encoding="utf-8").splitlines()[-1]) == entry
    assert site.requests("photo") == []


def test_links_go_to_the_host_that_was_asked(site: DemoSite) -> None:
    port = site.url.rpartition(":")[2]
    text = urllib.request.urlopen(f"http://localhost:{port}/photo/{IMAGE}/", timeout=10).read().decode()
    assert f"http://localhost:{port}/images/full/" in text
    assert "127.0.0.1" not in text


def test_a_signature_expires(site: DemoSite) -> None:
    site.set_fault(signature_seconds=0)
    good = address(site)
    time.sleep(1.1)
    with pytest.raises(urllib.error.HTTPError, match="403") as refused:
        get(site, good)
    refused.value.close()
    assert site.requests("image")[0]["status"] == 403


def test_a_reset_is_seen_as_one(site: DemoSite) -> None:
    site.set_fault(rules=[{"kind": "photo", "do": "reset"}])
    with pytest.raises((ConnectionResetError, http.client.RemoteDisconnected)):
        get(site, f"/photo/{IMAGE}/")
    assert site.requests()[0]["fault"] == "reset"


@pytest.mark.parametrize("do", ["cut", "cut_chunked"])
def test_announced_cuts_can_be_told(site: DemoSite, do: str) -> None:
    good = address(site)
    site.set_fault(rules=[{"do": do}])
    with pytest.raises(http.client.IncompleteRead):
        get(site, good)


def test_other_cuts_cannot_be_told(site: DemoSite) -> None:
    good = address(site)
    whole = get(site, good)
    site.set_fault(rules=[{"do": "cut_close", "part": 0.3}])
    assert get(site, good) == whole[: int(len(whole) * 0.3)]


@pytest.mark.parametrize("do", ["stall", "stall_body"])
def test_a_stall_takes_its_time_and_loses_nothing(site: DemoSite, do: str) -> None:
    good = address(site)
    whole = get(site, good)
    site.set_fault(rules=[{"do": do, "seconds": 0.3}])
    started = time.monotonic()
    assert get(site, good) == whole
    assert time.monotonic() - started > 0.25


def test_a_stalled_answer_does_not_hold_up_others(site: DemoSite) -> None:
    site.set_fault(rules=[{"kind": "photo", "do": "stall", "seconds": 30}])
    host, _, port = site.url.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port))) as waiting:
        waiting.sendall(f"GET /photo/{IMAGE}/ HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        started = time.monotonic()
        get(site, "/robots.txt")
        assert time.monotonic() - started < 5


def test_a_compressed_check_page_is_sent_with_gzip(site: DemoSite) -> None:
    site.set_fault(block={}, block_style="text_gzip")
    with urllib.request.urlopen(f"{site.url}/photo/{IMAGE}/", timeout=10) as answer:
        assert answer.headers["Content-Encoding"] == "gzip"
        assert answer.read()[:2] == b"\x1f\x8b"
    assert site.requests()[0]["blocked"] is True


def test_wrong_orders_are_refused_with_a_reason(site: DemoSite) -> None:
    with pytest.raises(ValueError, match="no fault 'speed'"):
        site.set_fault(speed=1)
    with pytest.raises(ValueError, match="no folder 1"):
        site.change_world(rename={"folder": 1, "name": "x"})


def test_changes_of_the_world_are_true_at_once(site: DemoSite) -> None:
    before = site.truth()["users"][0]["folders"][0]["favorites"]
    made = site.change_world(create={"gallery": 70001, "count": 1}, append={"folder": 5001})["created"]
    assert site.truth()["users"][0]["folders"][0]["favorites"] == before + made


def test_a_world_built_in_python_is_served() -> None:
    world = plain_world(WorldOptions(seed=5, images=6, folders=1))
    with DemoSite.start(world=world) as site:
        assert [folder["favorites"] for folder in site.truth()["users"][0]["folders"]] == [
            world.users[0].folders[0].ids
        ]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_prints_its_address_alone_and_stops_on_signals(tmp_path: Path, number: int) -> None:
    command = [sys.executable, str(PROGRAM), "--world", "plain", "--images", "3"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=tmp_path) as process:
        assert process.stdout
        line = process.stdout.readline()
        assert urllib.request.urlopen(line.strip() + "/robots.txt", timeout=10).read().startswith(b"User-agent")
        process.send_signal(number)
        rest, errors = process.communicate(timeout=10)
    assert (process.returncode, rest, errors) == (0, "", "")


def test_it_ends_with_its_parent() -> None:
    code = (
        "import sys; from tools.demo.client import DemoSite;"
        "site = DemoSite.start('--world', 'plain', '--images', '3'); print(site.process.pid, flush=True);"
        "import os; os._exit(0)"
    )
    root = PROGRAM.parent.parent
    told = subprocess.run(
        [sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True, timeout=30
    )
    child = int(told.stdout)
    deadline = time.monotonic() + 8
    while time.monotonic() < deadline and _lives(child):
        time.sleep(0.1)
    assert not _lives(child)


def _lives(process_id: int) -> bool:
    try:
        os.kill(process_id, 0)
        # A process that has ended and that nobody waited for still has its number.
        state = Path(f"/proc/{process_id}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0]
    except (ProcessLookupError, FileNotFoundError):
        return False
    return state != "Z"

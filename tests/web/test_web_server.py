"""The server's process: how it ends, and what it says where it cannot do its work."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import web_bench

from imagefap_scraper.storage.lock import write_lock
from imagefap_scraper.web.archive import _Readers

if TYPE_CHECKING:
    from collections.abc import Iterator

_PROCESS = Path(__file__).resolve().parents[2] / "tools" / "process.py"
#: Seconds within which the server is to end.
_PATIENCE = 3


@contextmanager
def serving(root: Path) -> Iterator[tuple[subprocess.Popen[str], int]]:
    command = [sys.executable, str(_PROCESS), "run", "--dir", str(root), "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            yield server, int(server.stdout.readline().split("/")[2].rpartition(":")[2])
        finally:
            if server.poll() is None:
                server.kill()


def ask(port: int, path: str, body: object = None) -> bytes:
    headers = {"Origin": f"http://127.0.0.1:{port}", "Content-Type": "application/json"}
    content = None if body is None else json.dumps(body).encode()
    with urllib.request.urlopen(urllib.request.Request(f"{headers['Origin']}{path}", content, headers)) as answer:
        return bytes(answer.read())


def send(port: int, start: str, rest: str = "") -> socket.socket:
    """A connection on which a request was sent and no answer is read."""
    connection = socket.create_connection(("127.0.0.1", port))
    host = f"127.0.0.1:{port}"
    connection.sendall(f"{start} HTTP/1.1\r\nHost: {host}\r\nOrigin: http://{host}\r\n{rest}\r\n".encode())
    return connection


def children(process: int) -> list[str]:
    return Path(f"/proc/{process}/task/{process}/children").read_text(encoding="ascii").split()


@pytest.fixture
def archive(tmp_path: Path) -> tuple[Path, list[str]]:
    bench = web_bench.bench(tmp_path)
    hashes = bench.add(*web_bench.family(1), *web_bench.family(2))
    bench.find()
    return bench.root, hashes


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_ends_well_when_it_is_told_to(archive: tuple[Path, list[str]], number: signal.Signals) -> None:
    root, hashes = archive
    with serving(root) as (server, port):
        # A child that decodes, a browser that stays, one that was cut off in the middle of a request.
        ask(port, f"/thumbs/{hashes[0]}")
        with (
            send(port, "GET /"),
            send(port, "POST /api/batch", "Content-Type: application/json\r\nContent-Length: 99\r\n"),
        ):
            ask(port, "/api/batch", {"class": "copy"})
            born = children(server.pid)
            began = time.monotonic()
            server.send_signal(number)
            assert server.wait(timeout=10) == 0
            assert time.monotonic() - began < _PATIENCE + 1
        assert server.stderr is not None
        assert "Traceback" not in server.stderr.read()
    assert [child for child in born if Path(f"/proc/{child}").exists()] == []


def test_told_twice_it_ends_at_once(archive: tuple[Path, list[str]]) -> None:
    unfinished = "Content-Type: application/json\r\nContent-Length: 99\r\n"
    # It would be waited for.
    with serving(archive[0]) as (server, port), send(port, "POST /api/batch", unfinished):
        ask(port, "/api/status")
        server.send_signal(signal.SIGTERM)
        time.sleep(0.5)
        assert server.poll() is None
        server.send_signal(signal.SIGTERM)
        assert server.wait(timeout=1) == -signal.SIGTERM


@pytest.mark.parametrize("gone", [False, True])
def test_it_ends_soon_where_others_write_or_the_directory_is_gone(archive: tuple[Path, list[str]], gone: bool) -> None:
    root = archive[0]
    with serving(root) as (server, port), write_lock(root / ".imagefap/write.lock"):
        ask(port, "/images")
        if gone:
            root.rename(root.with_name("elsewhere"))
        began = time.monotonic()
        server.terminate()
        assert server.wait(timeout=20) == 0
        assert time.monotonic() - began < _PATIENCE + 1
        assert server.stderr is not None
        assert "Traceback" not in server.stderr.read()


def test_connections_that_read_share_what_they_know(archive: tuple[Path, list[str]]) -> None:
    readers = _Readers(archive[0] / "imagefap.database")
    with readers.connection() as one, readers.connection() as other:
        assert one.engine is other.engine
    readers.close()
    assert one.closed
    assert other.closed


def test_a_port_that_is_taken_is_said_in_one_line(archive: tuple[Path, list[str]]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        command = [sys.executable, str(_PROCESS), "run", "--dir", str(archive[0]), "--port", port]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 64
    assert len(done.stderr.splitlines()) == 1
    assert port in done.stderr


@pytest.mark.parametrize(("name", "code"), [("nothing", 73), ("empty", 78), ("pickle", 78)])
def test_where_no_archive_is_it_says_so_in_one_line(tmp_path: Path, name: str, code: int) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "pickle").mkdir()
    (tmp_path / "pickle" / "imagefap.database").write_bytes(b"\x80\x04}.")
    command = [sys.executable, str(_PROCESS), "run", "--dir", str(tmp_path / name), "--port", "0"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, len(done.stderr.splitlines())) == (code, 1)


def test_a_database_that_is_gone_is_said_and_its_return_noticed(tmp_path: Path) -> None:
    bench = web_bench.bench(tmp_path)
    bench.add(web_bench.encoded(web_bench.picture(1)))
    database, aside = tmp_path / "imagefap.database", tmp_path / "aside"
    with web_bench.client(bench) as asking:
        assert asking.get("/").status_code == 200
        database.rename(aside)
        gone = asking.get("/")
        assert gone.status_code == 503
        assert "cannot be used now" in gone.text
        database.write_bytes(b"something else")
        assert asking.get("/").status_code == 503
        database.unlink()
        aside.rename(database)
        assert asking.get("/").status_code == 200

"""Starts servers and crawls of their own processes for the tests of the pace."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

HERE = Path(__file__).parent
ROOT = HERE.parents[1]


@dataclass
class Server:
    url: str
    path: Path

    def log(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.path.read_text().splitlines()]

    def pages(self) -> list[dict[str, Any]]:
        return [line for line in self.log() if not line["path"].startswith("/i/")]

    def images(self) -> list[dict[str, Any]]:
        return [line for line in self.log() if line["path"].startswith("/i/")]


@contextmanager
def server(tmp_path: Path, **options: Any) -> Iterator[Server]:
    log = tmp_path / "server.jsonl"
    command = [sys.executable, str(HERE / "pace_server.py"), str(log), json.dumps(options)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            port = int(process.stdout.readline())
            log.touch()
            yield Server(f"http://127.0.0.1:{port}", log)
        finally:
            process.kill()


@dataclass
class Crawl:
    process: subprocess.Popen[str]
    result_path: Path
    log_path: Path

    def wait(self, timeout: float = 30.0) -> dict[str, Any]:
        """What came of it; fails with the crawl's log if it does not end by itself."""
        try:
            self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError("the crawl does not end:\n" + self.log()) from None
        assert self.result_path.exists(), self.log()
        result: dict[str, Any] = json.loads(self.result_path.read_text())
        return result

    def log(self) -> str:
        return self.log_path.read_text()


def start(tmp_path: Path, site: Server, name: str = "crawl", **options: Any) -> Crawl:
    """Starts a crawl; with a pace file in `tmp_path` unless its settings name another."""
    settings = {"IMAGEFAP_PACE_FILE": str(tmp_path / "pace.sqlite3")} | options.pop("settings", {})
    result, log = tmp_path / f"{name}.json", tmp_path / f"{name}.log"
    result.unlink(missing_ok=True)
    options |= {"site": site.url, "settings": settings}
    with log.open("w") as stream:
        process = subprocess.Popen(
            [sys.executable, "-W", "error", str(HERE / "pace_crawl.py"), str(result), json.dumps(options)],
            stderr=stream,
            text=True,
            env=os.environ | {"PYTHONPATH": str(ROOT), "XDG_STATE_HOME": str(tmp_path / "state")},
        )
    return Crawl(process, result, log)


def crawl(tmp_path: Path, site: Server, **options: Any) -> dict[str, Any]:
    """A whole crawl."""
    return start(tmp_path, site, **options).wait()

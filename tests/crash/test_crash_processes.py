"""Several processes at once: two crawls, readers beside a crawl, and what a killed crawl leaves running."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from crash import checker
from crash.trials import USER, child_processes, expected_of, run, small_world
from crawl_support import ROOT, crawl_environment, start_crawl

from tools.demo.client import DemoSite

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

#: Seconds before each image file, for crawls that others are to meet.
SLOW = {"image": 0.25}


@pytest.fixture(scope="module")
def site() -> Iterator[DemoSite]:
    with DemoSite.start(world=small_world()) as demo:
        yield demo


def _until(condition: Callable[[], object], seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not come to that"
        time.sleep(0.02)


def _start(site: DemoSite, output: Path) -> subprocess.Popen[str]:
    return start_crawl(site, output, "favorites", f"user={USER}", "mode=read", IMAGEFAP_INSPECT_WORKERS="2")


def _has_stored(output: Path) -> bool:
    return len(checker.stored_ids(output)) > 3


def _runs(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_a_second_crawl_into_one_directory_is_refused_and_told_whose_it_is(site: DemoSite, tmp_path: Path) -> None:
    site.set_fault(reset=True, latency=SLOW)
    output = tmp_path / "out"
    with _start(site, output) as first:
        _until(lambda: _has_stored(output))
        second = run(site, output, "read")
        site.set_fault(reset=True)
        _, said = first.communicate(timeout=60)
    assert second.returncode == 75
    assert f"process {first.pid}" in second.stderr
    assert len(second.stderr.strip().splitlines()) == 1
    assert first.returncode == 0, said
    assert checker.at_end(output, expected_of(site), "blobs") == []


def test_two_crawls_into_two_directories(site: DemoSite, tmp_path: Path) -> None:
    site.set_fault(reset=True)
    outputs = [tmp_path / "one", tmp_path / "two"]
    started = [_start(site, output) for output in outputs]
    for crawl in started:
        with crawl:
            _, said = crawl.communicate(timeout=60)
        assert crawl.returncode == 0, said
    for output in outputs:
        assert checker.at_end(output, expected_of(site), "blobs") == []


def test_readers_beside_a_crawl_disturb_nothing(site: DemoSite, tmp_path: Path) -> None:
    site.set_fault(reset=True, latency={"image": 0.1})
    output = tmp_path / "out"
    statistics = [sys.executable, "tools/process.py", "stats", "--dir", str(output)]
    environment = crawl_environment(tmp_path)
    with _start(site, output) as crawl:
        _until(lambda: _has_stored(output))
        # One that never lets go of what it saw, as a person's own SQLite shell may.
        holder = sqlite3.connect(f"file:{output / checker.DATABASE}?mode=ro", uri=True)
        holder.execute("BEGIN")
        seen = holder.execute("SELECT count(*) FROM images WHERE status = 'stored'").fetchone()
        codes = []
        while crawl.poll() is None:
            told = subprocess.run(statistics, cwd=ROOT, env=environment, capture_output=True, check=False)
            codes.append(told.returncode)
        _, said = crawl.communicate()
        assert holder.execute("SELECT count(*) FROM images WHERE status = 'stored'").fetchone() == seen
        holder.close()
    assert crawl.returncode == 0, said
    assert codes
    assert set(codes) == {0}
    again = run(site, output, "read", "force=1")
    assert again.returncode == 0, again.stderr
    assert checker.at_end(output, expected_of(site), "blobs") == []


def test_a_killed_crawl_leaves_no_process_and_no_lock(site: DemoSite, tmp_path: Path) -> None:
    site.set_fault(reset=True, latency=SLOW)
    output = tmp_path / "out"
    with _start(site, output) as crawl:
        _until(lambda: _has_stored(output) and child_processes(crawl.pid))
        children = child_processes(crawl.pid)
        os.kill(crawl.pid, signal.SIGKILL)
        crawl.wait()
        _until(lambda: not any(_runs(child) for child in children), seconds=5)
    site.set_fault(reset=True)
    later = run(site, output, "read")
    assert later.returncode == 0, later.stderr
    assert checker.at_end(output, expected_of(site), "blobs") == []

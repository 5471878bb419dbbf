"""A disk that fills up, turns read-only or fails in the middle of a crawl: an end with a reason, and a later run."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from crash import checker
from crash.trials import LATENCY, LAYOUT, expected_of, run, small_world

from imagefap_scraper.archive import Archive
from tools.demo.client import DemoSite

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

#: Pages more than a new database has, after which SQLite finds its disk full: all images take about thrice as many.
ROOM_IN_PAGES = 8
#: mode, what the disk refuses (`crash.faults`), exit code
FAULTS = [
    ("read", "write:ENOSPC:1", 73),
    pytest.param("read", "open:EROFS:1", 73, marks=pytest.mark.long),
    ("read", "fsync:EIO:1", 73),
    ("read", "write:ENOSPC:9", 74),
    ("get", "write:EDQUOT:30", 74),
    ("read", "fsync:EIO:25", 74),
    pytest.param("read", "fsync:ENOSPC:60", 74, marks=pytest.mark.long),
    ("read", "syncdir:EIO:9", 74),
    pytest.param("get", "syncdir:ENOSPC:8", 74, marks=pytest.mark.long),
    ("read", "link:ENOSPC:7", 74),
    pytest.param("get", "link:EIO:20", 74, marks=pytest.mark.long),
    ("read", "open:EROFS:12", 74),
    ("read", "commit:ENOSPC:2", 74),
    pytest.param("read", "commit:EIO:9", 74, marks=pytest.mark.long),
    pytest.param("read", "commit:EROFS:30", 74, marks=pytest.mark.long),
    ("get", "commit:ENOSPC:24", 74),
    ("read", "pages:ENOSPC:{full}", 74),
]


@pytest.fixture(scope="module")
def site() -> Iterator[DemoSite]:
    with DemoSite.start(world=small_world()) as demo:
        yield demo


def pages_of_new(output: Path) -> int:
    """Return the pages of a database that has every table and no row."""
    output.mkdir()
    Archive(output, "blobs").close()
    with closing(sqlite3.connect(output / checker.DATABASE)) as database:
        return int(database.execute("PRAGMA page_count").fetchone()[0])


@pytest.mark.parametrize(("mode", "fault", "code"), FAULTS)
def test_a_failing_disk_ends_the_crawl_and_a_later_run_completes(
    site: DemoSite, tmp_path: Path, mode: str, fault: str, code: int
) -> None:
    site.set_fault(reset=True, latency=LATENCY)
    output, expected = tmp_path / "out", expected_of(site)
    fault = fault.format(full=pages_of_new(tmp_path / "new") + ROOM_IN_PAGES)
    failed = run(site, output, mode, accident={"CRASH_FAULT": fault})
    assert failed.returncode == code, failed.stdout + failed.stderr
    assert "Traceback" not in failed.stderr
    assert "Error:" not in failed.stderr
    assert any(word in failed.stderr for word in ("space", "read-only", "input/output", "quota", "disk")), failed.stderr
    assert list(output.glob(".imagefap/tmp/*")) == []
    assert checker.after_kill(output, expected) == []
    site.set_fault(reset=True)
    stored = checker.stored_ids(output)
    site.reset_log()
    later = run(site, output, mode)
    assert later.returncode == 0, later.stdout + later.stderr
    assert checker.at_end(output, expected, LAYOUT[mode]) == []
    assert stored.isdisjoint(entry["image_id"] for entry in site.requests("image"))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_directory_that_cannot_be_written_is_refused(site: DemoSite, tmp_path: Path) -> None:
    output = tmp_path / "out"
    output.mkdir(mode=0o555)
    refused = run(site, output, "read")
    assert refused.returncode == 73
    assert "permission denied" in refused.stderr
    assert list(output.iterdir()) == []

"""The site loses images between a crash and the next run: what is on the disk already must get its rows all the same.

A file that is merely fetched again hides that nobody remembered it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from crash import checker, mutants
from crash.trials import LATENCY, Kill, accident, expected_of, run, small_world

from tools.demo.client import DemoSite

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def site() -> Iterator[DemoSite]:
    with DemoSite.start(world=small_world()) as demo:
        demo.set_fault(latency=LATENCY)
        yield demo


def _later(site: DemoSite, output: Path, planned: dict[str, str], mode: str = "read") -> list[str]:
    """Run a crawl into its accident, let the site lose what was not stored by then, run it again; return orphans."""
    expected = expected_of(site)
    assert run(site, output, mode, accident=planned).returncode != 0
    assert checker.after_kill(output, expected) == []
    lost = sorted(expected.digests.keys() - checker.stored_ids(output))
    assert lost
    site.set_fault(reset=True)
    site.change_world(status={"ids": lost, "status": "file_missing"})
    kept = {name: value for name, value in planned.items() if name == "CRASH_MUTANT"}
    again = run(site, output, mode, accident=kept)
    assert again.returncode == 0, again.stderr
    with checker.snapshot(output) as database:
        assert database is not None
        assert database.execute("SELECT count(*) FROM intents").fetchone() == (0,)
    return checker.orphans(output)


@pytest.mark.parametrize(("mode", "point", "count"), [("read", "named", 9), ("get", "names_synced", 3)])
def test_a_killed_crawl_remembers_its_files(site: DemoSite, tmp_path: Path, mode: str, point: str, count: int) -> None:
    assert _later(site, tmp_path / "out", accident(Kill(point, count)), mode) == []


def test_without_an_intent_a_file_is_forgotten(site: DemoSite, tmp_path: Path) -> None:
    finding = mutants.MUTANTS["no_intent"].finding
    orphans = _later(site, tmp_path / "out", accident(Kill("named", 9), "no_intent"))
    assert orphans
    assert all(finding in orphan for orphan in orphans)


@pytest.mark.parametrize(("mode", "fault"), [("read", "syncdir:EIO:9"), ("get", "syncdir:EIO:8")])
def test_a_crawl_that_ends_at_a_failing_disk_remembers_its_files(
    site: DemoSite, tmp_path: Path, mode: str, fault: str
) -> None:
    assert _later(site, tmp_path / "out", {"CRASH_FAULT": fault}, mode) == []

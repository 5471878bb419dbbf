"""The tests are tested: each ordering rule that is turned around must be found by the very checks that pass without."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from crash import checker, mutants, trace
from crash.trials import Kill, expected_of, run, run_trial, small_world

from tools.demo.client import DemoSite

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BY_KILL = [name for name, mutant in mutants.MUTANTS.items() if mutant.point]
BY_TRACE = ["no_fsync", "no_directory_fsync"]
COUNT = 6


@pytest.fixture(scope="module")
def site() -> Iterator[DemoSite]:
    with DemoSite.start(world=small_world()) as demo:
        yield demo


@pytest.mark.parametrize("name", BY_KILL)
def test_a_kill_finds_the_mutant(site: DemoSite, tmp_path: Path, name: str) -> None:
    mutant = mutants.MUTANTS[name]
    kills = [Kill(mutant.point, COUNT)]
    result = run_trial(site, tmp_path / "out", kills, mutant=name, settings=dict(mutant.settings))
    assert result.kills == 1
    assert any(mutant.finding in problem for problem in result.problems), result.problems


def _traced(site: DemoSite, tmp_path: Path, mutant: str, mode: str = "read") -> list[str]:
    site.set_fault(reset=True)
    accident = {"CRASH_TRACE": str(tmp_path / "trace")} | ({"CRASH_MUTANT": mutant} if mutant else {})
    ended = run(site, tmp_path / "out", mode, accident=accident)
    assert ended.returncode == 0, ended.stderr
    layout = {"read": "blobs", "get": "straight"}[mode]
    assert checker.at_end(tmp_path / "out", expected_of(site), layout) == []
    return trace.disorder(tmp_path / "trace", tmp_path / "out")


@pytest.mark.parametrize("name", BY_TRACE)
def test_the_trace_finds_the_mutant(site: DemoSite, tmp_path: Path, name: str) -> None:
    finding = mutants.MUTANTS[name].finding
    problems = _traced(site, tmp_path, name)
    assert problems
    assert all(finding in problem for problem in problems)


@pytest.mark.parametrize("mode", ["read", "get"])
def test_everything_is_synced_before_it_is_built_on(site: DemoSite, tmp_path: Path, mode: str) -> None:
    assert _traced(site, tmp_path, "", mode) == []

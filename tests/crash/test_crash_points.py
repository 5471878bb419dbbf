"""Kills at named points: a fair subset; `make crash` runs all of them (`crash.matrix`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from crash.trials import REFETCHED_PER_KILL, USER, Kill, run_trial, small_world

from tools.demo.build import WorldBuilder, WorldOptions
from tools.demo.client import DemoSite

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

#: mode, kills of which each must really happen
TRIALS = [
    ("read", [("migrating", 5)]),
    ("read", [("root_recorded", 3)]),
    ("read", [("listing_answered", 6)]),
    ("read", [("listing_half", 9)]),
    ("get", [("listing_open", 5)]),
    ("read", [("listing_recorded", 7)]),
    ("read", [("photo_answered", 4)]),
    ("read", [("pausing", 9)]),
    ("read", [("file_answered", 31)]),
    ("read", [("temp_half", 12)]),
    ("get", [("temp_half", 40)]),
    ("read", [("temp_synced", 4)]),
    ("read", [("name_before", 20)]),
    ("get", [("name_linked", 33)]),
    ("read", [("named", 50)]),
    ("read", [("row_half", 15)]),
    ("read", [("row_open", 44)]),
    ("get", [("row_recorded", 21)]),
    ("read", [("finishing_open", 1)]),
    ("read", [("database_closing", 1)]),
    ("read", [("intent_recorded", 5), ("recovering", 1)]),
    ("read", [("intent_recorded", 3), ("recovery_named", 1)]),
    ("get", [("name_linked", 12), ("recovery_rolled", 1)]),
    ("read", [("named", 30), ("recovery_recorded", 1)]),
]


@pytest.fixture(scope="module")
def site() -> Iterator[DemoSite]:
    with DemoSite.start(world=small_world()) as demo:
        yield demo


def _name(kills: object) -> str:
    return "-".join(f"{point}{count}" for point, count in kills) if isinstance(kills, list) else str(kills)


@pytest.mark.parametrize(("mode", "kills"), TRIALS, ids=_name)
def test_a_kill_loses_and_repeats_nothing(
    site: DemoSite, tmp_path: Path, mode: str, kills: list[tuple[str, int]]
) -> None:
    result = run_trial(site, tmp_path / "out", [Kill(*kill) for kill in kills], mode)
    assert result.problems == []
    assert result.kills == len(kills), "the point was not reached: choose another count"


def test_a_job_directory_changes_nothing(site: DemoSite, tmp_path: Path) -> None:
    kills = [Kill("listing_recorded", 5), Kill("row_recorded", 20)]
    result = run_trial(site, tmp_path / "out", kills, settings={"JOBDIR": "{output}.job"})
    assert result.problems == []
    assert result.kills == 2


def test_a_kill_costs_few_image_files_however_fast_they_come(tmp_path: Path) -> None:
    """Images that came and are not yet stored are all lost by a kill: there must not be many of them."""
    builder = WorldBuilder(WorldOptions(image_width=32, image_height=24))
    builder.folder(builder.user(USER), "Meadows", builder.gallery(120).ids)
    with DemoSite.start(world=builder.world) as fast:
        result = run_trial(fast, tmp_path / "out", [Kill("temp_half", 2)])
    assert result.problems == []
    assert max(result.refetched) <= REFETCHED_PER_KILL

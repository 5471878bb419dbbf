"""Decisions, undoing and emptying killed at named points: never a blob without a row or a row without a blob."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from crashing_review import main
from review_bench import Bench, family

from imagefap_scraper.review.options import read_options
from imagefap_scraper.storage.thumbs import preview_path, thumbnail_path

_SCRIPT = Path(__file__).with_name("crashing_review.py")
_ROOT = Path(__file__).parents[2]
#: What a point is met by, and how often: the first time, and in the midst of several.
_ACCEPT = [
    *[(point, 1) for point in ("keeper_read", "relation_written", "move_noted", "action_unwritten", "action_written")],
    *[("row_written", nth) for nth in (1, 9, 25)],
    *[("committed", 1), ("moving", 1), ("moving", 3), ("linked", 1), ("linked", 2), ("moved", 1), ("moved", 3)],
    *[("all_moved", 1), ("moves_dropped", 1)],
]
_UNDO = [
    *[("row_written", 2), ("action_unwritten", 1), ("action_written", 2), ("committed", 1), ("moving", 2)],
    *[("linked", 1), ("moved", 2), ("all_moved", 1), ("moves_dropped", 1)],
]
_EMPTY = [
    *[("row_written", 3), ("action_written", 2), ("committed", 1), ("removing", 1), ("removing", 3), ("removed", 2)],
    *[("forgotten", 1), ("all_moved", 1), ("moves_dropped", 1)],
]


def _kill(directory: Path, work: str, point: str, nth: int) -> None:
    """Do the work in a process that ends by SIGKILL at a point."""
    command = [sys.executable, str(_SCRIPT), str(directory), work, point, str(nth)]
    environment = {"PYTHONPATH": str(_ROOT), "PATH": "/usr/bin:/bin"}
    assert subprocess.run(command, env=environment, check=False, timeout=120).returncode == -signal.SIGKILL


@pytest.fixture(scope="module")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An archive with two groups that ask."""
    root = tmp_path_factory.mktemp("seeded")
    bench = Bench(root, read_options({}))
    for seed in (1, 2):
        bench.add(*family(seed)[:3])
    bench.find()
    return root


def _copy(source: Path, target: Path) -> Bench:
    shutil.copytree(source, target, dirs_exist_ok=True)
    return Bench(target, read_options({}))


def _timeless(dump: tuple[list[str], dict[str, str]]) -> tuple[list[str], dict[str, str]]:
    """A dump without the moments at which blobs went into the trash."""
    import re

    return [re.sub(r"'20\d\d-\d\d-\d\d \d\d:\d\d:\d\d\.\d+'", "'then'", line) for line in dump[0]], dump[1]


@pytest.fixture(scope="module")
def accepted(seeded: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("accepted")
    _copy(seeded, root)
    main(root, "accept")
    return root


@pytest.mark.parametrize(("point", "nth"), _ACCEPT)
def test_a_killed_decision_happened_or_did_not(
    point: str, nth: int, seeded: Path, accepted: Path, tmp_path: Path
) -> None:
    bench = _copy(seeded, tmp_path)
    before = bench.dump()
    _kill(tmp_path, "accept", point, nth)
    main(tmp_path, "nothing")
    assert bench.whole() == []
    decided = bench.ask("SELECT count(*) FROM actions WHERE kind = 'accept'")[0][0]
    if decided:
        assert _timeless(bench.dump()) == _timeless(Bench(accepted, bench.options).dump())
    else:
        assert bench.dump() == before
    main(tmp_path, "accept")
    assert _timeless(bench.dump()) == _timeless(Bench(accepted, bench.options).dump())
    main(tmp_path, "undo")
    assert bench.dump() == before


@pytest.mark.parametrize(("point", "nth"), _UNDO)
def test_a_killed_undoing_happened_or_did_not(
    point: str, nth: int, seeded: Path, accepted: Path, tmp_path: Path
) -> None:
    bench = _copy(accepted, tmp_path)
    after = bench.dump()
    _kill(tmp_path, "undo", point, nth)
    main(tmp_path, "nothing")
    assert bench.whole() == []
    undone = bench.ask("SELECT count(*) FROM actions WHERE undone_by IS NOT NULL")[0][0]
    if undone:
        assert bench.dump() == Bench(seeded, bench.options).dump()
    else:
        assert bench.dump() == after
        main(tmp_path, "undo")
        assert bench.dump() == Bench(seeded, bench.options).dump()


@pytest.mark.parametrize(("point", "nth"), _EMPTY)
def test_a_killed_emptying_is_finished_by_the_next(point: str, nth: int, accepted: Path, tmp_path: Path) -> None:
    bench = _copy(accepted, tmp_path)
    thrown_out = [sha256 for (sha256,) in bench.ask("SELECT sha256 FROM blobs WHERE state = 'trashed'")]
    small = [tmp_path / path(sha256) for sha256 in thrown_out for path in (thumbnail_path, preview_path)]
    small[0].parent.mkdir(exist_ok=True)
    for one in small:
        one.touch()
    _kill(tmp_path, "empty", point, nth)
    # Whatever is done next finishes it: no row is left by which anybody would find those files.
    main(tmp_path, "nothing")
    assert bench.whole() == []
    purged = [sha256 for (sha256,) in bench.ask("SELECT sha256 FROM blobs WHERE state = 'purged'")]
    there = {one.name[:64] for one in small if one.exists()}
    assert there == set(thrown_out) - set(purged)
    assert bool(purged) == (point not in ("row_written", "action_written"))
    main(tmp_path, "empty")
    assert bench.whole() == []
    assert not any(one.exists() for one in small)
    assert bench.ask("SELECT count(*) FROM moves") == [(0,)]
    assert {state for (state,) in bench.ask("SELECT DISTINCT state FROM blobs")} == {"live", "purged"}
    assert not any((tmp_path / ".imagefap/trash").rglob("*.jpeg"))


def test_a_killed_restoring_happened_or_did_not(accepted: Path, tmp_path: Path) -> None:
    for number, point in enumerate(("row_written", "committed", "moved", "all_moved")):
        bench = _copy(accepted, tmp_path / str(number))
        _kill(bench.root, "restore", point, 1)
        main(bench.root, "restore")
        assert bench.whole() == []
        assert {state for (state,) in bench.ask("SELECT DISTINCT state FROM blobs")} == {"live"}

"""Imports killed at named points, and killed twice: run again they end complete, and nothing is there twice."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from adopting_bench import ask, blobs_on_disk, check_whole, dump, picture, write

_SCRIPT = Path(__file__).with_name("crashing_import.py")
_ROOT = Path(__file__).parents[2]
_POINTS = [
    *[("temp_written", 6), ("intents_open", 1), ("intents_written", 1), ("linked", 1), ("published", 1)],
    *[("published", 6), ("row_before", 1), ("row_half", 3), ("row_open", 1), ("group_stored", 1), ("finishing", 1)],
]


def run(root: Path, archive: Path, point: str = "none", nth: int = 0) -> int:
    command = [sys.executable, str(_SCRIPT), str(root), str(archive), point, str(nth)]
    environment = {"PYTHONPATH": str(_ROOT), "PATH": "/usr/bin:/bin"}
    return subprocess.run(command, env=environment, check=False, timeout=120).returncode


def essence(archive: Path) -> dict[str, Any]:
    """What two archives of the same import have in common: everything but dates."""
    images = "SELECT image_id, status, sha256, name, attempts FROM images ORDER BY 1"
    favorites = "SELECT user_id, folder_id, image_id, position, listed_name FROM favorites ORDER BY 1, 2, 4"
    folders = "SELECT user_id, folder_id, name, listed_at IS NULL, finished_blobs IS NULL FROM folders ORDER BY 1, 2"
    return {query: ask(archive, query) for query in (images, favorites, folders)} | {"files": blobs_on_disk(archive)}


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("pictures")
    for number in range(10):
        write(root / f"{number % 2}" / f"{number}.jpg", picture(number))
    write(root / "0" / "again.jpg", picture(3))
    write(root / "1" / "cut.jpg", picture(11)[:-40])
    return root


@pytest.fixture(scope="module")
def whole(root: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    archive = tmp_path_factory.mktemp("whole") / "out"
    assert run(root, archive) == 0
    check_whole(archive)
    return essence(archive)


@pytest.mark.parametrize(("point", "nth"), _POINTS)
def test_killed_anywhere_it_ends_complete(
    point: str, nth: int, root: Path, whole: dict[str, Any], tmp_path: Path
) -> None:
    archive = tmp_path / "out"
    assert run(root, archive, point, nth) == -signal.SIGKILL
    stored = "SELECT path FROM files WHERE sha256 IN (SELECT sha256 FROM images)"
    assert {path for (path,) in ask(archive, stored)} <= {f"blobs/{name}" for name in names(archive)}
    assert run(root, archive) == 0
    check_whole(archive)
    assert essence(archive) == whole
    if point == "published":
        before = dump(archive)
        assert run(root, archive) == 0
        assert dump(archive) == before


def names(archive: Path) -> list[str]:
    return [path.name for path in (archive / "blobs").glob("*")]

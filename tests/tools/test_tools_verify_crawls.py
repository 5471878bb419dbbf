"""`process.py verify` between real crawls: what it puts back on the list, the next crawl gets again."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from crash.trials import USER, Kill, accident
from crash.trials import run as run_to_kill
from crawl_support import ROOT, crawl, files_in, rows, sha256_of

from tools.demo.build import WorldBuilder, WorldOptions
from tools.demo.client import DemoSite

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MODES = pytest.mark.parametrize("mode", ["read", "get"])


@pytest.fixture(scope="module")
def site() -> Iterator[DemoSite]:
    builder = WorldBuilder(WorldOptions(image_width=48, image_height=36))
    builder.folder(builder.user(USER), "Fields", builder.gallery(6).ids)
    with DemoSite.start(world=builder.world) as demo:
        yield demo


def verify(output: Path, *options: str, exit_code: int) -> dict[str, Any]:
    command = [sys.executable, str(ROOT / "tools" / "process.py"), "verify", "--json", "--dir", str(output), *options]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == exit_code, done.stdout + done.stderr
    document: dict[str, Any] = json.loads(done.stdout)
    return document


def found(output: Path, *options: str, exit_code: int = 65) -> dict[str, str]:
    """Return the kinds of problems by path."""
    document = verify(output, *options, exit_code=exit_code)
    return {problem["path"]: problem["kind"] for problem in document["problems"]}


def again(site: DemoSite, output: Path, mode: str) -> None:
    words = [f"mode={mode}", f"user={USER}"] + (["force=1"] if mode == "read" else [])
    outcome = crawl(site, output, "favorites", *words)
    assert outcome.code == 0, outcome.err


def content(output: Path) -> dict[str, str]:
    return {name: sha256_of(output / name) for name in files_in(output) if not name.startswith("imagefap.database")}


def damage(output: Path, names: list[str]) -> dict[str, str]:
    """Change a file's bytes, cut one, delete one; return what is to be found."""
    flipped, cut, missing = names[:3]
    (output / flipped).write_bytes(bytes(byte ^ 1 for byte in (output / flipped).read_bytes()))
    (output / cut).write_bytes((output / cut).read_bytes()[:-1])
    (output / missing).unlink()
    return {flipped: "wrong_bytes", cut: "wrong_size", missing: "missing_file"}


@MODES
def test_what_was_damaged_is_found_repaired_and_fetched_again(site: DemoSite, tmp_path: Path, mode: str) -> None:
    output = tmp_path / "out"
    assert crawl(site, output, "favorites", f"mode={mode}", f"user={USER}").code == 0
    whole = content(output)
    assert len(whole) == 6
    assert found(output, "--read-data", exit_code=0) == {}

    expected = damage(output, sorted(whole))
    assert found(output, "--read-data") == expected
    del expected[sorted(whole)[0]]
    assert found(output) == expected
    verify(output, "--read-data", "--repair", exit_code=0)
    assert len(list((output / ".imagefap" / "quarantine").iterdir())) == 2
    assert rows(output, "SELECT status, count(*) FROM images GROUP BY 1") == [("stored", 3), ("wanted", 3)]
    assert found(output, "--read-data", exit_code=0) == {}

    site.reset_log()
    again(site, output, mode)
    assert len(site.requests("image")) == 3
    assert found(output, "--read-data", exit_code=0) == {}
    assert content(output) == whole


def test_what_the_other_layout_still_has_is_copied_and_not_fetched(site: DemoSite, tmp_path: Path) -> None:
    output = tmp_path / "out"
    for mode in ("read", "get"):
        assert crawl(site, output, "favorites", f"mode={mode}", f"user={USER}").code == 0
    whole = content(output)
    names = sorted(name for name in whole if name.startswith("blobs/"))
    assert len(names) * 2 == len(whole)

    expected = damage(output, names)
    assert found(output, "--read-data", "--repair", exit_code=0) == expected
    assert rows(output, "SELECT status, count(*) FROM images GROUP BY 1") == [("stored", 6)]
    site.reset_log()
    again(site, output, "read")
    assert found(output, "--read-data", exit_code=0) == {}
    assert content(output) == whole
    assert site.requests("image") == []


@MODES
def test_what_a_killed_crawl_left_is_no_problem_and_the_next_finishes_it(
    site: DemoSite, tmp_path: Path, mode: str
) -> None:
    output = tmp_path / "out"
    killed = run_to_kill(site, output, mode, accident=accident(Kill("names_synced", 1)))
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    document = verify(output, "--read-data", "--repair", exit_code=0)
    assert document["unfinished"]["intents"] > 0
    assert document["unknown_files"] == []
    again(site, output, mode)
    document = verify(output, "--read-data", exit_code=0)
    assert document["unfinished"] == {"intents": 0, "temporary_files": 0}
    assert document["images"]["stored"] == 6

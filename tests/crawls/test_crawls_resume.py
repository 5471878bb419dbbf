"""Stopped crawls: the same command ends with everything stored, and fetches nothing again that is stored."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import time
from collections import Counter
from typing import TYPE_CHECKING

import pytest
from crawl_support import Outcome, check_blobs, check_order, crawl, files_in, rows, start_crawl, user_of

from tools.demo.build import WorldBuilder, WorldOptions
from tools.demo.client import DemoSite

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterator
    from pathlib import Path

    from tools.demo.world import World

WORDS = ("mode=read", "user=Ann")
#: Seconds for an image file, so that a crawl can be stopped among them.
SLOW = {"image": 0.4}


def small_world() -> World:
    """One user with two folders of several pages."""
    builder = WorldBuilder(WorldOptions(image_width=32, image_height=24, per_page=8))
    user = builder.user("Ann")
    for name in ("one", "two"):
        builder.folder(user, name, builder.gallery(24).ids)
    return builder.world


@pytest.fixture
def site() -> Iterator[DemoSite]:
    with DemoSite.start(world=small_world()) as demo:
        yield demo


def wait_for(site: DemoSite, kind: str, count: int, process: subprocess.Popen[str]) -> None:
    """Wait until the site has answered that many requests."""
    deadline = time.monotonic() + 60
    while sum(1 for entry in site.requests(kind) if entry["status"] is not None) < count:
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.02)


def wait_for_files(directory: Path, count: int) -> None:
    """Wait until that many files have their names; rows follow their files, so not all of them have one."""
    deadline = time.monotonic() + 60
    while not directory.is_dir() or sum(1 for path in directory.iterdir() if path.suffix == ".jpg") < count:
        assert time.monotonic() < deadline
        time.sleep(0.02)


def stop(process: subprocess.Popen[str], number: signal.Signals) -> Outcome:
    """Send a signal: Ctrl-C and a kill reach the whole process group, SIGTERM only the crawl."""
    if number is signal.SIGTERM:
        process.terminate()
    else:
        os.killpg(process.pid, number)
    out, err = process.communicate(timeout=60)
    return Outcome(process.returncode, out, err)


def stored(output: Path, scratch: Path) -> set[int]:
    """Return the images on record, also where a killed crawl left its journal."""
    scratch.mkdir()
    for path in output.glob("imagefap.database*"):
        shutil.copy(path, scratch / path.name)
    connection = sqlite3.connect(scratch / "imagefap.database")
    found = connection.execute("SELECT image_id FROM images WHERE status = 'stored'").fetchall()
    connection.close()
    return {image_id for (image_id,) in found}


def check_whole(site: DemoSite, output: Path) -> None:
    truth = site.truth()
    owner = user_of(truth, "Ann")
    check_blobs(output, truth, owner["folders"])
    check_order(output, owner["user_id"], owner["folders"])
    assert rows(output, "SELECT count(*) FROM folders WHERE finished_blobs IS NULL") == [(0,)]
    assert rows(output, "SELECT count(*) FROM intents") == [(0,)]
    assert list((output / ".imagefap" / "tmp").iterdir()) == []


def run_again(site: DemoSite, output: Path, before: set[int], *words: str, **settings: str) -> None:
    """Run the same command to its end: everything is there, nothing was fetched twice."""
    site.set_fault(latency={})
    site.reset_log()
    outcome = crawl(site, output, "favorites", *WORDS, *words, **settings)
    assert outcome.code == 0, outcome.err
    check_whole(site, output)
    fetched = Counter(entry["image_id"] for entry in site.requests("image"))
    assert not before & set(fetched)
    assert set(fetched.values()) <= {1}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_among_images(site: DemoSite, tmp_path: Path, number: signal.Signals) -> None:
    output = tmp_path / "out"
    site.set_fault(latency=SLOW)
    process = start_crawl(site, output, "favorites", *WORDS)
    wait_for_files(output / "blobs", 4)
    outcome = stop(process, number)
    assert outcome.code == 130, outcome.err
    assert "Traceback" not in outcome.err
    before = stored(output, tmp_path / "scratch")
    assert 1 <= len(before) < 48
    run_again(site, output, before)


def test_interrupted_while_listing(site: DemoSite, tmp_path: Path) -> None:
    output = tmp_path / "out"
    site.set_fault(latency={"folder": 0.3})
    process = start_crawl(site, output, "favorites", *WORDS)
    wait_for(site, "folder", 2, process)
    assert stop(process, signal.SIGINT).code == 130
    run_again(site, output, set())


@pytest.mark.parametrize(("kind", "count"), [("image", 12), ("folder", 3)])
def test_killed(site: DemoSite, tmp_path: Path, kind: str, count: int) -> None:
    output = tmp_path / "out"
    site.set_fault(latency={"folder": 0.2} | SLOW)
    process = start_crawl(site, output, "favorites", *WORDS)
    wait_for(site, kind, count, process)
    if kind == "image":
        wait_for_files(output / "blobs", 8)
    stop(process, signal.SIGKILL)
    before = stored(output, tmp_path / "scratch")
    assert bool(before) == (kind == "image")
    run_again(site, output, before)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_job_directory_of_a_stopped_crawl(site: DemoSite, tmp_path: Path, number: signal.Signals) -> None:
    output, job = tmp_path / "out", str(tmp_path / "job")
    site.set_fault(latency=SLOW)
    process = start_crawl(site, output, "favorites", *WORDS, JOBDIR=job)
    wait_for_files(output / "blobs", 4)
    stop(process, number)
    before = stored(output, tmp_path / "scratch")
    run_again(site, output, before, JOBDIR=job)


def test_job_directory_of_a_finished_crawl_finds_new_favorites(site: DemoSite, tmp_path: Path) -> None:
    output, job = tmp_path / "out", str(tmp_path / "job")
    assert crawl(site, output, "favorites", *WORDS, JOBDIR=job).code == 0
    before = stored(output, tmp_path / "scratch")
    folder = user_of(site.truth(), "Ann")["folders"][1]["folder_id"]
    site.change_world(create={"gallery": 70001, "count": 3}, append={"folder": folder})
    run_again(site, output, before, "force=1", JOBDIR=job)
    assert len(site.requests("image")) == 3


def test_get_mode_killed_leaves_only_whole_files(site: DemoSite, tmp_path: Path) -> None:
    output = tmp_path / "out"
    site.set_fault(latency=SLOW)
    process = start_crawl(site, output, "favorites", "user=Ann")
    wait_for_files(output, 8)
    stop(process, signal.SIGKILL)
    before = stored(output, tmp_path / "scratch")
    assert before
    site.set_fault(latency={})
    site.reset_log()
    outcome = crawl(site, output, "favorites", "user=Ann")
    assert outcome.code == 0, outcome.err
    assert not before & {entry["image_id"] for entry in site.requests("image")}
    files = files_in(output) - {"imagefap.database"}
    assert len(files) == 48
    assert {path for (path,) in rows(output, "SELECT path FROM files")} == files


def test_output_of_a_running_crawl_is_not_shared(site: DemoSite, tmp_path: Path) -> None:
    output = tmp_path / "out"
    site.set_fault(latency={"profile": 6})
    process = start_crawl(site, output, "favorites", *WORDS)
    wait_for(site, "robots", 1, process)
    second = crawl(site, output, "favorites", *WORDS)
    assert second.code == 75, second.err
    assert len(second.err.strip().splitlines()) == 1, second.err
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0, (out, err)
    check_whole(site, output)

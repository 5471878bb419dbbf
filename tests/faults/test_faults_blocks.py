"""Blocks of every style, at every place: they cost time and nothing else."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest
from crawl_support import crawl, interrupt, rows, start_crawl
from faults_support import (
    WORDS,
    is_page,
    kill,
    left_by,
    separate_world,
    small_world,
    statuses,
    wait_until,
    worst_window,
)

from tools.demo.client import DemoSite
from tools.demo.limits import BLOCK_STYLES

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

#: Seconds. The block outlasts the first pause, so that one probe meets it still.
PAUSE, BLOCK = 0.5, 0.9
PACE = {"IMAGEFAP_BLOCK_PAUSE": str(PAUSE)}
#: Style, what is blocked, and after how many requests of that kind.
CASES = [
    *((style, "pages", 3) for style in BLOCK_STYLES),
    ("redirect", "images", 5),
    ("text_gzip", "images", 0),
    ("429_retry_after", "images", 5),
    ("redirect", "robots", 0),
    ("429", "robots", 0),
    ("503_retry_after", "all", 0),
]


@pytest.fixture(scope="module")
def site() -> Iterator[DemoSite]:
    with DemoSite.start(world=small_world()) as demo:
        yield demo


@pytest.fixture(scope="module")
def quiet(site: DemoSite, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What a crawl leaves that meets no block; `log` is what it asked."""
    output = tmp_path_factory.mktemp("quiet") / "out"
    site.set_fault(reset=True)
    site.reset_log()
    outcome = crawl(site, output, "favorites", *WORDS)
    assert outcome.code == 0, outcome.err
    left = left_by(output)
    assert len(left["images"]) == 48
    assert {row[1] for row in left["images"]} == {"stored"}
    assert all(not row[-1] for row in left["folders"])  # finished
    return {"output": output, "log": site.requests()}


@pytest.fixture(autouse=True)
def calm(site: DemoSite, quiet: dict[str, Any]) -> None:
    site.set_fault(reset=True)
    site.reset_log()


def same(output: Path, quiet: dict[str, Any]) -> None:
    assert left_by(output) == left_by(quiet["output"])


def same_images(output: Path, quiet: dict[str, Any]) -> None:
    """Compare after a crawl that was taken up again: it may have opened other photo pages, which alone show names."""
    assert left_by(output, "name") == left_by(quiet["output"], "name")


@pytest.mark.parametrize("case", CASES, ids=lambda case: "-".join(map(str, case)))
def test_a_block_leaves_no_trace(
    site: DemoSite, quiet: dict[str, Any], tmp_path: Path, case: tuple[str, str, int]
) -> None:
    style, scope, after = case
    site.set_fault(block={"seconds": BLOCK, "after": after}, block_style=style, block_scope=scope, retry_after="1")
    outcome = crawl(site, tmp_path / "out", "favorites", *WORDS, **PACE)
    assert outcome.code == 0, outcome.err
    same(tmp_path / "out", quiet)
    log = site.requests()
    refused = [entry for entry in log if entry.get("blocked")]
    assert refused
    assert not [entry for entry in log if entry["kind"] == "check"]
    if scope == "images":
        # Those that were on their way when it began, then one probe.
        assert len(refused) <= 4 + 1
        return
    pages = [entry["t"] for entry in log if is_page(entry)]
    first = 1.0 if style.endswith("retry_after") else PAUSE
    for number, entry in enumerate(refused):
        quiet_for = first if style.endswith("retry_after") else first * 2**number
        following = [t for t in pages if entry["t"] < t < entry["t"] + quiet_for - 0.02]
        assert not following, f"{len(following)} pages within the pause {number + 1}"


def test_image_files_flow_while_pages_are_blocked(site: DemoSite, quiet: dict[str, Any], tmp_path: Path) -> None:
    asked = [entry["kind"] for entry in quiet["log"] if is_page(entry) and entry["kind"] != "robots"]
    after = [number for number, kind in enumerate(asked) if kind in {"photo", "strip"}][1]
    site.set_fault(block={"seconds": 1.0, "after": after}, latency={"image": 0.15})
    outcome = crawl(site, tmp_path / "out", "favorites", *WORDS, IMAGEFAP_BLOCK_PAUSE="2.4")
    assert outcome.code == 0, outcome.err
    log = site.requests()
    (refused,) = [entry for entry in log if entry.get("blocked")]
    during = [entry["kind"] for entry in log if refused["t"] < entry["t"] < refused["t"] + 2.39]
    assert during.count("image") >= 10
    assert set(during) == {"image"}
    same(tmp_path / "out", quiet)


@pytest.mark.parametrize(("scope", "style"), [("pages", "redirect"), ("images", "429"), ("all", "text")])
def test_a_lasting_block_ends_the_crawl_and_the_same_command_goes_on(
    site: DemoSite, quiet: dict[str, Any], tmp_path: Path, scope: str, style: str
) -> None:
    output = tmp_path / "out"
    settings = {"IMAGEFAP_BLOCK_PAUSE": "0.3", "IMAGEFAP_BLOCK_MAX_PAUSES": "2"}
    site.set_fault(block={"after": 9 if scope != "all" else 0}, block_scope=scope, block_style=style)
    outcome = crawl(site, output, "favorites", *WORDS, **settings)
    assert outcome.code == 75, outcome.err
    assert "run the same command again after" in " ".join(outcome.err.split())
    assert {status for status, _ in statuses(output).values()} <= {"wanted", "stored"}
    assert not rows(output, "SELECT 1 FROM folders WHERE finished_blobs IS NOT NULL")
    refused = [entry for entry in site.requests() if entry.get("blocked")]
    assert len(refused) <= (4 if scope == "images" else 1) + 2  # one probe after each pause
    site.set_fault(reset=True)
    site.reset_log()
    stored = {image for image, (status, _) in statuses(output).items() if status == "stored"}
    outcome = crawl(site, output, "favorites", *WORDS, **settings)
    assert outcome.code == 0, outcome.err
    same_images(output, quiet)
    assert not [entry for entry in site.requests("image") if entry["image_id"] in stored]


def test_ctrl_c_during_a_pause_ends_at_once(site: DemoSite, quiet: dict[str, Any], tmp_path: Path) -> None:
    output = tmp_path / "out"
    site.set_fault(block={"after": 9})
    process = start_crawl(site, output, "favorites", *WORDS, IMAGEFAP_BLOCK_PAUSE="600")
    wait_until(lambda: any(entry.get("blocked") for entry in site.requests()))
    time.sleep(0.5)
    began = time.monotonic()
    outcome = interrupt(process)
    assert time.monotonic() - began < 3
    assert outcome.code == 130, outcome.err
    assert {status for status, _ in statuses(output).values()} <= {"wanted", "stored"}
    site.set_fault(block=None)
    outcome = crawl(site, output, "favorites", *WORDS, IMAGEFAP_PACE_FILE=str(tmp_path / "other.sqlite3"))
    assert outcome.code == 0, outcome.err
    same_images(output, quiet)


def test_a_running_pause_outlives_a_killed_crawl(site: DemoSite, quiet: dict[str, Any], tmp_path: Path) -> None:
    output = tmp_path / "out"
    site.set_fault(block={"seconds": 1.0, "after": 9})
    process = start_crawl(site, output, "favorites", *WORDS, IMAGEFAP_BLOCK_PAUSE="4")
    refused = wait_until(lambda: [entry for entry in site.requests() if entry.get("blocked")])
    time.sleep(0.5)
    kill(process)
    outcome = crawl(site, output, "favorites", *WORDS, IMAGEFAP_BLOCK_PAUSE="4")
    assert outcome.code == 0, outcome.err
    later = [entry["t"] for entry in site.requests() if is_page(entry) and entry["t"] > refused[0]["t"]]
    assert min(later) >= refused[0]["t"] + 3.98
    same_images(output, quiet)


def test_the_budget_survives_a_kill_and_is_never_exceeded(
    site: DemoSite, quiet: dict[str, Any], tmp_path: Path
) -> None:
    output = tmp_path / "out"
    limits = {"IMAGEFAP_PAGE_LIMITS": "10/2,20/5", "IMAGEFAP_PAGE_LIMIT_SHARE": "1"}
    site.set_fault(limits=[[10, 2], [20, 5]], block_seconds=30)
    for pages in (7, 12):
        process = start_crawl(site, output, "favorites", *WORDS, **limits)
        wait_until(lambda pages=pages: len([e for e in site.requests() if is_page(e)]) >= pages)
        kill(process)
    outcome = crawl(site, output, "favorites", *WORDS, **limits)
    assert outcome.code == 0, outcome.err
    log = site.requests()
    times = [entry["t"] for entry in log if is_page(entry)]
    assert not [entry for entry in log if entry.get("blocked")]
    assert 8 <= worst_window(times, 2) <= 10
    assert worst_window(times, 5) <= 20
    same_images(output, quiet)


def test_two_crawls_into_two_directories_share_the_budget(
    site: DemoSite, quiet: dict[str, Any], tmp_path: Path
) -> None:
    limits = {"IMAGEFAP_PAGE_LIMITS": "10/1", "IMAGEFAP_PAGE_LIMIT_SHARE": "0.8"}
    site.set_fault(limits=[[10, 1]], block_seconds=30)
    outputs = [tmp_path / "one", tmp_path / "two"]
    crawls = [start_crawl(site, output, "favorites", *WORDS, **limits) for output in outputs]
    for process in crawls:
        _, err = process.communicate(timeout=60)
        assert process.returncode == 0, err
    log = site.requests()
    assert not [entry for entry in log if entry.get("blocked")]
    assert worst_window([entry["t"] for entry in log if is_page(entry)], 1) == 8
    for output in outputs:
        same(output, quiet)


@pytest.mark.parametrize("kind", ["photo", "image"])
def test_one_address_that_always_answers_503_costs_itself_alone(tmp_path: Path, kind: str) -> None:
    world = separate_world(count=6)
    struck = list(world.images)[2]
    with DemoSite.start(world=world) as site:
        site.set_fault(rules=[{"do": "status", "status": 503, "kind": kind, "ids": [struck]}])
        settings = {"IMAGEFAP_BLOCK_PAUSE": "0.2", "IMAGEFAP_BLOCK_PAUSE_MAX": "0.2"}
        outcome = crawl(site, tmp_path / "out", "favorites", *WORDS, **settings)
    assert outcome.code in (3, 75), outcome.err
    found = statuses(tmp_path / "out")
    assert {image for image, (status, _) in found.items() if status == "stored"} == set(world.images) - {struck}
    assert found[struck][0] in ("wanted", "failed")

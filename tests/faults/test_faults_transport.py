"""Answers that are late, cut, wrong or none: what passes costs time alone, what lasts is on record with its reason."""

from __future__ import annotations

import itertools
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
from crawl_support import check_blobs, crawl, image_folders, rows, user_of
from faults_support import USER, WORDS, left_by, separate_world, small_world, statuses

from tools.demo.client import DemoSite

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

#: Seconds; what stalls does so for twice as long.
TIMEOUT = 1
PATIENCE = {"DOWNLOAD_TIMEOUT": str(TIMEOUT)}
STALL = 2.5
#: What the connection or the status tells, and how often in a row; each strikes one image and one kind of page.
PASSING: list[dict[str, Any]] = [
    {"do": "status", "status": 500, "first": 3},
    {"do": "status", "status": 502, "first": 1},
    {"do": "status", "status": 504, "first": 2},
    {"do": "reset", "first": 2},
    {"do": "stall", "seconds": STALL, "first": 1},
    {"do": "stall_body", "seconds": STALL, "first": 1},
    {"do": "cut", "first": 2},
    {"do": "cut", "part": 0, "first": 1},
    {"do": "cut_chunked", "first": 2},
]
#: What only a look into the body tells.
UNSEEN: list[dict[str, Any]] = [
    {"do": "cut_close", "part": 0.3},
    {"do": "cut_close", "part": 0.995},
    {"do": "html_as_image"},
    {"do": "empty"},
    {"do": "garbage"},
    {"do": "body", "body": "Service unavailable\n"},
    {"do": "redirect_thumb"},
]


@pytest.fixture(scope="module")
def site() -> Iterator[DemoSite]:
    with DemoSite.start(world=small_world(40)) as demo:
        yield demo


@pytest.fixture(scope="module")
def apart() -> Iterator[DemoSite]:
    """Every image needs its own photo page."""
    with DemoSite.start(world=separate_world(count=24)) as demo:
        yield demo


@pytest.fixture(autouse=True)
def calm(site: DemoSite, apart: DemoSite) -> None:
    for demo in (site, apart):
        demo.set_fault(reset=True)
        demo.reset_log()


def favorites(site: DemoSite) -> list[int]:
    return [image for folder in user_of(site.truth(), USER)["folders"] for image in folder["favorites"]]


def check_complete(site: DemoSite, output: Path) -> None:
    truth = site.truth()
    check_blobs(output, truth, image_folders(user_of(truth, USER)))
    assert not rows(output, "SELECT 1 FROM folders WHERE finished_blobs IS NULL")
    assert not rows(output, "SELECT 1 FROM intents")


def on_images(rules: list[dict[str, Any]], ids: list[int], **more: Any) -> list[dict[str, Any]]:
    return [{**rule, "kind": "image", "ids": [image], **more} for rule, image in zip(rules, ids, strict=False)]


def test_faults_of_image_files_that_pass_cost_time_alone(site: DemoSite, tmp_path: Path) -> None:
    site.set_fault(rules=on_images(PASSING, favorites(site)))
    outcome = crawl(site, tmp_path / "out", "favorites", *WORDS, **PATIENCE)
    assert outcome.code == 0, outcome.err
    check_complete(site, tmp_path / "out")
    assert {entry["fault"] for entry in site.requests("image") if "fault" in entry} == {rule["do"] for rule in PASSING}
    assert {attempts for (attempts,) in rows(tmp_path / "out", "SELECT attempts FROM images")} == {1}


def test_faults_of_pages_that_pass_cost_time_alone(apart: DemoSite, tmp_path: Path) -> None:
    ids = favorites(apart)
    more = [{"do": "cut_page"}, {"do": "cut_close"}, {"do": "layout"}, {"do": "empty"}, {"do": "garbage"}]
    rules = [{**rule, "kind": "photo", "ids": [i]} for rule, i in zip(PASSING, ids, strict=False)]
    rules += [{**rule, "kind": "photo", "ids": [i], "first": 2} for rule, i in zip(more, reversed(ids), strict=False)]
    rules += [{"do": "reset", "kind": "profile", "first": 1}, {"do": "cut_page", "kind": "root", "first": 2}]
    rules += [{"do": "layout", "kind": "folder", "first": 1}, {"do": "status", "kind": "robots", "first": 1}]
    apart.set_fault(rules=rules)
    outcome = crawl(apart, tmp_path / "out", "favorites", *WORDS, **PATIENCE)
    assert outcome.code == 0, outcome.err
    check_complete(apart, tmp_path / "out")


def test_retries_wait_longer_each_time(site: DemoSite, tmp_path: Path) -> None:
    image = favorites(site)[3]
    site.set_fault(rules=[{"do": "status", "ids": [image], "first": 3}])
    outcome = crawl(site, tmp_path / "out", "favorites", *WORDS, IMAGEFAP_RETRY_WAIT="0.1")
    assert outcome.code == 0, outcome.err
    times = [entry["t"] for entry in site.requests("image") if entry["image_id"] == image]
    waits = [after - before for before, after in itertools.pairwise(times)]
    assert len(waits) == 3
    assert waits[0] >= 0.1
    assert waits[1] >= 0.4
    assert waits[2] >= 1.6


def test_bodies_that_are_no_whole_picture_come_with_the_next_run(site: DemoSite, tmp_path: Path) -> None:
    output = tmp_path / "out"
    struck = favorites(site)[: len(UNSEEN)]
    site.set_fault(rules=on_images(UNSEEN, struck))
    outcome = crawl(site, output, "favorites", *WORDS)
    assert outcome.code == 3, outcome.err
    found = statuses(output)
    assert {image for image, (status, _) in found.items() if status != "stored"} == set(struck)
    assert {found[image][0] for image in struck} == {"failed"}
    reasons = [found[image][1] for image in struck]
    said = ["cut: JPEG", "cut: JPEG", "HTML", "empty", "none of the picture formats", "text", "thumbnail"]
    assert [part in reason for part, reason in zip(said, reasons, strict=True)] == [True] * len(said), reasons
    assert not rows(
        output,
        "SELECT 1 FROM folders WHERE folder_id IN (SELECT folder_id FROM favorites WHERE image_id"
        f" = {struck[0]}) AND finished_blobs IS NOT NULL",
    )
    site.set_fault(reset=True)
    outcome = crawl(site, output, "favorites", *WORDS)
    assert outcome.code == 0, outcome.err
    check_complete(site, output)


def test_what_lasts_is_on_record_with_its_reason_and_can_be_repaired(apart: DemoSite, tmp_path: Path) -> None:
    output, ids = tmp_path / "out", favorites(apart)
    expected: list[tuple[dict[str, Any], str, str]] = [
        ({"do": "status", "status": 500}, "failed", "500"),
        ({"do": "status", "status": 404}, "gone", "file gone"),
        ({"do": "status", "status": 410}, "gone", "file gone"),
        ({"do": "status", "status": 403}, "failed", "403"),
        ({"do": "reset"}, "failed", "could not be reached"),
        ({"do": "stall", "seconds": STALL}, "failed", "could not be reached"),
        ({"do": "cut"}, "failed", ""),
        ({"do": "status", "status": 500, "kind": "photo"}, "failed", ""),
        ({"do": "status", "status": 404, "kind": "photo"}, "gone", "page gone"),
        ({"do": "gone_text", "kind": "photo"}, "gone", "page gone"),
        ({"do": "layout", "kind": "photo"}, "failed", "does not look as expected"),
        ({"do": "cut_page", "kind": "photo"}, "failed", "does not look as expected"),
        ({"do": "redirect", "kind": "photo", "location": f"/photo/{ids[-1]}/"}, "failed", ""),
        ({"do": "redirect", "kind": "photo", "location": "/"}, "", ""),
    ]
    struck = dict(zip(ids[1::1], expected, strict=False))
    apart.set_fault(rules=[{"kind": "image", **rule, "ids": [i]} for i, (rule, _, _) in struck.items()])
    outcome = crawl(apart, output, "favorites", *WORDS, **PATIENCE)
    assert outcome.code == 76, outcome.err
    found = statuses(output)
    wrong = {
        str(rule): found[image]
        for image, (rule, status, reason) in struck.items()
        if (status and found[image][0] != status) or reason not in found[image][1] or not found[image][1]
    }
    assert not wrong
    assert {found[image][0] for image in ids if image not in struck} == {"stored"}
    gone = [image for image, (status, _) in found.items() if status == "gone"]
    apart.set_fault(reset=True)
    outcome = crawl(apart, output, "images", "retry=failed")
    assert outcome.code == 0, outcome.err
    assert {image for image, (status, _) in statuses(output).items() if status != "stored"} == set(gone)
    outcome = crawl(apart, output, "images", "mode=read", f"ids={','.join(map(str, gone))}")
    assert outcome.code == 0, outcome.err
    assert {attempts for (attempts,) in rows(output, "SELECT attempts FROM images")} == {1, 2}
    check_complete(apart, output)


def test_a_mix_of_faults_costs_no_image(tmp_path: Path) -> None:
    with DemoSite.start(world=small_world(120, per_page=10)) as site:
        kinds = ["image", "photo", "strip", "folder", "root", "profile"]
        mix = [
            {"do": "status", "status": 502},
            {"do": "reset"},
            {"do": "cut"},
            {"do": "stall", "seconds": STALL},
        ]
        site.set_fault(rules=[{**rule, "kind": kinds, "rate": 0.05} for rule in mix], seed=7)
        outcome = crawl(site, tmp_path / "out", "favorites", *WORDS, **PATIENCE)
        struck = Counter(entry["fault"] for entry in site.requests() if "fault" in entry)
        assert set(struck) == {rule["do"] for rule in mix}
        found = Counter(status for status, _ in statuses(tmp_path / "out").values())
        assert not found["gone"]
        assert found["stored"] >= 118
        assert outcome.code in (0, 3), outcome.err
        site.set_fault(reset=True)
        outcome = crawl(site, tmp_path / "out", "favorites", *WORDS)
        assert outcome.code == 0, outcome.err
        check_complete(site, tmp_path / "out")


def test_a_mix_of_lies_costs_no_image_after_a_quiet_run(tmp_path: Path) -> None:
    with DemoSite.start(world=small_world(80, per_page=10)) as site:
        pages = [{"do": "cut_page"}, {"do": "layout"}, {"do": "lie"}, {"do": "check"}]
        rules = [{**rule, "kind": "image", "rate": 0.05} for rule in UNSEEN]
        rules += [{**rule, "kind": ["photo", "strip", "folder", "root"], "rate": 0.08} for rule in pages]
        site.set_fault(rules=rules, seed=3)
        outcome = crawl(site, tmp_path / "out", "favorites", *WORDS, IMAGEFAP_BLOCK_PAUSE="0.2")
        assert outcome.code in (3, 76), outcome.err
        assert not [1 for status, _ in statuses(tmp_path / "out").values() if status == "gone"]
        site.set_fault(reset=True)
        outcome = crawl(site, tmp_path / "out", "favorites", *WORDS)
        assert outcome.code == 0, outcome.err
        check_complete(site, tmp_path / "out")


@pytest.mark.parametrize(
    ("kind", "do"),
    [("profile", "layout"), ("root", "layout"), ("folder", "layout"), ("photo", "layout"), ("folder", "cut_page")],
)
def test_a_changed_layout_is_told_and_concludes_nothing(apart: DemoSite, tmp_path: Path, kind: str, do: str) -> None:
    output = tmp_path / "out"
    apart.set_fault(rules=[{"do": do, "kind": kind}])
    outcome = crawl(apart, output, "favorites", *WORDS)
    assert outcome.code == 76, outcome.err
    assert not [1 for status, _ in statuses(output).values() if status in ("gone", "stored")]
    assert not rows(output, "SELECT 1 FROM folders WHERE finished_blobs IS NOT NULL OR kind = 'empty'")
    assert len(apart.requests(kind)) <= 15  # five pages, three times each
    if kind in ("folder", "photo"):
        apart.set_fault(reset=True)
        outcome = crawl(apart, output, "favorites", *WORDS)
        assert outcome.code == 0, outcome.err
        check_complete(apart, output)


@pytest.mark.parametrize("rule", [{"do": "reset"}, {"do": "status", "status": 500}])
def test_a_site_that_cannot_be_reached_is_told(apart: DemoSite, tmp_path: Path, rule: dict[str, Any]) -> None:
    output = tmp_path / "out"
    apart.set_fault(rules=[{**rule, "kind": "photo"}])
    outcome = crawl(apart, output, "favorites", *WORDS, RETRY_TIMES="1")
    assert outcome.code == 69, outcome.err
    found = Counter(status for status, _ in statuses(output).values())
    assert not found["gone"]
    assert found["wanted"] >= 20  # three pages were believed, the others were not asked
    left = left_by(output)
    assert all(folder[-1] for folder in left["folders"])  # not finished

"""Filters, dry runs and lists of users: what is kept out is remembered, and had once nothing keeps it out."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest
from crawl_support import crawl, files_in, rows

from tools.demo.build import WorldBuilder, WorldOptions
from tools.demo.client import DemoSite
from tools.demo.pictures import Recipe

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from crawl_support import Outcome

    from tools.demo.world import World

#: Images by what they are; numbers follow from the order.
SMALL, LARGE, GIF, HEAVY = (range(100_000_000 + first, 100_000_000 + first + 5) for first in (1, 6, 11, 16))
EVERYTHING = {*SMALL, *LARGE, *GIF, *HEAVY}


def world() -> World:
    """Ann with a folder of 20 images, five of each sort, one of the last five, and a gallery; Bert with one."""
    builder = WorldBuilder(WorldOptions(image_width=32, image_height=24, per_page=8))
    gallery = builder.gallery(0)
    sorts = {
        "small": Recipe(width=32, height=24),
        "large": Recipe(width=320, height=240),
        "gif": Recipe("gif", width=200, height=100),
        "heavy": Recipe(width=600, height=400, size=300_000),
    }
    for sort, recipe in sorts.items():
        for number in range(5):
            own = Recipe(recipe.format, seed=number, width=recipe.width, height=recipe.height, size=recipe.size)
            # The address says jpg whatever it is: types are told by content.
            builder.picture(gallery, name=f"{sort} {number}.jpg", recipe=own, ext="jpg")
    ann = builder.user("Ann")
    builder.folder(ann, "all", gallery.ids)
    builder.folder(ann, "last", gallery.ids[15:])
    builder.galleries_folder(ann, "liked", [gallery, builder.gallery(30)])
    builder.folder(builder.user("Bert"), "few", gallery.ids[:2])
    return builder.world


@pytest.fixture(scope="module")
def running() -> Iterator[DemoSite]:
    with DemoSite.start(world=world()) as demo:
        yield demo


@pytest.fixture
def site(running: DemoSite) -> DemoSite:
    running.reset_log()
    return running


def read(site: DemoSite, output: Path, *words: str, folder: str = "all") -> Outcome:
    site.reset_log()
    folders = [f"folder={folder}"] if folder else []
    outcome = crawl(site, output, "favorites", "mode=read", "user=Ann", *folders, *words)
    assert outcome.code == 0, outcome.err
    assert "Traceback" not in outcome.err
    return outcome


def with_status(output: Path, status: str) -> set[int]:
    return {row[0] for row in rows(output, "SELECT image_id FROM images WHERE status = ?", status)}


def asked(site: DemoSite) -> Counter[str]:
    return Counter(e["kind"] for e in site.requests() if e["kind"] in ("photo", "strip", "image", "gallery"))


FILTERS = {
    "pixels": (("min_pixels=1000",), {*SMALL}, 15),
    "pixels by sides": (("min_pixels=300x200",), {*SMALL, *GIF}, 10),
    "bytes at least": (("min_bytes=50KB",), EVERYTHING - {*HEAVY}, None),
    "bytes at most": (("max_bytes=50000",), {*HEAVY}, None),
    "one type": (("types=gif",), EVERYTHING - {*GIF}, None),
    "types but one": (("types=JPEG,png",), {*GIF}, None),
    "the first ones": (("first=10",), {*GIF, *HEAVY}, 10),
    "several": (("min_pixels=1000", "max_bytes=50kB", "types=jpg"), {*SMALL, *GIF, *HEAVY}, None),
}


#: Every filter is a crawl or two; those that each stand for a way of knowing are in the everyday run.
_EVERYDAY = {"pixels", "bytes at most", "the first ones", "several"}
_CASES = [
    pytest.param(*case, id=name, marks=() if name in _EVERYDAY else pytest.mark.long) for name, case in FILTERS.items()
]


@pytest.mark.parametrize(("words", "out", "files"), _CASES)
def test_what_is_kept_out_is_remembered_and_had_later(
    site: DemoSite, tmp_path: Path, words: tuple[str, ...], out: set[int], files: int | None
) -> None:
    output = tmp_path / "out"
    outcome = read(site, output, *words)
    if words == ("first=10",):  # pages behind the tenth image are not even listed
        out &= with_status(output, "filtered") | {*GIF}
    assert with_status(output, "filtered") == out
    assert with_status(output, "stored") == with_status(output, "stored") - out
    assert rows(output, "SELECT count(*) FROM images WHERE status IN ('failed', 'wanted', 'gone')") == [(0,)]
    assert rows(output, "SELECT DISTINCT attempts FROM images WHERE status = 'filtered'") == [(0,)]
    assert "Filtered out" in outcome.err
    assert len(files_in(output)) == len(with_status(output, "stored")) + 1
    if files is not None:
        assert asked(site)["image"] == files
    # The same filters know what is out without asking, even if the folder is read again.
    recorded = rows(output, "SELECT image_id, attempted_at FROM images WHERE status = 'filtered'")
    again = read(site, output, *words, "full=1")
    assert not asked(site), asked(site)
    assert {*recorded} <= {*rows(output, "SELECT image_id, attempted_at FROM images")}
    assert with_status(output, "filtered") >= out
    assert "Filtered out" in again.err
    # Without them everything is wanted.
    read(site, output)
    assert with_status(output, "stored") == EVERYTHING
    assert not with_status(output, "filtered")


def test_reasons_say_which_filter(site: DemoSite, tmp_path: Path) -> None:
    output = tmp_path / "out"
    outcome = read(site, output, "min_pixels=1000", "max_bytes=50000", "types=jpg")
    reasons = {reason for (reason,) in rows(output, "SELECT DISTINCT reason FROM images WHERE status = 'filtered'")}
    assert {reason.partition(":")[0] for reason in reasons} == {"min_pixels=1000", "max_bytes=50000", "types=jpg"}
    assert "min_pixels=1000: 32x24" in reasons
    assert "types=jpg: gif" in reasons
    assert "types=jpg (5)" in outcome.err
    assert "kept out" in outcome.err


def test_files_are_stopped_by_their_headers_and_first_bytes(site: DemoSite, tmp_path: Path) -> None:
    """Scrapy counts the bytes that came: of large files kept out, hardly any."""
    export = "-sSTATS_DUMP=1"
    outcome = read(site, tmp_path / "one", "max_bytes=50000", export)
    (received,) = [line for line in outcome.err.splitlines() if "'downloader/response_bytes'" in line]
    assert int(received.partition(":")[2].strip(" ,")) < 250_000  # the five heavy ones alone have 444,000


def test_a_looser_filter_lets_in_what_passes(site: DemoSite, tmp_path: Path) -> None:
    output = tmp_path / "out"
    read(site, output, "min_pixels=70000", "max_bytes=50000")
    assert with_status(output, "filtered") == EVERYTHING - {*LARGE}
    read(site, output, "min_pixels=2000")
    assert with_status(output, "filtered") == {*SMALL}
    assert asked(site)["image"] == 10


def test_another_folder_wants_what_stands_too_far_behind_in_one(site: DemoSite, tmp_path: Path) -> None:
    output = tmp_path / "out"
    read(site, output, "first=16", folder="")
    assert with_status(output, "stored") == EVERYTHING
    assert not with_status(output, "filtered")


def test_filters_in_galleries(site: DemoSite, tmp_path: Path) -> None:
    output = tmp_path / "out"
    read(site, output, "galleries=1", "min_pixels=1000", folder="liked")
    assert with_status(output, "stored") == EVERYTHING - {*SMALL}
    assert len(with_status(output, "filtered")) == 35
    assert asked(site) == {"strip": 3, "image": 15}
    read(site, output, "galleries=1", "min_pixels=1000", "full=1", folder="liked")
    assert asked(site)["image"] == 0
    # The first of its favorites, which are galleries there.
    read(site, tmp_path / "two", "galleries=1", "first=1", folder="liked")
    assert rows(tmp_path / "two", "SELECT gallery_id FROM galleries WHERE listed_at IS NOT NULL") == [(70001,)]
    assert with_status(tmp_path / "two", "stored") == EVERYTHING


def test_the_first_images_of_one_gallery(site: DemoSite, tmp_path: Path) -> None:
    outcome = crawl(site, tmp_path / "out", "images", "url=https://www.imagefap.com/gallery/70002", "first=10")
    assert outcome.code == 0, outcome.err
    assert len(with_status(tmp_path / "out", "stored")) == 10
    assert len(with_status(tmp_path / "out", "filtered")) == 14  # of the page that was read


def test_images_by_number_and_their_filters(site: DemoSite, tmp_path: Path) -> None:
    output = tmp_path / "out"
    words = f"ids={SMALL[0]},{LARGE[0]},{GIF[0]}"
    assert crawl(site, output, "images", words, "min_pixels=1000", "types=jpg").code == 0
    assert with_status(output, "stored") == {LARGE[0]}
    assert with_status(output, "filtered") == {SMALL[0], GIF[0]}
    assert crawl(site, output, "images", words).code == 0
    assert with_status(output, "stored") == {SMALL[0], LARGE[0], GIF[0]}


def test_a_page_instead_of_an_image_has_failed_whatever_its_size(site: DemoSite, tmp_path: Path) -> None:
    output = tmp_path / "out"
    site.set_fault(rules=[{"do": "html_as_image", "kind": "image", "ids": [LARGE[0]]}])
    try:
        outcome = crawl(site, output, "favorites", "mode=read", "user=Ann", "folder=all", "types=jpg,gif")
    finally:
        site.set_fault(rules=[])
    assert outcome.code == 3, outcome.err
    assert with_status(output, "failed") == {LARGE[0]}


def test_dry_run_stores_nothing_and_asks_for_no_image(site: DemoSite, tmp_path: Path) -> None:
    output = tmp_path / "out"
    words = ("mode=read", "user=Ann", "galleries=1", "min_pixels=1000", "dry_run=1")
    outcome = crawl(site, output, "favorites", *words, IMAGEFAP_PAGE_LIMITS="100/60", IMAGEFAP_PAGE_GAP="0.01")
    assert outcome.code == 0, outcome.err
    assert not output.exists()
    assert not asked(site)
    lines = outcome.out.splitlines()
    assert lines[0].startswith("Dry run: nothing was stored, and no photo page, strip or image was asked for.")
    assert "all (folder 5001): 15 images to fetch" in lines
    assert f"  {LARGE[0]:>12}  large 0.jpg" in lines
    assert "last (folder 5002): 0 images to fetch" in lines  # under the folder that lists them first
    assert any("(gallery 70002): up to 30 images, 2 pages to read" in line for line in lines)
    assert "Kept out by filters: 5 images" in lines
    assert any(line.startswith("Pages: about ") for line in lines)
    assert any(line.startswith("Time at the site's pace: about ") for line in lines)


def test_dry_run_beside_an_archive_reads_it_and_leaves_it(site: DemoSite, tmp_path: Path) -> None:
    output = tmp_path / "out"
    read(site, output, "first=5")
    before = {path: path.stat().st_mtime_ns for path in output.rglob("*") if path.name != "imagefap.database-shm"}
    outcome = read(site, output, "dry_run=1", "full=1")
    assert "all (folder 5001): 15 images to fetch" in outcome.out
    assert {path: path.stat().st_mtime_ns for path in before} == before
    assert not asked(site)
    outcome = crawl(site, output, "images", f"ids={SMALL[0]},{GIF[0]}", "dry_run=1")
    assert outcome.code == 0, outcome.err
    assert "No page was read, the database alone." in outcome.out
    assert "To fetch: 1 image" in outcome.out
    outcome = crawl(site, output, "images", "url=https://www.imagefap.com/gallery/70002", "dry_run=1")
    assert outcome.code == 0, outcome.err
    assert "up to 6 images, 1 page to read" in outcome.out
    assert asked(site) == {"gallery": 1}


def test_users_from_a_file(site: DemoSite, tmp_path: Path) -> None:
    output = tmp_path / "out"
    names = tmp_path / "names.txt"
    names.write_text("# friends\nbert  # the second\n\nNobody\nhttps://www.imagefap.com/profile/Ann\nBERT\n")
    outcome = crawl(site, output, "users", f"users=@{names}")
    assert outcome.code == 66, outcome.err
    assert "no user 'Nobody'" in outcome.err
    assert [name for (name,) in rows(output, "SELECT name FROM users ORDER BY user_id")] == ["Ann", "Bert"]
    assert "Bert (user" in outcome.out
    assert "Ann (user" in outcome.out
    outcome = crawl(site, output, "favorites", "mode=read", "users=Ann,Bert", "first=2")
    assert outcome.code == 0, outcome.err
    folders = rows(output, "SELECT DISTINCT user_id, folder_id FROM favorites")
    assert len(folders) == 3


def test_bad_line_in_a_file_of_users(site: DemoSite, tmp_path: Path) -> None:
    names = tmp_path / "names.txt"
    names.write_text("Ann\nhttps://example.org/profile/x\n")
    outcome = crawl(site, tmp_path / "out", "favorites", "mode=read", f"users=@{names}")
    assert outcome.code == 64
    assert f"line 2 of {names}" in outcome.err
    assert site.requests() == []
    assert not (tmp_path / "out").exists()

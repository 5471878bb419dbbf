"""Straight names: what files are called in get mode, what is never touched, and both layouts in one directory."""

from __future__ import annotations

import unicodedata
from collections import Counter
from typing import TYPE_CHECKING

import pytest
from crawl_support import available, crawl, files_in, rows, sha256_of, user_of

from tools.demo.build import WorldBuilder, WorldOptions
from tools.demo.client import DemoSite

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import Any

    from tools.demo.world import World

OPTIONS = WorldOptions(image_width=32, image_height=24, per_page=10)
LONG = "a very long name " + "that goes on and on " * 14 + "until here.jpg"
#: Names on the site, and what the files must be called.
NAMES = {
    "stone 1.jpg": "stone 1.jpg",
    "Fish & Chips.jpg": "Fish & Chips.jpg",
    "Tom &amp; Jerry.jpg": "Tom & Jerry.jpg",
    "Grüße vom Großen Öhlberg.JPG": "Grüße vom Großen Öhlberg.jpg",
    "either/or\\neither.jpg": "either-or-neither.jpg",
    "fireworks \N{FIREWORKS} over the old harbour.jpg": "fireworks \N{FIREWORKS} over the old harbour.jpg",
    "no extension at all": "no extension at all.jpg",
    "..": None,
    LONG: None,
}


def names_world() -> World:
    """One user with a folder of names, one of equal names and one of equal bytes."""
    builder = WorldBuilder(OPTIONS)
    user = builder.user("Ann")
    gallery = builder.gallery(0)
    for name in NAMES:
        builder.picture(gallery, name=name)
    really_png = builder.picture(gallery, name="said to be a jpeg.jpg", recipe=builder.recipe(0, "png"), ext="jpg")
    really_png.name = "said to be a jpeg.jpg"
    builder.folder(user, "names", gallery.ids)
    equal = builder.gallery(0)
    first = builder.picture(equal, name="Same Name.jpg")
    builder.picture(equal, name="same name.jpg")
    builder.picture(equal, name="Same Name.jpg")
    builder.picture(equal, name="another name.jpg", recipe=first.recipe)
    builder.folder(user, "equal", equal.ids)
    long = builder.gallery(0)
    for number in range(3):
        builder.picture(long, name=f"the same beginning and another end {number}.jpg")
    builder.folder(user, "cut", long.ids)
    return builder.world


@pytest.fixture(scope="module")
def running() -> Iterator[DemoSite]:
    with DemoSite.start(world=names_world()) as demo:
        yield demo


@pytest.fixture
def site(running: DemoSite) -> DemoSite:
    running.reset_log()
    return running


def by_name(truth: dict[str, Any], name: str) -> list[dict[str, Any]]:
    return [image for image in truth["images"].values() if image["name"] == name]


def kinds(site: DemoSite) -> Counter[str]:
    return Counter(entry["kind"] for entry in site.requests())


def state_of(output: Path) -> dict[str, tuple[int, int, str]]:
    """Whatever would change if a file was written again."""
    files = files_in(output) - {"imagefap.database"}
    return {
        name: ((output / name).stat().st_ino, (output / name).stat().st_mtime_ns, sha256_of(output / name))
        for name in files
    }


def test_names_become_files_whose_content_says_the_extension(site: DemoSite, tmp_path: Path) -> None:
    output = tmp_path / "out"
    outcome = crawl(site, output, "favorites", "user=Ann", "folder=names")
    assert outcome.code == 0, outcome.err
    truth = site.truth()
    for name, file in NAMES.items():
        if file is not None:
            (image,) = by_name(truth, name)
            assert sha256_of(output / file) == image["sha256"], name
    (dots,) = [int(number) for number, image in truth["images"].items() if image["name"] == ".."]
    assert sha256_of(output / f"{dots}.jpg") == by_name(truth, "..")[0]["sha256"]
    (png,) = by_name(truth, "said to be a jpeg.jpg")
    assert sha256_of(output / "said to be a jpeg.png") == png["sha256"]
    (long,) = [name for name in files_in(output) if name.startswith("a very long name")]
    assert sha256_of(output / long) == by_name(truth, LONG)[0]["sha256"]
    assert 200 < len(long.encode()) <= 255
    assert len(files_in(output)) == len(NAMES) + 2  # the picture that is a PNG, and the database
    assert all(unicodedata.is_normalized("NFC", name) for name in files_in(output))


def test_cut_names_are_fetched_whole_from_their_pages(site: DemoSite, tmp_path: Path) -> None:
    output = tmp_path / "out"
    outcome = crawl(site, output, "favorites", "user=Ann", "folder=cut")
    assert outcome.code == 0, outcome.err
    expected = {f"the same beginning and another end {number}.jpg" for number in range(3)}
    assert files_in(output) - {"imagefap.database"} == expected
    assert kinds(site)["photo"] == 3
    assert kinds(site)["image"] == 3


def test_listed_names_save_the_pages(site: DemoSite, tmp_path: Path) -> None:
    output = tmp_path / "out"
    outcome = crawl(site, output, "favorites", "user=Ann", "folder=cut", "names=listed")
    assert outcome.code == 0, outcome.err
    assert kinds(site)["photo"] == 1
    files = files_in(output) - {"imagefap.database"}
    assert len(files) == 3
    assert all("the same beginnin" in name for name in files)
    ends = [f"the same beginning and another end {number}.jpg" for number in range(3)]
    wanted = [image["sha256"] for name in ends for image in by_name(site.truth(), name)]
    assert sorted(sha256_of(output / name) for name in files) == sorted(wanted)


def test_equal_names_get_a_prefix_and_equal_bytes_are_written_once(site: DemoSite, tmp_path: Path) -> None:
    output = tmp_path / "out"
    outcome = crawl(site, output, "favorites", "user=Ann", "folder=equal")
    assert outcome.code == 0, outcome.err
    truth = site.truth()
    files = {name: sha256_of(output / name) for name in files_in(output) - {"imagefap.database"}}
    wanted = {image["sha256"] for name in ("Same Name.jpg", "same name.jpg") for image in by_name(truth, name)}
    assert set(files.values()) == wanted
    assert len(files) == 3
    plain = [name for name in files if name.lower() == "same name.jpg" or name == "another name.jpg"]
    assert plain
    for name, sha256 in files.items():
        if name not in plain:
            assert name.lower() == f"{sha256[:10]}-same name.jpg"
    assert rows(output, "SELECT count(*), count(DISTINCT sha256) FROM images WHERE status = 'stored'") == [(4, 3)]


def test_files_of_the_users_own_are_never_touched(site: DemoSite, tmp_path: Path) -> None:
    output = tmp_path / "out"
    output.mkdir()
    crawl(site, tmp_path / "else" / "out", "favorites", "user=Ann", "folder=names")
    (output / "Tom & Jerry.jpg").write_bytes(b"mine, and no picture")
    (output / "STONE 1.JPG").write_bytes(b"mine as well")
    equal = (tmp_path / "else" / "out" / "Fish & Chips.jpg").read_bytes()
    (output / "Fish & Chips.jpg").write_bytes(equal)
    (output / "no extension at all.jpg").symlink_to(tmp_path / "nowhere")
    before = {name: state_of(output)[name] for name in ("Tom & Jerry.jpg", "STONE 1.JPG", "Fish & Chips.jpg")}

    site.reset_log()
    outcome = crawl(site, output, "favorites", "user=Ann", "folder=names")
    assert outcome.code == 0, outcome.err
    after = state_of(output)
    assert {name: after[name] for name in before} == before
    assert not (tmp_path / "nowhere").exists()
    assert (output / "no extension at all.jpg").is_symlink()
    truth = site.truth()
    for name, file in (
        ("Tom &amp; Jerry.jpg", "Tom & Jerry.jpg"),
        ("stone 1.jpg", "stone 1.jpg"),
        ("no extension at all", "no extension at all.jpg"),
    ):
        (image,) = by_name(truth, name)
        assert sha256_of(output / f"{image['sha256'][:10]}-{file}") == image["sha256"]
    assert not [name for name in after if name.endswith("-Fish & Chips.jpg")]
    wanted = available(truth, user_of(truth, "Ann")["folders"][0]["favorites"])
    assert dict(rows(output, "SELECT image_id, sha256 FROM images WHERE status = 'stored'")) == wanted


def test_get_mode_again_asks_for_no_page_and_no_image(site: DemoSite, tmp_path: Path) -> None:
    output = tmp_path / "out"
    crawl(site, output, "favorites", "user=Ann")
    before = state_of(output)
    site.reset_log()
    outcome = crawl(site, output, "favorites", "user=Ann")
    assert outcome.code == 0, outcome.err
    assert set(kinds(site)) == {"robots", "profile", "root", "folder"}
    assert state_of(output) == before


@pytest.mark.parametrize(("first", "second"), [("read", "get"), ("get", "read")])
def test_the_other_layout_is_made_of_local_copies(site: DemoSite, tmp_path: Path, first: str, second: str) -> None:
    output = tmp_path / "out"
    crawl(site, output, "favorites", "user=Ann", f"mode={first}")
    before = state_of(output)
    site.reset_log()
    outcome = crawl(site, output, "favorites", "user=Ann", f"mode={second}")
    assert outcome.code == 0, outcome.err
    assert kinds(site)["image"] == 0
    if second == "read":
        assert kinds(site)["photo"] + kinds(site)["strip"] == 0
    after = state_of(output)
    assert {name: after[name] for name in before} == before
    wanted = set(available(site.truth(), [int(i) for i in site.truth()["images"]]).values())
    for blobs in (True, False):
        layout = [state[2] for name, state in after.items() if name.startswith("blobs/") == blobs]
        assert sorted(layout) == sorted(wanted)
    assert rows(output, "SELECT count(*) FROM folders WHERE finished_blobs IS NULL OR finished_straight IS NULL") == [
        (0,)
    ]


def test_what_is_stored_stays_stored_when_its_page_is_gone(tmp_path: Path) -> None:
    builder = WorldBuilder(OPTIONS)
    gallery = builder.gallery(0)
    for number in range(3):
        builder.picture(gallery, name=f"the same beginning and another end {number}.jpg")
    builder.folder(builder.user("Ann"), "cut", gallery.ids)
    output = tmp_path / "out"
    with DemoSite.start(world=builder.world) as site:
        crawl(site, output, "favorites", "user=Ann", "mode=read")
        before = rows(output, "SELECT image_id, status, sha256 FROM images ORDER BY image_id")
        truth = site.truth()
        site.change_world(status={"ids": gallery.ids[:2], "status": "page_missing"})
        site.reset_log()
        outcome = crawl(site, output, "favorites", "user=Ann")
        assert outcome.code == 0, outcome.err
        assert kinds(site)["image"] == 0
        assert rows(output, "SELECT image_id, status, sha256 FROM images ORDER BY image_id") == before
        check_blobs_kept(output, truth, gallery.ids)
        straight = {sha256_of(output / name) for name in files_in(output) if name.endswith(".jpg") and "/" not in name}
        assert straight == set(available(truth, gallery.ids).values())


def check_blobs_kept(output: Path, truth: dict[str, Any], ids: list[int]) -> None:
    for sha256 in available(truth, ids).values():
        assert sha256_of(output / "blobs" / f"{sha256}.jpg") == sha256


def test_sixteen_and_one_at_a_time_differ_only_where_names_collide(site: DemoSite, tmp_path: Path) -> None:
    query = "SELECT image_id, status, reason, sha256, name, gallery_id, address FROM images ORDER BY image_id"
    favorites = "SELECT folder_id, image_id, position, listed_name FROM favorites ORDER BY 1, 3"
    tables, files = [], []
    for concurrent in ("16", "1"):
        output = tmp_path / concurrent / "out"
        words = {"CONCURRENT_REQUESTS": concurrent, "IMAGEFAP_IMAGE_CONCURRENCY": concurrent}
        assert crawl(site, output, "favorites", "user=Ann", **words).code == 0
        tables.append([rows(output, query), rows(output, favorites)])
        stored = {(state[2], name) for name, state in state_of(output).items()}
        colliding = ("same name.jpg", "another name.jpg")
        files.append({entry for entry in stored if not entry[1].lower().endswith(colliding)})
    assert tables[0] == tables[1]
    assert files[0] == files[1]

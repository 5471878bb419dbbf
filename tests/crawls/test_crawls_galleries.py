"""Crawls of galleries: whole, at one page for 24 images, and never more than what can be new."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest
from crawl_support import available, crawl, files_in, printed, rows, sha256_of, start_crawl

from tools.demo.build import WorldBuilder, WorldOptions
from tools.demo.client import DemoSite

if TYPE_CHECKING:
    from pathlib import Path

    from crawl_support import Outcome

WORDS = ("user=Ann", "galleries=1")
LIKED = 5_001
#: Sizes of 27 galleries with 800 images in all.
SIZES = (1, 5, 24, 48, 49, 99, 116, *(22,) * 16, 23, 27, 28, 28)


def serve(*sizes: int, names: str = "", other: int = 0) -> DemoSite:
    """A site with one user, who likes galleries of these sizes, and perhaps images of the first one."""
    builder = WorldBuilder(WorldOptions(image_width=32, image_height=24, drawings=4))
    user = builder.user("Ann")
    galleries = [builder.gallery(size) for size in sizes]
    builder.galleries_folder(user, "liked", galleries)
    if other:
        builder.folder(user, "walks", galleries[0].ids[:other])
    if names:
        for picture in builder.world.images.values():
            picture.name = names.format(picture.image_id)
    return DemoSite.start(world=builder.world)


def read(site: DemoSite, output: Path, *words: str, code: int = 0) -> Outcome:
    """Crawl the user's favorites in read mode; only this crawl is in the log then."""
    site.reset_log()
    outcome = crawl(site, output, "favorites", "mode=read", *WORDS, *words)
    assert outcome.code == code, outcome.err
    assert "Traceback" not in outcome.err
    return outcome


def kinds(site: DemoSite) -> Counter[str]:
    return Counter(entry["kind"] for entry in site.requests() if entry["kind"] not in ("robots", "profile", "root"))


def in_galleries(site: DemoSite) -> dict[int, list[int]]:
    return {int(gallery_id): gallery["ids"] for gallery_id, gallery in site.truth()["galleries"].items()}


def check_whole(site: DemoSite, output: Path) -> None:
    """Everything of every gallery is stored once, and the lineage is kept in order."""
    truth = in_galleries(site)
    wanted = available(site.truth(), [image_id for ids in truth.values() for image_id in ids])
    assert dict(rows(output, "SELECT image_id, sha256 FROM images WHERE status = 'stored'")) == wanted
    blobs = {name for name in files_in(output) if name.startswith("blobs/")}
    assert {sha256_of(output / name) for name in blobs} == set(wanted.values())
    listed = rows(output, "SELECT gallery_id FROM folder_galleries WHERE folder_id = ? ORDER BY position", LIKED)
    assert [row[0] for row in listed] == list(truth)
    for gallery_id, ids in truth.items():
        held = "SELECT image_id FROM gallery_images WHERE gallery_id = ? ORDER BY position"
        assert [row[0] for row in rows(output, held, gallery_id)] == ids


def test_27_galleries_of_800_images_at_one_page_for_24_images(tmp_path: Path) -> None:
    output = tmp_path / "out"
    with serve(*SIZES) as site:
        assert (len(SIZES), sum(SIZES)) == (27, 800)
        read(site, output)
        check_whole(site, output)
        asked = kinds(site)
        assert asked.pop("image") == 800
        listings = asked["folder"]
        assert listings == 2
        assert sum(asked.values()) <= -(-800 // 24) + 27 + listings
        assert set(asked) == {"folder", "strip"}
        assert rows(output, "SELECT count(*) FROM favorites") == [(0,)]
        assert rows(output, "SELECT kind, finished_blobs IS NOT NULL FROM folders") == [("galleries", 1)]
        # Nothing is new: the listing says how many images each gallery holds.
        read(site, output, "force=1")
        assert kinds(site) == {"folder": 2}
        read(site, output)
        assert kinds(site) == {}
        (folder,) = printed(output)
        assert [gallery["images"]["stored"] for gallery in folder["galleries"]] == list(SIZES)
        assert [gallery["images_on_site"] for gallery in folder["galleries"]] == list(SIZES)


def test_without_the_argument_nothing_of_a_gallery_is_asked(tmp_path: Path) -> None:
    output = tmp_path / "out"
    with serve(30) as site:
        outcome = crawl(site, output, "favorites", "mode=read", "user=Ann")
        assert outcome.code == 0, outcome.err
        assert "holds galleries" in outcome.err
        assert kinds(site) == {"folder": 1}
        assert crawl(site, output, "favorites", "mode=read", "user=Ann", "folder=liked").code == 66
        assert rows(output, "SELECT count(*) FROM galleries") == [(0,)]
        # A folder that was met without it is read with it.
        read(site, output)
        check_whole(site, output)


def test_new_images_are_read_from_the_last_part_that_is_known(tmp_path: Path) -> None:
    output = tmp_path / "out"
    with serve(60, 30) as site:
        read(site, output)
        new = site.change_world(create={"gallery": 70001, "count": 20})["created"]
        read(site, output, "force=1")
        assert [entry["idx"] for entry in site.requests("strip")] == [48, 72]
        assert sorted(entry["image_id"] for entry in site.requests("image")) == new
        check_whole(site, output)


def test_new_galleries_and_those_that_left(tmp_path: Path) -> None:
    output = tmp_path / "out"
    with serve(30, 5) as site:
        read(site, output)
        site.change_world(create={"gallery": 90001, "count": 3})
        site.change_world(append={"folder": LIKED, "ids": [90001]}, remove={"folder": LIKED, "ids": [70001]})
        read(site, output, "force=1")
        assert kinds(site) == {"folder": 1, "strip": 1, "image": 3}
        left = "SELECT gallery_id FROM folder_galleries WHERE unlisted_at IS NOT NULL"
        assert rows(output, left) == [(70001,)]
        check_whole(site, output)


def test_images_moved_to_the_front_are_found_by_their_number(tmp_path: Path) -> None:
    output = tmp_path / "out"
    with serve(60) as site:
        read(site, output)
        ids = in_galleries(site)[70001]
        new = site.change_world(create={"gallery": 70001, "count": 2})["created"]
        site.change_world(gallery={"gallery": 70001, "ids": [*new, *ids]})
        read(site, output, "force=1")
        check_whole(site, output)
        assert sorted(entry["image_id"] for entry in site.requests("image")) == new


def test_gone_gallery_is_said_as_gone_and_asked_no_more(tmp_path: Path) -> None:
    output = tmp_path / "out"
    with serve(30, 5) as site:
        site.change_world(gallery={"gallery": 70002, "gone": True})
        outcome = read(site, output)
        assert "(gallery 70002): gone from the site" in outcome.err
        assert rows(output, "SELECT gallery_id FROM galleries WHERE gone_at IS NOT NULL") == [(70002,)]
        assert kinds(site) == {"folder": 1, "strip": 3, "gallery": 1, "image": 30}
        outcome = read(site, output, "force=1")
        assert "(gallery 70002): gone from the site" in outcome.err
        assert kinds(site) == {"folder": 1}
        site.change_world(gallery={"gallery": 70002, "gone": False})
        read(site, output, "full=1")
        check_whole(site, output)
        assert rows(output, "SELECT count(*) FROM galleries WHERE gone_at IS NOT NULL") == [(0,)]


def test_block_in_a_gallery_is_neither_empty_nor_gone(tmp_path: Path) -> None:
    output = tmp_path / "out"
    with serve(60, 30) as site:
        site.set_fault(block={"seconds": None, "after": 6})
        stopped = crawl(
            site,
            output,
            "favorites",
            "mode=read",
            *WORDS,
            IMAGEFAP_BLOCK_PAUSE="0.1",
            IMAGEFAP_BLOCK_PAUSE_MAX="0.1",
            IMAGEFAP_BLOCK_MAX_PAUSES="2",
        )
        assert stopped.code == 75, stopped.err
        assert rows(output, "SELECT count(*) FROM galleries WHERE gone_at IS NOT NULL") == [(0,)]
        assert rows(output, "SELECT count(*) FROM images WHERE status IN ('gone', 'failed')") == [(0,)]
        site.set_fault(block=None)
        read(site, output)
        check_whole(site, output)


def test_gallery_that_cannot_be_read_is_left_for_the_next_run(tmp_path: Path) -> None:
    output = tmp_path / "out"
    with serve(30, 5) as site:
        site.set_fault(rules=[{"do": "layout", "kind": kind, "ids": [70001]} for kind in ("strip", "gallery")])
        outcome = crawl(site, output, "favorites", "mode=read", *WORDS)
        assert outcome.code == 76, outcome.err
        assert "(gallery 70001): could not be read" in outcome.err
        assert rows(output, "SELECT count(*) FROM images WHERE status = 'stored'") == [(5,)]
        site.set_fault(rules=[])
        read(site, output)
        check_whole(site, output)


def test_strips_that_never_come_are_replaced_by_gallery_pages(tmp_path: Path) -> None:
    output = tmp_path / "out"
    with serve(50) as site:
        site.set_fault(rules=[{"do": "status", "status": 404, "kind": "strip"}])
        read(site, output)
        check_whole(site, output)
        assert kinds(site)["gallery"] == 3


@pytest.mark.parametrize("kill_at", [1, 60, pytest.param(130, marks=pytest.mark.long)])
def test_kill_and_the_same_command_again(tmp_path: Path, kill_at: int) -> None:
    output = tmp_path / "out"
    with serve(60, 100) as site:
        process = start_crawl(site, output, "favorites", "mode=read", *WORDS, IMAGEFAP_IMAGE_BACKLOG="4")
        while sum(1 for entry in site.requests("image") if entry["status"]) < kill_at:
            assert process.poll() is None, process.communicate()
        process.kill()
        process.communicate()
        before = {row[0] for row in rows(output, "SELECT image_id FROM images WHERE status = 'stored'")}
        read(site, output)
        check_whole(site, output)
        assert not before & {entry["image_id"] for entry in site.requests("image")}
        assert kinds(site)["strip"] <= 8
        assert "photo" not in kinds(site)


def test_folder_and_gallery_share_what_they_hold(tmp_path: Path) -> None:
    output = tmp_path / "out"
    with serve(30, 10, other=7) as site:
        read(site, output)
        check_whole(site, output)
        assert kinds(site)["image"] == 40
        assert kinds(site)["photo"] == 0
        assert rows(output, "SELECT count(*) FROM favorites") == [(7,)]


def test_straight_names_of_a_gallery(tmp_path: Path) -> None:
    output = tmp_path / "out"
    with serve(30, 26, names="no {}.jpg") as site:
        outcome = crawl(site, output, "favorites", *WORDS)
        assert outcome.code == 0, outcome.err
        names = {image["name"] for image in site.truth()["images"].values()}
        assert files_in(output) == names | {"imagefap.database"}
        assert kinds(site) == {"folder": 1, "gallery": 4, "strip": 4, "image": 56}


def test_straight_names_after_blobs_cost_gallery_pages_only(tmp_path: Path) -> None:
    output = tmp_path / "out"
    with serve(30, names="no {}.jpg") as site:
        read(site, output)
        site.reset_log()
        outcome = crawl(site, output, "favorites", *WORDS)
        assert outcome.code == 0, outcome.err
        assert kinds(site) == {"folder": 1, "gallery": 2}
        assert len(files_in(output)) == 30 + 30 + 1


def test_cut_names_cost_their_photo_pages(tmp_path: Path) -> None:
    output = tmp_path / "out"
    with serve(6, names="a name that listings do not show whole {}.jpg") as site:
        outcome = crawl(site, output, "favorites", *WORDS)
        assert outcome.code == 0, outcome.err
        assert kinds(site) == {"folder": 1, "gallery": 1, "photo": 6, "image": 6}
        listed = crawl(site, tmp_path / "two", "favorites", *WORDS, "names=listed")
        assert listed.code == 0, listed.err
        assert kinds(site)["photo"] == 6


@pytest.mark.parametrize(
    "address",
    [
        "https://www.imagefap.com/gallery/70002",
        "https://www.imagefap.com/gallery.php?gid=70002",
        "www.imagefap.com/pictures/70002/some-slug?gid=70002&page=1&view=0",
    ],
)
def test_one_gallery_by_its_address(tmp_path: Path, address: str) -> None:
    output = tmp_path / "out"
    with serve(30, 50) as site:
        outcome = crawl(site, output, "images", f"url={address}")
        assert outcome.code == 0, outcome.err
        ids = in_galleries(site)[70002]
        assert sorted(row[0] for row in rows(output, "SELECT image_id FROM images WHERE status = 'stored'")) == ids
        assert kinds(site) == {"gallery": 1, "strip": 3, "image": 50}
        (title,) = rows(output, "SELECT name FROM galleries")
        assert title == (site.truth()["galleries"]["70002"]["title"],)
        site.reset_log()
        assert crawl(site, output, "images", f"url={address}").code == 0
        assert kinds(site) == {"strip": 1}


def test_one_photo_by_its_address_and_a_gallery_that_is_not_there(tmp_path: Path) -> None:
    output = tmp_path / "out"
    with serve(30) as site:
        image_id = in_galleries(site)[70001][7]
        outcome = crawl(site, output, "images", f"url=https://www.imagefap.com/photo/{image_id}/?gid=70001&idx=7")
        assert outcome.code == 0, outcome.err
        assert rows(output, "SELECT image_id FROM images") == [(image_id,)]
        outcome = crawl(site, output, "images", "url=https://www.imagefap.com/gallery/4")
        assert outcome.code == 66, outcome.err
        assert "gallery 4 is not there" in outcome.err
        assert rows(output, "SELECT * FROM galleries") == []
        outcome = crawl(site, output, "images", "url=https://www.imagefap.com/profile/Ann")
        assert outcome.code == 64
        assert "no address of a gallery or a photo" in outcome.err


def test_audit_looks_at_galleries_too(tmp_path: Path) -> None:
    output = tmp_path / "out"
    with serve(30) as site:
        read(site, output)
        outcome = crawl(site, output, "images", "audit=1", "user=Ann")
        assert outcome.code == 0, outcome.err
        assert "Audit of 30 stored images" in outcome.out

"""Crawls of folders that were crawled before: what grew is found from the end, what vanished keeps its rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from crawl_support import available, crawl, rows

from tools.demo.build import WorldBuilder, WorldOptions
from tools.demo.client import DemoSite

if TYPE_CHECKING:
    from pathlib import Path

    from crawl_support import Outcome

USER = 1_234_567
FOLDER, OTHER = 5_001, 5_002
PER_PAGE = 5


def serve(count: int, *, other: int = 0, empty_pages: tuple[int, ...] = (), past_end: str = "empty") -> DemoSite:
    """A site with one user, and a folder of that many favorites; perhaps a second one."""
    options = WorldOptions(image_width=32, image_height=24, per_page=PER_PAGE, past_end=past_end, drawings=4)
    builder = WorldBuilder(options)
    user = builder.user("Ann")
    folder = builder.folder(user, "walks", builder.gallery(count).ids)
    folder.empty_pages = list(empty_pages)
    if other:
        builder.folder(user, "rivers", builder.gallery(other).ids)
    return DemoSite.start(world=builder.world)


def read(site: DemoSite, output: Path, *words: str) -> Outcome:
    """Crawl the user's favorites in read mode; only this crawl is in the log then."""
    site.reset_log()
    outcome = crawl(site, output, "favorites", "mode=read", "user=Ann", *words)
    assert outcome.code == 0, outcome.err
    return outcome


def pages(site: DemoSite, folder: int = FOLDER) -> list[int]:
    return [entry["page"] for entry in site.requests("folder") if entry["folder_id"] == folder]


def order(output: Path, folder: int = FOLDER) -> list[int]:
    return [
        row[0] for row in rows(output, "SELECT image_id FROM favorites WHERE folder_id = ? ORDER BY position", folder)
    ]


def ids_of(site: DemoSite, folder: int = FOLDER) -> list[int]:
    (ids,) = [f["favorites"] for user in site.truth()["users"] for f in user["folders"] if f["folder_id"] == folder]
    return list(dict.fromkeys(ids))


def stored(output: Path) -> set[int]:
    return {row[0] for row in rows(output, "SELECT image_id FROM images WHERE status = 'stored'")}


def asked_images(site: DemoSite) -> list[int]:
    return sorted(entry["image_id"] for entry in site.requests("image"))


def test_new_favorites_are_read_from_the_last_page(tmp_path: Path) -> None:
    output = tmp_path / "out"
    with serve(18) as site:
        read(site, output)
        assert pages(site) == [0, 1, 2, 3]
        before = order(output)
        new = site.change_world(create={"gallery": 70001, "count": 6}, append={"folder": FOLDER})["created"]
        read(site, output, "force=1")
        assert pages(site) == [3, 4]
        assert asked_images(site) == new
        assert order(output) == before + new == ids_of(site)
        assert stored(output) == set(ids_of(site))


def test_new_favorites_are_found_after_older_ones_left(tmp_path: Path) -> None:
    """Fifteen of forty go: everything shifts three pages to the left, and the last known page is behind the end."""
    output = tmp_path / "out"
    with serve(40) as site:
        read(site, output)
        before = order(output)
        site.change_world(remove={"folder": FOLDER, "ids": before[3:18]})
        new = site.change_world(create={"gallery": 70001, "count": 3}, append={"folder": FOLDER})["created"]
        read(site, output, "force=1")
        assert 0 not in pages(site)
        assert order(output) == before + new
        assert asked_images(site) == new

        read(site, output, "full=1")
        unlisted = rows(output, "SELECT image_id FROM favorites WHERE unlisted_at IS NOT NULL ORDER BY position")
        assert [row[0] for row in unlisted] == before[3:18]
        assert asked_images(site) == []
        assert stored(output) == {*before, *new}


def test_more_new_favorites_than_pages_shifted(tmp_path: Path) -> None:
    """Twenty go and thirty come: the last known page shows new ones only, so the walk goes back first."""
    output = tmp_path / "out"
    with serve(40) as site:
        read(site, output)
        before = order(output)
        site.change_world(remove={"folder": FOLDER, "ids": before[:20]})
        new = site.change_world(create={"gallery": 70001, "count": 30}, append={"folder": FOLDER})["created"]
        read(site, output, "force=1")
        assert 0 not in pages(site)
        assert order(output) == before + new
        assert stored(output) == {*before, *new}


def test_very_big_folder_never_starts_again_at_its_first_page(tmp_path: Path) -> None:
    output = tmp_path / "out"
    with serve(5 * 32) as site:
        read(site, output)
        before = order(output)
        site.change_world(remove={"folder": FOLDER, "ids": before[5:40]})
        new = site.change_world(create={"gallery": 70001, "count": 4}, append={"folder": FOLDER})["created"]
        read(site, output, "force=1")
        assert min(pages(site)) > 20
        assert len(pages(site)) < 12
        assert order(output) == before + new


@pytest.mark.parametrize("past_end", ["empty", "last"])
def test_emptied_folder_keeps_its_rows(tmp_path: Path, past_end: str) -> None:
    output = tmp_path / "out"
    with serve(12, other=3, past_end=past_end) as site:
        read(site, output)
        before = order(output)
        site.change_world(remove={"folder": FOLDER, "ids": before})
        read(site, output, "force=1")
        assert order(output) == before
        assert stored(output) >= set(before)
        read(site, output, "full=1")
        assert order(output) == before
        assert rows(output, "SELECT kind, name FROM folders WHERE folder_id = ?", FOLDER) == [("images", "walks")]
        assert rows(output, "SELECT count(*) FROM favorites WHERE folder_id = ? AND unlisted_at IS NULL", FOLDER) == [
            (0,)
        ]
        assert rows(
            output, "SELECT count(*) FROM favorites WHERE folder_id = ? AND unlisted_at IS NOT NULL", OTHER
        ) == [(0,)]
        # It fills again: what comes back is listed again, and what is new comes behind everything.
        new = site.change_world(create={"gallery": 70001}, append={"folder": FOLDER})["created"]
        site.change_world(append={"folder": FOLDER, "ids": before[:2]})
        read(site, output, "force=1")
        assert order(output) == before + new
        listed = rows(
            output,
            "SELECT image_id FROM favorites WHERE folder_id = ? AND unlisted_at IS NULL ORDER BY position",
            FOLDER,
        )
        assert [row[0] for row in listed] == before[:2] + new


def test_renamed_and_deleted_folders_keep_their_rows(tmp_path: Path) -> None:
    output = tmp_path / "out"
    with serve(7, other=6) as site:
        read(site, output)
        before = order(output), order(output, OTHER), stored(output)
        site.change_world(rename={"folder": FOLDER, "name": "Walks & more"}, remove={"folder": OTHER})
        outcome = read(site, output, "full=1")
        assert "Traceback" not in outcome.err
        assert (order(output), order(output, OTHER), stored(output)) == before
        folders = rows(output, "SELECT folder_id, name, unlisted_at IS NULL FROM folders ORDER BY folder_id")
        assert folders == [(FOLDER, "Walks & more", 1), (OTHER, "rivers", 0)]
        assert asked_images(site) == []


@pytest.mark.parametrize(
    ("count", "empty_pages"),
    [(18, (1,)), (18, (1, 2)), (20, (2, 3)), (20, (0,)), (10, (2, 3))],
    ids=["one", "two in a row", "two, and whole pages", "the first one", "two at the end"],
)
@pytest.mark.parametrize("past_end", ["empty", "last"])
def test_empty_pages_inside_a_folder(tmp_path: Path, count: int, empty_pages: tuple[int, ...], past_end: str) -> None:
    output = tmp_path / "out"
    with serve(count, empty_pages=empty_pages, past_end=past_end) as site:
        read(site, output)
        assert order(output) == ids_of(site)
        assert len(stored(output)) == count
        new = site.change_world(create={"gallery": 70001, "count": 6}, append={"folder": FOLDER})["created"]
        read(site, output, "force=1")
        assert order(output) == ids_of(site)
        assert asked_images(site) == new


@pytest.mark.parametrize("count", [10, 12])
def test_last_page_for_ever(tmp_path: Path, count: int) -> None:
    output = tmp_path / "out"
    with serve(count, past_end="last") as site:
        read(site, output)
        assert order(output) == ids_of(site)
        assert len(pages(site)) <= 4
        read(site, output, "force=1")
        assert order(output) == ids_of(site)
        assert len(pages(site)) <= 2
        site.change_world(remove={"folder": FOLDER, "ids": ids_of(site)[:6]})
        new = site.change_world(create={"gallery": 70001, "count": 2}, append={"folder": FOLDER})["created"]
        read(site, output, "force=1")
        assert order(output)[count:] == new


def test_ids_listed_twice_keep_their_first_place(tmp_path: Path) -> None:
    output = tmp_path / "out"
    with serve(12) as site:
        ids = ids_of(site)
        site.change_world(append={"folder": FOLDER, "ids": [ids[1], ids[1], ids[11]]})
        read(site, output)
        assert order(output) == ids
        read(site, output, "full=1")
        assert order(output) == ids
        assert asked_images(site) == []


def test_finished_folders_rest_and_force_wakes_them(tmp_path: Path) -> None:
    output = tmp_path / "out"
    with serve(7, other=3) as site:
        read(site, output)
        new = site.change_world(create={"gallery": 70001}, append={"folder": FOLDER})["created"]
        outcome = read(site, output)
        assert site.requests("folder") == []
        assert "72 hours" in outcome.err
        assert len(order(output)) == 7
        # A folder that is named is always read, and so is every folder in get mode.
        read(site, output, "folder=walks")
        assert asked_images(site) == new
        assert pages(site, OTHER) == []
        read(site, output, "force=1")
        assert pages(site)
        assert pages(site, OTHER)


def test_folder_that_lacks_an_image_does_not_rest(tmp_path: Path) -> None:
    output = tmp_path / "out"
    with serve(7) as site:
        lacking = ids_of(site)[2]
        site.set_fault(rules=[{"do": "status", "status": 500, "kind": "image", "ids": [lacking]}])
        outcome = crawl(site, output, "favorites", "mode=read", "user=Ann")
        assert outcome.code == 3, outcome.err
        site.set_fault(rules=[])
        read(site, output)
        assert asked_images(site) == [lacking]
        assert stored(output) == set(available(site.truth(), ids_of(site)))

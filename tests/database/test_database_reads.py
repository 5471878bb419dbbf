from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from database_bench import Bench, new_engine

from imagefap_scraper.database import reads, writes
from imagefap_scraper.items import FavoriteItem, FolderItem, FolderKind, ImageStatus, UserItem

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

A, B, C = "a" * 64, "b" * 64, "c" * 64


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    """User 1 with a folder of six images: stored, failed, gone, wanted, stored under a straight name alone."""
    with new_engine(tmp_path, durable=False) as engine:
        bench = Bench(engine)
        bench.user()
        favorites = [FavoriteItem(9, "nine..", 77), *map(FavoriteItem, (1, 2, 3, 4, 5))]
        bench.do(writes.record_folder, FolderItem(1, 10, "Trees", FolderKind.IMAGES, 2, favorites, listed_through=True))
        bench.stored(1, A, name="one.jpg")
        bench.missed(2, ImageStatus.FAILED)
        bench.missed(3, ImageStatus.GONE)
        bench.stored(5, B, "straight", path="five.jpg", name="five.jpg")
        yield bench


def test_users_come_in_the_order_in_which_they_became_known(bench: Bench) -> None:
    for user_id, name in ((30, "zoe"), (2, "ben"), (1, "Anna")):
        bench.do(writes.record_user, UserItem(user_id, name))
    assert bench.do(reads.users) == [(1, "Anna"), (30, "zoe"), (2, "ben")]


def test_folders_are_read_as_they_stand(bench: Bench) -> None:
    bench.do(writes.record_folder, FolderItem(1, -1, "Uncategorized"))
    bench.do(writes.record_user, UserItem(2, "ben"))
    bench.do(writes.record_folder, FolderItem(2, 99, "Others"))
    found = bench.do(reads.folders, 1)
    assert found.keys() == {10, -1}
    assert (found[10].name, found[10].kind, found[10].pages) == ("Trees", FolderKind.IMAGES, 2)
    assert found[10].listed_at.tzinfo is not None
    assert found[10].finished_blobs is None
    assert (found[-1].kind, found[-1].pages, found[-1].listed_at) == (None, 0, None)
    assert bench.do(reads.folders, 3) == {}


@pytest.mark.parametrize(("layout", "wanted"), [("blobs", [9, 2, 4, 5]), ("straight", [9, 1, 2, 4])])
def test_a_folders_content_says_what_the_layout_lacks_in_order(bench: Bench, layout: str, wanted: list[int]) -> None:
    content = bench.do(reads.favorites, 1, layout)[10]
    assert content.image_ids.keys() == {9, 1, 2, 3, 4, 5}
    assert [image.image_id for image in content.wanted] == wanted
    assert [image.position for image in content.wanted] == sorted(image.position for image in content.wanted)


def test_a_wanted_image_carries_what_is_known_of_it(bench: Bench) -> None:
    (nine, *_, five) = bench.do(reads.favorites, 1, "blobs")[10].wanted
    assert nine == reads.WantedImage(9, None, "nine..", 77, 0, None)
    assert (five.image_id, five.name, five.sha256) == (5, "five.jpg", B)


def test_folders_of_other_users_are_not_read(bench: Bench) -> None:
    bench.do(writes.record_user, UserItem(2, "ben"))
    bench.do(writes.record_folder, FolderItem(2, 10, "Trees", FolderKind.IMAGES, 1, [FavoriteItem(1), FavoriteItem(8)]))
    assert bench.do(reads.favorites, 2, "blobs")[10].image_ids.keys() == {1, 8}
    assert bench.do(reads.favorites, 1, "blobs").keys() == {10}
    assert bench.do(reads.favorites, 3, "blobs") == {}


@pytest.mark.parametrize(("layout", "settled"), [("blobs", {1, 3}), ("straight", {5, 3})])
def test_settled_images_need_nothing_in_this_layout(bench: Bench, layout: str, settled: set[int]) -> None:
    assert bench.do(reads.settled_ids, layout) == settled
    assert settled.isdisjoint(image.image_id for image in bench.do(reads.favorites, 1, layout)[10].wanted)


def test_images_by_status_come_by_number(bench: Bench) -> None:
    assert bench.do(reads.image_ids, ImageStatus.WANTED) == [4, 9]
    assert bench.do(reads.image_ids, ImageStatus.GONE) == [3]
    assert bench.do(reads.status_counts) == {
        "wanted": 2,
        "stored": 2,
        "failed": 1,
        "gone": 1,
        "skipped": 0,
        "filtered": 0,
    }


def test_every_status_is_counted_in_an_empty_archive(tmp_path: Path) -> None:
    with new_engine(tmp_path) as engine:
        assert Bench(engine).do(reads.status_counts) == dict.fromkeys(ImageStatus, 0)


def test_wanted_images_keep_the_order_asked_for(bench: Bench) -> None:
    found = bench.do(reads.wanted_images, [5, 4, 3, 2, 1, 9, 4711], "blobs")
    assert [image.image_id for image in found] == [5, 4, 9]
    assert found[0].sha256 == B
    assert (found[2].listed_name, found[2].gallery_id) == ("nine..", 77)


def test_more_images_than_one_statement_takes(bench: Bench) -> None:
    bench.do(writes.want_images, range(1000, 41_000))
    backwards = list(range(40_999, 999, -1))
    assert [image.image_id for image in bench.do(reads.wanted_images, backwards, "blobs")] == backwards


def test_the_usual_layout_is_that_of_the_files(bench: Bench) -> None:
    assert bench.do(reads.usual_layout) == "blobs"
    bench.ask("DELETE FROM files WHERE layout = 'blobs' RETURNING 1")
    assert bench.do(reads.usual_layout) == "straight"
    bench.ask("DELETE FROM files RETURNING 1")
    assert bench.do(reads.usual_layout) == "blobs"


def test_every_blob_has_its_mark_and_no_other(bench: Bench) -> None:
    marks = bench.do(reads.blob_marks)
    assert marks == {reads.blob_mark(A), reads.blob_mark(B)}
    assert reads.blob_mark(C) not in marks
    assert reads.blob_mark("f" * 64) < 2**60


def test_a_stored_blob_is_all_that_inspection_found_and_its_files(bench: Bench) -> None:
    facts = {"width": 30, "height": 20, "frames": 3, "phash": "8" + "0" * 15, "dhash": "f" * 16, "hash_version": 1}
    bench.stored(4, C, animated=True, unchecked=True, reason="too many frames", **facts)
    bench.stored(4, C, "straight", path="four.jpg")
    blob = bench.do(reads.stored_blob, C)
    assert blob == reads.StoredBlob(
        format="JPEG",
        extension="jpg",
        size=9,
        animated=True,
        unchecked="too many frames",
        flat=False,
        state="live",
        paths={"blobs": f"blobs/{C}.jpg", "straight": "four.jpg"},
        **facts,
    )
    assert bench.do(reads.stored_blob, "d" * 64) is None


def test_intents_come_with_the_fields_of_their_image(bench: Bench) -> None:
    rows = [
        {"intent_id": n, "temporary": "t", "path": "p", "sha256": A, "size": 9, "image": {"image_id": n, "name": "ü"}}
        for n in (2, 1)
    ]
    bench.do(writes.add_intents, rows)
    found = bench.do(reads.intents)
    assert [row.intent_id for row in found] == [1, 2]
    assert found[0].image == {"image_id": 1, "name": "ü"}

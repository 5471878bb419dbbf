from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from database_bench import Bench, new_engine

from imagefap_scraper.database import writes
from imagefap_scraper.items import FavoriteItem, FolderItem, FolderKind, ImageItem, ImageStatus

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

A, B = "a" * 64, "b" * 64


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    with new_engine(tmp_path, durable=False) as engine:
        bench = Bench(engine)
        bench.user()
        yield bench


def _order(bench: Bench, folder_id: int = 10) -> list[tuple[int, int]]:
    return bench.ask("SELECT position, image_id FROM favorites WHERE folder_id = :id ORDER BY position", id=folder_id)  # type: ignore[return-value]


def _folder(bench: Bench, columns: str, folder_id: int = 10) -> tuple[object, ...]:
    (row,) = bench.ask(f"SELECT {columns} FROM folders WHERE folder_id = :id", id=folder_id)
    return row


def _image(bench: Bench, image_id: int, columns: str = "status, reason, attempts, sha256") -> tuple[object, ...]:
    (row,) = bench.ask(f"SELECT {columns} FROM images WHERE image_id = :id", id=image_id)
    return row


# Users and folders


def test_a_user_keeps_the_first_date_and_gets_the_newest_name(bench: Bench) -> None:
    first = bench.ask("SELECT first_seen FROM users")
    bench.user(name="Anna")
    assert bench.ask("SELECT user_id, name FROM users") == [(1, "Anna")]
    assert bench.ask("SELECT first_seen FROM users") == first


def test_folders_that_the_site_lists_no_more_keep_their_rows_with_a_date(bench: Bench) -> None:
    for folder_id in (10, 11, -1):
        bench.page(folder_id * 100 + 1000, folder_id=folder_id)
    bench.user(folder_ids=[10, -1])
    unlisted = dict(bench.ask("SELECT folder_id, unlisted_at FROM folders"))
    assert unlisted.keys() == {10, 11, -1}
    assert [key for key, date in unlisted.items() if date] == [11]
    bench.user(folder_ids=[10, -1])
    assert dict(bench.ask("SELECT folder_id, unlisted_at FROM folders")) == unlisted  # the first date stays
    bench.user()  # the list was not read
    assert dict(bench.ask("SELECT folder_id, unlisted_at FROM folders")) == unlisted
    bench.user(folder_ids=[11, 12])
    assert [key for key, date in bench.ask("SELECT folder_id, unlisted_at FROM folders") if date] == [10, -1]
    assert len(bench.ask("SELECT * FROM favorites")) == 3


def test_a_folder_that_is_only_made_known_has_no_checkpoint(bench: Bench) -> None:
    bench.do(writes.record_folder, FolderItem(1, 10, "Trees"))
    assert _folder(bench, "name, kind, pages, listed_at") == ("Trees", None, 0, None)
    bench.page(1, 2, pages=3)
    bench.do(writes.record_folder, FolderItem(1, 10, "Bushes"))
    assert _folder(bench, "name, kind, pages") == ("Bushes", "images", 3)


@pytest.mark.parametrize(
    ("kinds", "expected"),
    [
        ([None], None),
        ([FolderKind.EMPTY], "empty"),
        ([FolderKind.EMPTY, FolderKind.IMAGES], "images"),
        ([FolderKind.IMAGES, FolderKind.EMPTY], "images"),
        ([FolderKind.IMAGES, None], "images"),
        ([FolderKind.GALLERIES, FolderKind.EMPTY], "galleries"),
        ([None, FolderKind.EMPTY], "empty"),
        ([FolderKind.GALLERIES, FolderKind.IMAGES], "images"),
    ],
)
def test_a_folder_keeps_its_kind_until_another_is_seen(
    bench: Bench, kinds: list[FolderKind | None], expected: str | None
) -> None:
    for kind in kinds:
        bench.do(writes.record_folder, FolderItem(1, 10, "Trees", kind))
    assert _folder(bench, "kind") == (expected,)


# Listing pages


def test_positions_follow_the_site_and_only_grow(bench: Bench) -> None:
    bench.page(5, 3, 9, pages=1)
    bench.page(1, 7, pages=2)
    assert _order(bench) == [(0, 5), (1, 3), (2, 9), (3, 1), (4, 7)]
    bench.page(9, 2, 5, pages=1)  # what is known stays where it is
    assert _order(bench) == [(0, 5), (1, 3), (2, 9), (3, 1), (4, 7), (5, 2)]
    bench.page(5, folder_id=11)
    assert _order(bench, 11) == [(0, 5)]


def test_an_image_that_a_page_shows_twice_is_one_favorite(bench: Bench) -> None:
    bench.page(5, 3, 5, 5, 8)
    assert _order(bench) == [(0, 5), (1, 3), (2, 8)]


def test_a_page_and_its_checkpoint_are_written_at_once(bench: Bench) -> None:
    bench.page(5, pages=4)
    assert _folder(bench, "pages, listed_at") == (4, None)
    bench.page(6, pages=5, listed_through=True)
    pages, listed_at = _folder(bench, "pages, listed_at")
    assert pages == 5
    assert listed_at is not None
    bench.page(pages=2)  # it has shrunk; and an empty page is a checkpoint as well
    assert _folder(bench, "pages, listed_at") == (2, listed_at)


def test_listed_images_are_wanted_unless_they_are_known(bench: Bench) -> None:
    bench.stored(5, A)
    bench.missed(6)
    bench.page(5, 6, 7)
    assert bench.ask("SELECT image_id, status FROM images ORDER BY image_id") == [
        (5, "stored"),
        (6, "failed"),
        (7, "wanted"),
    ]
    assert _image(bench, 7) == ("wanted", "", 0, None)


def test_a_gallery_that_a_listing_names_is_kept(bench: Bench) -> None:
    def listed(gallery_id: int | None, folder_id: int) -> None:
        favorites = [FavoriteItem(5, "name..", gallery_id)]
        bench.do(writes.record_folder, FolderItem(1, folder_id, "x", FolderKind.IMAGES, 1, favorites))

    listed(None, 10)
    assert _image(bench, 5, "gallery_id") == (None,)
    listed(77, 11)
    assert _image(bench, 5, "gallery_id") == (77,)
    listed(None, 12)
    assert _image(bench, 5, "gallery_id") == (77,)
    assert bench.ask("SELECT DISTINCT listed_name FROM favorites") == [("name..",)]


def test_a_new_favorite_reopens_the_folder_and_a_known_one_does_not(bench: Bench) -> None:
    bench.page(5, listed_through=True)
    bench.stored(5, A)
    bench.stored(5, A, "straight")
    for layout in ("blobs", "straight"):
        bench.do(writes.note_finished_folders, layout)
    finished = _folder(bench, "finished_blobs, finished_straight")
    assert None not in finished
    bench.page(5, listed_through=True)
    assert _folder(bench, "finished_blobs, finished_straight") == finished
    bench.page(5, 6, pages=1)
    assert _folder(bench, "finished_blobs, finished_straight") == (None, None)


def _iso(**ago: float) -> str:
    return (datetime.now(UTC) - timedelta(**ago)).isoformat()


def test_what_a_listing_from_the_first_page_does_not_show_is_unlisted(bench: Bench) -> None:
    bench.page(1, 2, 3, 4, pages=1, listed_through=True)
    since = datetime.now(UTC).isoformat()
    bench.page(4, 1, pages=1, listed_since=since)
    assert bench.value("SELECT count(unlisted_at) FROM favorites") == 0  # it has not ended
    bench.page(9, pages=2, listed_since=since, listed_through=True)
    assert bench.ask("SELECT image_id, position FROM favorites WHERE unlisted_at IS NOT NULL") == [(2, 1), (3, 2)]
    first = bench.ask("SELECT image_id, unlisted_at FROM favorites WHERE unlisted_at IS NOT NULL")
    again = datetime.now(UTC).isoformat()
    bench.page(2, 4, 1, 9, pages=1, listed_since=again, listed_through=True)
    assert bench.ask("SELECT image_id, unlisted_at FROM favorites WHERE unlisted_at IS NOT NULL") == first[1:]
    assert _order(bench) == [(0, 1), (1, 2), (2, 3), (3, 4), (4, 9)]


def test_a_listing_that_started_later_unlists_nothing(bench: Bench) -> None:
    bench.page(1, 2, pages=1, listed_through=True)
    bench.page(3, pages=2, listed_through=True)
    assert bench.value("SELECT count(unlisted_at) FROM favorites") == 0


def test_an_emptied_folder_keeps_its_favorites_with_a_date(bench: Bench) -> None:
    bench.page(1, 2, pages=1, listed_through=True)
    bench.page(folder_id=11, pages=0, kind=FolderKind.EMPTY, listed_through=True)
    bench.page(5, folder_id=12)
    since = datetime.now(UTC).isoformat()
    bench.page(kind=FolderKind.EMPTY, pages=0, listed_since=since, listed_through=True)
    assert _folder(bench, "kind, pages") == ("images", 0)
    assert bench.value("SELECT count(unlisted_at) FROM favorites WHERE folder_id = 10") == 2
    assert bench.value("SELECT count(unlisted_at) FROM favorites WHERE folder_id != 10") == 0


# Images


def test_a_stored_image_has_its_bytes_its_file_and_its_row(bench: Bench) -> None:
    bench.page(5)
    facts = {"width": 30, "height": 20, "frames": 1, "phash": "8000000000000001", "dhash": "0" * 16, "hash_version": 1}
    bench.stored(5, A, name="five.jpg", url="https://cdn/5.jpg", gallery_id=77, added="2012", animated=True, **facts)
    assert _image(bench, 5) == ("stored", "", 1, A)
    assert _image(bench, 5, "name, address, gallery_id, added") == ("five.jpg", "https://cdn/5.jpg", 77, "2012")
    assert bench.ask("SELECT path, sha256, layout FROM files") == [(f"blobs/{A}.jpg", A, "blobs")]
    (blob,) = bench.ask("SELECT extension, format, size, width, height, frames, animated, unchecked FROM blobs")
    assert blob == ("jpg", "JPEG", 9, 30, 20, 1, 1, "")
    assert bench.value("SELECT count(*) FROM images WHERE stored_at IS NOT NULL") == 1


def test_an_image_that_was_not_decoded_says_why_with_its_blob(bench: Bench) -> None:
    bench.stored(5, A, unchecked=True, reason="too many pixels")
    assert _image(bench, 5) == ("stored", "", 1, A)
    assert bench.ask("SELECT unchecked FROM blobs") == [("too many pixels",)]


def test_equal_bytes_are_one_blob_and_one_file(bench: Bench) -> None:
    bench.stored(5, A, phash="0" * 16)
    bench.stored(6, A)
    assert bench.ask("SELECT sha256, phash FROM blobs") == [(A, 0)]
    assert bench.value("SELECT count(*) FROM files") == 1
    assert bench.value("SELECT count(*) FROM images WHERE sha256 = :sha", sha=A) == 2


def test_both_layouts_may_have_a_file_of_one_blob(bench: Bench) -> None:
    bench.stored(5, A)
    bench.stored(5, A, "straight")
    assert bench.ask("SELECT path, layout FROM files ORDER BY layout") == [
        (f"blobs/{A}.jpg", "blobs"),
        ("5.jpg", "straight"),
    ]
    assert _image(bench, 5) == ("stored", "", 2, A)


def test_storing_fulfils_its_intent_alone(bench: Bench) -> None:
    rows = [{"intent_id": n, "temporary": "t", "path": "p", "sha256": A, "size": 9, "image": {}} for n in (1, 2**62)]
    bench.do(writes.add_intents, rows)
    bench.stored(5, A, intent_id=2**62)
    assert bench.ask("SELECT intent_id FROM intents") == [(1,)]
    bench.do(writes.drop_intents, [1, 77])
    assert bench.ask("SELECT intent_id FROM intents") == []


@pytest.mark.parametrize("status", [ImageStatus.FAILED, ImageStatus.GONE])
def test_a_missed_image_has_its_reason_and_its_attempts(bench: Bench, status: ImageStatus) -> None:
    bench.page(5)
    bench.missed(5, status, "first reason")
    bench.missed(5, status, "second reason")
    assert _image(bench, 5) == (status, "second reason", 2, None)
    bench.missed(6, status, "never listed", name="six.jpg")
    assert _image(bench, 6, "status, reason, attempts, name") == (status, "never listed", 1, "six.jpg")
    assert bench.value("SELECT count(attempted_at) FROM images") == 2


@pytest.mark.parametrize("status", [ImageStatus.FAILED, ImageStatus.GONE])
def test_what_is_stored_stays_stored(bench: Bench, status: ImageStatus) -> None:
    bench.stored(5, A, name="five.jpg")
    before = bench.ask("SELECT * FROM images")
    bench.missed(5, status, "expired")
    assert bench.ask("SELECT * FROM images") == before


@pytest.mark.parametrize("status", [ImageStatus.FAILED, ImageStatus.GONE])
def test_a_missed_image_can_be_stored_later(bench: Bench, status: ImageStatus) -> None:
    bench.missed(5, status, "cut")
    bench.stored(5, A)
    assert _image(bench, 5) == ("stored", "", 2, A)


def test_what_is_known_of_an_image_is_not_forgotten(bench: Bench) -> None:
    bench.stored(5, A, name="five.jpg", url="https://cdn/5.jpg", gallery_id=77, added="2012")
    stored_at = _image(bench, 5, "stored_at")
    bench.stored(5, B)
    assert _image(bench, 5, "sha256, name, address, gallery_id, added") == (
        B,
        "five.jpg",
        "https://cdn/5.jpg",
        77,
        "2012",
    )
    assert _image(bench, 5, "stored_at") == stored_at
    bench.stored(5, B, name="cinq.jpg", gallery_id=78)
    assert _image(bench, 5, "name, gallery_id") == ("cinq.jpg", 78)


def test_a_file_that_was_replaced_points_to_its_new_bytes(bench: Bench) -> None:
    bench.stored(5, A, "straight", path="x.jpg")
    bench.stored(5, B, "straight", path="x.jpg")
    assert bench.ask("SELECT path, sha256 FROM files") == [("x.jpg", B)]


def test_wanting_images_again_leaves_stored_ones_alone(bench: Bench) -> None:
    bench.stored(1, A)
    bench.missed(2, ImageStatus.FAILED)
    bench.missed(3, ImageStatus.GONE)
    bench.do(writes.want_images, [4, 1, 2, 3, 4])
    assert bench.ask("SELECT image_id, status, attempts FROM images ORDER BY image_id") == [
        (1, "stored", 1),
        (2, "wanted", 1),
        (3, "wanted", 1),
        (4, "wanted", 0),
    ]
    bench.do(writes.want_images, [])
    assert bench.value("SELECT count(*) FROM images") == 4


def test_more_images_than_one_statement_takes(bench: Bench) -> None:
    for image_id in (1, 40_000):
        bench.missed(image_id)
    bench.do(writes.want_images, range(1, 40_001))
    assert bench.ask("SELECT status, count(*) FROM images GROUP BY 1") == [("wanted", 40_000)]


# Finished folders


def _finish(bench: Bench, layout: str = "blobs") -> set[int]:
    bench.do(writes.note_finished_folders, layout)
    return {number for (number,) in bench.ask(f"SELECT folder_id FROM folders WHERE finished_{layout} IS NOT NULL")}


def test_a_folder_is_finished_once_all_its_images_are_there_or_gone(bench: Bench) -> None:
    bench.page(1, 2, 3, listed_through=True)
    assert _finish(bench) == set()
    bench.stored(1, A)
    bench.missed(2, ImageStatus.GONE)
    assert _finish(bench) == set()
    bench.missed(3, ImageStatus.FAILED)
    assert _finish(bench) == set()
    bench.stored(3, B)
    assert _finish(bench) == {10}
    date = _folder(bench, "finished_blobs")
    assert _finish(bench) == {10}
    assert _folder(bench, "finished_blobs") == date


def test_a_folder_that_was_not_listed_through_is_not_finished(bench: Bench) -> None:
    bench.page(1)
    bench.stored(1, A)
    assert _finish(bench) == set()


def test_each_layout_has_its_own_date(bench: Bench) -> None:
    bench.page(1, listed_through=True)
    bench.stored(1, A)
    assert _finish(bench, "straight") == set()
    assert _finish(bench, "blobs") == {10}
    bench.stored(1, A, "straight")
    assert _finish(bench, "straight") == {10}


def test_a_folder_that_wants_an_image_again_is_no_longer_finished(bench: Bench) -> None:
    for folder_id, image_id, sha256 in ((10, 1, A), (11, 2, B)):
        bench.page(image_id, folder_id=folder_id, listed_through=True)
        bench.stored(image_id, sha256)
    assert _finish(bench) == {10, 11}
    bench.ask("UPDATE images SET status = 'wanted', sha256 = NULL WHERE image_id = 2 RETURNING 1")
    assert _finish(bench) == {10}


def test_folders_without_images_of_their_own_are_never_finished(bench: Bench) -> None:
    bench.page(folder_id=11, kind=FolderKind.EMPTY, listed_through=True)
    bench.do(writes.record_folder, FolderItem(1, 12, "Albums", FolderKind.GALLERIES))
    assert _finish(bench) == set()


def test_an_item_of_a_recovered_intent_has_plain_text_for_its_status(bench: Bench) -> None:
    """JSON knows no StrEnum; the row must not care."""
    item = ImageItem(5, "stored", sha256=A, format="JPEG", size=9, path=f"blobs/{A}.jpg")  # type: ignore[arg-type]
    bench.do(writes.record_stored, item=item, layout="blobs", extension="jpg", intent_id=None)
    assert _image(bench, 5) == ("stored", "", 1, A)

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from imagefap_scraper.database import checks, repairs, writes
from imagefap_scraper.database.checks import KnownFile
from imagefap_scraper.database.migrations import upgrade
from imagefap_scraper.database.session import database_url, open_writer
from imagefap_scraper.items import FavoriteItem, FolderItem, FolderKind, ImageItem, ImageStatus, UserItem

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlalchemy import Connection

SHAS = {1: "a" * 64, 2: "b" * 64}


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[Connection]:
    """Give a database of two folders; image 1 is stored in both layouts, 2 as a blob, 3 is wanted."""
    engine = open_writer(database_url(tmp_path))
    upgrade(engine)
    with engine.begin() as opened:
        writes.record_user(opened, UserItem(7, "Painter"))
        for folder_id, image_ids in ((70, [1, 2]), (71, [3])):
            favorites = [FavoriteItem(image_id) for image_id in image_ids]
            folder = FolderItem(7, folder_id, "Colours", FolderKind.IMAGES, 1, favorites, listed_through=True)
            writes.record_folder(opened, folder)
        for image_id, layout, path in ((1, "blobs", "blobs/a.jpg"), (1, "straight", "one.jpg"), (2, "blobs", "b")):
            item = ImageItem(image_id, ImageStatus.STORED, sha256=SHAS[image_id], path=path, format="JPEG", size=10)
            writes.record_stored(opened, item, layout, "jpg", None)
        moment = "2024-01-01 00:00:00.000000"
        opened.exec_driver_sql(f"UPDATE folders SET finished_blobs = '{moment}', finished_straight = '{moment}'")
        yield opened
    engine.dispose()


def finished(connection: Connection) -> list[tuple[int, bool, bool]]:
    rows = connection.exec_driver_sql("SELECT folder_id, finished_blobs, finished_straight FROM folders ORDER BY 1")
    return [(folder_id, blobs is not None, straight is not None) for folder_id, blobs, straight in rows]


def images(connection: Connection) -> list[tuple[object, ...]]:
    rows = connection.exec_driver_sql("SELECT image_id, status, sha256, reason FROM images ORDER BY 1")
    return [tuple(row) for row in rows]


def test_a_sound_database_has_nothing_to_say(connection: Connection) -> None:
    assert checks.integrity(connection) == []
    assert checks.dangling_rows(connection) == []
    assert checks.favorites_without_image(connection) == []
    assert checks.stored_without_file(connection) == []
    assert checks.status_against_bytes(connection) == []
    assert checks.shared_positions(connection) == []


def test_counts_are_those_of_the_rows(connection: Connection) -> None:
    intent = {"intent_id": 1, "temporary": "t", "path": "new", "sha256": "c", "size": 1, "image": {}}
    writes.add_intents(connection, [intent])
    assert checks.counts(connection) == checks.Counts(2, 3, 2, 1, {"blobs": (2, 20), "straight": (1, 10)})


def test_files_come_in_portions_each_once(connection: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    everything = [
        KnownFile("b", "blobs", SHAS[2], 10),
        KnownFile("blobs/a.jpg", "blobs", SHAS[1], 10),
        KnownFile("one.jpg", "straight", SHAS[1], 10),
    ]
    for at_a_time in (1, 2, 3, 4):
        monkeypatch.setattr(checks, "_FILES_AT_A_TIME", at_a_time)
        assert list(checks.known_files(connection)) == everything


def test_copies_and_images_are_found_by_their_bytes(connection: Connection) -> None:
    assert [file.path for file in checks.copies(connection, SHAS[1])] == ["blobs/a.jpg", "one.jpg"]
    assert checks.images_of(connection, SHAS[1]) == [1]
    assert checks.images_of(connection, "c" * 64) == []


def test_paths_on_their_way_are_known(connection: Connection) -> None:
    intent = {"intent_id": 1, "temporary": "t", "path": "new", "sha256": "c", "size": 1, "image": {}}
    writes.add_intents(connection, [intent])
    assert checks.known_paths(connection, ["one.jpg", "new", "other"]) == {"one.jpg", "new"}
    assert checks.known_paths(connection, []) == set()


def test_a_forgotten_file_leaves_its_image_without_one(connection: Connection) -> None:
    repairs.forget_file(connection, "b")
    assert checks.stored_without_file(connection) == [(2, SHAS[2])]
    assert checks.counts(connection).blobs == 2


def test_wanted_again_means_no_bytes_a_reason_and_open_folders(connection: Connection) -> None:
    repairs.want_again(connection, [2], "its file was damaged")
    assert images(connection) == [
        (1, "stored", SHAS[1], ""),
        (2, "wanted", None, "its file was damaged"),
        (3, "wanted", None, ""),
    ]
    assert finished(connection) == [(70, False, False), (71, True, True)]


def test_an_image_without_a_row_gets_one(connection: Connection) -> None:
    repairs.want_again(connection, [9], "")
    assert images(connection)[-1] == (9, "wanted", None, "")
    repairs.want_again(connection, [], "")


def test_only_the_folders_of_one_layout_are_reopened(connection: Connection) -> None:
    repairs.reopen_folders(connection, [1], "straight")
    assert finished(connection) == [(70, True, False), (71, True, True)]

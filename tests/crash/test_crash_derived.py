"""The checks of what the database keeps twice can fail: each thing that may disagree is made to."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

import pytest
from crash.derived import disagreements

from imagefap_scraper.archive import Archive
from imagefap_scraper.database import writes
from imagefap_scraper.items import FavoriteItem, FolderItem, FolderKind, ImageItem, ImageStatus, UserItem

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

DIGEST = "ab" * 32


@pytest.fixture
def database(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    """A stored image with a tag and one that is gone, with nobody to keep anything equal any more."""
    archive = Archive(tmp_path, "blobs")
    favorites = [FavoriteItem(number, listed_name=f"meadow {number}.jpg") for number in (1, 2)]
    facts = {"format": "JPEG", "size": 9, "width": 4, "height": 3, "frames": 1, "animated": False}
    image = ImageItem(
        1, ImageStatus.STORED, sha256=DIGEST, path=f"blobs/{DIGEST}.jpg", added="2012-03-04 05:06", **facts
    )
    record = {"layout": "blobs", "extension": "jpg", "intent_id": None}
    archive.wait_for(lambda one: writes.record_user(one, UserItem(7, "Keeper")))
    archive.wait_for(
        lambda one: writes.record_folder(one, FolderItem(7, 9, "Meadows", FolderKind.IMAGES, 1, favorites))
    )
    archive.wait_for(lambda one: writes.record_stored(one, image, **record))
    archive.close()
    connection = sqlite3.connect(tmp_path / "imagefap.database")
    connection.execute("INSERT INTO tags (tag_id, name, key) VALUES (1, 'oaks', 'oaks')")
    connection.execute("INSERT INTO blob_tags (sha256, tag_id) VALUES (?, 1)", (DIGEST,))
    assert disagreements(connection) == []
    for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        connection.execute(f"DROP TRIGGER {name}")
    connection.execute("PRAGMA ignore_check_constraints = ON")
    yield connection
    connection.close()


@pytest.mark.parametrize(
    ("statement", "problem"),
    [
        ("UPDATE images SET name = 'another' WHERE image_id = 1", "facet of image 1"),
        ("UPDATE images SET vanished_at = '2024-01-02 03:04:05' WHERE image_id = 1", "facet of image 1"),
        ("UPDATE images SET added = '2013-03-04 05:06' WHERE image_id = 1", "facet of image 1"),
        ("UPDATE blobs SET width = 5", "facet of image 1"),
        ("DELETE FROM favorites WHERE image_id = 2", "facet of image 2"),
        ("DELETE FROM facets WHERE image_id = 2", "facet of image 2"),
        ("DELETE FROM facet_tags", "tag 1 of image 1"),
        ("DELETE FROM blob_tags", "facet of image 1"),
        ("UPDATE facets SET name = 'another' WHERE image_id = 2", "index of the names"),
        ("UPDATE images SET status = 'skipped' WHERE image_id = 2", "image 2 is skipped"),
        ("INSERT INTO moves (source, target) VALUES ('blobs/a', 'blobs/b')", "move left: blobs/a"),
    ],
)
def test_what_disagrees_is_told(database: sqlite3.Connection, statement: str, problem: str) -> None:
    database.execute(statement)
    assert any(text.startswith(problem) for text in disagreements(database)), disagreements(database)

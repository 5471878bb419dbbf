from __future__ import annotations

import sqlite3
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import create_engine, insert, text

from imagefap_scraper.database import reports, session
from imagefap_scraper.database.duplicate_models import DuplicateGroup, DuplicateMember
from imagefap_scraper.database.models import (
    Base,
    Blob,
    BlobTag,
    Favorite,
    Folder,
    Image,
    Tag,
    User,
)
from imagefap_scraper.database.session import database_url, open_writer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlalchemy import Connection, Engine

START = datetime(2024, 1, 1, tzinfo=UTC)


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = open_writer(database_url(tmp_path))
    Base.metadata.create_all(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def connection(engine: Engine) -> Iterator[Connection]:
    with engine.begin() as connection:
        yield connection


def add(connection: Connection, table: type[Any], **values: Any) -> None:
    connection.execute(insert(table).values(**values))


def add_blob(connection: Connection, letter: str, size: int, **values: Any) -> str:
    fields = {"sha256": letter * 64, "extension": "jpg", "format": "JPEG", "size": size, "stored_at": START}
    add(connection, Blob, **fields | values)
    return letter * 64


def add_folder(connection: Connection, user_id: int, folder_id: int, **values: Any) -> None:
    add(connection, Folder, user_id=user_id, folder_id=folder_id, **{"name": "F", "first_seen": START} | values)


def add_favorite(connection: Connection, folder_id: int, image_id: int, position: int, **values: Any) -> None:
    fields = {"user_id": 1, "folder_id": folder_id, "image_id": image_id, "position": position}
    add(connection, Favorite, **fields, first_seen=START, shown_at=START, **values)


def add_user(connection: Connection, user_id: int = 1, name: str = "anna") -> None:
    add(connection, User, user_id=user_id, name=name, first_seen=START)


def test_images_count_once_however_often_they_are_favorites(connection: Connection) -> None:
    add_user(connection)
    one, other = add_blob(connection, "a", 10), add_blob(connection, "b", 30, animated=True)
    for image_id, sha256 in ((1, one), (2, one), (3, one), (4, other)):
        add(connection, Image, image_id=image_id, status="stored", sha256=sha256)
    add(connection, Image, image_id=5, status="wanted")
    for folder_id in (7, 8):
        add_folder(connection, 1, folder_id)
        for image_id in range(1, 6):
            add_favorite(connection, folder_id, image_id, image_id)
    assert reports.totals(connection) == reports.Totals(
        users=1,
        folders=2,
        favorites=10,
        images={"wanted": 1, "stored": 4, "failed": 0, "gone": 0, "skipped": 0, "filtered": 0},
        blobs=2,
        blob_bytes=40,
        animated=1,
        exact_duplicates=2,
    )
    both = reports.holding(connection, 1)
    assert (both.favorites, both.images["stored"], both.images["wanted"], both.size) == (10, 4, 1, 40)
    assert reports.holding(connection, 1, 7).size == 40


def test_spread_of_sizes(connection: Connection) -> None:
    assert reports.file_sizes(connection) == reports.Spread(0, 0, 0, 0, 0.0, 0.0)
    for letter, size in zip("abcd", (2, 4, 4, 10), strict=True):
        add_blob(connection, letter, size)
    assert reports.file_sizes(connection) == reports.Spread(4, 20, 2, 10, 5.0, 3.0)


def test_equal_sizes_deviate_by_nothing_even_where_their_squares_overflow(connection: Connection) -> None:
    # Of this size and number, rounding leaves the variance at -8192.
    size = 7_575_038_096
    for letter in "abcdefg":
        add_blob(connection, letter, size)
    assert reports.file_sizes(connection) == reports.Spread(7, 7 * size, size, size, size, 0.0)


def test_pixels_count_only_where_dimensions_are_known(connection: Connection) -> None:
    add_blob(connection, "a", 1, width=20, height=10)
    add_blob(connection, "b", 1, width=40, height=10)
    add_blob(connection, "c", 1)
    assert reports.pixel_sizes(connection) == reports.Spread(2, 600, 200, 400, 300.0, 100.0)


def test_dates_of_folders_are_moments_in_utc(connection: Connection) -> None:
    add_user(connection)
    later = START + timedelta(days=1)
    add_folder(connection, 1, 1, listed_at=later, finished_straight=later)
    add_folder(connection, 1, 2, listed_at=START)
    assert reports.folder_dates(connection) == {
        "listed": reports.Dates(2, START, later),
        "blobs": reports.Dates(0, None, None),
        "straight": reports.Dates(1, later, later),
    }


def test_only_failures_have_reasons_the_most_frequent_first(connection: Connection) -> None:
    rows = [
        ("failed", "slow"),
        ("failed", "cut"),
        ("failed", "cut"),
        ("failed", "big"),
        ("gone", "cut"),
        ("wanted", ""),
    ]
    for image_id, (status, reason) in enumerate(rows):
        add(connection, Image, image_id=image_id, status=status, reason=reason)
    assert reports.failure_reasons(connection) == [("cut", 2), ("big", 1), ("slow", 1)]


def test_members_of_groups_by_verdict(connection: Connection) -> None:
    assert reports.duplicate_counts(connection) == (0, {"new": 0, "keep": 0, "skip": 0, "false": 0})
    for group_id in (1, 2):
        add(connection, DuplicateGroup, group_id=group_id, kind="copy")
    for group_id, letter, verdict in ((1, "a", "keep"), (1, "b", "skip"), (2, "c", "new"), (2, "d", "false")):
        add(connection, DuplicateMember, group_id=group_id, sha256=add_blob(connection, letter, 1), verdict=verdict)
    assert reports.duplicate_counts(connection) == (2, {"new": 1, "keep": 1, "skip": 1, "false": 1})


def test_users_come_by_name_and_folders_as_they_became_known(connection: Connection) -> None:
    for user_id, name in ((1, "berta"), (2, "Anna"), (3, "anna")):
        add_user(connection, user_id, name)
    assert reports.users(connection) == [(2, "Anna"), (3, "anna"), (1, "berta")]
    add_folder(connection, 1, 5, first_seen=START + timedelta(hours=1))
    add_folder(connection, 1, 9, unlisted_at=START)
    add_folder(connection, 1, -1)
    add_folder(connection, 2, 1)
    folders = reports.folders(connection, 1)
    assert [folder.folder_id for folder in folders] == [-1, 9, 5]
    assert folders[1].unlisted_at == START


@pytest.fixture
def five_favorites(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> Engine:
    """A folder of five, read two at a time; positions have gaps and do not follow the ids."""
    monkeypatch.setattr(reports, "_FAVORITES_AT_A_TIME", 2)
    with engine.begin() as connection:
        add_user(connection)
        add_folder(connection, 1, 7)
        for image_id, position in zip((5, 4, 3, 2, 1), (0, 1, 2, 5, 9), strict=True):
            add(connection, Image, image_id=image_id, status="wanted", name="whole.jpg" if image_id == 4 else None)
            listed = None if image_id == 3 else "list.."
            add_favorite(connection, 7, image_id, position, listed_name=listed, unlisted_at=START if position else None)
    return engine


def test_favorites_come_in_order_over_all_portions(five_favorites: Engine) -> None:
    with five_favorites.connect() as connection:
        rows = list(reports.favorites(connection, 1, 7))
    assert [(row.position, row.image_id) for row in rows] == [(0, 5), (1, 4), (2, 3), (5, 2), (9, 1)]
    assert [row.name for row in rows] == ["list..", "whole.jpg", None, "list..", "list.."]
    assert [row.unlisted for row in rows] == [False, True, True, True, True]


def test_a_reader_that_pauses_holds_no_old_state_of_the_database(five_favorites: Engine, tmp_path: Path) -> None:
    with five_favorites.begin() as connection:
        connection.execute(text("CREATE TABLE alembic_version (version_num TEXT)"))
        connection.execute(text("INSERT INTO alembic_version VALUES (:it)"), {"it": session.SCHEMA_REVISION})
    with session.reader(tmp_path / "imagefap.database", nullcontext()) as reading:
        rows = reports.favorites(reading, 1, 7)
        next(rows)
        with five_favorites.begin() as connection:
            connection.execute(text("UPDATE users SET name = 'b'"))
        writer = sqlite3.connect(tmp_path / "imagefap.database", timeout=0)
        (busy, *_) = writer.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        writer.close()
        assert busy == 0
        assert len(list(rows)) == 4


def test_a_snapshot_sees_one_moment(five_favorites: Engine, tmp_path: Path) -> None:
    reader = create_engine(f"sqlite:///{tmp_path / 'imagefap.database'}")
    with reader.connect() as reading:
        reports.begin_snapshot(reading)
        before = reports.totals(reading)
        with five_favorites.begin() as connection:
            add(connection, Image, image_id=99, status="wanted")
        assert reports.totals(reading) == before
    with reader.connect() as reading:
        assert reports.totals(reading) != before
    reader.dispose()


def test_tags_stand_behind_their_parents_however_deep(connection: Connection) -> None:
    depth = 2000
    for tag_id in range(depth):
        add(connection, Tag, tag_id=tag_id, parent_id=tag_id - 1 if tag_id else None, name="T", key="t")
    add(connection, Tag, tag_id=depth, parent_id=0, name="A", key="a")
    for letter, size in (("a", 5), ("b", 7)):
        add(connection, BlobTag, sha256=add_blob(connection, letter, size), tag_id=depth)
    tree = reports.tag_tree(connection)
    assert tree[:3] == [
        reports.TagCount(0, "T", 0, 0),
        reports.TagCount(1, "A", 2, 12),
        reports.TagCount(1, "T", 0, 0),
    ]
    assert tree[-1].depth == depth - 1
    assert reports.tag_counts(connection) == (depth + 1, 2)

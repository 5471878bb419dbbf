from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING

import pytest
from database_bench import new_engine
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Column, Dialect, MetaData, Table, create_engine, insert, select
from sqlalchemy.exc import IntegrityError

from imagefap_scraper.database.base import Base, Hash64, UtcDateTime
from imagefap_scraper.database.models import (
    Blob,
    Favorite,
    Folder,
    FolderGallery,
    Gallery,
    GalleryImage,
    Image,
    StoredFile,
    Tag,
    User,
)
from imagefap_scraper.items import ImageStatus

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlalchemy import Connection

MOMENT = datetime(2024, 5, 6, 7, 8, 9, 1234, tzinfo=UTC)
SHA = "ab" * 32
_DIALECT: Dialect = create_engine("sqlite://").dialect


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[Connection]:
    """A transaction in a database with one user, folder, blob and image."""
    with new_engine(tmp_path, durable=False) as engine, engine.connect() as connection:
        connection.execute(insert(User).values(user_id=1, name="anna", first_seen=MOMENT))
        connection.execute(insert(Folder).values(user_id=1, folder_id=-1, name="Trees", pages=0, first_seen=MOMENT))
        blob = {"extension": "jpg", "format": "JPEG", "size": 9, "animated": False, "unchecked": ""}
        connection.execute(insert(Blob).values(sha256=SHA, stored_at=MOMENT, **blob))
        connection.execute(insert(Image).values(image_id=7, status="wanted", reason="", attempts=0))
        yield connection


@given(st.integers(0, 2**64 - 1))
def test_a_hash_survives_the_signed_integer(number: int) -> None:
    text = f"{number:016x}"
    inside = Hash64().process_bind_param(text, _DIALECT)
    assert inside is not None
    assert -(2**63) <= inside < 2**63
    assert Hash64().process_result_value(inside, _DIALECT) == text


def test_hashes_keep_their_bits_in_sqlite() -> None:
    engine = create_engine("sqlite://")
    table = Table("hashes", MetaData(), Column("hash", Hash64))
    texts = ["0" * 16, "7" + "f" * 15, "8" + "0" * 15, "f" * 16, None]
    with engine.begin() as connection:
        table.create(connection)
        connection.execute(insert(table), [{"hash": text} for text in texts])
        assert list(connection.execute(select(table.c.hash)).scalars()) == texts
        assert connection.exec_driver_sql("SELECT typeof(hash) FROM hashes LIMIT 1").scalar() == "integer"
    engine.dispose()


def test_moments_come_back_in_utc_whatever_their_zone(connection: Connection) -> None:
    local = MOMENT.astimezone(timezone(timedelta(hours=5, minutes=30)))
    connection.execute(insert(User).values(user_id=2, name="ben", first_seen=local))
    (first, second) = connection.execute(select(User.first_seen).order_by(User.user_id)).scalars()
    assert first == second == MOMENT
    assert second.tzinfo is UTC
    assert UtcDateTime().process_bind_param(None, _DIALECT) is None
    assert UtcDateTime().process_result_value(None, _DIALECT) is None


def _favorite(**values: object) -> dict[str, object]:
    usual = {"user_id": 1, "folder_id": -1, "image_id": 7, "position": 0, "verdict": "new"}
    return {**usual, "first_seen": MOMENT, "shown_at": MOMENT, **values}


@pytest.mark.parametrize(
    ("model", "values"),
    [
        (Image, {"image_id": 8, "status": "lost", "reason": "", "attempts": 0}),
        (Image, {"image_id": 8, "status": "stored", "reason": "", "attempts": 0}),
        (Image, {"image_id": 8, "status": "wanted", "sha256": SHA, "reason": "", "attempts": 0}),
        (Image, {"image_id": 8, "status": "stored", "sha256": "f" * 64, "reason": "", "attempts": 0}),
        (Folder, {"user_id": 1, "folder_id": 5, "name": "x", "kind": "videos", "pages": 0, "first_seen": MOMENT}),
        (Folder, {"user_id": 9, "folder_id": 5, "name": "x", "pages": 0, "first_seen": MOMENT}),
        (StoredFile, {"path": "x.jpg", "sha256": SHA, "layout": "crooked"}),
        (StoredFile, {"path": "x.jpg", "sha256": "f" * 64, "layout": "blobs"}),
        (Favorite, _favorite(image_id=99)),
        (Favorite, _favorite(folder_id=99)),
        (Favorite, _favorite(verdict="false")),
    ],
)
def test_the_database_itself_refuses_what_cannot_be(
    connection: Connection, model: type[Base], values: dict[str, object]
) -> None:
    with pytest.raises(IntegrityError):
        connection.execute(insert(model).values(**values))


def test_a_position_is_given_once_in_a_folder(connection: Connection) -> None:
    connection.execute(insert(Image).values(image_id=8, status="wanted", reason="", attempts=0))
    connection.execute(insert(Favorite).values(**_favorite()))
    with pytest.raises(IntegrityError):
        connection.execute(insert(Favorite).values(**_favorite(image_id=8)))


def test_tags_of_one_name_differ_by_their_parent(connection: Connection) -> None:
    connection.execute(insert(Tag).values(tag_id=1, name="Trees", key="trees"))
    connection.execute(insert(Tag).values(tag_id=2, parent_id=1, name="trees", key="trees"))
    for parent in (None, 1):
        with pytest.raises(IntegrityError), connection.begin_nested():
            connection.execute(insert(Tag).values(parent_id=parent, name="TREES", key="trees"))


def test_a_gallery_stands_once_in_a_folder_and_each_in_its_own_place(connection: Connection) -> None:
    for gallery_id in (70, 71):
        connection.execute(insert(Gallery).values(gallery_id=gallery_id, name="Walks", pages=0, first_seen=MOMENT))
    usual = {"user_id": 1, "folder_id": -1, "first_seen": MOMENT, "shown_at": MOMENT}
    connection.execute(insert(FolderGallery).values(**usual, gallery_id=70, position=0))
    for gallery_id, position in ((70, 1), (71, 0), (99, 1)):
        with pytest.raises(IntegrityError), connection.begin_nested():
            connection.execute(insert(FolderGallery).values(**usual, gallery_id=gallery_id, position=position))


def test_an_image_of_a_gallery_is_there(connection: Connection) -> None:
    connection.execute(insert(Gallery).values(gallery_id=70, name="Walks", pages=0, first_seen=MOMENT))
    connection.execute(insert(GalleryImage).values(gallery_id=70, image_id=7, position=0, first_seen=MOMENT))
    for gallery_id, image_id in ((70, 7), (70, 8), (71, 7)):
        place = {"gallery_id": gallery_id, "image_id": image_id, "position": 1, "first_seen": MOMENT}
        with pytest.raises(IntegrityError), connection.begin_nested():
            connection.execute(insert(GalleryImage).values(**place))


def test_every_status_of_the_program_is_one_of_the_database(connection: Connection) -> None:
    for image_id, status in enumerate(ImageStatus, 100):
        bytes_of = {ImageStatus.STORED: {"sha256": SHA}, ImageStatus.SKIPPED: {"skipped_sha256": SHA}}
        values = {"image_id": image_id, "status": status, "reason": "", "attempts": 0, **bytes_of.get(status, {})}
        connection.execute(insert(Image).values(**values))

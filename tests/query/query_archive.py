"""A small archive with something of everything that queries ask for, and a judge that reads it without SQL."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from sqlalchemy import create_engine

from imagefap_scraper.database.migrations import upgrade
from imagefap_scraper.database.session import database_url, open_writer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlalchemy import Connection

DAY = "2026-10-05 10:00:00.000000"
NAMES = [
    "Sunset beach.jpg",
    "ÄRGER.png",
    "Straße 100%_x.gif",
    "ОГОРОД.jpg",
    "花園.webp",
    None,
    "Rose [1]*?.jpg",
    "rose.JPG",
]


def sha(number: int) -> str:
    return f"{number:04x}" * 16


@contextmanager
def archive(directory: Path) -> Iterator[Connection]:
    """Give a connection to the archive: 40 images of two users in three folders, tags, a gallery, a thrown-out copy."""
    engine = open_writer(database_url(directory))
    upgrade(engine)
    with engine.begin() as connection:
        _fill(connection)
    engine.dispose()
    engine = create_engine(database_url(directory))
    with engine.connect() as connection:
        yield connection
    engine.dispose()


def _fill(connection: Connection) -> None:
    _insert(connection, "users", {"user_id": 1, "name": "Anna", "first_seen": DAY}, {"user_id": 2, "name": "Ünal"})
    for user_id, folder_id, name in ((1, 10, "Flowers"), (1, 11, "Trees"), (2, 20, "FLOWERS")):
        _insert(connection, "folders", {"user_id": user_id, "folder_id": folder_id, "name": name, "pages": 1})
    tags = ((1, None, "plants"), (2, 1, "Trees"), (3, None, "animals"), (4, 3, "trees"), (5, 2, "oaks"))
    for tag_id, parent_id, name in tags:
        _insert(connection, "tags", {"tag_id": tag_id, "parent_id": parent_id, "name": name, "key": name.lower()})
    _insert(connection, "galleries", {"gallery_id": 900, "name": "Garten", "pages": 0})
    group = {"group_id": 1, "kind": "copy", "state": "new", "rev": "", "bytes_to_win": 0, "reasons": "{}"}
    _insert(connection, "duplicate_groups", group)
    for number in range(40):
        _image(connection, number)
    blobs = "UPDATE blobs SET state = 'trashed', kept_as = ? WHERE sha256 = ?"
    connection.exec_driver_sql(blobs, (sha(2), sha(1)))
    images = "UPDATE images SET status = 'skipped', skipped_sha256 = sha256, sha256 = NULL WHERE image_id = 1"
    connection.exec_driver_sql(images)


def _image(connection: Connection, number: int) -> None:
    formats = ("JPEG", "PNG", "GIF", "WEBP")
    stored = number % 10 != 9
    if stored:
        blob = {"sha256": sha(number), "extension": "jpg", "format": formats[number % 4], "size": 1000 * number}
        blob |= {"width": 100 * number, "height": 50, "animated": number % 4 == 2, "unchecked": "", "stored_at": DAY}
        _insert(connection, "blobs", blob)
        _tag_and_group(connection, number)
    image: dict[str, Any] = {
        "image_id": number,
        "status": "stored" if stored else "wanted",
        "reason": "",
        "attempts": 1,
    }
    image |= {"sha256": sha(number) if stored else None, "name": NAMES[number % 8]}
    image |= {"stored_at": f"2026-{1 + number % 12:02}-05 10:00:00.000000" if stored else None}
    image |= {"added": f"20{10 + number % 5}-03-04 05:06:07", "vanished_at": DAY if number % 7 == 3 else None}
    _insert(connection, "images", image)
    # From the last to the first: the folder's order is not the order of the numbers.
    for user_id, folder_id, step in ((1, 10, 2), (1, 11, 3), (2, 20, 5)):
        if number % step == 0:
            place = {"user_id": user_id, "folder_id": folder_id, "image_id": number, "position": 100 - number}
            _insert(
                connection, "favorites", place | {"verdict": "new", "shown_at": DAY, "listed_name": f"listed {number}"}
            )
    if number < 5:
        _insert(connection, "gallery_images", {"gallery_id": 900, "image_id": number, "position": number})


def _tag_and_group(connection: Connection, number: int) -> None:
    for tag_id in (1, 2, 3, 4, 5):
        if number % (tag_id + 1) == 0:
            _insert(connection, "blob_tags", {"sha256": sha(number), "tag_id": tag_id})
    if number % 6 == 1:
        member = {"group_id": 1, "sha256": sha(number), "asked": number % 12 == 1}
        _insert(connection, "duplicate_members", member | {"verdict": "false" if number == 31 else "new"})


def _insert(connection: Connection, table: str, *rows: dict[str, Any]) -> None:
    for row in rows:
        dated = row | ({"first_seen": DAY} if table in _DATED else {})
        names, marks = ", ".join(dated), ", ".join("?" * len(dated))
        connection.exec_driver_sql(f"INSERT INTO {table} ({names}) VALUES ({marks})", tuple(dated.values()))


_DATED = ("users", "folders", "favorites", "galleries", "gallery_images")

"""Whether the database agrees with itself, and what it says of the files. Every function is a question.

Each is answered by single statements that see one moment each, so that a crawl may go on writing meanwhile.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import exists, func, select, union_all
from sqlalchemy.exc import DatabaseError, OperationalError

from imagefap_scraper.database.duplicate_models import Move
from imagefap_scraper.database.models import Blob, Favorite, Folder, Image, Intent, StoredFile
from imagefap_scraper.items import ImageStatus

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlalchemy import Connection

#: Files fetched at a time: about 300 KB of rows.
_FILES_AT_A_TIME = 1000


@dataclass(frozen=True, slots=True)
class KnownFile:
    """A file that the archive wrote; `size` in bytes, None if the row of its bytes is missing."""

    path: str
    layout: str
    sha256: str
    size: int | None


@dataclass(frozen=True, slots=True)
class Dangling:
    """A row that names a row which is not there: the tables' names, and SQLite's number of the first."""

    table: str
    row: int | None
    parent: str


@dataclass(frozen=True, slots=True)
class Counts:
    """How many rows there are; `files` by layout: number and bytes; `intents` are files on the way to their names."""

    folders: int
    favorites: int
    blobs: int
    intents: int
    files: dict[str, tuple[int, int]]


def counts(connection: Connection) -> Counts:
    """Return how many rows there are."""
    folders, favorites, blobs, intents = connection.execute(
        select(*(select(func.count()).select_from(t).scalar_subquery() for t in (Folder, Favorite, Blob, Intent)))
    ).one()
    size = func.coalesce(func.sum(Blob.size), 0)
    rows = connection.execute(
        select(StoredFile.layout, func.count(), size)
        .outerjoin(Blob, Blob.sha256 == StoredFile.sha256)
        .group_by(StoredFile.layout)
    )
    return Counts(folders, favorites, blobs, intents, {layout: (count, total) for layout, count, total in rows})


def integrity(connection: Connection) -> list[str]:
    """Return what SQLite finds wrong with pages, indexes and constraints; at most a hundred lines."""
    lines: list[str] = []
    try:
        for line in connection.exec_driver_sql("PRAGMA integrity_check").scalars():
            lines.append(" ".join(str(line).split()))
    except OperationalError:
        # It is held by another program, or the disk fails.
        raise
    except DatabaseError as error:
        # Some damage ends the check itself.
        lines.append(str(error.orig))
    return [] if lines == ["ok"] else lines


def dangling_rows(connection: Connection) -> list[Dangling]:
    """Return the rows that name a row which is not there."""
    rows = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
    return [Dangling(table, row, parent) for table, row, parent, _ in rows]


def favorites_without_image(connection: Connection) -> list[int]:
    """Return the image numbers that favorites name and no image has."""
    missing = ~exists().where(Image.image_id == Favorite.image_id)
    query = select(Favorite.image_id).where(missing).distinct().order_by(Favorite.image_id)
    return list(connection.execute(query).scalars())


def stored_without_file(connection: Connection) -> list[tuple[int, str]]:
    """Return (image id, SHA-256) of the images that are stored although no layout has a file with their bytes."""
    lacking = ~exists().where(StoredFile.sha256 == Image.sha256)
    query = select(Image.image_id, Image.sha256).where(
        Image.status == ImageStatus.STORED, Image.sha256.is_not(None), lacking
    )
    return [(image_id, str(sha256)) for image_id, sha256 in connection.execute(query.order_by(Image.image_id))]


def status_against_bytes(connection: Connection) -> list[tuple[int, str]]:
    """Return (image id, status) of the images that are stored without bytes, or have bytes and are not stored."""
    stored = Image.status == ImageStatus.STORED
    query = select(Image.image_id, Image.status).where(stored != Image.sha256.is_not(None))
    return [(image_id, status) for image_id, status in connection.execute(query.order_by(Image.image_id))]


def shared_positions(connection: Connection) -> list[tuple[int, int, int, int]]:
    """Return (user id, folder id, position, favorites) where several favorites have one place in a folder."""
    place = (Favorite.user_id, Favorite.folder_id, Favorite.position)
    # The sums keep SQLite off the unique index, which is what may be wrong.
    rows = connection.execute(
        select(*place, func.count()).group_by(*(column + 0 for column in place)).having(func.count() > 1)
    )
    return [(user_id, folder_id, position, count) for user_id, folder_id, position, count in rows]


def known_files(connection: Connection) -> Iterator[KnownFile]:
    """Yield all files by path, in constant memory; no statement stays open between two portions."""
    last = ""
    query = (
        select(StoredFile.path, StoredFile.layout, StoredFile.sha256, Blob.size)
        .outerjoin(Blob, Blob.sha256 == StoredFile.sha256)
        .order_by(StoredFile.path)
        .limit(_FILES_AT_A_TIME)
    )
    rows = connection.execute(query).all()
    while rows:
        for row in rows:
            yield KnownFile(*row)
        last = rows[-1].path
        rows = connection.execute(query.where(StoredFile.path > last)).all()


def known_paths(connection: Connection, paths: Sequence[str]) -> set[str]:
    """Return those of these paths, at most a thousand, that have a row or are about to get one."""
    # One statement: what is on its way becomes a row, and loses its intent, in one transaction.
    query = union_all(
        select(StoredFile.path).where(StoredFile.path.in_(paths)),
        select(Intent.path).where(Intent.path.in_(paths)),
        select(Move.source).where(Move.source.in_(paths)),
    )
    return set(connection.execute(query).scalars())


def moving_files(connection: Connection) -> dict[str, str]:
    """Return where files that a stopped command was moving may still be, by the paths that their rows name."""
    return dict(connection.execute(select(Move.target, Move.source).where(Move.target != "")).all())


def copies(connection: Connection, sha256: str) -> list[KnownFile]:
    """Return every file with these bytes."""
    query = (
        select(StoredFile.path, StoredFile.layout, StoredFile.sha256, Blob.size)
        .outerjoin(Blob, Blob.sha256 == StoredFile.sha256)
        .where(StoredFile.sha256 == sha256)
        .order_by(StoredFile.path)
    )
    return [KnownFile(*row) for row in connection.execute(query)]


def images_of(connection: Connection, sha256: str) -> list[int]:
    """Return the images behind which these bytes are, by number."""
    query = select(Image.image_id).where(Image.sha256 == sha256).order_by(Image.image_id)
    return list(connection.execute(query).scalars())


def blob_state(connection: Connection, sha256: str) -> str | None:
    """Return whether a blob is `live`, `trashed` or `purged`; None if it has no row."""
    return connection.execute(select(Blob.state).where(Blob.sha256 == sha256)).scalar()


def fetchable_images(connection: Connection, sha256: str) -> list[int]:
    """Return those of the images behind which these bytes are that the site may still have, by number.

    Those below 0 never were there, and of those that vanished nothing is left to fetch.
    """
    query = select(Image.image_id).where(Image.sha256 == sha256, Image.image_id > 0, Image.vanished_at.is_(None))
    return list(connection.execute(query.order_by(Image.image_id)).scalars())

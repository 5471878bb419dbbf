"""What `stats` and `print` show. Every function is a question; all of them only read."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import distinct, func, select

from imagefap_scraper.database.duplicate_models import DuplicateGroup, DuplicateMember
from imagefap_scraper.database.models import (
    Blob,
    BlobTag,
    Favorite,
    Folder,
    Image,
    Tag,
    User,
)
from imagefap_scraper.database.reads import status_counts
from imagefap_scraper.items import ImageStatus

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from sqlalchemy import ColumnElement, Connection

#: The original program's four verdicts on a member of a group of look-alikes.
VERDICTS = ("new", "keep", "skip", "false")

#: Favorites fetched at a time: about 200 KB of rows, whatever the folder holds.
_FAVORITES_AT_A_TIME = 1000


@dataclass(frozen=True, slots=True)
class Totals:
    """The archive in numbers.

    `images` counts distinct image ids by status, `exact_duplicates` the stored ones among them that brought no bytes
    of their own; `blob_bytes` is in bytes.
    """

    users: int
    folders: int
    favorites: int
    images: dict[str, int]
    blobs: int
    blob_bytes: int
    animated: int
    exact_duplicates: int


@dataclass(frozen=True, slots=True)
class Spread:
    """How a quantity is spread over the blobs that have it (bytes, pixels); all 0 if none has.

    `deviation` is the standard deviation of the whole population, not the estimate from a sample.
    """

    count: int
    total: int
    least: int
    most: int
    mean: float
    deviation: float


@dataclass(frozen=True, slots=True)
class Dates:
    """How many folders have a date, with the oldest and the newest."""

    count: int
    oldest: datetime | None
    newest: datetime | None


@dataclass(frozen=True, slots=True)
class Holding:
    """What a user or a folder holds.

    `favorites` counts rows, `unlisted` those among them that the site no longer lists, `images` distinct image ids by
    status, `size` the bytes behind them, each blob once.
    """

    favorites: int
    unlisted: int
    images: dict[str, int]
    size: int


@dataclass(frozen=True, slots=True)
class FavoriteRow:
    """One favorite with its image; `name` is the whole name, else the listed one; `size` in bytes."""

    position: int
    image_id: int
    name: str | None
    sha256: str | None
    status: str
    reason: str
    size: int | None
    unlisted: bool


@dataclass(frozen=True, slots=True)
class TagCount:
    """A tag with the number and the bytes of the live blobs that carry it themselves; `depth` 0 is a root."""

    depth: int
    name: str
    blobs: int
    size: int


def begin_snapshot(connection: Connection) -> None:
    """Let everything that is asked from here on see one moment, although a crawl goes on writing."""
    connection.exec_driver_sql("BEGIN")


def totals(connection: Connection) -> Totals:
    """Return the archive in numbers."""
    images = {str(status): count for status, count in status_counts(connection).items()}
    blobs, size, animated = connection.execute(
        select(func.count(), func.coalesce(func.sum(Blob.size), 0), func.count().filter(Blob.animated))
    ).one()
    behind = connection.execute(select(func.count(distinct(Image.sha256)))).scalar_one()
    return Totals(
        users=_count(connection, User),
        folders=_count(connection, Folder),
        favorites=_count(connection, Favorite),
        images=images,
        blobs=blobs,
        blob_bytes=size,
        animated=animated,
        exact_duplicates=images[ImageStatus.STORED] - behind,
    )


def _count(connection: Connection, table: type[Any]) -> int:
    return int(connection.execute(select(func.count()).select_from(table)).scalar_one())


def file_sizes(connection: Connection) -> Spread:
    """Return how the sizes of the blobs are spread, in bytes."""
    return _spread(connection, Blob.size)


def pixel_sizes(connection: Connection) -> Spread:
    """Return how width times height is spread over the blobs whose dimensions are known, in pixels."""
    return _spread(connection, Blob.width * Blob.height)


def _spread(connection: Connection, quantity: Any) -> Spread:
    count, total, least, most, mean, square = connection.execute(
        select(
            func.count(quantity),
            func.sum(quantity),
            func.min(quantity),
            func.max(quantity),
            func.avg(quantity),
            func.avg(quantity * quantity),
        )
    ).one()
    if not count:
        return Spread(0, 0, 0, 0, 0.0, 0.0)
    # Rounding may leave the difference a little below 0 where all are equal.
    deviation = math.sqrt(max(0.0, float(square) - float(mean) ** 2))
    return Spread(count, total, least, most, float(mean), deviation)


def folder_dates(connection: Connection) -> dict[str, Dates]:
    """Return how many folders were listed through, and finished in each layout, and when."""
    columns = {"listed": Folder.listed_at, "blobs": Folder.finished_blobs, "straight": Folder.finished_straight}
    return {
        name: Dates(*connection.execute(select(func.count(column), func.min(column), func.max(column))).one())
        for name, column in columns.items()
    }


def failure_reasons(connection: Connection) -> list[tuple[str, int]]:
    """Return (reason, images) of the failed images, the most frequent first."""
    count = func.count()
    rows = connection.execute(
        select(Image.reason, count)
        .where(Image.status == ImageStatus.FAILED)
        .group_by(Image.reason)
        .order_by(count.desc(), Image.reason)
    )
    return [(reason, images) for reason, images in rows]


def duplicate_counts(connection: Connection) -> tuple[int, dict[str, int]]:
    """Return the number of groups of look-alikes, and of their members by verdict."""
    rows = connection.execute(select(DuplicateMember.verdict, func.count()).group_by(DuplicateMember.verdict))
    return _count(connection, DuplicateGroup), dict.fromkeys(VERDICTS, 0) | dict(rows.all())


def duplicate_states(connection: Connection) -> dict[str, tuple[int, int]]:
    """Return the number of groups of look-alikes and the bytes that they could win, by state."""
    query = select(DuplicateGroup.state, func.count(), func.sum(DuplicateGroup.bytes_to_win))
    return {state: (count, size) for state, count, size in connection.execute(query.group_by(DuplicateGroup.state))}


def trash_counts(connection: Connection) -> tuple[int, int]:
    """Return the number of blobs in the trash and their bytes."""
    query = select(func.count(), func.coalesce(func.sum(Blob.size), 0)).where(Blob.state == "trashed")
    count, size = connection.execute(query).one()
    return count, size


def tag_counts(connection: Connection) -> tuple[int, int]:
    """Return the number of tags, and of the live blobs that carry at least one."""
    carrying = select(func.count(distinct(BlobTag.sha256))).join(Blob, Blob.sha256 == BlobTag.sha256)
    tagged = connection.execute(carrying.where(Blob.state == "live")).scalar_one()
    return _count(connection, Tag), int(tagged)


def users(connection: Connection) -> list[tuple[int, str]]:
    """Return (user id, name) of every user, by name."""
    rows = connection.execute(select(User.user_id, User.name)).all()
    return sorted(((row.user_id, row.name) for row in rows), key=lambda user: (user[1].casefold(), user))


def folders(connection: Connection, user_id: int) -> list[Folder]:
    """Return a user's folders in the order in which they became known; detached rows, for reading alone."""
    columns = list(Folder.__table__.columns)
    rows = connection.execute(
        select(*columns).where(Folder.user_id == user_id).order_by(Folder.first_seen, Folder.folder_id)
    )
    return [Folder(**row) for row in rows.mappings()]


def holding(connection: Connection, user_id: int, folder_id: int | None = None) -> Holding:
    """Return what a folder holds, or all of a user's folders together."""
    here: list[ColumnElement[bool]] = [Favorite.user_id == user_id]
    if folder_id is not None:
        here.append(Favorite.folder_id == folder_id)
    favorites, unlisted = connection.execute(select(func.count(), func.count(Favorite.unlisted_at)).where(*here)).one()
    images = connection.execute(
        select(Image.status, func.count(distinct(Image.image_id)))
        .join(Favorite, Favorite.image_id == Image.image_id)
        .where(*here)
        .group_by(Image.status)
    )
    counts = {str(status): 0 for status in ImageStatus} | dict(images.all())
    behind = select(Image.sha256).join(Favorite, Favorite.image_id == Image.image_id).where(*here)
    size = connection.execute(select(func.coalesce(func.sum(Blob.size), 0)).where(Blob.sha256.in_(behind))).scalar_one()
    return Holding(favorites, unlisted, counts, size)


def favorites(connection: Connection, user_id: int, folder_id: int) -> Iterator[FavoriteRow]:
    """Yield a folder's favorites in its order, in constant memory.

    No statement stays open between two portions: a reader that pauses (a pager, say) keeps no old pages of the
    database alive while a crawl writes. Positions only grow, so none is missed or comes twice.
    """
    position = -1
    query = (
        select(
            Favorite.position,
            Favorite.image_id,
            func.coalesce(Image.name, Favorite.listed_name),
            Image.sha256,
            Image.status,
            Image.reason,
            Blob.size,
            Favorite.unlisted_at.is_not(None),
        )
        .join(Image, Image.image_id == Favorite.image_id)
        .outerjoin(Blob, Blob.sha256 == Image.sha256)
        .where(Favorite.user_id == user_id, Favorite.folder_id == folder_id)
        .order_by(Favorite.position)
        .limit(_FAVORITES_AT_A_TIME)
    )
    while rows := connection.execute(query.where(Favorite.position > position)).all():
        for row in rows:
            yield FavoriteRow(*row)
        position = rows[-1].position


def tag_tree(connection: Connection) -> list[TagCount]:
    """Return the tags, each behind its parent and siblings by name, with what carries them."""
    rows = connection.execute(
        select(Tag.tag_id, Tag.parent_id, Tag.name, func.count(Blob.sha256), func.coalesce(func.sum(Blob.size), 0))
        .outerjoin(BlobTag, BlobTag.tag_id == Tag.tag_id)
        .outerjoin(Blob, (Blob.sha256 == BlobTag.sha256) & (Blob.state == "live"))
        .group_by(Tag.tag_id)
        .order_by(Tag.key.desc())
    ).all()
    children: dict[int | None, list[Any]] = {}
    for row in rows:
        children.setdefault(row.parent_id, []).append(row)
    tree = []
    # A stack instead of recursion: nothing limits how deep tags nest. The last one is the next one, hence desc().
    waiting = [(0, row) for row in children.get(None, [])]
    while waiting:
        depth, row = waiting.pop()
        tree.append(TagCount(depth, *row[2:]))
        waiting += [(depth + 1, child) for child in children.get(row.tag_id, [])]
    return tree

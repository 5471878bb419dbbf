"""The trash page by page; every function is a question."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import func, select
from sqlalchemy.orm import aliased

from imagefap_scraper.database._parts import in_parts
from imagefap_scraper.database.models import Blob, Image

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import Connection


class TrashRow(NamedTuple):
    """A picture in the trash: bytes and pixels, when it went, and what was kept instead, with the same of it."""

    sha256: str
    size: int
    width: int | None
    height: int | None
    format: str
    trashed_at: datetime
    kept_as: str
    kept_size: int
    kept_width: int | None
    kept_height: int | None


def rows(connection: Connection, offset: int, limit: int) -> list[TrashRow]:
    """Return what is in the trash, the latest first."""
    kept = aliased(Blob)
    own = (Blob.sha256, Blob.size, Blob.width, Blob.height, Blob.format, Blob.trashed_at, Blob.kept_as)
    columns: tuple[Any, ...] = (*own, kept.size, kept.width, kept.height)
    query = (
        select(*columns)
        .join(kept, kept.sha256 == Blob.kept_as)
        .where(Blob.state == "trashed")
        .order_by(Blob.trashed_at.desc(), Blob.sha256)
    )
    return [TrashRow(*tuple(row)) for row in connection.execute(query.offset(offset).limit(limit))]


def names(connection: Connection, sha256s: Sequence[str]) -> dict[str, str]:
    """Return a name of each of these pictures in the trash that has one."""
    found: dict[str, str] = {}
    for some in in_parts(sorted(set(sha256s))):
        query = select(Image.skipped_sha256, func.min(Image.name)).where(
            Image.skipped_sha256.in_(some), Image.name.is_not(None)
        )
        rows = connection.execute(query.group_by(Image.skipped_sha256))
        found |= {sha256: name for sha256, name in rows if sha256 and name}
    return found


def total(connection: Connection, before: datetime | None = None) -> tuple[int, int]:
    """Return how many pictures are in the trash, and their bytes; only those that went before a moment, if given."""
    query = select(func.count(), func.coalesce(func.sum(Blob.size), 0)).where(Blob.state == "trashed")
    if before is not None:
        query = query.where(Blob.trashed_at < before)
    count, size = connection.execute(query).one()
    return int(count), int(size)

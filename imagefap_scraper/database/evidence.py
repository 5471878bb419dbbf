"""What the machine sees: hashes, looks and pairs. All of it may be computed again at any time."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, bindparam, delete, func, or_, select, update
from sqlalchemy.dialects.sqlite import insert

from imagefap_scraper.database._parts import in_parts
from imagefap_scraper.database.duplicate_models import Look, Pair
from imagefap_scraper.database.models import Blob, StoredFile

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlalchemy import ColumnElement, Connection


@dataclass(frozen=True, slots=True)
class HashRow:
    """A picture that can be compared; hashes as signed 64-bit integers, `searched` in bits.

    `kept_as` is set for one that was thrown out: what is like it is asked together with what was kept.
    """

    sha256: str
    phash: int
    dhash: int
    animated: bool
    searched: int | None
    kept_as: str | None = None


@dataclass(frozen=True, slots=True)
class BlobFile:
    """A blob and one file of it, relative to the output directory; `size` in bytes."""

    sha256: str
    path: str
    size: int


@dataclass(frozen=True, slots=True)
class PairRow:
    """A row of `pairs`: two blobs that look alike; units as there."""

    first: str
    second: str
    distance: int
    dhash_distance: int
    orientation: int
    kind: str
    peak: float | None
    details: dict[str, Any]
    hash_version: int
    look_version: int


@dataclass(frozen=True, slots=True)
class LookRow:
    """A row of `looks`: what a second look found out about a picture."""

    sha256: str
    look_version: int
    facts: dict[str, Any]
    pixels_sha256: str | None


_LIVE = Blob.state == "live"


def hash_rows(connection: Connection, version: int) -> list[HashRow]:
    """Return the pictures whose hashes are of this version and mean something, in the order of their SHA-256."""
    rows = connection.exec_driver_sql(
        "SELECT sha256, phash, dhash, animated, searched, kept_as FROM blobs "
        "WHERE phash IS NOT NULL AND hash_version = ? AND NOT flat ORDER BY sha256",
        (version,),
    )
    return [HashRow(*row) for row in rows]


def _unhashed(version: int) -> ColumnElement[bool]:
    old = or_(Blob.hash_version.is_(None), Blob.hash_version != version)
    # What exceeded a limit is never decoded.
    return and_(_LIVE, Blob.unchecked == "", old)


def count_unhashed(connection: Connection, version: int) -> int:
    """Return how many live pictures have no hashes of this version although they may be decoded."""
    has_file = select(StoredFile.sha256).where(StoredFile.sha256 == Blob.sha256).exists()
    return connection.execute(select(func.count()).select_from(Blob).where(_unhashed(version), has_file)).scalar_one()


def unhashed_files(connection: Connection, version: int, after: str, limit: int) -> list[BlobFile]:
    """Return a file of each live picture without hashes of this version, by SHA-256 behind `after`."""
    query = (
        select(Blob.sha256, func.min(StoredFile.path), Blob.size)
        .join(StoredFile, StoredFile.sha256 == Blob.sha256)
        .where(_unhashed(version), Blob.sha256 > after)
        .group_by(Blob.sha256)
        .order_by(Blob.sha256)
        .limit(limit)
    )
    return [BlobFile(*row) for row in connection.execute(query)]


def record_hashes(connection: Connection, rows: Sequence[dict[str, Any]]) -> None:
    """Write hashes: rows of sha256, phash, dhash, hash_version, flat. They are compared by the next search."""
    if rows:
        statement = (
            update(Blob)
            .where(Blob.sha256 == bindparam("of"))
            .values(
                phash=bindparam("phash"),
                dhash=bindparam("dhash"),
                hash_version=bindparam("hash_version"),
                flat=bindparam("flat"),
                searched=None,
            )
        )
        connection.execute(statement, [{"of": row["sha256"], **row} for row in rows])


def record_unreadable(connection: Connection, sha256s: Sequence[str], reason: str) -> None:
    """Note that pictures cannot be decoded within the limits: nobody tries again."""
    for some in in_parts(sha256s):
        connection.execute(update(Blob).where(Blob.sha256.in_(some)).values(unchecked=reason))


def files_of(connection: Connection, sha256s: Sequence[str]) -> dict[str, BlobFile]:
    """Return a file of each of these blobs that has one."""
    found: dict[str, BlobFile] = {}
    for some in in_parts(sha256s):
        query = (
            select(Blob.sha256, func.min(StoredFile.path), Blob.size)
            .join(StoredFile, StoredFile.sha256 == Blob.sha256)
            .where(Blob.sha256.in_(some))
            .group_by(Blob.sha256)
        )
        found |= {row[0]: BlobFile(*row) for row in connection.execute(query)}
    return found


def looks_of(connection: Connection, sha256s: Sequence[str]) -> dict[str, LookRow]:
    """Return what second looks found out about these blobs."""
    found: dict[str, LookRow] = {}
    for some in in_parts(sha256s):
        rows = connection.execute(select(*Look.__table__.columns).where(Look.sha256.in_(some)))
        found |= {row.sha256: LookRow(*row) for row in rows}
    return found


def record_looks(connection: Connection, looks: Iterable[LookRow]) -> None:
    """Write what second looks found out; a hash of pixels that is known stays."""
    rows = [asdict(look) for look in looks]
    if rows:
        statement = insert(Look)
        new = statement.excluded
        changes = {
            "look_version": new.look_version,
            "facts": new.facts,
            "pixels_sha256": func.coalesce(new.pixels_sha256, Look.pixels_sha256),
        }
        connection.execute(statement.on_conflict_do_update(index_elements=[Look.sha256], set_=changes), rows)


def compared_pairs(connection: Connection, hash_version: int, look_version: int) -> set[tuple[str, str]]:
    """Return the pairs that were compared by these versions."""
    rows = connection.execute(
        select(Pair.first, Pair.second).where(Pair.hash_version == hash_version, Pair.look_version == look_version)
    )
    return {(first, second) for first, second in rows}


def record_pairs(connection: Connection, pairs: Iterable[PairRow]) -> None:
    """Write pairs; what was seen of the same two before is replaced."""
    rows = [asdict(pair) for pair in pairs]
    if rows:
        statement = insert(Pair)
        changes = {name: statement.excluded[name] for name in rows[0] if name not in ("first", "second")}
        connection.execute(
            statement.on_conflict_do_update(index_elements=[Pair.first, Pair.second], set_=changes), rows
        )


def forget_old_pairs(connection: Connection, hash_version: int, look_version: int) -> None:
    """Remove the pairs that other versions saw."""
    other = or_(Pair.hash_version != hash_version, Pair.look_version != look_version)
    connection.execute(delete(Pair).where(other))


def forget_far_pairs(connection: Connection, phash: int, dhash: int) -> None:
    """Remove the pairs that are within neither distance (bits)."""
    connection.execute(delete(Pair).where(Pair.distance > phash, Pair.dhash_distance > dhash))


def mark_searched(connection: Connection, sha256s: Sequence[str], distance: int) -> None:
    """Note within which distance (bits) these pictures have been compared with all others."""
    for some in in_parts(sha256s):
        connection.execute(update(Blob).where(Blob.sha256.in_(some)).values(searched=distance))

"""How far apart the pairs on record are: what a limit of the search is chosen by. Every function is a question."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import func, select
from sqlalchemy.orm import aliased

from imagefap_scraper.database.duplicate_models import DuplicateMember, Pair
from imagefap_scraper.database.models import Blob

if TYPE_CHECKING:
    from sqlalchemy import Connection


_ENDS = (Pair.first, Pair.second)


class PairSample(NamedTuple):
    """A pair; `group` is one that holds both now, None without one."""

    first: str
    second: str
    kind: str
    distance: int
    dhash_distance: int
    peak: float | None
    group: int | None


def counts(connection: Connection) -> dict[tuple[int, str], int]:
    """Return how many pairs there are of each distance (bits of PHash) and kind."""
    query = select(Pair.distance, Pair.kind, func.count()).group_by(Pair.distance, Pair.kind)
    return {(distance, kind): count for distance, kind, count in connection.execute(query)}


def groups_within(connection: Connection, largest: int) -> list[int]:
    """Return how many groups have a pair within each distance, from 0 to the largest (bits of PHash)."""
    one, other = aliased(DuplicateMember), aliased(DuplicateMember)
    nearest = (
        select(one.group_id, func.min(Pair.distance).label("distance"))
        .select_from(Pair)
        .join(one, one.sha256 == Pair.first)
        .join(other, (other.sha256 == Pair.second) & (other.group_id == one.group_id))
        .group_by(one.group_id)
        .subquery()
    )
    rows = connection.execute(select(nearest.c.distance, func.count()).group_by(nearest.c.distance))
    found = {int(distance): int(count) for distance, count in rows}
    return [sum(count for distance, count in found.items() if distance <= bits) for bits in range(largest + 1)]


def samples(connection: Connection, distance: int, limit: int) -> list[PairSample]:
    """Return some pairs of just this distance (bits of PHash), of which both pictures are there.

    Those that differ most come first, for they are the ones that a limit is about.
    """
    one, other = aliased(DuplicateMember), aliased(DuplicateMember)
    live = [select(Blob.sha256).where(Blob.sha256 == end, Blob.state == "live").exists() for end in _ENDS]
    group = (
        select(func.min(one.group_id))
        .join(other, other.group_id == one.group_id)
        .where(one.sha256 == Pair.first, other.sha256 == Pair.second)
        .scalar_subquery()
    )
    query = (
        select(Pair.first, Pair.second, Pair.kind, Pair.distance, Pair.dhash_distance, Pair.peak, group)
        .where(Pair.distance == distance, *live)
        .order_by(Pair.peak.desc().nulls_last(), Pair.first, Pair.second)
        .limit(limit)
    )
    return [PairSample(*row) for row in connection.execute(query)]


def searched(connection: Connection) -> int | None:
    """Return within which distance (bits) the last search has compared; None before the first."""
    return connection.execute(select(func.max(Blob.searched))).scalar_one()

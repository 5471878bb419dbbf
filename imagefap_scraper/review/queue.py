"""What is asked of groups beside `database.groups`: which are listed, in which order; all of it only reads."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal

from sqlalchemy import and_, case, func, or_, select

from imagefap_scraper.database import groups as stored
from imagefap_scraper.database._parts import in_parts
from imagefap_scraper.database.duplicate_models import Action, DuplicateGroup
from imagefap_scraper.database.models import Blob
from imagefap_scraper.dedup.kinds import GroupState, PairKind
from imagefap_scraper.exceptions import NotFoundError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from sqlalchemy import ColumnElement, Connection

    from imagefap_scraper.database.groups import StoredGroup

Order = Literal["gain", "new", "sure"]

#: States in which a group asks something today.
ASKING = (GroupState.NEW, GroupState.SUGGESTED, GroupState.REOPENED)

#: What is listed unless a class is asked for: what a second look has confirmed.
SURE = tuple(str(kind) for kind in PairKind if kind is not PairKind.LOOK_ALIKE)

#: From the surest kind to the least sure.
SURENESS = case({str(kind): rank for rank, kind in enumerate(PairKind)}, value=DuplicateGroup.kind)

#: Groups read at a time: few at first, so that the first lines do not wait for the last.
_FIRST, _THEN = 50, 500


def listed(
    connection: Connection, kinds: Collection[str], states: Collection[str], order: Order
) -> list[tuple[int, int]]:
    """Return (number, bytes to win) of the groups of these kinds and states, in order.

    Without kinds all but mere look-alikes, most of which are not the same picture. Without states those that ask
    something, among them what was put aside until a day that has come. `gain` puts the most to win first, `new` the
    newest, `sure` the surest kind, and of a kind what is ahead by most points.
    """
    query = select(DuplicateGroup.group_id, DuplicateGroup.bytes_to_win)
    query = query.where(DuplicateGroup.kind.in_(kinds or SURE), _in(states))
    orders: dict[Order, list[Any]] = {
        "gain": [DuplicateGroup.bytes_to_win.desc()],
        "new": [DuplicateGroup.group_id.desc()],
        "sure": [SURENESS, DuplicateGroup.margin.desc().nulls_last()],
    }
    return [
        (number, size) for number, size in connection.execute(query.order_by(*orders[order], DuplicateGroup.group_id))
    ]


def count_look_alikes(connection: Connection, states: Collection[str]) -> int:
    """Return how many groups in these states (see `listed`) are mere look-alikes."""
    query = select(func.count()).select_from(DuplicateGroup)
    return connection.execute(query.where(DuplicateGroup.kind == PairKind.LOOK_ALIKE, _in(states))).scalar_one()


def _in(states: Collection[str]) -> ColumnElement[bool]:
    return DuplicateGroup.state.in_(states) if states else asks()


def asks() -> ColumnElement[bool]:
    """Return the condition that a group asks something today, also one put aside until a day that has come."""
    due = DuplicateGroup.deferred_until <= datetime.now(UTC)
    return or_(DuplicateGroup.state.in_(ASKING), and_(DuplicateGroup.state == GroupState.DEFERRED, due))


def in_turn(connection: Connection, group_ids: Sequence[int]) -> Iterator[list[StoredGroup]]:
    """Yield groups in the order of their numbers given, some at a time; those that vanished meanwhile are left out."""
    start, size = 0, _FIRST
    while some := group_ids[start : start + size]:
        found = {group.group_id: group for group in stored.groups(connection, some)}
        yield [found[group_id] for group_id in some if group_id in found]
        start, size = start + size, _THEN


def group(connection: Connection, group_id: int) -> StoredGroup:
    """Return a group.

    Raises:
        NotFoundError: there is none of that number.
    """
    for found in stored.groups(connection, [group_id]):
        return found
    raise NotFoundError(f"there is no group {group_id}; `process.py dups list` shows those that there are")


def live_bytes(connection: Connection, sha256s: Collection[str]) -> tuple[int, int]:
    """Return how many of these blobs are live, and their bytes."""
    count = size = 0
    for some in in_parts(sorted(sha256s)):
        query = select(func.count(), func.coalesce(func.sum(Blob.size), 0))
        found = connection.execute(query.where(Blob.sha256.in_(some), Blob.state == "live")).one()
        count, size = count + found[0], size + found[1]
    return count, size


def batches(connection: Connection, limit: int | None) -> list[Any]:
    """Return the batches of the journal, the latest first.

    Rows of batch, at, actor, kind, actions, bytes, summary (of the last action), undone (how many of the actions are),
    undoes (the first action that it took back, if it is an undoing).
    """
    # SQLite takes the columns that are not aggregated from the row with the maximum.
    query = (
        select(
            Action.batch,
            func.max(Action.action_id),
            Action.at,
            Action.actor,
            Action.kind,
            func.count().label("actions"),
            func.sum(Action.bytes_moved).label("bytes"),
            Action.summary,
            func.count(Action.undone_by).label("undone"),
            func.min(Action.undoes).label("undoes"),
        )
        .group_by(Action.batch)
        .order_by(Action.batch.desc())
        .limit(limit)
    )
    return list(connection.execute(query))

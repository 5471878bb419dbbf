"""The journal page by page, a batch a line; every function is a question."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select

from imagefap_scraper.database._parts import in_parts
from imagefap_scraper.database.duplicate_models import Action

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection


def batches(connection: Connection, before: int | None, limit: int) -> list[Any]:
    """Return batches, the latest first; only those with a number less than `before`, if that is given.

    Rows of batch, last (its latest action), actions, bytes, undone (how many of the actions are), undoes (the first
    action that it took back, if it is an undoing), last_undoing (the latest action that took one of its actions back).
    """
    query = select(
        Action.batch,
        func.max(Action.action_id).label("last"),
        func.count().label("actions"),
        func.sum(Action.bytes_moved).label("bytes"),
        func.count(Action.undone_by).label("undone"),
        func.min(Action.undoes).label("undoes"),
        func.max(Action.undone_by).label("last_undoing"),
    ).group_by(Action.batch)
    if before is not None:
        query = query.where(Action.batch < before)
    return list(connection.execute(query.order_by(Action.batch.desc()).limit(limit)))


def count(connection: Connection) -> int:
    """Return how many batches there are."""
    return int(connection.execute(select(func.count(func.distinct(Action.batch)))).scalar_one())


def by_number(connection: Connection, action_ids: Sequence[int]) -> dict[int, Any]:
    """Return actions by their numbers: rows of action_id, batch, at, actor, kind, summary."""
    found: dict[int, Any] = {}
    columns = (Action.action_id, Action.batch, Action.at, Action.actor, Action.kind, Action.summary)
    for some in in_parts(sorted(set(action_ids))):
        found |= {row.action_id: row for row in connection.execute(select(*columns).where(Action.action_id.in_(some)))}
    return found


def actions(connection: Connection, batch: int, limit: int) -> list[Any]:
    """Return the actions of a batch, the latest first: rows of action_id, kind, summary, bytes_moved, undone_by."""
    columns = (Action.action_id, Action.kind, Action.summary, Action.bytes_moved, Action.undone_by)
    query = select(*columns).where(Action.batch == batch).order_by(Action.action_id.desc()).limit(limit)
    return list(connection.execute(query))

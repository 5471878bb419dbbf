"""Groups of look-alikes: what they are derived from, and how they are kept. Every function is a question."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, or_, select

from imagefap_scraper.database._parts import in_parts
from imagefap_scraper.database.duplicate_models import (
    Denial,
    DuplicateGroup,
    DuplicateMember,
    KnownRelation,
    Pair,
    RuleMode,
)
from imagefap_scraper.database.models import Blob

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence
    from datetime import datetime

    from sqlalchemy import Connection


@dataclass(frozen=True, slots=True)
class StoredGroup:
    """A group as it is kept; `members` are (SHA-256, verdict, asked)."""

    group_id: int
    kind: str
    state: str
    rev: str
    bytes_to_win: int
    suggestion: str | None
    margin: int | None
    reasons: dict[str, Any]
    rule: str | None
    deferred_until: datetime | None
    members: tuple[tuple[str, str, bool], ...]


_GROUP = list(DuplicateGroup.__table__.columns)
_ENDS = (Pair.first, Pair.second)


def groups(connection: Connection, group_ids: Sequence[int] | None = None) -> list[StoredGroup]:
    """Return groups with their members, by number; all of them without `group_ids`."""
    if group_ids is None:
        return _groups(connection, None)
    return [group for some in in_parts(sorted(group_ids)) for group in _groups(connection, some)]


def _groups(connection: Connection, group_ids: Sequence[int] | None) -> list[StoredGroup]:
    members: dict[int, list[tuple[str, str, bool]]] = {}
    query = select(
        DuplicateMember.group_id, DuplicateMember.sha256, DuplicateMember.verdict, DuplicateMember.asked
    ).order_by(DuplicateMember.group_id, DuplicateMember.sha256)
    rows = select(*_GROUP).order_by(DuplicateGroup.group_id)
    if group_ids is not None:
        query = query.where(DuplicateMember.group_id.in_(group_ids))
        rows = rows.where(DuplicateGroup.group_id.in_(group_ids))
    for group_id, sha256, verdict, asked in connection.execute(query):
        members.setdefault(group_id, []).append((sha256, verdict, bool(asked)))
    return [
        StoredGroup(**row, members=tuple(members.get(row["group_id"], ())))
        for row in connection.execute(rows).mappings()
    ]


def group_ids(
    connection: Connection, *, kinds: Collection[str] = (), states: Collection[str] = (), by_gain: bool = False
) -> list[int]:
    """Return the numbers of the groups of these kinds and states (any, if none is named), or the most to win first."""
    query = select(DuplicateGroup.group_id)
    if kinds:
        query = query.where(DuplicateGroup.kind.in_(kinds))
    if states:
        query = query.where(DuplicateGroup.state.in_(states))
    order = [DuplicateGroup.bytes_to_win.desc()] if by_gain else []
    return list(connection.execute(query.order_by(*order, DuplicateGroup.group_id)).scalars())


def groups_with(connection: Connection, sha256s: Collection[str]) -> list[int]:
    """Return the numbers of the groups that hang together by way of any of these blobs: it is no `false`, or asked."""
    here = or_(DuplicateMember.verdict != "false", DuplicateMember.asked)
    found: set[int] = set()
    for some in in_parts(sorted(sha256s)):
        query = select(DuplicateMember.group_id).distinct().where(DuplicateMember.sha256.in_(some), here)
        found |= set(connection.execute(query).scalars())
    return sorted(found)


def groups_naming(connection: Connection, sha256: str) -> list[int]:
    """Return the numbers of the groups that have a verdict on a blob, or ask for one."""
    query = select(DuplicateMember.group_id).where(DuplicateMember.sha256 == sha256)
    return list(connection.execute(query.order_by(DuplicateMember.group_id)).scalars())


def neighbours(connection: Connection, sha256s: Collection[str]) -> set[str]:
    """Return the blobs that look like any of these, as far as the machine sees."""
    return {
        sha256
        for some in in_parts(sorted(sha256s))
        for here, there in (_ENDS, _ENDS[::-1])
        for sha256 in connection.execute(select(there).where(here.in_(some))).scalars()
    }


def asked_among(connection: Connection, sha256s: Collection[str]) -> set[str]:
    """Return those of some blobs that are in question in a group."""
    asked = select(DuplicateMember.sha256).where(DuplicateMember.asked)
    return {
        sha256
        for some in in_parts(sorted(sha256s))
        for sha256 in connection.execute(asked.where(DuplicateMember.sha256.in_(some))).scalars()
    }


def next_group_id(connection: Connection) -> int:
    """Return the number of the next group."""
    return int(connection.execute(select(func.coalesce(func.max(DuplicateGroup.group_id), 0))).scalar_one()) + 1


def pairs(connection: Connection, phash: int, dhash: int, among: Collection[str] | None = None) -> Iterator[Any]:
    """Yield the rows of `pairs` between live blobs within a distance (bits) of PHash or DHash, or among some alone."""
    # Asked pair by pair: a list of all that is live would be made for each of them.
    alive = [select(Blob.sha256).where(Blob.sha256 == one, Blob.state == "live").exists() for one in _ENDS]
    near = or_(Pair.distance <= phash, Pair.dhash_distance <= dhash)
    query = select(*Pair.__table__.columns).where(near, *alive).order_by(*_ENDS)
    if among is None:
        yield from connection.execute(query)
        return
    wanted = set(among)
    for some in in_parts(sorted(wanted)):
        yield from (row for row in connection.execute(query.where(Pair.first.in_(some))) if row.second in wanted)


def relations(connection: Connection, around: Collection[str] | None = None) -> list[tuple[str, str, str]]:
    """Return what is known of pairs; around some blobs, and around those that are the same as they, if named."""
    columns = (KnownRelation.first, KnownRelation.second, KnownRelation.kind)
    order = (KnownRelation.first, KnownRelation.second)
    if around is None:
        return [(a, b, kind) for a, b, kind in connection.execute(select(*columns).order_by(*order))]
    found: dict[tuple[str, str], str] = {}
    seen: set[str] = set()
    waiting = set(around)
    while waiting:
        seen |= waiting
        rows: list[Any] = []
        for some in in_parts(sorted(waiting)):
            here = or_(KnownRelation.first.in_(some), KnownRelation.second.in_(some))
            rows += connection.execute(select(*columns).where(here)).all()
        found |= {(first, second): kind for first, second, kind in rows}
        waiting = {sha256 for first, second, kind in rows if kind == "same" for sha256 in (first, second)} - seen
    return [(first, second, kind) for (first, second), kind in sorted(found.items())]


def denials(connection: Connection) -> dict[str, set[tuple[str, str]]]:
    """Return the pairs for which each rule was denied."""
    found: dict[str, set[tuple[str, str]]] = {}
    for rule, first, second in connection.execute(select(Denial.rule, Denial.first, Denial.second)):
        found.setdefault(rule, set()).add((first, second))
    return found


def rule_modes(connection: Connection) -> dict[str, str]:
    """Return the modes of the rules that are not as shipped."""
    return dict(connection.execute(select(RuleMode.rule, RuleMode.mode)).all())

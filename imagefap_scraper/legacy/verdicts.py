"""Verdicts on look-alikes, and what is known since."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import select

from imagefap_scraper.database.duplicate_models import DuplicateGroup, DuplicateMember, KnownRelation
from imagefap_scraper.database.models import Blob
from imagefap_scraper.dedup.decisions import decide
from imagefap_scraper.dedup.kinds import GroupState, PairKind, Verdict
from imagefap_scraper.dedup.knowledge import Knowledge
from imagefap_scraper.legacy import rows

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection

    from imagefap_scraper.legacy.records import LegacyBlob, LegacyDatabase, LegacyGroup

__all__ = ["write_groups"]

#: Members are written in this order: the database refuses a skip in a group that keeps nothing yet.
_ORDER = {Verdict.KEEP: 0, Verdict.NEW: 1, Verdict.FALSE: 2, Verdict.SKIP: 3}


@dataclass(frozen=True, slots=True)
class _Group:
    """What `decide` reads of a group."""

    group_id: int
    members: dict[str, Verdict]


def write_groups(
    connection: Connection,
    database: LegacyDatabase,
    blobs: dict[str, LegacyBlob],
    action_id: int,
    notes: list[str],
) -> None:
    """Write groups, verdicts and the relations that follow; append what could not be taken over as it was."""
    present = set(connection.execute(select(Blob.sha256)).scalars())
    groups = list(_groups(database, blobs, present, notes))
    groups_rows = (
        {"group_id": group.group_id, "kind": PairKind.LOOK_ALIKE, "state": _state(group)} for group in groups
    )
    rows.add_all(
        connection, DuplicateGroup, ({**row, "rev": "", "bytes_to_win": 0, "reasons": {}} for row in groups_rows)
    )
    rows.add_all(
        connection,
        DuplicateMember,
        (
            {"group_id": group.group_id, "sha256": sha256, "verdict": verdict, "asked": verdict is Verdict.NEW}
            for group in groups
            for sha256, verdict in sorted(group.members.items(), key=lambda member: _ORDER[member[1]])
        ),
    )
    known = {"actor": rows.ACTOR, "action_id": action_id}
    rows.add_all(
        connection,
        KnownRelation,
        (
            {"first": first, "second": second, "kind": relation, **known}
            for group in groups
            for first, second, relation in _relations(group)
        ),
    )


def _groups(
    database: LegacyDatabase, blobs: dict[str, LegacyBlob], present: set[str], notes: list[str]
) -> Iterator[_Group]:
    """Yield the groups of which at least two members exist, the one to keep first."""
    for number, record in enumerate(database.groups, 1):
        members = _members(record, blobs, present)
        for sha256, _ in record.verdicts:
            if sha256 not in members:
                notes.append(f"{sha256}: its verdict is left out, the original has no such blob")
        if len(members) < 2:
            continue
        verdicts = set(members.values())
        if Verdict.SKIP in verdicts and not verdicts & {Verdict.KEEP, Verdict.NEW}:
            notes.append(f"group {number} kept nothing: what it skipped is asked again")
            members = {key: Verdict.NEW if verdict is Verdict.SKIP else verdict for key, verdict in members.items()}
        yield _Group(number, members)


def _members(record: LegacyGroup, blobs: dict[str, LegacyBlob], present: set[str]) -> dict[str, Verdict]:
    """Return the members that exist: the largest first, in pixels and then in bytes, for the first one kept leads."""
    found = {sha256: Verdict(verdict) for sha256, verdict in record.verdicts if sha256 in present}

    def size(sha256: str) -> tuple[int, int, str]:
        blob = blobs[sha256]
        return -(blob.width or 0) * (blob.height or 0), -(blob.size or 0), sha256

    return {sha256: found[sha256] for sha256 in sorted(found, key=size)}


def _state(group: _Group) -> GroupState:
    """Return where a group stands. What the original skipped it only hid: those files are still to be thrown out."""
    verdicts = set(group.members.values())
    if Verdict.NEW in verdicts:
        return GroupState.NEW if verdicts == {Verdict.NEW} else GroupState.REOPENED
    return GroupState.DECIDED if Verdict.SKIP in verdicts else GroupState.APPLIED


def _relations(group: _Group) -> Iterator[tuple[str, str, str]]:
    """Yield what the verdicts say of every two members, as if they had been given here."""
    given = {sha256: verdict for sha256, verdict in group.members.items() if verdict is not Verdict.NEW}
    if not given or (Verdict.SKIP in given.values() and Verdict.KEEP not in given.values()):
        return
    asked = _Group(group.group_id, dict.fromkeys(group.members, Verdict.NEW))
    decision = decide(asked, given, (), Knowledge(()), live=group.members.keys())
    yield from ((first, second, str(relation)) for first, second, relation in decision.relations)

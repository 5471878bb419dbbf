"""From evidence and knowledge in the database to groups in the database: all of them, or those around some blobs."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from imagefap_scraper.database import groups as stored
from imagefap_scraper.database import members as blobs
from imagefap_scraper.database.journal import raw_json, raw_moment
from imagefap_scraper.dedup.components import Edge
from imagefap_scraper.dedup.groups import BlobState, KnownGroup, derive
from imagefap_scraper.dedup.kinds import GroupState, PairKind, Relation, Verdict
from imagefap_scraper.review.judging import Judge

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from sqlalchemy import Connection

    from imagefap_scraper.database.groups import StoredGroup
    from imagefap_scraper.database.journal import Journal, Rows
    from imagefap_scraper.database.members import BlobFacts
    from imagefap_scraper.dedup.groups import GroupRow
    from imagefap_scraper.review.options import Options

_SETTLED = {GroupState.DECIDED, GroupState.APPLIED}


class Evidence(NamedTuple):
    """What groups are derived from.

    `homes` are the numbers of groups that only tell which look-alikes are at home together: not all that would be said
    of them is here, and nothing of them changes.
    """

    pairs: list[Any]
    relations: list[tuple[str, str, Relation]]
    groups: list[StoredGroup]
    homes: frozenset[int] = frozenset()


def regroup(
    rows: Rows,
    options: Options,
    *,
    around: Collection[str] | None = None,
    numbers: Collection[int] = (),
    new_run: bool = False,
) -> list[int]:
    """Bring the groups to what evidence and knowledge say now; return the numbers of those that changed.

    What the user decided is never changed by it; see `dedup.groups.derive`.

    Args:
        rows: writes them, in a journal where that is part of a decision.
        options: distance and weights.
        around: only the groups of these blobs; everything without it.
        numbers: of groups that are looked at with them, whatever their members are by now.
        new_run: whether this is a search, which ends deferrals without a date.
    """
    connection = rows.connection
    evidence = _evidence(connection, options, around, numbers)
    facts = _facts(connection, evidence, options)
    states = {sha256: BlobState(blob.state == "live", blob.present, blob.kept_as) for sha256, blob in facts.items()}
    derived = derive(
        (Edge(pair.first, pair.second, PairKind(pair.kind)) for pair in evidence.pairs),
        evidence.relations,
        states,
        [_known(group) for group in evidence.groups],
        now=datetime.now(UTC),
        next_id=stored.next_group_id(connection),
        new_run=new_run,
    )
    before = {group.group_id: group for group in evidence.groups}
    judge = Judge(options.weights, facts, evidence.pairs, stored.rule_modes(connection), stored.denials(connection))
    changed = list(derived.vanished)
    # First what goes: a member that moves to another group is in both for no moment.
    for group_id in derived.vanished:
        _remove(rows, before[group_id])
    for row in derived.groups:
        if row.group_id not in evidence.homes and _write(rows, row, before.get(row.group_id), judge, facts):
            changed.append(row.group_id)
    return sorted(changed)


def regroup_tagged(journal: Journal, options: Options) -> list[int]:
    """Derive the groups anew whose pictures got or lost tags in an action; return the numbers of those that changed.

    Tags count for the suggestion. Pictures about which nothing is asked are left aside, however many they are.
    """
    tagged = {change.key["sha256"] for change in journal.changes if change.table == "blob_tags"}
    asked = stored.asked_among(journal.connection, tagged)
    return regroup(journal, options, around=asked) if asked else []


def _evidence(
    connection: Connection, options: Options, around: Collection[str] | None, numbers: Collection[int]
) -> Evidence:
    if around is None:
        relations = stored.relations(connection)
        pairs = list(stored.pairs(connection, options.limits.phash, options.limits.dhash))
        return Evidence(pairs, _typed(relations), stored.groups(connection))
    found = _Groups(connection)
    # What was judged false by all may hang together with nothing any more: such a group is named by its number.
    found.add([*found.around(around), *numbers])
    here = found.held(alike=False) | set(around)
    found.add(found.around(here))
    alike = found.held(alike=True) | here
    # Where look-alikes are at home: two in one confirmed group do not ask.
    whole = {group.group_id for group in found.groups}
    found.add(found.around(alike), alike=False)
    homes = frozenset(group.group_id for group in found.groups if group.group_id not in whole)
    confirmed = found.held(alike=False) | here
    pairs = [
        pair
        for pair in stored.pairs(connection, options.limits.phash, options.limits.dhash, alike | confirmed)
        if {pair.first, pair.second} <= (alike if pair.kind == PairKind.LOOK_ALIKE else confirmed)
    ]
    return Evidence(pairs, _typed(stored.relations(connection, alike | confirmed)), found.groups, homes)


class _Groups:
    """The groups that are to be derived together, as they are found."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._found: dict[int, StoredGroup] = {}

    @property
    def groups(self) -> list[StoredGroup]:
        """Those found, by number."""
        return [group for _, group in sorted(self._found.items())]

    def around(self, sha256s: Collection[str]) -> list[int]:
        """Return the numbers of the groups that hang together by way of some blobs."""
        return stored.groups_with(self._connection, sha256s)

    def add(self, numbers: Iterable[int], *, alike: bool = True) -> None:
        """Add groups, mere look-alikes only if wanted."""
        for group in stored.groups(self._connection, sorted(set(numbers) - self._found.keys())):
            if alike or group.kind != PairKind.LOOK_ALIKE:
                self._found[group.group_id] = group

    def held(self, *, alike: bool) -> set[str]:
        """Return the blobs by way of which the mere look-alikes, or all others, hang together."""
        return {
            sha256
            for group in self._found.values()
            if (group.kind == PairKind.LOOK_ALIKE) is alike
            for sha256, verdict, asked in group.members
            if verdict != Verdict.FALSE or asked
        }


def _typed(relations: Iterable[tuple[str, str, str]]) -> list[tuple[str, str, Relation]]:
    return [(first, second, Relation(kind)) for first, second, kind in relations]


def _facts(connection: Connection, evidence: Evidence, options: Options) -> dict[str, BlobFacts]:
    named = {sha256 for pair in evidence.pairs for sha256 in (pair.first, pair.second)}
    named |= {sha256 for first, second, _ in evidence.relations for sha256 in (first, second)}
    named |= {sha256 for group in evidence.groups for sha256, _, _ in group.members}
    return blobs.blob_facts(connection, named, options.protected)


def _known(group: StoredGroup) -> KnownGroup:
    return KnownGroup(
        group.group_id,
        PairKind(group.kind),
        GroupState(group.state),
        {sha256: Verdict(verdict) for sha256, verdict, _ in group.members},
        group.deferred_until,
        group.rule,
    )


def _remove(rows: Rows, group: StoredGroup) -> None:
    for sha256, _, _ in sorted(group.members, key=lambda member: member[1] != "skip"):
        rows.delete("duplicate_members", {"group_id": group.group_id, "sha256": sha256})
    rows.delete("duplicate_groups", {"group_id": group.group_id})


def _write(rows: Rows, row: GroupRow, before: StoredGroup | None, judge: Judge, facts: Mapping[str, BlobFacts]) -> bool:
    """Write a group and its members where they differ; return whether they did."""
    columns = _columns(row, before, judge, facts)
    key = {"group_id": row.group_id}
    if before is None:
        rows.insert("duplicate_groups", key, columns)
        changed = True
    else:
        changed = rows.update("duplicate_groups", key, columns)
    there = {sha256: (verdict, asked) for sha256, verdict, asked in before.members} if before is not None else {}
    for sha256 in sorted(there.keys() - row.members.keys()):
        rows.delete("duplicate_members", {**key, "sha256": sha256})
        changed = True
    # Kept ones first: the database refuses a group in which nothing stays, also for a moment.
    for sha256, member in sorted(row.members.items(), key=lambda item: (_last(item[1].verdict), item[0])):
        values = {"verdict": str(member.verdict), "asked": int(member.asked)}
        if there.get(sha256) == (member.verdict, member.asked):
            continue
        if sha256 in there:
            changed |= rows.update("duplicate_members", {**key, "sha256": sha256}, values)
        else:
            rows.insert("duplicate_members", {**key, "sha256": sha256}, values)
            changed = True
    return changed


def _last(verdict: Verdict) -> bool:
    return verdict in (Verdict.SKIP, Verdict.FALSE)


def _columns(row: GroupRow, before: StoredGroup | None, judge: Judge, facts: Mapping[str, BlobFacts]) -> dict[str, Any]:
    """Return the columns of a group as SQLite keeps them."""
    columns: dict[str, Any] = {"kind": str(row.kind), "state": str(row.state)}
    deferred = row.state is GroupState.DEFERRED and before is not None and before.deferred_until is not None
    columns["deferred_until"] = raw_moment(before.deferred_until) if deferred else None  # type: ignore[union-attr, arg-type]
    if row.open_pairs:
        judged = judge.judge(row)
        columns |= {
            "suggestion": judged.keeper,
            "margin": judged.margin,
            "reasons": raw_json(judged.reasons),
            "rule": judged.rule,
            "bytes_to_win": judged.bytes_to_win,
        }
        if row.state in (GroupState.NEW, GroupState.SUGGESTED):
            columns["state"] = str(GroupState.SUGGESTED if judged.rule else GroupState.NEW)
    else:
        # What was suggested stays on record; what a decision has yet to free is its own skipped members.
        assert before is not None
        columns |= {
            "suggestion": before.suggestion,
            "margin": before.margin,
            "reasons": raw_json(before.reasons),
            "rule": before.rule,
            "bytes_to_win": sum(
                facts[sha256].size
                for sha256, member in row.members.items()
                if member.verdict is Verdict.SKIP and sha256 in facts and facts[sha256].state == "live"
            ),
        }
        columns["state"] = str(GroupState.DECIDED if columns["bytes_to_win"] else GroupState.APPLIED)
    return {**columns, "rev": _rev(row, columns)}


def _rev(row: GroupRow, columns: dict[str, Any]) -> str:
    """Return a mark of all that a decision depends on."""
    members = [[sha256, str(member.verdict), member.asked] for sha256, member in sorted(row.members.items())]
    text = json.dumps([columns["kind"], columns["state"], columns["suggestion"], members, sorted(row.open_pairs)])
    return hashlib.sha256(text.encode()).hexdigest()[:16]

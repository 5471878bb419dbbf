"""Deciding: verdicts become knowledge, what is skipped goes to the trash, all of it in the journal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from imagefap_scraper.database import groups as stored
from imagefap_scraper.database import members as blobs
from imagefap_scraper.database.journal import Journal
from imagefap_scraper.dedup.decisions import decide as conclude
from imagefap_scraper.dedup.kinds import GroupState, Relation, Verdict
from imagefap_scraper.dedup.knowledge import Knowledge, in_order
from imagefap_scraper.exceptions import ConflictError, NotFoundError
from imagefap_scraper.review.batches import Done, run_batch
from imagefap_scraper.review.grouping import regroup
from imagefap_scraper.review.throwing_out import check_keeper, throw_out

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from sqlalchemy import Connection

    from imagefap_scraper.database.groups import StoredGroup
    from imagefap_scraper.database.members import BlobFacts
    from imagefap_scraper.review.batches import Report
    from imagefap_scraper.review.options import Options
    from imagefap_scraper.review.workplace import Workplace


@dataclass(frozen=True, slots=True)
class Choice:
    """What somebody decides about a group.

    Attributes:
        group_id: its number.
        verdicts: by SHA-256; the first one kept takes the places of those skipped.
        variants: of those kept, which are variants of it.
        rev: of the group that was looked at; None takes it as it is.
    """

    group_id: int
    verdicts: Mapping[str, Verdict]
    variants: Collection[str] = ()
    rev: str | None = None


def decide(
    workplace: Workplace,
    choices: Sequence[Choice],
    options: Options,
    *,
    actor: str = "you",
    kind: str = "decide",
    apply: bool = True,
    dry_run: bool = False,
    strict: bool = True,
    on_progress: Callable[[int], None] | None = None,
) -> Report:
    """Carry out decisions as one batch; see `batches.run_batch`.

    Args:
        workplace: the archive.
        choices: one a group.
        options: for the groups that change with it.
        actor: who decides: `you`, or `rule:NAME`.
        kind: of the action, for the history: `decide`, or `accept` for a whole class at once.
        apply: throw out what is skipped at once; otherwise `applying.apply_decisions` does it later.
        dry_run: change nothing, and say what would be.
        strict: refuse everything if one group is refused; otherwise leave that one alone.
        on_progress: told how many groups have been decided.

    Raises:
        NotFoundError: there is no such group.
        UserInputError: a verdict cannot be (the last copy, no member).
        ConflictError: the group changed meanwhile.
        StorageError: a keeper is missing or damaged, or the disk refused.
        LockedError, DatabaseError: the database refused.
    """

    def step(connection: Connection, choice: Choice, batch: int | None) -> tuple[int, Done]:
        journal = Journal(connection, actor=actor, kind=kind, batch=batch)
        return journal.batch, _decide(workplace, journal, choice, options, apply=apply)

    return run_batch(
        workplace,
        choices,
        step,
        lambda choice: choice.group_id,
        dry_run=dry_run,
        strict=strict,
        on_progress=on_progress,
    )


def _decide(workplace: Workplace, journal: Journal, choice: Choice, options: Options, *, apply: bool) -> Done:
    connection = journal.connection
    group = group_of(connection, choice)
    members = {sha256: Verdict(verdict) for sha256, verdict, _ in group.members}
    facts = blobs.blob_facts(connection, members)
    knowledge = Knowledge(
        (first, second, Relation(relation)) for first, second, relation in stored.relations(connection, members)
    )
    live = {sha256 for sha256, blob in facts.items() if blob.state == "live"}
    decision = conclude(_Judged(group.group_id, members), choice.verdicts, choice.variants, knowledge, live=live)
    for pair in decision.dropped:
        journal.delete("relations", {"first": pair[0], "second": pair[1]})
    for first, second, relation in decision.relations:
        known = {"kind": str(relation), "actor": journal.actor, "action_id": journal.action_id}
        journal.put("relations", {"first": first, "second": second}, known)
    _write_verdicts(journal, group, decision.verdicts)
    denied = _note_denial(journal, group, choice)
    thrown_out = decision.skipped if apply else []
    files = throw_out_all(workplace, journal, facts, decision.keeper, thrown_out)
    regroup(journal, options, around=[*members], numbers=[group.group_id])
    size = sum(facts[sha256].size for sha256 in thrown_out)
    summary = _summary(group, choice, decision.keeper, thrown_out, denied=denied)
    action_id = journal.close(summary, bytes_moved=size, rule=group.rule)
    return Done(group.group_id, action_id, decision.keeper, tuple(thrown_out), files, size)


@dataclass(frozen=True, slots=True)
class _Judged:
    group_id: int
    members: Mapping[str, Verdict]


def group_of(connection: Connection, choice: Choice) -> StoredGroup:
    """Return the group of a choice.

    Raises:
        NotFoundError: there is none.
        ConflictError: it has changed since it was looked at.
    """
    found = stored.groups(connection, [choice.group_id])
    if not found:
        raise NotFoundError(f"there is no group {choice.group_id}; `process.py dups list` shows those that there are")
    group = found[0]
    if choice.rev is not None and choice.rev != group.rev:
        raise ConflictError(f"group {group.group_id} has changed since you looked at it: look again, then decide")
    return group


def _write_verdicts(journal: Journal, group: StoredGroup, verdicts: Mapping[str, Verdict]) -> None:
    """Write verdicts, those kept first: the database refuses a group in which nothing stays, also for a moment."""
    for sha256, verdict in sorted(verdicts.items(), key=lambda item: item[1] in (Verdict.SKIP, Verdict.FALSE)):
        key = {"group_id": group.group_id, "sha256": sha256}
        journal.update("duplicate_members", key, {"verdict": str(verdict)})


def _note_denial(journal: Journal, group: StoredGroup, choice: Choice) -> bool:
    """Remember that a rule proposed something else; return whether it did."""
    if group.rule is None or group.state != GroupState.SUGGESTED:
        return False
    asked = [sha256 for sha256, _, asked in group.members if asked]
    proposed = {sha256: Verdict.KEEP if sha256 == group.suggestion else Verdict.SKIP for sha256 in asked}
    if dict(choice.verdicts) == proposed and not choice.variants:
        return False
    for index, one in enumerate(asked):
        for other in asked[index + 1 :]:
            first, second = in_order(one, other)
            key = {"rule": group.rule, "first": first, "second": second}
            journal.put("denials", key, {"action_id": journal.action_id})
    return True


def throw_out_all(
    workplace: Workplace, journal: Journal, facts: Mapping[str, BlobFacts], keeper: str | None, copies: Sequence[str]
) -> int:
    """Throw out copies for a keeper, whose every byte is read first; return their files.

    Raises:
        StorageError: the keeper is missing or damaged, or the disk refused.
    """
    if not copies:
        return 0
    assert keeper is not None
    check_keeper(journal.connection, workplace.directory, facts[keeper])
    return sum(throw_out(journal, copy, keeper) for copy in copies)


def _summary(
    group: StoredGroup, choice: Choice, keeper: str | None, thrown_out: Collection[str], *, denied: bool
) -> str:
    words = [f"group {group.group_id}:"]
    counts = {verdict: sum(1 for given in choice.verdicts.values() if given is verdict) for verdict in Verdict}
    words.append(", ".join(f"{count} {verdict}" for verdict, count in counts.items() if count))
    if choice.variants:
        words.append(f"({len(choice.variants)} as variants)")
    if keeper is not None and thrown_out:
        words.append(f"for {keeper[:10]}")
    if denied:
        words.append(f"against the rule {group.rule}")
    return " ".join(words)


def accept_choices(connection: Connection, kinds: Collection[str], *, rule: str | None = None) -> list[Choice]:
    """Return a choice for each group of some kinds that follows its suggestion; those without one are left out."""
    ids = stored.group_ids(
        connection, kinds=kinds, states=[GroupState.NEW, GroupState.SUGGESTED, GroupState.REOPENED], by_gain=True
    )
    return [
        follow(group)
        for group in stored.groups(connection, ids)
        if group.suggestion is not None and (rule is None or group.rule == rule)
    ]


def follow(group: StoredGroup) -> Choice:
    """Return the choice that follows a group's suggestion: keep that one, skip the others that are asked."""
    assert group.suggestion is not None
    others = [sha256 for sha256, _, asked in group.members if asked and sha256 != group.suggestion]
    verdicts = {group.suggestion: Verdict.KEEP, **dict.fromkeys(others, Verdict.SKIP)}
    return Choice(group.group_id, verdicts, rev=group.rev)

"""What follows a decision, or puts it off: throwing out later what was decided before, and deferring."""

from __future__ import annotations

from typing import TYPE_CHECKING

from imagefap_scraper.database import groups as stored
from imagefap_scraper.database import members as blobs
from imagefap_scraper.database.journal import Journal, raw_moment
from imagefap_scraper.dedup.kinds import GroupState, Relation, Verdict
from imagefap_scraper.dedup.knowledge import Knowledge
from imagefap_scraper.exceptions import StorageError, UserInputError
from imagefap_scraper.review.batches import Done, Report, run_batch
from imagefap_scraper.review.deciding import Choice, group_of, throw_out_all
from imagefap_scraper.review.grouping import regroup

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from sqlalchemy import Connection

    from imagefap_scraper.database.groups import StoredGroup
    from imagefap_scraper.review.options import Options
    from imagefap_scraper.review.workplace import Workplace

#: States in which a group asks something.
ASKING = (GroupState.NEW, GroupState.SUGGESTED, GroupState.REOPENED, GroupState.DEFERRED, GroupState.STALE)


def apply_decisions(
    workplace: Workplace,
    options: Options,
    group_ids: Sequence[int] | None = None,
    *,
    dry_run: bool = False,
    on_progress: Callable[[int], None] | None = None,
) -> Report:
    """Throw out what was decided to be skipped and is still there; of all groups without `group_ids`.

    A group whose keeper is missing or damaged is left alone, and the report says so.

    Raises:
        NotFoundError: there is no such group.
        StorageError: the disk refused.
        LockedError, DatabaseError: the database refused.
    """
    with workplace.reading() as connection:
        wanted = stored.group_ids(connection, states=[GroupState.DECIDED]) if group_ids is None else list(group_ids)

    def step(connection: Connection, group_id: int, batch: int | None) -> tuple[int, Done]:
        journal = Journal(connection, actor="you", kind="apply", batch=batch)
        return journal.batch, _apply(workplace, journal, group_of(connection, Choice(group_id, {})), options)

    return run_batch(
        workplace,
        wanted,
        step,
        lambda group_id: group_id,
        dry_run=dry_run,
        strict=group_ids is not None,
        on_progress=on_progress,
    )


def _apply(workplace: Workplace, journal: Journal, group: StoredGroup, options: Options) -> Done:
    connection = journal.connection
    members = {sha256: Verdict(verdict) for sha256, verdict, _ in group.members}
    facts = blobs.blob_facts(connection, members)
    known = Knowledge((a, b, Relation(kind)) for a, b, kind in stored.relations(connection, members))
    live = [sha256 for sha256 in members if facts[sha256].state == "live"]
    kept = [sha256 for sha256 in live if members[sha256] is Verdict.KEEP]
    copies = [sha256 for sha256 in live if members[sha256] is Verdict.SKIP]
    files = 0
    for copy in copies:
        keeper = next((one for one in kept if known.between(one, copy) is Relation.SAME), None)
        if keeper is None:
            raise StorageError(f"group {group.group_id} keeps nothing in place of {copy[:10]}: decide it again")
        files += throw_out_all(workplace, journal, facts, keeper, [copy])
    regroup(journal, options, around=members)
    size = sum(facts[sha256].size for sha256 in copies)
    action_id = journal.close(f"group {group.group_id}: {len(copies)} thrown out", bytes_moved=size, rule=group.rule)
    return Done(group.group_id, action_id, kept[0] if kept else None, tuple(copies), files, size)


def defer(
    workplace: Workplace, group_ids: Sequence[int], until: datetime | None, options: Options, *, dry_run: bool = False
) -> Report:
    """Put groups aside, until a moment or until the next search.

    Raises:
        NotFoundError: there is no such group.
        UserInputError: one of them asks nothing.
    """

    def step(connection: Connection, group_id: int, batch: int | None) -> tuple[int, Done]:
        group = group_of(connection, Choice(group_id, {}))
        if group.state not in ASKING:
            raise UserInputError(f"group {group_id} is {group.state}: there is nothing to put aside")
        journal = Journal(connection, actor="you", kind="defer", batch=batch)
        moment = None if until is None else raw_moment(until)
        deferred = {"state": str(GroupState.DEFERRED), "deferred_until": moment}
        journal.update("duplicate_groups", {"group_id": group_id}, deferred)
        regroup(journal, options, around=[sha256 for sha256, _, _ in group.members])
        when = "the next search" if until is None else f"{until:%Y-%m-%d}"
        return journal.batch, Done(group_id, journal.close(f"group {group_id}: until {when}"))

    return run_batch(workplace, list(group_ids), step, lambda group_id: group_id, dry_run=dry_run)

"""Undoing: every row that an action changed is as it was before, and the files follow."""

from __future__ import annotations

from typing import TYPE_CHECKING

from imagefap_scraper.database.journal import Journal, actions_of_batch, history
from imagefap_scraper.exceptions import NotFoundError, UserInputError
from imagefap_scraper.review.batches import Done, Report, run_batch
from imagefap_scraper.review.taking_back import TakingBack, moved_blobs
from imagefap_scraper.review.undoing_order import UndoOrder
from imagefap_scraper.storage.trash import is_in_trash
from imagefap_scraper.storage.tree import remove_empty

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from sqlalchemy import Connection

    from imagefap_scraper.database.journal import Entry
    from imagefap_scraper.review.options import Options
    from imagefap_scraper.review.workplace import Workplace

#: Kinds of actions that cannot be undone, and why.
_FOR_GOOD = {
    "empty": "it emptied the trash, and those files are deleted for good",
    "import": "it made this archive; delete its directory instead",
}


def last_batch(connection: Connection, *, undone: bool = False) -> int:
    """Return the batch of the latest action that can be undone; with `undone`, of the latest undoing (a redo).

    What was done again can be undone again: it is no undoing.

    Raises:
        NotFoundError: there is none.
    """
    entries = history(connection)
    known = {entry.action_id: entry for entry in entries}
    for entry in entries:
        if entry.undone_by is None and entry.kind not in _FOR_GOOD and _origin(entry, known)[1] == undone:
            return entry.batch
    raise NotFoundError(f"there is nothing to {'redo' if undone else 'undo'}")


def origin(connection: Connection, entry: Entry) -> tuple[Entry, bool]:
    """Return what was done at first, and whether taking this action back does it again."""
    return _origin(entry, {one.action_id: one for one in history(connection)})


def _origin(entry: Entry, known: Mapping[int, Entry]) -> tuple[Entry, bool]:
    undone = False
    while entry.undoes is not None:
        entry, undone = known[entry.undoes], not undone
    return entry, undone


def entries_of(connection: Connection, action_or_batch: int, *, whole_batch: bool) -> list[Entry]:
    """Return an action, or all of its batch, the latest first, without those that are undone already.

    Raises:
        NotFoundError: there is no such action.
        UserInputError: it is undone already, or was an emptying of the trash.
    """
    found = [entry for entry in history(connection) if entry.action_id == action_or_batch]
    if not found:
        raise NotFoundError(f"there is no action {action_or_batch}; `process.py history` shows those that there are")
    batch = actions_of_batch(connection, found[0].batch)
    wanted = [entry for entry in batch if whole_batch or entry.action_id == action_or_batch]
    open_ones = [entry for entry in wanted if entry.undone_by is None]
    if not open_ones:
        raise UserInputError(f"action {action_or_batch} is undone already, by action {wanted[0].undone_by}")
    for entry in open_ones:
        if entry.kind in _FOR_GOOD:
            raise UserInputError(f"action {entry.action_id} cannot be undone: {_FOR_GOOD[entry.kind]}")
    return open_ones


def undo(
    workplace: Workplace,
    entries: Sequence[Entry],
    options: Options,
    *,
    dry_run: bool = False,
    on_progress: Callable[[int], None] | None = None,
) -> Report:
    """Take actions back, the latest first; the undoing is a batch of its own, which can be undone in turn.

    All of them or none. Afterwards rows and files are byte for byte as before. Where a search has derived other groups
    meanwhile, these are derived once more instead. A file that is not there any more does not keep the others from
    coming back: its images are wanted again, and the report names it.

    Raises:
        UserInputError: something that was done since about the same has to be undone first.
        StorageError: the place of a file is taken, or the disk refused.
        LockedError, DatabaseError: the database refused.
    """
    in_turn = _build_on_each_other(entries)
    if not dry_run and (moved := {sha256 for entry in entries for sha256 in moved_blobs(entry)}):
        workplace.send_strays(moved)
    order: UndoOrder | None = None

    def step(connection: Connection, entry: Entry, batch: int | None) -> tuple[int, Done]:
        nonlocal order
        order = order or UndoOrder(connection, entries)
        order.check(entry)
        journal = Journal(connection, actor="you", kind="undo", batch=batch, undoes=entry.action_id)
        # In a rehearsal nothing moves, so what one action leaves for the next is not there to be seen.
        done = TakingBack(workplace, journal, entry, look=not (in_turn and dry_run)).run(options)
        order.note(entry, done.action_id)
        return journal.batch, done

    try:
        if in_turn and not dry_run:
            report = _one_by_one(workplace, entries, step)
        else:
            report = run_batch(
                workplace, entries, step, lambda entry: entry.action_id, dry_run=dry_run, on_progress=on_progress
            )
    except UserInputError as error:
        if len(entries) == 1 or in_turn:
            raise
        raise UserInputError(f"{error}; nothing of the {len(entries):,} actions was undone") from error
    if not dry_run:
        remove_empty(workplace.directory, _renamed(entries))
    return report


def _renamed(entries: Sequence[Entry]) -> set[str]:
    """Return the paths that files had after these actions, as far as they did not go to the trash or come from it."""
    changes = [change for entry in entries for change in entry.changes if change.table == "files"]
    pairs = [((change.before or {}).get("path", ""), (change.after or {}).get("path", "")) for change in changes]
    return {after for before, after in pairs if before and after and not is_in_trash(before) and not is_in_trash(after)}


def _build_on_each_other(entries: Sequence[Entry]) -> bool:
    """Tell whether a file has to go where another one of these actions is: its move has to be carried out first."""
    changes = [change for entry in entries for change in entry.changes if change.table == "files"]
    there = {(change.after or {}).get("path") for change in changes}
    return any((change.before or {}).get("path") in there - {None} for change in changes)


def _one_by_one(
    workplace: Workplace,
    entries: Sequence[Entry],
    step: Callable[[Connection, Entry, int | None], tuple[int, Done]],
) -> Report:
    """Take each action back in a transaction of its own, its files moved before the next one; all are one batch."""
    report = Report()
    for entry in entries:
        part = run_batch(
            workplace,
            [entry],
            lambda connection, one, _: step(connection, one, report.batch or None),
            lambda one: one.action_id,
        )
        report.batch = part.batch
        report.done += part.done
    return report

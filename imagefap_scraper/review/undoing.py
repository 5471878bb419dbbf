"""Undoing: every row that an action changed is as it was before, and the files follow."""

from __future__ import annotations

from typing import TYPE_CHECKING

from imagefap_scraper.database import groups as stored
from imagefap_scraper.database.journal import (
    Change,
    Journal,
    actions_of_batch,
    history,
    later_action_on,
    read_row,
    stands,
)
from imagefap_scraper.database.moves import add_move
from imagefap_scraper.exceptions import NotFoundError, StorageError, UserInputError
from imagefap_scraper.review.batches import Done, Report, run_batch
from imagefap_scraper.review.grouping import regroup
from imagefap_scraper.review.throwing_out import settle
from imagefap_scraper.review.undoing_tags import TagGuard
from imagefap_scraper.storage.trash import is_in_trash
from imagefap_scraper.storage.tree import remove_empty

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from sqlalchemy import Connection

    from imagefap_scraper.database.journal import Entry
    from imagefap_scraper.review.options import Options
    from imagefap_scraper.review.workplace import Workplace

#: Derived from evidence and knowledge: where a later search has changed them, they are derived again.
_DERIVED = frozenset({"duplicate_groups", "duplicate_members"})
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

    Afterwards rows and files are byte for byte as before. Where a search has derived other groups meanwhile, these
    are derived once more instead.

    Raises:
        UserInputError: a later action changed the same, and has to be undone first.
        StorageError: a file is not in the trash any more, its place is taken, or the disk refused.
        LockedError, DatabaseError: the database refused.
    """
    in_turn = _build_on_each_other(entries)
    if not dry_run and (moved := {sha256 for entry in entries for sha256 in _moved_blobs(entry)}):
        workplace.send_strays(moved)

    def step(connection: Connection, entry: Entry, batch: int | None) -> tuple[int, Done]:
        journal = Journal(connection, actor="you", kind="undo", batch=batch, undoes=entry.action_id)
        # In a rehearsal nothing moves, so what one action leaves for the next is not there to be seen.
        return journal.batch, _undo(workplace, journal, entry, options, look=not in_turn)

    if in_turn and not dry_run:
        report = _one_by_one(workplace, entries, options)
    else:
        report = run_batch(
            workplace, entries, step, lambda entry: entry.action_id, dry_run=dry_run, on_progress=on_progress
        )
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
    return any((change.before or {}).get("path") in there for change in changes)


def _one_by_one(workplace: Workplace, entries: Sequence[Entry], options: Options) -> Report:
    """Take each action back in a transaction of its own, its files moved before the next one; all are one batch."""
    report = Report()

    def step(connection: Connection, entry: Entry, _batch: int | None) -> tuple[int, Done]:
        batch = report.batch or None
        journal = Journal(connection, actor="you", kind="undo", batch=batch, undoes=entry.action_id)
        return journal.batch, _undo(workplace, journal, entry, options)

    for entry in entries:
        part = run_batch(workplace, [entry], step, lambda one: one.action_id)
        report.batch = part.batch
        report.done += part.done
    return report


def _undo(workplace: Workplace, journal: Journal, entry: Entry, options: Options, *, look: bool = True) -> Done:
    connection = journal.connection
    moved, size = 0, 0
    derived_anew, tags = False, TagGuard(connection, entry)
    _check_nothing_followed(connection, entry)
    for change in reversed(entry.changes):
        if not stands(connection, change):
            if change.table not in _DERIVED:
                raise _changed_since(connection, entry, change)
            derived_anew = True
            _restore_verdict(journal, change)
            continue
        if change.table == "files":
            assert change.before is not None
            assert change.after is not None
            _send_back(workplace, connection, change.after["path"], change.before["path"], look=look)
            moved += 1
        tags.check(change)
        journal.take_back(change)
        if change.table == "blobs":
            row = read_row(connection, "blobs", change.key, ["size"])
            size += row["size"] if row is not None and "state" in (change.before or {}) else 0
    for sha256 in sorted(_moved_blobs(entry)):
        for source, target in settle(journal, sha256):
            _send_back(workplace, connection, source, target, look=look)
            journal.update("files", {"path": source}, {"path": target})
            moved += 1
    if derived_anew or any(change.table in _DERIVED for change in entry.changes):
        regroup(journal, options, around=_blobs(entry))
    summary = f"action {entry.action_id} ({entry.summary})"
    action_id = journal.close(summary, bytes_moved=size)
    return Done(entry.action_id, action_id, files=moved, bytes=size)


def _blobs(entry: Entry) -> set[str]:
    return {change.key["sha256"] for change in entry.changes if change.table == "duplicate_members"}


def _moved_blobs(entry: Entry) -> set[str]:
    return {change.key["sha256"] for change in entry.changes if change.table == "blobs"}


def _check_nothing_followed(connection: Connection, entry: Entry) -> None:
    """Refuse to take a verdict back by which another action has thrown something out since (`dups apply`).

    Raises:
        UserInputError: that action has to be undone first.
    """
    here = _moved_blobs(entry)
    for change in entry.changes:
        if change.table != "duplicate_members" or change.before is None or change.after is None:
            continue
        if change.after.get("verdict") != "skip" or change.key["sha256"] in here:
            continue
        blob = Change("blobs", {"sha256": change.key["sha256"]}, None, None)
        row = read_row(connection, blob.table, blob.key, ["state"])
        if row != {"state": "live"} and later_action_on(connection, entry.action_id, blob) is not None:
            raise _changed_since(connection, entry, blob)


def _send_back(workplace: Workplace, connection: Connection, source: str, target: str, *, look: bool) -> None:
    """Have a file moved to where it was, or to the trash again; with `look` only if that can be done now.

    Raises:
        StorageError: it is not where its row says, or its place is taken.
    """
    if look and not workplace.directory.resolve(source).is_file():
        raise StorageError(f"{source} is not there any more: it cannot be brought back")
    if look and workplace.directory.resolve(target).exists():
        raise StorageError(f"{target} is taken by another file: move that away and undo again")
    add_move(connection, source, target)


def _restore_verdict(journal: Journal, change: Change) -> None:
    """Give a member its verdict back in whichever group it is now."""
    before, after = change.before or {}, change.after or {}
    if change.table != "duplicate_members" or "verdict" not in before or "verdict" not in after:
        return
    sha256 = change.key["sha256"]
    for group_id in stored.groups_with(journal.connection, [sha256]):
        key = {"group_id": group_id, "sha256": sha256}
        row = read_row(journal.connection, "duplicate_members", key, ["verdict"])
        if row == {"verdict": after["verdict"]}:
            journal.update("duplicate_members", key, {"verdict": before["verdict"]})


def _changed_since(connection: Connection, entry: Entry, change: Change) -> UserInputError:
    later = later_action_on(connection, entry.action_id, change)
    if later is not None and any(one.kind == "empty" for one in history(connection) if one.action_id == later):
        return UserInputError(f"action {entry.action_id} cannot be undone: the trash has been emptied since")
    if later is not None:
        return UserInputError(f"action {later} changed the same pictures after action {entry.action_id}: undo it first")
    if change.table == "files" and is_in_trash((change.after or {}).get("path", "")):
        return UserInputError(f"action {entry.action_id} cannot be undone: the trash has been emptied since")
    return UserInputError(f"action {entry.action_id} cannot be undone: {change.table} has changed since")

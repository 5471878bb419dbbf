"""The journal for people and as JSON Lines, and undoing what is in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.filesize import decimal

from imagefap_scraper.database.journal import history
from imagefap_scraper.review import queue as queries
from imagefap_scraper.review import undoing
from imagefap_scraper.review.options import read_options
from tools.commands._archive import open_archive
from tools.commands._console import counted, day_and_time
from tools.commands._dups_outcome import confirm, tell
from tools.commands._dups_place import open_workplace
from tools.commands._text import json_text, printable, write

if TYPE_CHECKING:
    from pathlib import Path

    import click

    from imagefap_scraper.database.journal import Entry


def write_json(directory: Path, limit: int | None) -> None:
    """Write one JSON object an action to stdout, the latest first.

    Raises:
        ArchiveError: there is no usable archive.
    """
    with open_archive(directory) as archive:
        for entry in history(archive.connection, limit):
            write(json_text(_described(entry)) + "\n")


def _described(entry: Entry) -> dict[str, Any]:
    return {
        "action": entry.action_id,
        "at": f"{entry.at:%Y-%m-%dT%H:%M:%SZ}",
        "actor": entry.actor,
        "kind": entry.kind,
        "summary": entry.summary,
        "batch": entry.batch,
        "bytes": entry.bytes_moved,
        "rule": entry.rule,
        "undoes": entry.undoes,
        "undone_by": entry.undone_by,
    }


def write_text(directory: Path, limit: int | None) -> None:
    """Write a line a batch for people to stdout, the latest first.

    Raises:
        ArchiveError: there is no usable archive.
    """
    with open_archive(directory) as archive:
        found = queries.batches(archive.connection, limit)
    write("".join(map(_line, found)) or "Nothing was decided yet.\n")


def _line(row: Any) -> str:
    what = row.summary if row.actions == 1 else f"{counted(row.actions, 'action')}, the last: {row.summary}"
    size = f", {decimal(row.bytes)}" if row.bytes else ""
    undone = ""
    if row.undone:
        undone = "  (undone)" if row.undone == row.actions else f"  ({row.undone:,} of them undone)"
    head = f"{row.batch:>7}  {day_and_time(row.at)}  {row.actor:<5}  {row.kind:<8}"
    return printable(f"{head}  {what}{size}{undone}") + "\n"


def undo(
    ctx: click.Context,
    directory: Path,
    action: int | None,
    *,
    one: bool,
    dry_run: bool,
    yes: bool,
    as_json: bool,
) -> int:
    """Take back a batch, or one action; return the exit code.

    Raises:
        NotFoundError: there is no such action, or nothing to undo.
        UserInputError: it cannot be undone any more, or not before another.
        ArchiveError: what disk or database refuse.
    """
    workplace, options = open_workplace(directory), read_options()
    with workplace.reading() as connection:
        number = action if action is not None else undoing.last_batch(connection)
        entries = undoing.entries_of(connection, number, whole_batch=action is None or not one)
    if one:
        entries = entries[:1]
    size = sum(entry.bytes_moved for entry in entries)
    what = f"{counted(len(entries), 'action')} ({', '.join(sorted({entry.kind for entry in entries}))})"
    confirm(ctx, f"Undo {what}: {decimal(size)} to move back", yes=yes or dry_run)
    # Only here: an answer costs no progress bar.
    from tools.commands._progress import bar  # noqa: PLC0415

    with bar("undoing", len(entries)) as shown:
        report = undoing.undo(workplace, entries, options, dry_run=dry_run, on_progress=shown.reach)
    return tell(report, "undone", dry_run=dry_run, as_json=as_json, noun="action", files="moved back")

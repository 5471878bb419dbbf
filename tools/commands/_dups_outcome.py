"""Asking before anything is changed, and saying what was, for every command that changes something."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click
from rich.filesize import decimal

from imagefap_scraper.exceptions import EX_FAILED_IMAGES, EX_INTERRUPTED
from tools.commands._dups_listing import DIGITS_SHOWN
from tools.commands._text import json_text, printable, write

if TYPE_CHECKING:
    from imagefap_scraper.review.batches import Done, Report

#: Raised when a field of the JSON of a change changes its meaning or goes away.
SCHEMA = 1
#: What the number of one thing done is called in JSON; a picture has none, it is among those moved.
_KEYS = {"group": "group", "action": "undoes", "picture": None}
#: Groups of which each gets a line for people; of more, only the sum is said.
_EACH_SHOWN = 20


def confirm(ctx: click.Context, what: str, *, yes: bool) -> None:
    """Ask whether that shall be done; without a yes the command ends here.

    Raises:
        click.UsageError: there is nobody to ask.
        click.exceptions.Exit: it was not wanted.
    """
    if yes:
        return
    if sys.stdin is None or not sys.stdin.isatty():
        raise click.UsageError("there is no terminal to ask on: --yes does it without asking, --dry-run shows it", ctx)
    try:
        agreed = click.confirm(f"{what}?", err=True)
    except click.Abort:
        agreed = False
    if not agreed:
        click.echo("Nothing was changed.", err=True)
        ctx.exit(EX_INTERRUPTED)


def nothing(message: str, *, as_json: bool, dry_run: bool) -> None:
    """Say that there is nothing to do."""
    if as_json:
        write(json_text(_document(None, dry_run=dry_run)) + "\n")
    else:
        write(message + "\n")


def tell(
    report: Report,
    done: str,
    *,
    dry_run: bool,
    as_json: bool,
    noun: str = "group",
    files: str = "to the trash",
    undone_by: bool = True,
) -> int:
    """Write what was done, or would be, and how to undo it; return the exit code.

    Args:
        report: of the batch.
        done: what was done to the groups, such as `accepted`.
        dry_run: whether it was only rehearsed.
        as_json: one JSON object instead.
        noun: what the numbers of the report are of.
        files: where the files went.
        undone_by: whether `undo` takes it back.
    """
    if as_json:
        write(json_text(_document(report, dry_run=dry_run, noun=noun)) + "\n")
    else:
        would = "would: " if dry_run else ""
        if noun == "group" and len(report.done) <= _EACH_SHOWN:
            write("".join(f"{would}{_line(one)}\n" for one in report.done))
        moved = f", {_counted(report.files, 'file')} {files} ({decimal(report.bytes)})" if report.files else ""
        write(f"{would}{_counted(len(report.done), noun)} {done}{moved}\n")
    for number, reason in report.refused:
        click.echo(f"{noun} {number} was left alone: {printable(reason)}", err=True)
    for path in report.missing:
        click.echo(f"{printable(path)} is not there any more and did not come back; a crawl fetches it again", err=True)
    if not (as_json or dry_run) and report.batch and undone_by:
        write(f"undo: process.py undo {report.batch}\n")
    return EX_FAILED_IMAGES if report.refused or report.missing else 0


def _line(one: Done) -> str:
    parts = []
    if one.keeper is not None:
        parts.append(f"keeps {one.keeper[:DIGITS_SHOWN]}")
    if one.moved:
        parts.append(f"throws out {', '.join(sha256[:DIGITS_SHOWN] for sha256 in one.moved)} ({decimal(one.bytes)})")
    return f"group {one.group_id}: {', '.join(parts) or 'nothing is thrown out'}"


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun if number == 1 else noun + 's'}"


def _document(report: Report | None, *, dry_run: bool, noun: str = "group") -> dict[str, Any]:
    """Return the report for JSON; numbers of actions that were only rehearsed are none."""
    found = report.done if report is not None else []
    key = _KEYS[noun]
    return {
        "schema": SCHEMA,
        "dry_run": dry_run,
        "batch": report.batch or None if report is not None else None,
        "files": report.files if report is not None else 0,
        "bytes": report.bytes if report is not None else 0,
        "done": [
            {
                **({} if key is None else {key: one.group_id}),
                "action": None if dry_run else one.action_id,
                "keeper": one.keeper,
                "moved": list(one.moved),
                "files": one.files,
                "bytes": one.bytes,
            }
            for one in found
        ],
        "missing": report.missing if report is not None else [],
        "refused": [
            {"group": number, "reason": reason} for number, reason in (report.refused if report is not None else [])
        ],
    }

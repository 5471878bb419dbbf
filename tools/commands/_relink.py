"""What is renamed: found out, asked about, done, told."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click
from rich.filesize import decimal

from imagefap_scraper.export import renaming
from imagefap_scraper.storage.template import FILE_FIELDS, Template
from tools.commands._archive import open_archive
from tools.commands._console import counted
from tools.commands._dups_place import open_workplace
from tools.commands._text import json_text, printable, write

if TYPE_CHECKING:
    from pathlib import Path

#: Raised when a field of `--json` changes its meaning or goes away.
SCHEMA = 1


def run(ctx: click.Context, directory: Path, text: str, *, rehearse: bool, yes: bool, as_json: bool) -> None:
    """Say what would be renamed, or ask, rename, and say so.

    Raises:
        UserInputError: the template cannot be.
        LockedError: a crawl is running.
        OutputError, StorageError, DatabaseError: the archive cannot be used.
    """
    template = Template(text, FILE_FIELDS)
    workplace = open_workplace(directory)
    with open_archive(directory) as archive:
        plan = renaming.plan(archive.connection, workplace.directory, template)
    if plan.renamings and not rehearse:
        if not yes:
            _ask(ctx, f"rename {_amount(plan)}")
        plan = renaming.relink(workplace, template)
    if as_json:
        write(json_text(_document(plan, rehearse)) + "\n")
    else:
        _tell(plan, rehearse)


def _ask(ctx: click.Context, what: str) -> None:
    """Go on only if the user says yes."""
    if sys.stdin is None or not sys.stdin.isatty():
        raise click.UsageError(f"this would {what}: give --yes to do it, --dry-run to look", ctx)
    click.confirm(f"This would {what}. Go on?", abort=True, err=True)


def _amount(plan: renaming.Plan) -> str:
    return f"{counted(len(plan.renamings), 'file')} ({decimal(plan.bytes)})"


def _tell(plan: renaming.Plan, rehearse: bool) -> None:
    if rehearse:
        for one in plan.renamings:
            write(f"{printable(one.source)} -> {printable(one.target)}\n")
    for path, reason in plan.left:
        write(f"left alone: {printable(path)}: {printable(reason)}\n")
    kept = f"; {plan.kept:,} have the right name" if plan.kept else ""
    hint = f"; `process.py undo {plan.batch}` takes it back" if plan.batch else ""
    write(f"{'would rename' if rehearse else 'renamed'} {_amount(plan)}{kept}{hint}\n")


def _document(plan: renaming.Plan, rehearse: bool) -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        "dry_run": rehearse,
        "renamed": len(plan.renamings),
        "bytes": plan.bytes,
        "kept": plan.kept,
        "files": [{"from": one.source, "to": one.target} for one in plan.renamings],
        "left": [{"path": path, "reason": reason} for path, reason in plan.left],
        "batch": plan.batch or None,
    }

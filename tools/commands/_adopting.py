"""How all imports from the disk ask, go about it, and report."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

import click

from imagefap_scraper.exceptions import EX_FAILED_IMAGES, EX_INTERRUPTED
from tools.commands._text import json_text, printable, write

if TYPE_CHECKING:
    from imagefap_scraper.adopting.result import Result

#: Raised when a field of the JSON changes its meaning or goes away.
SCHEMA = 1
_COUNTS = (
    "directories",
    "pictures",
    "size",
    "stored",
    "bytes_stored",
    "duplicates",
    "known",
    "thrown_out",
    "unchecked",
    "others",
    "passed_over",
)
#: What is said of each count to people; the others are said at the head.
_LINES = {
    "stored": "stored, new here",
    "duplicates": "same bytes as another",
    "known": "known before",
    "thrown_out": "thrown out before",
    "unchecked": "stored undecoded",
    "others": "no pictures",
    "passed_over": "links, archive's own",
}


def carry_out(ctx: click.Context, work: Any, *, dry_run: bool, yes: bool, as_json: bool) -> None:
    """Look what there is, ask, import, report, and end the command.

    Args:
        ctx: of the command.
        work: with `survey()` and `run(progress, url=...)`.
        dry_run: only look.
        yes: do not ask.
        as_json: report as one JSON object.

    Raises:
        click.UsageError: there is nobody to ask.
        click.exceptions.Exit: always; 3 if there is something that was not taken.
    """
    from tools.commands._progress import bar  # noqa: PLC0415 - --help must not wait for rich

    if not (dry_run or yes) and not _is_terminal():
        raise click.UsageError("there is no terminal to ask on: --yes imports unasked, --dry-run only looks", ctx)
    with bar("looking", None):
        result: Result = work.survey()
    if not dry_run and result.pictures:
        if not yes:
            _ask(ctx, result)
        with bar("pictures", result.pictures) as progress:
            result = work.run(progress, url=os.environ.get("IMAGEFAP_DATABASE_URL", ""))
    (_write_json if as_json else _write_text)(result, dry_run=dry_run)
    if sys.stdout is not None:
        # Before the exit: a reader that has left is answered by the command line, not by the interpreter's end.
        sys.stdout.flush()
    ctx.exit(EX_FAILED_IMAGES if result.problems else 0)


def _is_terminal() -> bool:
    return sys.stdin is not None and sys.stdin.isatty()


def _ask(ctx: click.Context, result: Result) -> None:
    from rich.filesize import decimal  # noqa: PLC0415

    from tools.commands._console import counted  # noqa: PLC0415

    what = f"{counted(result.pictures, 'picture')} ({decimal(result.size)})"
    try:
        agreed = click.confirm(f"Import {what}?", err=True)
    except click.Abort:
        agreed = False
    if not agreed:
        click.echo("Nothing was changed.", err=True)
        ctx.exit(EX_INTERRUPTED)


def _write_json(result: Result, *, dry_run: bool) -> None:
    document: dict[str, Any] = {"schema": SCHEMA, "dry_run": dry_run}
    document |= {name: getattr(result, name) for name in _COUNTS}
    document["problems"] = [{"path": problem.path, "reason": problem.reason} for problem in result.problems]
    document["unnamed"] = result.unnamed
    if result.entries is not None:
        document |= {"entries": result.entries, "entries_without_file": result.entries_without_file}
    write(json_text(document) + "\n")


def _write_text(result: Result, *, dry_run: bool) -> None:
    from rich.filesize import decimal  # noqa: PLC0415

    from tools.commands._console import Report, counted  # noqa: PLC0415

    report = Report()
    report.heading("would import" if dry_run else "imported")
    report.line("pictures", f"{result.pictures:,} ({decimal(result.size)})")
    for name, label in _LINES.items():
        if count := getattr(result, name):
            report.line(label, f"{count:,}" + (f" ({decimal(result.bytes_stored)})" if name == "stored" else ""))
    if result.entries is not None:
        report.line("gallery-dl's entries", f"{result.entries:,}")
        if result.entries_without_file:
            without = counted(result.entries_without_file, "entry", "entries")
            report.plain(f"  {without} without a file: not recorded as stored; a crawl gets what its folders list")
    if result.problems:
        report.heading(f"not taken: {len(result.problems):,}")
        for problem in result.problems:
            report.plain(f"  {printable(problem.path)}: {printable(problem.reason)}")
    if result.unnamed:
        report.heading(f"not adopted, nothing says which image it is: {len(result.unnamed):,} (see import local)")
        for path in result.unnamed:
            report.plain(f"  {printable(path)}")

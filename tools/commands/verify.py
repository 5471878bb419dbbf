"""`process.py verify`: whether everything that the archive says of itself is true."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import click

from tools.commands._options import archive_directory, directory_option, json_option

if TYPE_CHECKING:
    from pathlib import Path


@click.command(
    epilog="""\b
Examples:
  python tools/process.py verify
  python tools/process.py verify --read-data --repair --dry-run

Exit code 0: nothing is wrong (any more), 65: something is.
"""
)
@directory_option
@click.option("--read-data", is_flag=True, help="Read every file and compare its SHA-256; else its size alone.")
@click.option(
    "--repair",
    is_flag=True,
    help="Move damaged files to .imagefap/quarantine and put their images back on the list: the next crawl gets them.",
)
@click.option("--dry-run", is_flag=True, help="With --repair: only say what would be done.")
@json_option("Write one JSON object instead, with every problem.")
@click.pass_context
def command(
    ctx: click.Context, directory: Path | None, *, read_data: bool, repair: bool, dry_run: bool, as_json: bool
) -> None:
    """Check files against the database and the database against files; changes nothing unless told to."""
    if dry_run and not repair:
        raise click.UsageError("--dry-run says what --repair would do; give both", ctx)
    # Here and not above: --help must not wait for SQLAlchemy.
    from tools.commands import _verify, _verify_report  # noqa: PLC0415

    result = _verify.verify(
        archive_directory(ctx, directory), read_data=read_data, repair=repair and not dry_run, rehearse=dry_run
    )
    show = _verify_report.write_json if as_json else _verify_report.write_text
    show(result)
    if sys.stdout is not None:
        # Before the exit: a reader that has left is answered by the command line, not by the interpreter's end.
        sys.stdout.flush()
    ctx.exit(0 if result.ok else os.EX_DATAERR)

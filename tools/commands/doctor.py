"""`process.py doctor`: whether program, disk and archive are as they should be."""

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
  python tools/process.py doctor
  python tools/process.py doctor --site --json

Exit code 0: nothing is bad, 65: something is.
"""
)
@directory_option
@click.option(
    "--site", is_flag=True, help="Also ask the site for its robots.txt: one request, counted as a page, no redirects."
)
@json_option("Write one JSON object instead.")
@click.pass_context
def command(ctx: click.Context, directory: Path | None, *, site: bool, as_json: bool) -> None:
    """Check versions, disk, permissions, database, locks and clock; changes nothing, asks nobody unless told to."""
    # Here and not above: --help must not wait for SQLAlchemy.
    from tools.commands import _doctor  # noqa: PLC0415

    checks = _doctor.examine(archive_directory(ctx, directory), site=site)
    show = _doctor.write_json if as_json else _doctor.write_text
    show(checks)
    if sys.stdout is not None:
        # Before the exit: a reader that has left is answered by the command line, not by the interpreter's end.
        sys.stdout.flush()
    ctx.exit(os.EX_DATAERR if _doctor.is_bad(checks) else 0)

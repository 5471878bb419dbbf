"""`process.py print`: everything that the archive knows, row by row."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from tools.commands._options import archive_directory, directory_option, json_option

if TYPE_CHECKING:
    from pathlib import Path


@click.command(
    "print",
    epilog="""\b
Examples:
  python tools/process.py print | less
  python tools/process.py print --json | jq -r '.images[] | select(.status == "failed") | .image_id'
""",
)
@directory_option
@json_option("Write JSON Lines instead, one object a folder.")
@click.pass_context
def command(ctx: click.Context, directory: Path | None, as_json: bool) -> None:
    """Print every user, folder and favorite, and the tags."""
    # Here and not above: --help must not wait for SQLAlchemy.
    from tools.commands import _print  # noqa: PLC0415

    show = _print.write_json if as_json else _print.write_text
    show(archive_directory(ctx, directory))

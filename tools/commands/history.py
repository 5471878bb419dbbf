"""`process.py history`: what was decided and changed, and what of it was undone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from tools.commands._options import archive_directory, directory_option, json_option

if TYPE_CHECKING:
    from pathlib import Path


@click.command(
    "history",
    short_help="Show what was decided.",
    epilog="""\b
Examples:
  python tools/process.py history --limit 10
  python tools/process.py history --json | jq 'select(.undone_by == null) | .action'
""",
)
@directory_option
@click.option("--limit", type=click.IntRange(min=1), metavar="N", help="Show the last N.")
@json_option("Write JSON Lines instead, one object an action; people see one line for all that was done together.")
@click.pass_context
def command(ctx: click.Context, directory: Path | None, *, limit: int | None, as_json: bool) -> None:
    """Show what was decided and changed, the latest first, with the numbers that `undo` takes."""
    # Here and not above: --help must not wait for SQLAlchemy.
    from tools.commands import _history  # noqa: PLC0415

    show = _history.write_json if as_json else _history.write_text
    show(archive_directory(ctx, directory), limit)

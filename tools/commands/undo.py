"""`process.py undo`: taking decisions back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from tools.commands._options import archive_directory, directory_option, json_option

if TYPE_CHECKING:
    from pathlib import Path


@click.command(
    "undo",
    short_help="Take back what was done last.",
    epilog="""\b
Examples:
  python tools/process.py undo
  python tools/process.py undo 17 --one --dry-run
""",
)
@click.argument("action", type=int, required=False)
@directory_option
@click.option("--one", is_flag=True, help="Only this action (the last one), not all that was done together with it.")
@click.option("--dry-run", is_flag=True, help="Change nothing, and say what would be done.")
@click.option("--yes", is_flag=True, help="Do not ask first.")
@json_option("Write one JSON object instead.")
@click.pass_context
def command(
    ctx: click.Context,
    action: int | None,
    directory: Path | None,
    *,
    one: bool,
    dry_run: bool,
    yes: bool,
    as_json: bool,
) -> None:
    """Take back what was done last, or with that action: files, verdicts and tags are then as before.

    Numbers are those of `process.py history`. An undoing is an action, too: undoing it does again what was undone.
    """
    # Here and not above: --help must not wait for SQLAlchemy.
    from tools.commands import _history  # noqa: PLC0415

    place = archive_directory(ctx, directory)
    ctx.exit(_history.undo(ctx, place, action, one=one, dry_run=dry_run, yes=yes, as_json=as_json))

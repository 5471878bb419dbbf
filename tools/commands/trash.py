"""`process.py trash`: what was thrown out, until it is deleted for good."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import click

from tools.commands._options import archive_directory, directory_option, json_option

if TYPE_CHECKING:
    from pathlib import Path

_UNITS = {"h": "hours", "d": "days", "w": "weeks"}
_dry_run = click.option("--dry-run", is_flag=True, help="Change nothing, and say what would be done.")


class _Age(click.ParamType[timedelta]):
    """An age such as 30d: a number of hours, days or weeks."""

    name = "age"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> timedelta:
        """Return the age, or end with a usage error."""
        if isinstance(value, timedelta):
            return value
        found = re.fullmatch("([0-9]{1,5})([hdw])", str(value))
        if found is None:
            self.fail(f"{value!r} is no age: write 30d (days), 12h (hours) or 4w (weeks)", param, ctx)
        return timedelta(**{_UNITS[found[2]]: int(found[1])})


@click.group(
    epilog="""\b
Examples:
  python tools/process.py trash list
  python tools/process.py trash empty --older 30d --dry-run
"""
)
def command() -> None:
    """Look into the trash, bring something back, or delete it for good."""


@command.command(
    "list",
    epilog="""\b
Examples:
  python tools/process.py trash list
  python tools/process.py trash list --json | jq -r .sha256
""",
)
@directory_option
@json_option("Write JSON Lines instead, one object a picture.")
@click.pass_context
def list_(ctx: click.Context, directory: Path | None, *, as_json: bool) -> None:
    """Show what is in the trash, the oldest first."""
    # Here and not above, as in every command: --help must not wait for SQLAlchemy.
    from tools.commands import _trash  # noqa: PLC0415

    _trash.write_list(archive_directory(ctx, directory), as_json=as_json)


@command.command(
    epilog="""\b
Examples:
  python tools/process.py trash restore 1a2b3c4d5e
  python tools/process.py trash restore 1a2b3c 4d5e6f --dry-run
"""
)
@click.argument("pictures", nargs=-1, required=True, metavar="SHA256...")
@directory_option
@_dry_run
@json_option("Write one JSON object instead.")
@click.pass_context
def restore(
    ctx: click.Context, pictures: tuple[str, ...], directory: Path | None, *, dry_run: bool, as_json: bool
) -> None:
    """Bring pictures back, each named by at least 6 digits of its SHA-256; what was kept instead stays, too."""
    from tools.commands import _trash  # noqa: PLC0415

    ctx.exit(_trash.restore(archive_directory(ctx, directory), pictures, dry_run=dry_run, as_json=as_json))


@command.command(
    epilog="""\b
Examples:
  python tools/process.py trash empty --older 30d --dry-run
  python tools/process.py trash empty --older 30d --yes

This alone cannot be undone.
"""
)
@directory_option
@click.option("--older", type=_Age(), metavar="AGE", help="Only what went there longer ago: 30d, 12h, 4w.")
@_dry_run
@click.option("--yes", is_flag=True, help="Do not ask first.")
@json_option("Write one JSON object instead.")
@click.pass_context
def empty(
    ctx: click.Context,
    directory: Path | None,
    *,
    older: timedelta | None,
    dry_run: bool,
    yes: bool,
    as_json: bool,
) -> None:
    """Delete for good what is in the trash; the pictures that were kept instead stay."""
    from tools.commands import _trash  # noqa: PLC0415

    place = archive_directory(ctx, directory)
    ctx.exit(_trash.empty(ctx, place, older, dry_run=dry_run, yes=yes, as_json=as_json))

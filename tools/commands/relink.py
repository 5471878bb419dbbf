"""`process.py relink`: other names for the files of a get-mode archive."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from tools.commands._options import archive_directory, directory_option, json_option

if TYPE_CHECKING:
    from pathlib import Path


@click.command(
    epilog="""\b
Examples:
  python tools/process.py relink --template '{folder}/{num:05}-{name}.{ext}' --dry-run
  python tools/process.py relink --template '{user}/{folder}/{id}.{ext}' --yes --dir ~/Pictures/imagefap

Files of your own keep their names and are never overwritten. Later crawls leave the new names alone, and give new
images such names only if they are told to: -a template=...
"""
)
@click.option(
    "--template",
    required=True,
    help="The new names, of user, folder, num (place in the folder), name, id, ext, sha256; / makes directories.",
)
@directory_option
@click.option("--dry-run", is_flag=True, help="Only say what would be renamed.")
@click.option("--yes", "-y", is_flag=True, help="Do not ask.")
@json_option("Write one JSON object instead, with every name.")
@click.pass_context
def command(
    ctx: click.Context, template: str, directory: Path | None, *, dry_run: bool, yes: bool, as_json: bool
) -> None:
    """Rename the straight files of an archive without downloading anything; `process.py undo` takes it back."""
    # Here and not above: --help must not wait for SQLAlchemy.
    from tools.commands import _relink  # noqa: PLC0415

    place = archive_directory(ctx, directory)
    _relink.run(ctx, place, template, rehearse=dry_run, yes=yes, as_json=as_json)

"""`process.py stats`: the archive in numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from tools.commands._options import archive_directory, directory_option, json_option

if TYPE_CHECKING:
    from pathlib import Path


@click.command(
    epilog="""\b
Examples:
  python tools/process.py stats
  python tools/process.py stats --json | jq .images.failed
"""
)
@directory_option
@json_option("Write one JSON object instead.")
@click.pass_context
def command(ctx: click.Context, directory: Path | None, as_json: bool) -> None:
    """Show the archive in numbers: images, sizes, folders, duplicates."""
    # Here and not above: --help must not wait for SQLAlchemy.
    from tools.commands import _stats  # noqa: PLC0415

    show = _stats.write_json if as_json else _stats.write_text
    show(archive_directory(ctx, directory))

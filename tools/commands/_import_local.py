"""`process.py import local`: pictures of the user's own."""

from __future__ import annotations

import importlib
from pathlib import Path

import click

from tools.commands._adopting import carry_out
from tools.commands._complete import user_completion
from tools.commands._options import archive_directory, directory_option, json_option


@click.command(
    epilog="""\b
Examples:
  python tools/process.py import local ~/Pictures/flowers --dry-run
  python tools/process.py import local ~/Pictures/flowers --dir ~/Pictures/imagefap --user "My disk"

Exit code 0: every picture arrived, 3: some files were not taken (they are listed).
Run again after an interruption, it goes on where it was; run again later, it adds what is new.
"""
)
@click.argument("source", metavar="DIR", type=click.Path(path_type=Path, file_okay=False))
@directory_option
@click.option(
    "--user",
    metavar="NAME",
    shell_complete=user_completion,
    help="The local user that gets the folders.  [default: LOCAL DISK]",
)
@click.option("--dry-run", is_flag=True, help="Only look and say what would be imported.")
@click.option("--yes", is_flag=True, help="Import without asking.")
@json_option("Write one JSON object instead.")
@click.pass_context
def command(
    ctx: click.Context,
    source: Path,
    directory: Path | None,
    *,
    user: str | None,
    dry_run: bool,
    yes: bool,
    as_json: bool,
) -> None:
    """Import the pictures in DIR and below it, which stay where they are and as they are.

    Each directory with pictures becomes a folder of a local user, in the order of names; equal bytes are stored once.
    Links are not followed. Nothing of it is ever asked of the site.
    """
    # By name, and here: it brings along what makes a database, which no light command pays for.
    local = importlib.import_module("imagefap_scraper.adopting.local")
    work = local.LocalImport(source.expanduser(), archive_directory(ctx, directory), user=user)
    carry_out(ctx, work, dry_run=dry_run, yes=yes, as_json=as_json)

"""`process.py import gallery-dl`: what gallery-dl's archive lists and its files hold."""

from __future__ import annotations

import importlib
from pathlib import Path

import click

from tools.commands._adopting import carry_out
from tools.commands._options import archive_directory, directory_option, json_option


@click.command(
    epilog="""\b
Examples:
  python tools/process.py import gallery-dl ~/gallery-dl/archive.sqlite3 --files ~/gallery-dl/imagefap --dry-run
  python tools/process.py import gallery-dl ~/gallery-dl/archive.sqlite3 --files ~/gallery-dl/imagefap --yes

Exit code 0: all files arrived, 3: some files were not taken (they are listed).
Run again after an interruption, it goes on where it was; run again later, it adds what is new.
"""
)
@click.argument("file", metavar="ARCHIVE", type=click.Path(path_type=Path, dir_okay=False))
@directory_option
@click.option(
    "--files",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Where gallery-dl's files are, named imagefap_GALLERY_IMAGE.EXT; without it the entries are only counted.",
)
@click.option("--dry-run", is_flag=True, help="Only look and say what would be adopted.")
@click.option("--yes", is_flag=True, help="Import without asking.")
@json_option("Write one JSON object instead.")
@click.pass_context
def command(
    ctx: click.Context,
    file: Path,
    directory: Path | None,
    *,
    files: Path | None,
    dry_run: bool,
    yes: bool,
    as_json: bool,
) -> None:
    """Adopt gallery-dl's files, and compare them with its ARCHIVE of what it has downloaded.

    The files stay where they are and as they are; no crawl downloads these images again. An entry without a file
    records nothing: an image is stored when its bytes are.
    """
    # By name, and here: it brings along what makes a database, which no light command pays for.
    trees = importlib.import_module("imagefap_scraper.adopting.trees")
    place = files.expanduser() if files is not None else None
    work = trees.TreeImport(place, archive_directory(ctx, directory), entries=file.expanduser())
    # Without files there is nothing to change, and so nothing to ask.
    carry_out(ctx, work, dry_run=dry_run or place is None, yes=yes, as_json=as_json)

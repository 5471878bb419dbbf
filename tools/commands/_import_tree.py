"""`process.py import tree`: what gallery-dl and imagefap-dl saved, under the site's own numbers."""

from __future__ import annotations

import importlib
from pathlib import Path

import click

from tools.commands._adopting import carry_out
from tools.commands._options import archive_directory, directory_option, json_option


@click.command(
    epilog="""\b
Examples:
  python tools/process.py import tree ~/gallery-dl/imagefap --dry-run
  python tools/process.py import tree ~/imagefap-dl --dir ~/Pictures/imagefap --yes

Taken are gallery-dl's names (imagefap_GALLERY_IMAGE.EXT) and imagefap-dl's (NAME (IMAGE).EXT) where the gallery.json or
favorites.json beside them knows the image: `NAME (2).jpg` alone may be any copy. All others are listed.
Exit code 0: all of these arrived, 3: some files were not taken (they are listed).
Run again after an interruption, it goes on where it was; run again later, it adds what is new.
"""
)
@click.argument("source", metavar="DIR", type=click.Path(path_type=Path, file_okay=False))
@directory_option
@click.option("--dry-run", is_flag=True, help="Only look and say what would be adopted.")
@click.option("--yes", is_flag=True, help="Import without asking.")
@json_option("Write one JSON object instead.")
@click.pass_context
def command(
    ctx: click.Context, source: Path, directory: Path | None, *, dry_run: bool, yes: bool, as_json: bool
) -> None:
    """Adopt what other tools saved in DIR and below it: no crawl downloads it again.

    The files stay where they are and as they are. An image comes into its folders when a crawl lists them.
    """
    # By name, and here: it brings along what makes a database, which no light command pays for.
    trees = importlib.import_module("imagefap_scraper.adopting.trees")
    work = trees.TreeImport(source.expanduser(), archive_directory(ctx, directory))
    carry_out(ctx, work, dry_run=dry_run, yes=yes, as_json=as_json)

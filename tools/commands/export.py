"""`process.py export`: pictures out of the archive, into folders by tag or a ZIP file."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import click

from imagefap_scraper.exceptions import EX_FAILED_IMAGES
from tools.commands._complete import query_completion, tag_completion
from tools.commands._options import archive_directory, directory_option, json_option

_ZIP = "imagefap-export.zip"


class _Place(click.Path):
    """A path that is not empty, its `~` expanded also where the shell did not: what is unset must not mean here."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the path, or end with a usage error."""
        if not str(value):
            self.fail("it is empty", param, ctx)
        try:
            return Path(os.fsdecode(super().convert(value, param, ctx))).expanduser()
        except RuntimeError:
            self.fail(f"{value!r}: there is no such user's home", param, ctx)


@click.command(
    epilog="""\b
Examples:
  python tools/process.py export --tag plants --to ~/Pictures/plants
  python tools/process.py export 'folder:Trees w:>2000' --to ~/trees --template '{folder}/{num:05}-{name}.{ext}'

Exit code 0: everything is there, 3: some pictures could not be read (they are listed).
Run again, it adds what is missing and writes nothing else.
"""
)
@click.argument("query", required=False, shell_complete=query_completion)
@directory_option
@click.option(
    "--tag",
    "-t",
    "tags",
    multiple=True,
    metavar="TAG",
    shell_complete=tag_completion,
    help="A tag by its whole path, with those below it.",
)
@click.option("--to", type=_Place(), metavar="DIR", help="Where to; made if it is not there.")
@click.option(
    "--template",
    default="{tag}/{num:05}-{name}.{ext}",
    show_default=True,
    help="Names below DIR, of user, folder, num (its place there), name, id, ext, sha256, tag; / makes directories.",
)
@click.option("--copy", "hows", flag_value="copy", multiple=True, help="Copy the files.  [default]")
@click.option(
    "--hardlink",
    "hows",
    flag_value="hardlink",
    multiple=True,
    help="Link to the files: needs no space; a change of such a file changes the archive's too.",
)
@click.option(
    "--symlink", "hows", flag_value="symlink", multiple=True, help="Make links that show where the files are."
)
@click.option(
    "--zip",
    "zip_file",
    is_flag=False,
    flag_value=_ZIP,
    type=_Place(),
    metavar="FILE",
    help=f"Write one ZIP file instead, in DIR if --to is given.  [without FILE: {_ZIP}]",
)
@click.option("--dry-run", is_flag=True, help="Only say what would be written.")
@click.option("--yes", "-y", is_flag=True, help="Do not ask, however much it is.")
@json_option("Write one JSON object instead.")
@click.pass_context
def command(
    ctx: click.Context,
    query: str | None,
    directory: Path | None,
    *,
    tags: tuple[str, ...],
    to: Path | None,
    template: str,
    hows: tuple[str, ...],
    zip_file: Path | None,
    dry_run: bool,
    yes: bool,
    as_json: bool,
) -> None:
    """Export the images of a QUERY, or of a --tag, under names made by a template; nothing is ever overwritten.

    Pictures with the verdict `skip` stay out; of copies that were thrown out, the one that was kept is exported. What
    came from where is written to imagefap-export.json beside them.
    """
    if query is None and not tags:
        raise click.UsageError("say what to export: a QUERY ('' is everything), or --tag TAG", ctx)
    place = _place(ctx, to, zip_file, hows)
    # Here and not above: --help must not wait for SQLAlchemy.
    from tools.commands import _export  # noqa: PLC0415

    how = "zip" if zip_file is not None else hows[0] if hows else "copy"
    work = _export.Export(archive_directory(ctx, directory), query or "", tags, template, place, how)
    ok = _export.run(ctx, work, rehearse=dry_run, yes=yes, as_json=as_json)
    if sys.stdout is not None:
        # Before the exit: a reader that has left is answered by the command line, not by the interpreter's end.
        sys.stdout.flush()
    ctx.exit(0 if ok else EX_FAILED_IMAGES)


def _place(ctx: click.Context, to: Path | None, zip_file: Path | None, hows: tuple[str, ...]) -> Path:
    """Return where to export to."""
    if len(set(hows)) + (zip_file is not None) > 1:
        raise click.UsageError("--copy, --hardlink, --symlink and --zip exclude each other", ctx)
    if zip_file is None:
        if to is None:
            raise click.UsageError("say where to: --to DIR", ctx)
        return to
    if zip_file.suffix.lower() != ".zip":
        raise click.UsageError(f"--zip takes the name of a file that ends with .zip, not {str(zip_file)!r}", ctx)
    return (to or Path()) / zip_file

"""`process.py import legacy`: the original program's database and pictures."""

from __future__ import annotations

import importlib
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from imagefap_scraper.exceptions import EX_FAILED_IMAGES, UserInputError
from tools.commands._options import archive_directory, directory_option, json_option

if TYPE_CHECKING:
    from collections.abc import Callable

#: Where the password may stand, for scripts.
PASSWORD_VARIABLE = "IMAGEFAP_LEGACY_PASSWORD"  # noqa: S105 - a name, no password
_BLOBS = "blobs"


@click.command(
    epilog="""\b
Examples:
  python tools/process.py import legacy ~/old/imagefap.database --dir ~/Pictures/imagefap --dry-run
  python tools/process.py import legacy ~/old/imagefap.database --dir ~/Pictures/imagefap

Exit code 0: everything arrived, 3: some pictures did not (they are listed; the next crawl asks for those it may get).
Run again after an interruption, it goes on where it was.
"""
)
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@directory_option
@click.option(
    "--blobs",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Where the original's pictures are.  [default: blobs beside FILE]",
)
@click.option(
    "--password-file",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="PATH",
    help=f"The password of an encrypted database is its first line; also by {PASSWORD_VARIABLE}, else it is asked for.",
)
@click.option("--dry-run", is_flag=True, help="Only read the database and say what would be imported.")
@json_option("Write one JSON object instead, with every picture that did not arrive.")
@click.pass_context
def command(
    ctx: click.Context,
    file: Path,
    directory: Path | None,
    *,
    blobs: Path | None,
    password_file: Path | None,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Import a database of the original program with its pictures into a new archive, named by --dir.

    Users, folders with their order and dates, names, verdicts, tags, what failed and what is gone from the site arrive;
    each picture is hashed and decoded again. Nothing is written where the original's files are. Not imported:
    thumbnails, hashes that nothing here uses, scores and limits of the search for duplicates (it is run again).
    """
    # By name, and here: it brings along what makes a database, which no light command pays for.
    importing = importlib.import_module("imagefap_scraper.legacy.importing")
    from tools.commands import _report_legacy  # noqa: PLC0415 - --help must not wait for rich

    file = file.expanduser()
    source = importing.Source(file, blobs.expanduser() if blobs is not None else file.parent / _BLOBS)
    work = importing.Import(source, archive_directory(ctx, directory), _password_from(ctx, password_file))
    result = work.rehearse() if dry_run else _carry_out(work)
    show = _report_legacy.write_json if as_json else _report_legacy.write_text
    show(result, rehearsed=dry_run)
    if sys.stdout is not None:
        # Before the exit: a reader that has left is answered by the command line, not by the interpreter's end.
        sys.stdout.flush()
    ctx.exit(EX_FAILED_IMAGES if result.problems else 0)


def _carry_out(work: Any) -> Any:
    from tools.commands._progress import bar  # noqa: PLC0415 - as above

    with bar("pictures", len(work.database.blobs)) as shown:
        return work.run(shown.advance, url=os.environ.get("IMAGEFAP_DATABASE_URL", ""))


def _password_from(ctx: click.Context, path: Path | None) -> Callable[[], str]:
    """Return what finds the password once it is needed: in the file, the environment, or by asking for it."""

    def find() -> str:
        if path is not None:
            return _first_line(path)
        if PASSWORD_VARIABLE in os.environ:
            return os.environ[PASSWORD_VARIABLE]
        if sys.stdin is None or not sys.stdin.isatty():
            raise click.UsageError(f"the database is encrypted: give --password-file PATH or {PASSWORD_VARIABLE}", ctx)
        answer: str = click.prompt("Password of the original's database", hide_input=True, err=True)
        return answer

    return find


def _first_line(path: Path) -> str:
    try:
        with path.expanduser().open(encoding="utf-8") as file:
            return file.readline().rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is no text"
        raise UserInputError(f"the password file {path} cannot be read: {why}; name another") from error

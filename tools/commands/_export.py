"""What is exported: found out, asked about, written, told."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click
from rich.filesize import decimal

from imagefap_scraper.export.folder import FolderTarget, How
from imagefap_scraper.export.plan import plan
from imagefap_scraper.export.selection import files_of, select_pictures
from imagefap_scraper.export.sources import Sources
from imagefap_scraper.export.zipped import ZipTarget
from imagefap_scraper.storage.template import Template
from tools.commands._archive import open_archive
from tools.commands._console import counted
from tools.commands._dups_place import open_workplace
from tools.commands._progress import bar
from tools.commands._text import json_text, printable, write

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from imagefap_scraper.export.plan import Output

#: Raised when a field of `--json` changes its meaning or goes away.
SCHEMA = 1
#: More than that is asked about: files, and bytes.
_MANY = 10_000
_MUCH = 10_000_000_000


@dataclass(frozen=True, slots=True)
class Export:
    """What to export from which archive, and where to; `how` is one of `copy`, `hardlink`, `symlink`, `zip`."""

    directory: Path
    query: str
    tags: Sequence[str]
    template: str
    place: Path
    how: str

    def prepare(self) -> tuple[list[Output], FolderTarget | ZipTarget]:
        """Return every file that is to be there, and where.

        Raises:
            UserInputError: the query or the template cannot be.
            OutputError, StorageError, DatabaseError, LockedError: archive or target cannot be used.
        """
        template = Template(self.template)
        workplace = open_workplace(self.directory)
        with open_archive(self.directory) as archive:
            pictures = select_pictures(archive.connection, self.query, self.tags)
            files = files_of(archive.connection, {picture.blob.sha256 for picture in pictures})
        sources = Sources(workplace.directory, files)
        target: FolderTarget | ZipTarget = (
            ZipTarget(self.place, sources) if self.how == "zip" else FolderTarget(self.place, sources, How(self.how))
        )
        return plan(pictures, template, target), target


def run(ctx: click.Context, work: Export, *, rehearse: bool, yes: bool, as_json: bool) -> bool:
    """Say what would be written, or ask, write it, and say so; return whether all of it is there."""
    outputs, target = work.prepare()
    missing = [output for output in outputs if not output.there]
    if not rehearse:
        size = sum(output.blob.size for output in missing)
        if not yes and (len(missing) > _MANY or size > _MUCH):
            _ask(ctx, f"write {_amount(missing)} to {printable(str(work.place))}")
        with bar("exporting", len(missing)) as progress:
            target.write(outputs, progress.advance)
        for note in target.notes:
            click.echo(f"Note: {printable(note)}", err=True)
    if as_json:
        write(json_text(_document(work, outputs, missing, target, rehearse)) + "\n")
    else:
        _tell(work, outputs, missing, target, rehearse)
    return not target.problems


def _ask(ctx: click.Context, what: str) -> None:
    """Go on only if the user says yes."""
    if sys.stdin is None or not sys.stdin.isatty():
        raise click.UsageError(f"this would {what}: give --yes to do it, --dry-run to look", ctx)
    click.confirm(f"This would {what}. Go on?", abort=True, err=True)


def _amount(outputs: Sequence[Output]) -> str:
    return f"{counted(len(outputs), 'file')} ({decimal(sum(output.blob.size for output in outputs))})"


def _tell(
    work: Export, outputs: Sequence[Output], missing: Sequence[Output], target: FolderTarget | ZipTarget, rehearse: bool
) -> None:
    place = printable(str(work.place))
    there = len(outputs) - len(missing)
    if rehearse:
        for output in missing:
            write(f"{printable(output.path)}\n")
        write(f"would write {_amount(missing)} to {place}; {there:,} of {len(outputs):,} are there\n")
        return
    failed = {path for path, _ in target.problems}
    done = [output for output in missing if output.path not in failed]
    write(f"wrote {_amount(done)} to {place}; {there:,} of {len(outputs):,} were there\n")
    for path, reason in target.problems:
        write(f"not exported: {printable(path)}: {printable(reason)}\n")


def _document(
    work: Export, outputs: Sequence[Output], missing: Sequence[Output], target: FolderTarget | ZipTarget, rehearse: bool
) -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        "dry_run": rehearse,
        "to": str(work.place),
        "files": len(outputs),
        "bytes": sum(output.blob.size for output in outputs),
        "there": len(outputs) - len(missing),
        "missing": [
            {"path": output.path, "sha256": output.blob.sha256, "bytes": output.blob.size} for output in missing
        ]
        if rehearse
        else [],
        "written": target.written,
        "problems": [{"path": path, "reason": reason} for path, reason in target.problems],
        "notes": target.notes,
    }

"""Whether the archive is as it says, for people and as JSON; and the frame of locks around check and repair."""

from __future__ import annotations

import sys
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.filesize import decimal
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn
from sqlalchemy.engine import URL

from imagefap_scraper.database.session import open_writer
from imagefap_scraper.exceptions import OutputError
from imagefap_scraper.storage.files import ArchiveDirectory
from imagefap_scraper.storage.lock import DirectoryLock, database_lock
from tools.commands._archive import open_archive
from tools.commands._audit import Audit, check
from tools.commands._console import Report, counted
from tools.commands._repair import Repair
from tools.commands._text import json_text, printable, write

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlalchemy import Connection

    from tools.commands._archive import Archive
    from tools.commands._audit import Problem

#: Raised when a field of `verify --json` changes its meaning or goes away.
SCHEMA = 1

#: Problems and files that people are shown; the rest is summed up.
_SHOWN = 20
#: Image numbers shown behind one file.
_IDS_SHOWN = 5


def verify(directory: Path, *, read_data: bool, repair: bool, rehearse: bool) -> Audit:
    """Return what was found, and with `repair` what was done about it.

    Args:
        directory: the archive's.
        read_data: read every file.
        repair: lock the directory and repair.
        rehearse: say what a repair would do; changes nothing, locks nothing.

    Raises:
        OutputError: there is no such directory, or it is not the archive's.
        LockedError: a crawl is running into it, and a repair was asked for.
        DatabaseError: there is no usable database.
        StorageError: the disk refused.
    """
    with ExitStack() as stack:
        archive = stack.enter_context(open_archive(directory))
        place = ArchiveDirectory(directory)
        audit = Audit(str(archive.path), read_data)
        _refuse_another_place(archive, place)
        if repair:
            place.prepare()
            # Before the check: what a running crawl moves meanwhile is no problem to repair.
            stack.enter_context(DirectoryLock(place.lock_path))
        with _bar(read_data) as bar:
            check(archive.connection, place, audit, bar)
        if repair or rehearse:
            transaction = partial(_transaction, archive.path) if repair else None
            Repair(place, archive.connection, transaction).run(audit)
    return audit


def _refuse_another_place(archive: Archive, place: ArchiveDirectory) -> None:
    """Refuse a directory that no crawl has used, when the database lies elsewhere: every file would be missing there."""
    if archive.path.parent.resolve() != place.root and not place.own.is_dir():
        raise OutputError(
            f"{place.root} is not where the files of {archive.path} are: no crawl has used it. "
            "Mount its disk, or name another: --dir DIR"
        )


@contextmanager
def _transaction(path: Path) -> Iterator[Connection]:
    """Give a connection inside a write transaction; opening and closing it are under the lock as well."""
    with database_lock(path):
        engine = open_writer(URL.create("sqlite", database=str(path)))
        try:
            with engine.begin() as connection:
                yield connection
        finally:
            engine.dispose()


class _Bar:
    """How much of the files has been read, on a terminal."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._task = progress.add_task("reading", total=None)

    def start(self, total: int) -> None:
        """Say how many bytes there are to read."""
        self._progress.update(self._task, total=total)

    def advance(self, size: int) -> None:
        """Say how many were read since."""
        self._progress.advance(self._task, size)


@contextmanager
def _bar(wanted: bool) -> Iterator[_Bar | None]:
    """Give a progress bar on stderr, unseen where there is no terminal; None if nothing is to be read."""
    if not wanted:
        yield None
        return
    console = Console(stderr=True)
    seen = sys.stderr is not None and sys.stderr.isatty() and not console.is_dumb_terminal
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not seen) as progress:
        yield _Bar(progress)


def write_json(audit: Audit) -> None:
    """Write what was found as one JSON object to stdout."""
    counts = audit.counts
    document: dict[str, Any] = {
        "schema": SCHEMA,
        "ok": audit.ok,
        "read_data": audit.read_data,
        "database": audit.database,
        "folders": counts.folders if counts else None,
        "favorites": counts.favorites if counts else None,
        "images": audit.images,
        "blobs": counts.blobs if counts else None,
        "files": {layout: {"count": count, "bytes": size} for layout, (count, size) in counts.files.items()}
        if counts
        else {},
        "unfinished": {"intents": counts.intents if counts else None, "temporary_files": audit.temporary},
        "unknown_files": audit.unknown,
        "problems": [_problem(problem) for problem in audit.problems],
    }
    write(json_text(document) + "\n")


def _problem(problem: Problem) -> dict[str, Any]:
    """Return a problem without the fields that do not apply to it."""
    fields = {
        "kind": str(problem.kind),
        "path": problem.path,
        "image_ids": problem.image_ids or None,
        "sha256": problem.sha256,
        "message": problem.message,
        "repair": problem.repair or None,
        "repaired": problem.repaired or None,
    }
    return {name: value for name, value in fields.items() if value is not None}


def write_text(audit: Audit) -> None:
    """Write what was found for a person to stdout."""
    report = Report()
    report.heading("Checked")
    report.line("database", printable(audit.database))
    _counts(report, audit)
    _unfinished(report, audit)
    if audit.unknown:
        report.heading("\nFiles that are not the archive's (left alone)")
        _some(report, [printable(name) for name in audit.unknown])
    if audit.problems:
        report.heading("\nProblems")
        _some(report, [_described(problem) for problem in audit.problems])
    report.plain("")
    report.plain(_verdict(audit))


def _counts(report: Report, audit: Audit) -> None:
    if audit.counts is None:
        return
    report.line("favorites", f"{audit.counts.favorites:,} in {counted(audit.counts.folders, 'folder')}")
    report.line("images", ", ".join(f"{count:,} {status}" for status, count in audit.images.items()))
    names = {"blobs": "files, blobs", "straight": "files, by name"}
    for layout, (count, size) in sorted(audit.counts.files.items()):
        how = "every byte read" if audit.read_data else "sizes compared; --read-data reads every byte"
        report.line(names.get(layout, printable(layout)), f"{count:,}, {decimal(size)} ({how})")


def _unfinished(report: Report, audit: Audit) -> None:
    intents = audit.counts.intents if audit.counts else 0
    if intents or audit.temporary:
        what = f"{counted(intents, 'intent')}, {counted(audit.temporary, 'temporary file')}"
        report.line("unfinished", f"{what}: a stopped crawl left them (the next one finishes them), or one is running")


def _some(report: Report, lines: list[str]) -> None:
    """Write the first lines, and how many more there are."""
    for line in lines[:_SHOWN]:
        report.plain(f"  {line}")
    if len(lines) > _SHOWN:
        report.plain(f"  ... and {len(lines) - _SHOWN:,} more; --json shows all")


def _described(problem: Problem) -> str:
    text = f"{problem.kind}: " + (f"{problem.path}: " if problem.path is not None else "") + problem.message
    if problem.file is not None and problem.image_ids:
        ids = ", ".join(str(image_id) for image_id in problem.image_ids[:_IDS_SHOWN])
        more = ", ..." if len(problem.image_ids) > _IDS_SHOWN else ""
        text += f" (image {ids}{more})"
    return printable(text + (f" -> {problem.repair}" if problem.repair else ""))


def _verdict(audit: Audit) -> str:
    if not audit.problems:
        return "Nothing is wrong."
    repaired = sum(problem.repaired for problem in audit.problems)
    left = len(audit.problems) - repaired
    parts = [f"{counted(repaired, 'problem')} repaired"] if repaired else []
    if left:
        parts.append(f"{counted(left, 'problem')} {'left' if repaired else 'found'}")
    again = "; the same crawl command gets what is wanted again" if repaired else ""
    return ", ".join(parts) + again + "."

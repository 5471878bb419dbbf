"""Check and repair of an archive, in the frame of locks and connections that they need."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

from rich.progress import DownloadColumn

from imagefap_scraper.exceptions import OutputError
from imagefap_scraper.review.workplace import Workplace
from imagefap_scraper.storage.files import ArchiveDirectory
from imagefap_scraper.storage.lock import DirectoryLock
from tools.commands._archive import open_archive
from tools.commands._audit import Audit, check
from tools.commands._progress import live
from tools.commands._repair import Repair

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from rich.progress import Progress

    from tools.commands._archive import Archive


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
        workplace = Workplace(place, archive.path)
        audit = Audit(str(archive.path), read_data)
        _refuse_another_place(archive, place)
        if repair:
            place.prepare()
            # Before the check: what a running crawl moves meanwhile is no problem to repair.
            stack.enter_context(DirectoryLock(place.lock_path))
            workplace.carry_out_moves()
        with _bar(read_data) as bar:
            check(archive.connection, place, audit, bar)
        if repair or rehearse:
            Repair(place, archive.connection, workplace.transaction if repair else None).run(audit)
    return audit


def _refuse_another_place(archive: Archive, place: ArchiveDirectory) -> None:
    """Refuse a directory that no crawl has used, when the database lies elsewhere: all files would be missing."""
    if archive.path.parent.resolve() != place.root and not place.own.is_dir():
        raise OutputError(
            f"{place.root} is not where the files of {archive.path} are: no crawl has used it. "
            "Mount its disk, or name another: --dir DIR"
        )


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
    with live(DownloadColumn()) as progress:
        yield _Bar(progress)

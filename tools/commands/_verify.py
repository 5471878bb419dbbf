"""Check and repair of an archive, in the frame of locks and connections that they need."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

from rich.progress import DownloadColumn

from imagefap_scraper.review.workplace import Workplace
from imagefap_scraper.storage.files import ArchiveDirectory
from imagefap_scraper.verifying.audit import Audit, check
from imagefap_scraper.verifying.repair import Repair, held, refuse_another_place
from tools.commands._archive import open_archive
from tools.commands._progress import live

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from rich.progress import Progress


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
        if repair:
            stack.enter_context(held(workplace))
        else:
            refuse_another_place(workplace)
        with _bar(read_data) as bar:
            check(archive.connection, place, audit, bar)
        if repair or rehearse:
            Repair(place, archive.connection, workplace.transaction if repair else None).run(audit)
    return audit


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

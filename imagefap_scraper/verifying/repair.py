"""What `verify --repair` does: damaged files aside, their images back on the list. Nothing is deleted."""

from __future__ import annotations

from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

from imagefap_scraper.database import checks, repairs
from imagefap_scraper.exceptions import DatabaseError, OutputError
from imagefap_scraper.storage.audit import Fault, examine
from imagefap_scraper.storage.lock import DirectoryLock
from imagefap_scraper.verifying.audit import FAVORITE_WITHOUT_IMAGE, STORED_WITHOUT_FILE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from contextlib import AbstractContextManager

    from sqlalchemy import Connection

    from imagefap_scraper.database.checks import KnownFile
    from imagefap_scraper.review.workplace import Workplace
    from imagefap_scraper.storage.files import ArchiveDirectory
    from imagefap_scraper.verifying.audit import Audit, Problem

#: Why an image is wanted again, as its row and `print` say.
_MISSING = "its file was missing"
_DAMAGED = "its file was damaged"
#: Repairs in one transaction, which holds up no crawl: the directory is locked.
_AT_A_TIME = 500


def refuse_another_place(workplace: Workplace) -> None:
    """Refuse a directory that no crawl has used, when the database lies elsewhere: all files would be missing.

    Raises:
        OutputError: it is such a one.
    """
    place = workplace.directory
    if workplace.database.parent.resolve() != place.root and not place.own.is_dir():
        raise OutputError(
            f"{place.root} is not where the files of {workplace.database} are: no crawl has used it. "
            "Mount its disk, or name another: --dir DIR"
        )


@contextmanager
def held(workplace: Workplace) -> Iterator[None]:
    """Hold an archive for a repair: what a crawl moves meanwhile is no problem to repair, nor what a killed one left.

    Raises:
        OutputError: the directory cannot be written, or is not the archive's.
        LockedError: a crawl is running into it.
        StorageError: the disk refused.
    """
    refuse_another_place(workplace)
    workplace.directory.prepare()
    with DirectoryLock(workplace.directory.lock_path):
        workplace.carry_out_moves()
        yield


class Repair:
    """Repairs what was found, or only says what it would do.

    Args:
        directory: the output directory, `held` by the caller.
        connection: reads.
        transaction: gives a connection that writes, in a transaction of its own; None changes nothing at all.
    """

    def __init__(
        self,
        directory: ArchiveDirectory,
        connection: Connection,
        transaction: Callable[[], AbstractContextManager[Connection]] | None,
    ) -> None:
        self._directory = directory
        self._connection = connection
        self._transaction = transaction
        self._writes: list[Callable[[Connection], None]] = []

    def run(self, audit: Audit) -> None:
        """Repair what an audit found, as far as can be.

        Raises:
            DatabaseError: the database itself is damaged: nothing is concluded from it.
            StorageError: see `repair`.
        """
        if audit.damaged:
            raise DatabaseError(
                f"{audit.database} is damaged, so nothing was repaired: keep a copy, restore a backup, verify again"
            )
        self.repair(audit.problems)

    def repair(self, problems: Iterable[Problem]) -> None:
        """Repair what can be; each problem says what was done about it.

        Raises:
            StorageError: the disk refused; what was repaired before stays so, and a second run goes on.
        """
        try:
            for problem in problems:
                self._one(problem)
                if len(self._writes) >= _AT_A_TIME:
                    self._commit()
        finally:
            # The rows last: files that were moved and are still named are missing files to the next repair.
            self._commit()

    def _one(self, problem: Problem) -> None:
        # A file that cannot be read for want of permission may be whole.
        if problem.file is not None and problem.kind != Fault.UNREADABLE:
            self._file(problem, problem.file)
        elif problem.kind in (STORED_WITHOUT_FILE, FAVORITE_WITHOUT_IMAGE):
            self._want(problem, _MISSING if problem.kind == STORED_WITHOUT_FILE else "")
            self._note(problem, [_wanted(problem)])

    def _file(self, problem: Problem, file: KnownFile) -> None:
        done = ["taken off the list of files"]
        if _is_to_move(problem, file):
            done.insert(0, f"moved to {self._put_aside(file.path)}")
        self._writes.append(partial(repairs.forget_file, path=file.path))
        good = self._layouts_of_good_copies(file)
        if not good:
            self._want(problem, _MISSING if problem.kind in (Fault.MISSING, Fault.OUTSIDE) else _DAMAGED)
            done.append(_wanted(problem))
        elif file.layout not in good:
            reopen = partial(repairs.reopen_folders, image_ids=problem.image_ids, layout=file.layout)
            self._writes.append(reopen)
            done.append(f"the next crawl copies it from the {' and '.join(sorted(good))} file")
        self._note(problem, done)

    def _want(self, problem: Problem, reason: str) -> None:
        self._writes.append(partial(repairs.want_again, image_ids=problem.image_ids, reason=reason))

    def _layouts_of_good_copies(self, file: KnownFile) -> set[str]:
        """Return the layouts in which a file with the same bytes is whole, now; every byte of it is read."""
        return {
            copy.layout
            for copy in checks.copies(self._connection, file.sha256)
            if examine(self._directory, copy.path, copy.size, copy.sha256) is None
        }

    def _put_aside(self, path: str) -> str:
        if self._transaction is None:
            return self._directory.quarantine.relative_to(self._directory.root).as_posix()
        return self._directory.put_aside(path).relative_to(self._directory.root).as_posix()

    def _note(self, problem: Problem, done: list[str]) -> None:
        problem.repaired = self._transaction is not None
        problem.repair = ("" if problem.repaired else "would be ") + "; ".join(done)

    def _commit(self) -> None:
        writes, self._writes = self._writes, []
        if writes and self._transaction is not None:
            with self._transaction() as connection:
                for write in writes:
                    write(connection)


def _is_to_move(problem: Problem, file: KnownFile) -> bool:
    """Tell whether what has the file's name goes to the quarantine.

    A link or a directory in the place of a straight name is the user's and stays; among the blobs it is in the way.
    """
    if problem.kind == Fault.NOT_PLAIN:
        return file.layout == "blobs"
    return problem.kind in (Fault.SIZE, Fault.BYTES)


def _wanted(problem: Problem) -> str:
    count = len(problem.image_ids)
    return f"{count:,} {'image' if count == 1 else 'images'} put back on the list for the next crawl"

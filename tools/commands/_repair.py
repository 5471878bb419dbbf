"""What `verify --repair` does: damaged files aside, their images back on the list. Nothing is deleted."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

from imagefap_scraper.database import checks, repairs
from imagefap_scraper.exceptions import DatabaseError
from imagefap_scraper.storage.audit import Fault
from tools.commands import _audit
from tools.commands._console import counted

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from sqlalchemy import Connection

    from imagefap_scraper.database.checks import KnownFile
    from imagefap_scraper.storage.files import ArchiveDirectory
    from tools.commands._audit import Audit, Problem

#: What a file's image is wanted for, as its row and `print` say.
_REASONS = {Fault.MISSING: "its file was missing", Fault.OUTSIDE: "its file was missing"}
_DAMAGED = "its file was damaged"
#: Where a directory or a link has the name of a file: among straight names the user put it there, and it stays.
_QUARANTINED = frozenset({Fault.SIZE, Fault.BYTES})


class Repair:
    """Repairs what an audit found, or says what it would do.

    Args:
        directory: the output directory; locked by the caller, unless nothing is to be done.
        connection: reads.
        writing: gives a connection inside a write transaction of its own; None only says what would be done.
    """

    def __init__(
        self,
        directory: ArchiveDirectory,
        connection: Connection,
        writing: Callable[[], AbstractContextManager[Connection]] | None,
    ) -> None:
        self._directory = directory
        self._connection = connection
        self._writing = writing

    def run(self, audit: Audit) -> None:
        """Repair every problem that can be; each says what was done.

        Raises:
            DatabaseError: the database itself is damaged: nothing is concluded from it.
            StorageError: the disk refused; what was repaired before stays so, and a second run goes on.
        """
        if any(problem.kind == _audit.DAMAGED_DATABASE for problem in audit.problems):
            raise DatabaseError(
                f"{audit.database} is damaged, so nothing was repaired: keep a copy, restore a backup, verify again"
            )
        for problem in audit.problems:
            if problem.file is not None and problem.kind != Fault.UNREADABLE:
                self._file(problem, problem.file)
            elif problem.kind in (_audit.STORED_WITHOUT_FILE, _audit.FAVORITE_WITHOUT_IMAGE):
                self._image(problem)

    def _file(self, problem: Problem, file: KnownFile) -> None:
        good = self._layouts_of_good_copies(file)
        done = []
        if problem.kind in _QUARANTINED or (problem.kind == Fault.NOT_PLAIN and file.layout == "blobs"):
            done.append(f"moved to {self._put_aside(file.path)}")
        done.append("taken off the list of files")
        with ExitStack() as stack:
            if self._writing is not None:
                # The row last: after a kill in between the file is missing, and the next repair finds that.
                writer = stack.enter_context(self._writing())
                repairs.forget_file(writer, file.path)
                if not good:
                    repairs.want_again(writer, problem.image_ids, _REASONS.get(Fault(problem.kind), _DAMAGED))
                elif file.layout not in good:
                    repairs.reopen_folders(writer, problem.image_ids, file.layout)
        if good:
            done.append("another file with the same bytes is good and will be copied")
        elif problem.image_ids:
            done.append(_back_on_the_list(problem))
        self._note(problem, "; ".join(done))

    def _image(self, problem: Problem) -> None:
        reason = _REASONS[Fault.MISSING] if problem.kind == _audit.STORED_WITHOUT_FILE else ""
        if self._writing is not None:
            with self._writing() as writer:
                repairs.want_again(writer, problem.image_ids, reason)
        self._note(problem, _back_on_the_list(problem))

    def _layouts_of_good_copies(self, file: KnownFile) -> set[str]:
        """Return the layouts that hold the same bytes in another file; every byte of it is read."""
        return {
            other.layout
            for other in checks.copies(self._connection, file.sha256)
            if other.path != file.path and other.size is not None and self._is_good(other, other.size)
        }

    def _is_good(self, file: KnownFile, size: int) -> bool:
        return examine_is_clean(self._directory, file, size)

    def _put_aside(self, path: str) -> str:
        if self._writing is None:
            return self._relative_quarantine()
        return self._directory.put_aside(path).relative_to(self._directory.root).as_posix()

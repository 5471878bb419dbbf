"""The checks of an archive, put together: rows against files, files against rows, rows against rows."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Protocol

from sqlalchemy.exc import DatabaseError as CannotRead

from imagefap_scraper.database import checks
from imagefap_scraper.database.reads import status_counts
from imagefap_scraper.database.session import DATABASE_NAME
from imagefap_scraper.storage.audit import Fault, examine, files_below, temporary_files
from imagefap_scraper.storage.layouts import BLOBS
from imagefap_scraper.storage.sidecars import read_sidecar
from imagefap_scraper.storage.trash import TRASH

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from sqlalchemy import Connection

    from imagefap_scraper.database.checks import Counts, KnownFile
    from imagefap_scraper.storage.files import ArchiveDirectory

#: Names looked up in one statement.
_NAMES_AT_A_TIME = 500

#: Kinds of problems beside those of `storage.audit.Fault`; scripts read them.
DAMAGED_DATABASE = "damaged_database"
DANGLING_ROW = "dangling_row"
FAVORITE_WITHOUT_IMAGE = "favorite_without_image"
STORED_WITHOUT_FILE = "stored_without_file"
STATUS_AGAINST_BYTES = "status_against_bytes"
SHARED_POSITION = "shared_position"
UNKNOWN_FILE = "unknown_file"


@dataclass(slots=True)
class Problem:
    """Something that is not as the archive says.

    `file` is the row of the file that it concerns; `repair` says what was done about it, `repaired` whether that is all
    that there was to do.
    """

    kind: str
    message: str
    path: str | None = None
    sha256: str | None = None
    image_ids: list[int] = field(default_factory=list)
    file: KnownFile | None = None
    repair: str = ""
    repaired: bool = False


@dataclass(slots=True)
class Audit:
    """What was looked at and what is wrong.

    `unknown` are files of the output directory itself that no row names: the user's own. `temporary` counts files on
    their way, a running crawl's or a stopped one's.
    """

    database: str
    read_data: bool
    counts: Counts | None = None
    images: dict[str, int] = field(default_factory=dict)
    temporary: int = 0
    unknown: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    @property
    def damaged(self) -> bool:
        """Whether the database itself is damaged, so that nothing that it says can be trusted."""
        return any(problem.kind == DAMAGED_DATABASE for problem in self.problems)

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong, or nothing is any more."""
        return all(problem.repaired for problem in self.problems)


class Progress(Protocol):
    """Who is told how far the reading has come, in bytes."""

    def start(self, total: int) -> None:
        """Say how many bytes there are to read."""

    def advance(self, size: int) -> None:
        """Say how many were read since."""


def check(connection: Connection, directory: ArchiveDirectory, audit: Audit, progress: Progress | None) -> None:
    """Fill the audit; files are read if there is a `progress` to tell.

    Raises:
        StorageError: a directory cannot be listed.
    """
    audit.problems += [Problem(DAMAGED_DATABASE, f"{line}; restore a backup") for line in checks.integrity(connection)]
    try:
        audit.counts = checks.counts(connection)
        audit.images = {str(status): count for status, count in status_counts(connection).items()}
        audit.problems += _rows(connection)
        audit.problems += _files(connection, directory, audit.counts, progress)
        audit.problems += _strays(connection, directory)
        if "straight" in audit.counts.files:
            audit.unknown += sorted(_users_own(connection, directory))
    except CannotRead:
        # What cannot be read was found damaged above, and that is the answer.
        if not audit.damaged:
            raise
    audit.temporary = temporary_files(directory)


def _rows(connection: Connection) -> Iterator[Problem]:
    """Yield where the database contradicts itself."""
    for image_id in checks.favorites_without_image(connection):
        message = f"a favorite names image {image_id}, which has no row"
        yield Problem(FAVORITE_WITHOUT_IMAGE, message, image_ids=[image_id])
    for image_id, sha256 in checks.stored_without_file(connection):
        message = f"image {image_id} is stored, and no file with its bytes is known"
        yield Problem(STORED_WITHOUT_FILE, message, sha256=sha256, image_ids=[image_id])
    for image_id, status in checks.status_against_bytes(connection):
        message = f"image {image_id} is {status}, and its SHA-256 says otherwise"
        yield Problem(STATUS_AGAINST_BYTES, message, image_ids=[image_id])
    for user_id, folder_id, position, count in checks.shared_positions(connection):
        message = f"{count} favorites have place {position} in folder {folder_id} of user {user_id}"
        yield Problem(SHARED_POSITION, message)
    for row in checks.dangling_rows(connection):
        if (row.table, row.parent) != ("favorites", "images"):
            yield Problem(DANGLING_ROW, f"row {row.row} of {row.table} names a row of {row.parent} that is not there")


def _files(
    connection: Connection, directory: ArchiveDirectory, counts: Counts, progress: Progress | None
) -> Iterator[Problem]:
    """Yield the files that are not as they were stored."""
    if progress is not None:
        progress.start(sum(size for _, size in counts.files.values()))
    moving = checks.moving_files(connection)
    advance = progress.advance if progress is not None else None
    for file in checks.known_files(connection):
        problem = file_problem(connection, directory, file, moving, read_data=progress is not None, on_read=advance)
        if problem is not None:
            yield problem


def file_problem(
    connection: Connection,
    directory: ArchiveDirectory,
    file: KnownFile,
    moving: Mapping[str, str],
    *,
    read_data: bool,
    on_read: Callable[[int], None] | None = None,
) -> Problem | None:
    """Return what is wrong with a file; None if nothing is.

    Args:
        connection: reads.
        directory: the output directory.
        file: as its row has it.
        moving: where files on their way to another path may still be (`checks.moving_files`).
        read_data: read it and compare its SHA-256; else its size alone.
        on_read: told how many bytes were read since it was last told.
    """
    sha256 = file.sha256 if read_data else None
    finding = examine(directory, file.path, file.size, sha256, on_read)
    if finding is not None and finding.fault is Fault.MISSING and file.path in moving:
        # On its way to the trash or back when a command was stopped; the next one that writes carries it on.
        finding = examine(directory, moving[file.path], file.size, sha256, on_read)
    if finding is None:
        return None
    images = checks.images_of(connection, file.sha256)
    return Problem(finding.fault, finding.message, file.path, file.sha256, images, file)


def _strays(connection: Connection, directory: ArchiveDirectory) -> Iterator[Problem]:
    """Yield what lies among the blobs, or in the trash, and belongs to none."""
    for path in sorted(_without_row(connection, files_below(directory, BLOBS, deep=True))):
        message = "no row names it; it was left alone: if you do not need it there, move it away"
        yield Problem(UNKNOWN_FILE, message, path)
    for path in sorted(_without_row(connection, files_below(directory, TRASH, deep=True))):
        message = "it was to be deleted for good when the trash was emptied: `process.py trash empty` does it"
        yield Problem(UNKNOWN_FILE, message, path)


def _users_own(connection: Connection, directory: ArchiveDirectory) -> Iterator[str]:
    """Yield the files beside the straight names that are not the archive's."""
    for name in _without_row(connection, files_below(directory, "", deep=False)):
        ours = name.endswith(".json") and read_sidecar(directory, name) is not None
        if not ours and not name.startswith(DATABASE_NAME):
            yield name


def _without_row(connection: Connection, paths: Iterator[str]) -> Iterator[str]:
    """Yield the paths that no row names.

    The disk is asked before the database: a file that gets its name and its row in between is known by then.
    """
    while some := list(islice(paths, _NAMES_AT_A_TIME)):
        # The database holds text: a name that is none is not ours.
        known = checks.known_paths(connection, [path for path in some if _is_text(path)])
        yield from (path for path in some if path not in known)


def _is_text(path: str) -> bool:
    return not any("\ud800" <= char <= "\udfff" for char in path)

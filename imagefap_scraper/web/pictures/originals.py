"""The archive's own picture files: found by the database, opened without trust in what lies on the disk."""

from __future__ import annotations

import hashlib
import os
import stat
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sqlalchemy import select

from imagefap_scraper.database.models import Blob, StoredFile
from imagefap_scraper.exceptions import StorageError
from imagefap_scraper.inspection.formats import Format, detect

if TYPE_CHECKING:
    from collections.abc import Iterator
    from io import FileIO
    from pathlib import Path

    from sqlalchemy import Connection

    from imagefap_scraper.storage.files import ArchiveDirectory

#: Bytes by which a format is known: the brands of an AVIF may take up to 256.
_HEAD: Final = 512
#: A purged blob has no file; one in the trash has, and is shown before it is brought back.
_STATES: Final = ("live", "trashed")


@dataclass(frozen=True, slots=True)
class Original:
    """A stored picture.

    Attributes:
        sha256: of its bytes, 64 hexadecimal digits.
        format: as the database has it.
        size: bytes.
        paths: its files, relative to the output directory, with `/`; each has the same bytes.
    """

    sha256: str
    format: Format
    size: int
    paths: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Opened:
    """A picture's file, open at its start; `whole` tells whether every byte is as it was stored."""

    file: FileIO
    whole: bool


def find(connection: Connection, sha256: str) -> Original | None:
    """Return a blob, also one in the trash; None if there is no such one, or it was deleted for good."""
    query = (
        select(Blob.format, Blob.size, StoredFile.path)
        .outerjoin(StoredFile, StoredFile.sha256 == Blob.sha256)
        .where(Blob.sha256 == sha256, Blob.state.in_(_STATES), Blob.format.in_(list(Format)))
        .order_by(StoredFile.layout, StoredFile.path)
    )
    rows = connection.execute(query).all()
    if not rows:
        return None
    paths = tuple(row.path for row in rows if row.path is not None)
    return Original(sha256, Format(rows[0].format), rows[0].size, paths)


def open_original(directory: ArchiveDirectory, original: Original) -> Opened:
    """Return a picture's file, a whole one if there is any; the caller closes it.

    One that is damaged still has the size and the format of its first bytes: a page, a script or an SVG that took its
    place is not opened. All checks look at the opened file, not at its name a second time.

    Raises:
        StorageError: none of its files is there, plain, readable and alike.
    """
    damaged: FileIO | None = None
    for file in _alike(directory, original):
        if _is_whole(file, original.sha256):
            if damaged is not None:
                damaged.close()
            return Opened(file, True)
        if damaged is None:
            damaged = file
        else:
            file.close()
    if damaged is not None:
        return Opened(damaged, False)
    raise StorageError(
        f"the file of picture {original.sha256[:10]} is missing or damaged: "
        "run `process.py verify --repair`, then a crawl"
    )


def _alike(directory: ArchiveDirectory, original: Original) -> Iterator[FileIO]:
    """Yield those of a picture's files that can be opened and have its size and format, each at its start."""
    for relative in original.paths:
        with suppress(OSError, StorageError):
            file = open_plain(directory.resolve(relative))
            try:
                alike = os.fstat(file.fileno()).st_size == original.size and detect(file.read(_HEAD)) is original.format
                file.seek(0)
            except BaseException:
                file.close()
                raise
            if alike:
                yield file
            else:
                file.close()


def _is_whole(file: FileIO, sha256: str) -> bool:
    """Tell whether an open file has the bytes that were stored; it is at its start before and afterwards."""
    try:
        whole = hashlib.file_digest(file, "sha256").hexdigest() == sha256
    except OSError:
        # The disk cannot read all of it.
        whole = False
    file.seek(0)
    return whole


def read_original(directory: ArchiveDirectory, original: Original) -> bytes:
    """Return a picture's bytes; see `open_original`.

    Raises:
        StorageError: there is no such file, or the disk does not give its bytes.
    """
    with open_original(directory, original).file as file:
        try:
            return file.read()
        except OSError as error:
            raise StorageError(f"cannot read picture {original.sha256[:10]}: {error.strerror or error}") from error


def open_plain(path: Path) -> FileIO:
    """Open a file for reading, without a buffer, unless it is a link, a directory or a device.

    Raises:
        OSError: it is not there or may not be read.
        StorageError: it is no plain file.
    """
    # O_NONBLOCK: a named pipe in its place must not hold up the server.
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    file = os.fdopen(os.open(path, flags), "rb", buffering=0)
    if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        file.close()
        raise StorageError(f"{path} is no plain file: move it away")
    return file

"""Looks at files on the disk and says what is wrong with them; changes nothing."""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from imagefap_scraper.exceptions import StorageError
from imagefap_scraper.storage.disk import disk_error

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from imagefap_scraper.storage.files import ArchiveDirectory

#: Bytes read at a time: enough for the disk's full speed, little enough for a progress bar that moves.
_READ_AT_ONCE: Final = 1 << 20
_NOT_THERE: Final = frozenset({errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG})


class Fault(StrEnum):
    """What can be wrong with a file that the archive wrote."""

    MISSING = "missing_file"
    #: A link, a directory or a device has its name.
    NOT_PLAIN = "not_a_plain_file"
    SIZE = "wrong_size"
    #: Other bytes than those that were stored, or bytes that the disk cannot read any more.
    BYTES = "wrong_bytes"
    #: It is there and this user may not read it: nothing is known of its bytes.
    UNREADABLE = "unreadable_file"
    #: Its path is none inside the output directory.
    OUTSIDE = "path_leads_out"


@dataclass(frozen=True, slots=True)
class Finding:
    """A fault of one file, and how it showed: one line, without the path."""

    fault: Fault
    message: str


def examine(
    directory: ArchiveDirectory,
    relative: str,
    size: int | None,
    sha256: str | None = None,
    on_read: Callable[[int], None] | None = None,
) -> Finding | None:
    """Return what is wrong with a stored file; None if nothing is. Links are not followed.

    Args:
        directory: the output directory.
        relative: the file's path in it.
        size: bytes that it must have; None if that is not known.
        sha256: 64 hexadecimal digits; with it every byte is read, without it none.
        on_read: told how many bytes were read since it was last told.
    """
    try:
        path = directory.resolve(relative)
    except StorageError as error:
        return Finding(Fault.OUTSIDE, str(error))
    try:
        status = path.lstat()
        if not stat.S_ISREG(status.st_mode):
            return Finding(Fault.NOT_PLAIN, f"it is {_kind(status.st_mode)}, not the file that was stored")
        if size is not None and status.st_size != size:
            return Finding(Fault.SIZE, f"it has {status.st_size} bytes, {size} were stored")
        if sha256 is not None and (found := _digest(path, on_read)) != sha256:
            return Finding(Fault.BYTES, f"its SHA-256 is {found}, {sha256} was stored")
    except OSError as error:
        return _refused(error)
    return None


def _digest(path: Path, on_read: Callable[[int], None] | None) -> str:
    digest = hashlib.sha256()
    # O_NONBLOCK: should a named pipe take the file's place just now, it must not hold up the check.
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    with os.fdopen(os.open(path, flags), "rb", buffering=0) as file:
        while block := file.read(_READ_AT_ONCE):
            digest.update(block)
            if on_read is not None:
                on_read(len(block))
    return digest.hexdigest()


def _kind(mode: int) -> str:
    if stat.S_ISLNK(mode):
        return "a link"
    return "a directory" if stat.S_ISDIR(mode) else "a special file"


def _refused(error: OSError) -> Finding:
    """Return what it means that the system does not give a file."""
    said = error.strerror or str(error)
    if error.errno in _NOT_THERE:
        return Finding(Fault.MISSING, "it is not there")
    if error.errno == errno.EIO:
        return Finding(Fault.BYTES, f"the disk cannot read it: {said}")
    return Finding(Fault.UNREADABLE, f"it cannot be read: {said}; change its permissions and verify again")


def files_below(directory: ArchiveDirectory, relative: str, *, deep: bool) -> Iterator[str]:
    """Yield the paths of all files in a directory of the archive, links among them, in no order and constant memory.

    Args:
        directory: the output directory.
        relative: which directory in it; empty for itself. Nothing is yielded if it is not there.
        deep: also those in its directories; linked ones are not entered.

    Raises:
        StorageError: the disk refused.
    """
    waiting = [relative]
    while waiting:
        current = waiting.pop()
        prefix = f"{current}/" if current else ""
        try:
            with os.scandir(directory.root / current) as entries:
                for entry in entries:
                    if not entry.is_dir(follow_symlinks=False):
                        yield prefix + entry.name
                    elif deep:
                        waiting.append(prefix + entry.name)
        except OSError as error:
            if error.errno not in _NOT_THERE:
                raise disk_error(error, f"cannot list {directory.root / current}") from error


def temporary_files(directory: ArchiveDirectory) -> int:
    """Return how many temporary files are there: a running crawl's, or what a stopped one left.

    Raises:
        StorageError: the disk refused.
    """
    return sum(1 for _ in files_below(directory, directory.tmp.relative_to(directory.root).as_posix(), deep=False))

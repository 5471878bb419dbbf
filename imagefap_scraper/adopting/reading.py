"""Files of the user's own, only ever read: plain ones, whole, without following a link or waiting for a pipe."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

#: What a format shows itself by (an AVIF's list of brands is the longest).
_HEAD = 512
_MIB = 1024 * 1024
#: Bytes; as much as a crawl takes from the site by default. Several files are in memory at a time.
LARGEST = 64 * _MIB


class UnreadableError(Exception):
    """A file cannot be taken; the message says why, in a few words."""


def read_head(path: Path) -> tuple[bytes, int]:
    """Return a plain file's first bytes and its size in bytes.

    Raises:
        UnreadableError: it is not there, not ours to read, or no plain file.
    """
    try:
        with open(path, "rb", buffering=0, opener=_open_plain) as file:
            return file.read(_HEAD), _status(file.fileno()).st_size
    except OSError as error:
        raise _unreadable(error) from error


def read_whole(path: Path) -> bytes:
    """Return a plain file's bytes, as they were all the while that it was read.

    Raises:
        UnreadableError: it is not there, not ours to read, no plain file, too large, or changes all the time.
    """
    for _ in range(2):
        try:
            with open(path, "rb", buffering=0, opener=_open_plain) as file:
                before = _status(file.fileno())
                if before.st_size > LARGEST:
                    raise UnreadableError(f"larger than {LARGEST // _MIB} MiB")
                content = _read(file.fileno(), before.st_size)
                after = os.fstat(file.fileno())
        except OSError as error:
            raise _unreadable(error) from error
        if len(content) == before.st_size and _moment(before) == _moment(after):
            return content
    raise UnreadableError("it changes while it is read; import again once it is finished")


def _read(descriptor: int, size: int) -> bytes:
    """Return what is there, one byte more than expected at most."""
    parts = []
    missing = size + 1
    while missing and (part := os.read(descriptor, missing)):
        parts.append(part)
        missing -= len(part)
    return b"".join(parts)


def _moment(status: os.stat_result) -> tuple[int, int, int]:
    return status.st_size, status.st_mtime_ns, status.st_ctime_ns


def _status(descriptor: int) -> os.stat_result:
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode):
        raise UnreadableError("no plain file")
    return status


def _unreadable(error: OSError) -> UnreadableError:
    return UnreadableError(f"cannot be read: {error.strerror or error}")


def _open_plain(path: str, flags: int) -> int:
    """Open without following a link; O_NONBLOCK because a named pipe must not hold up the rest."""
    return os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK)

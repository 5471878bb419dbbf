"""The few calls that put bytes on a disk so that they stay there, and what a failing disk is called."""

from __future__ import annotations

import errno
import os
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from imagefap_scraper.exceptions import StorageError

if TYPE_CHECKING:
    from pathlib import Path

#: Network and FUSE file systems answer these to fsync of a directory; one may also be writable and not readable.
_NO_DIRECTORY_SYNC: Final = frozenset({errno.EINVAL, errno.ENOTSUP, errno.ENOSYS, errno.EACCES, errno.EBADF})
#: What file systems without hard links (FAT, exFAT, some FUSE and SMB) answer to link(2).
_NO_HARD_LINKS: Final = frozenset({errno.EPERM, errno.ENOTSUP, errno.ENOSYS, errno.EMLINK})

_ADVICE: Final = {
    errno.ENOSPC: "no space left on the disk: free some and run the same command again",
    errno.EDQUOT: "the disk quota is used up: free some space and run the same command again",
    errno.EROFS: "the file system is read-only: make it writable or take another output directory",
    errno.EIO: "the disk reports an input/output error: check the disk before running the same command again",
    errno.EACCES: "permission denied: change the permissions or take another output directory",
    errno.EPERM: "not permitted: change the permissions or take another output directory",
    errno.EXDEV: "it is another file system than .imagefap in the output directory: keep both on one",
}


def disk_error(err: OSError, what: str) -> StorageError:
    """Return the error to raise for a refusal of the disk.

    Args:
        err: what the system said.
        what: what was being done and to which path, as the start of a sentence: "cannot write /a/b".
    """
    said = (err.strerror or str(err)) + ": look into it and run the same command again"
    return StorageError(f"{what}: {_ADVICE.get(err.errno or 0, said)}")


def sync_path(path: Path) -> None:
    """Wait until a file's bytes, or a directory's entries, are on the disk.

    Raises:
        OSError: the disk refused. A directory that cannot be synced by its file system is passed over.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    except OSError as err:
        if err.errno not in _NO_DIRECTORY_SYNC or not path.is_dir():
            raise


def make_directory(path: Path) -> None:
    """Create a directory and its parents, each made durable in its own parent; nothing if it is there.

    Raises:
        FileExistsError: something else is in the way.
        OSError: the disk refused.
    """
    if path.is_dir():
        return
    make_directory(path.parent)
    path.mkdir(exist_ok=True)
    sync_path(path.parent)


def write_new(path: Path, content: bytes, *, fsync: bool) -> None:
    """Write a file that must not exist yet, mode 0644 less the umask; none is left behind on failure.

    Raises:
        FileExistsError: it is there.
        OSError: the disk refused.
    """
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o644)
    try:
        try:
            rest = memoryview(content)
            while rest:
                rest = rest[os.write(descriptor, rest) :]
            if fsync:
                os.fsync(descriptor)
        finally:
            os.close(descriptor)
    except BaseException:
        with suppress(OSError):
            path.unlink()
        raise


def move_new(source: Path, target: Path) -> None:
    """Give a file its final name on the same file system without ever replacing another.

    A hard link fails if the name is taken, atomically. Where there are no hard links, an empty file reserves the name
    and is then replaced; a kill between the two leaves that empty file, which recovery knows (`recovery.roll`).

    Raises:
        FileExistsError: the name is taken.
        OSError: the disk refused.
    """
    try:
        os.link(source, target, follow_symlinks=False)
    except OSError as err:
        if err.errno not in _NO_HARD_LINKS:
            raise
        _reserve_and_replace(source, target)
    else:
        source.unlink()


def _reserve_and_replace(source: Path, target: Path) -> None:
    write_new(target, b"", fsync=False)
    try:
        source.replace(target)
    except BaseException:
        with suppress(OSError):
            target.unlink()
        raise

"""The output directory: temporary files that become final ones whole and durable, or not at all."""

from __future__ import annotations

import errno
import hashlib
import os
import secrets
import stat
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Final

from imagefap_scraper.exceptions import OutputError, StorageError
from imagefap_scraper.storage.disk import disk_error, make_directory, move_new, sync_path, write_new
from imagefap_scraper.storage.lock import OWN_DIRECTORY, WRITE_LOCK

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["AlreadyThere", "ArchiveDirectory", "TempFile", "disk_error"]

_TEMPORARY: Final = f"{OWN_DIRECTORY}/tmp"  # noqa: S108 - not the shared one of the system
#: A file that is not there, is not ours to read, or is no plain file holds other bytes.
_NOT_A_COPY: Final = frozenset(
    {errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.ELOOP, errno.EACCES, errno.EPERM, errno.ENXIO}
)


class AlreadyThere(Exception):  # noqa: N818 - an outcome to act on, no failure
    """The final name is taken; nothing was written there and the temporary file is still there."""


@dataclass(frozen=True, slots=True)
class TempFile:
    """A whole file without its final name.

    Attributes:
        path: absolute, in the directory's `tmp`.
        size: bytes.
    """

    path: Path
    size: int

    @property
    def relative(self) -> str:
        """Where it is, relative to the output directory, with `/`: what an intent keeps."""
        return f"{_TEMPORARY}/{self.path.name}"


class ArchiveDirectory:
    """One output directory and all that is written into it.

    Every method may be called from any thread.

    Attributes:
        root: absolute, links resolved.
        own: `.imagefap` in it.
        tmp: temporary files; one process at a time owns it (`lock_path`).
        quarantine: damaged files that were put aside, never deleted.
        lock_path: held by one crawl for its life (`lock.DirectoryLock`).
        write_lock_path: held for each write transaction of any process (`lock.write_lock`).
    """

    def __init__(self, root: Path) -> None:
        self.root = Path(os.path.realpath(root.expanduser()))
        self.own = self.root / OWN_DIRECTORY
        self.tmp = self.root / _TEMPORARY
        self.quarantine = self.own / "quarantine"
        self.lock_path = self.own / "lock"
        self.write_lock_path = self.own / WRITE_LOCK

    def prepare(self) -> None:
        """Create what is missing of the directory and try it out.

        Raises:
            OutputError: it cannot be created or written, or something else is in the way.
        """
        what = f"cannot use {self.root} as output directory"
        try:
            make_directory(self.root)
            for path in (self.own, self.tmp, self.quarantine):
                make_directory(path)
                self._refuse_a_link_out(path)
            self._probe()
        except FileExistsError as err:
            raise OutputError(f"{what}: {err.filename} is no directory; take another output directory") from err
        except OSError as err:
            raise OutputError(str(disk_error(err, what))) from err
        except StorageError as err:
            raise OutputError(f"{what}: {err}") from err

    def clean_tmp(self) -> int:
        """Remove what a killed run left in `tmp`; return how many files. Only under the directory's lock.

        Raises:
            StorageError: the disk refused.
        """
        count = 0
        try:
            for path in self.tmp.iterdir():
                if path.is_symlink() or not path.is_dir():
                    path.unlink(missing_ok=True)
                    count += 1
        except FileNotFoundError:
            pass
        except OSError as err:
            raise disk_error(err, f"cannot empty {self.tmp}") from err
        return count

    def remove_if_empty(self) -> None:
        """Remove `.imagefap` with temporary and lock files, for a run that keeps none; anything else in it stays.

        Call it while the lock is still held: a lock file that is removed after its release may be another's by then.
        """
        self.clean_tmp()
        for path in (self.lock_path, self.write_lock_path):
            with suppress(OSError):
                path.unlink()
        for path in (self.tmp, self.quarantine, self.own):
            with suppress(OSError):
                path.rmdir()

    def resolve(self, relative: str) -> Path:
        """Return the absolute path of a file of the archive: the last guard against paths that lead out.

        Args:
            relative: as the database keeps it, with `/`.

        Raises:
            StorageError: it is absolute, empty, climbs, or a linked directory leads out. The file itself may be a link:
                nothing here follows it.
        """
        parts = PurePosixPath(relative).parts
        if not parts or relative.startswith("/") or ".." in parts or "\0" in relative:
            raise StorageError(f"refused to touch {relative!r}: it is no path inside {self.root}")
        path = self.root.joinpath(*parts)
        self._refuse_a_link_out(path.parent)
        return path

    def write_temp(self, content: bytes, *, fsync: bool = True) -> TempFile:
        """Write all bytes into a new temporary file.

        Args:
            content: the bytes.
            fsync: wait for the disk; without it, `sync_batch` must follow before the file is published.

        Raises:
            StorageError: the disk refused; no temporary file is left.
        """
        path = self.tmp / f"{secrets.token_hex(12)}.part"
        try:
            write_new(path, content, fsync=fsync)
        except OSError as err:
            raise disk_error(err, f"cannot write {path}") from err
        return TempFile(path, len(content))

    def sync_batch(self, paths: Iterable[Path]) -> None:
        """Wait until these files and directories are on the disk.

        Raises:
            StorageError: the disk refused.
        """
        for path in paths:
            try:
                sync_path(path)
            except OSError as err:
                raise disk_error(err, f"cannot write {path}") from err

    def publish(self, temp: TempFile, relative: str, *, fsync: bool = True) -> None:
        """Give a temporary file its final name; nothing that is there is ever overwritten.

        Args:
            temp: synced.
            relative: the final name; a missing directory is created.
            fsync: make the name durable; without it, `sync_batch` of the final's directory must follow.

        Raises:
            AlreadyThere: the name is taken; the temporary file is still there.
            StorageError: the path leads out, or the disk refused.
        """
        final = self._final(relative)
        try:
            move_new(temp.path, final)
            if fsync:
                sync_path(final.parent)
        except FileExistsError as err:
            raise AlreadyThere(relative) from err
        except OSError as err:
            raise disk_error(err, f"cannot write {final}") from err

    def replace(self, temp: TempFile, relative: str, *, fsync: bool = True) -> None:
        """Put a temporary file in the place of a damaged one, atomically; never for what may be the user's.

        Raises:
            StorageError: the path leads out, or the disk refused.
        """
        final = self._final(relative)
        try:
            temp.path.replace(final)
            if fsync:
                sync_path(final.parent)
        except OSError as err:
            raise disk_error(err, f"cannot replace {final}") from err

    def put_aside(self, relative: str) -> Path:
        """Move a damaged file into `quarantine` under a name of its own; return where it is.

        Raises:
            StorageError: the path leads out, or the disk refused.
        """
        path = self.resolve(relative)
        target = self.quarantine / f"{secrets.token_hex(4)}-{path.name}"
        try:
            make_directory(self.quarantine)
            path.rename(target)
            sync_path(self.quarantine)
            sync_path(path.parent)
        except OSError as err:
            raise disk_error(err, f"cannot move {path} to {self.quarantine}") from err
        return target

    def discard(self, temp: TempFile) -> None:
        """Remove a temporary file, if it is still there. A disk that refuses is no matter: `clean_tmp` follows."""
        with suppress(OSError):
            temp.path.unlink()

    def same_bytes(self, relative: str, sha256: str, size: int) -> bool:
        """Tell whether a plain file with these bytes is there; links are not followed.

        Args:
            relative: its path.
            sha256: 64 hexadecimal digits.
            size: bytes; compared first, so that other files are rarely read.

        Raises:
            StorageError: the path leads out, or the disk fails while reading.
        """
        path = self.resolve(relative)
        try:
            with open(path, "rb", opener=_open_plain) as file:
                status = os.fstat(file.fileno())
                if not stat.S_ISREG(status.st_mode) or status.st_size != size:
                    return False
                return hashlib.file_digest(file, "sha256").hexdigest() == sha256
        except OSError as err:
            if err.errno in _NOT_A_COPY:
                return False
            raise disk_error(err, f"cannot read {path}") from err

    def _final(self, relative: str) -> Path:
        final = self.resolve(relative)
        try:
            make_directory(final.parent)
        except OSError as err:
            raise disk_error(err, f"cannot create {final.parent}") from err
        return final

    def _refuse_a_link_out(self, path: Path) -> None:
        below = path.relative_to(self.root).parts
        if not any(self.root.joinpath(*below[: depth + 1]).is_symlink() for depth in range(len(below))):
            return
        real = Path(os.path.realpath(path))
        if not real.is_relative_to(self.root):
            raise StorageError(f"{path} is a link that leads out of {self.root}: replace it by a directory")

    def _probe(self) -> None:
        """Create, sync, rename and remove a file; check that the directory itself can be written."""
        first = self.tmp / f"probe-{secrets.token_hex(8)}"
        second = first.with_suffix(".renamed")
        try:
            write_new(first, b"probe", fsync=True)
            # Not there any more: the holder of the lock has just emptied `tmp`, which proves as much.
            with suppress(FileNotFoundError):
                first.rename(second)
        finally:
            for path in (first, second):
                path.unlink(missing_ok=True)
        if not os.access(self.root, os.W_OK | os.X_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(self.root))


def _open_plain(path: str, flags: int) -> int:
    """Open without following a link; O_NONBLOCK because a named pipe in the way must not hold up the crawl."""
    return os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK)

"""Exports into a directory: copies, hard links or symbolic links; nothing that is there is ever touched."""

from __future__ import annotations

import errno
import os
import secrets
import stat
from contextlib import suppress
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from imagefap_scraper.database.session import DATABASE_NAME
from imagefap_scraper.exceptions import ArchiveError, OutputError
from imagefap_scraper.export.manifest import MANIFEST, Manifest
from imagefap_scraper.export.plan import choose
from imagefap_scraper.export.sources import Damaged, Sources
from imagefap_scraper.storage.disk import disk_error, make_directory
from imagefap_scraper.storage.files import AlreadyThere, ArchiveDirectory, TempFile
from imagefap_scraper.storage.lock import DirectoryLock
from imagefap_scraper.storage.tree import EmptyTree, Tree

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from imagefap_scraper.export.plan import Output
    from imagefap_scraper.export.selection import Bytes

#: Copies whose bytes are waited for together.
_LARGEST_GROUP: Final = 64
#: What link(2) says where two places can share no file.
_NO_LINKS: Final = frozenset({errno.EXDEV, errno.EPERM, errno.ENOTSUP, errno.ENOSYS, errno.EMLINK})


class How(StrEnum):
    """How the bytes get to the target."""

    COPY = "copy"
    HARDLINK = "hardlink"
    SYMLINK = "symlink"


class FolderTarget:
    """A directory that is exported to.

    Attributes:
        tree: the names in it.
        manifest: of what was exported to it before.
        notes: what the user should know, one line each.
        problems: files that could not be exported: path and reason.
        written: how many files were.
    """

    def __init__(self, path: Path, sources: Sources, how: How) -> None:
        """Look at a directory, which need not be there; nothing is made.

        Raises:
            OutputError: it is in the archive, or the archive in it, or it holds something of this program's own.
            StorageError: the disk refused.
        """
        self._directory = ArchiveDirectory(path)
        self._sources = sources
        self._how = how
        _refuse_the_archive(self._directory.root, sources.directory.root)
        there = os.path.lexists(self._directory.root)
        if there and not self._directory.root.is_dir():
            raise OutputError(f"{self._directory.root} is no directory: name another with --to DIR")
        self.tree: Tree = Tree(self._directory) if there else EmptyTree(self._directory)
        self._before = self._read_manifest()
        self.manifest = Manifest.read(self._before, str(self._directory.root / MANIFEST))
        self.notes: list[str] = []
        self.problems: list[tuple[str, str]] = []
        self.written = 0

    def has(self, path: str, blob: Bytes) -> bool:
        """Tell whether a file of the manifest is still there, by its size; a link by what it is a link to."""
        place = self._directory.resolve(path)
        try:
            status = place.lstat()
        except OSError:
            return False
        if stat.S_ISLNK(status.st_mode):
            return self._is_link_to(place, blob)
        return stat.S_ISREG(status.st_mode) and status.st_size == blob.size

    def holds(self, path: str, blob: Bytes) -> bool:
        """Tell whether a file has these bytes, by reading it."""
        place = self._directory.resolve(path)
        return self._is_link_to(place, blob) or self._directory.same_bytes(path, blob.sha256, blob.size)

    def write(self, outputs: Sequence[Output], on_progress: Callable[[int], None]) -> None:
        """Write what is not there; what was written stays when this is interrupted, and the next time goes on.

        Raises:
            LockedError: another export to the same place is running.
            OutputError, StorageError: the disk refused.
        """
        missing = [output for output in outputs if not output.there]
        for output in outputs:
            if output.there:
                self.manifest.note(output.path, output.blob, output.pictures)
        if not missing and (not outputs or self.manifest.content() == self._before):
            return
        self._directory.prepare()
        with DirectoryLock(self._directory.lock_path):
            self._directory.clean_tmp()
            try:
                for start in range(0, len(missing), _LARGEST_GROUP):
                    self._write_group(missing[start : start + _LARGEST_GROUP])
                    on_progress(len(missing[start : start + _LARGEST_GROUP]))
            except BaseException:
                # What has been written is easier to find again with it; the disk may be full.
                with suppress(ArchiveError):
                    self._write_manifest()
                raise
            else:
                self._write_manifest()
            finally:
                self._directory.remove_if_empty()

    def _write_group(self, group: Sequence[Output]) -> None:
        ready: list[tuple[Output, TempFile | None]] = []
        try:
            for output in group:
                try:
                    ready.append((output, self._prepare(output)))
                except Damaged as error:
                    self.tree.free(output.path)
                    self.problems.append((output.path, str(error)))
            self._directory.sync_batch(temp.path for _, temp in ready if temp is not None)
            for output, temp in ready:
                self._publish(output, temp)
        finally:
            for _, temp in ready:
                if temp is not None:
                    self._directory.discard(temp)
        self._directory.sync_batch({self._directory.resolve(output.path).parent for output, _ in ready})

    def _prepare(self, output: Output) -> TempFile | None:
        """Return a copy without its name; None where a link will do.

        Raises:
            Damaged: no file of the archive has the bytes.
        """
        if self._how is not How.COPY:
            self._sources.find(output.blob)
            return None
        path = self._directory.tmp / f"{secrets.token_hex(12)}.part"
        try:
            self._sources.copy(output.blob, path)
        except BaseException:
            with suppress(OSError):
                path.unlink()
            raise
        return TempFile(path, output.blob.size)

    def _publish(self, output: Output, temp: TempFile | None) -> None:
        """Give a file its name; where that was taken meanwhile, another one."""
        while not output.there:
            try:
                if temp is None:
                    temp = self._link(output)
                if temp is not None:
                    self._directory.publish(temp, output.path, fsync=False)
            except AlreadyThere:
                # The name stays taken, so that this finds the next one.
                choose(output, self)
                continue
            except Damaged as error:
                self.problems.append((output.path, str(error)))
                return
            self.written += 1
            break
        self.manifest.note(output.path, output.blob, output.pictures)

    def _link(self, output: Output) -> TempFile | None:
        """Make a link; where there can be none, return a copy without its name instead.

        Raises:
            AlreadyThere: the name is taken.
        """
        source, place = self._sources.find(output.blob), self._directory.resolve(output.path)
        try:
            make_directory(place.parent)
            if self._how is How.SYMLINK:
                place.symlink_to(source)
            elif self._how is How.HARDLINK:
                os.link(source, place, follow_symlinks=False)
        except FileExistsError as error:
            raise AlreadyThere(output.path) from error
        except OSError as error:
            if error.errno not in _NO_LINKS:
                raise disk_error(error, f"cannot link {place}") from error
            self.notes.append(
                f"no {self._how} can be made from {self._sources.directory.root} to {self._directory.root} "
                f"({error.strerror}): files are copied instead"
            )
            self._how = How.COPY
        if self._how is not How.COPY:
            return None
        temp = self._prepare(output)
        if temp is not None:
            self._directory.sync_batch([temp.path])
        return temp

    def _is_link_to(self, place: Path, blob: Bytes) -> bool:
        try:
            return str(place.readlink()) in self._sources.paths(blob)
        except OSError:
            return False

    def _read_manifest(self) -> bytes | None:
        path = self._directory.root / MANIFEST
        if not os.path.lexists(path):
            return None
        try:
            # Reading a link or a pipe would be reading something else.
            return path.read_bytes() if stat.S_ISREG(path.lstat().st_mode) else b""
        except OSError as error:
            raise disk_error(error, f"cannot read {path}") from error

    def _write_manifest(self) -> None:
        content = self.manifest.content()
        if content == self._before:
            return
        temp = self._directory.write_temp(content)
        try:
            if self._before is None:
                self._directory.publish(temp, MANIFEST)
            else:
                self._directory.replace(temp, MANIFEST)
        except AlreadyThere as error:
            raise OutputError(
                f"{self._directory.root / MANIFEST} has just been written by another: run again"
            ) from error
        finally:
            self._directory.discard(temp)


def _refuse_the_archive(target: Path, archive: Path) -> None:
    if target.is_relative_to(archive) or archive.is_relative_to(target):
        inside = "is the archive" if target == archive else "is in the archive"
        what = inside if target.is_relative_to(archive) else "holds the archive"
        raise OutputError(f"{target} {what} {archive}: export to a directory beside it")
    if os.path.lexists(target / DATABASE_NAME):
        raise OutputError(f"{target} is an archive itself: export to a directory of its own")

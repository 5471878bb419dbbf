"""Exports into one ZIP file: uncompressed, for pictures are; put together beside it, then it takes its place whole."""

from __future__ import annotations

import fcntl
import io
import os
import zipfile
import zlib
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from imagefap_scraper.exceptions import LockedError, OutputError
from imagefap_scraper.export.manifest import MANIFEST, Manifest
from imagefap_scraper.export.sources import Damaged, Sources
from imagefap_scraper.storage.disk import disk_error, make_directory, move_new, sync_path
from imagefap_scraper.storage.files import ArchiveDirectory
from imagefap_scraper.storage.tree import EmptyTree, Tree

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from imagefap_scraper.export.plan import Output
    from imagefap_scraper.export.selection import Bytes

#: A ZIP file has to say when its files are from; always the same, so that equal exports are equal files.
_DATE: Final = (1980, 1, 1, 0, 0, 0)
_PLAIN_FILE: Final = 0o100644 << 16


class ZipTarget:
    """A ZIP file that is exported to; attributes as those of `folder.FolderTarget`."""

    def __init__(self, path: Path, sources: Sources) -> None:
        """Look at a ZIP file, which need not be there; nothing is made.

        Raises:
            OutputError: it is in the archive, or no export of this program.
            StorageError: the disk refused.
        """
        self._path = Path(os.path.realpath(path.expanduser()))
        self._sources = sources
        if self._path.is_relative_to(sources.directory.root):
            raise OutputError(f"{self._path} is in the archive {sources.directory.root}: name a file beside it")
        self._sizes: dict[str, int] = {}
        self._before: bytes | None = None
        if os.path.lexists(self._path):
            with self._open_old() as old:
                self._sizes = {info.filename: info.file_size for info in old.infolist()}
                self._before = self._read(old, MANIFEST)
        self.manifest = Manifest.read(self._before, str(self._path))
        self.tree: Tree = EmptyTree(ArchiveDirectory(self._path.parent), self._sizes)
        self.notes: list[str] = []
        self.problems: list[tuple[str, str]] = []
        self.written = 0

    def has(self, path: str, blob: Bytes) -> bool:
        """Tell whether a file of the manifest is in it."""
        return self._sizes.get(path) == blob.size

    def holds(self, path: str, blob: Bytes) -> bool:
        """Tell whether a file in it has these bytes, as the manifest says."""
        return self.manifest.sha256_of(path) == blob.sha256 and self.has(path, blob)

    def write(self, outputs: Sequence[Output], on_progress: Callable[[int], None]) -> None:
        """Write what is not there into a new file, with all that was in the old one.

        Raises:
            LockedError: another export to the same file is running.
            OutputError, StorageError: the disk refused; the old file is as it was.
        """
        missing = [output for output in outputs if not output.there]
        for output in outputs:
            if output.there:
                self.manifest.note(output.path, output.blob, output.pictures)
        if not missing and (not outputs or self.manifest.content() == self._before):
            return
        part = self._path.with_name(f".{self._path.name}.part")
        try:
            make_directory(self._path.parent)
            with self._locked(part), part.open("r+b") as file:
                file.truncate()
                with zipfile.ZipFile(file, "w") as new:
                    self._fill(new, missing, on_progress)
                file.flush()
                os.fsync(file.fileno())
                self._publish(part)
        except FileExistsError as error:
            raise OutputError(f"{error.filename2 or self._path} has just been made by another: run again") from error
        except OSError as error:
            raise disk_error(error, f"cannot write {self._path}") from error

    def _fill(self, new: zipfile.ZipFile, missing: Sequence[Output], on_progress: Callable[[int], None]) -> None:
        if self._before is not None:
            with self._open_old() as old:
                for path in self._sizes:
                    if path != MANIFEST:
                        _add(new, path, self._read(old, path))
        for output in missing:
            content = io.BytesIO()
            try:
                self._sources.copy_into(output.blob, content)
            except Damaged as error:
                self.problems.append((output.path, str(error)))
            else:
                _add(new, output.path, content.getvalue())
                self.manifest.note(output.path, output.blob, output.pictures)
                self.written += 1
            on_progress(1)
        _add(new, MANIFEST, self.manifest.content())

    def _publish(self, part: Path) -> None:
        if self._before is None:
            move_new(part, self._path)
        else:
            # Ours, and the new one holds all that is in it.
            part.replace(self._path)
        sync_path(self._path.parent)

    def _open_old(self) -> zipfile.ZipFile:
        """Open the ZIP file that is there.

        Raises:
            OutputError: it is damaged, or none.
        """
        try:
            return zipfile.ZipFile(self._path)
        except (zipfile.BadZipFile, IsADirectoryError) as error:
            raise self._foreign() from error
        except OSError as error:
            raise disk_error(error, f"cannot read {self._path}") from error

    def _read(self, old: zipfile.ZipFile, path: str) -> bytes:
        """Return a file of it; its checksum is compared.

        Raises:
            OutputError: it is damaged, or not there.
        """
        try:
            return old.read(path)
        except (zipfile.BadZipFile, KeyError, RuntimeError, EOFError, zlib.error) as error:
            raise self._foreign() from error
        except OSError as error:
            raise disk_error(error, f"cannot read {self._path}") from error

    def _foreign(self) -> OutputError:
        return OutputError(f"{self._path} is no whole export of this program: move it away, or name another file")

    @contextmanager
    def _locked(self, part: Path) -> Iterator[None]:
        """Hold the unfinished file, which a killed export may have left; in the end it is gone."""
        descriptor = os.open(part, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o644)
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                message = f"{self._path} is being written by another export: wait until that has finished"
                raise LockedError(message) from error
            try:
                yield
            finally:
                with suppress(OSError):
                    part.unlink()
        finally:
            os.close(descriptor)


def _add(new: zipfile.ZipFile, path: str, content: bytes) -> None:
    info = zipfile.ZipInfo(path, _DATE)
    info.external_attr = _PLAIN_FILE
    new.writestr(info, content)

"""The archive's files as an export reads them: found, checked, copied."""

from __future__ import annotations

import hashlib
import os
import stat
from typing import TYPE_CHECKING, BinaryIO, Final

from imagefap_scraper.exceptions import StorageError
from imagefap_scraper.storage.disk import disk_error

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from imagefap_scraper.export.selection import Bytes
    from imagefap_scraper.storage.files import ArchiveDirectory

_AT_ONCE: Final = 1 << 20


class Damaged(Exception):  # noqa: N818 - an outcome of one picture, the export goes on
    """No file of the archive has the bytes; the message says why."""


class Sources:
    """Finds the bytes of pictures.

    Attributes:
        directory: the archive's.
    """

    def __init__(self, directory: ArchiveDirectory, files: Mapping[str, Sequence[str]]) -> None:
        """Remember where the files are.

        Args:
            directory: the archive's.
            files: paths in it, by SHA-256.
        """
        self.directory = directory
        self._files = files

    def paths(self, blob: Bytes) -> list[str]:
        """Return the absolute paths of a blob's files, as links to them are made."""
        return [str(self.directory.root / path) for path in self._files.get(blob.sha256, ())]

    def find(self, blob: Bytes) -> Path:
        """Return a file of a blob, by its size.

        Raises:
            Damaged: there is none.
        """
        for relative in self._files.get(blob.sha256, ()):
            try:
                path = self.directory.resolve(relative)
                status = path.lstat()
            except (OSError, StorageError):
                continue
            if stat.S_ISREG(status.st_mode) and status.st_size == blob.size:
                return path
        raise Damaged("its file in the archive is missing or damaged: run `process.py verify --repair`, then a crawl")

    def copy(self, blob: Bytes, target: Path) -> None:
        """Copy a blob into a file that must not exist yet; every byte is checked on the way.

        Raises:
            Damaged: the archive's file is missing, or its bytes are others; the copy is left behind.
            StorageError: the disk refused.
        """
        try:
            with target.open("xb", buffering=0) as file:
                self.copy_into(blob, file)
        except OSError as error:
            raise disk_error(error, f"cannot write {target}") from error

    def copy_into(self, blob: Bytes, target: BinaryIO) -> None:
        """Copy a blob into an open file; see `copy`.

        Raises:
            OSError: the target refused.
        """
        source, digest = self.find(blob), hashlib.sha256()
        try:
            descriptor = os.open(source, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        except OSError as error:
            raise disk_error(error, f"cannot read {source}") from error
        with os.fdopen(descriptor, "rb", buffering=0) as file:
            while block := self._read(file, source):
                digest.update(block)
                rest = memoryview(block)
                while rest:
                    rest = rest[target.write(rest) :]
        if digest.hexdigest() != blob.sha256:
            raise Damaged(
                "its file in the archive is damaged: run `process.py verify --read-data --repair`, then a crawl"
            )

    @staticmethod
    def _read(file: BinaryIO, source: Path) -> bytes:
        try:
            return file.read(_AT_ONCE)
        except OSError as error:
            raise disk_error(error, f"cannot read {source}") from error

"""A directory with all below it: which files are pictures, and what is in the way. Links are never followed."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from imagefap_scraper.adopting.reading import UnreadableError, read_head
from imagefap_scraper.exceptions import UserInputError
from imagefap_scraper.inspection.formats import detect
from imagefap_scraper.storage.layouts import BLOBS
from imagefap_scraper.storage.lock import OWN_DIRECTORY
from imagefap_scraper.storage.thumbs import THUMBS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from imagefap_scraper.adopting.result import Result

#: A file of such a name is meant to be a picture: if it is none, it is worth a line.
_ENDINGS: Final = frozenset(
    {".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".apng", ".gif", ".webp", ".bmp", ".tif", ".tiff", ".avif", ".mpo"}
)


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A file that begins like a picture; `size` in bytes."""

    path: Path
    size: int


@dataclass(frozen=True, slots=True)
class FoundDirectory:
    """A directory with pictures, in the order of their names."""

    path: Path
    files: list[FoundFile]


class Walk:
    """Goes through a directory; what it passes over or cannot read is noted in a result.

    Attributes:
        root: the directory, links in its own path resolved.
    """

    def __init__(self, root: Path, archive: Path, result: Result) -> None:
        """Check the directory.

        Args:
            root: where to begin.
            archive: the directory of the archive, which is never gone into.
            result: gets counts and problems.

        Raises:
            UserInputError: there is no such directory, or it is the archive's own.
        """
        if not root.is_dir():
            raise UserInputError(f"there is no directory {root}; name one that holds pictures")
        self.root = Path(os.path.realpath(root))
        self._archive = Path(os.path.realpath(archive))
        self._result = result
        own = (self._archive / OWN_DIRECTORY, self._archive / BLOBS, self._archive / THUMBS)
        if self.root == self._archive or any(map(self.root.is_relative_to, own)):
            raise UserInputError(f"{self.root} is the archive's own directory; name another, or another archive: --dir")

    def __iter__(self) -> Iterator[FoundDirectory]:
        """Yield every directory that holds pictures, parents first, in the order of names."""
        waiting = [self.root]
        while waiting:
            directory = waiting.pop()
            files, below = self._sort(directory)
            waiting.extend(reversed(below))
            if files:
                self._result.directories += 1
                yield FoundDirectory(directory, files)

    def _sort(self, directory: Path) -> tuple[list[FoundFile], list[Path]]:
        """Return the pictures in a directory, and the directories to go into."""
        files: list[FoundFile] = []
        below: list[Path] = []
        for entry in self._entries(directory):
            path = directory / entry.name
            try:
                if entry.is_symlink():
                    self._pass_link(path)
                elif entry.is_dir(follow_symlinks=False):
                    self._enter(path, below)
                elif entry.is_file(follow_symlinks=False):
                    self._take(path, files)
                else:
                    self._result.refuse(path, "no plain file (a device, a pipe or a socket)")
            except OSError as error:
                self._result.refuse(path, f"cannot be read: {error.strerror or error}")
        return files, below

    def _entries(self, directory: Path) -> list[os.DirEntry[str]]:
        try:
            with os.scandir(directory) as entries:
                return sorted(entries, key=lambda entry: entry.name)
        except OSError as error:
            self._result.refuse(directory, f"the directory cannot be read: {error.strerror or error}")
            return []

    def _enter(self, path: Path, below: list[Path]) -> None:
        """Note a directory to go into, unless it is an archive's own."""
        if path.name == OWN_DIRECTORY or path == self._archive:
            self._result.passed_over += 1
        else:
            below.append(path)

    def _take(self, path: Path, files: list[FoundFile]) -> None:
        is_meant = path.suffix.lower() in _ENDINGS
        try:
            head, size = read_head(path)
        except UnreadableError as error:
            # What it is cannot be known, so a name that says nothing is worth a line as well.
            self._result.refuse(path, str(error))
            return
        if detect(head) is not None:
            files.append(FoundFile(path, size))
        elif is_meant:
            self._result.refuse(path, "not a picture" if size else "empty")
        else:
            self._result.others += 1

    def _pass_link(self, path: Path) -> None:
        """Note a link: what it leads to is found by itself if it is inside, and else left alone."""
        target = Path(os.path.realpath(path))
        if not target.exists():
            self._result.refuse(path, "a link that leads nowhere")
        elif target.is_relative_to(self.root):
            self._result.passed_over += 1
        else:
            self._result.refuse(path, "a link that leads out of the directory; links are not followed")

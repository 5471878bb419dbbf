"""Names in a tree of directories: which are taken, by what is there and by what has been promised since."""

from __future__ import annotations

import errno
import os
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from imagefap_scraper.storage.disk import disk_error
from imagefap_scraper.storage.names import (
    MAX_NAME_BYTES,
    PREFIX_DIGITS,
    collision_key,
    prefixed,
    shortened,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from imagefap_scraper.storage.files import ArchiveDirectory

_NOT_THERE: Final = frozenset({errno.ENOENT, errno.ENOTDIR})
#: In front of a directory's name that the program keeps for itself.
_AVOIDED: Final = "__"


class _Level:
    """The names in one directory, by what some file system takes for one."""

    def __init__(self) -> None:
        self.names: dict[str, list[str]] = {}
        self.directories: dict[str, str] = {}

    def add(self, name: str) -> None:
        self.names.setdefault(collision_key(name), []).append(name)

    def add_directory(self, name: str) -> None:
        self.add(name)
        self.directories.setdefault(collision_key(name), name)


class Tree:
    """The names below a directory; each directory is listed once, after that only single names are looked up.

    Not to be used by two threads at once.

    Args:
        directory: the tree's root.
        avoided: directories in the root that get no files, in lower case.
    """

    def __init__(self, directory: ArchiveDirectory, avoided: Collection[str] = ()) -> None:
        self._directory = directory
        self._avoided = avoided
        self._levels: dict[str, _Level] = {}
        self._vacated: set[str] = set()

    def spelled(self, directories: Sequence[str]) -> str:
        """Return the path of directories, with `/` at its end unless it is empty.

        A directory that is there, or promised, under a name that some file system takes for the same is that one. One
        whose name is taken by something else gets a number.
        """
        path = ""
        for name in directories:
            wanted = name
            if not path and wanted.lower() in self._avoided:
                wanted = _AVOIDED + wanted
            path += self._enter(path, wanted) + "/"
        return path

    def taken(self, path: str) -> list[str]:
        """Return the paths, on the disk or promised, that some file system takes for this one."""
        above, name = split(path)
        level = self._level(above)
        names = level.names.get(collision_key(name), [])
        if name not in names and path not in self._vacated and self._exists(path):
            level.add(name)
            names = level.names[collision_key(name)]
        return [above + one for one in names]

    def take(self, path: str) -> None:
        """Promise a path."""
        above, name = split(path)
        self._level(above).add(name)

    def free(self, path: str) -> None:
        """Take a promise back."""
        above, name = split(path)
        names = self._level(above).names.get(collision_key(name), [])
        if name in names:
            names.remove(name)

    def vacate(self, path: str) -> None:
        """Take a path for free although a file is still there: that will go before another comes."""
        self.free(path)
        self._vacated.add(path)

    def _enter(self, above: str, name: str) -> str:
        level = self._level(above)
        wanted, number = name, 1
        while True:
            key = collision_key(wanted)
            if key in level.directories:
                return level.directories[key]
            if not level.names.get(key) and not self._exists(above + wanted):
                level.add_directory(wanted)
                return wanted
            number += 1
            ending = f" ({number})"
            wanted = shortened(name, MAX_NAME_BYTES - len(ending)) + ending

    def _level(self, above: str) -> _Level:
        if above not in self._levels:
            self._levels[above] = self._list(above)
        return self._levels[above]

    def _list(self, above: str) -> _Level:
        level = _Level()
        path = self._directory.resolve(above) if above else self._directory.root
        try:
            with os.scandir(path) as entries:
                for entry in entries:
                    (level.add_directory if entry.is_dir(follow_symlinks=False) else level.add)(entry.name)
        except OSError as error:
            # Directories are made when a file comes; the root has to be there.
            if not above or error.errno not in _NOT_THERE:
                raise disk_error(error, f"cannot list {path}") from error
        return level

    def _exists(self, path: str) -> bool:
        return os.path.lexists(self._directory.resolve(path))


class EmptyTree(Tree):
    """A tree of which nothing is there yet but names that are given.

    Args:
        directory: where it will be.
        paths: of files that are taken.
    """

    def __init__(self, directory: ArchiveDirectory, paths: Collection[str] = ()) -> None:
        super().__init__(directory)
        self._levels[""] = _Level()
        for path in paths:
            above, name = split(path)
            self._make(above).add(name)

    def _make(self, above: str) -> _Level:
        if above not in self._levels:
            parent, name = split(above[:-1])
            level = self._make(parent)
            if name not in level.names.get(collision_key(name), ()):
                level.add_directory(name)
            self._levels[above] = _Level()
        return self._levels[above]

    def _list(self, above: str) -> _Level:
        return _Level()

    def _exists(self, path: str) -> bool:
        return False


def split(path: str) -> tuple[str, str]:
    """Return the directories of a path, with `/` at their end unless there are none, and the name."""
    above, slash, name = path.rpartition("/")
    return above + slash, name


def remove_empty(directory: ArchiveDirectory, paths: Collection[str]) -> None:
    """Remove the directories that hold nothing since these files have left them."""
    above = {split(path)[0].rstrip("/") for path in paths} - {""}
    for one in sorted(above, key=len, reverse=True):
        current = one
        while current:
            with suppress(OSError):
                directory.resolve(current).rmdir()
            current = split(current)[0].rstrip("/")


def candidates(path: str, sha256: str) -> Iterator[str]:
    """Yield the paths to try for bytes, in order: plain, with ten digits, with all, then numbered without end."""
    above, name = split(path)
    yield path
    yield above + prefixed(name, sha256, PREFIX_DIGITS)
    yield above + prefixed(name, sha256, len(sha256))
    number = 2
    while True:
        yield above + prefixed(f"{number}-{name}", sha256, len(sha256))
        number += 1

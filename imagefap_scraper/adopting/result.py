"""What came of an import from the disk."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Problem:
    """A file or directory that was not taken, and why, one line for a person."""

    path: str
    reason: str


@dataclass(slots=True)
class Result:
    """Counts of an import; sizes in bytes.

    Attributes:
        directories: that held pictures.
        pictures: files that begin like a picture.
        size: of these files.
        stored: pictures whose bytes are new in the archive.
        bytes_stored: their size.
        duplicates: pictures whose very bytes the archive holds already, by another picture of this import or before.
        known: pictures that an earlier import or crawl had recorded: nothing was done.
        thrown_out: pictures whose very bytes the user had thrown out: they were not stored again.
        unchecked: pictures stored without being decoded, because that would have exceeded a limit.
        others: files that are no pictures.
        passed_over: links that lead to where the import comes anyway, and directories that belong to an archive.
        problems: what was not taken.
        unnamed: pictures whose names say no number of the site, so that they were not adopted.
        entries: what gallery-dl's archive lists; None if none was read.
        entries_without_file: of these, how many no file was found for.
    """

    directories: int = 0
    pictures: int = 0
    size: int = 0
    stored: int = 0
    bytes_stored: int = 0
    duplicates: int = 0
    known: int = 0
    thrown_out: int = 0
    unchecked: int = 0
    others: int = 0
    passed_over: int = 0
    problems: list[Problem] = field(default_factory=list)
    unnamed: list[str] = field(default_factory=list)
    entries: int | None = None
    entries_without_file: int = 0

    def refuse(self, path: Path, reason: str) -> None:
        """Note what was not taken."""
        self.problems.append(Problem(shown(path), reason))


def shown(path: Path | str) -> str:
    r"""Return a path or name as text that any database and output takes: bytes that are no UTF-8 as `\xNN`."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")

"""The import of the original's database and pictures into a new archive: may be killed, goes on when run again."""

from __future__ import annotations

import asyncio
import hashlib
import os
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from imagefap_scraper.archive import Archive
from imagefap_scraper.exceptions import OutputError
from imagefap_scraper.legacy import rows
from imagefap_scraper.legacy.blobs import BlobImport
from imagefap_scraper.legacy.counts import counts_after, counts_before
from imagefap_scraper.legacy.judgements import record_judgements
from imagefap_scraper.legacy.plan import make_plan
from imagefap_scraper.legacy.reading import read_legacy
from imagefap_scraper.legacy.source import BlobSource, Problem
from imagefap_scraper.storage.layouts import BLOBS

if TYPE_CHECKING:
    from collections.abc import Callable

    from imagefap_scraper.legacy.crypto import LegacyKey
    from imagefap_scraper.legacy.plan import Plan
    from imagefap_scraper.legacy.records import LegacyDatabase

__all__ = ["Import", "Result", "Source"]


@dataclass(frozen=True, slots=True)
class Source:
    """What is imported: the original's database, and the directory of its blobs."""

    file: Path
    blobs: Path


@dataclass(slots=True)
class Result:
    """What came of an import.

    Attributes:
        before: what the original held, see `counts.counts_before`.
        after: what the archive holds, by the same words; empty after a rehearsal.
        problems: blobs that did not arrive.
        notes: what could not be taken over as it was, one line each.
        finished_before: True if an earlier run had brought everything: only blobs that were missing were looked for.
    """

    before: dict[str, int]
    after: dict[str, int] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    finished_before: bool = False


class Import:
    """One import: read first, so that nothing is made for a file that is refused; then carried out."""

    def __init__(self, source: Source, output: Path, password: Callable[[], str]) -> None:
        """Read the original's database.

        Args:
            source: what is imported; never written to.
            output: the new archive's directory.
            password: asked for only if the database is encrypted.

        Raises:
            OutputError: the new archive would be made where the original's files are.
            UserInputError: there is no such file, it is refused, or the password is wrong.
            StorageError: it cannot be read, or a process cannot be started.
        """
        _refuse_the_old_place(source, output)
        self._source = source
        self._output = output
        self.database: LegacyDatabase
        self._key: LegacyKey | None
        self.database, self._key = read_legacy(source.file, password)
        self._plan: Plan = make_plan(self.database)

    def rehearse(self) -> Result:
        """Return what would be imported; looks for the blobs' files without reading them, and changes nothing."""
        result = Result(counts_before(self.database, self._plan))
        source = BlobSource(self._source.blobs, self._key)
        for blob in self.database.blobs:
            if not source.path(blob).is_file():
                result.problems.append(Problem(blob.sha256, "missing", "the original's file is missing"))
        return result

    def run(self, on_progress: Callable[[int], None], *, url: str = "") -> Result:
        """Carry it out, or go on with it.

        Args:
            on_progress: told how many more blobs are done.
            url: another place for the database, as in `Archive`.

        Raises:
            OutputError: the directory cannot be used, or holds something else.
            LockedError: another process holds it.
            DatabaseError: its database is foreign, newer or damaged.
            StorageError: the disk refused.
        """
        with self._source.file.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        result = Result(counts_before(self.database, self._plan))
        with closing(Archive(self._output, "blobs", url=url)) as archive:
            begin = partial(rows.begin, digest=digest, source=str(self._source.file))
            action_id, result.finished_before = archive.wait_for(begin)
            if not result.finished_before:
                archive.wait_for(partial(rows.write_plan, plan=self._plan))
            blobs = BlobImport(archive, BlobSource(self._source.blobs, self._key), self._plan)
            result.problems = asyncio.run(blobs.run(self.database.blobs, on_progress))
            if not result.finished_before:
                conclude = partial(_conclude, database=self.database, plan=self._plan, action_id=action_id)
                result.notes = archive.wait_for(conclude)
            result.after = archive.wait_for(counts_after)
        return result


def _conclude(connection: Any, database: LegacyDatabase, plan: Plan, action_id: int) -> list[str]:
    """Write what the user had said, and that the import is finished: both, or neither."""
    notes = record_judgements(connection, database, plan, action_id)
    rows.finish(connection, action_id)
    return notes


def _refuse_the_old_place(source: Source, output: Path) -> None:
    """Refuse to make the archive in the original's directory, below it, or over its blobs.

    A database that was copied elsewhere makes no directory of the original out of the one that it lies in.
    """
    new = Path(os.path.realpath(output.expanduser()))
    old = Path(os.path.realpath(source.file)).parent
    blobs = Path(os.path.realpath(source.blobs))
    below = (old, blobs) if blobs.parent == old else (blobs,)
    if new in (old, blobs.parent) or any(map(new.is_relative_to, below)) or blobs.is_relative_to(new / BLOBS):
        raise OutputError(
            f"{new} is where the original program's files are, and they are left as they are; name a new one: --dir NEW"
        )

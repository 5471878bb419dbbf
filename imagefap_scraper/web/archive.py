"""The archive as the pages use it: connections that stay open, the settings, thumbnails and jobs."""

from __future__ import annotations

import hashlib
import os
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from threading import Event, Lock, Thread
from typing import TYPE_CHECKING

from sqlalchemy.exc import DBAPIError

from imagefap_scraper.database.session import Reading, translate
from imagefap_scraper.exceptions import ArchiveError, DatabaseError
from imagefap_scraper.inspection.pool import InspectionPool
from imagefap_scraper.review.workplace import Workplace
from imagefap_scraper.storage.lock import database_lock
from imagefap_scraper.web.browse.browsing import Browsing
from imagefap_scraper.web.pictures.thumbnails import Thumbnails
from imagefap_scraper.web.work.jobs import Jobs

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from sqlalchemy import Connection

    from imagefap_scraper.review.options import Options

#: Seconds that a page waits for other writers.
_PATIENCE = 3.0
#: Seconds that the server's end waits until its connections are closed.
_SECONDS_TO_CLOSE = 1.0


class WebArchive:
    """What every route gets as `request.app.state.archive`.

    Attributes:
        workplace: the archive's directory and database, for changes.
        options: of the duplicates workflow.
        thumbnails: made on demand.
        jobs: what takes long.
        browsing: the running crawl, and retries.
        archive_id: by which a browser tells this archive from another one at the same address; says nothing about it.
    """

    def __init__(self, workplace: Workplace, options: Options) -> None:
        # A page waits for seconds; a job, which nobody waits for, as long as any command.
        self.workplace = workplace = Workplace(workplace.directory, workplace.database, _PATIENCE)
        self.options = options
        self.pool = InspectionPool(options.workers)
        self.thumbnails = Thumbnails(workplace.directory, self.pool)
        self.jobs = Jobs(workplace)
        self._readers = _Readers(workplace.database)
        self.browsing = Browsing(workplace, self.reading)
        self.archive_id = _archive_id(workplace.database)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Give a connection that can only read, for one thread at a time; it costs nothing to ask often.

        Raises:
            DatabaseError, LockedError: what the database refuses.
        """
        with self._readers.connection() as connection:
            yield connection

    async def close(self) -> None:
        """End jobs and child processes, and close the database."""
        self.jobs.close()
        self.browsing.close()
        await self.pool.close()
        self._readers.close()


def _archive_id(database: Path) -> str:
    with suppress(OSError):
        found = database.stat()
        known = b"%d %d %b" % (found.st_dev, found.st_ino, os.fsencode(database.resolve()))
        return hashlib.sha256(known).hexdigest()[:16]
    return ""


@dataclass(frozen=True, slots=True)
class _Reader:
    connection: Connection
    source: Reading
    file: tuple[int, int]

    def close(self) -> None:
        self.source.close(self.connection)


class _Readers:
    """Connections that can only read, kept open: to open and close one takes the lock of all writers."""

    def __init__(self, database: Path) -> None:
        self._database = database
        self._free: list[_Reader] = []
        self._source: tuple[Reading, tuple[int, int]] | None = None
        self._lock = Lock()
        self._closed = False

    @contextmanager
    def connection(self) -> Iterator[Connection]:
        taken = self._take()
        try:
            yield taken.connection
        except DBAPIError as error:
            raise translate(error, self._database) from error
        finally:
            self._give_back(taken)

    def _take(self) -> _Reader:
        file = self._file()
        while True:
            with self._lock:
                taken = self._free.pop() if self._free else None
            if taken is None:
                return self._open(file)
            if taken.file == file:
                return taken
            # Another database has taken that name: a backup was restored, say.
            taken.close()

    def _file(self) -> tuple[int, int]:
        try:
            found = self._database.stat()
        except OSError as error:
            raise DatabaseError(f"{self._database} cannot be read: {error.strerror or error}") from error
        return found.st_dev, found.st_ino

    def _open(self, file: tuple[int, int]) -> _Reader:
        with self._lock:
            if self._source is None or self._source[1] != file:
                self._source = Reading(self._database, partial(database_lock, self._database, _PATIENCE)), file
            source = self._source[0]
        return _Reader(source.connect(), source, file)

    def _give_back(self, taken: _Reader) -> None:
        with suppress(DBAPIError):
            # No transaction stays open: the database's log could not be folded back.
            taken.connection.rollback()
        with self._lock:
            if not self._closed:
                self._free.append(taken)
                return
        _close_aside([taken])

    def close(self) -> None:
        """Close what is free; what cannot be closed soon is left as it is, as if the server had been killed."""
        with self._lock:
            self._closed = True
            free, self._free = self._free, []
        _close_aside(free)


def _close_aside(readers: Sequence[_Reader]) -> None:
    """Close connections at the server's end, or wait for that no longer than is reasonable.

    In a thread that may outlive its purpose: while another process writes, a connection must not be closed, nor may it
    be given up, which would close it as well. There it is held until the process is gone.
    """
    closing = Thread(target=_close_all, args=(readers,), daemon=True)
    closing.start()
    closing.join(_SECONDS_TO_CLOSE)


def _close_all(readers: Sequence[_Reader]) -> None:
    for one in readers:
        # The database may be gone, or its lock be held for long.
        with suppress(ArchiveError, DBAPIError):
            one.close()
    if not all(one.connection.closed for one in readers):
        Event().wait()

"""The archive as the pages use it: connections that stay open, the settings, thumbnails and jobs."""

from __future__ import annotations

import hashlib
import os
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING

from sqlalchemy.exc import DBAPIError

from imagefap_scraper.database.session import reader, translate
from imagefap_scraper.exceptions import DatabaseError
from imagefap_scraper.inspection.pool import InspectionPool
from imagefap_scraper.storage.lock import database_lock
from imagefap_scraper.web.browse.browsing import Browsing
from imagefap_scraper.web.pictures.thumbnails import Thumbnails
from imagefap_scraper.web.work.jobs import Jobs

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlalchemy import Connection

    from imagefap_scraper.review.options import Options
    from imagefap_scraper.review.workplace import Workplace


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
        self.workplace = workplace
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
        return hashlib.sha256(b"%d %d %b" % (found.st_dev, found.st_ino, os.fsencode(database.resolve()))).hexdigest()[
            :16
        ]
    return ""


@dataclass
class _Reader:
    connection: Connection
    stack: ExitStack
    file: tuple[int, int]


class _Readers:
    """Connections that can only read, kept open: to open and close one takes the lock of all writers."""

    def __init__(self, database: Path) -> None:
        self._database = database
        self._free: list[_Reader] = []
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
            taken.stack.close()

    def _file(self) -> tuple[int, int]:
        try:
            found = self._database.stat()
        except OSError as error:
            raise DatabaseError(f"{self._database} cannot be read: {error.strerror or error}") from error
        return found.st_dev, found.st_ino

    def _open(self, file: tuple[int, int]) -> _Reader:
        stack = ExitStack()
        connection = stack.enter_context(reader(self._database, database_lock(self._database)))
        return _Reader(connection, stack, file)

    def _give_back(self, taken: _Reader) -> None:
        with suppress(DBAPIError):
            # No transaction stays open: the database's log could not be folded back.
            taken.connection.rollback()
        with self._lock:
            if not self._closed:
                self._free.append(taken)
                return
        taken.stack.close()

    def close(self) -> None:
        with self._lock:
            self._closed = True
            free, self._free = self._free, []
        for one in free:
            one.stack.close()

"""The archive as a person works on it: its directory, and write transactions beside a running crawl."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError

from imagefap_scraper.database.moves import drop_moves, pending_moves
from imagefap_scraper.database.session import open_writer, reader, translate
from imagefap_scraper.storage.lock import database_lock
from imagefap_scraper.storage.trash import FileMove, carry_out

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

    from sqlalchemy import Connection

    from imagefap_scraper.storage.files import ArchiveDirectory


class Workplace:
    """An archive that exists, opened for its user's decisions.

    Attributes:
        directory: the output directory.
        database: the path of its database.
    """

    def __init__(self, directory: ArchiveDirectory, database: Path) -> None:
        self.directory = directory
        self.database = database

    def reading(self) -> AbstractContextManager[Connection]:
        """Return a connection that can only read; see `session.reader`."""
        return reader(self.database, database_lock(self.database))

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """Give a connection inside a write transaction; opening and closing it are under the lock as well.

        Raises:
            DatabaseError, LockedError, StorageError: what the database refuses.
        """
        with database_lock(self.database):
            engine = open_writer(URL.create("sqlite", database=str(self.database)))
            try:
                with engine.begin() as connection:
                    yield connection
            except DBAPIError as error:
                raise translate(error, self.database) from error
            finally:
                engine.dispose()

    def carry_out_moves(self) -> None:
        """Move the files whose rows say so already, also those that a killed run left behind.

        Raises:
            StorageError: the disk refused; the moves stay on record, the next call goes on.
        """
        with self.reading() as connection:
            moves = pending_moves(connection)
        if not moves:
            return
        carry_out(self.directory, [FileMove(source, target) for _, source, target in moves])
        with self.transaction() as connection:
            drop_moves(connection, [move_id for move_id, _, _ in moves])

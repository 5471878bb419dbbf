"""The archive as a person works on it: its directory, and write transactions beside a running crawl."""

from __future__ import annotations

from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError

from imagefap_scraper.database._parts import in_parts
from imagefap_scraper.database.moves import drop_moves, pending_moves, send_strays
from imagefap_scraper.database.session import missing, open_writer, reader, translate
from imagefap_scraper.storage.lock import WRITERS_PATIENCE, database_lock, is_awaited
from imagefap_scraper.storage.trash import FileMove, carry_out, discard_double, is_in_trash, trash_path

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

    from sqlalchemy import Connection, Engine

    from imagefap_scraper.storage.files import ArchiveDirectory


class Workplace:
    """An archive that exists, opened for its user's decisions.

    Attributes:
        directory: the output directory.
        database: the path of its database.

    Args:
        directory: the output directory.
        database: the path of its database.
        patience: seconds to wait for others that write.
    """

    def __init__(self, directory: ArchiveDirectory, database: Path, patience: float = WRITERS_PATIENCE) -> None:
        self.directory = directory
        self.database = database
        self._patience = patience
        self._engine: tuple[Engine, tuple[int, int]] | None = None

    def reading(self) -> AbstractContextManager[Connection]:
        """Return a connection that can only read; see `session.reader`."""
        return reader(self.database, database_lock(self.database, self._patience))

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """Give a connection inside a write transaction; opening and closing it are under the lock as well.

        Raises:
            DatabaseError, LockedError, StorageError: what the database refuses.
        """
        with database_lock(self.database, self._patience):
            engine = self._writer()
            try:
                with engine.begin() as connection:
                    yield connection
            except DBAPIError as error:
                raise translate(error, self.database) from error

    def _writer(self) -> Engine:
        """Return what opens the database for writing; it never makes one.

        Raises:
            DatabaseError: there is none, or a foreign one.
        """
        try:
            found = self.database.stat()
        except OSError as error:
            raise missing(self.database) from error
        file = (found.st_dev, found.st_ino)
        if self._engine is None or self._engine[1] != file:
            # Kept, without a connection: it knows how the statements of a decision are written in SQL. Of another file
            # under that name nothing is known yet.
            self._engine = open_writer(URL.create("sqlite", database=str(self.database)), create=False), file
        return self._engine[0]

    def is_awaited(self) -> bool:
        """Tell whether somebody waits until a transaction of this process ends."""
        return is_awaited(self.database)

    def carry_out_moves(self) -> None:
        """Move and delete the files whose rows say so already, also those that a killed run left behind.

        Raises:
            StorageError: the disk refused; the moves stay on record, the next call goes on.
        """
        with self.reading() as connection:
            if not pending_moves(connection):
                return
        with self.transaction() as connection:
            # In one transaction: no other process may move the same files back between the question and the move.
            moves = pending_moves(connection)
            carry_out(self.directory, [FileMove(source, target) for _, source, target in moves])
            drop_moves(connection, [move_id for move_id, _, _ in moves])

    def send_strays(self, sha256s: Collection[str]) -> None:
        """Send to the trash what a crawl stored of these blobs while they were thrown out; once if they are there.

        Raises:
            DatabaseError, LockedError, StorageError: what database and disk refuse.
        """
        discard = partial(discard_double, self.directory)
        with self.transaction() as connection:
            for some in in_parts(sorted(sha256s)):
                send_strays(connection, trash_path, is_in_trash, discard, some)
        self.carry_out_moves()

"""The archive that a command reads: found, checked, opened, and its errors in our own words."""

from __future__ import annotations

import os
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from imagefap_scraper.database.session import database_url, reader
from imagefap_scraper.exceptions import DatabaseError, OutputError
from imagefap_scraper.storage.lock import database_lock

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection


@dataclass(frozen=True, slots=True)
class Archive:
    """An open archive: where its database is, and a connection that can only read."""

    path: Path
    connection: Connection

    def database_bytes(self) -> int:
        """Return the size of the database in bytes, with what is still in its write-ahead log."""
        log = self.path.with_name(self.path.name + "-wal")
        return self.path.stat().st_size + (log.stat().st_size if log.exists() else 0)


@contextmanager
def open_archive(directory: Path) -> Iterator[Archive]:
    """Open the archive in a directory for reading, beside a running crawl if need be.

    Raises:
        OutputError: if there is no such directory.
        DatabaseError: if there is no database, or one that is foreign, older, newer or damaged.
        LockedError: if another program holds the database.
    """
    setting = os.environ.get("IMAGEFAP_DATABASE_URL", "")
    path = Path(str(database_url(directory, setting).database)).absolute()
    with ExitStack() as stack:
        try:
            if not setting and not directory.is_dir():
                raise OutputError(f"there is no directory {directory}; name the archive's own: --dir DIR")
            connection = stack.enter_context(reader(path, database_lock(path)))
        except OSError as error:
            raise OutputError(f"{path} cannot be read: {error.strerror or error}; name another: --dir DIR") from error
        except ValueError as error:
            raise _damaged(path, error) from error
        try:
            yield Archive(path, connection)
        except ValueError as error:
            raise _damaged(path, error) from error


def _damaged(path: Path, error: ValueError) -> DatabaseError:
    """Return the error for a value that cannot be what was written: a date that is none, a message that is no text."""
    return DatabaseError(f"{path} cannot be used: {error}; keep a copy and restore a backup if it is damaged")

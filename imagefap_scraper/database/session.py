"""Opening the database: what is refused, how SQLite is set up, which errors a person sees."""

from __future__ import annotations

import os
from contextlib import contextmanager, nullcontext
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Engine, create_engine, event, inspect, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError
from sqlalchemy.pool import NullPool, Pool

from imagefap_scraper.database.base import SCHEMA_REVISION
from imagefap_scraper.database.duplicate_models import LAST_COPY, ONE_STAYS
from imagefap_scraper.exceptions import ArchiveError, DatabaseError, LockedError, StorageError, UserInputError

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

#: The file's name, the original program's: people know it.
DATABASE_NAME = "imagefap.database"

_SQLITE_MAGIC = b"SQLite format 3\0"
#: Seconds that a statement waits for another process; writers take a file lock first, so this is for surprises.
_BUSY_SECONDS = 30.0
#: Statements that the connections of a reader remember in SQL, and half as many more. Searches of ever other shapes are
#: ever other statements, of up to 100 KB each; the pages themselves have about 60.
_STATEMENTS_REMEMBERED = 150
#: What SQLite says, in small letters, where a statement is longer or deeper than it takes: nothing is damaged.
_LIMITS = (
    "parser stack overflow",
    "expression tree is too large",
    "too many sql variables",
    "too many terms in compound select",
    "at most 64 tables",
    "pattern too complex",
)
#: Device and inode of the files that were found to be databases.
_looked_into: set[tuple[int, int]] = set()
_looking = Lock()


def database_url(output: Path, setting: str = "") -> URL:
    """Return the address of the database of the output directory, or the one that the setting names.

    Raises:
        DatabaseError: if the setting is no address of an SQLite file.
    """
    if not setting:
        return URL.create("sqlite", database=str(output / DATABASE_NAME))
    try:
        url = make_url(setting)
    except ArgumentError as error:
        raise DatabaseError(
            f"IMAGEFAP_DATABASE_URL={setting!r} is no database address; write sqlite:////PATH"
        ) from error
    if url.get_backend_name() != "sqlite" or not url.database or url.database == ":memory:":
        shown = url.render_as_string(hide_password=True)
        raise DatabaseError(f"IMAGEFAP_DATABASE_URL={shown} is not an SQLite file; write sqlite:////PATH")
    return url


def check_file(path: Path) -> None:
    """Refuse a file that is not ours to open, before anything opens it.

    The original program kept a pickle under the same name; it is never unpickled and never overwritten.

    A process looks into each file once. All its locks on a file, SQLite's among them, end when it closes the file once,
    whichever descriptor that was (POSIX): another process would then take away the log under our open connections.

    Raises:
        DatabaseError: if there is a file without SQLite's header, or one that cannot be read.
    """
    try:
        with _looking:
            found = path.stat()
            if (found.st_dev, found.st_ino) in _looked_into:
                return
            with path.open("rb") as file:
                head = file.read(len(_SQLITE_MAGIC))
            if head in (b"", _SQLITE_MAGIC):
                _looked_into.add((found.st_dev, found.st_ino))
                return
    except (FileNotFoundError, NotADirectoryError):
        # What is in the way of the directory is found out, and said, where the directory is made.
        return
    except OSError as error:
        raise DatabaseError(f"{path} cannot be read: {error.strerror or error}") from error
    raise DatabaseError(
        f"{path} is {_foreign_kind(head)}, not a database of this program: it was left alone. "
        "Choose another output=DIR (in process.py: --dir)."
    )


def _foreign_kind(head: bytes) -> str:
    """Return what a foreign file's first bytes say that it is."""
    if head[:1] == b"\x80" and head[1:2] in (b"\x03", b"\x04", b"\x05"):
        return "the original program's database (a Python pickle)"
    if head[:4] == b"\x80\0\0\0":
        return "the original program's database (encrypted)"
    if head[:3] == b"BZh":
        return "the original program's database (compressed)"
    return "a file of another kind"


def open_writer(url: URL, *, durable: bool = True, create: bool = True) -> Engine:
    """Return an engine that may write; SQLite in WAL mode.

    Args:
        url: from `database_url`.
        durable: every commit waits for the disk. Without it a power cut costs the last commits, and nothing else: the
            WAL's frames are checksummed, so what is left is a state that was once committed.
        create: make the database if there is none, as a crawl does; otherwise a connection fails.

    Raises:
        DatabaseError: if the file is foreign or cannot be opened.
    """
    path = Path(str(url.database))
    check_file(path)
    _check_owner(path)
    if not create:
        url = URL.create("sqlite", database=f"file:{_uri_path(path)}", query={"mode": "rw", "uri": "true"})
    # No pool: one thread holds one connection for as long as it works, and closing the last one ends the WAL file.
    engine = _engine(url, {"timeout": _BUSY_SECONDS}, poolclass=NullPool)

    @event.listens_for(engine, "connect")
    def set_up(connection: sqlite3.Connection, _record: object) -> None:
        # SQLAlchemy, not sqlite3, says when a transaction begins: savepoints need that.
        connection.isolation_level = None
        synchronous = "FULL" if durable else "NORMAL"
        for pragma in ("journal_mode = WAL", f"synchronous = {synchronous}", "foreign_keys = ON"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begin(connection: Any) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine


class Reading:
    """Opens connections to one database that can only read, for commands and pages beside a running crawl.

    They share what is known of how statements are written in SQL: for each connection its own costs tens of megabytes.

    The file is opened for writing all the same: a connection that may not write cannot take the WAL files away again
    when it is the last one. Where the directory is read-only nobody writes, and the file is read as it is.

    Args:
        path: of the database.
        exclusive: gives what keeps every writing process out while a connection is closed, which may be a checkpoint.

    Raises:
        DatabaseError: if there is no database, or a foreign one.
    """

    def __init__(self, path: Path, exclusive: Callable[[], AbstractContextManager[Any]]) -> None:
        if not path.is_file():
            raise missing(path)
        check_file(path)
        self._path = path
        writable = os.access(path.parent, os.W_OK) and os.access(path, os.W_OK)
        # Where nothing can be written there is nobody to keep out, and no lock to be had.
        self._exclusive = exclusive if writable else nullcontext
        mode = {"mode": "rw"} if writable else {"mode": "ro", "immutable": "1"}
        url = URL.create("sqlite", database=f"file:{_uri_path(path)}", query={**mode, "uri": "true"})
        self._engine = _engine(
            url, {"timeout": _BUSY_SECONDS}, poolclass=NullPool, query_cache_size=_STATEMENTS_REMEMBERED
        )

        @event.listens_for(self._engine, "connect")
        def set_up(connection: sqlite3.Connection, _record: object) -> None:
            connection.execute("PRAGMA query_only = ON")

    def connect(self) -> Connection:
        """Return a connection, for one thread at a time; it is to be given to `close`.

        Raises:
            DatabaseError: if the database is foreign, older, newer or damaged.
            LockedError: if another program holds it.
        """
        try:
            connection = self._engine.connect()
        except DBAPIError as error:
            raise translate(error, self._path) from error
        try:
            self._check(connection)
        except DBAPIError as error:
            self.close(connection)
            raise translate(error, self._path) from error
        except BaseException:
            self.close(connection)
            raise
        return connection

    def _check(self, connection: Connection) -> None:
        revision = schema_revision(connection)
        if revision != SCHEMA_REVISION:
            foreign = revision is None and is_foreign(connection)
            raise DatabaseError(_revision_message(self._path, revision, foreign=foreign))

    def close(self, connection: Connection) -> None:
        """Close a connection.

        Raises:
            LockedError, OutputError: the lock could not be had; the connection is still open.
        """
        with self._exclusive():
            connection.close()


@contextmanager
def reader(path: Path, exclusive: AbstractContextManager[Any]) -> Iterator[Connection]:
    """Give a connection that can only read; see `Reading`.

    Args:
        path: of the database.
        exclusive: keeps every writing process out while the connection is closed.

    Raises:
        DatabaseError: if there is no database, or one that is foreign, older, newer or damaged.
        LockedError: if another program holds it.
    """
    source = Reading(path, lambda: exclusive)
    connection = source.connect()
    try:
        yield connection
    except DBAPIError as error:
        raise translate(error, path) from error
    finally:
        source.close(connection)


def _engine(url: URL, arguments: dict[str, Any], poolclass: type[Pool], **options: Any) -> Engine:
    try:
        return create_engine(url, poolclass=poolclass, connect_args=arguments, **options)
    except (ArgumentError, NoSuchModuleError) as error:
        raise DatabaseError(f"no database at {url.render_as_string(hide_password=True)}: {error}") from error


def _uri_path(path: Path) -> str:
    """Return the path as SQLite reads it in a `file:` address."""
    return str(path.absolute()).replace("%", "%25").replace("?", "%3f").replace("#", "%23")


def schema_revision(connection: Connection) -> str | None:
    """Return the migration that the database stands at; None if it is new."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    revision = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return None if revision is None else str(revision)


def is_foreign(connection: Connection) -> bool:
    """Return whether a database without our mark holds something: it is another program's."""
    return bool(set(inspect(connection).get_table_names()) - {"alembic_version"})


def missing(path: Path) -> DatabaseError:
    """Return the error for a database that is not there."""
    return DatabaseError(f"there is no database at {path}; a crawl makes it: scrapy crawl favorites -a user=NAME")


def _check_owner(path: Path) -> None:
    """Refuse another program's database before anything of it is changed: to switch to a WAL writes into the file."""
    if not path.is_file() or not path.stat().st_size or path.with_name(f"{path.name}-wal").exists():
        # With a log beside it nothing is switched, and the migrations refuse it.
        return
    engine = _engine(
        URL.create("sqlite", database=f"file:{_uri_path(path)}", query={"mode": "ro", "immutable": "1", "uri": "true"}),
        {},
        poolclass=NullPool,
    )
    try:
        with engine.connect() as connection:
            if schema_revision(connection) is None and is_foreign(connection):
                raise DatabaseError(f"{path} is of another program: it was left alone; choose another output=DIR")
    except DBAPIError:
        # Damaged, or held: whoever goes on with it says so.
        return


def _revision_message(path: Path, revision: str | None, *, foreign: bool) -> str:
    if foreign:
        return f"{path} is of another program: it was left alone; choose another output=DIR (in process.py: --dir)"
    if revision is None:
        return f"{path} holds no archive yet; a crawl makes one: scrapy crawl favorites -a user=NAME"
    if revision < SCHEMA_REVISION:
        return f"{path} is of an older version of this program; any crawl into it brings it up to date"
    return f"{path} is of a newer version of this program (schema {revision}); update the program"


def refusal(error: DBAPIError) -> UserInputError | None:
    """Return the error of our own tree for what one of our own triggers refused; None for anything else."""
    cause = str(error.orig)
    return UserInputError(f"nothing was changed: {cause}") if cause in (ONE_STAYS, LAST_COPY) else None


def translate(error: DBAPIError, path: Path | str) -> ArchiveError:
    """Return the error of our own tree for what the database library raised."""
    cause = str(error.orig)
    if (refused := refusal(error)) is not None:
        return refused
    lowered = cause.lower()
    if "full" in lowered or "disk i/o" in lowered or "readonly" in lowered or "unable to open" in lowered:
        return StorageError(f"{path} cannot be used: {cause}; free or repair the disk and run the same command again")
    if any(limit in lowered for limit in _LIMITS):
        return UserInputError(f"this asks for more at once than the database can take ({cause}): ask for less")
    if "locked" in lowered or "busy" in lowered:
        return LockedError(f"{path} is held by another program: {cause}; run the same command again later")
    return DatabaseError(f"{path} cannot be used: {cause}; keep a copy and restore a backup if it is damaged")

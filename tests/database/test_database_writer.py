from __future__ import annotations

import asyncio
import sqlite3
import threading
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING, Any

import pytest
from database_bench import new_engine
from sqlalchemy import Connection, Engine, event, text
from sqlalchemy.exc import IntegrityError

from imagefap_scraper.database.session import DATABASE_NAME, database_url, open_writer
from imagefap_scraper.database.writer import DatabaseWriter
from imagefap_scraper.exceptions import DatabaseError, LockedError, StorageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


def _add(user_id: int) -> Callable[[Connection], int]:
    """A function that writes one row and returns its number."""

    def add(connection: Connection) -> int:
        connection.execute(text("INSERT INTO users VALUES (:id, 'anna', '2024-01-01')"), {"id": user_id})
        return user_id

    return add


def _fail(connection: Connection) -> None:
    """Write something, then raise."""
    connection.execute(text("INSERT INTO users VALUES (999, 'nobody', '2024-01-01')"))
    raise LookupError("on purpose")


def _users(path: Path) -> list[int]:
    connection = sqlite3.connect(path / DATABASE_NAME)
    rows = [number for (number,) in connection.execute("SELECT user_id FROM users ORDER BY rowid")]
    connection.close()
    return rows


class Busy:
    """Keeps the writer thread in a job, so that whatever is submitted meanwhile waits together."""

    def __init__(self, writer: DatabaseWriter) -> None:
        started, self._go = threading.Event(), threading.Event()

        def wait(_connection: Connection) -> None:
            started.set()
            assert self._go.wait(10)

        self.done = writer.submit(wait)
        assert started.wait(10)

    def end(self) -> None:
        self._go.set()


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    with new_engine(tmp_path) as engine:
        yield engine


@pytest.fixture
def commits(engine: Engine) -> list[str]:
    """What ends transactions, in order."""
    ends: list[str] = []
    event.listen(engine, "commit", lambda _connection: ends.append("commit"))
    event.listen(engine, "rollback", lambda _connection: ends.append("rollback"))
    return ends


@pytest.fixture
def writer(engine: Engine) -> Iterator[DatabaseWriter]:
    writer = DatabaseWriter(engine, nullcontext)
    yield writer
    writer.close()


def test_an_answer_comes_after_the_commit(writer: DatabaseWriter, tmp_path: Path) -> None:
    assert writer.submit(_add(5)).result(10) == 5
    assert _users(tmp_path) == [5]


async def test_waiting_on_the_event_loop_is_the_same(writer: DatabaseWriter, tmp_path: Path) -> None:
    assert await asyncio.gather(*(writer.run(_add(number)) for number in (3, 1, 2))) == [3, 1, 2]
    assert sorted(_users(tmp_path)) == [1, 2, 3]


def test_functions_that_wait_together_share_one_commit(
    writer: DatabaseWriter, commits: list[str], tmp_path: Path
) -> None:
    busy = Busy(writer)
    waiting = [writer.submit(_add(number)) for number in range(1, 21)]
    assert commits == []
    busy.end()
    assert [future.result(10) for future in waiting] == list(range(1, 21))
    assert commits == ["commit", "commit"]
    assert _users(tmp_path) == list(range(1, 21))


def test_many_more_than_a_group_are_all_written_in_order(
    writer: DatabaseWriter, commits: list[str], tmp_path: Path
) -> None:
    order: list[int] = []

    def note(number: int) -> Callable[[Connection], None]:
        return lambda connection: (order.append(number), _add(number)(connection))[0]

    busy = Busy(writer)
    waiting = [writer.submit(note(number)) for number in range(1, 201)]
    busy.end()
    for future in waiting:
        future.result(10)
    assert order == list(range(1, 201))
    assert _users(tmp_path) == order
    assert 4 < len(commits) < 10


def test_one_that_raises_takes_nothing_else_with_it(writer: DatabaseWriter, commits: list[str], tmp_path: Path) -> None:
    busy = Busy(writer)
    first, bad, twice, last = (writer.submit(work) for work in (_add(1), _fail, _add(1), _add(2)))
    busy.end()
    assert first.result(10) == 1
    with pytest.raises(LookupError, match="on purpose"):
        bad.result(10)
    with pytest.raises(DatabaseError, match="UNIQUE"):
        twice.result(10)
    assert last.result(10) == 2
    assert _users(tmp_path) == [1, 2]
    assert commits.count("commit") == 3


def test_one_that_raises_alone_is_run_once(writer: DatabaseWriter, tmp_path: Path) -> None:
    runs: list[int] = []

    def fail(connection: Connection) -> None:
        runs.append(1)
        _fail(connection)

    with pytest.raises(LookupError):
        writer.submit(fail).result(10)
    assert len(runs) == 1
    assert writer.submit(_add(1)).result(10) == 1
    assert _users(tmp_path) == [1]


def test_the_error_of_the_library_stays_attached(writer: DatabaseWriter) -> None:
    writer.submit(_add(1)).result(10)
    error = writer.submit(_add(1)).exception(10)
    assert isinstance(error, DatabaseError)
    assert isinstance(error.__cause__, IntegrityError)


def test_close_finishes_what_is_queued(engine: Engine, tmp_path: Path) -> None:
    writer = DatabaseWriter(engine, nullcontext)
    busy = Busy(writer)
    waiting = [writer.submit(_add(number)) for number in range(1, 101)]
    closing = threading.Thread(target=writer.close)
    closing.start()
    busy.end()
    closing.join(10)
    assert not closing.is_alive()
    assert all(future.done() for future in waiting)
    assert [path.name for path in tmp_path.iterdir()] == [DATABASE_NAME]
    assert _users(tmp_path) == list(range(1, 101))


def test_a_closed_writer_takes_nothing_and_closes_again(engine: Engine) -> None:
    writer = DatabaseWriter(engine, nullcontext)
    writer.close()
    writer.close()
    with pytest.raises(RuntimeError, match="closed"):
        writer.submit(_add(1))


def test_every_transaction_and_the_closing_hold_the_lock(engine: Engine, tmp_path: Path) -> None:
    held: list[bool] = []
    events: list[str] = []

    @contextmanager
    def exclusive() -> Iterator[None]:
        held.append(True)
        yield
        held.pop()
        wal = (tmp_path / f"{DATABASE_NAME}-wal").exists()
        events.append("with a WAL" if wal else "without")

    writer = DatabaseWriter(engine, exclusive)
    assert writer.submit(lambda _connection: list(held)).result(10) == [True]
    assert writer.submit(_add(1)).result(10) == 1
    writer.close()
    assert events == ["with a WAL", "with a WAL", "without"]


def test_a_full_disk_is_an_error_of_the_disk_and_writes_nothing(tmp_path: Path) -> None:
    fill = text("INSERT INTO users VALUES (50, :name, '2024-01-01')")
    with new_engine(tmp_path) as engine:
        with engine.connect() as connection:
            pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
        event.listen(engine, "connect", lambda sql, _record: sql.execute(f"PRAGMA max_page_count = {pages}"))
        writer = DatabaseWriter(engine, nullcontext)
        busy = Busy(writer)
        full = writer.submit(lambda connection: connection.execute(fill, {"name": "x" * 100_000}))
        other = writer.submit(_add(2))
        busy.end()
        with pytest.raises(StorageError, match="full"):
            full.result(10)
        assert other.result(10) == 2
        writer.close()
    assert _users(tmp_path) == [2]


def test_a_read_only_database_is_an_error_of_the_disk(writer: DatabaseWriter, tmp_path: Path) -> None:
    writer.submit(lambda connection: connection.exec_driver_sql("PRAGMA query_only = ON") and None).result(10)
    with pytest.raises(StorageError, match="readonly"):
        writer.submit(_add(1)).result(10)
    # The connection was given up with the error, so that the next one starts afresh.
    assert writer.submit(_add(2)).result(10) == 2
    assert _users(tmp_path) == [2]


def test_a_database_that_another_program_holds_is_said_to_be_locked(tmp_path: Path) -> None:
    with new_engine(tmp_path) as engine:
        event.listen(engine, "connect", lambda connection, _record: connection.execute("PRAGMA busy_timeout = 10"))
        writer = DatabaseWriter(engine, nullcontext)
        other = sqlite3.connect(tmp_path / DATABASE_NAME, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(LockedError, match="held by another program"):
            writer.submit(_add(1)).result(10)
        other.execute("ROLLBACK")
        other.close()
        assert writer.submit(_add(2)).result(10) == 2
        writer.close()
    assert _users(tmp_path) == [2]


def test_a_lock_that_is_not_given_reaches_its_caller(engine: Engine) -> None:
    refuse = [True]

    @contextmanager
    def exclusive() -> Iterator[Any]:
        if refuse:
            raise LockedError("the lock was not free in time")
        yield

    writer = DatabaseWriter(engine, exclusive)
    with pytest.raises(LockedError, match="not free in time"):
        writer.submit(_add(1)).result(10)
    refuse.clear()
    assert writer.submit(_add(1)).result(10) == 1
    writer.close()


def test_a_damaged_database_is_said_to_be_damaged(tmp_path: Path) -> None:
    (tmp_path / DATABASE_NAME).write_bytes(b"SQLite format 3\0" + b"\xa5" * 4096)
    engine = open_writer(database_url(tmp_path))
    writer = DatabaseWriter(engine, nullcontext)
    with pytest.raises(DatabaseError, match="restore a backup"):
        writer.submit(_add(1)).result(10)
    writer.close()
    engine.dispose()


def test_a_caller_that_was_cancelled_takes_nobody_with_it(tmp_path: Path) -> None:
    with new_engine(tmp_path) as engine:
        writer = DatabaseWriter(engine, nullcontext)
        busy = Busy(writer)
        cancelled, other = writer.submit(_add(1)), writer.submit(_add(2))
        assert cancelled.cancel()
        busy.end()
        assert other.result(3) == 2
        assert writer.submit(_add(3)).result(3) == 3
        writer.close()
    assert _users(tmp_path) == [2, 3]

"""The one thread that writes: callers send a function, the thread owns the connection and the transaction."""

from __future__ import annotations

import asyncio
import queue
import threading
from concurrent.futures import Future
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy.exc import DBAPIError

from imagefap_scraper.database.session import translate

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from sqlalchemy import Connection, Engine

T = TypeVar("T")

#: Functions that may share one commit. Each caller still waits for that commit, so nothing is less durable.
_LARGEST_GROUP = 64


@dataclass(slots=True)
class _Job:
    work: Callable[[Connection], Any]
    result: Future[Any]


class DatabaseWriter:
    """Runs functions in write transactions, in the order they came, on one thread.

    Functions that wait together are committed together, each behind a savepoint of its own: one that raises takes
    nothing else with it.

    Args:
        engine: from `session.open_writer`.
        exclusive: returns a context manager that keeps every other writing process out. SQLite below 3.51.3 can
            corrupt a WAL that two connections write or checkpoint at once.
    """

    def __init__(self, engine: Engine, exclusive: Callable[[], AbstractContextManager[Any]]) -> None:
        self._engine = engine
        self._exclusive = exclusive
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="database-writer", daemon=True)
        self._thread.start()

    def submit(self, work: Callable[[Connection], T]) -> Future[T]:
        """Queue a function and return the future of what it returns, fulfilled after its commit.

        The future raises StorageError, LockedError or DatabaseError for what the database refuses.
        """
        if self._closed:
            raise RuntimeError("the database writer is closed")
        result: Future[T] = Future()
        self._jobs.put(_Job(work, result))
        return result

    async def run(self, work: Callable[[Connection], T]) -> T:
        """Return what the function returned, after its commit."""
        return await asyncio.wrap_future(self.submit(work))

    def close(self) -> None:
        """Finish what is queued, then close the connection. May be called again."""
        if self._closed:
            return
        self._closed = True
        self._jobs.put(None)
        self._thread.join()

    def _run(self) -> None:
        connection: Connection | None = None
        while (group := self._next_group()) is not None:
            try:
                with self._exclusive():
                    connection = connection or self._engine.connect()
                    outcomes = _commit(connection, group)
            except BaseException as error:  # noqa: BLE001 - every waiting caller gets it
                if connection is not None:
                    connection.invalidate()
                    connection.close()
                    connection = None
                self._fail(group, error)
                continue
            for job, (value, failure) in zip(group, outcomes, strict=True):
                if failure is None:
                    job.result.set_result(value)
                else:
                    self._fail([job], failure)
        if connection is not None:
            # Closing the last connection is a checkpoint, and so a write.
            with self._exclusive():
                connection.close()
                self._engine.dispose()

    def _next_group(self) -> list[_Job] | None:
        """Wait for a job and return it with those that wait behind it; None at the end."""
        first = self._jobs.get()
        if first is None:
            return None
        group = [first]
        while len(group) < _LARGEST_GROUP:
            try:
                job = self._jobs.get_nowait()
            except queue.Empty:
                break
            if job is None:
                self._jobs.put(None)
                break
            group.append(job)
        return group

    def _fail(self, group: list[_Job], error: BaseException) -> None:
        shown = translate(error, self._engine.url.database or "") if isinstance(error, DBAPIError) else error
        if shown is not error:
            shown.__cause__ = error
        for job in group:
            if not job.result.done():
                job.result.set_exception(shown)


def _commit(connection: Connection, group: list[_Job]) -> list[tuple[Any, BaseException | None]]:
    """Run the jobs in one transaction; return what each returned or raised. Raises what the commit raises."""
    outcomes: list[tuple[Any, BaseException | None]] = []
    with connection.begin():
        for job in group:
            try:
                with connection.begin_nested():
                    outcomes.append((job.work(connection), None))
            except Exception as error:  # noqa: BLE001 - delivered to the caller of this job alone
                outcomes.append((None, error))
    return outcomes

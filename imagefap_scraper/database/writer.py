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

    Functions that wait together are committed together. If one of them raises, all are rolled back and run again one by
    one: it takes nothing else with it. So they may only use the connection.

    Args:
        engine: from `session.open_writer`.
        exclusive: returns a context manager that keeps every other writing process out. SQLite below 3.51.3 can
            corrupt a WAL that two connections write or checkpoint at once.
    """

    def __init__(self, engine: Engine, exclusive: Callable[[], AbstractContextManager[Any]]) -> None:
        self._engine = engine
        self._exclusive = exclusive
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._connection: Connection | None = None
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
        while (group := self._next_group()) is not None:
            if group and not self._commit(group) and len(group) > 1:
                # One of them failed and took the others back with it: each once more, by itself.
                for job in group:
                    self._commit([job], last=True)
        if self._connection is not None:
            # Closing the last connection is a checkpoint, and so a write.
            with self._exclusive():
                self._connection.close()
                self._engine.dispose()

    def _commit(self, group: list[_Job], *, last: bool = False) -> bool:
        """Run functions in one transaction and answer their callers; False if it was rolled back."""
        try:
            with self._exclusive():
                self._connection = self._connection or self._engine.connect()
                with self._connection.begin():
                    values = [job.work(self._connection) for job in group]
        except BaseException as error:  # noqa: BLE001 - every waiting caller gets it
            if self._connection is not None and isinstance(error, DBAPIError):
                self._connection.invalidate()
                self._connection.close()
                self._connection = None
            if last or len(group) == 1:
                self._fail(group[0], error)
            return False
        for job, value in zip(group, values, strict=True):
            job.result.set_result(value)
        return True

    def _next_group(self) -> list[_Job] | None:
        """Wait for a job and return it with those that wait behind it; None at the end."""
        first = self._jobs.get()
        if first is None:
            return None
        group = [first] if _begin(first) else []
        while len(group) < _LARGEST_GROUP:
            try:
                job = self._jobs.get_nowait()
            except queue.Empty:
                break
            if job is None:
                self._jobs.put(None)
                break
            if _begin(job):
                group.append(job)
        return group

    def _fail(self, job: _Job, error: BaseException) -> None:
        shown = translate(error, self._engine.url.database or "") if isinstance(error, DBAPIError) else error
        if shown is not error:
            shown.__cause__ = error
        job.result.set_exception(shown)


def _begin(job: _Job) -> bool:
    """Tell whether the caller still waits; from here on it cannot cancel, so that answering it cannot fail."""
    return job.result.set_running_or_notify_cancel()

"""The pace file: times of pages and a running pause, shared by every crawl of this user.

The limit belongs to the address of this machine, not to one archive. The file holds times and `host:port`, nothing
else. A page's row is committed before the page leaves, so that a killed crawl has counted it. SQLite's ordinary
journal is used: it needs no second file while nobody writes, and no checkpoint.
"""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from imagefap_scraper.exceptions import SettingError, StorageError
from imagefap_scraper.pace.budget import Limits, PageBudget
from imagefap_scraper.pace.pauses import Pause, PausePolicy

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

#: Marks our files in SQLite's header: "pace" in ASCII.
APPLICATION_ID = 0x70616365
SCHEMA_VERSION = 1
#: Seconds to wait for another process's transaction; they last milliseconds, a stopped process must not stop us.
BUSY_TIMEOUT = 2.0
#: Seconds after which a page that another process stands in the way of is tried again.
TRY_AGAIN = 0.5

_SCHEMA = """
CREATE TABLE IF NOT EXISTS page (host TEXT NOT NULL, sent REAL NOT NULL, answered REAL);
CREATE INDEX IF NOT EXISTS page_host_sent ON page (host, sent);
CREATE TABLE IF NOT EXISTS pause (
    host TEXT PRIMARY KEY, began REAL NOT NULL, until REAL NOT NULL, count INTEGER NOT NULL,
    half_until REAL NOT NULL, probe_until REAL NOT NULL
);
"""


@dataclass(frozen=True)
class Standing:
    """What the pace file says.

    Attributes:
        now: when it said so, seconds since the epoch.
        wait: seconds until a page may leave; 0.0 for now (and, if it was taken, then it is recorded).
        pause: the block, running or over; None if another process kept the file to itself.
    """

    now: float
    wait: float
    pause: Pause | None


class PaceStore:
    """The pace file of one site. Every method is one transaction and may be called from any thread.

    Methods other than `check` raise StorageError if the file can no longer be read or written.
    """

    def __init__(
        self, path: Path, host: str, limits: Limits, policy: PausePolicy, clock: Callable[[], float] = time.time
    ) -> None:
        """Takes the file, the site's `host:port`, and what holds there. Touches nothing yet."""
        self.path = path
        self.limits = limits
        self._host = host
        self._policy = policy
        self._clock = clock

    def check(self) -> None:
        """Makes the file, or looks whether the one that is there can be used.

        Raises:
            SettingError: if it cannot: a directory that cannot be written, a foreign or a damaged file.
        """
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with closing(self._connect()) as connection:
                problem = _problem(connection)
                if problem is None:
                    connection.execute("BEGIN IMMEDIATE")
                    _make_schema(connection)
                    # Only a write shows that the file is read-only; this one changes nothing.
                    connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
                    connection.execute("COMMIT")
        except (OSError, sqlite3.Error) as error:
            problem = str(error)
        if problem is not None:
            raise SettingError(
                f"the pace file {self.path} cannot be used ({problem}): move it away, or name another one with"
                " IMAGEFAP_PACE_FILE; without it the pages of the last hour are not known, so wait an hour first"
            )

    def look(self) -> Standing:
        """What holds now; records nothing."""
        with self._transaction() as connection:
            now = self._clock()
            pause = self._load_pause(connection, now)
            return Standing(now, self._wait(connection, now, pause), pause)

    def take(self) -> Standing:
        """Records that a page leaves now, if one may (then `wait` is 0.0); otherwise says how long to wait.

        While another process holds the file, that is a short wait.
        """
        try:
            with self._transaction() as connection:
                now = self._clock()
                pause = self._load_pause(connection, now)
                wait = self._wait(connection, now, pause)
                if not wait:
                    connection.execute("INSERT INTO page (host, sent) VALUES (?, ?)", (self._host, now))
                    if pause.count:
                        self._save_pause(connection, pause.probing(now))
                return Standing(now, wait, pause)
        except _BusyError:
            return Standing(self._clock(), TRY_AGAIN, None)

    def answered(self, sent_at: float) -> float:
        """Notes that the page that left at `sent_at` was answered; returns the seconds until the next may leave."""
        with self._transaction() as connection:
            now = self._clock()
            connection.execute(
                "UPDATE page SET answered = ? WHERE host = ? AND sent = ?", (max(now, sent_at), self._host, sent_at)
            )
            return self._budget(connection, now, self._load_pause(connection, now)).ready_in(now)

    def blocked(self, sent_at: float, asked: float | None) -> Pause:
        """Notes that the page that left at `sent_at` met a block that asked for so many seconds (None: did not say)."""
        with self._transaction() as connection:
            now = self._clock()
            pause = self._load_pause(connection, now).blocked(sent_at, now, asked, self._policy)
            self._save_pause(connection, pause)
            return pause

    def passed(self, sent_at: float) -> Pause:
        """Notes that the page that left at `sent_at` was answered as usual: a block is over."""
        with self._transaction() as connection:
            now = self._clock()
            pause = self._load_pause(connection, now).passed(sent_at, now)
            self._save_pause(connection, pause)
            return pause

    def release(self) -> None:
        """Gives the probe free for another page: this one's answer said nothing about the block."""
        with self._transaction() as connection:
            connection.execute("UPDATE pause SET probe_until = 0 WHERE host = ?", (self._host,))

    def _wait(self, connection: sqlite3.Connection, now: float, pause: Pause) -> float:
        budget = self._budget(connection, now, pause)
        # A probe of another process is looked after again soon: it is answered long before its lease ends.
        return max(pause.wait(now), min(pause.probe_wait(now), 10 * TRY_AGAIN), budget.ready_in(now))

    def _budget(self, connection: sqlite3.Connection, now: float, pause: Pause) -> PageBudget:
        """The log as a budget; forgets what is older than every window, and pulls back what lies in the future.

        Times lie in the future after the clock was set back. They then count from now on: too long, never too short.
        """
        connection.execute("UPDATE page SET sent = ? WHERE host = ? AND sent > ?", (now, self._host, now))
        connection.execute("UPDATE page SET answered = ? WHERE host = ? AND answered > ?", (now, self._host, now))
        connection.execute(
            "DELETE FROM page WHERE host = ? AND max(sent, coalesce(answered, sent)) < ?",
            (self._host, now - self.limits.longest),
        )
        rows = connection.execute("SELECT sent, answered FROM page WHERE host = ?", (self._host,)).fetchall()
        return PageBudget(self.limits, rows, half_until=pause.half_until)

    def _load_pause(self, connection: sqlite3.Connection, now: float) -> Pause:
        row = connection.execute(
            "SELECT began, until, count, half_until, probe_until FROM pause WHERE host = ?", (self._host,)
        ).fetchone()
        return (Pause(*row) if row else Pause()).at(now)

    def _save_pause(self, connection: sqlite3.Connection, pause: Pause) -> None:
        connection.execute(
            "INSERT OR REPLACE INTO pause (host, began, until, count, half_until, probe_until)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            (self._host, pause.began, pause.until, pause.count, pause.half_until, pause.probe_until),
        )

    def _connect(self) -> sqlite3.Connection:
        return sqlite3.connect(self.path, timeout=BUSY_TIMEOUT, isolation_level=None)

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        """One write transaction on a connection of its own: a thread hop away, nothing to share, nothing left open."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with closing(self._connect()) as connection:
                connection.execute("BEGIN IMMEDIATE")
                _make_schema(connection)
                yield connection
                connection.execute("COMMIT")
        except sqlite3.OperationalError as error:
            if getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_BUSY:
                raise _BusyError(str(error)) from error
            raise self._failed(error) from error
        except (OSError, sqlite3.Error) as error:
            raise self._failed(error) from error

    def _failed(self, error: Exception) -> StorageError:
        return StorageError(
            f"the pace file {self.path} cannot be read or written ({error}), so no page may be asked for:"
            " see to its disk and run the same command again"
        )


class _BusyError(StorageError):
    """Another process holds the file longer than is usual."""


def _problem(connection: sqlite3.Connection) -> str | None:
    """What is wrong with the file, or None. An empty file is fine and becomes ours with the first transaction."""
    application = connection.execute("PRAGMA application_id").fetchone()[0]
    tables = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    if application != APPLICATION_ID:
        return "it belongs to another program" if application or tables else None
    if connection.execute("PRAGMA user_version").fetchone()[0] > SCHEMA_VERSION:
        return "it was made by a newer version of this program"
    verdict: str = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    return None if verdict == "ok" else f"it is damaged: {' '.join(verdict.split())}"


def _make_schema(connection: sqlite3.Connection) -> None:
    if connection.execute("PRAGMA user_version").fetchone()[0] == SCHEMA_VERSION:
        return
    for statement in _SCHEMA.split(";"):
        connection.execute(statement)
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")

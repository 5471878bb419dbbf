"""Locks between processes: one crawl a directory, one write transaction at a time.

Both are flock(2): the kernel frees them with the process, however it ends. The filelock library was looked at and left:
where flock is missing it falls back to the mere existence of a file, which a killed process leaves behind.
"""

from __future__ import annotations

import errno
import fcntl
import os
import shlex
import sys
import time
from contextlib import contextmanager, nullcontext, suppress
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Final

from imagefap_scraper.exceptions import LockedError, OutputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

#: Where the program keeps what is not the user's, in the output directory.
OWN_DIRECTORY: Final = ".imagefap"
#: Held there for each write transaction of any process.
WRITE_LOCK: Final = "write.lock"
_HELD_ELSEWHERE: Final = frozenset({errno.EWOULDBLOCK, errno.EAGAIN, errno.EACCES})
#: Seconds between two looks at a held lock: at first, and at most; who is next looks more often.
_FIRST_WAIT: Final = 0.001
_LONGEST_WAIT: Final = 0.02
_LONGEST_WAIT_OF_NEXT: Final = 0.005
#: Seconds that a writer waits for others.
WRITERS_PATIENCE: Final = 60.0
#: In place of a descriptor.
_NO_TURNS: Final = -1
#: Characters of the holder's description that are shown.
_SHOWN: Final = 300


class DirectoryLock:
    """The right to write into an output directory, held by one process for its life.

    The file says who holds it: process number, start time and command. It stays after the release; only
    `ArchiveDirectory.remove_if_empty` removes it, while it is held.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor: int | None = None

    def acquire(self) -> None:
        """Take the lock, without waiting.

        Raises:
            LockedError: another process (or another object of this one) holds it; the message names it.
            OutputError: the file system cannot lock, or the lock file cannot be opened.
        """
        if self._descriptor is not None:
            return
        descriptor = _take(self._path)
        if descriptor is None:
            raise LockedError(
                f"{self._path.parent.parent} is in use by {self._holder()}: "
                "wait until that has finished, or stop it, then run the same command again"
            )
        self._descriptor = descriptor
        command = " ".join(shlex.join(sys.argv).split())
        text = f"process {os.getpid()}, since {datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC: {command}\n"
        # The note is for people: a full disk will be noticed where it matters.
        with suppress(OSError):
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, text.encode(errors="replace"), 0)

    def release(self) -> None:
        """Give the lock back; nothing if it is not held."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def __enter__(self) -> DirectoryLock:
        """Take the lock; see `acquire`."""
        self.acquire()
        return self

    def __exit__(self, *_: object) -> None:
        """Give the lock back."""
        self.release()

    def _holder(self) -> str:
        with suppress(OSError):
            text = " ".join(self._path.read_text(errors="replace").split())
            if text:
                return text[:_SHOWN]
        return "another process"


@contextmanager
def write_lock(path: Path, timeout: float = WRITERS_PATIENCE) -> Iterator[None]:
    """Hold the lock of all write transactions, between processes and between threads; not twice in one thread.

    Whoever wants it is first next in turn, then waits for the lock: one that gives it back and wants it again at once,
    as a batch does, comes after one that waits. The turn is a lock on the directory: no file is left for it.

    Args:
        path: the lock file; it stays.
        timeout: seconds to wait for others.

    Raises:
        LockedError: it was not free in time.
        OutputError: the file system cannot lock, or the lock file cannot be opened.
    """
    deadline = time.monotonic() + timeout
    turn = _wait_for(partial(_take_turn, path.parent), deadline, _LONGEST_WAIT)
    try:
        descriptor = None if turn is None else _wait_for(partial(_take, path), deadline, _LONGEST_WAIT_OF_NEXT)
    finally:
        _end_turn(turn)
    if descriptor is None:
        raise LockedError(
            f"{path} was held by another process, or a job of a page, for more than {timeout:g} seconds: "
            "nothing was done; wait until that has finished, or stop it, then try again"
        )
    try:
        yield
    finally:
        os.close(descriptor)


def _wait_for(take: Callable[[], int | None], deadline: float, longest: float) -> int | None:
    """Return the descriptor that is taken, None if that cannot be until the deadline."""
    wait = _FIRST_WAIT
    while (descriptor := take()) is None:
        if time.monotonic() >= deadline:
            return None
        time.sleep(wait)
        wait = min(wait * 2, longest)
    return descriptor


def _take_turn(directory: Path) -> int | None:
    """Return a descriptor by which this thread is next to have the lock, None if another is.

    Where directories cannot be locked (some network disks) everybody is: then it is `_NO_TURNS`.
    """
    try:
        descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError:
        # The lock itself says what is wrong.
        return _NO_TURNS
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as err:
        os.close(descriptor)
        return None if err.errno in _HELD_ELSEWHERE else _NO_TURNS
    return descriptor


def _end_turn(turn: int | None) -> None:
    if turn is not None and turn != _NO_TURNS:
        os.close(turn)


def is_awaited(database: Path) -> bool:
    """Tell whether somebody waits for the lock of a database, which the caller holds."""
    path = _lock_of(database)
    turn = _NO_TURNS if path is None else _take_turn(path.parent)
    _end_turn(turn)
    return turn is None


def lock_beside(database: Path) -> Path:
    """Return the lock file of a database that lies in no output directory."""
    return database.with_name(database.name + ".lock")


def database_lock(database: Path, timeout: float = WRITERS_PATIENCE) -> AbstractContextManager[None]:
    """Return the lock for writing and closing a database, the same one for every process; see `write_lock`.

    It is the output directory's own where the database lies in one, else a file beside the database. Where neither is
    there no crawl has ever been, and a reader needs none.
    """
    path = _lock_of(database)
    return nullcontext() if path is None else write_lock(path, timeout)


def _lock_of(database: Path) -> Path | None:
    own = database.parent / OWN_DIRECTORY
    if own.is_dir():
        return own / WRITE_LOCK
    beside = lock_beside(database)
    return beside if beside.exists() else None


def _take(path: Path) -> int | None:
    """Return a descriptor that holds the lock, None if another does."""
    while True:
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o644)
        except OSError as err:
            raise OutputError(
                f"cannot open the lock file {path} ({err.strerror}): take another output directory"
            ) from err
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if _is_still(path, descriptor):
                return descriptor
            os.close(descriptor)
        except OSError as err:
            os.close(descriptor)
            if err.errno in _HELD_ELSEWHERE:
                return None
            raise OutputError(f"cannot lock {path} ({err.strerror}): take an output directory on another disk") from err


def _is_still(path: Path, descriptor: int) -> bool:
    """Tell whether the locked file is the one under that name: its last holder may have removed it meanwhile."""
    with suppress(FileNotFoundError):
        return os.path.samestat(path.stat(), os.fstat(descriptor))
    return False

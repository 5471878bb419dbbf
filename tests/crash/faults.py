"""A disk that refuses: the n-th call of a kind fails, and so do all such calls after it, as on a full disk."""

from __future__ import annotations

import errno
import os
import sqlite3
import sys
import threading
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crash.points import find, path_of

if TYPE_CHECKING:
    from collections.abc import Callable

_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT
_SQLITE_SAYS = {
    "ENOSPC": "database or disk is full",
    "EIO": "disk I/O error",
    "EROFS": "attempt to write a readonly database",
}


def install(order: str) -> None:
    """Do what `CALL:ERROR:N` says.

    CALL is `write`, `fsync`, `link` or `open` for files of the output directory (`open`: for writing), `syncdir` for
    fsync of its directories alone, `commit` for the database's transactions, or `pages`, where N is the number of pages
    after which SQLite finds its disk full.
    """
    call, error, number = order.split(":")
    if call in ("commit", "pages"):
        _watch_database(call, error, int(number))
        return
    _Refusal(_output_directory(), error, int(number)).install(call)


def _output_directory() -> Path:
    (word,) = [word for word in sys.argv if word.startswith("output=")]
    return Path(os.path.realpath(word.partition("=")[2]))


class _Refusal:
    """Fails calls of the os module for paths inside a directory."""

    def __init__(self, directory: Path, error: str, number: int) -> None:
        self._directory = directory
        self._errno = getattr(errno, error)
        self._number = number
        self._passed = count(1)
        self._lock = threading.Lock()

    def install(self, call: str) -> None:
        name = "fsync" if call == "syncdir" else call
        setattr(os, name, getattr(self, f"_{call}")(getattr(os, name)))

    def _refuse(self, path: Path) -> None:
        # The lock is no file of the archive, and a note in it may fail.
        if not path.is_relative_to(self._directory) or path.name in ("lock", "write.lock"):
            return
        with self._lock:
            if next(self._passed) >= self._number:
                raise OSError(self._errno, os.strerror(self._errno), str(path))

    def _write(self, original: Callable[..., int]) -> Callable[..., int]:
        def write(descriptor: int, data: Any) -> int:
            self._refuse(path_of(descriptor))
            return original(descriptor, data)

        return write

    def _fsync(self, original: Callable[..., None]) -> Callable[..., None]:
        def fsync(descriptor: int) -> None:
            self._refuse(path_of(descriptor))
            original(descriptor)

        return fsync

    def _syncdir(self, original: Callable[..., None]) -> Callable[..., None]:
        def fsync(descriptor: int) -> None:
            if path_of(descriptor).is_dir():
                self._refuse(path_of(descriptor))
            original(descriptor)

        return fsync

    def _link(self, original: Callable[..., None]) -> Callable[..., None]:
        def link(source: Any, target: Any, **more: Any) -> None:
            self._refuse(Path(target))
            original(source, target, **more)

        return link

    def _open(self, original: Callable[..., int]) -> Callable[..., int]:
        def open_(path: Any, flags: int, *more: Any, **named: Any) -> int:
            if flags & _WRITING and isinstance(path, str | os.PathLike):
                self._refuse(Path(path))
            return original(path, flags, *more, **named)

        return open_


def _watch_database(call: str, error: str, number: int) -> None:
    from sqlalchemy import event
    from sqlalchemy.exc import OperationalError

    archive = find("imagefap_scraper.archive")
    open_writer = archive.open_writer
    passed = count(1)

    def limit_pages(connection: Any, _record: object) -> None:
        connection.execute(f"PRAGMA max_page_count = {number}")

    def fail_commit(_connection: object) -> None:
        if next(passed) >= number:
            raise OperationalError("COMMIT", {}, sqlite3.OperationalError(_SQLITE_SAYS[error]))

    def open_watched(*args: Any, **kwargs: Any) -> Any:
        engine = open_writer(*args, **kwargs)
        if call == "pages":
            event.listen(engine, "connect", limit_pages)
        else:
            event.listen(engine, "commit", fail_commit)
        return engine

    archive.open_writer = open_watched

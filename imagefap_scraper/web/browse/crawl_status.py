"""What a running crawl does, seen from outside: who holds the directory, what came, what is still to come."""

from __future__ import annotations

import fcntl
import os
import re
import time
from collections import deque
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Final

from imagefap_scraper.database import glance
from imagefap_scraper.items import ImageStatus
from imagefap_scraper.pace import history

if TYPE_CHECKING:
    from sqlalchemy import Connection

#: What a holder of the lock writes into it; see `storage.lock`.
_NOTE: Final = re.compile(r"process (\d+), since (\d{4}-\d\d-\d\d \d\d:\d\d:\d\d) UTC: *('[^']*'|\S+)(.*)", re.DOTALL)
_PROC_LOCKS: Final = Path("/proc/locks")
#: Seconds over which the speed is measured, and that must have been seen before it tells anything.
_SPAN: Final = 600.0
_ENOUGH: Final = 20.0
_NOTE_BYTES: Final = 300
_HAD: Final = (ImageStatus.STORED, ImageStatus.SKIPPED)


@dataclass(frozen=True, slots=True)
class Holder:
    """A process that writes into the archive: `command` as it noted it, without the way to the program.

    Scrapy takes the word `crawl` out of its arguments before a spider can note them.
    """

    process: int
    since: datetime
    command: str

    @property
    def is_crawl(self) -> bool:
        """Tell whether it fetches pictures."""
        return self.command.partition(" ")[0] == "scrapy"


@dataclass(frozen=True, slots=True)
class Progress:
    """What a crawl has done since it began, what is left, and all that is known: images; `left` is seconds, or None."""

    holder: Holder
    stored: int
    wanted: int
    known: int
    left: float | None
    paused_until: datetime | None

    @property
    def text(self) -> str:
        """Return it in one line for people."""
        if not self.holder.is_crawl:
            return "another command works on the archive"
        parts = [f"fetching: {self.stored:,} stored", f"{self.wanted:,} to go"]
        if self.paused_until is not None:
            parts.append(f"the site asks for a pause until {self.paused_until.astimezone():%H:%M}")
        elif self.left is not None and self.wanted:
            parts.append(f"about {duration(self.left)} left")
        return ", ".join(parts)


class CrawlWatch:
    """Looks at a running crawl as often as it is asked; remembers enough to tell how fast it is."""

    def __init__(self, lock_path: Path) -> None:
        self._lock_path = lock_path
        self._guard = Lock()
        self._holder: Holder | None = None
        self._before = 0
        self._samples: deque[tuple[float, int]] = deque()

    def look(self, connection: Connection) -> Progress | None:
        """Return what the crawl does; None if there is none."""
        holder = find_holder(self._lock_path)
        if holder is None:
            return None
        stored = glance.count_of(connection, *_HAD)
        wanted = glance.count_of(connection, ImageStatus.WANTED)
        with self._guard:
            if holder != self._holder:
                self._begin(holder, stored, glance.stored_since(connection, int(holder.since.timestamp())))
            rate = self._rate(time.time(), stored)
            since = max(0, stored - self._before)
        left = wanted / rate if rate else None
        known = glance.count_of(connection, *ImageStatus)
        return Progress(holder, since, wanted, known, left, paused_until(datetime.now(UTC)))

    def _begin(self, holder: Holder, stored: int, since: int) -> None:
        # To count what came since a moment looks at every image: that is done once a crawl.
        self._holder = holder
        self._before = stored - since
        self._samples = deque([(holder.since.timestamp(), self._before)])

    def _rate(self, now: float, stored: int) -> float | None:
        """Return images a second over the last minutes; None while too little was seen."""
        self._samples.append((now, stored))
        while len(self._samples) > 2 and now - self._samples[1][0] >= _SPAN:
            self._samples.popleft()
        then, count = self._samples[0]
        return (stored - count) / (now - then) if now - then >= _ENOUGH and stored > count else None


def find_holder(lock_path: Path) -> Holder | None:
    """Return who holds the lock of an output directory; None if nobody does. A crawl that starts is not disturbed."""
    try:
        descriptor = os.open(lock_path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        note = os.pread(descriptor, _NOTE_BYTES, 0).decode(errors="replace")
        if not _is_locked(descriptor, note):
            return None
    finally:
        os.close(descriptor)
    return _read_note(note)


def _is_locked(descriptor: int, note: str) -> bool:
    """Tell whether somebody holds the lock of an open file.

    The kernel's list tells without touching the lock. Its device numbers are not those of `stat` on every file system,
    so there the process in the note has to be the same. Without the list a shared lock is tried for a moment.
    """
    try:
        lines = _PROC_LOCKS.read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        return not _can_share(descriptor)
    found = os.fstat(descriptor)
    device = f"{os.major(found.st_dev):02x}:{os.minor(found.st_dev):02x}:{found.st_ino}"
    written = note.partition(",")[0].removeprefix("process ")
    for line in lines:
        # 1: FLOCK  ADVISORY  WRITE 4711 08:01:131 0 EOF
        parts = line.split()
        if len(parts) < 6 or parts[1] != "FLOCK":
            continue
        if parts[5] == device or (parts[5].endswith(f":{found.st_ino}") and parts[4] == written):
            return True
    return False


def _can_share(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _read_note(note: str) -> Holder:
    match = _NOTE.match(note)
    if match is None:
        # It has the lock, and has not yet written who it is.
        return Holder(0, datetime.fromtimestamp(0, UTC), "")
    since = datetime.strptime(match[2], "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)
    program = Path(match[3].strip("'"))
    # `python -m scrapy` is noted by the file that it runs.
    name = program.parent.name if program.name == "__main__.py" else program.name
    return Holder(int(match[1]), since, f"{name}{match[4].rstrip()}")


def paused_until(now: datetime) -> datetime | None:
    """Return until when the site wants to be left alone; None if it does not."""
    ends = [until for _, until in history.pages().blocks if until > now]
    return max(ends, default=None)


def duration(seconds: float) -> str:
    """Return a time for people: 40 s, 12 min, 2 h, 3 days."""
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    minutes = seconds / 60
    if minutes < 90:
        return f"{round(minutes)} min"
    hours = minutes / 60
    return f"{round(hours)} h" if hours < 48 else f"{round(hours / 24)} days"


def archive_version(database: Path) -> int:
    """Return a number that is another one after every change of the database, and perhaps sometimes without one."""
    version = 17
    for path in (database, database.with_name(database.name + "-wal")):
        with suppress(OSError):
            found = path.stat()
            version = version * 31 + found.st_mtime_ns + found.st_size
    # JavaScript knows whole numbers up to 2^53.
    return version % (1 << 52)

"""What `doctor` says of the archive: its disk, what may be written, its database, and who holds it."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from typing import TYPE_CHECKING

from rich.filesize import decimal

from imagefap_scraper.database import checks as questions
from imagefap_scraper.database.moves import pending_moves
from imagefap_scraper.database.session import database_url
from imagefap_scraper.exceptions import ArchiveError, LockedError
from imagefap_scraper.storage.files import ArchiveDirectory
from tools.commands._archive import open_archive
from tools.commands._console import counted
from tools.commands._doctor_check import Check, bad, ok, warn

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Bytes: less is bad, a single image file may be as large (DOWNLOAD_MAXSIZE).
_LEAST_FREE = 64 * 1024 * 1024
#: Bytes: less is told.
_LITTLE_FREE = 1_000_000_000
#: Files that can still be made: fewer are told.
_FEW_INODES = 10_000
#: SQLite's write-ahead log needs memory that all its programs share, which these file systems do not have.
_REMOTE = frozenset({"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "afs", "ceph", "fuse.sshfs", "fuse.rclone"})
_MOUNTS = Path("/proc/self/mountinfo")


def checks(directory: Path) -> Iterator[Check]:
    """Yield the checks of an archive; one that is not there yet is no fault."""
    place = _nearest(directory)
    yield from _disk(place)
    if not directory.is_dir():
        yield _not_there(directory, place)
        return
    held = ArchiveDirectory(directory)
    yield _one_disk(held)
    yield _permissions(held)
    lock = _lock(held.lock_path)
    yield from _database(directory, crawling=lock.state == "warn")
    yield lock


def _nearest(path: Path) -> Path:
    """Return the directory, or the nearest one above it that is there."""
    absolute = path.absolute()
    return next((place for place in (absolute, *absolute.parents) if place.is_dir()), Path("/"))


def _not_there(directory: Path, place: Path) -> Check:
    if directory.exists():
        return bad("archive", f"{directory} is no directory; name another with --dir DIR")
    if not os.access(place, os.W_OK | os.X_OK):
        return bad("archive", f"there is no {directory}, and {place} may not be written: change it, or --dir DIR")
    return ok("archive", f"there is no {directory} yet; the first crawl makes it")


def _disk(place: Path) -> Iterator[Check]:
    system = os.statvfs(place)
    kind = _kind(place)
    on = f" ({kind})" if kind else ""
    free = system.f_bavail * system.f_frsize
    said = f"{decimal(free)} ({free:,} bytes) free on the disk of {place}{on}"
    if free < _LEAST_FREE:
        yield bad("disk", f"{said}: too little for one image file of the largest size; free some")
    elif free < _LITTLE_FREE:
        yield warn("disk", f"{said}: soon full")
    else:
        yield ok("disk", said)
    # Some file systems make inodes as they need them, and say 0 of 0.
    if system.f_files:
        files = f"{system.f_favail:,} more files can be made there"
        few = system.f_favail < _FEW_INODES
        yield warn("inodes", f"{files}: soon none") if few else ok("inodes", files)
    if kind in _REMOTE:
        yield bad(
            "file system",
            f"{kind} is reached over a network, where SQLite cannot keep several programs apart: put the database on a"
            " local disk with IMAGEFAP_DATABASE_URL",
        )


def _kind(place: Path) -> str:
    """Return the kind of file system that a directory lies on; empty if the system does not tell."""
    try:
        lines = _MOUNTS.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    device = place.stat().st_dev
    wanted = f"{os.major(device)}:{os.minor(device)}"
    for line in lines:
        head, _, tail = line.partition(" - ")
        if head.split()[2:3] == [wanted]:
            return tail.split()[0] if tail else ""
    return ""


def _one_disk(held: ArchiveDirectory) -> Check:
    """A file gets its name by a rename out of .imagefap, which no two disks share."""
    own = held.root.stat().st_dev
    others = [place for place in (held.own, held.tmp, held.root / "blobs") if _device(place) not in {None, own}]
    if others:
        names = ", ".join(str(place) for place in others)
        return bad("one disk", f"{names}: on another disk than {held.root}; put all on one")
    return ok("one disk", "images, temporary files and trash are on one disk")


def _device(place: Path) -> int | None:
    return place.stat().st_dev if place.is_dir() else None


def _permissions(held: ArchiveDirectory) -> Check:
    places = [held.root, held.own, held.tmp, held.root / "blobs"]
    denied = [place for place in places if place.exists() and not os.access(place, os.R_OK | os.W_OK | os.X_OK)]
    if denied:
        return bad("permissions", f"may not be read and written: {', '.join(map(str, denied))}; change that")
    return ok("permissions", f"{held.root} may be read and written")


def _database(directory: Path, *, crawling: bool) -> Iterator[Check]:
    try:
        path = Path(str(database_url(directory, os.environ.get("IMAGEFAP_DATABASE_URL", "")).database)).absolute()
        if not os.path.lexists(path):
            yield ok("database", f"there is none at {path} yet; the first crawl makes it")
            return
        if not path.is_file():
            what = "is no file" if path.exists() else "is a link that leads nowhere"
            yield bad("database", f"{path} {what}; move it away, or name another directory with --dir DIR")
            return
        if not os.access(path, os.R_OK | os.W_OK):
            yield bad("database", f"{path} may not be read and written; change that")
            return
        yield from _content(directory, crawling=crawling)
    except LockedError as error:
        yield warn("database", str(error))
    except ArchiveError as error:
        yield bad("database", str(error))


def _content(directory: Path, *, crawling: bool) -> Iterator[Check]:
    with open_archive(directory) as archive:
        # quick_check leaves out only the comparison of indexes with their tables, which takes most of the time;
        # `verify` does all of it.
        lines = list(archive.connection.exec_driver_sql("PRAGMA quick_check(1)").scalars())
        found = questions.counts(archive.connection)
        moves = len(pending_moves(archive.connection))
        if lines != ["ok"]:
            said = " ".join(str(lines[0]).split())
            yield bad("database", f"{archive.path} is damaged ({said}): keep a copy and restore a backup")
            return
        size = decimal(archive.database_bytes())
        yield ok("database", f"{archive.path}: {size}, {counted(found.favorites, 'favorite')}, quick check passed")
    yield _unfinished(found.intents, moves, crawling=crawling)


def _unfinished(intents: int, moves: int, *, crawling: bool) -> Check:
    if not intents and not moves:
        return ok("unfinished", "nothing is left from a stopped command")
    said = f"{counted(intents, 'file')} being stored, {counted(moves, 'file')} being moved"
    if crawling:
        return ok("unfinished", f"{said} by the program that is at work")
    return warn("unfinished", f"{said} when a command was stopped; the next crawl, or change, finishes that")


def _lock(path: Path) -> Check:
    """Whether a crawl is at work; a shared lock is tried for a moment, nothing is made."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except FileNotFoundError:
        return ok("lock", "no crawl has worked here yet")
    except OSError as error:
        return bad("lock", f"{path} cannot be opened ({error.strerror}); change that")
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = " ".join(os.pread(descriptor, 300, 0).decode(errors="replace").split())
        return warn("lock", f"in use by {holder or 'another process'}")
    except OSError as error:
        return bad("lock", f"the file system of {path} cannot lock ({error.strerror}); use another disk")
    finally:
        os.close(descriptor)
    return ok("lock", "no crawl is at work")

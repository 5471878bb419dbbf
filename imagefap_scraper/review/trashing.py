"""The trash as its owner sees it: what is in it, bringing one thing back, emptying it for good."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from sqlalchemy import select

from imagefap_scraper.database import groups as stored
from imagefap_scraper.database import members as blobs
from imagefap_scraper.database.checks import known_paths
from imagefap_scraper.database.duplicate_models import DuplicateMember
from imagefap_scraper.database.journal import Journal
from imagefap_scraper.database.models import Blob, StoredFile
from imagefap_scraper.database.moves import add_deletion
from imagefap_scraper.exceptions import ConflictError, NotFoundError, StorageError, UserInputError
from imagefap_scraper.review.batches import Done, Report, run_batch
from imagefap_scraper.review.grouping import regroup
from imagefap_scraper.review.throwing_out import move_file, settle
from imagefap_scraper.storage.audit import files_below
from imagefap_scraper.storage.thumbs import THUMBS, forget
from imagefap_scraper.storage.trash import TRASH, remove

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime

    from sqlalchemy import Connection

    from imagefap_scraper.review.options import Options
    from imagefap_scraper.review.workplace import Workplace

#: Digits of a SHA-256 from which on a blob may be named by its beginning.
_LEAST_DIGITS = 6
#: Files that are looked up at a time.
_AT_A_TIME = 500


@dataclass(frozen=True, slots=True)
class Trashed:
    """A blob in the trash: its SHA-256, the keeper's, when it went, its bytes and the paths of its files."""

    sha256: str
    kept_as: str
    trashed_at: datetime
    size: int
    paths: tuple[str, ...]


def in_trash(connection: Connection, older_than: datetime | None = None) -> list[Trashed]:
    """Return what is in the trash, the oldest first; only what went before a moment, if one is given."""
    query = select(Blob.sha256, Blob.kept_as, Blob.trashed_at, Blob.size).where(Blob.state == "trashed")
    if older_than is not None:
        query = query.where(Blob.trashed_at < older_than)
    paths: dict[str, list[str]] = {}
    of_trash = select(StoredFile.sha256, StoredFile.path).join(Blob, Blob.sha256 == StoredFile.sha256)
    for sha256, path in connection.execute(of_trash.where(Blob.state == "trashed").order_by(StoredFile.path)):
        paths.setdefault(sha256, []).append(path)
    rows = connection.execute(query.order_by(Blob.trashed_at, Blob.sha256)).mappings()
    return [Trashed(**row, paths=tuple(paths.get(row["sha256"], ()))) for row in rows]


def named(connection: Connection, beginning: str) -> Trashed:
    """Return the blob in the trash whose SHA-256 begins so.

    Raises:
        UserInputError: fewer than 6 digits, or several begin so.
        NotFoundError: none does.
    """
    if len(beginning) < _LEAST_DIGITS:
        raise UserInputError(f"{beginning!r} is too short: give at least {_LEAST_DIGITS} digits of the SHA-256")
    found = [one for one in in_trash(connection) if one.sha256.startswith(beginning.lower())]
    if not found:
        raise NotFoundError(
            f"nothing in the trash begins with {beginning}; `process.py trash list` shows what is there"
        )
    if len(found) > 1:
        raise UserInputError(f"{len(found)} pictures in the trash begin with {beginning}: give more digits")
    return found[0]


def restore(
    workplace: Workplace,
    sha256s: Sequence[str],
    options: Options,
    *,
    dry_run: bool = False,
    strict: bool = True,
    on_progress: Callable[[int], None] | None = None,
) -> Report:
    """Bring pictures back to their places; they are kept from now on, beside what was kept instead of them.

    Args:
        workplace: the archive.
        sha256s: of the pictures.
        options: of the duplicates workflow.
        dry_run: change nothing, and say what would be.
        strict: bring nothing back if one cannot be; otherwise leave that one alone, and let others write in between.
        on_progress: told how many are back; see `batches.run_batch`.

    Raises:
        ConflictError: one is not in the trash any more.
        StorageError: a file is not in the trash any more, its place is taken, or the disk refused.
        LockedError, DatabaseError: the database refused.
    """
    if not dry_run:
        workplace.send_strays(sha256s)

    def step(connection: Connection, sha256: str, batch: int | None) -> tuple[int, Done]:
        journal = Journal(connection, actor="you", kind="restore", batch=batch)
        return journal.batch, _restore(workplace, journal, sha256, options)

    return run_batch(
        workplace, list(sha256s), step, lambda _: 0, dry_run=dry_run, strict=strict, on_progress=on_progress
    )


def _restore(workplace: Workplace, journal: Journal, sha256: str, options: Options) -> Done:
    connection = journal.connection
    _check_state(connection, sha256)
    journal.update("blobs", {"sha256": sha256}, {"state": "live", "kept_as": None, "trashed_at": None})
    # The keeper keeps what it got: tags and places are shown at both.
    paths = settle(journal, sha256)
    for source, target in paths:
        if not workplace.directory.resolve(source).is_file():
            raise StorageError(f"{source} is not there any more: it cannot be brought back")
        if workplace.directory.resolve(target).exists():
            raise StorageError(f"{target} is taken by another file: move that away and restore again")
        move_file(journal, source, target)
    members = select(DuplicateMember.group_id).where(
        DuplicateMember.sha256 == sha256, DuplicateMember.verdict == "skip"
    )
    for group_id in list(connection.execute(members).scalars()):
        journal.update("duplicate_members", {"group_id": group_id, "sha256": sha256}, {"verdict": "keep"})
    # What it looks like may have been in no group without it.
    regroup(journal, options, around={sha256, *stored.neighbours(connection, [sha256])})
    size = blobs.blob_facts(connection, [sha256])[sha256].size
    action_id = journal.close(f"{sha256[:10]} back from the trash", bytes_moved=size)
    return Done(0, action_id, sha256, (sha256,), len(paths), size)


def empty(
    workplace: Workplace,
    older_than: datetime | None,
    *,
    dry_run: bool = False,
    on_progress: Callable[[int], None] | None = None,
) -> Report:
    """Delete for good what is in the trash, or went there before a moment; this alone cannot be undone.

    Rows first, and with them a note for each of their files: what a kill leaves behind is deleted by the next command
    that writes, or crawl. What others have done with a picture meanwhile holds, and the report says so.

    Raises:
        StorageError: the disk refused.
        LockedError, DatabaseError: the database refused.
    """
    with workplace.reading() as connection:
        wanted = in_trash(connection, older_than)

    def step(connection: Connection, one: Trashed, batch: int | None) -> tuple[int, Done]:
        _check_state(connection, one.sha256, one.trashed_at)
        journal = Journal(connection, actor="you", kind="empty", batch=batch)
        paths = blobs.files(connection, one.sha256)
        for path in paths:
            journal.delete("files", {"path": path})
            add_deletion(connection, path)
        journal.update("blobs", {"sha256": one.sha256}, {"state": "purged"})
        action_id = journal.close(f"{one.sha256[:10]} deleted for good", bytes_moved=one.size)
        return journal.batch, Done(0, action_id, one.kept_as, (one.sha256,), len(paths), one.size)

    report = run_batch(workplace, wanted, step, lambda _: 0, dry_run=dry_run, strict=False, on_progress=on_progress)
    if not dry_run:
        sweep(workplace)
    return report


def _check_state(connection: Connection, sha256: str, trashed_at: datetime | None = None) -> None:
    """Refuse a blob that is not in the trash any more, or came there again: nobody was asked about that.

    Raises:
        ConflictError: somebody else was quicker.
    """
    state, moment = connection.execute(select(Blob.state, Blob.trashed_at).where(Blob.sha256 == sha256)).one()
    if state != "trashed" or trashed_at not in (None, moment):
        raise ConflictError(f"{sha256[:10]} is not in the trash any more as it was: it was left alone")


def sweep(workplace: Workplace) -> int:
    """Delete what an emptying has left that ended too early to note it; return how many files of the trash.

    These are files in the trash that no row names, and small pictures of what is deleted.

    Raises:
        StorageError: the disk refused.
        LockedError, DatabaseError: the database refused.
    """
    workplace.carry_out_moves()
    swept = 0
    for some in _some(files_below(workplace.directory, TRASH, deep=True)):
        with workplace.reading() as connection:
            known = known_paths(connection, some)
        for path in some:
            if path not in known:
                remove(workplace.directory, path)
                swept += 1
    for some in _some(files_below(workplace.directory, THUMBS, deep=False)):
        sha256s = {PurePosixPath(path).name.partition(".")[0] for path in some}
        with workplace.reading() as connection:
            purged = select(Blob.sha256).where(Blob.sha256.in_(sha256s), Blob.state == "purged")
            gone = list(connection.execute(purged).scalars())
        for sha256 in gone:
            forget(workplace.directory, sha256)
    return swept


def is_swept(workplace: Workplace) -> bool:
    """Tell whether an empty trash has no file in it; one of a crawl that is on its way there counts as well.

    Raises:
        StorageError: the disk refused.
    """
    return next(files_below(workplace.directory, TRASH, deep=True), None) is None


def _some(paths: Iterator[str]) -> Iterator[list[str]]:
    while some := list(islice(paths, _AT_A_TIME)):
        yield some

"""Files on their way to another path: their rows name the target already, these rows say that they may not be there.

So for files that are to be deleted for good: they have no row any more, and may still be there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import delete, func, insert, select, update

from imagefap_scraper.database.duplicate_models import Move
from imagefap_scraper.database.models import Blob, StoredFile

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable

    from sqlalchemy import Connection


def add_move(connection: Connection, source: str, target: str) -> None:
    """Note that a file is to be moved, in the transaction that changes its row."""
    connection.execute(insert(Move).values(source=source, target=target))


def add_deletion(connection: Connection, path: str) -> None:
    """Note that a file is to be deleted for good, in the transaction that drops its row."""
    add_move(connection, path, "")


def pending_deletions(connection: Connection) -> int:
    """Return how many files are to be deleted and may still be there."""
    query = select(func.count()).select_from(Move).where(Move.target == "")
    return int(connection.execute(query).scalar_one())


def pending_moves(connection: Connection) -> list[tuple[int, str, str]]:
    """Return (number, source, target) of the files that may still have to be moved, in order; no target: deleted."""
    rows = connection.execute(select(Move.move_id, Move.source, Move.target).order_by(Move.move_id))
    return [(move_id, source, target) for move_id, source, target in rows]


def drop_moves(connection: Connection, move_ids: Iterable[int]) -> None:
    """Forget moves that were carried out."""
    for move_id in move_ids:
        connection.execute(delete(Move).where(Move.move_id == move_id))


def send_strays(
    connection: Connection,
    to_trash: Callable[[str, str], str],
    is_there: Callable[[str], bool],
    discard: Callable[[str, str, str, int], bool],
    among: Collection[str] | None = None,
) -> None:
    """Send to the trash what a crawl stored of a blob while its user threw that out.

    Args:
        connection: of a write transaction.
        to_trash: returns the path in the trash of a blob's (SHA-256) file (path).
        is_there: tells whether a path is one in the trash.
        discard: deletes a file (path) that the trash has already (path there, SHA-256, bytes); tells whether it did.
        among: only files of these blobs.
    """
    query = select(StoredFile.sha256, StoredFile.path, Blob.size).join(Blob, Blob.sha256 == StoredFile.sha256)
    if among is not None:
        query = query.where(StoredFile.sha256.in_(among))
    for sha256, path, size in connection.execute(query.where(Blob.state != "live")).all():
        if is_there(path):
            continue
        target = to_trash(sha256, path)
        if connection.execute(select(StoredFile.path).where(StoredFile.path == target)).first() is None:
            connection.execute(update(StoredFile).where(StoredFile.path == path).values(path=target))
            add_move(connection, path, target)
        elif discard(path, target, sha256, size):
            connection.execute(delete(StoredFile).where(StoredFile.path == path))

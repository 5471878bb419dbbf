"""Throwing a copy out in favour of a keeper, and taking it back: rows alone, inside the caller's transaction.

The files follow their rows afterwards (`Workplace.carry_out_moves`); a kill in between costs nothing.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from imagefap_scraper.database import members as blobs
from imagefap_scraper.database.journal import raw_moment, read_row
from imagefap_scraper.database.moves import add_move
from imagefap_scraper.exceptions import StorageError
from imagefap_scraper.storage.trash import is_in_trash, original_path, trash_path

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from imagefap_scraper.database.journal import Journal
    from imagefap_scraper.database.members import BlobFacts
    from imagefap_scraper.storage.files import ArchiveDirectory


def check_keeper(connection: Connection, directory: ArchiveDirectory, keeper: BlobFacts) -> None:
    """Read every byte of a keeper before a copy of it goes.

    Raises:
        StorageError: no file of it is whole, or the disk refused; nothing may be thrown out for it.
    """
    paths = blobs.files(connection, keeper.sha256)
    if keeper.state != "live" or not any(directory.same_bytes(path, keeper.sha256, keeper.size) for path in paths):
        raise StorageError(
            f"the picture to keep, {keeper.sha256[:10]}, is missing or damaged: nothing was thrown out for it; "
            "run `process.py verify --read-data --repair`, and a crawl"
        )


def throw_out(journal: Journal, copy: str, keeper: str) -> int:
    """Put a live copy into the trash in favour of a live keeper, which takes its tags and places; return its files.

    What was thrown out for the copy is from now on kept as the keeper.
    """
    connection = journal.connection
    for other in blobs.copies_kept_as(connection, copy):
        journal.update("blobs", {"sha256": other}, {"kept_as": keeper})
    for tag in sorted(set(blobs.tags(connection, copy)) - set(blobs.tags(connection, keeper))):
        journal.insert("blob_tags", {"sha256": keeper, "tag_id": tag}, {})
    for image_id in blobs.images(connection, copy):
        skipped = {"status": "skipped", "sha256": None, "skipped_sha256": copy}
        journal.update("images", {"image_id": image_id}, skipped)
    paths = blobs.files(connection, copy)
    for path in paths:
        move_file(journal, path, trash_path(copy, path))
    gone = {"state": "trashed", "kept_as": keeper, "trashed_at": raw_moment(datetime.now(UTC))}
    journal.update("blobs", {"sha256": copy}, gone)
    return len(paths)


def move_file(journal: Journal, path: str, target: str) -> None:
    """Give a file another path, and note that it has to follow."""
    journal.update("files", {"path": path}, {"path": target})
    add_move(journal.connection, path, target)


def settle(journal: Journal, sha256: str) -> list[tuple[str, str]]:
    """Have images and files follow a blob whose state has changed: back from the trash, or to it again.

    Also those that came since: a crawl may have met its bytes once more, and recorded what was true then.

    Returns:
        The files that have to follow: where they are, and where they belong.
    """
    connection = journal.connection
    row = read_row(connection, "blobs", {"sha256": sha256}, ["state"])
    if row == {"state": "live"}:
        for image_id in blobs.skipped_images(connection, sha256):
            stored = {"status": "stored", "sha256": sha256, "skipped_sha256": None}
            journal.update("images", {"image_id": image_id}, stored)
        return [(path, original_path(path)) for path in blobs.files(connection, sha256) if is_in_trash(path)]
    for image_id in blobs.images(connection, sha256):
        skipped = {"status": "skipped", "sha256": None, "skipped_sha256": sha256}
        journal.update("images", {"image_id": image_id}, skipped)
    return [(path, trash_path(sha256, path)) for path in blobs.files(connection, sha256) if not is_in_trash(path)]

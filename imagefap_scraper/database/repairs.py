"""What a repair writes, each function one fact, inside the caller's transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import delete, exists, update

from imagefap_scraper.database._parts import in_parts
from imagefap_scraper.database.models import Favorite, Folder, Image, StoredFile
from imagefap_scraper.database.writes import want_images
from imagefap_scraper.items import ImageStatus

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection

#: The date that a folder gets when all of it is stored, by layout.
_FINISHED = {"blobs": Folder.finished_blobs, "straight": Folder.finished_straight}


def forget_file(connection: Connection, path: str) -> None:
    """Forget a file. The row of its bytes stays: tags and verdicts may hang on it."""
    connection.execute(delete(StoredFile).where(StoredFile.path == path))


def want_again(connection: Connection, image_ids: Sequence[int], reason: str) -> None:
    """Put images whose bytes are lost back on the list of what is wanted, and make those known that no row has."""
    want_images(connection, image_ids)
    for some in in_parts(image_ids):
        changes = {"status": ImageStatus.WANTED, "sha256": None, "stored_at": None, "reason": reason}
        connection.execute(update(Image).where(Image.image_id.in_(some)).values(**changes))
    for layout in _FINISHED:
        reopen_folders(connection, image_ids, layout)


def reopen_folders(connection: Connection, image_ids: Sequence[int], layout: str) -> None:
    """Note that the folders with these images are no longer finished in a layout."""
    finished = _FINISHED[layout]
    for some in in_parts(image_ids):
        holds = exists().where(
            Favorite.user_id == Folder.user_id, Favorite.folder_id == Folder.folder_id, Favorite.image_id.in_(some)
        )
        connection.execute(update(Folder).where(finished.is_not(None), holds).values({finished: None}))

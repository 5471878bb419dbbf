"""The rows of what comes from the disk, each function one step, to be run by the writer thread in its transaction."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import func, or_, select, update
from sqlalchemy.dialects.sqlite import insert

from imagefap_scraper.adopting.ids import local_number
from imagefap_scraper.database._parts import in_parts
from imagefap_scraper.database.models import Favorite, Folder, Image, StoredFile, User
from imagefap_scraper.database.writes import note_finished_folders, now
from imagefap_scraper.exceptions import UserInputError
from imagefap_scraper.items import FolderKind, ImageStatus
from imagefap_scraper.legacy.ids import LOCAL_USER

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from sqlalchemy import Connection

LOCAL_NAME = "LOCAL DISK"


@dataclass(frozen=True, slots=True)
class Place:
    """Where in the archive's folders a picture from the disk belongs.

    Attributes:
        user_id: of the local user.
        folder_id: of the directory.
        folder: its name.
        position: in the folder.
        otherwise: position of a file whose bytes are others than those that had the first one.
    """

    user_id: int
    folder_id: int
    folder: str
    position: int
    otherwise: int


@dataclass(frozen=True, slots=True)
class Standing:
    """An image that the archive knows: its status, its bytes (or those thrown out), whether they have a blob's file."""

    status: str
    sha256: str | None
    name: str | None
    has_file: bool

    def is_settled(self) -> bool:
        """Return whether nothing is to be done about it."""
        return self.status == ImageStatus.SKIPPED or (self.status == ImageStatus.STORED and self.has_file)


def standing(connection: Connection, image_ids: Collection[int]) -> dict[int, Standing]:
    """Return what is known of these images, by number; unknown ones are missing."""
    has_file = select(StoredFile.path).where(StoredFile.sha256 == Image.sha256, StoredFile.layout == "blobs").exists()
    found: dict[int, Standing] = {}
    for some in in_parts(list(image_ids)):
        query = select(Image.image_id, Image.status, Image.sha256, Image.skipped_sha256, Image.name, has_file)
        for image_id, status, sha256, skipped, name, there in connection.execute(query.where(Image.image_id.in_(some))):
            found[image_id] = Standing(status, sha256 or skipped, name, bool(there))
    return found


def make_local_user(connection: Connection, name: str | None) -> int:
    """Return the number of the local user of this name (None: the usual one), made known if need be.

    Raises:
        UserInputError: a user of the site has this name.
    """
    known = {known_as.casefold(): number for number, known_as in connection.execute(select(User.user_id, User.name))}
    if name is None and LOCAL_USER in known.values():
        return LOCAL_USER
    name = name or LOCAL_NAME
    number = known.get(name.casefold())
    if number is not None and number > 0:
        raise UserInputError(f"{name!r} is a user of the site here; give pictures from the disk another: --user NAME")
    if number is not None:
        return number
    number = LOCAL_USER if name == LOCAL_NAME else local_number(b"user", name.casefold().encode())
    while number in known.values():
        number -= 1
    connection.execute(insert(User).values(user_id=number, name=name, first_seen=now()))
    return number


def known_positions(connection: Connection, user_id: int, folder_id: int) -> dict[str, int]:
    """Return the positions of a folder's pictures by their names."""
    here = (Favorite.user_id == user_id, Favorite.folder_id == folder_id)
    rows = connection.execute(select(Favorite.listed_name, Favorite.position).where(*here).order_by(Favorite.position))
    # Of two that a file's place has seen, only one can be in the order; the other's position is taken all the same.
    return {name if name is not None else f"\0{position}": position for name, position in rows}


def add_favorite(connection: Connection, image_id: int, place: Place, name: str) -> None:
    """Put a picture into its folder, which is made known; nothing if it is there."""
    moment = now()
    connection.execute(
        insert(Folder)
        .values(
            user_id=place.user_id,
            folder_id=place.folder_id,
            name=place.folder,
            kind=FolderKind.IMAGES,
            pages=0,
            first_seen=moment,
        )
        .on_conflict_do_nothing()
    )
    here = (Favorite.user_id == place.user_id, Favorite.folder_id == place.folder_id)
    there = select(Favorite.image_id).where(*here, Favorite.image_id == image_id)
    if connection.execute(there).first() is not None:
        return
    both = (place.position, place.otherwise)
    query = select(Favorite.position).where(*here, Favorite.position.in_(both))
    taken = set(connection.execute(query).scalars())
    position = next((one for one in both if one not in taken), None)
    if position is None:
        position = connection.execute(select(func.max(Favorite.position)).where(*here)).scalar_one() + 1
    connection.execute(
        insert(Favorite).values(
            user_id=place.user_id,
            folder_id=place.folder_id,
            image_id=image_id,
            position=position,
            listed_name=name,
            verdict="new",
            first_seen=moment,
            shown_at=moment,
        )
    )


def finish(connection: Connection, user_id: int | None, folder_ids: Sequence[int]) -> None:
    """Date the local folders that were gone through, and every folder that is complete now."""
    for some in in_parts(folder_ids):
        newest = select(func.max(Favorite.first_seen)).where(
            Favorite.user_id == Folder.user_id, Favorite.folder_id == Folder.folder_id
        )
        here = (Folder.user_id == user_id, Folder.folder_id.in_(some))
        new = or_(Folder.listed_at.is_(None), Folder.listed_at < newest.scalar_subquery())
        connection.execute(update(Folder).where(*here, new).values(listed_at=now()))
    note_finished_folders(connection, "blobs")

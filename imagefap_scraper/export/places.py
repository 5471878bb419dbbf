"""Where images are: in which folders at which place, and in which gallery where they are in no folder."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import and_, select

from imagefap_scraper.database._parts import in_parts
from imagefap_scraper.database.models import Favorite, Folder, FolderGallery, Gallery, GalleryImage, User
from imagefap_scraper.storage.template import NOWHERE, Place

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection


@dataclass(frozen=True, slots=True)
class Position:
    """A place of an image.

    Attributes:
        user_id: the site's number of the user; None for a gallery that is in no folder.
        folder_id: the site's number of the folder, or of the gallery.
        user: the user's name.
        folder: the folder's or gallery's name.
        number: the place in it, from 1.
        listed_name: the image's name in the listing; None if absent.
        skipped: the user's verdict is to leave it out there.
    """

    user_id: int | None
    folder_id: int
    user: str | None
    folder: str
    number: int
    listed_name: str | None = None
    skipped: bool = False

    @property
    def place(self) -> Place:
        """What a template is filled with."""
        return Place(self.user, self.folder, self.number)

    @property
    def order(self) -> tuple[int, int, int]:
        """What places are sorted by: user, folder, place in it."""
        return (self.user_id or 0, self.folder_id, self.number)


def positions(connection: Connection, image_ids: Sequence[int]) -> dict[int, list[Position]]:
    """Return every place of these images, the one in which it was seen first before the others."""
    found: dict[int, list[Position]] = {}
    for some in in_parts(image_ids):
        rows = connection.execute(
            select(
                Favorite.image_id,
                Favorite.user_id,
                Favorite.folder_id,
                User.name,
                Folder.name.label("folder"),
                Favorite.position + 1,
                Favorite.listed_name,
                Favorite.verdict == "skip",
            )
            .join(Folder, and_(Folder.user_id == Favorite.user_id, Folder.folder_id == Favorite.folder_id))
            .join(User, User.user_id == Favorite.user_id)
            .where(Favorite.image_id.in_(some))
            .order_by(Favorite.first_seen, Favorite.user_id, Favorite.folder_id)
        )
        for row in rows:
            found.setdefault(row[0], []).append(Position(*row[1:]))
        found |= _in_galleries(connection, [image_id for image_id in some if image_id not in found])
    return found


def first_places(connection: Connection, image_ids: Sequence[int]) -> dict[int, Place]:
    """Return where each of these images was seen first; what is nowhere is left out."""
    return {image_id: found[0].place for image_id, found in positions(connection, image_ids).items()}


def place_of(found: Sequence[Position]) -> Place:
    """Return the first place, for a template."""
    return found[0].place if found else NOWHERE


def _in_galleries(connection: Connection, image_ids: Sequence[int]) -> dict[int, list[Position]]:
    """Return one gallery of each image, with the user in whose folder the gallery is."""
    found: dict[int, list[Position]] = {}
    rows = connection.execute(
        select(
            GalleryImage.image_id,
            FolderGallery.user_id,
            Gallery.gallery_id,
            User.name,
            Gallery.name.label("gallery"),
            GalleryImage.position + 1,
        )
        .join(Gallery, Gallery.gallery_id == GalleryImage.gallery_id)
        .outerjoin(FolderGallery, FolderGallery.gallery_id == Gallery.gallery_id)
        .outerjoin(User, User.user_id == FolderGallery.user_id)
        .where(GalleryImage.image_id.in_(image_ids))
        .order_by(GalleryImage.first_seen, Gallery.gallery_id, FolderGallery.user_id, FolderGallery.folder_id)
    )
    for row in rows:
        found.setdefault(row[0], [Position(*row[1:])])
    return found

"""What is asked of the galleries: which a folder lists, what of each was read, what of it is lacking."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sqlalchemy import literal, select

from imagefap_scraper.database._parts import in_parts
from imagefap_scraper.database.models import FolderGallery, Gallery, GalleryImage, Image
from imagefap_scraper.database.reads import WantedImage, lacking, why_filtered

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import Connection

    from imagefap_scraper.items import ImageStatus


@dataclass(slots=True)
class GalleryState:
    """Where a gallery stands.

    Attributes:
        name: its title; empty if not known.
        total: how many images the site said it has; None if it did not.
        pages: pages of 24 images read without a gap from the first one.
        listed_at: when all of it had been read; None before.
        gone_at: when the site was first seen to have it no more.
        image_ids: every image that it was seen to hold, in its order, each with its position from 0.
        wanted: those that this layout lacks, in order.
    """

    name: str
    total: int | None
    pages: int
    listed_at: datetime | None
    gone_at: datetime | None
    image_ids: dict[int, int] = field(default_factory=dict)
    wanted: list[WantedImage] = field(default_factory=list)


def folder_galleries(connection: Connection, user_id: int) -> dict[int, list[int]]:
    """Return the galleries of each of a user's folders that were ever seen to have any, in order."""
    found: dict[int, list[int]] = {}
    rows = connection.execute(
        select(FolderGallery.folder_id, FolderGallery.gallery_id)
        .where(FolderGallery.user_id == user_id)
        .order_by(FolderGallery.folder_id, FolderGallery.position)
    )
    for folder_id, gallery_id in rows:
        found.setdefault(folder_id, []).append(gallery_id)
    return found


def galleries(connection: Connection, gallery_ids: Sequence[int], layout: str) -> dict[int, GalleryState]:
    """Return what is known of these galleries, by number; unknown ones are missing."""
    found: dict[int, GalleryState] = {}
    for some in in_parts(list(dict.fromkeys(gallery_ids))):
        columns = (Gallery.gallery_id, Gallery.name, Gallery.images, Gallery.pages, Gallery.listed_at, Gallery.gone_at)
        for known in connection.execute(select(*columns).where(Gallery.gallery_id.in_(some))):
            found[known.gallery_id] = GalleryState(*known[1:])
        rows = connection.execute(
            select(
                GalleryImage.gallery_id,
                lacking(layout).label("lacking"),
                Image.image_id,
                Image.name,
                literal(None),
                GalleryImage.gallery_id,
                GalleryImage.position,
                Image.sha256,
                why_filtered(),
            )
            .join(Image, Image.image_id == GalleryImage.image_id)
            .where(GalleryImage.gallery_id.in_(some))
            .order_by(GalleryImage.gallery_id, GalleryImage.position, GalleryImage.first_seen)
        )
        for row in rows:
            state = found[row[0]]
            state.image_ids[row.image_id] = row.position
            if row.lacking:
                state.wanted.append(WantedImage(*row[2:]))
    return found


def images_of_galleries(connection: Connection, user_ids: Sequence[int], status: ImageStatus) -> list[WantedImage]:
    """Return the images of one status in the galleries of these users' folders, gallery by gallery, each once."""
    rows = connection.execute(
        select(
            Image.image_id,
            Image.name,
            literal(None),
            GalleryImage.gallery_id,
            GalleryImage.position,
            Image.sha256,
        )
        .join(GalleryImage, GalleryImage.image_id == Image.image_id)
        .join(FolderGallery, FolderGallery.gallery_id == GalleryImage.gallery_id)
        .where(FolderGallery.user_id.in_(user_ids), Image.status == status)
        .order_by(GalleryImage.gallery_id, GalleryImage.position)
    )
    return list({row.image_id: WantedImage(*row) for row in rows}.values())

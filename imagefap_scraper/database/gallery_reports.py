"""What `print` shows of the galleries in a folder."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from imagefap_scraper.database.models import Blob, FolderGallery, Gallery, GalleryImage, Image
from imagefap_scraper.items import ImageStatus

if TYPE_CHECKING:
    from sqlalchemy import Connection


@dataclass(frozen=True, slots=True)
class GalleryRow:
    """One gallery in a folder: `total` as the site says, `images` the known ones by status, `size` their bytes."""

    position: int
    gallery_id: int
    name: str
    total: int | None
    listed: bool
    gone: bool
    unlisted: bool
    images: dict[str, int]
    size: int


def folder_galleries(connection: Connection, user_id: int, folder_id: int) -> list[GalleryRow]:
    """Return the galleries of a folder in its order, with what is here of each."""
    here = (FolderGallery.user_id == user_id, FolderGallery.folder_id == folder_id)
    counts: dict[int, dict[str, int]] = {}
    sizes: Counter[int] = Counter()
    held = (
        select(GalleryImage.gallery_id, Image.status, func.count(), func.coalesce(func.sum(Blob.size), 0).label("size"))
        .join(FolderGallery, FolderGallery.gallery_id == GalleryImage.gallery_id)
        .join(Image, Image.image_id == GalleryImage.image_id)
        .outerjoin(Blob, Blob.sha256 == Image.sha256)
        .where(*here)
        .group_by(GalleryImage.gallery_id, Image.status)
    )
    for gallery_id, status, count, size in connection.execute(held):
        counts.setdefault(gallery_id, {str(one): 0 for one in ImageStatus})[status] = count
        sizes[gallery_id] += size
    rows = connection.execute(
        select(
            FolderGallery.position,
            Gallery.gallery_id,
            func.coalesce(func.nullif(Gallery.name, ""), FolderGallery.listed_name, "").label("name"),
            Gallery.images,
            Gallery.listed_at.is_not(None).label("listed"),
            Gallery.gone_at.is_not(None).label("gone"),
            FolderGallery.unlisted_at.is_not(None).label("unlisted"),
        )
        .join(Gallery, Gallery.gallery_id == FolderGallery.gallery_id)
        .where(*here)
        .order_by(FolderGallery.position)
    )
    none = {str(one): 0 for one in ImageStatus}
    return [
        GalleryRow(
            row.position,
            row.gallery_id,
            row.name,
            row.images,
            row.listed,
            row.gone,
            row.unlisted,
            counts.get(row.gallery_id, none),
            sizes[row.gallery_id],
        )
        for row in rows
    ]

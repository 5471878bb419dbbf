"""The numbers behind plots of the archive. Every function is a question."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sqlalchemy import func, select, union_all

from imagefap_scraper.database.models import Blob, Favorite, Folder, FolderGallery, GalleryImage, Image, User

if TYPE_CHECKING:
    from datetime import date

    from sqlalchemy import Connection

#: Folders that are shown one by one; the rest is summed up.
FOLDERS_SHOWN = 15


@dataclass(frozen=True, slots=True)
class Growth:
    """What had been stored by the end of each day on which something was: images (blobs) and bytes."""

    days: list[date]
    images: list[int]
    bytes: list[int]


def growth(connection: Connection) -> Growth:
    """Return how the archive grew; what was thrown out later is in it."""
    day = func.date(Blob.stored_at)
    rows = connection.execute(select(day, func.count(), func.sum(Blob.size)).group_by(day).order_by(day)).all()
    days, images, size = [], [0], [0]
    for text, count, more in rows:
        days.append(datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC).date())
        images.append(images[-1] + count)
        size.append(size[-1] + more)
    return Growth(days, images[1:], size[1:])


def sizes(connection: Connection) -> dict[int, int]:
    """Return how many live files reach each power of two of bytes, and not the next."""
    found: Counter[int] = Counter()
    rows = connection.execute(select(Blob.size, func.count()).where(Blob.state == "live").group_by(Blob.size)).all()
    for size, count in rows:
        found[max(0, size.bit_length() - 1)] += count
    return dict(sorted(found.items()))


def formats(connection: Connection) -> dict[str, int]:
    """Return the bytes of the live files of each format, the most first."""
    size = func.sum(Blob.size)
    rows = connection.execute(
        select(Blob.format, size).where(Blob.state == "live").group_by(Blob.format).order_by(size.desc(), Blob.format)
    )
    return dict(rows.all())


def folders(connection: Connection) -> dict[str, int]:
    """Return the bytes behind each folder (`user/folder`), the most first, the smaller ones together.

    What lies in several folders counts in each of them, once; in a folder of galleries lies what these hold.
    """
    listed = select(Favorite.user_id, Favorite.folder_id, Favorite.image_id)
    in_galleries = select(FolderGallery.user_id, FolderGallery.folder_id, GalleryImage.image_id).join(
        GalleryImage, GalleryImage.gallery_id == FolderGallery.gallery_id
    )
    held = union_all(listed, in_galleries).subquery()
    blobs = (
        select(held.c.user_id, held.c.folder_id, Blob.sha256, Blob.size)
        .join(Image, Image.image_id == held.c.image_id)
        .join(Blob, Blob.sha256 == Image.sha256)
        .distinct()
        .subquery()
    )
    size = func.sum(blobs.c.size)
    rows = connection.execute(
        select(User.name, Folder.name, size)
        .join(Folder, (Folder.user_id == blobs.c.user_id) & (Folder.folder_id == blobs.c.folder_id))
        .join(User, User.user_id == blobs.c.user_id)
        .group_by(blobs.c.user_id, blobs.c.folder_id)
        .order_by(size.desc(), User.name, Folder.name, blobs.c.folder_id)
    ).all()
    found: Counter[str] = Counter()
    for user, folder, size_here in rows[:FOLDERS_SHOWN]:
        found[f"{user}/{folder}"] += size_here
    if rest := rows[FOLDERS_SHOWN:]:
        found[f"{len(rest):,} smaller folders"] += sum(row[2] for row in rest)
    return dict(found)

"""What is written of galleries: which folders list them, and which images they hold."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, exists, func, or_, select, update
from sqlalchemy.dialects.sqlite import insert

from imagefap_scraper.database._wanted import want
from imagefap_scraper.database.models import Folder, FolderGallery, Gallery, GalleryImage, Image
from imagefap_scraper.items import FolderKind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import ColumnElement, Connection

    from imagefap_scraper.items import FolderItem, GalleryItem, ListedGalleryItem


def add_folder_galleries(connection: Connection, folder: FolderItem, moment: datetime) -> bool:
    """Record the galleries of a folder's listing page, new ones behind what is there; return whether any is new.

    At the end of a listing that started at the first page, those that it did not show get the date.
    """
    added = _add_rows(connection, folder, moment) if folder.galleries else False
    if folder.listed_through and folder.listed_since is not None:
        since = datetime.fromisoformat(folder.listed_since)
        vanished = and_(_of_folder(folder), FolderGallery.shown_at < since, FolderGallery.unlisted_at.is_(None))
        connection.execute(update(FolderGallery).where(vanished).values(unlisted_at=moment))
    return added


def _add_rows(connection: Connection, folder: FolderItem, moment: datetime) -> bool:
    galleries = {gallery.gallery_id: gallery for gallery in folder.galleries}
    _know_galleries(connection, list(galleries.values()), moment)
    here = and_(_of_folder(folder), FolderGallery.gallery_id.in_(galleries))
    present = set(connection.execute(select(FolderGallery.gallery_id).where(here)).scalars())
    connection.execute(update(FolderGallery).where(here).values(shown_at=moment, unlisted_at=None))
    last = connection.execute(select(func.max(FolderGallery.position)).where(_of_folder(folder))).scalar()
    new = [gallery for gallery_id, gallery in galleries.items() if gallery_id not in present]
    rows = [
        {
            "user_id": folder.user_id,
            "folder_id": folder.folder_id,
            "gallery_id": gallery.gallery_id,
            "position": position,
            "listed_name": gallery.listed_name,
            "first_seen": moment,
            "shown_at": moment,
        }
        for position, gallery in enumerate(new, 0 if last is None else last + 1)
    ]
    if rows:
        connection.execute(insert(FolderGallery), rows)
    return bool(rows)


def _of_folder(folder: FolderItem) -> ColumnElement[bool]:
    return and_(FolderGallery.user_id == folder.user_id, FolderGallery.folder_id == folder.folder_id)


def _know_galleries(connection: Connection, galleries: Sequence[ListedGalleryItem], moment: datetime) -> None:
    """Make galleries known; a name that is there stays, since a listing's may be cut."""
    statement = insert(Gallery)
    new = statement.excluded
    changes = {
        "name": func.coalesce(func.nullif(Gallery.name, ""), new.name),
        "images": func.coalesce(Gallery.images, new.images),
    }
    rows = [
        {
            "gallery_id": gallery.gallery_id,
            "name": gallery.listed_name or "",
            "images": gallery.images,
            "pages": 0,
            "first_seen": moment,
        }
        for gallery in galleries
    ]
    connection.execute(statement.on_conflict_do_update(index_elements=[Gallery.gallery_id], set_=changes), rows)


def record_gallery(connection: Connection, item: GalleryItem) -> None:
    """Record what a page showed of a gallery: its images and the checkpoint at once; or that it is gone."""
    moment = datetime.now(UTC)
    here = Gallery.gallery_id == item.gallery_id
    if item.gone:
        gone_at = func.coalesce(Gallery.gone_at, moment)
        connection.execute(update(Gallery).where(here).values(gone_at=gone_at))
        return
    first = {"gallery_id": item.gallery_id, "name": item.name or "", "pages": 0, "first_seen": moment}
    connection.execute(insert(Gallery).values(**first).on_conflict_do_nothing())
    changes: dict[str, Any] = {"gone_at": None}
    if item.name:
        changes["name"] = item.name
    if item.total is not None:
        changes["images"] = item.total
    if item.pages is not None:
        changes["pages"] = item.pages
    if item.listed_through:
        changes["listed_at"] = moment
    connection.execute(update(Gallery).where(here).values(**changes))
    if _add_images(connection, item, moment):
        _reopen_folders(connection, item.gallery_id)


def _add_images(connection: Connection, item: GalleryItem, moment: datetime) -> bool:
    """Add a gallery's images, or note where they stand now; return whether any is new."""
    ids = list(dict.fromkeys(item.image_ids))
    if not ids:
        return False
    want(connection, dict.fromkeys(ids, item.gallery_id), item.names)
    here = and_(GalleryImage.gallery_id == item.gallery_id, GalleryImage.image_id.in_(ids))
    present = connection.execute(select(func.count()).where(here)).scalar_one()
    statement = insert(GalleryImage)
    rows = [
        {"gallery_id": item.gallery_id, "image_id": image_id, "position": position, "first_seen": moment}
        for position, image_id in enumerate(ids, item.first)
    ]
    key = [GalleryImage.gallery_id, GalleryImage.image_id]
    moved = {"position": statement.excluded.position}
    connection.execute(statement.on_conflict_do_update(index_elements=key, set_=moved), rows)
    return bool(present < len(ids))


def _reopen_folders(connection: Connection, gallery_id: int) -> None:
    """A folder with a gallery that has new images is no longer finished."""
    listing = and_(FolderGallery.user_id == Folder.user_id, FolderGallery.folder_id == Folder.folder_id)
    holds = exists().where(listing, FolderGallery.gallery_id == gallery_id)
    connection.execute(update(Folder).where(holds).values(finished_straight=None, finished_blobs=None))


def note_finished_gallery_folders(connection: Connection, finished: Any, lacking: ColumnElement[bool]) -> None:
    """Date the folders of galleries that want nothing any more; undate those that do.

    Args:
        connection: of the writer.
        finished: the column that takes the date.
        lacking: what is true of an image that is still to be had.
    """
    here = and_(FolderGallery.user_id == Folder.user_id, FolderGallery.folder_id == Folder.folder_id)
    listed = and_(here, Gallery.gallery_id == FolderGallery.gallery_id)
    unread = exists().where(listed, Gallery.listed_at.is_(None), Gallery.gone_at.is_(None))
    held = and_(here, GalleryImage.gallery_id == FolderGallery.gallery_id, Image.image_id == GalleryImage.image_id)
    wanting = or_(unread, exists().where(held, lacking))
    through = and_(Folder.kind == FolderKind.GALLERIES, Folder.listed_at.is_not(None), finished.is_(None))
    connection.execute(update(Folder).where(through, ~wanting).values({finished: datetime.now(UTC)}))
    connection.execute(update(Folder).where(finished.is_not(None), wanting).values({finished: None}))

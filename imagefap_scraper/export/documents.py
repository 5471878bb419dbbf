"""What the sidecars of pictures and folders tell, read from the database."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from imagefap_scraper.database._parts import in_parts
from imagefap_scraper.database.models import Blob, Favorite, Folder, Gallery, Image, StoredFile, User
from imagefap_scraper.export.places import positions

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from sqlalchemy import Connection

    from imagefap_scraper.export.places import Position

Document = dict[str, Any]


def straight_files(connection: Connection, sha256s: Sequence[str]) -> dict[str, list[str]]:
    """Return the paths of the straight files of these blobs."""
    found: dict[str, list[str]] = {}
    for some in in_parts(sorted(set(sha256s))):
        straight = (StoredFile.layout == "straight") & StoredFile.sha256.in_(some)
        for sha256, path in connection.execute(select(StoredFile.sha256, StoredFile.path).where(straight)):
            found.setdefault(sha256, []).append(path)
    return found


def picture_documents(
    connection: Connection, sha256s: Sequence[str], page_of: Callable[[int, int | None], str]
) -> dict[str, Document]:
    """Return what there is to tell of each blob, and of all images of the site that are these bytes.

    Args:
        connection: reads.
        sha256s: of the blobs.
        page_of: returns the address of an image's page, by its number and its gallery's.
    """
    told: dict[str, Document] = {}
    for some in in_parts(sorted(set(sha256s))):
        rows = connection.execute(select(Blob).where(Blob.sha256.in_(some))).mappings()
        for row in rows:
            told[row["sha256"]] = picture(
                row["sha256"], row["size"], row["format"], row["width"], row["height"], animated=row["animated"]
            )
        images = connection.execute(
            select(
                Image.sha256,
                Image.image_id,
                Image.name,
                Image.gallery_id,
                Gallery.name.label("gallery"),
                Image.added,
                Image.stored_at,
            )
            .outerjoin(Gallery, Gallery.gallery_id == Image.gallery_id)
            .where(Image.sha256.in_(some))
            .order_by(Image.image_id)
        ).all()
        places = positions(connection, [image.image_id for image in images])
        for one in images:
            told[one.sha256]["images"].append(
                image(
                    one.image_id,
                    one.name,
                    page_of(one.image_id, one.gallery_id),
                    gallery=None if one.gallery_id is None else {"id": one.gallery_id, "name": one.gallery},
                    uploaded=one.added,
                    added=one.stored_at,
                    places=[place_document(found) for found in places.get(one.image_id, ())],
                )
            )
    return told


def folder_document(connection: Connection, user_id: int, folder_id: int) -> Document | None:
    """Return what there is to tell of a folder, its images in order; None if there is no such folder."""
    here = (Folder.user_id == user_id) & (Folder.folder_id == folder_id)
    row = connection.execute(
        select(User.name, Folder.name.label("folder"), Folder.kind)
        .join(User, User.user_id == Folder.user_id)
        .where(here)
    ).one_or_none()
    if row is None:
        return None
    path = (
        select(StoredFile.path)
        .where(StoredFile.sha256 == Image.sha256, StoredFile.layout == "straight")
        .order_by(StoredFile.path)
        .limit(1)
        .scalar_subquery()
    )
    favorites = connection.execute(
        select(
            Favorite.image_id,
            Favorite.position,
            Image.name,
            Favorite.listed_name,
            Image.status,
            Image.sha256,
            path.label("path"),
            Favorite.unlisted_at,
        )
        .join(Image, Image.image_id == Favorite.image_id)
        .where(Favorite.user_id == user_id, Favorite.folder_id == folder_id)
        .order_by(Favorite.position)
    )
    images = [
        entry(
            one.image_id,
            one.position + 1,
            one.name or one.listed_name,
            one.status,
            sha256=one.sha256,
            file=one.path,
            listed=one.unlisted_at is None,
        )
        for one in favorites
    ]
    return folder(user_id, row.name, folder_id, row.folder, kind=row.kind, images=images)


def picture(
    sha256: str, size: int | None, kind: str | None, width: int | None, height: int | None, *, animated: bool
) -> Document:
    """Return what is told of bytes; sizes in bytes and pixels."""
    return {
        "sha256": sha256,
        "bytes": size,
        "format": kind,
        "width": width,
        "height": height,
        "animated": animated,
        "images": [],
    }


def image(
    image_id: int,
    name: str | None,
    page: str,
    *,
    gallery: Document | None,
    uploaded: str | None,
    added: datetime | None,
    places: Sequence[Document],
) -> Document:
    """Return what is told of an image of the site; `uploaded` is as the site writes it, `added` when it came here."""
    moment = None if added is None else f"{added:%Y-%m-%dT%H:%M:%SZ}"
    return {
        "id": image_id,
        "page": page,
        "name": name,
        "gallery": gallery,
        "uploaded": uploaded,
        "added": moment,
        "places": list(places),
    }


def entry(
    image_id: int,
    position: int | None,
    name: str | None,
    status: str | None,
    *,
    sha256: str | None,
    file: str | None,
    listed: bool = True,
) -> Document:
    """Return what a folder tells of one of its images; `position` counts from 1."""
    return {
        "id": image_id,
        "position": position,
        "name": name,
        "status": status,
        "sha256": sha256,
        "file": file,
        "listed": listed,
    }


def folder(
    user_id: int, user: str | None, folder_id: int, name: str, *, kind: str | None, images: Sequence[Document]
) -> Document:
    """Return what is told of a folder."""
    return {
        "user": {"id": user_id, "name": user},
        "folder": {"id": folder_id, "name": name, "kind": kind},
        "images": list(images),
    }


def place(user: str | None, user_id: int | None, folder: str, folder_id: int, position: int) -> Document:
    """Return what is told of an image's place in a folder; `position` counts from 1."""
    return {"user": user, "user_id": user_id, "folder": folder, "folder_id": folder_id, "position": position}


def place_document(found: Position) -> Document:
    """Return what is told of a place that the database knows."""
    return place(found.user, found.user_id, found.folder, found.folder_id, found.number)

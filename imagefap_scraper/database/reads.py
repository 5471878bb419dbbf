"""What is asked of the database, each function a question. Spiders ask in `start()` alone."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from sqlalchemy import case, exists, func, select

from imagefap_scraper.database._parts import in_parts
from imagefap_scraper.database.models import Blob, Favorite, Folder, Image, Intent, StoredFile, User
from imagefap_scraper.items import FolderKind, ImageStatus

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import Connection, Row


@dataclass(frozen=True, slots=True)
class FolderState:
    """Where a folder stands: what was listed of it, and when it was finished in each layout."""

    user_id: int
    folder_id: int
    name: str
    kind: FolderKind | None
    pages: int
    listed_at: datetime | None
    finished_straight: datetime | None
    finished_blobs: datetime | None


@dataclass(frozen=True, slots=True)
class WantedImage:
    """An image that a folder lists and this layout does not hold yet.

    `sha256` is set if another layout holds its bytes already, so that only a copy is needed. `filtered` is why a filter
    kept it out; empty if none did.
    """

    image_id: int
    name: str | None
    listed_name: str | None
    gallery_id: int | None
    position: int
    sha256: str | None
    filtered: str = ""


@dataclass(frozen=True, slots=True)
class FolderContent:
    """Every image that a folder was ever seen to hold, and those that this layout still lacks, in order.

    What is gone is not wanted. `image_ids` gives each its place, from 1, among those that the site still lists.
    """

    image_ids: dict[int, int]
    wanted: list[WantedImage]


@dataclass(frozen=True, slots=True)
class StoredBlob:
    """Bytes that the archive holds, or held: what inspection found, and their file in each layout."""

    format: str
    extension: str
    size: int
    width: int | None
    height: int | None
    frames: int | None
    animated: bool
    unchecked: str
    phash: str | None
    dhash: str | None
    hash_version: int | None
    flat: bool
    state: str
    paths: dict[str, str]


def users(connection: Connection) -> list[tuple[int, str]]:
    """Return (user id, name) of every known user of the site, in the order in which they became known.

    Those below 0 are this machine's: pictures that were imported from its disk.
    """
    of_the_site = User.user_id > 0
    rows = connection.execute(
        select(User.user_id, User.name).where(of_the_site).order_by(User.first_seen, User.user_id)
    ).all()
    return [(user_id, name) for user_id, name in rows]


def folders(connection: Connection, user_id: int) -> dict[int, FolderState]:
    """Return a user's known folders by number."""
    rows = connection.execute(
        select(
            Folder.user_id,
            Folder.folder_id,
            Folder.name,
            Folder.kind,
            Folder.pages,
            Folder.listed_at,
            Folder.finished_straight,
            Folder.finished_blobs,
        ).where(Folder.user_id == user_id)
    ).all()
    return {
        row.folder_id: FolderState(*row[:3], FolderKind(row.kind) if row.kind else None, *row[4:])  # type: ignore[arg-type]
        for row in rows
    }


def _lacks_file(layout: str) -> Any:
    return ~exists().where(StoredFile.sha256 == Image.sha256, StoredFile.layout == layout)


def favorites(connection: Connection, user_id: int, layout: str) -> dict[int, FolderContent]:
    """Return what each of a user's folders is known to hold, by folder number."""
    rows = connection.execute(
        select(
            Favorite.folder_id,
            lacking(layout).label("lacking"),
            Favorite.unlisted_at.is_(None).label("listed"),
            Image.image_id,
            Image.name,
            Favorite.listed_name,
            Image.gallery_id,
            Favorite.position,
            Image.sha256,
            why_filtered(),
        )
        .join(Favorite, Favorite.image_id == Image.image_id)
        .where(Favorite.user_id == user_id)
        .order_by(Favorite.folder_id, Favorite.position)
    )
    contents: dict[int, FolderContent] = {}
    places: Counter[int] = Counter()
    for row in rows:
        content = contents.setdefault(row.folder_id, FolderContent({}, []))
        places[row.folder_id] += bool(row.listed)
        content.image_ids[row.image_id] = places[row.folder_id]
        if row.lacking:
            content.wanted.append(WantedImage(*row[3:]))
    return contents


def lacking(layout: str) -> Any:
    """Return what is true of an image that this layout may still have to get, a filter's permission supposed."""
    without = [ImageStatus.WANTED, ImageStatus.FAILED, ImageStatus.FILTERED]
    return Image.status.in_(without) | _stored_elsewhere(layout)


def why_filtered() -> Any:
    """Return the reason of an image that is filtered, and an empty one for all others."""
    return case((Image.status == ImageStatus.FILTERED, Image.reason), else_="")


def _stored_elsewhere(layout: str) -> Any:
    return (Image.status == ImageStatus.STORED) & _lacks_file(layout)


def settled_ids(connection: Connection, layout: str) -> set[int]:
    """Return the images that need nothing any more in this layout: whose file is there, those gone, those skipped."""
    settled = Image.status.in_([ImageStatus.GONE, ImageStatus.SKIPPED])
    has_file = (Image.status == ImageStatus.STORED) & ~_lacks_file(layout)
    rows = connection.execute(select(Image.image_id).where(settled | has_file))
    return set(rows.scalars())


def image_ids(connection: Connection, status: ImageStatus) -> list[int]:
    """Return the site's images of one status, by number; those below 0 never were there."""
    here = (Image.status == status, Image.image_id > 0)
    return list(connection.execute(select(Image.image_id).where(*here).order_by(Image.image_id)).scalars())


def wanted_images(connection: Connection, image_ids: Sequence[int], layout: str) -> list[WantedImage]:
    """Return those of these images that this layout does not hold, in the order given."""
    listed = select(func.max(Favorite.listed_name)).where(Favorite.image_id == Image.image_id).scalar_subquery()
    found: dict[int, WantedImage] = {}
    for some in in_parts(image_ids):
        rows = connection.execute(
            select(Image.image_id, Image.name, listed, Image.gallery_id, Image.sha256)
            .where(Image.image_id.in_(some))
            .where((Image.status == ImageStatus.WANTED) | _stored_elsewhere(layout))
        )
        found |= {row[0]: WantedImage(row[0], row[1], row[2], row[3], 0, row[4]) for row in rows}
    return [found[image_id] for image_id in image_ids if image_id in found]


def images_of_users(connection: Connection, user_ids: Sequence[int], status: ImageStatus) -> list[WantedImage]:
    """Return the images of one status that these users' folders hold, in the order of the folders, each once."""
    rows = connection.execute(
        select(Image.image_id, Image.name, Favorite.listed_name, Image.gallery_id, Favorite.position, Image.sha256)
        .join(Favorite, Favorite.image_id == Image.image_id)
        .where(Favorite.user_id.in_(user_ids), Image.status == status)
        .order_by(Favorite.user_id, Favorite.folder_id, Favorite.position)
    ).all()
    return list({row.image_id: WantedImage(*row) for row in reversed(rows)}.values())[::-1]


def usual_layout(connection: Connection) -> Literal["blobs", "straight"]:
    """Return the layout of this archive: straight names if there are no others, else blobs."""
    layouts = set(connection.execute(select(StoredFile.layout).distinct()).scalars())
    return "straight" if layouts == {"straight"} else "blobs"


def blob_marks(connection: Connection) -> set[int]:
    """Return a mark of every blob, `blob_mark` of its SHA-256: what has none is surely not in the archive."""
    return {blob_mark(sha256) for sha256 in connection.execute(select(Blob.sha256)).scalars()}


def blob_mark(sha256: str) -> int:
    """Return the first 60 bits of a SHA-256: a number is a quarter of the text in memory (a million blobs: 60 MB)."""
    return int(sha256[:15], 16)


def stored_blob(connection: Connection, sha256: str) -> StoredBlob | None:
    """Return what the archive knows of these bytes; None if it does not hold them."""
    row = connection.execute(select(Blob.__table__).where(Blob.sha256 == sha256)).mappings().one_or_none()
    if row is None:
        return None
    paths = connection.execute(select(StoredFile.layout, StoredFile.path).where(StoredFile.sha256 == sha256)).all()
    fields = {name: row[name] for name in StoredBlob.__dataclass_fields__ if name != "paths"}
    return StoredBlob(**fields, paths=dict(paths))


def intents(connection: Connection) -> Sequence[Row[Any]]:
    """Return the intents that a stopped crawl left, oldest first."""
    return connection.execute(select(Intent.__table__).order_by(Intent.intent_id)).all()


def status_counts(connection: Connection) -> dict[str, int]:
    """Return how many images are of each status."""
    rows = connection.execute(select(Image.status, func.count()).group_by(Image.status)).all()
    return dict.fromkeys(ImageStatus, 0) | dict(rows)

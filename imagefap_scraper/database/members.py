"""What is known of the members of a group: facts of their blobs, and the places where they are shown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import JSON, and_, case, distinct, func, literal, or_, select, union_all

from imagefap_scraper.database._parts import in_parts
from imagefap_scraper.database.duplicate_models import Look
from imagefap_scraper.database.models import Blob, BlobTag, Favorite, Folder, Image, StoredFile, User

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from sqlalchemy import ColumnElement, Connection


@dataclass(frozen=True, slots=True)
class BlobFacts:
    """What a decision about a blob depends on; `size` in bytes, `facts` of its second look.

    `lowest_id` is the lowest number of its images on the site, `folders` how many hold it, `named` whether any of its
    names is one, `gone` whether the site has none of its images any more, `present` whether a file of it is known.
    """

    sha256: str
    extension: str
    format: str
    size: int
    width: int | None
    height: int | None
    frames: int | None
    animated: bool
    unchecked: str
    flat: bool
    state: str
    kept_as: str | None
    present: bool
    facts: dict[str, Any]
    pixels_sha256: str | None
    lowest_id: int | None
    folders: int
    tags: int
    named: bool
    gone: bool
    protected: bool


@dataclass(frozen=True, slots=True)
class PlaceRow:
    """A place where a blob is shown: one favorite; `own` is False where it took the place of a copy."""

    user: str
    folder: str
    position: int
    image_id: int
    name: str | None
    gone: bool
    own: bool


_OF_BLOB = (
    *("sha256", "extension", "format", "size", "width", "height", "frames"),
    *("animated", "unchecked", "flat", "state", "kept_as"),
)
_OF_BLOBS = select(
    *(Blob.__table__.c[name] for name in _OF_BLOB),
    select(StoredFile.sha256).where(StoredFile.sha256 == Blob.sha256).exists().label("present"),
    func.coalesce(Look.facts, literal({}, JSON)).label("facts"),
    Look.pixels_sha256,
).outerjoin(Look, Look.sha256 == Blob.sha256)
_NO_IMAGE = {"lowest_id": None, "folders": 0, "named": False, "gone": False, "protected": False}


def blob_facts(connection: Connection, sha256s: Iterable[str], protected: Collection[str] = ()) -> dict[str, BlobFacts]:
    """Return what is known of blobs; those in a folder of one of the `protected` names or numbers are protected."""
    found: dict[str, BlobFacts] = {}
    for some in in_parts(sorted(set(sha256s))):
        images = _image_facts(connection, some, protected)
        tags = dict(
            connection.execute(
                select(BlobTag.sha256, func.count()).where(BlobTag.sha256.in_(some)).group_by(BlobTag.sha256)
            ).all()
        )
        for row in connection.execute(_OF_BLOBS.where(Blob.sha256.in_(some))).mappings():
            about = images.get(row["sha256"], _NO_IMAGE)
            found[row["sha256"]] = BlobFacts(**row, **about, tags=tags.get(row["sha256"], 0))
    return found


def _image_facts(
    connection: Connection, sha256s: Sequence[str], protected: Collection[str]
) -> dict[str, dict[str, Any]]:
    """Return what `BlobFacts` says of the images behind blobs."""
    name = func.coalesce(Image.name, Favorite.listed_name)
    # A name that is only digits, or none, was made up for want of one.
    real = and_(name.is_not(None), name.not_in(["", "unknown"]), name.op("GLOB")("*[^0-9.]*"))
    safe = or_(Folder.name.in_(protected), func.cast(Folder.folder_id, Folder.name.type).in_(protected))
    query = (
        select(
            Image.sha256,
            func.min(Image.image_id),
            func.count(distinct(Favorite.user_id.concat("/").concat(Favorite.folder_id))),
            func.max(case((real, 1), else_=0)),
            func.min(case((Image.vanished_at.is_not(None), 1), else_=0)),
            func.max(case((safe, 1), else_=0)) if protected else func.max(0),
        )
        .outerjoin(Favorite, Favorite.image_id == Image.image_id)
        .outerjoin(Folder, and_(Folder.user_id == Favorite.user_id, Folder.folder_id == Favorite.folder_id))
        .where(Image.sha256.in_(sha256s))
        .group_by(Image.sha256)
    )
    return {
        sha256: {
            "lowest_id": lowest,
            "folders": folders,
            "named": bool(named),
            "gone": bool(gone),
            "protected": bool(kept),
        }
        for sha256, lowest, folders, named, gone, kept in connection.execute(query)
    }


def copies_kept_as(connection: Connection, sha256: str) -> list[str]:
    """Return the blobs that were thrown out as copies of this one."""
    return list(connection.execute(select(Blob.sha256).where(Blob.kept_as == sha256).order_by(Blob.sha256)).scalars())


def files(connection: Connection, sha256: str) -> list[str]:
    """Return the paths of a blob's files, in order."""
    query = select(StoredFile.path).where(StoredFile.sha256 == sha256).order_by(StoredFile.path)
    return list(connection.execute(query).scalars())


def images(connection: Connection, sha256: str) -> list[int]:
    """Return the images that are stored as this blob, by number."""
    return list(
        connection.execute(select(Image.image_id).where(Image.sha256 == sha256).order_by(Image.image_id)).scalars()
    )


def skipped_images(connection: Connection, sha256: str) -> list[int]:
    """Return the images whose bytes were thrown out with this blob, by number."""
    query = select(Image.image_id).where(Image.skipped_sha256 == sha256).order_by(Image.image_id)
    return list(connection.execute(query).scalars())


def tags(connection: Connection, sha256: str) -> list[int]:
    """Return the numbers of the tags of a blob."""
    return list(
        connection.execute(select(BlobTag.tag_id).where(BlobTag.sha256 == sha256).order_by(BlobTag.tag_id)).scalars()
    )


def places(connection: Connection, sha256: str) -> list[PlaceRow]:
    """Return where a blob is shown: its own favorites, and those of the copies that were thrown out for it."""
    name = func.coalesce(Image.name, Favorite.listed_name)

    def of(blob: ColumnElement[bool], own: int) -> Any:
        return (
            select(
                User.name.label("user"),
                Folder.name.label("folder"),
                Favorite.position,
                Image.image_id,
                name,
                Image.vanished_at.is_not(None),
                func.max(own),
            )
            .select_from(Image)
            .join(Favorite, Favorite.image_id == Image.image_id)
            .join(Folder, and_(Folder.user_id == Favorite.user_id, Folder.folder_id == Favorite.folder_id))
            .join(User, User.user_id == Favorite.user_id)
            .where(blob)
            .group_by(Favorite.user_id, Favorite.folder_id, Favorite.image_id)
        )

    copies = select(Blob.sha256).where(Blob.kept_as == sha256)
    rows = connection.execute(union_all(of(Image.sha256 == sha256, 1), of(Image.skipped_sha256.in_(copies), 0)))
    found = [PlaceRow(row[0], row[1], row[2], row[3], row[4], bool(row[5]), bool(row[6])) for row in rows]
    return sorted(found, key=lambda place: (place.user, place.folder, place.position))

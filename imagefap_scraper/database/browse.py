"""What the pages ask to show pictures beside their kin: where else the bytes are, what looks alike. All only read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import func, null, select, union_all
from sqlalchemy.orm import aliased

from imagefap_scraper.database._parts import in_parts
from imagefap_scraper.database.duplicate_models import DuplicateGroup, DuplicateMember
from imagefap_scraper.database.models import Blob, Favorite, Folder, Gallery, GalleryImage, Image, User

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection, Subquery

#: A folder by its user and number; a gallery by its number alone.
PlaceId = tuple[int | None, int]

#: Groups that are settled, or whose pictures are gone: they ask nothing.
_SETTLED = ("decided", "applied", "stale")


@dataclass(frozen=True, slots=True)
class Alike:
    """The group of look-alikes that a picture is in, with the number of live pictures in it besides this one."""

    group_id: int
    others: int


@dataclass(frozen=True, slots=True)
class Place:
    """A place where a picture is seen: a folder of favorites, or a gallery (then `folder_id` is None).

    `name` is the folder's or the gallery's, `user` its owner's name (empty if it is not known), `position` the place in
    the order there; `image_id` the image of the site by which the bytes are there.
    """

    image_id: int
    user_id: int | None
    user: str
    folder_id: int | None
    gallery_id: int | None
    name: str
    position: int
    unlisted: bool


def _images_shown(sha256s: Sequence[str]) -> Subquery:
    """Return (shown blob, image number) of all images for which one of these blobs is shown."""
    copy = aliased(Blob)
    own = select(Image.sha256.label("sha256"), Image.image_id).where(Image.sha256.in_(sha256s))
    thrown_out = (
        select(copy.kept_as, Image.image_id)
        .join(copy, copy.sha256 == Image.skipped_sha256)
        .where(copy.kept_as.in_(sha256s), Image.skipped_sha256.is_not(None))
    )
    return union_all(own, thrown_out).subquery()


def place_counts(connection: Connection, sha256s: Sequence[str]) -> dict[str, int]:
    """Return in how many places (folders and galleries, image by image) each of these blobs is seen."""
    found: dict[str, int] = {}
    for some in in_parts(sha256s):
        shown = _images_shown(some)
        for table in (Favorite, GalleryImage):
            query = (
                select(shown.c.sha256, func.count())
                .join(table, table.image_id == shown.c.image_id)
                .group_by(shown.c.sha256)
            )
            for sha256, count in connection.execute(query):
                found[sha256] = found.get(sha256, 0) + count
    return found


def place_names(connection: Connection, sha256s: Sequence[str]) -> dict[str, list[tuple[PlaceId, str]]]:
    """Return the folders and galleries in which each of these blobs is seen, each once, by name.

    Each with what tells it from others: user and number of a folder, None and number of a gallery.
    """
    found: dict[str, dict[PlaceId, str]] = {}
    for some in in_parts(sha256s):
        shown = _images_shown(some)
        folders = (
            select(shown.c.sha256, Folder.user_id, Folder.folder_id, Folder.name)
            .join(Favorite, Favorite.image_id == shown.c.image_id)
            .join(Folder, (Folder.user_id == Favorite.user_id) & (Folder.folder_id == Favorite.folder_id))
        )
        galleries = (
            select(shown.c.sha256, null(), Gallery.gallery_id, Gallery.name)
            .join(GalleryImage, GalleryImage.image_id == shown.c.image_id)
            .join(Gallery, Gallery.gallery_id == GalleryImage.gallery_id)
        )
        for sha256, user_id, number, name in [*connection.execute(folders), *connection.execute(galleries)]:
            found.setdefault(sha256, {})[user_id, number] = name
    return {sha256: sorted(places.items(), key=lambda one: one[1]) for sha256, places in found.items()}


def alike(connection: Connection, sha256s: Sequence[str]) -> dict[str, Alike]:
    """Return the group of look-alikes of those blobs that are in one with other live ones: one that asks, if any."""
    found: dict[str, Alike] = {}
    me, other = aliased(DuplicateMember), aliased(DuplicateMember)
    settled = DuplicateGroup.state.in_(_SETTLED)
    for some in in_parts(sha256s):
        query = (
            select(me.sha256, me.group_id, func.count())
            .join(DuplicateGroup, DuplicateGroup.group_id == me.group_id)
            .join(other, (other.group_id == me.group_id) & (other.sha256 != me.sha256))
            .join(Blob, Blob.sha256 == other.sha256)
            .where(me.sha256.in_(some), me.verdict != "false", other.verdict != "false", Blob.state == "live")
            .group_by(me.sha256, me.group_id)
            .order_by(settled.desc(), me.group_id.desc())
        )
        # The best one comes last and stays.
        found |= {sha256: Alike(group_id, others) for sha256, group_id, others in connection.execute(query)}
    return found


def first_places(connection: Connection, image_ids: Sequence[int]) -> dict[int, str]:
    """Return the name of the first folder of each of these images that is in one."""
    found: dict[int, str] = {}
    for some in in_parts(image_ids):
        query = (
            select(Favorite.image_id, Folder.name)
            .join(Folder, (Folder.user_id == Favorite.user_id) & (Folder.folder_id == Favorite.folder_id))
            .where(Favorite.image_id.in_(some))
            .order_by(Favorite.image_id, Favorite.user_id.desc(), Favorite.folder_id.desc())
        )
        found |= dict(connection.execute(query).all())
    return found


def places(connection: Connection, image_id: int, sha256: str | None) -> list[Place]:
    """Return where an image is seen, its own places first; with a blob, also where else its bytes are."""
    images = [image_id]
    if sha256 is not None:
        shown = _images_shown([sha256])
        images += connection.execute(select(shown.c.image_id).where(shown.c.image_id != image_id)).scalars()
    found: list[Place] = []
    for some in in_parts(images):
        favorites = (
            select(
                Favorite.image_id, User.user_id, User.name.label("user"), Folder.folder_id, Folder.name,
                Favorite.position, Favorite.unlisted_at.is_not(None).label("unlisted"),
            )
            .join(Folder, (Folder.user_id == Favorite.user_id) & (Folder.folder_id == Favorite.folder_id))
            .join(User, User.user_id == Favorite.user_id)
            .where(Favorite.image_id.in_(some))
        )  # fmt: skip
        for row in connection.execute(favorites):
            found.append(
                Place(row[0], row.user_id, row.user, row.folder_id, None, row.name, row.position, bool(row.unlisted))
            )
        galleries = (
            select(
                GalleryImage.image_id, Gallery.user_id, func.coalesce(User.name, "").label("user"),
                Gallery.gallery_id, Gallery.name, GalleryImage.position,
            )
            .join(Gallery, Gallery.gallery_id == GalleryImage.gallery_id)
            .outerjoin(User, User.user_id == Gallery.user_id)
            .where(GalleryImage.image_id.in_(some))
        )  # fmt: skip
        for seen in connection.execute(galleries):
            found.append(
                Place(seen[0], seen.user_id, seen.user, None, seen.gallery_id, seen.name, seen.position, False)
            )
    return sorted(found, key=lambda one: (one.image_id != image_id, one.user, one.name, one.position))


def neighbours(connection: Connection, place: Place) -> tuple[int | None, int | None]:
    """Return the images before and behind a place in its folder or gallery; None at its ends."""
    if place.folder_id is not None:
        here = [Favorite.user_id == place.user_id, Favorite.folder_id == place.folder_id]
        image, position = Favorite.image_id, Favorite.position
    else:
        here = [GalleryImage.gallery_id == place.gallery_id]
        image, position = GalleryImage.image_id, GalleryImage.position
    before = select(image).where(*here, position < place.position).order_by(position.desc()).limit(1)
    behind = select(image).where(*here, position > place.position).order_by(position).limit(1)
    return connection.execute(before).scalar(), connection.execute(behind).scalar()

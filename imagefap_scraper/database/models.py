"""The tables. One row of `images` is one image of the site, one row of `blobs` one sequence of bytes on disk.

Those of the look-alikes are in `duplicate_models`.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    String,
    UniqueConstraint,
    false,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from imagefap_scraper.database.base import Base, Hash64, UtcDateTime


class User(Base):
    """A user of the site; `name` as the site writes it."""

    __tablename__ = "users"

    user_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    name: Mapped[str]
    first_seen: Mapped[datetime] = mapped_column(UtcDateTime)


class Folder(Base):
    """A favorites folder of a user.

    `pages` counts the listing pages read without a gap from the first one: the checkpoint of a listing that was
    stopped, and afterwards where a re-run starts. `listed_at` is when the listing last reached its end. The two
    `finished_` dates say when every image of the folder had been stored in that layout; empty while one is wanting.
    """

    __tablename__ = "folders"
    __table_args__ = (CheckConstraint("kind IN ('images', 'galleries', 'empty')", name="folder_kind"),)

    user_id: Mapped[int] = mapped_column(ForeignKey("users.user_id"), primary_key=True)
    folder_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    name: Mapped[str]
    kind: Mapped[str | None] = mapped_column(String(16))
    pages: Mapped[int] = mapped_column(default=0)
    first_seen: Mapped[datetime] = mapped_column(UtcDateTime)
    listed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    finished_straight: Mapped[datetime | None] = mapped_column(UtcDateTime)
    finished_blobs: Mapped[datetime | None] = mapped_column(UtcDateTime)
    unlisted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Image(Base):
    """An image of the site: where it stands, what the site says of it, and the bytes behind it.

    `address` is the full-size address without its signature; `name` the whole name from the photo page. An audit that
    misses something of a stored image notes what (`missing`) and when it was first missed (`missed_at`); a second audit
    that misses it too, long enough afterwards, sets `vanished_at`. One that finds it clears all three.

    `skipped_sha256` is the blob that it had until the user threw that out as a copy of another, which is now shown in
    its place (`Blob.kept_as`).
    """

    __tablename__ = "images"
    __table_args__ = (
        CheckConstraint("status IN ('wanted', 'stored', 'failed', 'gone', 'skipped', 'filtered')", name="image_status"),
        CheckConstraint("(status = 'stored') = (sha256 IS NOT NULL)", name="image_sha256_iff_stored"),
        CheckConstraint("(status = 'skipped') = (skipped_sha256 IS NOT NULL)", name="image_blob_iff_skipped"),
        CheckConstraint("missing IN ('page', 'address', 'file')", name="image_missing"),
        Index("images_by_status", "status"),
        Index("images_by_sha256", "sha256", "image_id"),
        Index("images_by_skipped", "skipped_sha256", sqlite_where=text("skipped_sha256 IS NOT NULL")),
    )

    image_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    status: Mapped[str] = mapped_column(String(16))
    reason: Mapped[str] = mapped_column(default="")
    attempts: Mapped[int] = mapped_column(default=0)
    attempted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    stored_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    sha256: Mapped[str | None] = mapped_column(ForeignKey("blobs.sha256"))
    name: Mapped[str | None]
    gallery_id: Mapped[int | None] = mapped_column(BigInteger)
    address: Mapped[str | None]
    added: Mapped[str | None]
    missing: Mapped[str | None] = mapped_column(String(8))
    missed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    vanished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    skipped_sha256: Mapped[str | None] = mapped_column(ForeignKey("blobs.sha256"))


class Favorite(Base):
    """One image in one folder: a place where its bytes were seen, with the original program's verdict on the place.

    `position` only grows and is the folder's order; what a full listing no longer shows keeps its row with
    `unlisted_at`. `shown_at` is when a listing last showed it.
    """

    __tablename__ = "favorites"
    __table_args__ = (
        ForeignKeyConstraint(["user_id", "folder_id"], ["folders.user_id", "folders.folder_id"]),
        UniqueConstraint("user_id", "folder_id", "position", name="favorites_in_order"),
        CheckConstraint("verdict IN ('new', 'keep', 'skip')", name="favorite_verdict"),
        Index("favorites_by_image", "image_id", "user_id", "folder_id"),
    )

    user_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    folder_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    image_id: Mapped[int] = mapped_column(ForeignKey("images.image_id"), primary_key=True)
    position: Mapped[int]
    listed_name: Mapped[str | None]
    verdict: Mapped[str] = mapped_column(String(8), default="new")
    first_seen: Mapped[datetime] = mapped_column(UtcDateTime)
    shown_at: Mapped[datetime] = mapped_column(UtcDateTime)
    unlisted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Gallery(Base):
    """A gallery of the site: what a user of it uploaded together, `name` as the site writes it.

    `user_id` is its owner, who need not be in `users`. `images` is how many it holds as the site says. `pages` counts
    its pages read without a gap from the first one: the checkpoint. `listed_at` is when all of it had been read,
    `gone_at` when the site was first seen to have it no more.
    """

    __tablename__ = "galleries"

    gallery_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    name: Mapped[str]
    user_id: Mapped[int | None] = mapped_column(BigInteger)
    images: Mapped[int | None]
    pages: Mapped[int] = mapped_column(default=0)
    first_seen: Mapped[datetime] = mapped_column(UtcDateTime)
    listed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    gone_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class FolderGallery(Base):
    """One gallery in one folder of the galleries kind; columns as those of `Favorite`."""

    __tablename__ = "folder_galleries"
    __table_args__ = (
        ForeignKeyConstraint(["user_id", "folder_id"], ["folders.user_id", "folders.folder_id"]),
        UniqueConstraint("user_id", "folder_id", "position", name="folder_galleries_in_order"),
        Index("folder_galleries_by_gallery", "gallery_id"),
    )

    user_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    folder_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    gallery_id: Mapped[int] = mapped_column(ForeignKey("galleries.gallery_id"), primary_key=True)
    position: Mapped[int]
    listed_name: Mapped[str | None]
    first_seen: Mapped[datetime] = mapped_column(UtcDateTime)
    shown_at: Mapped[datetime] = mapped_column(UtcDateTime)
    unlisted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class GalleryImage(Base):
    """One image in one gallery; `position` is the gallery's order."""

    __tablename__ = "gallery_images"
    __table_args__ = (Index("gallery_images_by_image", "image_id"),)

    gallery_id: Mapped[int] = mapped_column(ForeignKey("galleries.gallery_id"), primary_key=True)
    image_id: Mapped[int] = mapped_column(ForeignKey("images.image_id"), primary_key=True)
    position: Mapped[int]
    first_seen: Mapped[datetime] = mapped_column(UtcDateTime)


class Blob(Base):
    """One sequence of bytes in the archive, with what a decoder found in it. Sizes in bytes and pixels.

    `flat` pictures have too little structure for their hashes to mean anything. `searched` is the Hamming distance
    (bits) within which the hashes were last compared with all others; empty for those that are still to be compared.

    A blob that the user threw out goes from `live` to `trashed` (its file is in the trash) to `purged` (there is no
    file any more); `kept_as` is the live blob that takes its place. Its row stays: the same bytes are not stored again.
    """

    __tablename__ = "blobs"
    __table_args__ = (
        CheckConstraint("state IN ('live', 'trashed', 'purged')", name="blob_state"),
        CheckConstraint("(state = 'live') = (kept_as IS NULL)", name="blob_kept_unless_live"),
        Index("blobs_by_kept_as", "kept_as", sqlite_where=text("kept_as IS NOT NULL")),
        Index("blobs_unsearched", "stored_at", sqlite_where=text("searched IS NULL AND phash IS NOT NULL")),
    )

    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    extension: Mapped[str] = mapped_column(String(8))
    format: Mapped[str] = mapped_column(String(8))
    size: Mapped[int] = mapped_column(BigInteger)
    width: Mapped[int | None]
    height: Mapped[int | None]
    frames: Mapped[int | None]
    animated: Mapped[bool] = mapped_column(default=False)
    unchecked: Mapped[str] = mapped_column(default="")
    phash: Mapped[str | None] = mapped_column(Hash64)
    dhash: Mapped[str | None] = mapped_column(Hash64)
    hash_version: Mapped[int | None]
    flat: Mapped[bool] = mapped_column(default=False, server_default=false())
    stored_at: Mapped[datetime] = mapped_column(UtcDateTime)
    searched: Mapped[int | None]
    state: Mapped[str] = mapped_column(String(8), default="live", server_default="live")
    kept_as: Mapped[str | None] = mapped_column(ForeignKey("blobs.sha256"))
    trashed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class StoredFile(Base):
    """A file that this archive wrote: `path` relative to the output directory, with `/`."""

    __tablename__ = "files"
    __table_args__ = (
        CheckConstraint("layout IN ('blobs', 'straight')", name="file_layout"),
        Index("files_by_sha256", "sha256"),
    )

    path: Mapped[str] = mapped_column(primary_key=True)
    sha256: Mapped[str] = mapped_column(ForeignKey("blobs.sha256"))
    layout: Mapped[str] = mapped_column(String(8))


class Intent(Base):
    """A file that is on its way to its final name: start-up rolls it forward or drops it.

    `image` holds the fields of the image's row as they are to be recorded.
    """

    __tablename__ = "intents"

    intent_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    temporary: Mapped[str]
    path: Mapped[str]
    sha256: Mapped[str] = mapped_column(String(64))
    size: Mapped[int] = mapped_column(BigInteger)
    image: Mapped[dict[str, Any]] = mapped_column(JSON)


class Tag(Base):
    """A tag in a tree; `key` is the name without regard to case, unique among siblings."""

    __tablename__ = "tags"
    __table_args__ = (
        UniqueConstraint("parent_id", "key", name="tags_among_siblings"),
        # NULLs are all different to a unique constraint, so roots need their own.
        Index("tags_among_roots", "key", unique=True, sqlite_where=text("parent_id IS NULL")),
    )

    tag_id: Mapped[int] = mapped_column(primary_key=True)
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("tags.tag_id"))
    name: Mapped[str]
    key: Mapped[str]


class BlobTag(Base):
    """A tag on a blob."""

    __tablename__ = "blob_tags"
    __table_args__ = (Index("blob_tags_by_tag", "tag_id"),)

    sha256: Mapped[str] = mapped_column(ForeignKey("blobs.sha256"), primary_key=True)
    tag_id: Mapped[int] = mapped_column(ForeignKey("tags.tag_id"), primary_key=True)

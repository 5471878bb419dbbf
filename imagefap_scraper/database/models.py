"""The tables. One row of `images` is one image of the site, one row of `blobs` one sequence of bytes on disk."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    DateTime,
    Dialect,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    String,
    TypeDecorator,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

#: The newest migration (migrations/versions); readers compare it without importing Alembic.
SCHEMA_REVISION = "0001"

_SIGN_BIT = 1 << 63


class UtcDateTime(TypeDecorator[datetime]):
    """A moment, always aware and in UTC; SQLite keeps no zone, so it is taken off and put back here."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return the naive UTC moment that is stored."""
        return None if value is None else value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return the aware moment."""
        return None if value is None else value.replace(tzinfo=UTC)


class Hash64(TypeDecorator[str]):
    """A 64-bit perceptual hash: 16 hexadecimal digits outside, a signed integer inside.

    Integers load into an array twice as fast as text, and SQL can compare their bits.
    """

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> int | None:
        """Return the signed integer of 16 hexadecimal digits."""
        if value is None:
            return None
        number = int(value, 16)
        return number - 2 * _SIGN_BIT if number & _SIGN_BIT else number

    def process_result_value(self, value: Any | None, dialect: Dialect) -> str | None:
        """Return 16 hexadecimal digits."""
        return None if value is None else f"{int(value) % (2 * _SIGN_BIT):016x}"


class Base(DeclarativeBase):
    """The declarative base of all tables."""


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
    """

    __tablename__ = "images"
    __table_args__ = (
        CheckConstraint("status IN ('wanted', 'stored', 'failed', 'gone')", name="image_status"),
        CheckConstraint("(status = 'stored') = (sha256 IS NOT NULL)", name="image_sha256_iff_stored"),
        CheckConstraint("missing IN ('page', 'address', 'file')", name="image_missing"),
        Index("images_by_status", "status"),
        Index("images_by_sha256", "sha256"),
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
        Index("favorites_by_image", "image_id"),
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


class Blob(Base):
    """One sequence of bytes in the archive, with what a decoder found in it. Sizes in bytes and pixels."""

    __tablename__ = "blobs"

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
    stored_at: Mapped[datetime] = mapped_column(UtcDateTime)


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


class DuplicateGroup(Base):
    """Blobs that look alike and are judged together."""

    __tablename__ = "duplicate_groups"

    group_id: Mapped[int] = mapped_column(primary_key=True)


class DuplicateMember(Base):
    """A blob in a group of look-alikes, with the original program's four verdicts."""

    __tablename__ = "duplicate_members"
    __table_args__ = (
        CheckConstraint("verdict IN ('new', 'keep', 'skip', 'false')", name="member_verdict"),
        Index("duplicate_members_by_sha256", "sha256"),
    )

    group_id: Mapped[int] = mapped_column(ForeignKey("duplicate_groups.group_id"), primary_key=True)
    sha256: Mapped[str] = mapped_column(ForeignKey("blobs.sha256"), primary_key=True)
    verdict: Mapped[str] = mapped_column(String(8), default="new")

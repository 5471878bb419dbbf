"""The first schema.

Revision ID: 0001
Revises:
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from imagefap_scraper.database import base

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make every table."""
    op.create_table(
        "blobs",
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("extension", sa.String(length=8), nullable=False),
        sa.Column("format", sa.String(length=8), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("width", sa.Integer(), nullable=True),
        sa.Column("height", sa.Integer(), nullable=True),
        sa.Column("frames", sa.Integer(), nullable=True),
        sa.Column("animated", sa.Boolean(), nullable=False),
        sa.Column("unchecked", sa.String(), nullable=False),
        sa.Column("phash", base.Hash64(), nullable=True),
        sa.Column("dhash", base.Hash64(), nullable=True),
        sa.Column("hash_version", sa.Integer(), nullable=True),
        sa.Column("stored_at", base.UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("sha256"),
    )
    op.create_table(
        "duplicate_groups", sa.Column("group_id", sa.Integer(), nullable=False), sa.PrimaryKeyConstraint("group_id")
    )
    op.create_table(
        "intents",
        sa.Column("intent_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("temporary", sa.String(), nullable=False),
        sa.Column("path", sa.String(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("image", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("intent_id"),
    )
    op.create_table(
        "tags",
        sa.Column("tag_id", sa.Integer(), nullable=False),
        sa.Column("parent_id", sa.Integer(), nullable=True),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["parent_id"],
            ["tags.tag_id"],
        ),
        sa.PrimaryKeyConstraint("tag_id"),
        sa.UniqueConstraint("parent_id", "key", name="tags_among_siblings"),
    )
    op.create_index("tags_among_roots", "tags", ["key"], unique=True, sqlite_where=sa.text("parent_id IS NULL"))
    op.create_table(
        "users",
        sa.Column("user_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("first_seen", base.UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("user_id"),
    )
    op.create_table(
        "blob_tags",
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("tag_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["sha256"],
            ["blobs.sha256"],
        ),
        sa.ForeignKeyConstraint(
            ["tag_id"],
            ["tags.tag_id"],
        ),
        sa.PrimaryKeyConstraint("sha256", "tag_id"),
    )
    op.create_index("blob_tags_by_tag", "blob_tags", ["tag_id"], unique=False)
    op.create_table(
        "duplicate_members",
        sa.Column("group_id", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("verdict", sa.String(length=8), nullable=False),
        sa.CheckConstraint("verdict IN ('new', 'keep', 'skip', 'false')", name="member_verdict"),
        sa.ForeignKeyConstraint(
            ["group_id"],
            ["duplicate_groups.group_id"],
        ),
        sa.ForeignKeyConstraint(
            ["sha256"],
            ["blobs.sha256"],
        ),
        sa.PrimaryKeyConstraint("group_id", "sha256"),
    )
    op.create_index("duplicate_members_by_sha256", "duplicate_members", ["sha256"], unique=False)
    op.create_table(
        "files",
        sa.Column("path", sa.String(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("layout", sa.String(length=8), nullable=False),
        sa.CheckConstraint("layout IN ('blobs', 'straight')", name="file_layout"),
        sa.ForeignKeyConstraint(
            ["sha256"],
            ["blobs.sha256"],
        ),
        sa.PrimaryKeyConstraint("path"),
    )
    op.create_index("files_by_sha256", "files", ["sha256"], unique=False)
    op.create_table(
        "folders",
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("folder_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=True),
        sa.Column("pages", sa.Integer(), nullable=False),
        sa.Column("first_seen", base.UtcDateTime(), nullable=False),
        sa.Column("listed_at", base.UtcDateTime(), nullable=True),
        sa.Column("finished_straight", base.UtcDateTime(), nullable=True),
        sa.Column("finished_blobs", base.UtcDateTime(), nullable=True),
        sa.Column("unlisted_at", base.UtcDateTime(), nullable=True),
        sa.CheckConstraint("kind IN ('images', 'galleries', 'empty')", name="folder_kind"),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["users.user_id"],
        ),
        sa.PrimaryKeyConstraint("user_id", "folder_id"),
    )
    op.create_table(
        "images",
        sa.Column("image_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("attempted_at", base.UtcDateTime(), nullable=True),
        sa.Column("stored_at", base.UtcDateTime(), nullable=True),
        sa.Column("sha256", sa.String(length=64), nullable=True),
        sa.Column("name", sa.String(), nullable=True),
        sa.Column("gallery_id", sa.BigInteger(), nullable=True),
        sa.Column("address", sa.String(), nullable=True),
        sa.Column("added", sa.String(), nullable=True),
        sa.Column("missing", sa.String(length=8), nullable=True),
        sa.Column("missed_at", base.UtcDateTime(), nullable=True),
        sa.Column("vanished_at", base.UtcDateTime(), nullable=True),
        sa.CheckConstraint("(status = 'stored') = (sha256 IS NOT NULL)", name="image_sha256_iff_stored"),
        sa.CheckConstraint("missing IN ('page', 'address', 'file')", name="image_missing"),
        sa.CheckConstraint("status IN ('wanted', 'stored', 'failed', 'gone')", name="image_status"),
        sa.ForeignKeyConstraint(
            ["sha256"],
            ["blobs.sha256"],
        ),
        sa.PrimaryKeyConstraint("image_id"),
    )
    op.create_index("images_by_sha256", "images", ["sha256"], unique=False)
    op.create_index("images_by_status", "images", ["status"], unique=False)
    op.create_table(
        "favorites",
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("folder_id", sa.BigInteger(), nullable=False),
        sa.Column("image_id", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("listed_name", sa.String(), nullable=True),
        sa.Column("verdict", sa.String(length=8), nullable=False),
        sa.Column("first_seen", base.UtcDateTime(), nullable=False),
        sa.Column("shown_at", base.UtcDateTime(), nullable=False),
        sa.Column("unlisted_at", base.UtcDateTime(), nullable=True),
        sa.CheckConstraint("verdict IN ('new', 'keep', 'skip')", name="favorite_verdict"),
        sa.ForeignKeyConstraint(
            ["image_id"],
            ["images.image_id"],
        ),
        sa.ForeignKeyConstraint(
            ["user_id", "folder_id"],
            ["folders.user_id", "folders.folder_id"],
        ),
        sa.PrimaryKeyConstraint("user_id", "folder_id", "image_id"),
        sa.UniqueConstraint("user_id", "folder_id", "position", name="favorites_in_order"),
    )
    op.create_index("favorites_by_image", "favorites", ["image_id"], unique=False)

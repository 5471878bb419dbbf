"""The collection: galleries, and what is searched.

Revision ID: 0003
Revises: 0002
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from imagefap_scraper.database import base, facets

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables of the galleries and of the search."""
    _make_galleries()
    _widen_indexes()
    _make_facets()


def _make_galleries() -> None:
    op.create_table(
        "galleries",
        sa.Column("gallery_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=True),
        sa.Column("images", sa.Integer(), nullable=True),
        sa.Column("pages", sa.Integer(), nullable=False),
        sa.Column("first_seen", base.UtcDateTime(), nullable=False),
        sa.Column("listed_at", base.UtcDateTime(), nullable=True),
        sa.Column("gone_at", base.UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("gallery_id"),
    )
    op.create_table(
        "folder_galleries",
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("folder_id", sa.BigInteger(), nullable=False),
        sa.Column("gallery_id", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("listed_name", sa.String(), nullable=True),
        sa.Column("first_seen", base.UtcDateTime(), nullable=False),
        sa.Column("shown_at", base.UtcDateTime(), nullable=False),
        sa.Column("unlisted_at", base.UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["gallery_id"],
            ["galleries.gallery_id"],
        ),
        sa.ForeignKeyConstraint(
            ["user_id", "folder_id"],
            ["folders.user_id", "folders.folder_id"],
        ),
        sa.PrimaryKeyConstraint("user_id", "folder_id", "gallery_id"),
        sa.UniqueConstraint("user_id", "folder_id", "position", name="folder_galleries_in_order"),
    )
    op.create_index("folder_galleries_by_gallery", "folder_galleries", ["gallery_id"], unique=False)
    op.create_table(
        "gallery_images",
        sa.Column("gallery_id", sa.BigInteger(), nullable=False),
        sa.Column("image_id", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("first_seen", base.UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["gallery_id"],
            ["galleries.gallery_id"],
        ),
        sa.ForeignKeyConstraint(
            ["image_id"],
            ["images.image_id"],
        ),
        sa.PrimaryKeyConstraint("gallery_id", "image_id"),
    )
    op.create_index("gallery_images_by_image", "gallery_images", ["image_id"], unique=False)


def _widen_indexes() -> None:
    """Let the indexes by image and by blob answer alone, without their tables."""
    op.drop_index("favorites_by_image", "favorites")
    op.create_index("favorites_by_image", "favorites", ["image_id", "user_id", "folder_id"], unique=False)
    op.drop_index("images_by_sha256", "images")
    op.create_index("images_by_sha256", "images", ["sha256", "image_id"], unique=False)


def _make_facets() -> None:
    op.create_table(
        "facets",
        sa.Column("image_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("format", sa.String(), nullable=True),
        sa.Column("width", sa.Integer(), nullable=True),
        sa.Column("height", sa.Integer(), nullable=True),
        sa.Column("size", sa.Integer(), nullable=True),
        sa.Column("animated", sa.Boolean(), nullable=False),
        sa.Column("gone", sa.Boolean(), nullable=False),
        sa.Column("dup", sa.Integer(), nullable=False),
        sa.Column("tags", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("stored", sa.Integer(), nullable=True),
        sa.Column("uploaded", sa.Integer(), nullable=True),
        sa.Column("name", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("image_id"),
    )
    op.create_index("facets_by_user", "facets", ["user_id"], unique=False)
    op.create_table(
        "facet_tags",
        sa.Column("tag_id", sa.Integer(), nullable=False),
        sa.Column("image_id", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("tag_id", "image_id"),
        sqlite_with_rowid=False,
    )
    for statement in (facets.NAMES, *facets.FILL, *facets.TRIGGERS):
        op.get_bind().exec_driver_sql(statement)

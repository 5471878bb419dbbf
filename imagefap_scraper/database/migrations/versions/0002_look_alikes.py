"""Look-alikes: flat pictures, the trash, evidence, knowledge, groups, the journal.

Revision ID: 0002
Revises: 0001
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from imagefap_scraper.database import base
from imagefap_scraper.database.duplicate_models import GUARDS

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Rebuild blobs and images, whose checks change, and make the tables of the look-alikes.

    Foreign keys are off meanwhile (`migrations.upgrade`): dropping a table would otherwise delete what names it.
    """
    _rebuild_blobs()
    _rebuild_images()
    # Nothing was ever written to these.
    op.drop_table("duplicate_members")
    op.drop_table("duplicate_groups")
    _make_tables()
    for trigger in GUARDS.values():
        op.execute(trigger)


def _replace(table: str, columns: str) -> None:
    op.execute(f"INSERT INTO {table}_new ({columns}) SELECT {columns} FROM {table}")  # noqa: S608 - names of ours
    op.drop_table(table)
    op.rename_table(f"{table}_new", table)


def _rebuild_blobs() -> None:
    op.create_table(
        "blobs_new",
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
        sa.Column("flat", sa.Boolean(), server_default=sa.text("0"), nullable=False),
        sa.Column("stored_at", base.UtcDateTime(), nullable=False),
        sa.Column("searched", sa.Integer(), nullable=True),
        sa.Column("state", sa.String(length=8), server_default="live", nullable=False),
        sa.Column("kept_as", sa.String(length=64), nullable=True),
        sa.Column("trashed_at", base.UtcDateTime(), nullable=True),
        sa.CheckConstraint("(state = 'live') = (kept_as IS NULL)", name="blob_kept_unless_live"),
        sa.CheckConstraint("state IN ('live', 'trashed', 'purged')", name="blob_state"),
        sa.ForeignKeyConstraint(
            ["kept_as"],
            ["blobs.sha256"],
        ),
        sa.PrimaryKeyConstraint("sha256"),
    )
    _replace(
        "blobs",
        "sha256, extension, format, size, width, height, frames, animated, unchecked, phash, dhash, hash_version, "
        "stored_at",
    )
    op.create_index("blobs_by_kept_as", "blobs", ["kept_as"], unique=False, sqlite_where=sa.text("kept_as IS NOT NULL"))
    op.create_index(
        "blobs_unsearched",
        "blobs",
        ["stored_at"],
        unique=False,
        sqlite_where=sa.text("searched IS NULL AND phash IS NOT NULL"),
    )


def _rebuild_images() -> None:
    op.create_table(
        "images_new",
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
        sa.Column("skipped_sha256", sa.String(length=64), nullable=True),
        sa.CheckConstraint("(status = 'skipped') = (skipped_sha256 IS NOT NULL)", name="image_blob_iff_skipped"),
        sa.CheckConstraint("(status = 'stored') = (sha256 IS NOT NULL)", name="image_sha256_iff_stored"),
        sa.CheckConstraint("missing IN ('page', 'address', 'file')", name="image_missing"),
        sa.CheckConstraint(
            "status IN ('wanted', 'stored', 'failed', 'gone', 'skipped', 'filtered')", name="image_status"
        ),
        sa.ForeignKeyConstraint(
            ["sha256"],
            ["blobs.sha256"],
        ),
        sa.ForeignKeyConstraint(
            ["skipped_sha256"],
            ["blobs.sha256"],
        ),
        sa.PrimaryKeyConstraint("image_id"),
    )
    _replace(
        "images",
        "image_id, status, reason, attempts, attempted_at, stored_at, sha256, name, gallery_id, address, added, "
        "missing, missed_at, vanished_at",
    )
    op.create_index("images_by_sha256", "images", ["sha256"], unique=False)
    op.create_index(
        "images_by_skipped",
        "images",
        ["skipped_sha256"],
        unique=False,
        sqlite_where=sa.text("skipped_sha256 IS NOT NULL"),
    )
    op.create_index("images_by_status", "images", ["status"], unique=False)


def _make_tables() -> None:
    op.create_table(
        "duplicate_groups",
        sa.Column("group_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("rev", sa.String(length=16), nullable=False),
        sa.Column("bytes_to_win", sa.Integer(), nullable=False),
        sa.Column("suggestion", sa.String(length=64), nullable=True),
        sa.Column("margin", sa.Integer(), nullable=True),
        sa.Column("reasons", sa.JSON(), nullable=False),
        sa.Column("rule", sa.String(), nullable=True),
        sa.Column("deferred_until", base.UtcDateTime(), nullable=True),
        sa.CheckConstraint(
            "kind IN ('pixel-identical', 'copy', 'edited', 'crop', 'turned', 'look-alike')", name="group_kind"
        ),
        sa.CheckConstraint(
            "state IN ('new', 'suggested', 'decided', 'applied', 'deferred', 'reopened', 'stale')",
            name="group_state",
        ),
        sa.PrimaryKeyConstraint("group_id"),
    )
    op.create_index("duplicate_groups_by_state", "duplicate_groups", ["state", "kind"], unique=False)
    op.create_table(
        "duplicate_members",
        sa.Column("group_id", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("verdict", sa.String(length=8), nullable=False),
        sa.Column("asked", sa.Boolean(), nullable=False),
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
        "looks",
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("look_version", sa.Integer(), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("pixels_sha256", sa.String(length=64), nullable=True),
        sa.ForeignKeyConstraint(
            ["sha256"],
            ["blobs.sha256"],
        ),
        sa.PrimaryKeyConstraint("sha256"),
    )
    op.create_table(
        "pairs",
        sa.Column("first", sa.String(length=64), nullable=False),
        sa.Column("second", sa.String(length=64), nullable=False),
        sa.Column("distance", sa.Integer(), nullable=False),
        sa.Column("dhash_distance", sa.Integer(), nullable=False),
        sa.Column("orientation", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("peak", sa.Double(), nullable=True),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.Column("hash_version", sa.Integer(), nullable=False),
        sa.Column("look_version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('pixel-identical', 'copy', 'edited', 'crop', 'turned', 'look-alike')", name="pair_kind"
        ),
        sa.CheckConstraint("first < second", name="pair_in_order"),
        sa.ForeignKeyConstraint(
            ["first"],
            ["blobs.sha256"],
        ),
        sa.ForeignKeyConstraint(
            ["second"],
            ["blobs.sha256"],
        ),
        sa.PrimaryKeyConstraint("first", "second"),
    )
    op.create_index("pairs_by_second", "pairs", ["second"], unique=False)
    op.create_table(
        "relations",
        sa.Column("first", sa.String(length=64), nullable=False),
        sa.Column("second", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("action_id", sa.Integer(), nullable=False),
        sa.CheckConstraint("kind IN ('same', 'variant', 'not_same')", name="relation_kind"),
        sa.CheckConstraint("first < second", name="relation_in_order"),
        sa.ForeignKeyConstraint(
            ["first"],
            ["blobs.sha256"],
        ),
        sa.ForeignKeyConstraint(
            ["second"],
            ["blobs.sha256"],
        ),
        sa.PrimaryKeyConstraint("first", "second"),
    )
    op.create_index("relations_by_second", "relations", ["second"], unique=False)
    op.create_table(
        "actions",
        sa.Column("action_id", sa.Integer(), nullable=False),
        sa.Column("at", base.UtcDateTime(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("summary", sa.String(), nullable=False),
        sa.Column("batch", sa.Integer(), nullable=False),
        sa.Column("bytes_moved", sa.Integer(), nullable=False),
        sa.Column("changes", sa.JSON(), nullable=False),
        sa.Column("rule", sa.String(), nullable=True),
        sa.Column("undoes", sa.Integer(), nullable=True),
        sa.Column("undone_by", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["undoes"],
            ["actions.action_id"],
        ),
        sa.ForeignKeyConstraint(
            ["undone_by"],
            ["actions.action_id"],
        ),
        sa.PrimaryKeyConstraint("action_id"),
    )
    op.create_index("actions_by_batch", "actions", ["batch"], unique=False)
    op.create_table(
        "moves",
        sa.Column("move_id", sa.Integer(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("target", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("move_id"),
    )
    op.create_table(
        "rule_modes",
        sa.Column("rule", sa.String(length=32), nullable=False),
        sa.Column("mode", sa.String(length=8), nullable=False),
        sa.CheckConstraint("mode IN ('off', 'suggest', 'auto')", name="rule_mode"),
        sa.PrimaryKeyConstraint("rule"),
    )
    op.create_table(
        "denials",
        sa.Column("rule", sa.String(length=32), nullable=False),
        sa.Column("first", sa.String(length=64), nullable=False),
        sa.Column("second", sa.String(length=64), nullable=False),
        sa.Column("action_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["first"],
            ["blobs.sha256"],
        ),
        sa.ForeignKeyConstraint(
            ["second"],
            ["blobs.sha256"],
        ),
        sa.PrimaryKeyConstraint("rule", "first", "second"),
    )
    # ### end Alembic commands ###

"""What the original held and what the archive holds, in the same words."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select

from imagefap_scraper.database.duplicate_models import DuplicateGroup, DuplicateMember
from imagefap_scraper.database.models import Blob, BlobTag, Favorite, Folder, Image, StoredFile, Tag, User
from imagefap_scraper.items import ImageStatus

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from imagefap_scraper.legacy.plan import Plan
    from imagefap_scraper.legacy.records import LegacyDatabase

__all__ = ["counts_after", "counts_before"]


def counts_before(database: LegacyDatabase, plan: Plan) -> dict[str, int]:
    """Return what the original held; `bytes` are those of its blobs, `not_on_site` what its audits missed."""
    images = plan.images.values()
    places = Counter(listed.verdict for folder in plan.folders.values() for listed in folder.listed)
    members = Counter(verdict for group in database.groups for _, verdict in group.verdicts)
    return {
        "users": len(plan.users),
        "folders": len(plan.folders),
        "favorites": sum(places.values()),
        "favorites_keep": places["keep"],
        "favorites_skip": places["skip"],
        "images": len(plan.images),
        "images_stored": sum(image.sha256 is not None for image in images),
        "images_failed": sum(image.failed is not None and image.sha256 is None for image in images),
        "images_not_on_site": sum(image.gone is not None for image in images),
        "blobs": len(database.blobs),
        "bytes": sum(blob.size or 0 for blob in database.blobs),
        "tags": len(database.tags),
        "tagged": sum(len(set(blob.tags)) for blob in database.blobs),
        "groups": len(database.groups),
        **{f"members_{verdict}": members[verdict] for verdict in ("new", "false", "keep", "skip")},
    }


def counts_after(connection: Connection) -> dict[str, int]:
    """Return what the archive holds, by the same words; blobs are those that have a file."""

    def count(table: Any, *where: Any) -> int:
        return int(connection.execute(select(func.count()).select_from(table).where(*where)).scalar_one())

    has_file = select(StoredFile.sha256).where(StoredFile.sha256 == Blob.sha256).exists()
    size = select(func.coalesce(func.sum(Blob.size), 0)).where(has_file)
    return {
        "users": count(User),
        "folders": count(Folder),
        "favorites": count(Favorite),
        "favorites_keep": count(Favorite, Favorite.verdict == "keep"),
        "favorites_skip": count(Favorite, Favorite.verdict == "skip"),
        "images": count(Image),
        "images_stored": count(Image, Image.status == ImageStatus.STORED),
        "images_failed": count(Image, Image.status == ImageStatus.FAILED),
        "images_not_on_site": count(Image, Image.missing.is_not(None)),
        "blobs": count(Blob, has_file),
        "bytes": int(connection.execute(size).scalar_one()),
        "tags": count(Tag),
        "tagged": count(BlobTag),
        "groups": count(DuplicateGroup),
        **{
            f"members_{verdict}": count(DuplicateMember, DuplicateMember.verdict == verdict)
            for verdict in ("new", "false", "keep", "skip")
        },
    }

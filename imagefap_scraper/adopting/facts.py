"""What the rows of a picture are made of, from an inspection or from the blob that is there already."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from imagefap_scraper.inspection.formats import Format, extension
from imagefap_scraper.inspection.result import Inspection, Outcome
from imagefap_scraper.items import ImageItem, ImageStatus

if TYPE_CHECKING:
    from imagefap_scraper.adopting.candidates import Candidate
    from imagefap_scraper.database.reads import StoredBlob

#: What an item is told of its bytes.
Facts: TypeAlias = dict[str, Any]
_SAME = ("width", "height", "frames", "animated", "phash", "dhash", "hash_version", "flat")


def facts_of(found: Inspection | StoredBlob) -> Facts:
    """Return what is known of bytes that may be stored."""
    facts: Facts = {name: getattr(found, name) for name in _SAME}
    if isinstance(found, Inspection):
        unchecked = found.reason if found.outcome is Outcome.UNCHECKED else ""
    else:
        unchecked = found.unchecked
    return facts | {"format": str(found.format), "unchecked": bool(unchecked), "reason": unchecked}


def make_item(candidate: Candidate, image_id: int, facts: Facts) -> ImageItem:
    """Return a picture as a crawl would hand it on."""
    return ImageItem(
        image_id,
        ImageStatus.STORED,
        name=candidate.name,
        gallery_id=candidate.gallery_id,
        sha256=candidate.sha256,
        size=candidate.size,
        **facts,
    )


def extension_of(item: ImageItem) -> str:
    """Return the extension of a picture's blob, without a dot."""
    assert item.format is not None
    return extension(Format(item.format))

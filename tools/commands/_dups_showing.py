"""`dups show` as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from imagefap_scraper.review.options import read_options
from imagefap_scraper.review.showing import collect as collect_group
from tools.commands._archive import open_archive
from tools.commands._dups_listing import described
from tools.commands._text import json_text, write

if TYPE_CHECKING:
    from pathlib import Path

    from imagefap_scraper.database.members import BlobFacts
    from imagefap_scraper.review.showing import Shown


def collect(directory: Path, group_id: int) -> Shown:
    """Return what is known of a group.

    Raises:
        NotFoundError: there is none of that number.
        ArchiveError: there is no usable archive, or a setting cannot be.
    """
    options = read_options()
    with open_archive(directory) as archive:
        return collect_group(archive.connection, group_id, options)


def write_json(shown: Shown) -> None:
    """Write the group as one JSON object to stdout; members in the order of their numbers."""
    document = described(shown.group)
    known = {member["sha256"]: member for member in document["members"]}
    document["members"] = [
        {**known[one.sha256], **_member(number, one, shown)} for number, one in enumerate(shown.members, 1)
    ]
    document["reasons"] = shown.group.reasons.get("reasons", [])
    document["guards"] = shown.group.reasons.get("guards", [])
    names = ("first", "second", "kind", "distance", "dhash_distance", "orientation", "peak", "details")
    document["pairs"] = [{name: getattr(pair, name) for name in names} for pair in shown.pairs]
    after = shown.consequence
    document["accept"] = after and {
        "keep": after.keep,
        "skip": after.skip,
        "bytes": after.bytes,
        "tags": after.tags,
        "places": after.places,
    }
    write(json_text(document) + "\n")


def _member(number: int, one: BlobFacts, shown: Shown) -> dict[str, Any]:
    return {
        "number": number,
        "width": one.width,
        "height": one.height,
        "bytes": one.size,
        "format": one.format,
        "frames": one.frames,
        "quantization": one.facts.get("quantization"),
        "subsampling": one.facts.get("subsampling"),
        "state": one.state,
        "kept_as": one.kept_as,
        "gone": one.gone,
        "protected": one.protected,
        "names": sorted({place.name for place in shown.places[one.sha256] if place.name is not None}),
        "places": [
            {
                "user": place.user,
                "folder": place.folder,
                "position": place.position,
                "image_id": place.image_id,
                "own": place.own,
                "gone": place.gone,
            }
            for place in shown.places[one.sha256]
        ],
        "tags": shown.tags[one.sha256],
    }

"""`dups show`: one group with everything that a decision about it depends on, collected for both forms."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from imagefap_scraper.database import groups as stored
from imagefap_scraper.database import members as blobs
from imagefap_scraper.database.tags import TagTree
from imagefap_scraper.review.deciding import follow
from imagefap_scraper.review.options import read_options
from tools.commands import _dups_queries as queries
from tools.commands._archive import open_archive
from tools.commands._dups_listing import described
from tools.commands._dups_members import numbered
from tools.commands._text import json_text, write

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy import Connection

    from imagefap_scraper.database.groups import StoredGroup
    from imagefap_scraper.database.members import BlobFacts, PlaceRow

#: Bits of a hash: pairs of any distance are shown.
_ALL_BITS = 64


@dataclass(frozen=True, slots=True)
class Consequence:
    """What accepting the suggestion would do; pictures by SHA-256, `bytes` go to the trash."""

    keep: str
    skip: list[str]
    bytes: int
    tags: list[str]
    places: list[str]


@dataclass(frozen=True, slots=True)
class Shown:
    """A group: members in the order of their numbers, places and tags (paths) by SHA-256, rows of `pairs`."""

    group: StoredGroup
    members: list[BlobFacts]
    places: dict[str, list[PlaceRow]]
    tags: dict[str, list[str]]
    pairs: list[Any]
    consequence: Consequence | None


def collect(directory: Path, group_id: int) -> Shown:
    """Return what is known of a group.

    Raises:
        NotFoundError: there is none of that number.
        ArchiveError: there is no usable archive, or a setting cannot be.
    """
    options = read_options()
    with open_archive(directory) as archive:
        connection = archive.connection
        group = queries.group(connection, group_id)
        members = numbered(connection, group, options.protected)
        places = {one.sha256: blobs.places(connection, one.sha256) for one in members}
        tree = TagTree(connection)
        tags = {one.sha256: sorted(tree.tags[tag].path for tag in _tags(connection, one)) for one in members}
        pairs = list(stored.pairs(connection, _ALL_BITS, _ALL_BITS, [one.sha256 for one in members]))
    consequence = _consequence(group, members, places, tags)
    return Shown(group, members, places, tags, pairs, consequence)


def _tags(connection: Connection, one: BlobFacts) -> list[int]:
    return blobs.tags(connection, one.sha256) if one.tags else []


def _consequence(
    group: StoredGroup, members: list[BlobFacts], places: dict[str, list[PlaceRow]], tags: dict[str, list[str]]
) -> Consequence | None:
    """Return what accepting would do; None if there is nothing to accept."""
    if group.suggestion is None or group.state not in queries.ASKING:
        return None
    keep = group.suggestion
    given = follow(group).verdicts
    skip = [one for one in members if one.sha256 in given and one.sha256 != keep]
    new_tags = {tag for one in skip for tag in tags[one.sha256]} - set(tags[keep])
    new_places = {place_name(place) for one in skip for place in places[one.sha256]}
    return Consequence(
        keep, [one.sha256 for one in skip], sum(one.size for one in skip), sorted(new_tags), sorted(new_places)
    )


def place_name(place: PlaceRow) -> str:
    """Return a place as `user/folder/position`."""
    return f"{place.user}/{place.folder}/{place.position}"


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

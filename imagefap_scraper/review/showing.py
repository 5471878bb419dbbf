"""One group with everything that a decision about it depends on, for the command line and the pages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from imagefap_scraper.database import groups as stored
from imagefap_scraper.database import members as blobs
from imagefap_scraper.database.tags import TagTree
from imagefap_scraper.review import queue
from imagefap_scraper.review.deciding import follow
from imagefap_scraper.review.members import numbered

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from imagefap_scraper.database.groups import StoredGroup
    from imagefap_scraper.database.members import BlobFacts, PlaceRow
    from imagefap_scraper.review.options import Options

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
    """A group: members in the order of their numbers, places and tags (paths) by SHA-256, rows of `pairs`.

    `relations` are what is known around the members: two SHA-256s, and what they are to each other.
    """

    group: StoredGroup
    members: list[BlobFacts]
    places: dict[str, list[PlaceRow]]
    tags: dict[str, list[str]]
    pairs: list[Any]
    consequence: Consequence | None
    relations: list[tuple[str, str, str]]


def collect(connection: Connection, group_id: int, options: Options) -> Shown:
    """Return what is known of a group.

    Raises:
        NotFoundError: there is none of that number.
    """
    group = queue.group(connection, group_id)
    members = numbered(connection, group, options.protected)
    places = {one.sha256: blobs.places(connection, one.sha256) for one in members}
    tree = TagTree(connection)
    tags = {one.sha256: sorted(tree.tags[tag].path for tag in _tags(connection, one)) for one in members}
    pairs = list(stored.pairs(connection, _ALL_BITS, _ALL_BITS, [one.sha256 for one in members]))
    consequence = _consequence(group, members, places, tags)
    relations = stored.relations(connection, [one.sha256 for one in members])
    return Shown(group, members, places, tags, pairs, consequence, relations)


def _tags(connection: Connection, one: BlobFacts) -> list[int]:
    return blobs.tags(connection, one.sha256) if one.tags else []


def _consequence(
    group: StoredGroup, members: list[BlobFacts], places: dict[str, list[PlaceRow]], tags: dict[str, list[str]]
) -> Consequence | None:
    """Return what accepting would do; None if there is nothing to accept."""
    if group.suggestion is None or group.state not in queue.ASKING:
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

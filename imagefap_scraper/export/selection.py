"""What is to be exported: the pictures of a query with their tags and places, the user's verdicts respected."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import select

from imagefap_scraper import query as queries
from imagefap_scraper.database._parts import in_parts
from imagefap_scraper.database.duplicate_models import DuplicateMember
from imagefap_scraper.database.models import Blob, BlobTag, StoredFile
from imagefap_scraper.database.tags import TagTree
from imagefap_scraper.export.places import positions
from imagefap_scraper.query.nodes import All, Query, Term
from imagefap_scraper.query.nodes import Any as AnyOf
from imagefap_scraper.query.places import Places

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from sqlalchemy import Connection

    from imagefap_scraper.database.tags import TagRow
    from imagefap_scraper.export.places import Position

#: SQLite takes conditions a thousand deep.
_MOST_TAGS = 500


@dataclass(frozen=True, slots=True)
class Bytes:
    """A blob: its SHA-256, the extension of its format, and its size in bytes."""

    sha256: str
    extension: str
    size: int


@dataclass(frozen=True, slots=True)
class Picture:
    """An image to export with the blob that is shown for it.

    Attributes:
        image_id: the site's number.
        name: as the site shows it.
        blob: its bytes, or those that were kept in their place.
        tags: the paths of all its tags, each as its names from the root.
        under: the tags among them that were asked for.
        places: where it is and may be exported.
        at: the places among them that were asked for.
    """

    image_id: int
    name: str | None
    blob: Bytes
    tags: tuple[tuple[str, ...], ...]
    under: tuple[tuple[str, ...], ...]
    places: tuple[Position, ...]
    at: tuple[Position, ...]


class _Asked:
    """Which tags and folders a query asks for; None where it does not say."""

    def __init__(self, connection: Connection, query: Query, tag_ids: Collection[int]) -> None:
        nodes = query.root.nodes if isinstance(query.root, All) else (query.root,)
        terms = [node for node in nodes if isinstance(node, Term)]
        places = Places(connection, query)
        self.tags = set(tag_ids)
        for term in terms:
            if term.field == "tag" and not tag_ids:
                self.tags.update(places.tags(term))
        self._folders = [set(places.folders(term)) for term in terms if term.field == "folder"]
        self._users = [set(places.users(term)) for term in terms if term.field == "user"]

    def has(self, place: Position) -> bool:
        return all((place.user_id, place.folder_id) in one for one in self._folders) and all(
            place.user_id in one for one in self._users
        )


def select_pictures(connection: Connection, query: str, tags: Sequence[str] = ()) -> list[Picture]:
    """Return the pictures of a query, or of tags with what is below them, or of both at once.

    Images without bytes are left out, and those whose places all have the verdict `skip`. For a blob with the verdict
    `skip` among look-alikes stands the one that is kept.

    Raises:
        UserInputError: the query cannot be read, or names what there is not.
    """
    tree = TagTree(connection)
    named = [tree.need(path) for path in tags]
    tag_ids = {below for tag in named for below in (tag.tag_id, *tree.below(tag.tag_id))}
    parsed = queries.parse(query)
    asked = _Asked(connection, parsed, tag_ids)
    # Without a query, what carries the tags is found by an index instead of by looking at every image.
    found_by = parsed if query.strip() or not named else _carrying(named)
    rows = [row for row in queries.every(connection, found_by) if row.sha256 is not None]
    kept = _kept_instead(connection)
    blobs = _blobs(connection, {kept.get(row.sha256 or "", row.sha256 or "") for row in rows})
    carried = _tags(connection, {*blobs, *kept})
    everywhere = positions(connection, [row.image_id for row in rows])
    found = []
    for row in rows:
        original = row.sha256 or ""
        sha256 = kept.get(original, original)
        own = carried.get(original, set()) | carried.get(sha256, set())
        if tag_ids and own.isdisjoint(tag_ids):
            continue
        all_places = everywhere.get(row.image_id, [])
        places = tuple(place for place in all_places if not place.skipped)
        at = tuple(place for place in places if asked.has(place))
        if all_places and not at and (not places or any(asked.has(place) for place in all_places)):
            continue
        paths = {tag_id: tuple(tree.tags[tag_id].path.split("/")) for tag_id in own}
        under = sorted(paths[tag_id] for tag_id in own if tag_id in asked.tags) or sorted(paths.values())
        all_tags = tuple(sorted(paths.values()))
        found.append(Picture(row.image_id, row.name, blobs[sha256], all_tags, tuple(under), places, at or places))
    return found


def _carrying(tags: Sequence[TagRow]) -> Query:
    """Return what asks for the images with one of these tags, or one below them; far too many ask for everything."""
    terms = tuple(Term("tag", f"/{tag.path}", 0, 0) for tag in tags)
    return Query("", AnyOf(terms) if len(terms) <= _MOST_TAGS else All(()))


def files_of(connection: Connection, sha256s: Iterable[str]) -> dict[str, list[str]]:
    """Return the paths of the files of these blobs in the archive."""
    found: dict[str, list[str]] = {}
    for some in in_parts(sorted(sha256s)):
        rows = connection.execute(select(StoredFile.sha256, StoredFile.path).where(StoredFile.sha256.in_(some)))
        for sha256, path in rows:
            found.setdefault(sha256, []).append(path)
    return {sha256: sorted(paths) for sha256, paths in found.items()}


def _kept_instead(connection: Connection) -> dict[str, str]:
    """Return the blob that is kept instead of each live one with the verdict `skip`."""
    skipped: dict[str, list[int]] = {}
    keepers: dict[int, list[str]] = {}
    rows = connection.execute(
        select(DuplicateMember.sha256, DuplicateMember.group_id, DuplicateMember.verdict)
        .join(Blob, Blob.sha256 == DuplicateMember.sha256)
        .where(Blob.state == "live", DuplicateMember.verdict.in_(["skip", "keep", "new"]))
        .order_by(DuplicateMember.verdict, DuplicateMember.sha256)
    )
    for sha256, group_id, verdict in rows:
        if verdict == "skip":
            skipped.setdefault(sha256, []).append(group_id)
        else:
            keepers.setdefault(group_id, []).append(sha256)
    found: dict[str, str | None] = {}
    for sha256, group_ids in skipped.items():
        found[sha256] = next((one for group in group_ids for one in keepers.get(group, ()) if one not in skipped), None)
    # A group in which nothing stays cannot be; should there be one, the picture itself stays.
    return {sha256: keeper for sha256, keeper in found.items() if keeper is not None}


def _blobs(connection: Connection, sha256s: Collection[str]) -> dict[str, Bytes]:
    found: dict[str, Bytes] = {}
    for some in in_parts(sorted(sha256s)):
        rows = connection.execute(select(Blob.sha256, Blob.extension, Blob.size).where(Blob.sha256.in_(some)))
        found |= {row[0]: Bytes(*row) for row in rows}
    return found


def _tags(connection: Connection, sha256s: Collection[str]) -> dict[str, set[int]]:
    found: dict[str, set[int]] = {}
    for some in in_parts(sorted(sha256s)):
        rows = connection.execute(select(BlobTag.sha256, BlobTag.tag_id).where(BlobTag.sha256.in_(some)))
        for sha256, tag_id in rows:
            found.setdefault(sha256, set()).add(tag_id)
    return found

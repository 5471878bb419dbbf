"""The tree of tags as a page shows it: line by line, with what opens and closes around each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from imagefap_scraper.database import reports
from imagefap_scraper.database.models import Blob, BlobTag
from imagefap_scraper.database.tags import TagTree

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from imagefap_scraper.database.tags import TagRow


@dataclass(frozen=True, slots=True)
class TagLine:
    """A tag in the list of all of them.

    Attributes:
        tag_id: its number.
        name: its own name.
        path: its name behind those above it, with `/`.
        pictures: how many stored pictures carry it itself.
        size: of those, in bytes.
        below: how many tags are right below it.
        closes: how many lists end behind it.
    """

    tag_id: int
    name: str
    path: str
    pictures: int
    size: int
    below: int
    closes: int


def tag_lines(connection: Connection) -> list[TagLine]:
    """Return all tags, each behind the one above it, siblings by name."""
    numbers = {tag.path: tag.tag_id for tag in TagTree(connection).tags.values()}
    tree = reports.tag_tree(connection)
    depths = [tag.depth for tag in tree]
    below = _below(depths)
    lines, above = [], list[str]()
    for tag, next_depth, children in zip(tree, [*depths, 0][1:], below, strict=True):
        above[tag.depth :] = [tag.name]
        path = "/".join(above)
        closes = max(0, tag.depth - next_depth)
        lines.append(TagLine(numbers[path], tag.name, path, tag.blobs, tag.size, children, closes))
    return lines


def _below(depths: list[int]) -> list[int]:
    """Return how many lines are right below each."""
    found, way = [0] * len(depths), list[int]()
    for place, depth in enumerate(depths):
        del way[depth:]
        if way:
            found[way[-1]] += 1
        way.append(place)
    return found


def tags_above(tree: TagTree, tag: TagRow) -> list[TagRow]:
    """Return the tags that a tag is below, from the root."""
    found: list[TagRow] = []
    while tag.parent_id is not None:
        tag = tree.tags[tag.parent_id]
        found.insert(0, tag)
    return found


def tags_below(tree: TagTree, tag: TagRow) -> list[TagRow]:
    """Return the tags right below one, by name."""
    return sorted((one for one in tree.tags.values() if one.parent_id == tag.tag_id), key=lambda one: one.key)


def carrying(connection: Connection, tag_id: int) -> tuple[int, int]:
    """Return how many stored pictures carry a tag itself, and their bytes."""
    statement = (
        select(func.count(), func.coalesce(func.sum(Blob.size), 0))
        .join(BlobTag, BlobTag.sha256 == Blob.sha256)
        .where(BlobTag.tag_id == tag_id, Blob.state == "live")
    )
    number, size = connection.execute(statement).one()
    return int(number), int(size)


def query_of(path: str) -> str:
    """Return the query of a tag, counted from the root, and of what is below it."""
    escaped = path.replace('"', '\\"')
    return f'tag:"/{escaped}"'

"""What may be typed next: in a query, and as a tag."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Query, Request
from sqlalchemy import select

from imagefap_scraper.database.models import Folder, Gallery, User
from imagefap_scraper.database.tags import TagTree
from imagefap_scraper.exceptions import UserInputError
from imagefap_scraper.query.completing import OFFERED, Item, complete, matching
from imagefap_scraper.web.answers import archive_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from sqlalchemy import Connection

router = APIRouter(tags=["search"])

#: The longest query that is read.
_LONGEST = 4000


@router.get("/api/complete")
def completion(
    request: Request, q: Annotated[str, Query(max_length=_LONGEST)] = "", at: int | None = None
) -> dict[str, Any]:
    """Return how a query may go on: what to put in for the characters `from` to `to` (Unicode characters)."""
    with archive_of(request).reading() as connection:
        found = complete(q, len(q) if at is None else at, _names(connection))
    return {"from": found.start, "to": found.end, "items": _listed(found.items)}


@router.get("/api/tags")
def tags(request: Request, q: Annotated[str, Query(max_length=_LONGEST)] = "") -> dict[str, Any]:
    """Return the tags that a path may mean; `exact` is the one that it is, null if there is none yet."""
    with archive_of(request).reading() as connection:
        tree = TagTree(connection)
    found = [Item(path, "") for path in matching(_paths(tree), q.strip().lstrip("/"))[:OFFERED]]
    try:
        exact = tree.at(q)
    except UserInputError:
        # Half a path, say; what cannot be a name is refused when the tag is made.
        exact = None
    return {"from": 0, "to": len(q), "items": _listed(found), "exact": exact.path if exact else None}


def _listed(items: Iterable[Item]) -> list[dict[str, str]]:
    return [{"text": item.text, "hint": item.hint} for item in items]


def _names(connection: Connection) -> dict[str, Callable[[], list[str]]]:
    """Return what the archive knows by name, asked when it is needed."""

    def column(of: Any) -> Callable[[], list[str]]:
        return lambda: list(connection.execute(select(of).distinct().order_by(of)).scalars())

    return {
        "user": column(User.name),
        "folder": column(Folder.name),
        "gallery": column(Gallery.name),
        "tag": lambda: _paths(TagTree(connection)),
    }


def _paths(tree: TagTree) -> list[str]:
    return sorted(tag.path for tag in tree.tags.values())

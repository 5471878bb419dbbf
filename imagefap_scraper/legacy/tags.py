"""The user's tags, as a tree, and the blobs that carry them."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from imagefap_scraper.database.models import Blob, BlobTag, Tag
from imagefap_scraper.database.tags import clean, name_key
from imagefap_scraper.exceptions import UserInputError
from imagefap_scraper.legacy import rows

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from imagefap_scraper.legacy.records import LegacyDatabase

__all__ = ["write_tags"]

#: Control characters, lone surrogates, line and paragraph ends.
_UNSEEN = {"Cc", "Cs", "Zl", "Zp"}
#: Characters of a name that leave room for a number behind it.
_LONGEST = 90


def write_tags(connection: Connection, database: LegacyDatabase, notes: list[str]) -> None:
    """Write tags and what they are on; append what could not be taken over as it was."""
    siblings: dict[int | None, set[str]] = {}
    tags: list[dict[str, Any]] = []
    for tag in database.tags:
        name = _free_name(tag.name, tag.tag_id, siblings.setdefault(tag.parent_id, set()))
        if name != tag.name:
            notes.append(f"tag {tag.tag_id} is now called {name!r}")
        tags.append({"tag_id": tag.tag_id, "parent_id": tag.parent_id, "name": name, "key": name_key(name)})
    rows.add_all(connection, Tag, tags)
    known = {tag.tag_id for tag in database.tags}
    present = set(connection.execute(select(Blob.sha256)).scalars())
    rows.add_all(
        connection,
        BlobTag,
        (
            {"sha256": blob.sha256, "tag_id": tag_id}
            for blob in database.blobs
            if blob.sha256 in present
            for tag_id in blob.tags
            if tag_id in known
        ),
    )
    notes += (
        f"{blob.sha256}: tag {tag_id} does not exist"
        for blob in database.blobs
        for tag_id in blob.tags
        if tag_id not in known
    )


def _free_name(name: str, tag_id: int, taken: set[str]) -> str:
    """Return a name that a tag may have here, not yet taken among its siblings; it is taken then.

    The original compares names less strictly, and allows characters that nobody can see.
    """
    base = _allowed(name, tag_id)
    free, number = base, 2
    while name_key(free) in taken:
        free, number = f"{base} ({number})", number + 1
    taken.add(name_key(free))
    return free


def _allowed(name: str, tag_id: int) -> str:
    """Return the name, or what is left of it without what is not allowed."""
    visible = "".join("-" if char in "/\\" else char for char in name if unicodedata.category(char) not in _UNSEEN)
    try:
        return clean(visible[:_LONGEST])
    except UserInputError:
        return f"tag {tag_id}"

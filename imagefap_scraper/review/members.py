"""The members of a group as its user names them: by their numbers in `dups show`, or by how their SHA-256 begins."""

from __future__ import annotations

from typing import TYPE_CHECKING

from imagefap_scraper.database import members as blobs
from imagefap_scraper.exceptions import UserInputError

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from sqlalchemy import Connection

    from imagefap_scraper.database.groups import StoredGroup
    from imagefap_scraper.database.members import BlobFacts

#: Digits of a SHA-256 from which on a picture may be named by its beginning.
LEAST_DIGITS = 6


def numbered(connection: Connection, group: StoredGroup, protected: Collection[str] = ()) -> list[BlobFacts]:
    """Return the members in the order of their numbers: the most pixels first, then the most bytes."""
    facts = blobs.blob_facts(connection, [sha256 for sha256, _, _ in group.members], protected)
    return sorted(facts.values(), key=lambda one: (-(one.width or 0) * (one.height or 0), -one.size, one.sha256))


def named(group_id: int, members: Sequence[str], word: str) -> str:
    """Return the SHA-256 of the member that a word names.

    Args:
        group_id: for messages.
        members: SHA-256s in the order of their numbers.
        word: a number from 1 on, or at least `LEAST_DIGITS` digits of a SHA-256.

    Raises:
        UserInputError: it names none, or several.
    """
    if word.isascii() and word.isdigit() and 0 < int(word) <= len(members):
        return members[int(word) - 1]
    if len(word) < LEAST_DIGITS:
        raise UserInputError(
            f"group {group_id} has no member {word}: give a number from 1 to {len(members)} (`process.py dups show "
            f"{group_id}`) or at least {LEAST_DIGITS} digits of a SHA-256"
        )
    found = [sha256 for sha256 in members if sha256.startswith(word.lower())]
    if len(found) != 1:
        many = f"{len(found)} members begin with {word}: give more digits" if found else f"no member begins with {word}"
        raise UserInputError(f"group {group_id}: {many}; `process.py dups show {group_id}` shows them")
    return found[0]

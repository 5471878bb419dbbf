"""What the database keeps twice, held against what it is made of; shares no code with the triggers that keep it so."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import sqlite3

_FACETS = (
    "SELECT image_id, status, format, width, height, size, animated, gone, dup, tags, user_id, stored, uploaded, name "
    "FROM facets"
)
_IMAGES = (
    "SELECT image_id, status, sha256, skipped_sha256, vanished_at IS NOT NULL, unixepoch(stored_at), unixepoch(added), "
    "name FROM images"
)


def disagreements(database: sqlite3.Connection) -> list[str]:
    """Return what a crawl must never leave: facets of another time, a move, a status that its blob denies.

    Args:
        database: a copy, since the index of the names is compared by a statement that SQLite takes for a write.
    """
    problems = [f"move left: {source}" for (source,) in database.execute("SELECT source FROM moves")]
    for number, status, _, skipped, *_ in database.execute(_IMAGES):
        if (status == "skipped") != (skipped is not None):
            problems.append(f"image {number} is {status}, thrown out as {skipped}")
    return problems + _facets(database) + _tags(database) + _names(database)


def _facets(database: sqlite3.Connection) -> list[str]:
    there = {row[0]: row[1:] for row in database.execute(_FACETS)}
    wanted = _made_anew(database)
    return [
        f"facet of image {number}: has {there.get(number)}, wants {wanted.get(number)}"
        for number in sorted(there.keys() | wanted.keys())
        if there.get(number) != wanted.get(number)
    ]


def _made_anew(database: sqlite3.Connection) -> dict[int, tuple[Any, ...]]:
    blobs = {
        row[0]: row[1:] for row in database.execute("SELECT sha256, format, width, height, size, animated FROM blobs")
    }
    kept = _kept(database)
    groups: dict[str, int] = defaultdict(int)
    for digest, asked in database.execute("SELECT sha256, asked FROM duplicate_members WHERE verdict <> 'false'"):
        groups[digest] = max(groups[digest], 1 + asked)
    tags = dict(database.execute("SELECT sha256, count(*) FROM blob_tags GROUP BY sha256"))
    users: dict[int, set[int]] = defaultdict(set)
    listed: dict[int, list[str]] = defaultdict(list)
    for number, user, name in database.execute("SELECT image_id, user_id, listed_name FROM favorites"):
        users[number].add(user)
        listed[number] += [] if name is None else [name]
    rows = {}
    for number, status, digest, skipped, vanished, stored, uploaded, name in database.execute(_IMAGES):
        shown = digest or kept.get(skipped)
        owner = -1 if len(users[number]) > 1 else next(iter(users[number]), None)
        rows[number] = (
            status,
            *blobs.get(shown, (None, None, None, None, 0)),
            int(status == "gone" or vanished),
            groups.get(shown, 0),
            tags.get(shown, 0),
            owner,
            stored,
            uploaded,
            name if name is not None else max(listed[number], default=None),
        )
    return rows


def _kept(database: sqlite3.Connection) -> dict[str | None, str]:
    """Return which blob is kept in the place of each that was thrown out."""
    return dict(database.execute("SELECT sha256, kept_as FROM blobs WHERE kept_as IS NOT NULL"))


def _tags(database: sqlite3.Connection) -> list[str]:
    kept = _kept(database)
    tags: dict[str, set[int]] = defaultdict(set)
    for digest, tag in database.execute("SELECT sha256, tag_id FROM blob_tags"):
        tags[digest].add(tag)
    shown = {number: digest or kept.get(skipped) for number, _, digest, skipped, *_ in database.execute(_IMAGES)}
    wanted = {(tag, number) for number, digest in shown.items() for tag in tags.get(digest or "", ())}
    there = set(database.execute("SELECT tag_id, image_id FROM facet_tags"))
    return [
        f"tag {tag} of image {number} is shown or not, against the blob's" for tag, number in sorted(wanted ^ there)
    ]


def _names(database: sqlite3.Connection) -> list[str]:
    """Let SQLite compare the index of the names with the names."""
    try:
        database.execute("INSERT INTO facet_names (facet_names, rank) VALUES ('integrity-check', 1)")
    except database.DatabaseError as error:
        return [f"index of the names: {error}"]
    return []

"""The tags of the user: a tree of names, and the blobs that carry them. Every change goes through the journal."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import func, select
from sqlalchemy.orm import aliased

from imagefap_scraper.database._parts import in_parts
from imagefap_scraper.database.models import Blob, BlobTag, Image, Tag
from imagefap_scraper.exceptions import UserInputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from sqlalchemy import Connection

    from imagefap_scraper.database.bulk_journal import BulkJournal
    from imagefap_scraper.database.journal import Journal

#: What file systems take for a name, in characters; tags become folders.
_LONGEST = 100
#: Control characters, lone surrogates, line and paragraph ends.
_REFUSED = {"Cc", "Cs", "Zl", "Zp"}


def name_key(name: str) -> str:
    """Return a name without regard to case and to how its letters are composed: what is equal is one name."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", name).casefold())


@dataclass(frozen=True, slots=True)
class TagRow:
    """A tag; `path` is its name behind those of its parents, with `/`."""

    tag_id: int
    parent_id: int | None
    name: str
    key: str
    path: str


class TagTree:
    """All tags as they are now.

    Attributes:
        tags: by number.
    """

    def __init__(self, connection: Connection) -> None:
        rows = connection.execute(select(Tag.tag_id, Tag.parent_id, Tag.name, Tag.key)).all()
        self._raw = {row.tag_id: row for row in rows}
        self._children: dict[int | None, list[int]] = {}
        for row in rows:
            self._children.setdefault(row.parent_id, []).append(row.tag_id)
        self.tags: dict[int, TagRow] = {}
        for tag_id in self.below(None):
            row = self._raw[tag_id]
            above = "" if row.parent_id is None else self.tags[row.parent_id].path + "/"
            self.tags[tag_id] = TagRow(*row, path=above + row.name)

    def below(self, tag_id: int | None) -> Iterator[int]:
        """Yield the tags below one (None: all), every parent before its children."""
        # A stack instead of recursion: nothing limits how deep tags nest.
        waiting = list(self._children.get(tag_id, ()))
        while waiting:
            found = waiting.pop()
            yield found
            waiting += self._children.get(found, ())

    def has_children(self, tag_id: int) -> bool:
        """Tell whether there are tags below one."""
        return tag_id in self._children

    def matching(self, path: str) -> set[int]:
        """Return the tags whose path ends so, those below them too; a leading `/` means from the root."""
        anchored = path.startswith("/")
        keys = [name_key(part.strip()) for part in path.strip("/").split("/")]
        found = {tag_id for tag_id in self.tags if self._ends(tag_id, keys, anchored=anchored)}
        for tag_id in tuple(found):
            found.update(self.below(tag_id))
        return found

    def _ends(self, tag_id: int, keys: Sequence[str], *, anchored: bool) -> bool:
        at: int | None = tag_id
        for key in reversed(keys):
            if at is None or self._raw[at].key != key:
                return False
            at = self._raw[at].parent_id
        return at is None or not anchored

    def at(self, path: str) -> TagRow | None:
        """Return the tag of exactly this path; None if there is none."""
        at: int | None = None
        for part in split(path):
            key = name_key(part)
            at = next((child for child in self._children.get(at, ()) if self._raw[child].key == key), None)
            if at is None:
                return None
        return self.tags[at] if at is not None else None

    def need(self, path: str) -> TagRow:
        """Return the tag of this path.

        Raises:
            UserInputError: there is none.
        """
        found = self.at(path)
        if found is None:
            raise UserInputError(f"there is no tag {path!r}; `process.py tags list` shows them, `tags add` makes one")
        return found


def split(path: str) -> list[str]:
    """Return the clean names of a path, `PARENT/NAME`.

    Raises:
        UserInputError: one of them cannot be a tag's name.
    """
    return [clean(part) for part in path.removeprefix("/").split("/")]


def clean(name: str) -> str:
    """Return a tag's name as it is kept: composed (NFC), without spaces around it.

    Raises:
        UserInputError: it is empty, too long, or holds a slash, a backslash or what no terminal shows.
    """
    tidy = unicodedata.normalize("NFC", name).strip()
    if not tidy:
        raise UserInputError("a tag's name cannot be empty; write PARENT/NAME")
    if "/" in tidy or "\\" in tidy:
        raise UserInputError(f"a tag's name cannot hold / or \\: {name!r}; PARENT/NAME names a tag below another")
    kinds = {unicodedata.category(char) for char in tidy}
    # Joiners and the like belong to letters and emoji, but alone nobody sees them.
    if tidy in (".", "..") or kinds & _REFUSED or kinds <= {"Cf", "Zs"}:
        raise UserInputError(f"a tag cannot be called {name!r}; tags become folders when they are exported")
    if len(tidy) > _LONGEST:
        raise UserInputError(f"a tag's name has at most {_LONGEST} characters; this one has {len(tidy)}")
    return tidy


def missing(tree: TagTree, path: str) -> list[str]:
    """Return the paths that have to be made for a new tag, its parents first.

    Raises:
        UserInputError: a name cannot be, or the tag is there already.
    """
    names = split(path)
    paths = ["/".join(names[:count]) for count in range(1, len(names) + 1)]
    if (twin := tree.at(path)) is not None:
        raise UserInputError(f"there is a tag {twin.path!r} already")
    return [one for one in paths if tree.at(one) is None]


def add(journal: Journal, tree: TagTree, path: str) -> list[str]:
    """Make a tag, its parents too where they are wanting; return the paths that are new.

    Raises:
        UserInputError: a name cannot be, or the tag is there already.
    """
    new = missing(tree, path)
    above = tree.at(new[0].rpartition("/")[0]) if "/" in new[0] else None
    parent = above.tag_id if above else None
    last = journal.connection.execute(select(func.coalesce(func.max(Tag.tag_id), 0))).scalar_one()
    for number, one in enumerate(new, last + 1):
        name = one.rpartition("/")[2]
        journal.insert("tags", {"tag_id": number}, {"parent_id": parent, "name": name, "key": name_key(name)})
        parent = number
    return new


def renamed(tree: TagTree, tag: TagRow, name: str) -> str:
    """Return the name that a tag can be given.

    Raises:
        UserInputError: the name cannot be, or a sibling has it.
    """
    tidy = clean(name)
    _refuse_twin(tree, tag, tag.parent_id, tidy)
    return tidy


def rename(journal: Journal, tree: TagTree, tag: TagRow, name: str) -> None:
    """Give a tag another name; what carries it and what is below it stays.

    Raises:
        UserInputError: the name cannot be, or a sibling has it.
    """
    tidy = renamed(tree, tag, name)
    journal.update("tags", {"tag_id": tag.tag_id}, {"name": tidy, "key": name_key(tidy)})


def refuse_move(tree: TagTree, tag: TagRow, parent: TagRow | None) -> None:
    """Refuse what cannot be moved there.

    Raises:
        UserInputError: that is the tag itself or below it, or has a child of that name.
    """
    target = parent.tag_id if parent else None
    if target is not None and (target == tag.tag_id or target in tree.below(tag.tag_id)):
        raise UserInputError(f"{tag.path!r} cannot be moved below itself")
    _refuse_twin(tree, tag, target, tag.name)


def move(journal: Journal, tree: TagTree, tag: TagRow, parent: TagRow | None) -> None:
    """Put a tag with all below it under another, or (None) among the roots.

    Raises:
        UserInputError: that is the tag itself or below it, or has a child of that name.
    """
    refuse_move(tree, tag, parent)
    journal.update("tags", {"tag_id": tag.tag_id}, {"parent_id": parent.tag_id if parent else None})


def _refuse_twin(tree: TagTree, tag: TagRow, parent_id: int | None, name: str) -> None:
    """Refuse a second tag of one name below one parent."""
    key = name_key(name)
    for other in tree.tags.values():
        if (other.parent_id, other.key) == (parent_id, key) and other.tag_id != tag.tag_id:
            raise UserInputError(f"there is a tag {other.path!r} already; siblings differ in more than their case")


def refuse_parent(tree: TagTree, tag: TagRow) -> None:
    """Refuse to delete a tag that has others below it.

    Raises:
        UserInputError: it has.
    """
    if tree.has_children(tag.tag_id):
        raise UserInputError(f"{tag.path!r} has tags below it; delete or move them first")


def delete(journal: BulkJournal, tree: TagTree, tag: TagRow) -> int:
    """Remove a tag from all that carries it, and itself; return how many blobs carried it.

    Raises:
        UserInputError: there are tags below it.
    """
    refuse_parent(tree, tag)
    carrying = remove(journal, tag, blobs_with(journal.connection, tag.tag_id))
    journal.delete("tags", {"tag_id": tag.tag_id})
    return carrying


def blobs_with(connection: Connection, tag_id: int) -> list[str]:
    """Return the blobs that carry a tag, by SHA-256."""
    rows = connection.execute(select(BlobTag.sha256).where(BlobTag.tag_id == tag_id))
    return sorted(rows.scalars())


def blobs_shown(connection: Connection, image_ids: Sequence[int]) -> dict[str, int]:
    """Return the blobs that are shown for these images, and their sizes in bytes; those without bytes have none."""
    found: dict[str, int] = {}
    copy = aliased(Blob)
    kept = select(copy.kept_as).where(copy.sha256 == Image.skipped_sha256).scalar_subquery()
    for some in in_parts(image_ids):
        shown = select(func.coalesce(Image.sha256, kept)).where(Image.image_id.in_(some))
        rows = connection.execute(select(Blob.sha256, Blob.size).where(Blob.sha256.in_(shown)))
        found |= dict(rows.all())
    return found


def sizes(connection: Connection, sha256s: Sequence[str]) -> dict[str, int]:
    """Return the sizes of these blobs in bytes."""
    found: dict[str, int] = {}
    for some in in_parts(sha256s):
        rows = connection.execute(select(Blob.sha256, Blob.size).where(Blob.sha256.in_(some)))
        found |= dict(rows.all())
    return found


def assign(journal: BulkJournal, tag: TagRow, sha256s: Iterable[str]) -> int:
    """Put a tag on blobs; return how many had it not."""
    has = set(blobs_with(journal.connection, tag.tag_id))
    keys = [{"sha256": sha256, "tag_id": tag.tag_id} for sha256 in sorted(set(sha256s) - has)]
    journal.insert_many("blob_tags", keys)
    return len(keys)


def remove(journal: BulkJournal, tag: TagRow, sha256s: Iterable[str]) -> int:
    """Take a tag off blobs; return how many had it."""
    wanted = set(sha256s)
    found = journal.connection.exec_driver_sql(
        "SELECT rowid AS rowid, sha256, tag_id FROM blob_tags WHERE tag_id = ? ORDER BY sha256", (tag.tag_id,)
    )
    rows = [dict(row) for row in found.mappings() if row["sha256"] in wanted]
    journal.delete_many("blob_tags", [{"sha256": row["sha256"], "tag_id": tag.tag_id} for row in rows], rows)
    return len(rows)

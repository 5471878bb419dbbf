"""Tags on selected pictures: what they carry, and one change of it, whatever is put on and taken off."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from rich.filesize import decimal
from sqlalchemy import func, select

from imagefap_scraper import query as queries
from imagefap_scraper.database import tags
from imagefap_scraper.database._parts import in_parts
from imagefap_scraper.database.bulk_journal import BulkJournal
from imagefap_scraper.database.models import BlobTag, Image
from imagefap_scraper.exceptions import UserInputError
from imagefap_scraper.review.grouping import regroup_tagged
from imagefap_scraper.review.tag_tree import NOTHING, Tagged, need, pictures_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection

    from imagefap_scraper.review.options import Options
    from imagefap_scraper.review.workplace import Workplace


@dataclass(frozen=True, slots=True)
class Selection:
    """Pictures that somebody chose.

    Attributes:
        blobs: what is shown for them, by SHA-256, with sizes in bytes.
        images: how many images of the site were chosen; several may show one blob, some none.
        bare: how many of them have no stored file, and so can carry no tag.
    """

    blobs: dict[str, int]
    images: int
    bare: int


@dataclass(frozen=True, slots=True)
class Carried:
    """A tag that some of the selected blobs carry; `pictures` says how many."""

    tag_id: int
    path: str
    pictures: int


def select_images(connection: Connection, images: Sequence[int] | None, query: str | None) -> Selection:
    """Return the pictures of some images, or (without those) of a query.

    Raises:
        UserInputError: both or none are given, or the query cannot be read.
    """
    if (images is None) == (query is None):
        raise UserInputError("name either the pictures or a query")
    chosen = queries.image_ids(connection, query or "") if images is None else sorted(set(images))
    return Selection(tags.blobs_shown(connection, chosen), len(chosen), _bare(connection, chosen))


def only_with(connection: Connection, selection: Selection, path: str) -> Selection:
    """Return those of selected pictures that carry a tag.

    Raises:
        UserInputError: there is no such tag.
    """
    tag = need(tags.TagTree(connection), path)
    having = set(tags.blobs_with(connection, tag.tag_id))
    return replace(selection, blobs={sha256: size for sha256, size in selection.blobs.items() if sha256 in having})


def _bare(connection: Connection, images: Sequence[int]) -> int:
    """Return how many of these images show no stored bytes."""
    return sum(len(some) - _shown(connection, some) for some in in_parts(images))


def _shown(connection: Connection, images: Sequence[int]) -> int:
    statement = select(func.count()).select_from(Image).where(Image.image_id.in_(images))
    shown = Image.sha256.is_not(None) | Image.skipped_sha256.is_not(None)
    return int(connection.execute(statement.where(shown)).scalar_one())


def carried(connection: Connection, selection: Selection) -> list[Carried]:
    """Return the tags of selected pictures, by path."""
    found: dict[int, int] = {}
    for some in in_parts(sorted(selection.blobs)):
        rows = connection.execute(
            select(BlobTag.tag_id, func.count()).where(BlobTag.sha256.in_(some)).group_by(BlobTag.tag_id)
        )
        for tag_id, number in rows:
            found[tag_id] = found.get(tag_id, 0) + number
    if not found:
        return []
    known = tags.TagTree(connection).tags
    listed = [Carried(tag_id, known[tag_id].path, number) for tag_id, number in found.items()]
    return sorted(listed, key=lambda one: tags.name_key(one.path))


def change_tags(
    workplace: Workplace,
    selection: Selection,
    options: Options,
    *,
    add: Sequence[str],
    remove: Sequence[str],
    create: bool,
) -> Tagged:
    """Put tags on pictures and take others off, as one action of the history.

    Args:
        workplace: the archive.
        selection: the pictures.
        options: for the groups in which they are asked about: tags count for the suggestion.
        add: paths of tags to put on; one that is in `remove` too is put on.
        remove: paths of tags to take off.
        create: make those of `add` that there are not.

    Raises:
        UserInputError: there is no such tag, or it cannot be made.
        DatabaseError, LockedError: what the database refuses.
    """
    with workplace.transaction() as connection:
        journal = BulkJournal(connection, actor="you", kind="tag")
        made = [path for path in _once(add) if _make(journal, path, create=create)] if selection.blobs else []
        tree = tags.TagTree(connection)
        putting = {tag.tag_id: tag for tag in (need(tree, path) for path in add)} if selection.blobs else {}
        taking = {tag.tag_id: tag for tag in (need(tree, path) for path in remove) if tag.tag_id not in putting}
        steps = [_step(journal, tag, selection, put=True) for tag in putting.values()]
        steps += [_step(journal, tag, selection, put=False) for tag in taking.values()]
        done = [step for step in steps if step.blobs]
        words = _in_words(done, selection, made)
        regroup_tagged(journal, options)
        batch = journal.close(words) if journal.changes else None
    pictures = len(set().union(*(step.blobs for step in done)))
    return Tagged(batch, f"{words}{_about_bare(selection)}", pictures)


@dataclass(frozen=True, slots=True)
class _Step:
    path: str
    blobs: set[str]
    put: bool


def _step(journal: BulkJournal, tag: tags.TagRow, selection: Selection, *, put: bool) -> _Step:
    has = selection.blobs.keys() & set(tags.blobs_with(journal.connection, tag.tag_id))
    changed = selection.blobs.keys() - has if put else has
    (tags.assign if put else tags.remove)(journal, tag, changed)
    return _Step(tag.path, set(changed), put)


def _make(journal: BulkJournal, path: str, *, create: bool) -> bool:
    """Make a tag if there is none and that is wanted; return whether it was."""
    tree = tags.TagTree(journal.connection)
    if not create or tree.at(path) is not None:
        return False
    tags.add(journal, tree, path)
    return True


def _once(paths: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(paths))


def _in_words(done: Sequence[_Step], selection: Selection, made: Sequence[str]) -> str:
    """Return what was done, tags that meant the same pictures together: put a, b on 12 pictures (3.1 MB)."""
    together: dict[tuple[bool, frozenset[str]], list[str]] = {}
    for step in done:
        together.setdefault((step.put, frozenset(step.blobs)), []).append(step.path)
    parts = []
    for (put, blobs), paths in together.items():
        size = decimal(sum(selection.blobs[sha256] for sha256 in blobs))
        verb, side = ("put", "on") if put else ("took", "off")
        parts.append(f"{verb} {', '.join(paths)} {side} {pictures_text(len(blobs))} ({size})")
    if made:
        parts.insert(0, f"made {', '.join(made)}")
    return "; ".join(parts) or NOTHING


def _about_bare(selection: Selection) -> str:
    if not selection.bare:
        return ""
    return f"; without a stored file, and so without tags: {pictures_text(selection.bare)}"

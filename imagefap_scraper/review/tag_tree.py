"""Changes of the tree of tags for the page, each one action of the history; the commands plan theirs first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from imagefap_scraper.database import tags
from imagefap_scraper.database.bulk_journal import BulkJournal
from imagefap_scraper.exceptions import NotFoundError, UserInputError
from imagefap_scraper.review.grouping import regroup_tagged

if TYPE_CHECKING:
    from collections.abc import Callable

    from imagefap_scraper.review.options import Options
    from imagefap_scraper.review.workplace import Workplace

#: Said of a change that leaves everything as it is.
NOTHING = "nothing to change"


@dataclass(frozen=True, slots=True)
class Tagged:
    """What a change came to: its batch (None if there was nothing to change), in words, and how many pictures."""

    batch: int | None
    text: str
    pictures: int


def need(tree: tags.TagTree, path: str) -> tags.TagRow:
    """Return the tag of a path.

    Raises:
        UserInputError: there is none.
    """
    tag = tree.at(path)
    if tag is None:
        raise UserInputError(f"there is no tag {path!r} yet")
    return tag


def pictures_text(number: int) -> str:
    """Return a number of pictures in words."""
    return f"{number:,} {'picture' if number == 1 else 'pictures'}"


def add_tag(workplace: Workplace, path: str) -> Tagged:
    """Make a tag, its parents too where they are wanting.

    Raises:
        UserInputError: a name cannot be, or the tag is there already.
        DatabaseError, LockedError: what the database refuses.
    """

    def change(journal: BulkJournal, tree: tags.TagTree) -> str:
        return f"added {', '.join(tags.add(journal, tree, path))}"

    return _change_tree(workplace, change)


def rename_tag(workplace: Workplace, tag_id: int, name: str) -> Tagged:
    """Give a tag another name.

    Raises:
        NotFoundError: there is no such tag.
        UserInputError: the name cannot be, or a sibling has it.
        DatabaseError, LockedError: what the database refuses.
    """

    def change(journal: BulkJournal, tree: tags.TagTree) -> str:
        tag = numbered(tree, tag_id)
        tags.rename(journal, tree, tag, name)
        return f"renamed {tag.path} to {tags.clean(name)}"

    return _change_tree(workplace, change)


def move_tag(workplace: Workplace, tag_id: int, parent: str) -> Tagged:
    """Put a tag with all below it below another one, or (empty) at the top.

    Raises:
        NotFoundError: there is no such tag.
        UserInputError: there is no such parent, or it cannot be moved there.
        DatabaseError, LockedError: what the database refuses.
    """

    def change(journal: BulkJournal, tree: tags.TagTree) -> str:
        tag = numbered(tree, tag_id)
        above = need(tree, parent) if parent.strip().strip("/") else None
        tags.move(journal, tree, tag, above)
        return f"moved {tag.path} below {above.path}" if above else f"moved {tag.path} to the top"

    return _change_tree(workplace, change)


def delete_tag(workplace: Workplace, tag_id: int, options: Options) -> Tagged:
    """Remove a tag from all pictures, and itself; groups that ask about them are derived anew (`options`).

    Raises:
        NotFoundError: there is no such tag.
        UserInputError: there are tags below it.
        DatabaseError, LockedError: what the database refuses.
    """

    def change(journal: BulkJournal, tree: tags.TagTree) -> str:
        tag = numbered(tree, tag_id)
        number = tags.delete(journal, tree, tag)
        regroup_tagged(journal, options)
        return f"deleted {tag.path}" + (f", taken off {pictures_text(number)}" if number else "")

    return _change_tree(workplace, change)


def numbered(tree: tags.TagTree, tag_id: int) -> tags.TagRow:
    """Return the tag of a number.

    Raises:
        NotFoundError: there is none.
    """
    tag = tree.tags.get(tag_id)
    if tag is None:
        raise NotFoundError("There is no such tag; it may have been deleted meanwhile.")
    return tag


def _change_tree(workplace: Workplace, change: Callable[[BulkJournal, tags.TagTree], str]) -> Tagged:
    with workplace.transaction() as connection:
        journal = BulkJournal(connection, actor="you", kind="tag")
        words = change(journal, tags.TagTree(connection))
        batch = journal.close(words) if journal.changes else None
    return Tagged(batch, words if batch else NOTHING, 0)

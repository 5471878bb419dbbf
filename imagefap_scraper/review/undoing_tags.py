"""What undoing must not do to the tree of tags: two of one name, circles, a tag below one that is gone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from imagefap_scraper.database.models import BlobTag, Tag
from imagefap_scraper.exceptions import UserInputError

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from imagefap_scraper.database.journal import Change, Entry


class TagGuard:
    """Looks at each change of an action before it is taken back; later actions may stand on what it did."""

    def __init__(self, connection: Connection, entry: Entry) -> None:
        self._connection = connection
        self._entry = entry
        self._known: set[int] = set()

    def check(self, change: Change) -> None:
        """Refuse what would break the tree.

        Raises:
            UserInputError: something that was done later has to be undone first.
        """
        if change.table == "blob_tags" and change.before is not None:
            self._need(change.key["tag_id"])
        elif change.table == "tags" and change.before is None:
            self._refuse_use(change.key["tag_id"])
        elif change.table == "tags":
            self._check_place(change)

    def _need(self, tag_id: int) -> None:
        # Asked once for all of its pictures.
        if tag_id not in self._known:
            if self._row(tag_id) is None:
                raise self._refusal("its tag was deleted later")
            self._known.add(tag_id)

    def _refuse_use(self, tag_id: int) -> None:
        """Refuse to take a tag away that is in use."""
        below = self._connection.execute(select(Tag.name).where(Tag.parent_id == tag_id).limit(1)).scalar()
        if below is not None:
            raise self._refusal(f"the tag {below!r} was put below later")
        if self._connection.execute(select(BlobTag.sha256).where(BlobTag.tag_id == tag_id).limit(1)).first():
            raise self._refusal("its tag was put on images later")

    def _check_place(self, change: Change) -> None:
        """Refuse a place in the tree that is taken, gone, or below the tag itself."""
        tag_id, now = change.key["tag_id"], self._row(change.key["tag_id"])
        before = {**({} if now is None else {"parent_id": now.parent_id, "key": now.key}), **(change.before or {})}
        parent_id, key = before["parent_id"], before["key"]
        siblings = Tag.parent_id.is_(None) if parent_id is None else Tag.parent_id == parent_id
        twin = select(Tag.name).where(siblings, Tag.key == key, Tag.tag_id != tag_id)
        if (name := self._connection.execute(twin).scalar()) is not None:
            raise self._refusal(f"there is another tag {name!r} in that place")
        while parent_id is not None:
            above = self._row(parent_id)
            if above is None:
                raise self._refusal("the tag above it was deleted later")
            if parent_id == tag_id:
                raise self._refusal("the tag above it was put below it later")
            parent_id = above.parent_id

    def _row(self, tag_id: int) -> Tag | None:
        row: Tag | None = self._connection.execute(
            select(Tag.parent_id, Tag.key).where(Tag.tag_id == tag_id)
        ).one_or_none()  # type: ignore[assignment]
        return row

    def _refusal(self, reason: str) -> UserInputError:
        return UserInputError(
            f"action {self._entry.action_id} cannot be undone: {reason}; undo that first, `process.py history` shows it"
        )

"""Taking one action back: its rows are as they were, the files follow, the groups of its pictures are derived anew."""

from __future__ import annotations

from typing import TYPE_CHECKING

from imagefap_scraper.database import groups as stored
from imagefap_scraper.database import members as blobs
from imagefap_scraper.database.journal import history, later_action_on, read_row, stands
from imagefap_scraper.database.moves import add_move
from imagefap_scraper.database.repairs import reopen_folders
from imagefap_scraper.exceptions import StorageError, UserInputError
from imagefap_scraper.items import ImageStatus
from imagefap_scraper.review.batches import Done
from imagefap_scraper.review.grouping import regroup, regroup_tagged
from imagefap_scraper.review.throwing_out import settle
from imagefap_scraper.review.undoing_order import changed_since
from imagefap_scraper.review.undoing_tags import TagGuard
from imagefap_scraper.storage.trash import is_in_trash

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from imagefap_scraper.database.journal import Change, Entry, Journal
    from imagefap_scraper.review.options import Options
    from imagefap_scraper.review.workplace import Workplace

#: Derived from evidence and knowledge: where a later search has changed them, they are derived again.
_DERIVED = frozenset({"duplicate_groups", "duplicate_members"})
#: Why an image is wanted again, as its row says; the words of `verify --repair`.
_MISSING = "its file was missing"


def moved_blobs(entry: Entry) -> set[str]:
    """Return the blobs that an action threw out or brought back."""
    return {change.key["sha256"] for change in entry.changes if change.table == "blobs"}


class TakingBack:
    """One action that is taken back, in a journal of its own.

    Args:
        workplace: the archive.
        journal: of the undoing.
        entry: the action.
        look: whether files are where they should be, and their places free, can be seen now.
    """

    def __init__(self, workplace: Workplace, journal: Journal, entry: Entry, *, look: bool) -> None:
        self._directory = workplace.directory
        self._journal = journal
        self._connection = journal.connection
        self._entry = entry
        self._look = look
        self._moved = 0
        #: The files that could not come back: where they belong, by the blob.
        self._missing: dict[str, list[str]] = {}

    def run(self, options: Options) -> Done:
        """Take the action back.

        Args:
            options: for the groups that are derived anew.

        Raises:
            UserInputError: something that is no group has changed since.
            StorageError: the place of a file is taken.
        """
        tags, size = TagGuard(self._connection, self._entry), 0
        for change in reversed(self._entry.changes):
            if not stands(self._connection, change):
                if change.table not in _DERIVED:
                    raise _refusal(self._connection, self._entry, change)
                self._restore_verdict(change)
                continue
            tags.check(change)
            self._one(change)
            if change.table == "blobs" and "state" in (change.before or {}):
                row = read_row(self._connection, "blobs", change.key, ["size"])
                size += row["size"] if row is not None else 0
        for sha256 in sorted(moved_blobs(self._entry)):
            for source, target in settle(self._journal, sha256):
                if self._send_back(source, target, sha256):
                    self._journal.update("files", {"path": source}, {"path": target})
        for sha256 in sorted(self._missing):
            self._want_again(sha256)
        self._regroup(options)
        action_id = self._journal.close(f"action {self._entry.action_id} ({self._entry.summary})", bytes_moved=size)
        missing = tuple(path for _, paths in sorted(self._missing.items()) for path in paths)
        return Done(self._entry.action_id, action_id, files=self._moved, bytes=size, missing=missing)

    def _one(self, change: Change) -> None:
        """Write what was there before a change, unless that is the row of a file that has gone."""
        before, after = (change.before or {}).get("path"), (change.after or {}).get("path")
        if change.table == "files" and before is not None and after is not None:
            row = read_row(self._connection, "files", change.key_after, ["sha256"])
            if row is None or not self._send_back(after, before, row["sha256"]):
                return
        self._journal.take_back(change)

    def _send_back(self, source: str, target: str, sha256: str) -> bool:
        """Have a file moved to where it was, or to the trash again; return whether it still has a row.

        One that is missing loses its row, as `verify --repair` would take it off the list. On its way to the trash
        again it may be missing, as it may be on its first.

        Raises:
            StorageError: its place is taken.
        """
        if self._look and self._directory.resolve(target).exists():
            raise StorageError(f"{target} is taken by another file: move that away and undo again")
        if self._look and not is_in_trash(target) and not self._directory.resolve(source).is_file():
            self._missing.setdefault(sha256, []).append(target)
            self._journal.delete("files", {"path": source})
            return False
        add_move(self._connection, source, target)
        self._moved += 1
        return True

    def _want_again(self, sha256: str) -> None:
        """Put the images of a blob whose file is missing back on the list, unless another file of it is there."""
        images = blobs.images(self._connection, sha256)
        if not blobs.files(self._connection, sha256):
            wanted = {"status": str(ImageStatus.WANTED), "sha256": None, "stored_at": None, "reason": _MISSING}
            for image_id in images:
                self._journal.update("images", {"image_id": image_id}, wanted)
        # Not on record: without the date a crawl looks once more, which is all that the date is for.
        for layout in ("blobs", "straight"):
            reopen_folders(self._connection, images, layout)

    def _restore_verdict(self, change: Change) -> None:
        """Give a member its verdict back: in its group, or in whichever it is now."""
        before, after = change.before or {}, change.after or {}
        if change.table != "duplicate_members" or "verdict" not in before or "verdict" not in after:
            return
        sha256, home = change.key["sha256"], change.key["group_id"]
        groups = stored.groups_naming(self._connection, sha256)
        for group_id in [home] if home in groups else groups:
            key = {"group_id": group_id, "sha256": sha256}
            row = read_row(self._connection, "duplicate_members", key, ["verdict"])
            if row == {"verdict": after["verdict"]}:
                self._journal.update("duplicate_members", key, {"verdict": before["verdict"]})

    def _regroup(self, options: Options) -> None:
        """Derive the groups of its pictures anew: what is stored of them may be from before a search."""
        members = [change for change in self._entry.changes if change.table == "duplicate_members"]
        related = [change for change in self._entry.changes if change.table == "relations"]
        moved = moved_blobs(self._entry)
        # What one that is back looks like may have been in no group without it.
        around = {change.key["sha256"] for change in members} | moved | stored.neighbours(self._connection, moved)
        around |= {change.key[end] for change in related for end in ("first", "second")}
        numbers = {change.key["group_id"] for change in self._entry.changes if change.table in _DERIVED}
        if around or numbers:
            regroup(self._journal, options, around=around, numbers=numbers)
        regroup_tagged(self._journal, options)


def _refusal(connection: Connection, entry: Entry, change: Change) -> UserInputError:
    later = later_action_on(connection, entry.action_id, change)
    emptied = later is not None and any(one.kind == "empty" for one in history(connection) if one.action_id == later)
    gone = later is None and change.table == "files" and is_in_trash((change.after or {}).get("path", ""))
    if emptied or gone:
        return UserInputError(f"action {entry.action_id} cannot be undone: the trash has been emptied since")
    if later is not None:
        return changed_since(entry, later)
    return UserInputError(f"action {entry.action_id} cannot be undone: {change.table} has changed since")

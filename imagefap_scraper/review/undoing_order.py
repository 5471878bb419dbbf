"""In which order actions can be taken back: never one on whose pictures another has decided since."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

from imagefap_scraper.database.journal import changes_of, history
from imagefap_scraper.exceptions import UserInputError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import Connection

    from imagefap_scraper.database.journal import Change, Entry

#: Kinds of actions that judge nothing: groups are only derived anew by them.
_JUDGE_NOTHING = frozenset({"tag", "rules", "relink", "import"})


class _Touched(NamedTuple):
    """What an action has decided about: a blob by its SHA-256, or a group by its number."""

    table: str
    key: str | int


class UndoOrder:
    """What was done in which order, and what of it is in effect now.

    Taking an action back, or doing it again, needs everything else that was decided about the same pictures to be as
    it was when the action was made.

    Args:
        connection: reads the journal, once.
        entries: the actions that are to be taken back.
    """

    def __init__(self, connection: Connection, entries: Iterable[Entry]) -> None:
        self._first: dict[int, int] = {}
        #: By the number of what was done at first: when it was done, undone, done again, and so on.
        self._turns: defaultdict[int, list[int]] = defaultdict(list)
        kinds: dict[int, str] = {}
        for entry in reversed(history(connection)):
            first = entry.action_id if entry.undoes is None else self._first[entry.undoes]
            self._first[entry.action_id] = first
            self._turns[first].append(entry.action_id)
            kinds.setdefault(first, entry.kind)
        self._emptied = {first for first, kind in kinds.items() if kind == "empty"}
        wanted = [first for first, kind in kinds.items() if kind not in _JUDGE_NOTHING]
        oldest = min((self._first[entry.action_id] for entry in entries), default=0)
        # Those older that were neither undone nor done again since are as they were.
        recent = [first for first in wanted if self._turns[first][-1] >= oldest]
        self._touched: dict[int, frozenset[_Touched]] = {}
        self._actions: defaultdict[_Touched, set[int]] = defaultdict(set)
        for first, changes in changes_of(connection, recent):
            self._touched[first] = frozenset(_touched(changes))
            for one in self._touched[first]:
                self._actions[one].add(first)

    def check(self, entry: Entry) -> None:
        """Refuse to take an action back out of turn.

        Raises:
            UserInputError: another one about the same pictures has to be taken back first.
        """
        first = self._first[entry.action_id]
        here = self._touched.get(first, frozenset()) | frozenset(_touched(entry.changes))
        others = {other for one in here for other in self._actions.get(one, ())} - {first}
        moved = [other for other in others if self._is_done(other) != self._is_done(other, at=first)]
        if moved:
            raise self._refusal(entry, max(moved, key=lambda other: self._turns[other][-1]))

    def note(self, entry: Entry, action_id: int) -> None:
        """Take note that an action was taken back, by another one."""
        first = self._first[action_id] = self._first[entry.action_id]
        self._turns[first].append(action_id)

    def _is_done(self, first: int, *, at: int | None = None) -> bool:
        """Tell whether something is in effect now, or was when another action was made."""
        turns = self._turns[first]
        return (len(turns) if at is None else sum(turn < at for turn in turns)) % 2 == 1

    def _refusal(self, entry: Entry, other: int) -> UserInputError:
        if other in self._emptied:
            return UserInputError(f"action {entry.action_id} cannot be undone: the trash has been emptied since")
        what = "undone" if self._is_done(self._first[entry.action_id]) else "done again"
        return changed_since(entry, self._turns[other][-1], what)


def changed_since(entry: Entry, later: int, what: str = "undone") -> UserInputError:
    """Return the refusal of an undoing (or of a redoing) that would go past a later action."""
    return UserInputError(
        f"action {entry.action_id} cannot be {what}: its pictures were changed by action {later} since; undo that first"
    )


def _touched(changes: Iterable[Change]) -> Iterable[_Touched]:
    """Yield the blobs and groups whose verdicts, relations or places a decision has changed."""
    for change in changes:
        columns = {**(change.before or {}), **(change.after or {})}
        if change.table == "duplicate_members" and "verdict" in columns:
            yield _Touched("blobs", change.key["sha256"])
            yield _Touched("duplicate_groups", change.key["group_id"])
        elif change.table == "relations":
            yield _Touched("blobs", change.key["first"])
            yield _Touched("blobs", change.key["second"])
        elif change.table == "blobs":
            yield _Touched("blobs", change.key["sha256"])
        elif change.table == "duplicate_groups" and _is_deferral(change):
            yield _Touched("duplicate_groups", change.key["group_id"])


def _is_deferral(change: Change) -> bool:
    return "deferred" in {(change.before or {}).get("state"), (change.after or {}).get("state")}

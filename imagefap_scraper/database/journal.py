"""The journal: every decision as the rows that it changed, so that any of them can be undone exactly.

Rows are written as SQLite keeps them, with their row numbers, so that what was undone leaves the database as it was.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, insert, select, update

from imagefap_scraper.database._parts import in_parts
from imagefap_scraper.database.duplicate_models import Action

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sqlalchemy import Connection

#: A row's columns as SQLite has them; with `rowid` where the whole row is meant.
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Change:
    """One row that an action changed: the columns that differ, None where there was no row, or is none any more.

    `key` is where it was found before; a change may be of the key itself.
    """

    table: str
    key: Row
    before: Row | None
    after: Row | None

    @property
    def key_after(self) -> Row:
        """Return where the row is found afterwards."""
        return {name: (self.after or {}).get(name, value) for name, value in self.key.items()}

    def reversed(self) -> Change:
        """Return the change that takes this one back."""
        return Change(self.table, self.key_after, self.after, self.before)


class Rows:
    """Writes single rows by their keys, without a journal; the names of tables and columns are this program's own."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def update(self, table: str, key: Mapping[str, Any], values: Mapping[str, Any]) -> bool:
        """Set columns of one row; return whether there is such a row and any of them differed."""
        before = read_row(self.connection, table, key, list(values))
        if before is None or before == dict(values):
            return False
        changed = {name: value for name, value in values.items() if before[name] != value}
        self._apply(Change(table, dict(key), {name: before[name] for name in changed}, changed))
        return True

    def insert(self, table: str, key: Mapping[str, Any], values: Mapping[str, Any]) -> None:
        """Add a row."""
        self._apply(Change(table, dict(key), None, dict(values)))

    def put(self, table: str, key: Mapping[str, Any], values: Mapping[str, Any]) -> None:
        """Set columns of a row, which is added if there is none; then `values` must be all of them."""
        if read_row(self.connection, table, key, ["rowid"]) is None:
            self.insert(table, key, values)
        else:
            self.update(table, key, values)

    def delete(self, table: str, key: Mapping[str, Any]) -> None:
        """Remove a row, if it is there."""
        before = read_row(self.connection, table, key)
        if before is not None:
            self._apply(Change(table, dict(key), before, None))

    def _apply(self, change: Change) -> None:
        write_change(self.connection, change)


class Journal(Rows):
    """One action: what it writes through this is on record.

    Attributes:
        action_id: its number, known before it is written.
        batch: the number that it shares with those that are undone with it.
        actor: who acts: `you`, or `rule:NAME`.
    """

    def __init__(
        self, connection: Connection, *, actor: str, kind: str, batch: int | None = None, undoes: int | None = None
    ) -> None:
        super().__init__(connection)
        self._changes: list[Change] = []
        last = connection.execute(select(func.coalesce(func.max(Action.action_id), 0))).scalar_one()
        self.action_id = int(last) + 1
        self.batch = batch or self.action_id
        self.actor = actor
        self._row = {"action_id": self.action_id, "actor": actor, "kind": kind, "batch": self.batch, "undoes": undoes}

    @property
    def changes(self) -> tuple[Change, ...]:
        """What was changed so far, in order."""
        return tuple(self._changes)

    def close(self, summary: str, *, bytes_moved: int = 0, rule: str | None = None) -> int:
        """Write the action and return its number; to be called once, in the transaction of its changes."""
        listed = [[change.table, change.key, change.before, change.after] for change in self._changes]
        row = self._row | {"at": datetime.now(UTC), "summary": summary, "bytes_moved": bytes_moved, "rule": rule}
        self.connection.execute(insert(Action).values(**row, changes=listed))
        if (undone := self._row["undoes"]) is not None:
            self.connection.execute(update(Action).where(Action.action_id == undone).values(undone_by=self.action_id))
        return self.action_id

    def _apply(self, change: Change) -> None:
        super()._apply(change)
        self._changes.append(change)

    def take_back(self, change: Change) -> None:
        """Write what was there before a change, as a change of this action.

        A row gets its row number back, unless another one has it by now: undone out of turn, it lies elsewhere.
        """
        back = change.reversed()
        if back.before is None and back.after is not None and _is_taken(self.connection, back):
            back = replace(back, after={name: value for name, value in back.after.items() if name != "rowid"})
        self._apply(back)


@dataclass(frozen=True, slots=True)
class Entry:
    """An action as the history shows it; `bytes_moved` went to the trash, or came back from it."""

    action_id: int
    at: datetime
    actor: str
    kind: str
    summary: str
    batch: int
    bytes_moved: int
    rule: str | None
    undoes: int | None
    undone_by: int | None
    changes: list[Change] = field(default_factory=list, repr=False)


_SHOWN = [column for column in Action.__table__.columns if column.key != "changes"]


def history(connection: Connection, limit: int | None = None) -> list[Entry]:
    """Return the actions, the latest first, without their changes."""
    rows = connection.execute(select(*_SHOWN).order_by(Action.action_id.desc()).limit(limit))
    return [Entry(**row) for row in rows.mappings()]


def actions_of_batch(connection: Connection, batch: int) -> list[Entry]:
    """Return the actions of a batch with their changes, the latest first."""
    rows = connection.execute(
        select(*Action.__table__.columns).where(Action.batch == batch).order_by(Action.action_id.desc())
    ).mappings()
    return [Entry(**{**row, "changes": [Change(*change) for change in row["changes"]]}) for row in rows]


def changes_of(connection: Connection, action_ids: Sequence[int]) -> Iterator[tuple[int, list[Change]]]:
    """Yield actions with what each of them changed, in the order of their numbers."""
    for some in in_parts(sorted(action_ids)):
        rows = connection.execute(select(Action.action_id, Action.changes).where(Action.action_id.in_(some)))
        for action_id, changes in rows:
            yield action_id, [Change(*change) for change in changes]


def batch_summary(connection: Connection, batch: int) -> str | None:
    """Return what a batch did in one line; None if there is no such batch, or all of it is undone."""
    found = select(Action.summary, Action.undoes)
    still = found.where(Action.batch == batch, Action.undone_by.is_(None))
    rows = connection.execute(still.order_by(Action.action_id)).all()
    if len(rows) > 1:
        return f"{len(rows):,} changes, the last: {rows[-1].summary}"
    head, row = "", rows[0] if rows else None
    while row is not None and row.undoes is not None:
        head = "Done again: " if head.startswith("Undone") else "Undone: "
        row = connection.execute(found.where(Action.action_id == row.undoes)).one()
    return None if row is None else f"{head}{row.summary}"


def later_action_on(connection: Connection, after: int, change: Change) -> int | None:
    """Return the latest action behind `after` that is not undone and changed the same row; None if there is none."""
    rows = connection.execute(
        select(Action.action_id, Action.changes)
        .where(Action.action_id > after, Action.undone_by.is_(None), Action.undoes.is_(None))
        .order_by(Action.action_id.desc())
    )
    for action_id, changes in rows:
        if any(table == change.table and key == change.key_after for table, key, _, _ in changes):
            return int(action_id)
    return None


def read_row(
    connection: Connection, table: str, key: Mapping[str, Any], columns: list[str] | None = None
) -> Row | None:
    """Return columns of a row as SQLite has them, all and `rowid` if none are named; None if there is no such row."""
    names = ", ".join(columns) if columns else "rowid AS rowid, *"
    where, values = _where(key)
    statement = f"SELECT {names} FROM {table} WHERE {where}"  # noqa: S608 - names of ours
    row = connection.exec_driver_sql(statement, values).mappings().one_or_none()
    return None if row is None else dict(row)


def stands(connection: Connection, change: Change) -> bool:
    """Tell whether a row is still as a change left it."""
    # A row that is nothing but its key has no other columns to compare: it is there, or it is not.
    row = read_row(connection, change.table, change.key_after, list(change.after or ()) or ["rowid"])
    return row == change.after if change.after else (row is None) == (change.after is None)


def _is_taken(connection: Connection, change: Change) -> bool:
    """Tell whether another row has the row number of one that is to be written."""
    number = (change.after or {}).get("rowid")
    return number is not None and read_row(connection, change.table, {"rowid": number}, ["rowid"]) is not None


def write_change(connection: Connection, change: Change) -> None:
    """Make a row what the change says."""
    where, values = _where(change.key)
    if change.after is None:
        connection.exec_driver_sql(f"DELETE FROM {change.table} WHERE {where}", values)  # noqa: S608
    elif change.before is None:
        row = change.key | change.after
        names, marks = ", ".join(row), ", ".join("?" * len(row))
        connection.exec_driver_sql(f"INSERT INTO {change.table} ({names}) VALUES ({marks})", tuple(row.values()))  # noqa: S608
    else:
        setting = ", ".join(f"{name} = ?" for name in change.after)
        statement = f"UPDATE {change.table} SET {setting} WHERE {where}"  # noqa: S608
        connection.exec_driver_sql(statement, (*change.after.values(), *values))


def raw_moment(moment: datetime) -> str:
    """Return a moment as the tables keep it."""
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S.%f}"


def raw_json(value: Any) -> str:
    """Return a value as a JSON column keeps it."""
    return json.dumps(value)


def _where(key: Mapping[str, Any]) -> tuple[str, tuple[Any, ...]]:
    return " AND ".join(f"{name} = ?" for name in key), tuple(key.values())

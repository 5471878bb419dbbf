"""A journal for thousands of rows of one kind: 100,000 in one statement take 3 seconds, one by one 10 to 20."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from imagefap_scraper.database.journal import Change, Journal, Row

if TYPE_CHECKING:
    from collections.abc import Sequence


class BulkJournal(Journal):
    """A journal that also writes many rows at once; each is on record as if it had been written alone."""

    def insert_many(self, table: str, keys: Sequence[Row]) -> None:
        """Add rows that are nothing but their keys, all of the same columns."""
        if keys:
            names, marks = ", ".join(keys[0]), ", ".join("?" * len(keys[0]))
            statement = f"INSERT INTO {table} ({names}) VALUES ({marks})"  # noqa: S608 - names of ours
            self.connection.exec_driver_sql(statement, [tuple(key.values()) for key in keys])
            self._changes += [Change(table, key, None, {}) for key in keys]

    def delete_many(self, table: str, keys: Sequence[Row], rows: Sequence[dict[str, Any]]) -> None:
        """Remove rows; `rows` are the whole ones in the same order, with their `rowid`."""
        if keys:
            where = " AND ".join(f"{name} = ?" for name in keys[0])
            statement = f"DELETE FROM {table} WHERE {where}"  # noqa: S608 - names of ours
            self.connection.exec_driver_sql(statement, [tuple(key.values()) for key in keys])
            self._changes += [Change(table, key, row, None) for key, row in zip(keys, rows, strict=True)]

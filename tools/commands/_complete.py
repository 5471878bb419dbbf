"""Names from the archive for the shell's completion: `shell_complete=` of options and arguments.

Completion answers a key press: SQLite is asked directly, without SQLAlchemy (which takes longer to import than all of
this), nothing is written, and whatever is wrong means no answer. Names come from the site: those with characters that
a terminal may obey are left out, the scripts of `completion` quote the rest.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote

from click.shell_completion import CompletionItem

from tools.commands._options import DEFAULT_DIRECTORY

if TYPE_CHECKING:
    from collections.abc import Iterable

    import click

#: Names that are offered at a time; more help nobody.
_OFFERED = 200
#: Seconds to wait for a program that has the database to itself.
_PATIENCE = 0.2
_DATABASE = "imagefap.database"
_SQLITE_ADDRESS = "sqlite:///"

_USERS = "SELECT name FROM users ORDER BY name COLLATE NOCASE, name"
_FOLDERS = "SELECT DISTINCT name FROM folders ORDER BY name COLLATE NOCASE, name"
_TAGS = """
WITH RECURSIVE tree (tag_id, path) AS (
    SELECT tag_id, name FROM tags WHERE parent_id IS NULL
    UNION ALL SELECT tags.tag_id, tree.path || '/' || tags.name FROM tags JOIN tree ON tags.parent_id = tree.tag_id
) SELECT path FROM tree ORDER BY path COLLATE NOCASE, path
"""
_OF_FIELD = {"user": _USERS, "folder": _FOLDERS, "tag": _TAGS}


def user_completion(ctx: click.Context, _parameter: click.Parameter, incomplete: str) -> list[CompletionItem[str]]:
    """Return the users whose names begin so, in any letter case."""
    return _items(_beginning(_names(ctx, _USERS), incomplete))


def folder_completion(ctx: click.Context, _parameter: click.Parameter, incomplete: str) -> list[CompletionItem[str]]:
    """Return the folders, of any user, whose names begin so, in any letter case."""
    return _items(_beginning(_names(ctx, _FOLDERS), incomplete))


def tag_completion(ctx: click.Context, _parameter: click.Parameter, incomplete: str) -> list[CompletionItem[str]]:
    """Return the tags whose paths (`plants/trees`) begin so, in any letter case."""
    return _items(_beginning(_names(ctx, _TAGS), incomplete))


def query_completion(ctx: click.Context, _parameter: click.Parameter, incomplete: str) -> list[CompletionItem[str]]:
    """Return how the last word of a query may go on: `user:`, `folder:` and `tag:` with the archive's names.

    A name that is not one plain word is put into double quotes, as the query language wants it.
    """
    before, space, word = incomplete.rpartition(" ")
    sign = "-" if word.startswith("-") else ""
    field, colon, value = word.removeprefix("-").partition(":")
    head = f"{before}{space}{sign}"
    if not colon:
        fields = [f"{head}{name}:" for name in _OF_FIELD if name.startswith(field)]
        return _items(fields)
    names = _names(ctx, _OF_FIELD[field]) if field in _OF_FIELD else []
    return _items(f"{head}{field}:{_quoted(name)}" for name in _beginning(names, value.lstrip('"')))


def _quoted(name: str) -> str:
    return name if all(char.isalnum() or char in "_-./" for char in name) else f'"{name}"'


def _beginning(names: Iterable[str], incomplete: str) -> list[str]:
    start = incomplete.casefold()
    return [name for name in names if name.casefold().startswith(start)][:_OFFERED]


def _items(values: Iterable[str]) -> list[CompletionItem[str]]:
    return [CompletionItem(value) for value in values]


def _names(ctx: click.Context, query: str) -> list[str]:
    """Return the names that can be shown; none if the archive cannot be read at once."""
    try:
        path = _database(ctx)
        # Without a log nobody writes: the file is read as it is, so that not even an empty log is made.
        crawling = path.with_name(path.name + "-wal").exists()
        address = path.absolute().as_uri() + ("?mode=ro" if crawling else "?immutable=1")
        with closing(sqlite3.connect(address, uri=True, timeout=_PATIENCE)) as connection:
            names = [str(name) for (name,) in connection.execute(query)]
    except (OSError, RuntimeError, ValueError, sqlite3.Error):
        return []
    return [name for name in names if name and name.isprintable() and '"' not in name]


def _database(ctx: click.Context) -> Path:
    """Return where the database is, as the command itself would find it."""
    setting = os.environ.get("IMAGEFAP_DATABASE_URL", "")
    if setting:
        return Path(unquote(setting.removeprefix(_SQLITE_ADDRESS)))
    here: click.Context | None = ctx
    while here is not None:
        if here.params.get("directory"):
            return Path(here.params["directory"]) / _DATABASE
        here = here.parent
    return Path(os.environ.get("IMAGEFAP_OUTPUT") or DEFAULT_DIRECTORY).expanduser() / _DATABASE

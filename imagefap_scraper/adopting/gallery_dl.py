"""gallery-dl's archive: an SQLite file that lists what it has downloaded, one entry an image."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Final

from imagefap_scraper.exceptions import UserInputError

if TYPE_CHECKING:
    from pathlib import Path

_MAGIC: Final = b"SQLite format 3\0"
#: `imagefapGALLERY_IMAGE`: gallery-dl's category and its default format of entries for this site.
_ENTRY: Final = re.compile("imagefap(?:[0-9]{1,18}_)?([1-9][0-9]{0,17})")


def read_entries(path: Path) -> set[int]:
    """Return the numbers of the site's images that gallery-dl says it has downloaded. The file is left as it is.

    Raises:
        UserInputError: there is no such file, it cannot be read, or it is no archive of gallery-dl's.
    """
    advice = "name the file that gallery-dl's setting `archive` names"
    try:
        with path.open("rb") as file:
            if file.read(len(_MAGIC)) != _MAGIC:
                raise UserInputError(f"{path} is no SQLite file; {advice}")
        with closing(_connect(path)) as connection:
            return _entries(connection, path, advice)
    except OSError as error:
        raise UserInputError(f"{path} cannot be read: {error.strerror or error}; {advice}") from error
    except sqlite3.Error as error:
        raise UserInputError(f"{path} cannot be read: {error}; {advice}") from error


def _connect(path: Path) -> sqlite3.Connection:
    """Open for reading alone; what is not being written is opened so that no file appears beside it either."""
    place = str(path.absolute()).replace("%", "%25").replace("?", "%3f").replace("#", "%23")
    log = path.with_name(path.name + "-wal")
    immutable = "" if log.exists() else "&immutable=1"
    connection = sqlite3.connect(f"file:{place}?mode=ro{immutable}", uri=True)
    # The file is another's: what its schema says is data, nothing of it is to be run.
    connection.execute("PRAGMA trusted_schema = OFF")
    connection.execute("PRAGMA query_only = ON")
    connection.text_factory = lambda text: text.decode("utf-8", "replace")
    return connection


def _entries(connection: sqlite3.Connection, path: Path, advice: str) -> set[int]:
    row = connection.execute("SELECT type, sql FROM sqlite_master WHERE name = 'archive'").fetchone()
    if row is None or row[0] != "table" or not str(row[1]).upper().startswith("CREATE TABLE"):
        raise UserInputError(f"{path} holds no table `archive`; {advice}")
    found = set()
    for (entry,) in connection.execute("SELECT entry FROM archive"):
        match = _ENTRY.fullmatch(entry) if isinstance(entry, str) else None
        if match is not None:
            found.add(int(match[1]))
    return found

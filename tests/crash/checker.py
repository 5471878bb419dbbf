"""Compares an archive with the demo site's truth; shares no code with what wrote it.

Every function returns sentences, one for each thing that is wrong.
"""

from __future__ import annotations

import hashlib
import shutil
import sqlite3
import tempfile
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crash.derived import disagreements

if TYPE_CHECKING:
    from collections.abc import Iterator

DATABASE = "imagefap.database"
OWN = ".imagefap"
#: What the site's truth calls an image, and what the archive's row must say of it.
STATUS = {"available": "stored", "page_missing": "gone", "file_missing": "gone"}


@dataclass
class Expected:
    """What the site gives of one user."""

    truth: dict[str, Any]
    user: dict[str, Any]
    digests: dict[int, str] = field(init=False)
    states: dict[int, str] = field(init=False)

    def __post_init__(self) -> None:
        images = self.truth["images"]
        ids = {number for folder in self.folders for number in folder["favorites"]}
        self.states = {number: images[str(number)]["status"] for number in ids}
        self.digests = {number: images[str(number)]["sha256"] for number in ids if self.states[number] == "available"}

    @property
    def folders(self) -> list[dict[str, Any]]:
        return [folder for folder in self.user["folders"] if folder["kind"] == "images"]

    def order(self, folder: dict[str, Any]) -> list[int]:
        return list(dict.fromkeys(folder["favorites"]))


@contextmanager
def snapshot(output: Path) -> Iterator[sqlite3.Connection | None]:
    """Open a copy of the database with its log, as the next start would find it; None if there is none yet."""
    if not (output / DATABASE).exists():
        yield None
        return
    with tempfile.TemporaryDirectory() as directory:
        for name in (DATABASE, f"{DATABASE}-wal"):
            if (output / name).exists():
                shutil.copy(output / name, directory)
        connection = sqlite3.connect(Path(directory) / DATABASE)
        try:
            known = connection.execute("SELECT count(*) FROM sqlite_master WHERE name = 'intents'").fetchone()[0]
            yield connection if known else None
        finally:
            connection.close()


def stored_ids(output: Path) -> set[int]:
    """Return the images that the database says are stored."""
    with snapshot(output) as database:
        if database is None:
            return set()
        return {number for (number,) in database.execute("SELECT image_id FROM images WHERE status = 'stored'")}


def after_kill(output: Path, expected: Expected) -> list[str]:
    """Check what must hold at any moment: no torn file under a final name, no row that promises what is not there."""
    problems = _torn(output, expected)
    with snapshot(output) as database:
        if database is None:
            return problems
        problems += _integrity(database)
        problems += disagreements(database)
        problems += _rows_without_files(database, output)
        problems += _checkpoints_ahead(database, expected)
    return problems


def at_end(output: Path, expected: Expected, layout: str) -> list[str]:
    """Check what must hold after a quiet run: everything is here once, whole, and nothing else is."""
    problems = _torn(output, expected)
    with snapshot(output) as database:
        if database is None:
            return [*problems, "there is no database"]
        problems += _integrity(database)
        problems += disagreements(database)
        problems += _rows_without_files(database, output)
        problems += _images(database, expected)
        problems += _favorites(database, expected)
        problems += _files(output, expected)
        problems += _finished(database, expected, layout)
        problems += [f"intent left: {row}" for row in database.execute("SELECT path FROM intents")]
    problems += [f"left over: {path}" for path in _left_over(output)]
    return problems


def files_of(output: Path) -> dict[str, str]:
    """Return the digest of every file that is no part of the program's own, by relative path."""
    found = {}
    for path in output.rglob("*"):
        relative = path.relative_to(output)
        if path.is_file() and relative.parts[0] != OWN and not relative.name.startswith(DATABASE):
            found[relative.as_posix()] = hashlib.sha256(path.read_bytes()).hexdigest()
    return found


def _torn(output: Path, expected: Expected) -> list[str]:
    whole = set(expected.digests.values())
    return [f"torn or foreign file: {name}" for name, digest in files_of(output).items() if digest not in whole]


def _integrity(database: sqlite3.Connection) -> list[str]:
    said = [row[0] for row in database.execute("PRAGMA integrity_check")]
    problems = [] if said == ["ok"] else [f"integrity_check: {said}"]
    return problems + [f"foreign key: {row}" for row in database.execute("PRAGMA foreign_key_check")]


def _rows_without_files(database: sqlite3.Connection, output: Path) -> list[str]:
    problems = []
    there = files_of(output)
    rows = database.execute("SELECT path, sha256 FROM files").fetchall()
    for path, digest in rows:
        if there.get(path) != digest:
            problems.append(f"row without its file: {path}")
    promised = {digest for _, digest in rows}
    for number, digest in database.execute("SELECT image_id, sha256 FROM images WHERE status = 'stored'"):
        if digest not in promised:
            problems.append(f"row without its file: image {number}")
    return problems


def _checkpoints_ahead(database: sqlite3.Connection, expected: Expected) -> list[str]:
    """A folder's `pages` says that everything on so many pages is on record."""
    problems = []
    for folder in expected.folders:
        row = database.execute("SELECT pages FROM folders WHERE folder_id = ?", (folder["folder_id"],)).fetchone()
        listed = set(folder["favorites"][: row[0] * expected.truth["per_page"]]) if row else set()
        missing = listed - set(_listed(database, folder["folder_id"]))
        if missing:
            problems.append(f"checkpoint of {folder['name']} is ahead of {len(missing)} favorites")
    return problems


def _listed(database: sqlite3.Connection, folder_id: int) -> list[int]:
    query = "SELECT image_id FROM favorites WHERE folder_id = ? ORDER BY position"
    return [number for (number,) in database.execute(query, (folder_id,))]


def _images(database: sqlite3.Connection, expected: Expected) -> list[str]:
    query = "SELECT image_id, status, sha256 FROM images"
    rows = {number: (status, digest) for number, status, digest in database.execute(query)}
    wanted = {number: (STATUS[state], expected.digests.get(number)) for number, state in expected.states.items()}
    problems = [
        f"image {number}: has {rows.get(number)}, wants {row}"
        for number, row in wanted.items()
        if rows.get(number) != row
    ]
    return problems + [f"image {number} is not the user's" for number in rows.keys() - wanted.keys()]


def _favorites(database: sqlite3.Connection, expected: Expected) -> list[str]:
    problems = []
    for folder in expected.folders:
        listed = _listed(database, folder["folder_id"])
        if listed != expected.order(folder):
            problems.append(f"favorites of {folder['name']}: has {listed}, wants {expected.order(folder)}")
    return problems


def orphans(output: Path) -> list[str]:
    """Return the files that no row knows."""
    with snapshot(output) as database:
        known = set() if database is None else {path for (path,) in database.execute("SELECT path FROM files")}
    return [f"orphan: {path}" for path in sorted(files_of(output).keys() - known)]


def _files(output: Path, expected: Expected) -> list[str]:
    there = files_of(output)
    problems = [
        f"bytes {digest}: has {Counter(there.values())[digest]} files, wants 1"
        for digest in set(expected.digests.values()) | set(there.values())
        if Counter(there.values())[digest] != 1
    ]
    problems += orphans(output)
    return problems + [
        f"blob under a wrong name: {path}"
        for path, digest in there.items()
        if path.startswith("blobs/") and Path(path).stem != digest
    ]


def _finished(database: sqlite3.Connection, expected: Expected, layout: str) -> list[str]:
    column = {"blobs": "finished_blobs", "straight": "finished_straight"}[layout]
    open_ = database.execute(f"SELECT name FROM folders WHERE {column} IS NULL OR listed_at IS NULL").fetchall()
    known = {number for (number,) in database.execute("SELECT folder_id FROM folders")}
    missing = {folder["folder_id"] for folder in expected.folders} - known
    return [f"not finished: {name}" for (name,) in open_] + [f"no folder {number}" for number in missing]


def _left_over(output: Path) -> list[str]:
    """Return temporary and quarantined files, and what SQLite keeps while a database is open."""
    own = [path for name in ("tmp", "quarantine") for path in (output / OWN / name).rglob("*")]
    return [str(path) for path in [*own, *output.glob(f"{DATABASE}-*")]]

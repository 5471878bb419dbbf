"""Other names for the straight files of an archive, by a template: rows and files in one batch that can be undone."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from sqlalchemy import select

from imagefap_scraper.database._parts import in_parts
from imagefap_scraper.database.journal import Journal
from imagefap_scraper.database.models import Blob, Image, StoredFile
from imagefap_scraper.database.moves import add_move
from imagefap_scraper.export.places import positions
from imagefap_scraper.storage.audit import examine
from imagefap_scraper.storage.lock import DirectoryLock
from imagefap_scraper.storage.names import collision_key
from imagefap_scraper.storage.sidecars import read_sidecar, sidecar_path
from imagefap_scraper.storage.template import NOWHERE, OWN_DIRECTORIES, Values
from imagefap_scraper.storage.trash import is_in_trash
from imagefap_scraper.storage.tree import Tree, candidates, remove_empty

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection

    from imagefap_scraper.export.places import Position
    from imagefap_scraper.review.workplace import Workplace
    from imagefap_scraper.storage.files import ArchiveDirectory
    from imagefap_scraper.storage.template import Template

#: Of these actions, in the history.
KIND: Final = "relink"


@dataclass(frozen=True, slots=True)
class Renaming:
    """A file that gets another path; `size` in bytes. `way` is where it waits while another file has its new name."""

    source: str
    target: str
    size: int
    way: str | None = None


@dataclass(slots=True)
class Plan:
    """What would be renamed.

    Attributes:
        renamings: files that get another name.
        kept: how many have the right one.
        left: files that are left alone: path and reason.
        batch: of the actions, once it is done; 0 before.
    """

    renamings: list[Renaming] = field(default_factory=list)
    kept: int = 0
    left: list[tuple[str, str]] = field(default_factory=list)
    batch: int = 0

    @property
    def bytes(self) -> int:
        """Bytes of the files that get another name."""
        return sum(one.size for one in self.renamings)


@dataclass(frozen=True, slots=True)
class _File:
    path: str
    sha256: str
    extension: str
    size: int


def plan(connection: Connection, directory: ArchiveDirectory, template: Template) -> Plan:
    """Return what a template would call the straight files; the same archive always gets the same names.

    Raises:
        StorageError: the disk refused.
    """
    files, found = _straight_files(connection), Plan()
    values = _values(connection, files)
    tree = Tree(directory, OWN_DIRECTORIES)
    movable = []
    for file in files:
        finding = examine(directory, file.path, file.size)
        if finding is None:
            movable.append(file)
            tree.vacate(file.path)
        else:
            found.left.append((file.path, finding.message))
    targets: dict[str, str] = {}
    for file in sorted(movable, key=lambda one: (values[one.sha256][0], one.sha256, one.path)):
        directories, name = template.fill(values[file.sha256][1])
        wanted = tree.spelled(directories) + name
        targets[file.path] = next(path for path in candidates(wanted, file.sha256) if not tree.taken(path))
        tree.take(targets[file.path])
    sizes = {file.path: file.size for file in movable}
    moved = {source: target for source, target in targets.items() if source != target}
    found.kept = len(targets) - len(moved)
    found.renamings = _ways(directory, tree, moved, sizes, {file.path: file.sha256 for file in movable})
    return found


def relink(workplace: Workplace, template: Template) -> Plan:
    """Rename the straight files as a template says; return what was done.

    Rows first, then the files. Where one file has the new name of another, it first steps aside under a free name, in
    an action of its own. After a kill the next command that writes, or crawl, moves the files whose rows say so; the
    same command goes on with the others.

    Raises:
        LockedError: a crawl is running into the directory.
        StorageError, DatabaseError: the disk or the database refused.
    """
    workplace.directory.prepare()
    with DirectoryLock(workplace.directory.lock_path):
        workplace.carry_out_moves()
        with workplace.reading() as connection:
            done = plan(connection, workplace.directory, template)
        aside = [(one.source, one.way) for one in done.renamings if one.way is not None]
        _rename(workplace, done, aside, f"{len(aside)} files make room for others")
        final = [(one.way or one.source, one.target) for one in done.renamings]
        _rename(workplace, done, final, f"{len(final)} files renamed by {template.text}")
        remove_empty(workplace.directory, [one.source for one in done.renamings])
    return done


def _straight_files(connection: Connection) -> list[_File]:
    rows = connection.execute(
        select(StoredFile.path, Blob.sha256, Blob.extension, Blob.size)
        .join(Blob, Blob.sha256 == StoredFile.sha256)
        .where(StoredFile.layout == "straight")
        .order_by(StoredFile.path)
    )
    return [_File(*row) for row in rows if not is_in_trash(row[0])]


def _values(
    connection: Connection, files: Sequence[_File]
) -> dict[str, tuple[tuple[bool, tuple[int, int, int], int], Values]]:
    """Return by SHA-256 what the template is filled with, behind the order of the places.

    Of several images with the same bytes, that is the one that comes first.
    """
    extensions = {file.sha256: file.extension for file in files}
    images: list[tuple[str, int, str | None]] = []
    for some in in_parts(sorted(extensions)):
        rows = connection.execute(select(Image.sha256, Image.image_id, Image.name).where(Image.sha256.in_(some)))
        images += [(str(sha256), image_id, name) for sha256, image_id, name in rows]
    places = positions(connection, [image_id for _, image_id, _ in images])
    found: dict[str, tuple[tuple[bool, tuple[int, int, int], int], Values]] = {}
    for sha256, image_id, name in images:
        first: Position | None = next(iter(places.get(image_id, ())), None)
        order = (first is None, first.order if first else (0, 0, 0), image_id)
        shown = name or (first.listed_name if first else None)
        values = Values(image_id, extensions[sha256], sha256, shown, first.place if first else NOWHERE)
        if sha256 not in found or order < found[sha256][0]:
            found[sha256] = (order, values)
    for sha256, extension in extensions.items():
        # Bytes of which no image is known any more: their number is none, their name the digits.
        found.setdefault(sha256, ((True, (0, 0, 0), 0), Values(0, extension, sha256, sha256[:10])))
    return found


def _ways(
    directory: ArchiveDirectory, tree: Tree, moved: dict[str, str], sizes: dict[str, int], digests: dict[str, str]
) -> list[Renaming]:
    """Return the renamings, those first aside whose name another file gets (or a case-blind file system confuses)."""
    wanted = {_key(target) for target in moved.values()}
    found = []
    for source, target in moved.items():
        way = None
        if _key(source) in wanted:
            free = (
                path
                for path in candidates(source, digests[source])
                if not tree.taken(path) and not os.path.lexists(directory.resolve(path))
            )
            way = next(free)
            tree.take(way)
        found.append(Renaming(source, target, sizes[source], way))
    return found


def _key(path: str) -> str:
    return "/".join(collision_key(part) for part in path.split("/"))


def _rename(workplace: Workplace, done: Plan, pairs: Sequence[tuple[str, str]], summary: str) -> None:
    """Rename files in an action of their own; no path is both an old and a new one, so that it may be repeated."""
    if not pairs:
        return
    with workplace.transaction() as connection:
        journal = Journal(connection, actor="you", kind=KIND, batch=done.batch or None)
        for source, target in pairs:
            journal.update("files", {"path": source}, {"path": target})
            add_move(connection, source, target)
        _take_sidecars_along(connection, workplace.directory, pairs)
        done.batch = journal.batch
        journal.close(summary)
    workplace.carry_out_moves()


def _take_sidecars_along(connection: Connection, directory: ArchiveDirectory, pairs: Sequence[tuple[str, str]]) -> None:
    """Have the sidecars of ours follow their files, where nothing else has their new name."""
    for source, target in pairs:
        old, new = sidecar_path(source), sidecar_path(target)
        if read_sidecar(directory, old) is not None and not os.path.lexists(directory.resolve(new)):
            add_move(connection, old, new)

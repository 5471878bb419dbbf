"""The trash: where files go that the user threw out, and come back from; and moves that survive a kill."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Final

from imagefap_scraper.exceptions import StorageError
from imagefap_scraper.storage.disk import disk_error, move_new
from imagefap_scraper.storage.layouts import BLOBS
from imagefap_scraper.storage.lock import OWN_DIRECTORY
from imagefap_scraper.storage.thumbs import forget

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from imagefap_scraper.storage.files import ArchiveDirectory

#: Where thrown out files lie: blobs beside each other, straight names in a directory for each blob.
TRASH: Final = f"{OWN_DIRECTORY}/trash"
_OF_BLOBS: Final = f"{BLOBS}/"
#: The target of a file that is to be deleted.
DELETED: Final = ""


@dataclass(frozen=True, slots=True)
class FileMove:
    """A file that is to get another path; both relative to the output directory, with `/`.

    Without a target it is one of the trash that is to be deleted for good, with the small pictures of it.
    """

    source: str
    target: str


def trash_path(sha256: str, path: str) -> str:
    """Return where in the trash a file goes, relative to the output directory; its own path is the end of it.

    A blob's path says which bytes it is. The same straight name may be thrown out twice, with other bytes each time.
    """
    return f"{TRASH}/{path}" if path.startswith(_OF_BLOBS) else f"{TRASH}/{sha256}/{path}"


def original_path(path: str) -> str:
    """Return where a file in the trash was."""
    below = path.removeprefix(f"{TRASH}/")
    return below if below.startswith(_OF_BLOBS) else below.partition("/")[2]


def blob_of(path: str) -> str:
    """Return the SHA-256 of a file in the trash, as its path says it."""
    first, _, rest = path.removeprefix(f"{TRASH}/").partition("/")
    return PurePosixPath(rest).stem if first == BLOBS else first


def is_in_trash(path: str) -> bool:
    """Tell whether a path of the archive is one in the trash."""
    return path.startswith(f"{TRASH}/")


def carry_out(directory: ArchiveDirectory, moves: Sequence[FileMove]) -> None:
    """Move or delete files and wait until the disk knows; safe to repeat, and after a kill in the midst of it.

    A file that is at neither place stays missing: `process.py verify` tells. No move replaces another file.

    Raises:
        StorageError: the disk refused, or another file is in the place of a target.
    """
    touched: set[Path] = set()
    for move in moves:
        source = directory.resolve(move.source)
        if move.target == DELETED:
            remove(directory, move.source)
            forget(directory, blob_of(move.source))
            # Its directory may be gone with it.
            touched |= {source.parent, directory.root / TRASH}
            continue
        target = directory.resolve(move.target)
        try:
            touched |= _make_directory(target.parent)
            _move(source, target, ours=move.target.startswith((_OF_BLOBS, f"{OWN_DIRECTORY}/")))
        except OSError as err:
            raise disk_error(err, f"cannot move {source} to {target}") from err
        touched |= {source.parent, target.parent}
    for move in moves:
        _remove_empty(directory, move.source)
    directory.sync_batch(path for path in touched if path.is_dir())


def discard_double(directory: ArchiveDirectory, path: str, kept: str, sha256: str, size: int) -> bool:
    """Delete a file whose very bytes lie in the trash already; return False, and leave it, if they do not.

    Args:
        directory: the output directory.
        path: of the file; one with other bytes is the user's, and is left alone.
        kept: where the bytes are in the trash.
        sha256: of the bytes.
        size: how many there are.

    Raises:
        StorageError: the disk refused.
    """
    if not directory.same_bytes(kept, sha256, size):
        return False
    if directory.same_bytes(path, sha256, size):
        file = directory.resolve(path)
        try:
            file.unlink(missing_ok=True)
        except OSError as err:
            raise disk_error(err, f"cannot delete {file}") from err
    return True


def remove(directory: ArchiveDirectory, path: str) -> None:
    """Delete a file of the trash for good, and its directory there once it is empty.

    Raises:
        StorageError: the disk refused, or the path is not one in the trash.
    """
    if not is_in_trash(path):
        raise StorageError(f"{path} is not in the trash: it was left alone")
    file = directory.resolve(path)
    try:
        file.unlink(missing_ok=True)
    except OSError as err:
        raise disk_error(err, f"cannot delete {file}") from err
    _remove_empty(directory, path)


def _remove_empty(directory: ArchiveDirectory, path: str) -> None:
    """Remove the directories of the trash that a file has left empty."""
    if is_in_trash(path):
        for parent in list(PurePosixPath(path).parents)[: -len(PurePosixPath(TRASH).parts) - 1]:
            try:
                directory.resolve(str(parent)).rmdir()
            except OSError:
                return


def _make_directory(path: Path) -> set[Path]:
    """Create a directory and its parents; return those in which one was created, which are still to be synced."""
    if path.is_dir():
        return set()
    touched = _make_directory(path.parent)
    path.mkdir(exist_ok=True)
    return touched | {path.parent}


def _move(source: Path, target: Path, *, ours: bool) -> None:
    try:
        move_new(source, target)
    except FileNotFoundError:
        # Moved before a kill, or lost: then there is nothing to move.
        return
    except FileExistsError:
        # A kill between the two halves of a move (link, unlink) leaves one file under both names.
        if ours and target.stat().st_size == 0:
            # The reservation of `disk.move_new`; nothing of the user's own lies there.
            source.replace(target)
            return
        if not source.samefile(target):
            raise StorageError(f"{target} is taken by another file: move that away and run the same command") from None
        source.unlink()

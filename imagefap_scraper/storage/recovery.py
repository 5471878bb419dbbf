"""What a killed run was about to store, at the next start: finished, or given up without a trace."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Literal

from imagefap_scraper.storage.files import AlreadyThere, ArchiveDirectory, TempFile
from imagefap_scraper.storage.layouts import BLOBS

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Intent:
    """A file that was about to get its final name.

    Attributes:
        temp: the temporary file, relative to the output directory (`TempFile.relative`).
        path: the final name, relative to the output directory.
        sha256: of its bytes, 64 hexadecimal digits.
        size: bytes.
    """

    temp: str
    path: str
    sha256: str
    size: int


def roll(directory: ArchiveDirectory, intent: Intent) -> Literal["stored", "lost"]:
    """Finish one intent, or give it up; safe to repeat, and after a kill in the midst of it.

    * The final file is there with the right bytes: `stored`. It and its name are synced first, since the kill may
      have come before that and a row will now claim that it is durable.
    * Else the temporary file is whole: it is published, `stored`.
    * Else `lost`: the image is fetched again. The temporary file is removed.

    A final file with other bytes is a damaged blob in the blob layout: it is replaced, or put aside into the quarantine
    if there is nothing to replace it with. Among straight names it is left alone, for no file of ours gets its name
    before its bytes are synced: it is the user's, and the image will be stored beside it under a longer name. The one
    exception is an empty file while the temporary one is whole: that is the reservation of `disk.move_new`.

    Raises:
        StorageError: the disk refused, or the intent's final path leads out.
    """
    temp = _own_temp(directory, intent.temp, intent.size)
    final = directory.resolve(intent.path)
    if directory.same_bytes(intent.path, intent.sha256, intent.size):
        directory.sync_batch((final, final.parent))
        stored = True
    elif temp is not None and directory.same_bytes(intent.temp, intent.sha256, intent.size):
        stored = _publish(directory, temp, intent, final)
    else:
        stored = False
        if _is_blob(intent.path) and final.is_file():
            directory.put_aside(intent.path)
    if temp is not None:
        directory.discard(temp)
    return "stored" if stored else "lost"


def _publish(directory: ArchiveDirectory, temp: TempFile, intent: Intent, final: Path) -> bool:
    directory.sync_batch((temp.path,))
    try:
        directory.publish(temp, intent.path)
    except AlreadyThere:
        reservation = final.is_file() and not final.is_symlink() and final.stat().st_size == 0
        if not reservation and not _is_blob(intent.path):
            return False
        directory.replace(temp, intent.path)
    return True


def _is_blob(path: str) -> bool:
    return PurePosixPath(path).parts[0] == BLOBS


def _own_temp(directory: ArchiveDirectory, relative: str, size: int) -> TempFile | None:
    """Return the intent's temporary file, None if it is not one of ours: nothing else is ever removed."""
    temp = TempFile(directory.tmp / PurePosixPath(relative).name, size)
    return temp if temp.relative == relative else None

"""JSON files beside pictures and for folders: ours by a mark in them; a file of the user's own is never touched."""

from __future__ import annotations

import json
import stat
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final, Literal

from imagefap_scraper.storage.disk import disk_error
from imagefap_scraper.storage.files import AlreadyThere

if TYPE_CHECKING:
    from collections.abc import Mapping

    from imagefap_scraper.storage.files import ArchiveDirectory

#: Raised when a field of a sidecar changes its meaning or goes away.
SCHEMA: Final = 1
PROGRAM: Final = "imagefap_scraper"
#: Bytes of the largest file that can be one of ours: a folder of 100,000 images has about 20 MB.
_LARGEST: Final = 256 << 20

Kind = Literal["image", "folder"]
Outcome = Literal["written", "uptodate", "foreign"]


def sidecar_path(path: str) -> str:
    """Return the path of the sidecar of a picture's file: `NAME.EXT.json`."""
    return path + ".json"


def read_sidecar(directory: ArchiveDirectory, path: str) -> dict[str, Any] | None:
    """Return what a sidecar of ours says; None if there is no such file, or one that is not ours.

    Raises:
        StorageError: the path leads out, or the disk fails.
    """
    return _parse(_content(directory, path))


def write_sidecar(directory: ArchiveDirectory, path: str, kind: Kind, document: Mapping[str, Any]) -> Outcome:
    """Write a sidecar, whole or not at all, if it differs from the one that is there.

    Args:
        directory: the output directory.
        path: of the sidecar in it.
        kind: of what it tells.
        document: what it tells.

    Returns:
        `written`, `uptodate` if it says that already, `foreign` if a file of the user's own has its name.

    Raises:
        StorageError: the path leads out, or the disk refused.
    """
    marked = {"schema": SCHEMA, "program": PROGRAM, "kind": kind, **document}
    content = (json.dumps(marked, ensure_ascii=True, indent=1) + "\n").encode()
    before = _content(directory, path)
    if before == content:
        return "uptodate"
    known = _parse(before)
    if before is not None and (known is None or known["kind"] != kind):
        return "foreign"
    temp = directory.write_temp(content)
    try:
        if before is None:
            directory.publish(temp, path)
        else:
            directory.replace(temp, path)
    except AlreadyThere:
        return "foreign"
    finally:
        directory.discard(temp)
    return "written"


def _content(directory: ArchiveDirectory, path: str) -> bytes | None:
    """Return the bytes of a plain file; None if nothing is there, nothing (b"") for what is no plain file."""
    file = directory.resolve(path)
    try:
        status = file.lstat()
        if not stat.S_ISREG(status.st_mode) or status.st_size > _LARGEST:
            return b""
        return file.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except PermissionError:
        return b""
    except OSError as error:
        raise disk_error(error, f"cannot read {file}") from error


def _parse(content: bytes | None) -> dict[str, Any] | None:
    with suppress(ValueError, RecursionError):
        document = json.loads(content or b"null")
        if isinstance(document, dict) and document.get("program") == PROGRAM and "kind" in document:
            return document
    return None

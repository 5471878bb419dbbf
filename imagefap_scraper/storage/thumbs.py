"""Where small pictures are kept in the output directory: a cache, which may be deleted at any time."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Final

from imagefap_scraper.exceptions import StorageError

if TYPE_CHECKING:
    from imagefap_scraper.storage.files import ArchiveDirectory

THUMBS: Final = "thumbs"


def thumbnail_path(sha256: str) -> str:
    """Return where a picture's thumbnail is kept, relative to the output directory."""
    return f"{THUMBS}/{sha256}.webp"


def preview_path(sha256: str) -> str:
    """Return where a picture's preview is kept, relative to the output directory."""
    return f"{THUMBS}/{sha256}.large.webp"


def forget(directory: ArchiveDirectory, sha256: str) -> None:
    """Delete the small ones of a picture that is gone for good; a disk that refuses is no matter."""
    for relative in (thumbnail_path(sha256), preview_path(sha256)):
        with suppress(OSError, StorageError):
            directory.resolve(relative).unlink(missing_ok=True)

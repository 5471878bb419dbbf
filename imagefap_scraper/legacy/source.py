"""Where the original kept its pictures: read, decrypted, hashed again; never written to."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from imagefap_scraper.legacy.crypto import NotDecryptedError

if TYPE_CHECKING:
    from pathlib import Path

    from imagefap_scraper.legacy.crypto import LegacyKey
    from imagefap_scraper.legacy.records import LegacyBlob

__all__ = ["BlobSource", "Problem"]


@dataclass(frozen=True, slots=True)
class Problem:
    """A blob that does not arrive.

    Attributes:
        sha256: of what it should be.
        kind: `missing`, `differs`, or `broken` (the very bytes, but no whole picture).
        reason: one line.
    """

    sha256: str
    kind: str
    reason: str


class BlobSource:
    """The directory of the original's blobs."""

    def __init__(self, directory: Path, key: LegacyKey | None) -> None:
        """Take the directory, and the key if the files in it are encrypted."""
        self._directory = directory
        self._key = key

    def path(self, blob: LegacyBlob) -> Path:
        """Return where the original keeps a blob."""
        stem = blob.sha256 if self._key is None else self._key.file_name(blob.sha256)
        return self._directory / f"{stem}.{blob.extension}"

    def read(self, blob: LegacyBlob) -> bytes | Problem:
        """Return the bytes of a blob, whose hash is right; or why there are none."""
        path = self.path(blob)
        try:
            content = path.read_bytes()
            if self._key is not None:
                content = self._key.decrypt(content)
        except (FileNotFoundError, NotADirectoryError):
            return Problem(blob.sha256, "missing", "the original's file is missing")
        except OSError as error:
            return Problem(blob.sha256, "missing", f"the original's file cannot be read: {error.strerror or error}")
        except NotDecryptedError:
            return Problem(blob.sha256, "differs", "the original's file is not encrypted with this password")
        if hashlib.sha256(content).hexdigest() != blob.sha256:
            return Problem(blob.sha256, "differs", "the original's file holds other bytes than it stored")
        return content

"""A picture on its way from the disk into the archive."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from imagefap_scraper.adopting.rows import Place


@dataclass(slots=True, eq=False)
class Candidate:
    """A picture that was found.

    Attributes:
        path: where it is; only ever read.
        image_id: the site's number; None for one that never was there: it gets a number of its own.
        name: the image's name; None if not known.
        gallery_id: the site's number of its gallery; None if not known.
        place: its folder, if it comes into one.
        content: its bytes, while they are needed.
        sha256: of the bytes, 64 hexadecimal digits; empty until they were read.
        size: bytes, of what was read.
    """

    path: Path
    image_id: int | None = None
    name: str | None = None
    gallery_id: int | None = None
    place: Place | None = None
    content: bytes | None = None
    sha256: str = ""
    size: int = 0

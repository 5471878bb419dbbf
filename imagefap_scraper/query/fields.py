"""The fields of the query language, and which values they take."""

from __future__ import annotations

import difflib
import re
from typing import TYPE_CHECKING

from imagefap_scraper.items import ImageStatus
from imagefap_scraper.query import values

if TYPE_CHECKING:
    from collections.abc import Callable

    from imagefap_scraper.query.nodes import Query, Term

#: What people are told, in this order.
HELP = {
    "name": 'a part of the name, also without the field: name:rose, rose, "two words"',
    "folder": "a folder's name or number, * stands for anything; its order is kept: folder:Flowers, fl*, folder:#10",
    "user": "a user's name or number, * stands for anything: user:anna, user:#1",
    "gallery": "a gallery's number or name: gallery:123456",
    "tag": "a tag and what is below it: tag:trees, tag:plants/trees, tag:/plants (a root)",
    "tagged": "yes, no: has any tag",
    "type": "jpg, png, gif, webp, bmp, tiff, avif; several with commas: type:gif,webp",
    "animated": "yes, no",
    "w": "width in pixels: w:>2000, w:800..1200",
    "h": "height in pixels",
    "pixels": "width times height: pixels:>2MP, pixels:<640x480",
    "size": "bytes, KB, MB, GB (1000) or KiB, MiB, GiB (1024): size:<1MB",
    "added": "when it was stored, by year, month or day (UTC): added:2026-10.., added:2026, added:today",
    "uploaded": "when the site got it, in the same way, as far as it says so",
    "status": "wanted, stored, failed, gone, skipped, filtered; several with commas",
    "gone": "yes, no: the site no longer has it",
    "dup": "yes, no: in a group of look-alikes; open: in one that asks",
    "id": "image numbers: id:123, id:1,2,3, id:1000..2000",
    "sha": "the first digits of the SHA-256",
}
#: Every field, by its one name.
FIELDS = tuple(HELP)
#: Other names of fields.
NAMES = {"width": "w", "height": "h", "sha256": "sha", "format": "type", "dups": "dup", "bytes": "size"}

#: The names of formats, as people write them.
FORMATS = {
    "jpg": "JPEG",
    "jpeg": "JPEG",
    "png": "PNG",
    "gif": "GIF",
    "webp": "WEBP",
    "bmp": "BMP",
    "tif": "TIFF",
    "tiff": "TIFF",
    "avif": "AVIF",
}

#: Fields of numbers: how their values are read, and an example.
RANGES: dict[str, tuple[Callable[[str], values.Span | None], str]] = {
    "w": (values.length, "w:>2000 or w:800..1200"),
    "h": (values.length, "h:>2000 or h:800..1200"),
    "pixels": (values.pixels, "pixels:>2MP or pixels:<640x480"),
    "size": (values.size, "size:<1MB or size:100KB..2MiB"),
    "added": (values.day, "added:2026, added:2026-10.. or added:2026-10-01..2026-10-15"),
    "uploaded": (values.day, "uploaded:2012, uploaded:2012-03.. or uploaded:<2010"),
    "id": (values.whole_number, "id:123, id:1,2,3 or id:1000..2000"),
}
#: Fields that take one of these.
CHOICES = {
    "type": tuple(FORMATS),
    "status": tuple(str(status) for status in ImageStatus),
    "tagged": ("yes", "no"),
    "animated": ("yes", "no"),
    "gone": ("yes", "no"),
    "dup": ("yes", "no", "open"),
}
#: Those that take several with commas.
LISTS = ("type", "status")


def listed(value: str) -> list[str]:
    """Return the values between commas."""
    return [part.strip() for part in value.split(",")]


def conditions_in(term: Term) -> int:
    """Return as how many conditions a term counts: of a list each range is one, its plain numbers are one together."""
    return max(1, sum(not part.isdecimal() for part in listed(term.value))) if term.field == "id" else 1


def check(query: Query, term: Term) -> None:
    """Refuse a field that there is not, or a value that it does not take.

    Raises:
        UserInputError: the message shows where, and what would be right.
    """
    if term.field not in HELP:
        near = difflib.get_close_matches(term.field, [*HELP, *NAMES], 1)
        hint = f"; did you mean {near[0]}:" if near else ""
        query.refuse(term, f"there is no field {term.field}:{hint} (a name with a colon needs quotes)")
    if not term.value.strip():
        query.refuse(term, f"{term.field}: needs a value")
    if "\0" in term.value:
        query.refuse(term, "no name holds a null character")
    if any("\ud800" <= char <= "\udfff" for char in term.value):
        query.refuse(term, "this is no text in UTF-8")
    if term.field in RANGES:
        _check_range(query, term)
    elif term.field in CHOICES:
        _check_choice(query, term)
    elif term.field == "sha" and not re.fullmatch("[0-9a-fA-F]{4,64}", term.value):
        query.refuse(term, "sha: takes 4 to 64 hexadecimal digits")


def _check_range(query: Query, term: Term) -> None:
    read, example = RANGES[term.field]
    parts = listed(term.value) if term.field == "id" else [term.value]
    if any(values.bounds(part, read) is None for part in parts):
        query.refuse(term, f"{term.field}: cannot be {term.value!r}; write {example}")


def _check_choice(query: Query, term: Term) -> None:
    choices = CHOICES[term.field]
    for part in listed(term.value) if term.field in LISTS else [term.value]:
        if part.lower() not in choices and (choices[0] != "yes" or values.yes_or_no(part) is None):
            query.refuse(term, f"{term.field}: cannot be {part!r}; one of {', '.join(choices)}")

"""Sizes and completeness of TIFF and AVIF, read without decoding anything; the same promises as in `headers`."""

from __future__ import annotations

from typing import Literal, NamedTuple

from imagefap_scraper.inspection.headers import Outline

#: Pages of a TIFF, entries of a page and boxes of an AVIF that are looked at: far more than real files have.
_MAX_PAGES = 2_000
_MAX_ENTRIES = 500
_MAX_VALUES = 100_000
_MAX_BOXES = 10_000
_MAX_SIZES = 1_000

_WIDTH, _HEIGHT = 256, 257
#: Where the data lies and how long it is: strips, tiles.
_DATA = ((273, 279), (324, 325))
#: Bytes of one value by TIFF's type number: BYTE, SHORT, LONG, and BigTIFF's LONG8.
_TYPE_SIZES = {1: 1, 3: 2, 4: 4, 16: 8}


class _Layout(NamedTuple):
    """How numbers are written in this file: classic TIFF or BigTIFF, in either byte order."""

    order: Literal["little", "big"]
    count_size: int
    offset_size: int
    first_page_at: int

    def number(self, content: bytes, at: int, length: int) -> int:
        return int.from_bytes(content[at : at + length], self.order)


def read_tiff(content: bytes) -> Outline:
    """Read every page's directory; all strips and tiles must lie inside the file."""
    order: Literal["little", "big"] = "little" if content[:2] == b"II" else "big"
    layout = _Layout(order, 2, 4, 4)
    if layout.number(content, 2, 2) == 43:
        layout = _Layout(order, 8, 8, 8)
    width = height = pages = 0
    complete = True
    seen: set[int] = set()
    page_at = layout.number(content, layout.first_page_at, layout.offset_size)
    while page_at and page_at not in seen and pages < _MAX_PAGES:
        seen.add(page_at)
        page, next_at = _tiff_page(content, page_at, layout)
        if page is None:
            return Outline(width, height, pages or None, complete=False)
        pages += 1
        if not width:
            width, height = (page.get(tag, [0])[0] for tag in (_WIDTH, _HEIGHT))
        complete = complete and _tiff_data_inside(content, page)
        page_at = next_at
    return Outline(width, height, pages or None, complete=complete and pages > 0)


def _tiff_page(content: bytes, at: int, layout: _Layout) -> tuple[dict[int, list[int]] | None, int]:
    """Return the tags that matter of the page at this place (None if it is not in the file), and where the next is."""
    entries = layout.number(content, at, layout.count_size)
    entry_size = 4 + 2 * layout.offset_size
    start = at + layout.count_size
    end = start + entries * entry_size
    if not entries or entries > _MAX_ENTRIES or end + layout.offset_size > len(content):
        return None, 0
    wanted = {_WIDTH, _HEIGHT, *(tag for pair in _DATA for tag in pair)}
    page: dict[int, list[int]] = {}
    for entry in range(start, end, entry_size):
        tag = layout.number(content, entry, 2)
        if tag in wanted:
            page[tag] = _tiff_values(content, entry, layout) or [0]
    return page, layout.number(content, end, layout.offset_size)


def _tiff_values(content: bytes, entry: int, layout: _Layout) -> list[int]:
    """Return the numbers of one entry; short or empty if they do not lie in the file."""
    size = _TYPE_SIZES.get(layout.number(content, entry + 2, 2), 0)
    count = min(layout.number(content, entry + 4, layout.offset_size), _MAX_VALUES)
    at = entry + 4 + layout.offset_size
    if size * count > layout.offset_size:
        at = layout.number(content, at, layout.offset_size)
    if not size or at + size * count > len(content):
        return []
    return [layout.number(content, at + index * size, size) for index in range(count)]


def _tiff_data_inside(content: bytes, page: dict[int, list[int]]) -> bool:
    for offsets, lengths in _DATA:
        if offsets in page:
            spans = zip(page[offsets], page.get(lengths, []), strict=False)
            return all(offset and offset + length <= len(content) for offset, length in spans)
    return False


def read_avif(content: bytes) -> Outline:
    """Go from box to box: metadata and data must be there and whole; the largest picture named gives the size."""
    width = height = position = 0
    found: set[bytes] = set()
    complete = True
    for _ in range(_MAX_BOXES):
        size, kind = int.from_bytes(content[position : position + 4], "big"), content[position + 4 : position + 8]
        if size == 1:
            size = int.from_bytes(content[position + 8 : position + 16], "big")
        elif size == 0:
            size = len(content) - position
        if size < 8 or (not kind.isalnum() and b"mdat" in found):
            # Bytes after the last box.
            break
        if position + size > len(content):
            complete = False
        found.add(kind)
        if kind == b"meta":
            width, height = _avif_size(content, position, position + size)
        position += size
        if position >= len(content):
            break
    has_data = bool(found & {b"meta", b"moov"}) and (b"mdat" in found or content.find(b"idat") > 0)
    frames = None if b"moov" in found else 1
    return Outline(width, height, frames, complete=complete and has_data)


def _avif_size(content: bytes, start: int, end: int) -> tuple[int, int]:
    """Return the largest width and height among the sizes ('ispe') that the metadata box names."""
    best = (0, 0)
    at = start
    for _ in range(_MAX_SIZES):
        at = content.find(b"ispe", at, end)
        if at < 0:
            break
        size = (int.from_bytes(content[at + 8 : at + 12], "big"), int.from_bytes(content[at + 12 : at + 16], "big"))
        best = max(best, size, key=lambda pair: pair[0] * pair[1])
        at += 4
    return best

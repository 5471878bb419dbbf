"""Sizes and end marks of JPEG, PNG, GIF, WebP and BMP, read without decoding anything.

Each function takes all bytes of a file that its signature says to be of that format, returns an `Outline` and never
raises: slices past the end give short numbers, and every loop ends after `MAX_STEPS`.
"""

from __future__ import annotations

import re
from typing import NamedTuple

#: So many blocks of a file are looked at. 64 MiB of GIF data in blocks of 255 bytes, as every encoder writes them, are
#: 263,000; a file built to be slow to walk costs about half a second and then is judged by its last bytes.
MAX_STEPS = 1_000_000

#: A JPEG marker: 0xFF and neither a stuffed zero, a fill byte nor a restart marker, which all lie between the data.
_JPEG_MARKER = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]")
_JPEG_START_OF_FRAME = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_JPEG_WITHOUT_LENGTH = frozenset({0x01, 0xD8})
_PNG_CHUNK_OVERHEAD = 12
_BMP_RUN_LENGTH = frozenset({1, 2})


class Outline(NamedTuple):
    """What a header says.

    Attributes:
        width: pixels; 0 if it cannot be read.
        height: pixels; 0 if it cannot be read.
        frames: how many frames the file names; None if that cannot be told without decoding.
        complete: True if the file goes on to its own end mark, or is as long as it says. Bytes after that do not
            matter.
    """

    width: int
    height: int
    frames: int | None
    complete: bool


def _big(content: bytes, at: int, length: int) -> int:
    return int.from_bytes(content[at : at + length], "big")


def _little(content: bytes, at: int, length: int, *, signed: bool = False) -> int:
    return int.from_bytes(content[at : at + length], "little", signed=signed)


def read_jpeg(content: bytes) -> Outline:
    """Read the start of frame, then go from marker to marker to the end of the image.

    The end may also be missing from a file whose last row is there; such a file was cut too, and counts as cut.
    """
    width = height = 0
    scanned = False
    position = 2
    for _ in range(MAX_STEPS):
        match = _JPEG_MARKER.search(content, position)
        if match is None:
            return Outline(width, height, 1, complete=False)
        marker, position = content[match.end() - 1], match.end()
        if marker == 0xD9:
            return Outline(width, height, 1, complete=scanned)
        if marker in _JPEG_WITHOUT_LENGTH:
            continue
        if marker in _JPEG_START_OF_FRAME and not width:
            height, width = _big(content, position + 3, 2), _big(content, position + 5, 2)
        scanned = scanned or marker == 0xDA
        position += _big(content, position, 2)
    return Outline(width, height, 1, complete=scanned and content.rfind(b"\xff\xd9") > position)


def read_png(content: bytes) -> Outline:
    """Read IHDR and acTL (animations), then go from chunk to chunk to IEND."""
    width, height = _big(content, 16, 4), _big(content, 20, 4)
    frames = 1
    has_data = False
    position = 8
    for _ in range(MAX_STEPS):
        length, kind = _big(content, position, 4), content[position + 4 : position + 8]
        if position + length + _PNG_CHUNK_OVERHEAD > len(content):
            return Outline(width, height, frames, complete=False)
        if kind == b"IEND":
            return Outline(width, height, frames, complete=has_data)
        if kind == b"acTL":
            frames = max(1, _big(content, position + 8, 4))
        has_data = has_data or kind == b"IDAT"
        position += length + _PNG_CHUNK_OVERHEAD
    return Outline(width, height, frames, complete=content.rfind(b"IEND") > position)


def read_gif(content: bytes) -> Outline:
    """Read the logical screen, then go from block to block to the trailer, counting images."""
    width, height = _little(content, 6, 2), _little(content, 8, 2)
    position = 13 + _gif_colours(content, 10)
    frames = 0
    steps = MAX_STEPS
    while steps > 0 and position < len(content):
        steps -= 1
        block = content[position]
        if block == 0x3B:
            return Outline(width, height, frames, complete=frames > 0)
        if block == 0x2C:
            frames += 1
            position, steps = _gif_data_end(content, position + 11 + _gif_colours(content, position + 9), steps)
        elif block == 0x21:
            position, steps = _gif_data_end(content, position + 2, steps)
        elif block == 0:
            # Some encoders leave one terminator too many; decoders pass over it.
            position += 1
        else:
            break
    # Left half-way (too many blocks, or something unknown that decoders may pass over): the last bytes have to tell.
    ends = position < len(content) and content.rstrip(b"\0")[-1:] == b";"
    return Outline(width, height, frames or None, complete=ends and frames > 0)


def _gif_colours(content: bytes, flags_at: int) -> int:
    """Return the length in bytes of the colour table that the flags at this place announce."""
    flags = _little(content, flags_at, 1)
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0


def _gif_data_end(content: bytes, position: int, steps: int) -> tuple[int, int]:
    """Return the place after a chain of data blocks that begins here, and how many steps are left."""
    size = len(content)
    while steps > 0 and position < size:
        steps -= 1
        length = content[position]
        position += length + 1
        if not length:
            break
    return position, steps


def read_webp(content: bytes) -> Outline:
    """Read the size from the first chunk that has one, count animation frames; the end is where RIFF says."""
    end = _little(content, 4, 4) + 8
    width = height = frames = 0
    has_data = False
    position = 12
    for _ in range(MAX_STEPS):
        if position + 8 > min(end, len(content)):
            break
        kind, length = content[position : position + 4], _little(content, position + 4, 4)
        if not width:
            width, height = _webp_size(content, kind, position + 8)
        frames += kind == b"ANMF"
        has_data = has_data or kind in {b"VP8 ", b"VP8L", b"ANMF"}
        position += 8 + length + (length & 1)
    # The last chunk may lack its padding byte, which then is not counted either.
    return Outline(width, height, frames or 1, complete=has_data and end <= len(content) and position <= end + 1)


def _webp_size(content: bytes, kind: bytes, at: int) -> tuple[int, int]:
    """Return width and height from a chunk's payload; zeros if this kind of chunk has none."""
    if kind == b"VP8X":
        return _little(content, at + 4, 3) + 1, _little(content, at + 7, 3) + 1
    if kind == b"VP8L":
        bits = _little(content, at + 1, 4)
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if kind == b"VP8 ":
        return _little(content, at + 6, 2) & 0x3FFF, _little(content, at + 8, 2) & 0x3FFF
    return 0, 0


def read_bmp(content: bytes) -> Outline:
    """Read the bitmap's header; the rows must fit into the file (its own length field is often wrong)."""
    start, header_size = _little(content, 10, 4), _little(content, 14, 4)
    if header_size == 12:
        width, height = _little(content, 18, 2), _little(content, 20, 2)
        bits, compression = _little(content, 24, 2), 0
    else:
        width, height = _little(content, 18, 4, signed=True), abs(_little(content, 22, 4, signed=True))
        bits, compression = _little(content, 28, 2), _little(content, 30, 4)
    if width <= 0 or height <= 0:
        return Outline(0, 0, 1, complete=False)
    if compression in _BMP_RUN_LENGTH:
        # Run-length data has its length in the header, and an end mark that decoders ask for themselves.
        return Outline(width, height, 1, complete=start + _little(content, 34, 4) <= len(content))
    row = (width * bits + 31) // 32 * 4
    return Outline(width, height, 1, complete=bits > 0 and start + row * height <= len(content))

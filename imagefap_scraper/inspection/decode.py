"""Decoding, in the child process alone, for it meets untrusted bytes: to check, to look, to hash, to make small."""

from __future__ import annotations

import io
import warnings
from typing import TYPE_CHECKING, TypeVar

from PIL import Image, JpegImagePlugin, UnidentifiedImageError

from imagefap_scraper.dedup.encoding import HASH_VERSION, draft, encode_image
from imagefap_scraper.inspection.formats import Format, Header, read_header
from imagefap_scraper.inspection.result import (
    PREVIEW_SIDE,
    THUMBNAIL_SIDE,
    Inspection,
    Limits,
    Outcome,
    broken,
    is_animated,
    over_limit,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from PIL.ImageFile import ImageFile

    from imagefap_scraper.dedup.look import Look

#: What else arrives under the name of a picture, by its first bytes; for the reason alone.
_KNOWN_OTHERS = (
    (b"%PDF", "PDF"),
    (b"%!PS", "EPS/PostScript"),
    (b"\xc5\xd0\xd3\xc6", "EPS/PostScript"),
    (b"PK\x03\x04", "ZIP"),
    (b"8BPS", "Photoshop file"),
    (b"\x1f\x8b", "gzip data"),
    (b"\0\0\0\x0cJXL ", "JPEG XL"),
    (b"\0\0\0\x0cjP  ", "JPEG 2000"),
)
#: libwebp, libavif and libtiff allocate by themselves and report failure as an ordinary decoder error. They and Pillow
#: keep up to this many bytes a pixel at the same time; where that may exceed the limit, the error proves nothing.
_OWN_MEMORY = frozenset({Format.WEBP, Format.AVIF, Format.TIFF})
_BYTES_PER_PIXEL = 16
#: Address space that Python and the imported packages take (bytes).
_BASE_MEMORY = 384 * 1024 * 1024


Found = TypeVar("Found")


class _OverLimitError(Exception):
    """Going on would exceed a limit; the message says which."""


def inspect(content: bytes, limits: Limits) -> Inspection:
    """Decode a file to its end within limits and hash its first frame; never raises on bad content.

    A file without its end mark is broken even if all its rows decode: it was cut. What a decoder passes over is whole:
    bytes after the end, garbage inside the data of a JPEG. Of a JPEG of several pictures (MPO) only the first counts:
    the others are previews and second views, and sites that serve copies often strip them.
    """
    return _guarded(content, limits, lambda header: _decode(content, header, limits))


def look(content: bytes, limits: Limits) -> Look | Inspection:
    """Decode the first frame within limits for a comparison; what `inspect` would say if it cannot be had."""
    # Crawls inspect alone and should not pay for this.
    from imagefap_scraper.dedup.look import take_look  # noqa: PLC0415

    def see(header: Header) -> Look:
        with _open_checked(content, header, limits) as image:
            return take_look(image)

    return _guarded(content, limits, see)


def pixels(content: bytes, limits: Limits) -> str | Inspection:
    """Return the SHA-256 of the first frame's pixels, within limits; what `inspect` would say if it cannot be had."""
    from imagefap_scraper.dedup.look import pixels_sha256  # noqa: PLC0415 - as above

    def read(header: Header) -> str:
        with _open_checked(content, header, limits) as image:
            return pixels_sha256(image)

    return _guarded(content, limits, read)


def thumbnail(content: bytes, limits: Limits) -> bytes | Inspection:
    """Return the first frame as WebP within `THUMBNAIL_SIDE`; what `inspect` would say if it cannot be had."""
    return _made_small(content, limits, THUMBNAIL_SIDE)


def preview(content: bytes, limits: Limits) -> bytes | Inspection:
    """Return the first frame as WebP within `PREVIEW_SIDE`; what `inspect` would say if it cannot be had."""
    return _made_small(content, limits, PREVIEW_SIDE)


def _made_small(content: bytes, limits: Limits, side: int) -> bytes | Inspection:
    from imagefap_scraper.inspection.thumbnail import shrink  # noqa: PLC0415 - as above

    def make(header: Header) -> bytes:
        with _open_checked(content, header, limits) as image:
            return shrink(image, side)

    return _guarded(content, limits, make)


def _guarded(content: bytes, limits: Limits, work: Callable[[Header], Found]) -> Found | Inspection:
    """Return what the work finds in a file; if the file or a limit forbids it, what then holds of the file."""
    header = read_header(content)
    if header is None:
        return broken(_what_it_is(content))
    if not header.complete:
        return broken(f"cut: {header.format} without its end", header)
    memory = f"more than {limits.memory // 2**20} MiB of memory"
    try:
        _check_size(header.width, header.height, header.frames or 1, limits)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return work(header)
    except (_OverLimitError, Image.DecompressionBombError) as error:
        why = _one_line(error)
    except MemoryError:
        why = f"decoding needs {memory}"
    except Exception as error:  # noqa: BLE001
        # Decoders raise nearly everything on damaged files (OSError, SyntaxError, ValueError, IndexError,
        # struct.error).
        if not _memory_may_be_short(header, limits):
            return broken(f"damaged {header.format}: {_one_line(error)}", header)
        why = f"decoding perhaps needs {memory}"
    return over_limit(content, why)


def _what_it_is(content: bytes) -> str:
    """Say in a person's words why bytes are none of our formats."""
    if not content:
        return "empty: the answer had no bytes"
    for signature, name in _KNOWN_OTHERS:
        if content.startswith(signature):
            return f"{name} instead of a picture"
    start = content[:1024].removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    if start.startswith(b"<svg") or (start.startswith(b"<?xml") and b"<svg" in start):
        return "SVG instead of a picture"
    if start.startswith(b"<"):
        return "text/HTML instead of a picture"
    if content[:1024].isascii() and all(byte >= 32 or byte in b"\t\n\r\f" for byte in content[:1024]):
        return "text instead of a picture"
    return f"none of the picture formats {', '.join(Format)}"


def _check_size(width: int, height: int, frames: int, limits: Limits) -> None:
    pixels = width * height
    if pixels > limits.max_pixels:
        raise _OverLimitError(f"{width}x{height} pixels are more than {limits.max_pixels:,}")
    if frames > limits.max_frames:
        raise _OverLimitError(f"more than {limits.max_frames:,} frames")
    if frames * pixels > limits.max_frame_pixels:
        raise _OverLimitError(f"all frames together have more than {limits.max_frame_pixels:,} pixels")


def _decode(content: bytes, header: Header, limits: Limits) -> Inspection:
    with _open_checked(content, header, limits) as image:
        width, height = image.size
        reduced = draft(image)
        image.load()
        encoding = encode_image(image, reduced=reduced)
        frames = _decode_other_frames(image, limits)
    if header.format is Format.TIFF:
        # Pillow turns a TIFF by its orientation tag; the stored size is wanted.
        width, height = header.width, header.height
    return Inspection(
        Outcome.WHOLE,
        format=header.format,
        width=width,
        height=height,
        frames=frames,
        animated=is_animated(header.format, frames),
        phash=encoding.phash,
        dhash=encoding.dhash,
        hash_version=HASH_VERSION,
        flat=encoding.flat,
    )


def _open_checked(content: bytes, header: Header, limits: Limits) -> ImageFile:
    """Open a file without decoding it.

    Raises:
        _OverLimitError: its decoder reads a size that is over a limit.
        OSError: its decoder cannot read the header. Decoders raise nearly anything else as well.
    """
    # Pillow's own guard (an error at twice this number) sees frames and sizes that the header reader does not.
    Image.MAX_IMAGE_PIXELS = limits.max_pixels
    stream = io.BytesIO(content)
    image: ImageFile
    if header.format is Format.JPEG:
        # Not `Image.open`, which goes on to the other pictures of an MPO and fails where they were stripped.
        image = JpegImagePlugin.JpegImageFile(stream)
    else:
        image = Image.open(stream, formats=[header.format])
    # What the decoder reads may differ from what the header reader saw.
    _check_size(image.width, image.height, 1, limits)
    return image


def _decode_other_frames(image: ImageFile, limits: Limits) -> int:
    """Decode every frame after the first; return how many there are in all.

    The count comes from decoding: what a header says may be a lie in both directions.
    """
    frames = 1
    pixels = image.width * image.height
    while True:
        try:
            image.seek(frames)
        except EOFError:
            return frames
        frames += 1
        pixels += image.width * image.height
        _check_size(image.width, image.height, 1, limits)
        if frames > limits.max_frames:
            raise _OverLimitError(f"more than {limits.max_frames:,} frames")
        if pixels > limits.max_frame_pixels:
            raise _OverLimitError(f"all frames together have more than {limits.max_frame_pixels:,} pixels")
        image.load()


def _memory_may_be_short(header: Header, limits: Limits) -> bool:
    needed = header.width * header.height * _BYTES_PER_PIXEL
    return header.format in _OWN_MEMORY and needed > limits.memory - _BASE_MEMORY


def _one_line(error: Exception) -> str:
    """Return an error's text as one short line; Pillow's own for "cannot identify" names an object in memory."""
    if isinstance(error, UnidentifiedImageError):
        return "the decoder cannot read its header"
    return " ".join(str(error).split())[:200] or type(error).__name__

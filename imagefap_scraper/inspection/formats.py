"""Which format bytes are, by content alone, and what their header says."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from imagefap_scraper.inspection import containers, headers

if TYPE_CHECKING:
    from collections.abc import Callable

    from imagefap_scraper.inspection.headers import Outline


class Format(StrEnum):
    """The formats that are taken; their names are Pillow's."""

    #: Also JFIF, Exif, MPO (several pictures in one file), CMYK.
    JPEG = "JPEG"
    #: Also APNG.
    PNG = "PNG"
    GIF = "GIF"
    WEBP = "WEBP"
    BMP = "BMP"
    TIFF = "TIFF"
    AVIF = "AVIF"


@dataclass(frozen=True)
class Header:
    """What can be said of a picture without decoding it.

    Attributes:
        format: its format.
        width: pixels; 0 if the header does not say.
        height: pixels; 0 if the header does not say.
        complete: True if the file goes on to its own end mark, or is as long as it says.
        frames: how many frames (or pages) it names; None if only decoding can tell.
    """

    format: Format
    width: int
    height: int
    complete: bool
    frames: int | None


_SIGNATURES: tuple[tuple[tuple[bytes, ...], Format], ...] = (
    ((b"\xff\xd8\xff",), Format.JPEG),
    ((b"\x89PNG\r\n\x1a\n",), Format.PNG),
    ((b"GIF87a", b"GIF89a"), Format.GIF),
    # Classic TIFF and BigTIFF, in both byte orders.
    ((b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"), Format.TIFF),
)
#: Sizes of the second header of a BMP, by version; "BM" alone is too short a signature.
_BMP_HEADER_SIZES = frozenset({12, 40, 52, 56, 64, 108, 124})
_AVIF_BRANDS = frozenset({b"avif", b"avis"})
_READERS: dict[Format, Callable[[bytes], Outline]] = {
    Format.JPEG: headers.read_jpeg,
    Format.PNG: headers.read_png,
    Format.GIF: headers.read_gif,
    Format.WEBP: headers.read_webp,
    Format.BMP: headers.read_bmp,
    Format.TIFF: containers.read_tiff,
    Format.AVIF: containers.read_avif,
}
_EXTENSIONS = {Format.JPEG: "jpg"}


def detect(content: bytes) -> Format | None:
    """Return the format by the first bytes, whatever a name or a content type says; None if it is none of ours."""
    for signatures, image_format in _SIGNATURES:
        if content.startswith(signatures):
            return image_format
    if content.startswith(b"RIFF") and content[8:12] == b"WEBP":
        return Format.WEBP
    if content.startswith(b"BM") and int.from_bytes(content[14:18], "little") in _BMP_HEADER_SIZES:
        return Format.BMP
    return Format.AVIF if _is_avif(content) else None


def _is_avif(content: bytes) -> bool:
    if content[4:8] != b"ftyp":
        return False
    # Brands are four bytes each: the major one, a version, then those that the file is compatible with.
    size = min(int.from_bytes(content[:4], "big"), 256)
    brands = {content[at : at + 4] for at in range(8, size, 4) if at != 12}
    return bool(brands & _AVIF_BRANDS)


def extension(image_format: Format) -> str:
    """Return the file name extension of a format, without the dot."""
    return _EXTENSIONS.get(image_format, image_format.value.lower())


def read_header(content: bytes) -> Header | None:
    """Return what the header and the end of a file say; None if it is none of our formats.

    Nothing is decoded and nothing raises, whatever the bytes; 64 MiB take under a second, so that the parent may do it
    (in a thread) when a child met a limit.
    """
    image_format = detect(content)
    if image_format is None:
        return None
    outline = _READERS[image_format](content)
    return Header(image_format, outline.width, outline.height, outline.complete, outline.frames)

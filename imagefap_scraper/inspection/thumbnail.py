"""One decoded picture made small for a page, as a browser would show the original; in the child process alone."""

from __future__ import annotations

import io
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from PIL import Image, ImageCms
from PIL.ExifTags import Base
from PIL.Image import Resampling, Transpose

from imagefap_scraper.dedup.depth import eight_bits, is_deep

if TYPE_CHECKING:
    from PIL.ImageFile import ImageFile

#: WebP's scale of 0 to 100. 78 makes about 40 kB of a detailed photograph at 384 x 256 pixels, without visible blocks.
_QUALITY: Final = 78
#: WebP's effort, 0 to 6: 2 takes 6 ms for 384 x 256 pixels, the default of 4 takes 12 ms and saves 1% of the bytes.
_EFFORT: Final = 2
#: A JPEG is decoded at 1/2, 1/4 or 1/8 as long as so many times the wanted size remain: the last step then averages,
#: and no edge looks jagged. For 6 megapixels 20 ms instead of 33 at twice the size.
_REMAINING: Final = 1.5
#: Pixels are first averaged in whole blocks down to this many times the wanted size; Pillow's own choice.
_REDUCING_GAP: Final = 2.0

#: What Chromium turns by EXIF when it shows the original: these, not WebP, and never by XMP. TIFF is not among what
#: browsers show; Pillow turns it while decoding.
_TURNED_FORMATS: Final = frozenset({"JPEG", "PNG", "AVIF"})
#: EXIF's eight orientations, less 1, which is "as it is".
_TURNS: Final = {
    2: Transpose.FLIP_LEFT_RIGHT,
    3: Transpose.ROTATE_180,
    4: Transpose.FLIP_TOP_BOTTOM,
    5: Transpose.TRANSPOSE,
    6: Transpose.ROTATE_270,
    7: Transpose.TRANSVERSE,
    8: Transpose.ROTATE_90,
}


def shrink(image: ImageFile, side: int) -> bytes:
    """Return an opened picture's first frame as WebP, without any metadata.

    Transparency is kept. Colours are brought to sRGB by the profile in the file; without one, as Pillow does.

    Args:
        image: not yet loaded.
        side: pixels at most on the longer side; a smaller picture is not enlarged.

    Raises:
        OSError: the picture cannot be decoded. Decoders raise nearly anything else on damaged files, too.
        MemoryError: there is not enough memory to decode or convert it.
    """
    size = _fitted(image.size, side)
    box = _decode_reduced(image, size)
    plain = _resizable(image)
    small = plain.resize(size, Resampling.LANCZOS, box=box, reducing_gap=_REDUCING_GAP)
    small = _in_srgb(small, image.info.get("icc_profile"))
    turn = _TURNS.get(_orientation(image))
    stream = io.BytesIO()
    (small if turn is None else small.transpose(turn)).save(stream, "WEBP", quality=_QUALITY, method=_EFFORT)
    return stream.getvalue()


def _fitted(size: tuple[int, int], side: int) -> tuple[int, int]:
    scale = min(1.0, side / max(size))
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def _decode_reduced(image: ImageFile, size: tuple[int, int]) -> tuple[float, float, float, float] | None:
    """Decode, a JPEG at a fraction; return the part that shows the picture, None for all of it.

    The last column and row of a reduced decode often lie partly outside the picture.
    """
    whole = image.size
    drafted = image.draft(image.mode, (int(size[0] * _REMAINING), int(size[1] * _REMAINING)))
    reduced = drafted is not None and image.size != whole
    image.load()
    return drafted[1] if drafted is not None and reduced else None


def _resizable(image: Image.Image) -> Image.Image:
    """Return the picture in a mode whose levels can be averaged: no palette, 8 bits a channel."""
    if is_deep(image):
        return eight_bits(image)
    if image.has_transparency_data:
        return image.convert("RGBA")
    return image if image.mode in {"RGB", "L", "CMYK"} else image.convert("RGB")


def _in_srgb(small: Image.Image, profile: Any) -> Image.Image:
    """Return the picture as RGB or RGBA in the colours that a browser takes for granted where no profile is named."""
    mode = "RGBA" if small.mode == "RGBA" else "RGB"
    if profile:
        # A profile that is damaged, or of another colour space than the pixels, does not count.
        with suppress(ImageCms.PyCMSError, OSError, ValueError, TypeError):
            named = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            found = ImageCms.profileToProfile(small, named, ImageCms.createProfile("sRGB"), outputMode=mode)
            return found if found is not None else small
    return small.convert(mode)


def _orientation(image: ImageFile) -> int:
    """Return the EXIF orientation by which browsers turn the original: 1 to 8."""
    if image.format not in _TURNED_FORMATS:
        return 1
    # Not `getexif`, which asks XMP as well.
    exif = Image.Exif()
    try:
        exif.load(image.info.get("exif") or b"")
        return int(exif.get(Base.Orientation, 1))
    except Exception:  # noqa: BLE001 - its reader raises nearly everything, and a picture is shown without it
        return 1

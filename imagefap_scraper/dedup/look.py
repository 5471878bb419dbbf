"""The second look: what is kept of a decoded picture so that it can be compared with others without decoding again.

One decode a picture, in the child process with limits; the pairs are compared in the parent, on these few pixels.
"""

from __future__ import annotations

import hashlib
import json
import struct
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Self, cast

import numpy as np
from PIL import Image

from imagefap_scraper.dedup._detail import detail
from imagefap_scraper.dedup.depth import eight_bits, is_deep

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Which way of looking made the facts and pixels; raised whenever a picture could get others than before.
LOOK_VERSION = 1

#: Pixels on the longer side of a look: a watermark as high as 3% of a picture is still 6 to 9 pixels high, and the
#: 8x8 blocks of a JPEG of usual size are smaller than a pixel. 230 KB a look at 4:3.
LOOK_SIDE = 320

#: Grey level under transparent pixels: they have no colour of their own, and black or white would make an edge.
_GROUND = 128

#: Levels between the strongest and the weakest of red, green and blue that are no colour yet: a tint that no eye sees.
#: And the share of pixels that may have more: specks.
_COLOUR_LEVELS = 12
_COLOUR_SHARE = 0.001

#: Levels that a picture must depart from a smooth surface (constant, slope, bend), as a standard deviation, to show
#: anything. Gradients at JPEG quality 30 reach 3.2; the softest textures of benchmarks/truth_pictures.py have 11.
_FLAT_LEVELS = 5.0

_MODES_WITH_ALPHA = frozenset({"RGBA", "LA", "PA", "RGBa", "La"})
_LENGTH = struct.Struct(">I")


@dataclass(frozen=True)
class Facts:
    """What a picture's file tells beside its pixels; plain values that JSON can hold.

    Attributes:
        quantization: sum of the values in a JPEG's quantisation table for lightness: the higher, the worse its quality
            (Pillow's quality 30 gives 6125, 60 gives 2952, 85 gives 1109, 95 gives 369). The table for colour does not
            count: grey files have none. None if not a JPEG.
        subsampling: a JPEG's chroma subsampling, such as `4:2:0`; None for other formats and for grey.
        alpha: whether at least one pixel is not opaque.
        grey: whether there is no colour in it.
        icc: whether the file has a colour profile.
        exif: whether the file has EXIF data.
        detail: the share (0-1) of its resolution that the picture uses; see `_detail.detail`. Times the width, it
            can be compared between two sizes of one picture: an enlarged one has no more than its original.
        flat: whether it shows nothing by which two pictures can be told apart (one colour, a plain gradient).
    """

    quantization: int | None
    subsampling: str | None
    alpha: bool
    grey: bool
    icc: bool
    exif: bool
    detail: float
    flat: bool


@dataclass(frozen=True, eq=False)
class Look:
    """A picture made small, and its facts.

    Attributes:
        facts: what the file tells.
        width: of the whole picture, pixels.
        height: of the whole picture, pixels.
        pixels: red, green, blue by row and column; at most `LOOK_SIDE` on the longer side, aspect kept. A smaller
            picture is not enlarged.
    """

    facts: Facts
    width: int
    height: int
    pixels: NDArray[np.uint8]

    def to_bytes(self) -> bytes:
        """Return it for the pipe between processes: length of the header, header (JSON), raw pixels."""
        rows, columns, _ = self.pixels.shape
        header = {"size": [self.width, self.height], "rows": rows, "columns": columns, "facts": asdict(self.facts)}
        head = json.dumps(header).encode()
        return _LENGTH.pack(len(head)) + head + self.pixels.tobytes()

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Return what `to_bytes` was given.

        Raises:
            ValueError: the bytes are not such a look: cut, too long, or with other fields.
        """
        if len(data) < _LENGTH.size:
            raise ValueError("a look without its header")
        body_at = _LENGTH.size + _LENGTH.unpack_from(data)[0]
        try:
            header = json.loads(data[_LENGTH.size : body_at])
            facts = Facts(**header["facts"])
            width, height = (int(number) for number in header["size"])
            rows, columns = int(header["rows"]), int(header["columns"])
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(f"a look with a damaged header: {error}") from error
        if not (0 < rows <= LOOK_SIDE and 0 < columns <= LOOK_SIDE and width >= columns and height >= rows):
            raise ValueError(f"a look of {columns}x{rows} pixels of {width}x{height}")
        if len(data) - body_at != rows * columns * 3:
            raise ValueError(f"a look of {columns}x{rows} pixels with {len(data) - body_at} bytes")
        pixels = np.frombuffer(data, dtype=np.uint8, offset=body_at).reshape(rows, columns, 3)
        return cls(facts, width, height, pixels)


def take_look(image: Image.Image) -> Look:
    """Return the look of an opened picture's first frame, decoding it at full size.

    A reduced decode would take 4 ms instead of 9 for a JPEG of 2 megapixels, of about 40 in all, and would hide what
    tells an enlarged picture from a sharp one.
    Stored pixels are taken as they are: the EXIF orientation is not applied. Transparency is laid on mid grey.

    Raises:
        OSError: the picture cannot be decoded. Decoders raise nearly anything else on damaged files, too.
        MemoryError: there is not enough memory to decode or convert it.
    """
    image.load()
    whole, alpha = _opaque(image)
    pixels = np.asarray(_small(whole))
    facts = Facts(
        quantization=_quantization(image),
        subsampling=_subsampling(image),
        alpha=alpha,
        grey=_is_grey(pixels),
        icc=bool(image.info.get("icc_profile")),
        exif=bool(image.info.get("exif")),
        detail=detail(whole),
        flat=_is_flat(pixels),
    )
    return Look(facts, image.width, image.height, pixels)


def pixels_sha256(image: Image.Image) -> str:
    """Return the SHA-256 (64 hexadecimal digits) of an opened picture's size and decoded pixels, first frame.

    Pixels are hashed as 8-bit RGBA, so that the same picture as palette, grey, RGB or RGBA gives the same. What is
    fully transparent counts as transparent black, whatever colour lies under it. CMYK and other colour spaces are
    converted as Pillow does without profiles. Pictures with 16 bits or more a channel are hashed with all their bits
    and never equal one with 8 bits. Profiles and EXIF, the orientation too, do not count.

    Raises:
        OSError: the picture cannot be decoded. Decoders raise nearly anything else on damaged files, too.
        MemoryError: there is not enough memory to decode or convert it.
    """
    image.load()
    digest = hashlib.sha256(f"{image.width}x{image.height}".encode())
    if is_deep(image):
        digest.update(f" {image.mode} ".encode())
        digest.update(image.tobytes())
        return digest.hexdigest()
    rgba = image if image.mode == "RGBA" else image.convert("RGBA")
    if rgba.getchannel("A").getextrema()[0] == 0:
        hidden = rgba.getchannel("A").point(lambda level: 0 if level else 255)
        rgba = rgba.copy()
        rgba.paste((0, 0, 0, 0), mask=hidden)
    digest.update(rgba.tobytes())
    return digest.hexdigest()


def _opaque(image: Image.Image) -> tuple[Image.Image, bool]:
    """Return the picture as RGB, transparency laid on grey, and whether there was any."""
    if is_deep(image):
        return eight_bits(image).convert("RGB"), False
    if image.mode not in _MODES_WITH_ALPHA and "transparency" not in image.info:
        return image.convert("RGB"), False
    rgba = image.convert("RGBA")
    if rgba.getchannel("A").getextrema()[0] == 255:
        return rgba.convert("RGB"), False
    ground = Image.new("RGBA", rgba.size, (_GROUND, _GROUND, _GROUND, 255))
    return Image.alpha_composite(ground, rgba).convert("RGB"), True


def _small(image: Image.Image) -> Image.Image:
    """Make the longer side `LOOK_SIDE` pixels, averaging first: a little faster, and at most 5 levels another."""
    scale = LOOK_SIDE / max(image.size)
    if scale >= 1:
        return image
    size = max(1, round(image.width * scale)), max(1, round(image.height * scale))
    return image.resize(size, Image.Resampling.LANCZOS, reducing_gap=2.0)


def _quantization(image: Image.Image) -> int | None:
    tables = cast("dict[int, list[int]] | None", getattr(image, "quantization", None))
    return sum(tables[min(tables)]) if tables else None


def _subsampling(image: Image.Image) -> str | None:
    """Name what a JPEG's components are sampled with, luma against the first chroma."""
    layers = cast("list[tuple[Any, ...]]", getattr(image, "layer", []))
    if len(layers) != 3:
        return None
    (_, luma_across, luma_down, *_), (_, across, down, *_) = layers[0], layers[1]
    ratio = luma_across / across, luma_down / down
    names = {(1, 1): "4:4:4", (2, 1): "4:2:2", (2, 2): "4:2:0", (1, 2): "4:4:0", (4, 1): "4:1:1", (4, 2): "4:1:0"}
    return names.get(ratio, f"{luma_across}x{luma_down}/{across}x{down}")


def _is_grey(pixels: NDArray[np.uint8]) -> bool:
    coloured = pixels.max(axis=2) - pixels.min(axis=2) > _COLOUR_LEVELS
    return bool(coloured.mean() <= _COLOUR_SHARE)


def _is_flat(pixels: NDArray[np.uint8]) -> bool:
    """Tell whether the picture is a smooth surface: every channel near its best constant, slope and bend."""
    # Every fourth pixel of a whole look is enough for a surface of six numbers.
    step = max(1, max(pixels.shape[:2]) // 96)
    sample = pixels[::step, ::step].astype(np.float64)
    rows, columns, _ = sample.shape
    down, across = np.meshgrid(np.linspace(-1, 1, rows), np.linspace(-1, 1, columns), indexing="ij")
    surface = np.stack([np.ones_like(down), down, across, down**2, across**2, down * across], axis=-1).reshape(-1, 6)
    levels = sample.reshape(-1, 3)
    fitted, *_ = np.linalg.lstsq(surface, levels, rcond=None)
    return bool((levels - surface @ fitted).std(axis=0).max() < _FLAT_LEVELS)

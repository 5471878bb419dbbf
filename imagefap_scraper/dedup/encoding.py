"""From one decoded picture to its perceptual hashes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from imagefap_scraper.dedup.depth import eight_bits, is_deep
from imagefap_scraper.dedup.hashers import load_hashers

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from PIL.Image import Image

    from imagefap_scraper.dedup.hashers import Hasher

#: Which way of decoding, scaling and hashing made a hash; raised whenever a picture could get other bits than before.
HASH_VERSION = 2

#: A JPEG may be decoded at 1/2, 1/4 or 1/8 for hashing while this many pixels remain on its shorter side. Then at most
#: 2 of 64 bits differ from the hash of the full picture; below about 75 pixels the hash goes wrong (up to 6 bits).
SHORTER_SIDE = 192

#: What was decoded reduced already differs from the full picture, and may as well be scaled in two steps, the first by
#: averaging whole pixels: 0.5 ms less of 5.6 for a JPEG of 2 megapixels. This number (pixels that are left for each one
#: of the result) has 1600x1200 pixels, decoded as 400x300, averaged two by two: 95 of 100 PHashes then equal those of
#: the full picture, 98 without this step. Averaging more saves 0.1 ms and costs 1 to 3 of 100.
_REDUCING_GAP = 4.6

#: A bit of PHash says whether a frequency is above the median of all 63. Nearer to the median than this, the next
#: re-encoding may turn it. Rounding to whole grey levels alone gives each frequency a strength of about 19 (the
#: transform is not normalised: 4 x 0.29 levels x sqrt(1024 / 4)); twice that is still noise. Photographs: thousands.
_NOISE = 40.0
#: The same as a share of the picture's own strength (root of the mean square): what a shift by half a pixel, as every
#: resize makes it, does to frequencies that symmetry alone keeps at zero.
_SHIFT = 0.02
#: So many of the 63 frequencies in the noise, and the others no longer tell pictures apart. A picture that is its own
#: mirror image has 32 at zero and 31 to know it by: not flat. Symmetric both ways (a dot, a frame, a centred disc) it
#: has 48, a level line 37, stripes and gradients 50 to 60, plain text on a page 20, photographs 0 to 10.
_TOO_MANY = 36

#: The part of a picture that counts: left, top, right, bottom in its own pixels.
Box: TypeAlias = tuple[float, float, float, float]


@dataclass(frozen=True)
class Encoding:
    """The hashes of one picture.

    Attributes:
        phash: imagededup's PHash, 16 hexadecimal digits.
        dhash: imagededup's DHash, 16 hexadecimal digits.
        flat: True if the picture has too little structure for a hash to tell it from others (one colour, two halves, a
            plain gradient, a dot in the middle): most of its bits are noise, and equal hashes prove nothing.
    """

    phash: str
    dhash: str
    flat: bool


def draft(image: Image) -> Box | None:
    """Have a JPEG that is not yet loaded decoded as small as hashing allows; None if it stays as it is.

    Otherwise returns the part that shows the picture: the last column and row of a reduced decode often lie partly
    outside it, and scaling them like the others would stretch it (at odd sizes 20 of 100 PHashes would differ, not 6).
    Other formats stay as they are: only JPEG can be decoded at less than its size.
    """
    before = image.size
    drafted = image.draft("RGB", (SHORTER_SIDE, SHORTER_SIDE)) if image.format in {"JPEG", "MPO"} else None
    return drafted[1] if drafted and image.size != before else None


def encode_image(image: Image, *, reduced: Box | None = None) -> Encoding:
    """Return the hashes of a picture's current frame; transparency is ignored, as imagededup does.

    Args:
        image: the picture.
        reduced: what `draft` returned for it. PHash then differs by at most 2 bits from that of the whole picture.
            None if it was decoded as it is: the hashes equal those of imagededup's own `encode_image`.

    Raises:
        OSError: the picture cannot be decoded.
        MemoryError: there is not enough memory to decode or convert it.
    """
    hashers = load_hashers()
    plain = _plain(image)
    for_phash = _scaled(plain, hashers.phash, reduced)
    return Encoding(
        phash=hashers.phash.encode_image(image_array=for_phash),
        dhash=hashers.dhash.encode_image(image_array=_scaled(plain, hashers.dhash, reduced)),
        flat=_is_flat(for_phash),
    )


def encode_phash(image: Image, *, reduced: Box | None = None) -> str:
    """Return the PHash alone, 16 hexadecimal digits; arguments and errors as in `encode_image`."""
    hasher = load_hashers().phash
    return hasher.encode_image(image_array=_scaled(_plain(image), hasher, reduced))


def encode_more(image: Image) -> tuple[str, str]:
    """Return imagededup's AHash and WHash of a picture's current frame, 16 hexadecimal digits each.

    Where PHash and DHash are in doubt, as with tiny thumbnails, these two look at brightness alone. The picture must
    not have been decoded reduced. Errors as in `encode_image`.
    """
    hashers, plain = load_hashers(), _plain(image)
    ahash, whash = (
        hasher.encode_image(image_array=_scaled(plain, hasher, None)) for hasher in (hashers.ahash, hashers.whash)
    )
    return ahash, whash


def hamming_distance(a: str, b: str) -> int:
    """Return in how many of 64 bits two hashes (16 hexadecimal digits each) differ.

    Raises:
        ValueError: one of them is no hexadecimal number.
    """
    return (int(a, 16) ^ int(b, 16)).bit_count()


def _plain(image: Image) -> Image:
    """Convert as imagededup does, by way of RGBA, but without a copy of what is RGBA already.

    Grey stays grey: three equal channels come to the same level again, at three times the cost. Of 16 bits the upper 8
    are taken, where imagededup would find nearly everything white.
    """
    if image.mode in {"RGB", "L"}:
        return image
    if is_deep(image):
        return eight_bits(image)
    return (image if image.mode == "RGBA" else image.convert("RGBA")).convert("RGB")


def _scaled(plain: Image, hasher: Hasher, reduced: Box | None) -> NDArray[np.uint8]:
    """Scale as imagededup does: in colour, then grey. Its own scaling afterwards finds nothing left to do."""
    import numpy as np  # noqa: PLC0415 - 0.1 s that a caller of `hamming_distance` alone need not pay
    from PIL.Image import Resampling  # noqa: PLC0415

    gap = _REDUCING_GAP if reduced else None
    small = plain.resize(hasher.target_size, Resampling.LANCZOS, box=reduced, reducing_gap=gap)
    return np.asarray(small.convert("L"))


def _is_flat(grey: NDArray[np.uint8]) -> bool:
    """Tell whether most of PHash's bits are noise; the transform is the one that PHash itself makes."""
    import numpy as np  # noqa: PLC0415
    from scipy.fftpack import dct  # noqa: PLC0415

    frequencies = dct(dct(grey.astype(float), axis=0)[:8], axis=1)[:, :8].ravel()[1:]
    noise = max(_NOISE, _SHIFT * float(np.sqrt(np.mean(frequencies**2))))
    return int(np.count_nonzero(np.abs(frequencies - np.median(frequencies)) < noise)) >= _TOO_MANY

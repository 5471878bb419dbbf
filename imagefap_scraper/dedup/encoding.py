"""From one decoded picture to its perceptual hashes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from imagefap_scraper.dedup.hashers import load_hashers

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from PIL.Image import Image

    from imagefap_scraper.dedup.hashers import Hasher

#: Which way of decoding, scaling and hashing made a hash; raised whenever a picture could get other bits than before.
HASH_VERSION = 1

#: A JPEG may be decoded at 1/2, 1/4 or 1/8 for hashing while this many pixels remain on its shorter side. Then at most
#: 2 of 64 bits differ from the hash of the full picture; below about 75 pixels the hash goes wrong (up to 6 bits).
SHORTER_SIDE = 192

#: Half of the 63 frequencies that PHash compares lie below this strength: the picture is flat. Rounding to whole grey
#: levels alone gives each frequency a strength of about 19 (the transform is not normalised: 4 x 0.29 levels x
#: sqrt(1024 / 4)); twice that is still noise. Photographs have thousands.
_NOISE = 40.0

#: What was decoded reduced already differs from the full picture, and may as well be scaled in two steps, the first by
#: averaging down to 4 times the target: 0.7 ms less of 4.7 for a JPEG of 2 megapixels, and no more bits differ.
_REDUCING_GAP = 4.0


@dataclass(frozen=True)
class Encoding:
    """The hashes of one picture.

    Attributes:
        phash: imagededup's PHash, 16 hexadecimal digits.
        dhash: imagededup's DHash, 16 hexadecimal digits.
        flat: True if the picture has too little structure for a hash to tell it from others (one colour, two halves, a
            plain gradient): most of its bits are rounding noise, and equal hashes prove nothing.
    """

    phash: str
    dhash: str
    flat: bool


def draft(image: Image) -> bool:
    """Have a JPEG that is not yet loaded decoded as small as hashing allows; return whether it then is smaller.

    Other formats stay as they are: only JPEG can be decoded at less than its size.
    """
    before = image.size
    if image.format in {"JPEG", "MPO"}:
        image.draft("RGB", (SHORTER_SIDE, SHORTER_SIDE))
    return image.size != before


def encode_image(image: Image, *, reduced: bool = False) -> Encoding:
    """Return the hashes of a picture's current frame; transparency is ignored, as imagededup does.

    Args:
        image: the picture.
        reduced: True if it was decoded smaller than it is (see `draft`): PHash then differs by at most 2 bits.
            Otherwise the hashes equal those of imagededup's own `encode_image`.

    Raises:
        OSError: the picture cannot be decoded.
        MemoryError: there is not enough memory to decode or convert it.
    """
    hashers = load_hashers()
    rgb = _rgb(image)
    for_phash = _scaled(rgb, hashers.phash, reduced=reduced)
    return Encoding(
        phash=hashers.phash.encode_image(image_array=for_phash),
        dhash=hashers.dhash.encode_image(image_array=_scaled(rgb, hashers.dhash, reduced=reduced)),
        flat=_is_flat(for_phash),
    )


def encode_phash(image: Image, *, reduced: bool = False) -> str:
    """Return the PHash alone, 16 hexadecimal digits; arguments and errors as in `encode_image`."""
    hasher = load_hashers().phash
    return hasher.encode_image(image_array=_scaled(_rgb(image), hasher, reduced=reduced))


def hamming_distance(a: str, b: str) -> int:
    """Return in how many of 64 bits two hashes (16 hexadecimal digits each) differ.

    Raises:
        ValueError: one of them is no hexadecimal number.
    """
    return (int(a, 16) ^ int(b, 16)).bit_count()


def _rgb(image: Image) -> Image:
    """Convert as imagededup does, by way of RGBA, but without a copy of what is RGBA already."""
    if image.mode == "RGB":
        return image
    return (image if image.mode == "RGBA" else image.convert("RGBA")).convert("RGB")


def _scaled(rgb: Image, hasher: Hasher, *, reduced: bool) -> NDArray[np.uint8]:
    """Scale as imagededup does: in colour, then grey. Its own scaling afterwards finds nothing left to do."""
    import numpy as np  # noqa: PLC0415 - 0.1 s that a caller of `hamming_distance` alone need not pay
    from PIL.Image import Resampling  # noqa: PLC0415

    gap = _REDUCING_GAP if reduced else None
    return np.asarray(rgb.resize(hasher.target_size, Resampling.LANCZOS, reducing_gap=gap).convert("L"))


def _is_flat(grey: NDArray[np.uint8]) -> bool:
    """Tell whether most of PHash's bits are rounding noise; the transform is the one that PHash itself makes."""
    import numpy as np  # noqa: PLC0415
    from scipy.fftpack import dct  # noqa: PLC0415

    frequencies = dct(dct(grey.astype(float), axis=0)[:8], axis=1)[:, :8].ravel()[1:]
    return bool(np.median(np.abs(frequencies)) < _NOISE)

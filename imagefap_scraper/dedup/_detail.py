"""How much of its resolution a picture really uses."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PIL.Image import Image

#: Pixels of a tile's side: enough frequencies to tell 0.5 from 0.6. All tiles together take 8 ms.
_TILE = 128
#: Tiles across and down: most pictures are out of focus somewhere, and the sharpest tile must be among them.
_GRID = 4
#: Share of the gradient's energy that must lie below the answer. The rest is left to what compression itself adds.
_SHARE = 0.9
#: Strength (square of levels) of what rounding and compression leave at every frequency: taken off. Without this an
#: enlarged soft picture would have as much detail as its noise has, which is all.
_NOISE = 4.0


def detail(image: Image) -> float:
    """Return up to which frequency a decoded picture has content: 0 (none) to 1 (up to its last pixel).

    The measure is the frequency below which 90% of the gradient's energy lies, as a share of the highest one that
    the pixels could hold (half a cycle a pixel), over 16 tiles. Multiplied by the width it gives a width in
    pixels that would have been enough, which can be compared between two sizes of one picture: enlarging a picture to
    twice its size halves `detail`, so that the product stays. It says nothing about two different pictures.

    Where a picture is so soft that hardly anything rises above compression noise, it is low and tells nothing.

    The picture must not have been decoded reduced. One smaller than a tile is measured whole.
    """
    width, height = image.size
    tile_width, tile_height = min(width, _TILE), min(height, _TILE)
    energy = np.zeros(_TILE)
    for left in _starts(width, tile_width):
        for top in _starts(height, tile_height):
            tile = image.crop((left, top, left + tile_width, top + tile_height)).convert("L")
            energy += _gradient_energy(np.asarray(tile, dtype=np.float32))
    total = energy.sum()
    if total <= 0:
        return 0.0
    reached = np.searchsorted(np.cumsum(energy), _SHARE * total)
    return round(float(reached + 1) / _TILE, 3)


def _starts(length: int, tile: int) -> list[int]:
    """Where tiles begin along one side: spread evenly, and the same place never twice."""
    return sorted({(length - tile) * step // (_GRID - 1) for step in range(_GRID)})


def _gradient_energy(grey: NDArray[np.float32]) -> NDArray[np.float64]:
    """Energy of the gradient by frequency, in `_TILE` steps up to half a cycle a pixel."""
    window, steps, weights = _frequencies(*grey.shape)
    power = np.abs(np.fft.rfft2((grey - grey.mean()) * window)) ** 2
    power = np.maximum(power - _NOISE * (window**2).sum(), 0)
    return np.bincount(steps.ravel(), (power * weights).ravel(), minlength=_TILE).astype(np.float64)


@cache
def _frequencies(height: int, width: int) -> tuple[NDArray[np.float64], NDArray[np.intp], NDArray[np.float64]]:
    """Return the window that hides a tile's edges, and for each frequency its step and its gradient weight."""
    window = np.outer(np.hanning(height + 2)[1:-1], np.hanning(width + 2)[1:-1])
    down, across = np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width)[None, :]
    # The larger of the two, not the length of both: an upscaled picture is empty above its limit in each direction.
    highest = np.maximum(np.abs(down), across)
    steps = np.minimum(highest * 2 * _TILE, _TILE - 1).astype(np.intp)
    weights: NDArray[np.float64] = down**2 + across**2
    return window, steps, weights

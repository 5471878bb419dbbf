"""What differs between two pictures that lie on each other, brightness, contrast and the blur of scaling aside."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Levels = NDArray[np.float32]

#: Share of the levels between the darkest and the lightest neighbour that may differ at an edge: two ways of scaling
#: place and sharpen it differently, by up to a quarter of a pixel.
_EDGE = 0.25
#: Weight of a difference of colour (Cb, Cr) to one of lightness: JPEG stores colour at half the size, and a GIF's 256
#: colours leave some out. Nobody marks a picture in a colour as light as what it covers.
_CHROMA = 0.5
#: Levels beyond which a point counts as changed: JPEG at quality 30 stays below in most places.
CHANGED = 16.0
#: Points from which a tone curve is fitted; every n-th of all.
_TONE_POINTS = 3000
#: Cells across and down by which it is told how widely changes are spread.
_CELLS = 8
#: Levels at which a channel may be clipped: what lies beyond is lost in one of the two pictures.
_CLIPPED = 4.0


@dataclass(frozen=True)
class Difference:
    """How two pictures differ, in levels of 255.

    Attributes:
        peak: the greatest difference, as the mean of 5x5 points, less what edges explain.
        usual: what nine of ten points stay below: the noise of compression and scaling.
        changed: share (0-1) of the points that differ by more than 16 levels, edges aside.
        correlation: of the lightness where nothing changed, -1 to 1.
        gain: how many times as strong the first one's contrast is.
        shift: by how many levels the first is lighter at mid grey.
        one_sided: 0 if as many of the changed points are lighter as are darker, 1 if all are the one or the other.
        spread: share (0-1) of an 8x8 grid's cells in which something changed.
        held: slopes (mean square) of the less steep direction to those of the steeper one: 0 for stripes, at most 1.
        map: the difference by point, less what edges explain; rows and columns are 2 less than the picture's.
        greys: both in grey, blurred, the second in the tones of the first; same shape as `map`.
    """

    peak: float
    usual: float
    changed: float
    correlation: float
    gain: float
    shift: float
    one_sided: float
    spread: float
    held: float
    map: Levels
    greys: tuple[Levels, Levels]


def differ(a: NDArray[np.uint8], b: NDArray[np.uint8]) -> Difference:
    """Compare two pictures of the same shape (rows, columns, and channels if any): lightness, then colour."""
    first, second = blurred(a), blurred(b)
    tones = [_tone(x, y) for x, y in zip(first, second, strict=True)]
    rests = [_rest(x, y, tone) for x, y, tone in zip(first, second, tones, strict=True)]
    grey, rest = first[0], rests[0]
    excess = np.abs(rest)
    for colour in rests[1:]:
        np.maximum(excess, _CHROMA * np.abs(colour), out=excess)
    excess -= _EDGE * np.minimum(_range(grey), _range(second[0]))
    np.maximum(excess, 0, out=excess)
    changed = excess > CHANGED
    base, slope, curve = tones[0]
    return Difference(
        peak=float(mean_of_windows(excess, 5).max()),
        usual=float(np.percentile(excess[::3, ::3], 90)),
        changed=float(changed.mean()),
        correlation=_correlation(grey[~changed], (grey - rest)[~changed]),
        gain=slope + curve,
        shift=255 * (base + slope / 2 + curve / 4 - 0.5),
        one_sided=abs(float(np.sign(rest[changed]).mean())) if changed.any() else 1.0,
        spread=_cells(changed),
        held=_held(grey),
        map=excess,
        greys=(grey, grey - rest),
    )


def blurred(pixels: NDArray[np.uint8]) -> Levels:
    """Return the channels, one after another, blurred by a box of 3 points; rows and columns are 2 less."""
    channels = pixels.reshape(*pixels.shape[:2], -1)
    planes = np.ascontiguousarray(channels.transpose(2, 0, 1)).astype(np.uint16)
    across = planes[:, :, :-2] + planes[:, :, 1:-1] + planes[:, :, 2:]
    down = across[:, :-2] + across[:, 1:-1] + across[:, 2:]
    mean: Levels = down.astype(np.float32) / np.float32(9)
    return mean


def mean_of_windows(plane: Levels, side: int) -> Levels:
    """Return the mean of every window of side x side points; of the whole where it is smaller than one."""
    rows, columns = min(side, plane.shape[0]), min(side, plane.shape[1])
    down = np.zeros((plane.shape[0] - rows + 1, plane.shape[1]), np.float32)
    for at in range(rows):
        down += plane[at : at + down.shape[0]]
    total = np.zeros((down.shape[0], plane.shape[1] - columns + 1), np.float32)
    for at in range(columns):
        total += down[:, at : at + total.shape[1]]
    total /= rows * columns
    return total


def _range(grey: Levels) -> Levels:
    """Return the lightest less the darkest of each point's 3x3 neighbours."""
    padded = np.pad(grey, 1, mode="edge")
    high = np.maximum(np.maximum(padded[:, :-2], padded[:, 1:-1]), padded[:, 2:])
    low = np.minimum(np.minimum(padded[:, :-2], padded[:, 1:-1]), padded[:, 2:])
    top = np.maximum(np.maximum(high[:-2], high[1:-1]), high[2:])
    top -= np.minimum(np.minimum(low[:-2], low[1:-1]), low[2:])
    return top


def _tone(a: Levels, b: Levels) -> tuple[float, float, float]:
    """Fit a = base + slope * b + curve * b^2 (0 to 1) to what most points say: brightness, contrast, gamma.

    What differs by more than most (a mark) hardly counts, nor does what is clipped; where the levels of a
    picture are too few to fit a curve, slope 1 and curve 0 are preferred.
    """
    step = max(1, a.size // _TONE_POINTS)
    x, y = b.ravel()[::step] / np.float32(255), a.ravel()[::step] / np.float32(255)
    edge = _CLIPPED / 255
    inner = (x > edge) & (x < 1 - edge) & (y > edge) & (y < 1 - edge)
    if np.count_nonzero(inner) < 30:
        return 0.0, 1.0, 0.0
    x, y = x[inner], y[inner]
    terms = np.stack([np.ones_like(x), x, x * x])
    plain = np.array([0.0, 1.0, 0.0])
    hold = np.diag([0.0, 2e-4, 5e-4]) * len(x)
    found = np.array([float(np.median(y - x)), 1.0, 0.0])
    for _ in range(4):
        rest = np.abs(y - found.astype(np.float32) @ terms)
        weights = 1 / (1 + (rest / max(0.008, 1.5 * float(np.median(rest)))) ** 2)
        weighted = terms * weights
        found = np.linalg.solve(weighted @ terms.T + hold, weighted @ y + hold @ plain)
    base, slope, curve = (float(number) for number in found)
    return base, slope, curve


def _rest(a: Levels, b: Levels, tone: tuple[float, float, float]) -> Levels:
    """Return first less second in the tones of the first; what one of the two clips is taken as clipped in both."""
    base, slope, curve = (np.float32(number) for number in tone)

    share = b * np.float32(1 / 255)
    toned: Levels = 255 * (base + share * (slope + curve * share))
    ends = [float(255 * (base + end * (slope + curve * end))) for end in (_CLIPPED / 255, 1 - _CLIPPED / 255)]
    low, high = max(0.0, min(ends)), min(255.0, max(ends))
    rest: Levels = np.clip(a, low, high) - np.clip(toned, low, high)
    return rest


def _cells(changed: NDArray[np.bool_]) -> float:
    """Share of a grid's cells in which more than a hundredth of the points changed: less is noise."""
    rows = np.linspace(0, changed.shape[0], _CELLS + 1).astype(int)[:-1]
    columns = np.linspace(0, changed.shape[1], _CELLS + 1).astype(int)[:-1]
    counts = np.add.reduceat(np.add.reduceat(changed.astype(np.int64), rows, axis=0), columns, axis=1)
    return float((counts > changed.size / _CELLS**2 / 100).mean())


def _held(grey: Levels) -> float:
    slopes = sorted(float((np.diff(grey, axis=axis) ** 2).mean()) for axis in (0, 1))
    return slopes[0] / slopes[1] if slopes[1] > 0 else 0.0


def _correlation(a: Levels, b: Levels) -> float:
    if not a.size:
        return 0.0
    x, y = a - a.mean(), b - b.mean()
    spread = float(np.sqrt((x * x).sum() * (y * y).sum()))
    return float((x * y).sum()) / spread if spread > 0 else 0.0

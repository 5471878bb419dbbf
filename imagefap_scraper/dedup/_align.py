"""Where one picture lies in another: found by correlation over scales, refined by the slopes of both.

A place is a `Box`: where the small picture's edges lie in the large one, as shares of the large one's width and
height. (0, 0, 1, 1) is the whole of it; an edge may lie outside where each shows something that the other does not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from PIL import Image
from scipy import fft
from scipy.ndimage import uniform_filter

if TYPE_CHECKING:
    from numpy.typing import NDArray


#: Pixels of the longer side for the search: with scales 2% apart no edge is more than half a pixel off.
_SEARCH_SIDE = 96
_SCALE_STEP = 0.98
#: Least scale that is searched: half of the area where the shape is kept.
_LEAST_SCALE = 0.7
#: Pixels of the window whose mean is taken off before correlating: broad light and shade agree between any pictures.
_BACKGROUND = 13

#: Pixels of the longer side for refining, coarse to fine, and how often at each. One step mends about a pixel and a
#: half, so that the first mends 2% of the side; the last leaves less than a tenth of a pixel of a look.
_REFINE = ((48, 3), (112, 3), (224, 1))
#: Pixels that an edge may move in one step: slopes say nothing about what is farther away.
_REACH = 3.0
#: Movement of an edge in pixels below which another step changes nothing.
_STILL = 0.02


class Box(NamedTuple):
    """Left, top, right, bottom as shares of the large picture's width and height."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def width(self) -> float:
        """Share of the large picture's width."""
        return self.right - self.left

    @property
    def height(self) -> float:
        """Share of the large picture's height."""
        return self.bottom - self.top

    @property
    def overhang(self) -> float:
        """How far the edge that lies farthest outside does, as a share of the large picture's side; 0 if inside."""
        return max(0.0, -self.left, -self.top, self.right - 1, self.bottom - 1)

    @property
    def inset(self) -> float:
        """How far the edge that lies farthest inside does; 0 if none does."""
        return max(0.0, self.left, self.top, 1 - self.right, 1 - self.bottom)

    @property
    def inverse(self) -> Box:
        """Where the large picture's edges lie in the small one."""
        return Box(
            -self.left / self.width, -self.top / self.height, (1 - self.left) / self.width, (1 - self.top) / self.height
        )

    def rounded(self) -> tuple[float, float, float, float]:
        """The part of it that lies inside, to a ten-thousandth."""
        return (
            round(max(self.left, 0.0), 4),
            round(max(self.top, 0.0), 4),
            round(min(self.right, 1.0), 4),
            round(min(self.bottom, 1.0), 4),
        )


WHOLE = Box(0.0, 0.0, 1.0, 1.0)


class Overlap(NamedTuple):
    """What both pictures show, in the pixels of each, for Pillow's `resize(box=...)`."""

    large: tuple[float, float, float, float]
    small: tuple[float, float, float, float]


def overlap(large: Image.Image, small: Image.Image, box: Box) -> Overlap | None:
    """Return the part that both pictures show; None if that is less than a third of a side."""
    inside = Box(max(box.left, 0.0), max(box.top, 0.0), min(box.right, 1.0), min(box.bottom, 1.0))
    if inside.width < 1 / 3 or inside.height < 1 / 3:
        return None
    across, down = small.width / box.width, small.height / box.height
    return Overlap(
        (
            inside.left * large.width,
            inside.top * large.height,
            inside.right * large.width,
            inside.bottom * large.height,
        ),
        (
            max(0.0, (inside.left - box.left) * across),
            max(0.0, (inside.top - box.top) * down),
            min(float(small.width), (inside.right - box.left) * across),
            min(float(small.height), (inside.bottom - box.top) * down),
        ),
    )


def both_sampled(
    large: Image.Image, small: Image.Image, box: Box, side: int
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]] | None:
    """Return what both pictures show, at the same size: at most `side` pixels, and none is enlarged.

    None if they have too little in common.
    """
    both = overlap(large, small, box)
    if both is None:
        return None
    size = _grid(both, side)
    return (
        np.asarray(large.resize(size, Image.Resampling.BICUBIC, box=both.large)),
        np.asarray(small.resize(size, Image.Resampling.BICUBIC, box=both.small)),
    )


def search(large: Image.Image, small: Image.Image) -> tuple[Box, float]:
    """Return where the small picture agrees best with a part of the large one, and how well (correlation, -1 to 1).

    Args:
        large: grey (mode L).
        small: grey, of the same scale across and down; its own size in pixels does not matter.
    """
    shrink = _SEARCH_SIDE / max(large.size)
    columns, rows = max(8, round(large.width * shrink)), max(8, round(large.height * shrink))
    ground = _without_background(large, columns, rows)
    # Every scale is made from a picture hardly larger than the largest, not from the whole.
    fit = min(columns / small.width, rows / small.height)
    if fit < 0.5:
        small = small.resize((round(small.width * fit * 2), round(small.height * fit * 2)), Image.Resampling.BOX)
        fit = min(columns / small.width, rows / small.height)
    steps = int(np.log(_LEAST_SCALE) / np.log(_SCALE_STEP)) + 1
    sizes = sorted({_scaled(small, fit * _SCALE_STEP**step, columns, rows) for step in range(steps)})
    patches = np.zeros((len(sizes), rows, columns), np.float32)
    for place, (width, height) in enumerate(sizes):
        patch = _without_background(small, width, height)
        patches[place, :height, :width] = patch / max(float(np.linalg.norm(patch)), 1e-6)
    products = fft.irfft2(fft.rfft2(ground) * np.conj(fft.rfft2(patches)), s=(rows, columns))
    best, where = -1.0, WHOLE
    sums, squares = _running_sums(ground), _running_sums(ground**2)
    for product, (width, height) in zip(products, sizes, strict=True):
        mean = _window_sums(sums, width, height)
        spread = _window_sums(squares, width, height) - mean**2 / (width * height)
        scores = product[: rows - height + 1, : columns - width + 1] / np.sqrt(np.maximum(spread, 1.0))
        row, column = divmod(int(scores.argmax()), scores.shape[1])
        if scores[row, column] > best:
            best = float(scores[row, column])
            where = Box(column / columns, row / rows, (column + width) / columns, (row + height) / rows)
    return where, best


def refine(large: Image.Image, small: Image.Image, box: Box) -> Box:
    """Return the box with its four edges moved to where the two pictures agree best, by Gauss-Newton steps.

    Differences of brightness and contrast do not matter, and what differs much (a mark) has little weight.
    """
    for side, steps in _REFINE:
        for _ in range(steps):
            both = overlap(large, small, box)
            if both is None:
                return box
            moved, still = _step(large, small, box, both, side)
            box = moved
            if still:
                break
    return box


def _step(large: Image.Image, small: Image.Image, box: Box, both: Overlap, side: int) -> tuple[Box, bool]:
    """One step; also says whether the edges hardly moved."""
    columns, rows = _grid(both, side)
    a, b = _sampled(large, columns, rows, both.large), _sampled(small, columns, rows, both.small)
    down, across = np.gradient(a)
    # Where along the small picture each column and row lies, 0 to 1: its left edge moves those near it most.
    left, top, right, bottom = both.small
    u = (np.linspace(left, right, columns, dtype=np.float32) / small.width)[None, :]
    v = (np.linspace(top, bottom, rows, dtype=np.float32) / small.height)[:, None]
    terms = np.stack([across * (1 - u), down * (1 - v), across * u, down * v, -b, -np.ones_like(b)]).reshape(6, -1)
    weighted = terms * _weights(a, b)
    normal = (weighted @ terms.T).astype(np.float64)
    # Edges that nothing holds (stripes along them) stay: a slope of 1 level a pixel counts for nothing.
    normal[range(4), range(4)] += 0.05 * a.size
    moves = np.linalg.solve(normal + np.eye(6) * 1e-3, weighted @ -a.ravel())[:4].clip(-_REACH, _REACH)
    one_column = (both.large[2] - both.large[0]) / columns / large.width
    one_row = (both.large[3] - both.large[1]) / rows / large.height
    scale = np.array([one_column, one_row] * 2)
    return Box(*(float(edge) for edge in np.array(box) + moves * scale)), bool(np.abs(moves).max() < _STILL)


def _weights(a: NDArray[np.float32], b: NDArray[np.float32]) -> NDArray[np.float32]:
    """Little weight for what differs by much more than most, brightness and contrast aside."""
    spread = max(float(b.std()), 1.0)
    gain = np.float32(min(max(float(a.std()) / spread, 0.5), 2.0))
    rest = (a - gain * b).ravel()
    rest = np.abs(rest - np.median(rest[::5]))
    usual = np.float32(max(2.0, 2.0 * float(np.median(rest[::5]))))
    weights: NDArray[np.float32] = 1 / (1 + (rest / usual) ** 2)
    return weights


def _grid(both: Overlap, side: int) -> tuple[int, int]:
    """Columns and rows for the common part: at most `side`, and no more than either picture has."""
    width = min(both.large[2] - both.large[0], both.small[2] - both.small[0])
    height = min(both.large[3] - both.large[1], both.small[3] - both.small[1])
    scale = min(1.0, side / max(width, height))
    return max(8, round(width * scale)), max(8, round(height * scale))


def _sampled(
    picture: Image.Image, columns: int, rows: int, box: tuple[float, float, float, float] | None = None
) -> NDArray[np.float32]:
    return np.asarray(picture.resize((columns, rows), Image.Resampling.BICUBIC, box=box), dtype=np.float32)


def _scaled(small: Image.Image, factor: float, columns: int, rows: int) -> tuple[int, int]:
    width, height = round(small.width * factor), round(small.height * factor)
    return min(max(4, width), columns), min(max(4, height), rows)


def _without_background(picture: Image.Image, columns: int, rows: int) -> NDArray[np.float32]:
    grey = _sampled(picture, columns, rows)
    rest: NDArray[np.float32] = grey - uniform_filter(grey, _BACKGROUND)
    rest -= rest.mean()
    return rest


def _running_sums(values: NDArray[np.float32]) -> NDArray[np.float64]:
    return np.pad(values.astype(np.float64).cumsum(0).cumsum(1), ((1, 0), (1, 0)))


def _window_sums(sums: NDArray[np.float64], width: int, height: int) -> NDArray[np.float64]:
    """Sum of every window of this size, by its upper left pixel."""
    return sums[height:, width:] - sums[:-height, width:] - sums[height:, :-width] + sums[:-height, :-width]

"""Whether what changed between two pictures is found again a little beside: then they are two frames of one scene."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from imagefap_scraper.dedup._difference import Levels

#: Points of a patch's side (a patch is a few hundredths of a picture) and how far it is looked for, in each direction:
#: 16 points of 160 are 7% of the longer side, a fast movement between two frames.
_PATCH = 9
_REACH = 16
_MARGIN = _PATCH // 2 + _REACH
#: Changed points that are looked for, spread evenly over all of them.
_POINTS = 40
#: A patch must have structure (standard deviation, levels) to be known again, and counts as found where it differs by
#: less than this share of its structure. Noise and compression alone are about 6 levels.
_STRUCTURE = 8.0
_FOUND_SHARE = 0.35
_FOUND_LEVELS = 6.0


def moved_share(a: Levels, b: Levels, changed: NDArray[np.bool_]) -> float:
    """Return which share (0-1) of the changed points one common movement explains.

    A mark is in one of the pictures alone, and what it covers is in the other alone; of something that moved, each
    place shows in one of the pictures what the other has elsewhere, always at the same distance.

    Args:
        a: grey levels, at most about 128 points on the longer side.
        b: the same place in the other picture, same shape, same brightness.
        changed: where they differ, same shape.
    """
    rows, columns = np.nonzero(changed)
    if not len(rows):
        return 0.0
    chosen = np.linspace(0, len(rows) - 1, min(_POINTS, len(rows))).astype(int)
    rows, columns = rows[chosen], columns[chosen]
    there = _found(a, b, rows, columns)
    # Moved from a to b by d is moved from b to a by -d.
    back = _found(b, a, rows, columns)[:, ::-1, ::-1]
    explained = there | back
    explained[:, _REACH - 1 : _REACH + 2, _REACH - 1 : _REACH + 2] = False
    return float(explained.mean(axis=0).max())


def _found(a: Levels, b: Levels, rows: NDArray[np.intp], columns: NDArray[np.intp]) -> NDArray[np.bool_]:
    """For each point of a and each movement (down, across): whether the patch around the point is there in b."""
    here = _windows(a, _PATCH, rows + _REACH, columns + _REACH)
    around = sliding_window_view(_windows(b, _PATCH + 2 * _REACH, rows, columns), (_PATCH, _PATCH), axis=(1, 2))
    spread = here.std(axis=(1, 2))
    limit = np.minimum(_FOUND_SHARE * spread, _FOUND_LEVELS + 0.2 * spread)
    # Mean square of the difference, without making the 4 million differences.
    area = np.float32(_PATCH * _PATCH)
    squares = _mean_squares(b, rows, columns)
    product = np.einsum("nijkl,nkl->nij", around, here, optimize=True) / area
    rest = squares - 2 * product + (here**2).mean(axis=(1, 2))[:, None, None]
    found: NDArray[np.bool_] = (rest < (limit**2)[:, None, None]) & (spread > _STRUCTURE)[:, None, None]
    return found


def _windows(plane: Levels, side: int, rows: NDArray[np.intp], columns: NDArray[np.intp]) -> Levels:
    """Windows by their upper left point in the plane with its edges drawn out."""
    windows: Levels = sliding_window_view(np.pad(plane, _MARGIN, mode="edge"), (side, side))[rows, columns]
    return windows


def _mean_squares(plane: Levels, rows: NDArray[np.intp], columns: NDArray[np.intp]) -> Levels:
    windows = _windows(plane, _PATCH + 2 * _REACH, rows, columns).astype(np.float64)
    sums = np.pad((windows**2).cumsum(1).cumsum(2), ((0, 0), (1, 0), (1, 0)))
    size = _PATCH
    total = sums[:, size:, size:] - sums[:, :-size, size:] - sums[:, size:, :-size] + sums[:, :-size, :-size]
    means: Levels = (total / (size * size)).astype(np.float32)
    return means

"""A histogram of distances as the rectangles of an SVG, without any library."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

#: Of the drawing, in its own units.
WIDTH, HEIGHT = 640, 220
_LEFT, _BOTTOM, _TOP = 8, 24, 18
_GAP = 6


@dataclass(frozen=True, slots=True)
class Bar:
    """A part of a column: pairs of one kind; `number` is the kind's place in their order, from 0 on."""

    x: float
    y: float
    width: float
    height: float
    kind: str
    number: int


@dataclass(frozen=True, slots=True)
class Column:
    """All pairs of one distance in bits; `middle` is where its labels stand, `within` how many are no farther."""

    distance: int
    middle: float
    top: float
    total: int
    within: int
    by_kind: dict[str, int]
    bars: list[Bar]


@dataclass(frozen=True, slots=True)
class Histogram:
    """The drawing; `kinds` are those that occur, `beyond` the pairs that are farther apart than its last column."""

    width: int
    height: int
    floor: int
    kinds: list[str]
    columns: list[Column]
    beyond: int


def histogram(counts: Mapping[tuple[int, str], int], kinds: Sequence[str], largest: int) -> Histogram:
    """Return the drawing of how many pairs there are of each distance and kind.

    Args:
        counts: by distance in bits and kind.
        kinds: in the order in which they lie on each other, from below.
        largest: the last column's distance.
    """
    totals = [sum(counts.get((distance, kind), 0) for kind in kinds) for distance in range(largest + 1)]
    scale = (HEIGHT - _BOTTOM - _TOP) / max(*totals, 1)
    step = (WIDTH - 2 * _LEFT) / (largest + 1)
    columns: list[Column] = []
    for distance, total in enumerate(totals):
        by_kind = {kind: counts[distance, kind] for kind in kinds if counts.get((distance, kind))}
        left = _LEFT + distance * step + _GAP / 2
        bars = _bars(by_kind, kinds, left, step - _GAP, scale)
        top = bars[-1].y if bars else float(HEIGHT - _BOTTOM)
        middle = round(left + (step - _GAP) / 2, 1)
        columns.append(Column(distance, middle, top, total, sum(totals[: distance + 1]), by_kind, bars))
    found = [kind for kind in kinds if any(kind in column.by_kind for column in columns)]
    beyond = sum(count for (distance, _), count in counts.items() if distance > largest)
    return Histogram(WIDTH, HEIGHT, HEIGHT - _BOTTOM, found, columns, beyond)


def _bars(by_kind: dict[str, int], kinds: Sequence[str], left: float, width: float, scale: float) -> list[Bar]:
    """Return the parts of a column, the lowest first; `scale` is the height of one pair."""
    y, bars = float(HEIGHT - _BOTTOM), []
    for kind, count in by_kind.items():
        height = count * scale
        y -= height
        bars.append(Bar(round(left, 1), round(y, 1), round(width, 1), round(height, 1), kind, kinds.index(kind)))
    return bars

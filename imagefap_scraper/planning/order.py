"""In which order things come: sorted sets of wanted images, and what ids or listing order say about positions.

A *coordinate* is a whole number known before any page is asked: the image id, or the place in the listing.
Where coordinates rise or fall with the position in the gallery (`Trend`), positions of images that were not seen
can be read off from those that were (`Anchors`).
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import deque
from dataclasses import dataclass
from itertools import pairwise
from math import exp, lgamma, log, sqrt
from statistics import median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

Pair = tuple[int, int]
#: Strides up to which the number of positions in between is weighed one by one.
NEAR = 8


class SortedPairs:
    """A sorted set of (coordinate, number) in short lists, so that no step costs more than about a microsecond."""

    #: Longest list before it is cut in two.
    LOAD = 512

    def __init__(self, pairs: Iterable[Pair] = ()) -> None:
        ordered = sorted(set(pairs))
        half = self.LOAD // 2
        self._lists = [ordered[at : at + half] for at in range(0, len(ordered), half)]
        self._firsts = [part[0] for part in self._lists]

    def _at(self, pair: Pair) -> int:
        return max(0, bisect_left(self._firsts, (pair[0], pair[1] + 1)) - 1)

    def add(self, pair: Pair) -> None:
        """Put a pair in; one that is there stays once."""
        if not self._lists:
            self._lists, self._firsts = [[pair]], [pair]
            return
        at = self._at(pair)
        part = self._lists[at]
        place = bisect_left(part, pair)
        if place < len(part) and part[place] == pair:
            return
        part.insert(place, pair)
        self._firsts[at] = part[0]
        if len(part) > self.LOAD:
            half = len(part) // 2
            self._lists[at : at + 1] = [part[:half], part[half:]]
            self._firsts[at : at + 1] = [part[0], part[half]]

    def remove(self, pair: Pair) -> None:
        """Take a pair out; nothing happens where it is not there."""
        if not self._lists:
            return
        at = self._at(pair)
        part = self._lists[at]
        place = bisect_left(part, pair)
        if place == len(part) or part[place] != pair:
            return
        del part[place]
        if part:
            self._firsts[at] = part[0]
        else:
            del self._lists[at], self._firsts[at]

    def after(self, pair: Pair, limit: int) -> list[Pair]:
        """The first `limit` pairs that are not smaller than `pair`, ascending."""
        found: list[Pair] = []
        for at in range(self._at(pair), len(self._lists)):
            part = self._lists[at]
            place = bisect_left(part, pair) if not found else 0
            found += part[place : place + limit - len(found)]
            if len(found) >= limit:
                break
        return found

    def before(self, pair: Pair, limit: int) -> list[Pair]:
        """The last `limit` pairs that are smaller than `pair`, descending."""
        found: list[Pair] = []
        for at in range(self._at(pair) if self._lists else -1, -1, -1):
            part = self._lists[at]
            place = bisect_left(part, pair)
            found += part[max(0, place - limit + len(found)) : place][::-1]
            if len(found) >= limit:
                break
        return found

    def ends(self, limit: int, *, low: bool) -> list[Pair]:
        """The `limit` smallest pairs ascending, or the largest descending; the outermost comes first."""
        found: list[Pair] = []
        for part in self._lists if low else reversed(self._lists):
            room = limit - len(found)
            found += part[:room] if low else part[: -room - 1 : -1]
            if len(found) >= limit:
                break
        return found


class Trend:
    """Whether coordinates rise (+1) or fall (-1) along galleries, or neither (0)."""

    #: Neighbours that must agree; shuffled ones agree in half the cases, and 23 pairs never reach this by chance.
    AGREEMENT = 0.75
    #: Pairs below which nothing is concluded.
    ENOUGH = 4

    #: Pairs after which older ones count half: the last windows weigh most.
    MEMORY = 500

    def __init__(self) -> None:
        self._rising = 0.0
        self._pairs = 0.0

    def learn(self, values: Sequence[int]) -> None:
        """Note the coordinates of entries in gallery order."""
        for first, second in pairwise(values):
            self._pairs += 1
            self._rising += second > first
        if self._pairs > self.MEMORY:
            self._pairs /= 2
            self._rising /= 2

    @property
    def sign(self) -> int | None:
        """+1, -1 or 0; None as long as too little was seen."""
        if self._pairs < self.ENOUGH:
            return None
        share = self._rising / self._pairs
        return 1 if share >= self.AGREEMENT else -1 if share <= 1 - self.AGREEMENT else 0


@dataclass(frozen=True, slots=True)
class Pace:
    """How coordinates grow from one position to the next.

    Attributes:
        stride: mean growth a position, above 0.
        spread: its standard deviation as a share of the mean; 0 where every step is equal.
    """

    stride: float = 1.0
    spread: float = 0.5


class PaceMeter:
    """Learns a `Pace` from neighbours seen; single leaps (uploads of another day) are left out."""

    def __init__(self) -> None:
        self._steps: deque[tuple[float, int]] = deque(maxlen=240)
        self._pace: Pace | None = None

    def learn(self, places: Sequence[Pair]) -> None:
        """Note (coordinate, position) of entries in gallery order."""
        for (first, at), (second, then) in pairwise(places):
            if then > at and first != second:
                self._steps.append((abs(second - first) / (then - at), then - at))
        self._pace = None

    def pace(self, default: Pace) -> Pace:
        """What was learned; `default` before two steps were seen."""
        if self._pace is None:
            if len(self._steps) < 2:
                return default
            limit = 6 * median(step for step, _ in self._steps)
            kept = [(step, weight) for step, weight in self._steps if step <= limit]
            weight = sum(weight for _, weight in kept)
            stride = sum(step * weight for step, weight in kept) / weight
            variance = sum(weight * (step - stride) ** 2 for step, weight in kept) / weight
            self._pace = Pace(stride, sqrt(variance) / stride)
        return self._pace


@dataclass(frozen=True, slots=True)
class Estimate:
    """A position that was not seen: expected value and standard deviation, in positions."""

    mean: float
    deviation: float


class Anchors:
    """Known (coordinate, position) pairs of one gallery, and estimates between and beyond them."""

    def __init__(self) -> None:
        self._pairs: list[Pair] = []
        self.meter = PaceMeter()

    def __len__(self) -> int:
        """Number of known places."""
        return len(self._pairs)

    def learn(self, places: Sequence[Pair]) -> None:
        """Take (coordinate, position) of newly seen entries, in gallery order."""
        for pair in places:
            insort(self._pairs, pair)

    def estimate(
        self, coordinate: int, sign: int, pace: Pace, total: int | None, density: Callable[[int], float]
    ) -> Estimate | None:
        """Where an image of this coordinate must stand; None where there is no room for it.

        Args:
            coordinate: of the image.
            sign: +1 where coordinates rise with the position, -1 where they fall.
            pace: growth a position.
            total: images in the gallery, if known.
            density: share of wanted images among those seen around a position, 0 to 1.
        """
        at = bisect_left(self._pairs, (coordinate, -1))
        below = self._pairs[at - 1] if at else None
        above = self._pairs[at] if at < len(self._pairs) else None
        if below is not None and above is not None:
            return self._between(coordinate, below, above, pace)
        known = below or above
        if known is None:
            return None
        step = _steps(abs(coordinate - known[0]) / pace.stride, pace.spread, density(known[1]))
        mean = known[1] + step.mean * (sign if below is not None else -sign)
        last = (total - 1) if total is not None else mean
        if mean < 0 or mean > last:
            bound = 0 if mean < 0 else last
            if bound == known[1] or abs(mean - bound) > 3 * step.deviation + 3:
                return None
            return Estimate(bound, step.deviation)
        return Estimate(mean, step.deviation)

    @staticmethod
    def _between(coordinate: int, below: Pair, above: Pair, pace: Pace) -> Estimate | None:
        room = abs(above[1] - below[1])
        if room <= 1:
            return None
        width = above[0] - below[0]
        share = (coordinate - below[0]) / width if width else 0.5
        mean = below[1] + (above[1] - below[1]) * share
        low, high = sorted((below[1], above[1]))
        # The bridge between two known ends, plus what the pace does not explain (a leap somewhere in between).
        strange = abs(width / pace.stride - room)
        deviation = (pace.spread * sqrt(room) + min(strange, room)) * sqrt(max(0.0, share * (1 - share)))
        return Estimate(min(max(mean, low + 1), high - 1), deviation)


def _steps(away: float, spread: float, density: float) -> Estimate:
    """How many positions on an image stands whose coordinate is `away` strides further than a known one.

    Where nearly everything is wanted, the next wanted one is likely the next position, however far its coordinate.
    """
    if away > NEAR:
        # Besides the scatter of single steps, the stride itself is uncertain by a few percent.
        return Estimate(away, spread * sqrt(away) + 0.03 * away)
    weights = []
    variance = max(spread, 0.1) ** 2
    for steps in range(1, 2 * NEAR):
        # The sum of that many steps as a gamma distribution: uploads come at random, and gaps are never negative.
        shape = steps / variance
        odds = (shape - 1) * log(max(away, 0.01)) - away / variance - lgamma(shape) - shape * log(variance)
        weights.append((1 - density) ** (steps - 1) * exp(odds) + 1e-12 / steps)
    whole = sum(weights)
    mean = sum(weight * steps for steps, weight in enumerate(weights, 1)) / whole
    scatter = sum(weight * (steps - mean) ** 2 for steps, weight in enumerate(weights, 1)) / whole
    return Estimate(mean, sqrt(scatter))

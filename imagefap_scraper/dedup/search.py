"""Exact search for hashes that are close: every pair within a Hamming distance, without comparing all with all.

The bits are cut into k blocks, each with a radius, so that the radii and k sum up to one more than the distance. Two
hashes within the distance then lie within the radius in at least one block: else each block would hold more differences
than its radius, and all together more than the distance. Within a block of about as many bits as it takes to number the
hashes, a hash's partners lie under few keys: its own with up to `radius` bits turned over. So a block costs one sort,
one table of where each key begins, and one look-up a hash and mask; what lies there is compared whole. All of it is
numpy over whole arrays; nothing is approximate, no index is kept.

Equal hashes are collapsed first: ten thousand blank pictures are one value.

On one core, 100,000 hashes within 10 bits took 0.9 s, 1,000,000 within 4 bits 1.1 s and within 10 bits 32 s, with at
most 130 MB beside the hashes (`benchmarks/dups_search.py`). Two threads were 1.5 times as fast (300,000 within 10
bits); that does not pay for the second core, which a crawl or the hashing of pictures can use.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from imagefap_scraper.dedup._blocks import COMPARED, close_between, close_pairs, numbered

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from imagefap_scraper.dedup._blocks import Pairs

#: The largest distance (bits) that is searched. Beyond it, most of what is found are unlike pictures.
MAX_DISTANCE = 12

#: Rows with an equal hash up to which each of them takes part in every pair; see `Matches.links`.
LARGEST_VALUE = 8


class Links(NamedTuple):
    """Some of the pairs of rows that belong together: `first` and `second`, `distance` bits apart."""

    first: NDArray[np.int64]
    second: NDArray[np.int64]
    distance: NDArray[np.uint8]


@dataclass(frozen=True)
class Values:
    """Hashes with equal ones collapsed.

    Attributes:
        hashes: the distinct values, ascending.
        order: every row of the input, those of the first value before those of the second, each ascending.
        offsets: where in `order` each value's rows begin, and where the last one's end.
    """

    hashes: NDArray[np.uint64]
    order: NDArray[np.int64]
    offsets: NDArray[np.int64]

    @classmethod
    def of(cls, hashes: NDArray[np.uint64]) -> Values:
        """Collapse equal hashes; the rows are the places in `hashes`."""
        order = np.argsort(hashes, kind="stable")
        ordered = hashes[order]
        is_first = np.ones(len(ordered), bool)
        is_first[1:] = ordered[1:] != ordered[:-1]
        return cls(ordered[is_first], order, np.append(np.flatnonzero(is_first), len(ordered)))

    def taking_part(self, largest_value: int) -> NDArray[np.int64]:
        """Return how many rows of each value are paired with those of other values: all, or the first alone."""
        counts = np.diff(self.offsets)
        return np.where(counts > largest_value, 1, counts)


@dataclass(frozen=True)
class Matches:
    """Pairs of distinct values that are close, each once, and the rows behind them.

    Attributes:
        left: the values that `first` points into.
        right: the values that `second` points into; the very same object if one collection was searched.
        first: indexes of values; below `second` if one collection was searched.
        second: indexes of values.
        distance: bits by which the two differ; 0 only between two collections.
    """

    left: Values
    right: Values
    first: NDArray[np.int64]
    second: NDArray[np.int64]
    distance: NDArray[np.uint8]

    def links(self, largest_value: int = LARGEST_VALUE) -> Iterator[Links]:
        """Yield pairs of rows, each once: all there are, except where many rows have an equal hash.

        Rows of a value that no more than `largest_value` rows have are paired with one another and with the rows of
        every close value. Of a larger value (flat pictures) only the first row takes part in that; the others are
        linked to it alone, like a star: n equal rows make n - 1 links instead of n squared, and stay connected.

        In one collection, `first` is the lower row and equal rows are linked at distance 0. Between two, `first` are
        rows of the left one, `second` of the right one, and rows of the same collection are not linked.

        Raises:
            ValueError: `largest_value` is below 1.
        """
        if largest_value < 1:
            raise ValueError(f"largest_value is {largest_value}; it must be at least 1")
        within = self.left is self.right
        if within:
            yield _equal_rows(self.left, largest_value)
        left, right = self.left.taking_part(largest_value), self.right.taking_part(largest_value)
        step = max(1, COMPARED // largest_value**2)
        for low in range(0, len(self.first), step):
            first, second = self.first[low : low + step], self.second[low : low + step]
            # Each pair of values is a rectangle of rows, numbered line by line.
            number, pair = numbered(left[first] * right[second])
            width = right[second][pair]
            one = self.left.order[self.left.offsets[first][pair] + number // width]
            two = self.right.order[self.right.offsets[second][pair] + number % width]
            if within:
                one, two = np.minimum(one, two), np.maximum(one, two)
            yield Links(one, two, self.distance[low : low + step][pair])


def search_all(hashes: NDArray[np.uint64], max_distance: int) -> Matches:
    """Return all pairs of distinct hashes that differ in at most `max_distance` bits, and which rows are equal.

    Raises:
        ValueError: the distance is not within 0 and 12.
    """
    _check(max_distance)
    values = Values.of(hashes)
    return _matches(values, values, close_pairs(values.hashes, max_distance))


def search_new(new: NDArray[np.uint64], old: NDArray[np.uint64], max_distance: int) -> Matches:
    """Return all pairs of a new and an old hash that differ in at most `max_distance` bits, equal ones too.

    What is close among the new ones is left to `search_all(new, ...)`.

    Raises:
        ValueError: the distance is not within 0 and 12.
    """
    _check(max_distance)
    left, right = Values.of(new), Values.of(old)
    return _matches(left, right, close_between(left.hashes, right.hashes, max_distance))


def _check(distance: int) -> None:
    if not 0 <= distance <= MAX_DISTANCE:
        raise ValueError(f"the distance is {distance} bits; only 0 to {MAX_DISTANCE} can be searched")


def _matches(left: Values, right: Values, found: list[Pairs]) -> Matches:
    """Put the parts together, with indexes in place of hashes."""
    none = np.empty(0, np.uint64)
    one = np.concatenate([none, *(first for first, _ in found)])
    two = np.concatenate([none, *(second for _, second in found)])
    first, second = left.hashes.searchsorted(one), right.hashes.searchsorted(two)
    if left is right:
        first, second = np.minimum(first, second), np.maximum(first, second)
    return Matches(left, right, first, second, np.bitwise_count(one ^ two))


def _equal_rows(values: Values, largest_value: int) -> Links:
    """Return the pairs of rows with an equal hash: all of them, or a star where there are too many."""
    counts = np.diff(values.offsets)
    place, value = numbered(counts)
    # A row's partners are the rows after it; in a star the first row alone has any.
    after = counts[value] - place - 1
    number, row = numbered(np.where((counts[value] > largest_value) & (place > 0), 0, after))
    return Links(values.order[row], values.order[row + 1 + number], np.zeros(len(row), np.uint8))

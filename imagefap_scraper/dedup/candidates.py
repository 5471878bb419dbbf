"""Which pairs of pictures get a second look: those whose hashes are close, in any of the eight orientations."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from imagefap_scraper.dedup.orientation import ORIENTATIONS, inverse, turned
from imagefap_scraper.dedup.search import search_all, search_new

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from imagefap_scraper.dedup.limits import SearchLimits
    from imagefap_scraper.dedup.search import Matches


class Candidates(NamedTuple):
    """Pairs of rows, each once, in order.

    Attributes:
        first: rows; below `second`.
        second: rows.
        distance: bits by which their PHashes differ, in that orientation.
        dhash_distance: bits by which their DHashes differ as they are.
        orientation: how the first one has to be turned (`orientation.turn`) to look like the second.
    """

    first: NDArray[np.int64]
    second: NDArray[np.int64]
    distance: NDArray[np.uint8]
    dhash_distance: NDArray[np.uint8]
    orientation: NDArray[np.uint8]


def find_candidates(
    phash: NDArray[np.uint64],
    dhash: NDArray[np.uint64],
    animated: NDArray[np.bool_],
    is_new: NDArray[np.bool_],
    limits: SearchLimits,
) -> Candidates:
    """Return the close pairs with at least one new picture; the arrays have an entry a picture.

    Where very many pictures have an equal hash, only as many pairs as keep them connected (`Matches.links`).
    """
    new, old = np.flatnonzero(is_new), np.flatnonzero(~is_new)
    found = [
        *_as_they_are(phash, new, old, limits.phash),
        *_as_they_are(dhash, new, old, limits.dhash),
        *_turned(phash, new, limits.turned),
    ]
    if not found:
        found = [(np.empty(0, np.int64), np.empty(0, np.int64), 0)]
    first = np.concatenate([first for first, _, _ in found])
    second = np.concatenate([second for _, second, _ in found])
    orientation = np.concatenate([np.full(len(part), number, np.uint8) for part, _, number in found])
    distance = np.empty(len(first), np.uint8)
    for number in ORIENTATIONS:
        here = orientation == number
        distance[here] = np.bitwise_count(turned(phash[first[here]], number) ^ phash[second[here]])
    dhash_distance = np.bitwise_count(dhash[first] ^ dhash[second])
    return _once(Candidates(first, second, distance, dhash_distance, orientation), animated, limits)


Found = tuple["NDArray[np.int64]", "NDArray[np.int64]", int]


def _as_they_are(
    hashes: NDArray[np.uint64], new: NDArray[np.int64], old: NDArray[np.int64], limit: int
) -> Iterator[Found]:
    yield from _ordered(search_all(hashes[new], limit), new, new, 0)
    if len(old):
        yield from _ordered(search_new(hashes[new], hashes[old], limit), new, old, 0)


def _turned(phash: NDArray[np.uint64], new: NDArray[np.int64], limit: int) -> Iterator[Found]:
    everything = np.arange(len(phash))
    for orientation in ORIENTATIONS[1:]:
        yield from _ordered(search_new(turned(phash[new], orientation), phash, limit), new, everything, orientation)


def _ordered(matches: Matches, left: NDArray[np.int64], right: NDArray[np.int64], orientation: int) -> Iterator[Found]:
    """Yield pairs of rows of the whole collection, the lower one first, none with itself."""
    for links in matches.links():
        first, second = left[links.first], right[links.second]
        below = first < second
        yield first[below], second[below], orientation
        above = first > second
        yield second[above], first[above], inverse(orientation)


def _once(candidates: Candidates, animated: NDArray[np.bool_], limits: SearchLimits) -> Candidates:
    """Keep each pair once: as it is if it was found so, else in the orientation that fits best."""
    first, second, distance, dhash_distance, orientation = candidates
    moving = animated[first] | animated[second]
    as_it_is = orientation == 0
    keep = ~as_it_is | ((distance <= limits.other) & (dhash_distance <= limits.other))
    keep &= ~moving | (distance <= limits.animated) | ((dhash_distance <= limits.animated) & as_it_is)
    order = np.lexsort((distance, orientation != 0, second, first))
    order = order[keep[order]]
    different = np.ones(len(order), bool)
    different[1:] = (first[order][1:] != first[order][:-1]) | (second[order][1:] != second[order][:-1])
    chosen = order[different]
    return Candidates(*(column[chosen] for column in candidates))

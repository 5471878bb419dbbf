"""Close pairs of distinct hashes, block by block of their bits: what `search` is made of; its docstring says how."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations, pairwise
from math import comb
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from numpy.typing import NDArray

    #: Hashes, and as many that each of them is close to.
    Pairs: TypeAlias = tuple[NDArray[np.uint64], NDArray[np.uint64]]

#: Bits that may be part of a block. The highest is left out: it is the mean brightness in PHash, 1 in every picture.
_USEFUL_BITS = 63

#: The widest block, in bits: its table takes 32 MB.
_WIDEST = 22

#: Look-ups made at once: few enough for their arrays to stay in a core's cache, enough for calls to cost little.
_LOOKUPS = 1 << 16

#: Pairs compared at once, 8 MB an array. Only buckets that hold far more than their share get there.
COMPARED = 1 << 20

#: What the plan reckons with, in nanoseconds: a round of calls into numpy, one look-up, one comparison, one hash sorted
#: into a table. Only their ratios matter, and those not much: the best plans differ by less than a third.
_CALLS, _LOOKUP, _COMPARE, _SORT = 60_000.0, 4.0, 15.0, 60.0


def close_pairs(hashes: NDArray[np.uint64], distance: int) -> list[Pairs]:
    """Return the pairs of distinct hashes that differ in at most `distance` bits, each once, in parts."""
    blocks = plan(len(hashes), len(hashes), distance)
    found: list[Pairs] = []
    for at, block in enumerate(blocks):
        found += _first_seen(_pairs_in(_Table(hashes, block), distance), blocks[:at], block)
    return found


def close_between(left: NDArray[np.uint64], right: NDArray[np.uint64], distance: int) -> list[Pairs]:
    """Return the pairs of two collections of distinct hashes that differ in at most `distance` bits, in parts."""
    blocks = plan(len(left), len(right), distance)
    found: list[Pairs] = []
    for at, block in enumerate(blocks):
        probes = np.sort(_rotated(left, block.turn))
        pairs = _looked_up(_Table(right, block), probes, _masks(block.width, block.radius), distance)
        found += _first_seen(pairs, blocks[:at], block)
    return found


@dataclass(frozen=True)
class _Block:
    """Some bits of a hash, `width` of them above the lowest `low`, and how many of them may differ."""

    low: int
    width: int
    radius: int

    @property
    def turn(self) -> int:
        """By how many bits to rotate a hash to the left so that the block is on top; 1 to 63."""
        return 64 - self.low - self.width

    def cost(self, probes: int, size: int) -> float:
        """Estimate how many nanoseconds it takes to look `probes` hashes up among `size`."""
        lookups = probes * sum(comb(self.width, bits) for bits in range(self.radius + 1))
        rounds = self.width + lookups / _LOOKUPS
        compared = lookups * size / (1 << self.width)
        return rounds * _CALLS + lookups * _LOOKUP + compared * _COMPARE + size * _SORT


def plan(probes: int, size: int, distance: int) -> list[_Block]:
    """Return the blocks with which `probes` hashes are looked up among `size` in the least time."""
    plans = [_blocks(count, size, distance) for count in range(1, distance + 2)]
    return min(plans, key=lambda blocks: sum(block.cost(probes, size) for block in blocks))


def _blocks(count: int, size: int, distance: int) -> list[_Block]:
    """Cut the useful bits into `count` blocks, as even as can be; the wider ones get the smaller radii.

    A table far larger than the collection costs more than it saves; bits that are in no block are no loss.
    """
    widest = min(_WIDEST, size.bit_length() + 1)
    width, wider = divmod(_USEFUL_BITS, count)
    radius, larger = divmod(distance + 1 - count, count)
    return [
        _Block(at * width + min(at, wider), min(width + (at < wider), widest), radius + (at >= count - larger))
        for at in range(count)
    ]


class _Table:
    """Hashes sorted by a block, and where each key of it begins."""

    def __init__(self, hashes: NDArray[np.uint64], block: _Block) -> None:
        self.block = block
        #: Rotated, so that sorting by the whole hash sorts by the block.
        self.hashes = np.sort(_rotated(hashes, block.turn))
        self.keys = self.keys_of(self.hashes)
        self._begins = np.zeros((1 << block.width) + 1, np.int64)
        np.cumsum(np.bincount(self.keys, minlength=1 << block.width), out=self._begins[1:])

    def keys_of(self, rotated: NDArray[np.uint64]) -> NDArray[np.int64]:
        """Return the block's bits of rotated hashes."""
        return (rotated >> np.uint64(64 - self.block.width)).view(np.int64)

    def bucket(self, keys: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return where the hashes with each key begin, and how many there are."""
        begins = self._begins.take(keys)
        return begins, self._begins.take(keys + 1) - begins


def _rotated(hashes: NDArray[np.uint64], turn: int) -> NDArray[np.uint64]:
    return (hashes << np.uint64(turn)) | (hashes >> np.uint64(64 - turn))


def _masks(bits: int, radius: int, base: int = 0) -> NDArray[np.int64]:
    """Return `base` with each choice of up to `radius` of the lowest `bits` bits set."""
    sizes = range(radius + 1)
    return np.array([base + sum(1 << bit for bit in some) for n in sizes for some in combinations(range(bits), n)])


def _pairs_in(table: _Table, distance: int) -> Iterator[Pairs]:
    """Yield the close pairs of a table's own hashes whose keys differ within the radius, each once."""
    after = np.arange(1, len(table.keys) + 1)
    begins, counts = table.bucket(table.keys)
    yield from _compared(table, table.hashes, after, begins + counts - after, distance)
    if table.block.radius == 0:
        return
    for top in range(table.block.width):
        # Of two keys that differ in this bit and in none above it, the one that lacks it looks up the other.
        probes = table.hashes[(table.keys & (1 << top)) == 0]
        yield from _looked_up(table, probes, _masks(top, table.block.radius - 1, 1 << top), distance)


def _looked_up(table: _Table, probes: NDArray[np.uint64], masks: NDArray[np.int64], distance: int) -> Iterator[Pairs]:
    """Yield the close pairs of a probe and a hash in the table whose keys differ by one of the masks."""
    masks_at_once = max(1, _LOOKUPS // max(1, len(probes)))
    for low in range(0, len(probes), _LOOKUPS):
        some = probes[low : low + _LOOKUPS]
        keys = table.keys_of(some)
        for at in range(0, len(masks), masks_at_once):
            begins, counts = table.bucket((masks[at : at + masks_at_once, np.newaxis] ^ keys).ravel())
            hit = np.flatnonzero(counts)
            yield from _compared(table, some[hit % len(some)], begins[hit], counts[hit], distance)


def _compared(
    table: _Table,
    probes: NDArray[np.uint64],
    begins: NDArray[np.int64],
    counts: NDArray[np.int64],
    distance: int,
) -> Iterator[Pairs]:
    """Compare each probe with `counts` hashes of the table from `begins` on; yield what is close."""
    ends = np.cumsum(counts)
    cuts = np.searchsorted(ends, np.arange(COMPARED, counts.sum(), COMPARED), side="right")
    for low, high in pairwise([0, *np.unique(cuts).tolist(), len(counts)]):
        at, probe = numbered(counts[low:high])
        at += begins[low:high][probe]
        first, second = probes[low:high][probe], table.hashes.take(at)
        near = np.flatnonzero(np.bitwise_count(first ^ second) <= distance)
        if near.size:
            yield first[near], second[near]


def _first_seen(found: Iterable[Pairs], before: list[_Block], block: _Block) -> Iterator[Pairs]:
    """Turn the hashes back; drop the pairs that an earlier block has found already."""
    for pairs in found:
        first, second = (_rotated(hashes, 64 - block.turn) for hashes in pairs)
        new = np.ones(len(first), bool)
        for other in before:
            bits = np.uint64(((1 << other.width) - 1) << other.low)
            new &= np.bitwise_count((first ^ second) & bits) > other.radius
        yield first[new], second[new]


def numbered(counts: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return 0, 1, ... up to each count, one after the other, and which count it is for."""
    which = np.repeat(np.arange(len(counts)), counts)
    return np.arange(len(which)) - (np.cumsum(counts) - counts)[which], which

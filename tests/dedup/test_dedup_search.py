from __future__ import annotations

import time
import tracemalloc
from collections import Counter
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imagefap_scraper.dedup import _blocks, search
from imagefap_scraper.dedup.search import MAX_DISTANCE, Matches, search_all, search_new

if TYPE_CHECKING:
    from numpy.typing import NDArray

Pair = tuple[int, int, int]


def hashes(values: list[int]) -> NDArray[np.uint64]:
    return np.array(values, np.uint64)


def collection(count: int, seed: int, *, base: NDArray[np.uint64] | None = None) -> NDArray[np.uint64]:
    """Return hashes as PHash makes them (the first bit and 32 others set); a fifth has 0 to 13 bits of another turned.

    With `base`, they are those of `base` with bits turned.
    """
    random = np.random.default_rng(seed)
    bits = np.ones((count, 64), np.uint8)
    bits[:, 1:] = random.permuted(np.tile(np.arange(63) < 32, (count, 1)), axis=1)
    made = np.packbits(bits, axis=1).view(">u8").ravel().astype(np.uint64)
    sources = made if base is None else base
    for row in random.permutation(count)[: count if base is not None else count // 5]:
        turned = random.choice(64, int(random.integers(0, 14)), replace=False)
        made[row] = random.choice(sources) ^ np.uint64(sum(1 << int(bit) for bit in turned))
    return made


def brute(left: NDArray[np.uint64], right: NDArray[np.uint64], distance: int) -> list[Pair]:
    """Compare all with all; within one collection, each pair of rows once."""
    bits = np.bitwise_count(left[:, np.newaxis] ^ right)
    first, second = np.nonzero(bits <= distance)
    found = zip(first.tolist(), second.tolist(), bits[first, second].tolist(), strict=True)
    return sorted(pair for pair in found if left is not right or pair[0] < pair[1])


def linked(matches: Matches, largest_value: int = 1_000_000) -> list[Pair]:
    """Return every link, with repeats if there were any."""
    return sorted(
        pair
        for links in matches.links(largest_value)
        for pair in zip(links.first.tolist(), links.second.tolist(), links.distance.tolist(), strict=True)
    )


@pytest.mark.parametrize("distance", range(MAX_DISTANCE + 1))
@pytest.mark.parametrize("count", [2, 60, 1500])
def test_all_pairs_are_those_of_comparing_all_with_all(count: int, distance: int) -> None:
    made = collection(count, seed=distance)
    expected = brute(made, made, distance)
    assert linked(search_all(made, distance)) == expected
    if count > 1000:
        assert {bits for *_, bits in expected} == set(range(distance + 1))


@pytest.mark.parametrize("distance", [0, 1, 4, 10, 12])
@pytest.mark.parametrize(("new", "old"), [(1, 2000), (40, 2000), (700, 500), (300, 3)])
def test_new_ones_find_the_old_ones_close_to_them(new: int, old: int, distance: int) -> None:
    known = collection(old, seed=1)
    added = collection(new, seed=2, base=known)
    assert linked(search_new(added, known, distance)) == brute(added, known, distance)


@st.composite
def near_hashes(draw: st.DrawFn) -> NDArray[np.uint64]:
    """Few hashes close to each other: few bits of few centres turned, so that every distance occurs, and equal ones."""
    centres = draw(st.lists(st.integers(0, 2**64 - 1), min_size=1, max_size=3))
    turned = st.lists(st.integers(0, 63), max_size=14).map(lambda bits: sum(1 << bit for bit in set(bits)))
    drawn = draw(st.lists(st.tuples(st.sampled_from(centres), turned), max_size=12))
    return hashes([centre ^ bits for centre, bits in drawn])


@settings(max_examples=150, deadline=None)
@given(left=near_hashes(), right=near_hashes(), distance=st.integers(0, MAX_DISTANCE))
def test_nothing_close_is_missed(left: NDArray[np.uint64], right: NDArray[np.uint64], distance: int) -> None:
    assert linked(search_all(left, distance)) == brute(left, left, distance)
    assert linked(search_new(left, right, distance)) == brute(left, right, distance)


@pytest.mark.parametrize("distance", [4, 10])
def test_hashes_that_share_most_bits_are_told_apart(distance: int) -> None:
    """Every hash falls into the same few keys of most blocks."""
    random = np.random.default_rng(4)
    made = (random.integers(0, 2**14, 250, dtype=np.uint64) << np.uint64(30)) | np.uint64(1 << 63)
    assert linked(search_all(made, distance)) == brute(made, made, distance)


@pytest.mark.parametrize("distance", [3, 10])
def test_the_size_of_the_parts_changes_nothing(distance: int, monkeypatch: pytest.MonkeyPatch) -> None:
    made = np.concatenate([collection(300, seed=6), hashes([9, 8, 7, 6, 5, 9, 9])])
    monkeypatch.setattr(_blocks, "_LOOKUPS", 37)
    monkeypatch.setattr(search, "COMPARED", 5)
    monkeypatch.setattr(_blocks, "COMPARED", 5)
    assert linked(search_all(made, distance)) == brute(made, made, distance)
    assert linked(search_new(made[:50], made, distance)) == brute(made[:50], made, distance)


@pytest.mark.parametrize("size", [0, 1, 1000, 10**6, 10**8])
@pytest.mark.parametrize("distance", range(MAX_DISTANCE + 1))
def test_every_plan_leaves_no_pair_outside(size: int, distance: int) -> None:
    """Blocks do not overlap, and differences that fit into no block are more than the distance."""
    for count in range(1, distance + 2):
        blocks = _blocks._blocks(count, size, distance)
        used = Counter(bit for block in blocks for bit in range(block.low, block.low + block.width))
        assert max(used.values()) == 1
        assert max(used) < 63
        assert sum(block.radius + 1 for block in blocks) == distance + 1
        assert all(block.radius >= 0 and 1 <= block.width <= 22 for block in blocks)


def test_distinct_values_are_paired_once_and_know_their_rows() -> None:
    matches = search_all(hashes([7, 6, 7, 1 << 40, 7]), 4)
    assert matches.left is matches.right
    assert matches.left.hashes.tolist() == [6, 7, 1 << 40]
    assert matches.left.order.tolist() == [1, 0, 2, 4, 3]
    assert matches.left.offsets.tolist() == [0, 1, 4, 5]
    pairs = zip(matches.first.tolist(), matches.second.tolist(), matches.distance.tolist(), strict=True)
    assert sorted(pairs) == [(0, 1, 1), (0, 2, 3), (1, 2, 4)]
    assert matches.distance.dtype == np.uint8


def test_few_equal_rows_are_paired_in_full_and_many_as_a_star() -> None:
    # Rows 0, 2, 4, 6 and 1, 3 and 5: values 1 bit, 2 bits and 1 bit apart.
    matches = search_all(hashes([0, 1, 0, 1, 0, 3, 0]), 1)
    small, between, last = [0, 2, 4, 6], [1, 3], 5
    crossed = [(min(one, two), max(one, two), 1) for one in small for two in between]
    beside = [(one, last, 1) for one in between]
    full = [(one, two, 0) for one in small for two in small if one < two] + [(1, 3, 0)]
    assert linked(matches, 4) == sorted(full + crossed + beside)
    star = [(0, 2, 0), (0, 4, 0), (0, 6, 0), (1, 3, 0)]
    assert linked(matches, 3) == sorted([*star, (0, 1, 1), (0, 3, 1), *beside])
    assert linked(matches, 1) == sorted([*star, (0, 1, 1), (1, 5, 1)])


def test_of_many_equal_rows_the_first_stands_for_all_between_old_and_new() -> None:
    matches = search_new(hashes([5, 5, 5]), hashes([4, 5, 5]), 1)
    assert linked(matches, 3) == [(new, old, int(old == 0)) for new in range(3) for old in range(3)]
    assert linked(matches, 2) == [(0, 0, 1), (0, 1, 0), (0, 2, 0)]
    assert linked(matches, 1) == [(0, 0, 1), (0, 1, 0)]


@pytest.mark.parametrize("distance", [4, 10])
def test_ten_thousand_equal_hashes_cost_nothing_much(distance: int) -> None:
    made = collection(20_000, seed=8)
    made[np.random.default_rng(1).permutation(20_000)[:10_000]] = made[0]
    tracemalloc.start()
    begin = time.process_time()
    matches = search_all(made, distance)
    links = sum(len(part.first) for part in matches.links())
    seconds = time.process_time() - begin
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert seconds < 2
    assert peak < 50_000_000
    assert 9_999 <= links < 20_000


@pytest.mark.parametrize("distance", [0, 4, MAX_DISTANCE])
def test_nothing_and_one_hash_have_no_pairs(distance: int) -> None:
    nothing, one = hashes([]), hashes([2**64 - 1])
    for matches in (
        search_all(nothing, distance),
        search_all(one, distance),
        search_new(nothing, one, distance),
        search_new(one, nothing, distance),
        search_new(nothing, nothing, distance),
    ):
        assert linked(matches) == []
        assert len(matches.first) == len(matches.second) == len(matches.distance) == 0
    assert linked(search_new(one, one.copy(), distance)) == [(0, 0, 0)]


def test_the_input_is_left_as_it_is() -> None:
    made = collection(200, seed=3)
    before = made.copy()
    search_all(made, 6)
    search_new(made, made, 6)
    assert np.array_equal(made, before)


@pytest.mark.parametrize("distance", [-1, 13, 64])
def test_other_distances_are_refused(distance: int) -> None:
    with pytest.raises(ValueError, match="only 0 to 12"):
        search_all(hashes([1, 2]), distance)
    with pytest.raises(ValueError, match="only 0 to 12"):
        search_new(hashes([1]), hashes([2]), distance)


def test_a_value_has_at_least_one_row() -> None:
    with pytest.raises(ValueError, match="at least 1"):
        list(search_all(hashes([1, 2]), 4).links(0))

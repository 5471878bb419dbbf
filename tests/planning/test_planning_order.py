"""Sorted pairs, trends, and positions estimated from known ones."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagefap_scraper.planning.order import Anchors, Pace, PaceMeter, SortedPairs, Trend

STEP = st.tuples(st.booleans(), st.tuples(st.integers(0, 12), st.integers(0, 3)))


class Crowded(SortedPairs):
    """Splits its lists soon."""

    LOAD = 4


@given(st.lists(STEP, max_size=80), st.tuples(st.integers(-1, 13), st.integers(0, 3)), st.integers(1, 9))
def test_sorted_pairs_agree_with_a_sorted_list(
    steps: list[tuple[bool, tuple[int, int]]], pivot: tuple[int, int], limit: int
) -> None:
    pairs, model = Crowded(), set()
    for adding, pair in steps:
        if adding:
            pairs.add(pair)
            model.add(pair)
        else:
            pairs.remove(pair)
            model.discard(pair)
    ordered = sorted(model)
    assert pairs.ends(100, low=True) == ordered
    assert pairs.ends(limit, low=True) == ordered[:limit]
    assert pairs.ends(limit, low=False) == ordered[::-1][:limit]
    assert pairs.after(pivot, limit) == [pair for pair in ordered if pair >= pivot][:limit]
    assert pairs.before(pivot, limit) == [pair for pair in ordered[::-1] if pair < pivot][:limit]


def test_sorted_pairs_made_at_once() -> None:
    source = [(number * 7919 % 5000, number) for number in range(3000)]
    assert SortedPairs(source).ends(3000, low=True) == sorted(source)


@pytest.mark.parametrize(
    ("values", "sign"),
    [([1, 2, 9, 10, 40], 1), ([9, 5, 4, 2, 1], -1), ([1, 9, 2, 8, 3, 7, 4], 0), ([1, 2, 3], None), ([], None)],
)
def test_trend(values: list[int], sign: int | None) -> None:
    trend = Trend()
    trend.learn(values)
    assert trend.sign == sign


def test_trend_follows_a_site_that_changes() -> None:
    trend = Trend()
    for _ in range(50):
        trend.learn(range(24))
    assert trend.sign == 1
    for _ in range(100):
        trend.learn(range(24, 0, -1))
    assert trend.sign == -1


def test_pace_is_the_mean_step_without_leaps() -> None:
    meter = PaceMeter()
    default = Pace(5.0, 0.1)
    assert meter.pace(default) is default
    meter.learn([(100, 0), (102, 1), (104, 2), (90_000, 3), (90_002, 4), (90_008, 7)])
    assert meter.pace(default) == Pace(2.0, 0.0)


def test_pace_of_irregular_steps_has_a_spread() -> None:
    meter = PaceMeter()
    meter.learn([(0, 0), (1, 1), (4, 2), (5, 3), (8, 4)])
    pace = meter.pace(Pace())
    assert pace.stride == 2.0
    assert pace.spread == 0.5


def nothing_wanted(_: int) -> float:
    return 0.0


def anchors(*places: tuple[int, int]) -> Anchors:
    made = Anchors()
    made.learn(places)
    return made


def test_position_between_known_ones() -> None:
    found = anchors((1000, 10), (1040, 50)).estimate(1020, 1, Pace(1.0, 0.0), 100, nothing_wanted)
    assert found is not None
    assert found.mean == pytest.approx(30)
    assert found.deviation == pytest.approx(0)


def test_position_between_known_ones_is_vague_where_the_pace_does_not_fit() -> None:
    found = anchors((1000, 10), (9000, 50)).estimate(1020, 1, Pace(1.0, 0.0), 100, nothing_wanted)
    assert found is not None
    assert 10 < found.mean < 50
    assert found.deviation > 1


def test_no_room_between_neighbours() -> None:
    assert anchors((1000, 10), (1040, 11)).estimate(1020, 1, Pace(), 100, nothing_wanted) is None


@pytest.mark.parametrize(("coordinate", "sign", "place"), [(1015, 1, 55), (1015, -1, 25), (985, 1, 25), (985, -1, 55)])
def test_position_beyond_what_is_known(coordinate: int, sign: int, place: int) -> None:
    found = anchors((1000, 40)).estimate(coordinate, sign, Pace(1.0, 0.0), 100, nothing_wanted)
    assert found is not None
    assert found.mean == pytest.approx(place, abs=0.1)


def test_nothing_known_is_no_estimate() -> None:
    assert Anchors().estimate(5, 1, Pace(), 100, nothing_wanted) is None


@pytest.mark.parametrize(("coordinate", "total"), [(1500, 100), (900, 100), (1001, 41)])
def test_no_room_beyond_the_ends(coordinate: int, total: int) -> None:
    assert anchors((1000, 40)).estimate(coordinate, 1, Pace(1.0, 0.0), total, nothing_wanted) is None


def test_a_little_over_the_end_is_the_end() -> None:
    found = anchors((1000, 40)).estimate(1012, 1, Pace(1.0, 0.0), 51, nothing_wanted)
    assert found is not None
    assert found.mean == 50


def test_where_all_is_wanted_the_next_wanted_is_the_next_position() -> None:
    known = anchors((1000, 40))
    sparse = known.estimate(1005, 1, Pace(2.0, 0.8), 100, nothing_wanted)
    dense = known.estimate(1005, 1, Pace(2.0, 0.8), 100, lambda _: 0.95)
    assert sparse is not None
    assert dense is not None
    assert sparse.mean > 42
    assert dense.mean < 41.3


def test_estimates_of_random_uploads_hold_their_deviation() -> None:
    rng = random.Random(3)
    misses = 0
    for _ in range(200):
        number, ids = 1000, []
        for _ in range(120):
            number += 1 + int(rng.expovariate(0.4))
            ids.append(number)
        known = Anchors()
        places = list(zip(ids[:24], range(24), strict=True))
        known.learn(places)
        known.meter.learn(places)
        at = rng.randrange(40, 100)
        found = known.estimate(ids[at], 1, known.meter.pace(Pace()), None, nothing_wanted)
        assert found is not None
        misses += abs(found.mean - at) > 3 * found.deviation + 3
    assert misses <= 30

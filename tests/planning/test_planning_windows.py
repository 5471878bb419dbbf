"""Positions seen, and the habits of a site that its windows show."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagefap_scraper.planning import StripRequest, Window, strip_around
from imagefap_scraper.planning.windows import Cover, IndexMeaning, OffsetRule


@given(st.lists(st.tuples(st.integers(0, 60), st.integers(1, 30)), max_size=12), st.integers(0, 100))
def test_cover_agrees_with_a_set(spans: list[tuple[int, int]], total: int) -> None:
    cover, seen = Cover(), set()
    for start, length in spans:
        cover.add(start, start + length)
        seen |= set(range(start, start + length))
    assert cover.seen() == len(seen)
    missing = {position for low, high in cover.holes(total) for position in range(low, high)}
    assert missing == set(range(total)) - seen
    assert all(low < high for low, high in cover.holes(total))


def test_an_unseen_gallery_is_one_hole() -> None:
    assert Cover().holes(5) == [(0, 5)]
    assert Cover().holes(0) == []


def test_nothing_seen_makes_every_offset_equally_likely() -> None:
    rule = OffsetRule()
    assert not rule.known
    assert not rule.own_at_edge
    assert rule.chance(0) == pytest.approx(1)
    assert rule.chance(12) == pytest.approx(0.5)
    assert rule.chance(-12) == pytest.approx(0.5)
    assert rule.chance(24) == rule.chance(-24) == 0


def test_own_image_first_is_learned() -> None:
    rule = OffsetRule()
    for _ in range(20):
        rule.learn(0, 24)
    assert rule.own_at_edge
    assert not rule.leans_right
    assert rule.chance(23) > 0.9
    assert rule.chance(-1) < 0.1


def test_own_image_last_is_learned_and_read_from_the_end() -> None:
    rule = OffsetRule()
    for _ in range(20):
        rule.learn(23, 24)
    assert rule.own_at_edge
    assert rule.leans_right
    assert rule.chance(-23) > 0.9


def test_blocks_are_no_edge_and_lean_nowhere() -> None:
    rule = OffsetRule()
    for at in range(48):
        rule.learn(at % 24, 24)
    assert not rule.own_at_edge
    assert not rule.leans_right
    assert rule.chance(12) == pytest.approx(0.5, abs=0.05)


def test_windows_cut_at_the_beginning_are_put_right() -> None:
    rule = OffsetRule()
    rule.learn(3, 15, start=0, total=100)  # 9 entries before the first are missing
    assert rule.quantile(0.5) == 12


@pytest.mark.parametrize(("start", "length", "total"), [(0, 24, 100), (76, 24, 100), (0, 9, 9), (0, 24, 24)])
def test_windows_that_an_end_may_have_moved_tell_nothing(start: int, length: int, total: int) -> None:
    rule = OffsetRule()
    rule.learn(5, length, start=start, total=total)
    assert not rule.known


def test_a_window_cut_at_the_end_tells_the_offset() -> None:
    rule = OffsetRule()
    rule.learn(12, 15, start=85, total=100)
    assert rule.quantile(0.5) == 12


def test_index_is_the_opened_image_until_shown_otherwise() -> None:
    meaning = IndexMeaning()
    assert meaning.start(30, 12) == 18
    meaning.vote(31, 12, 18)
    meaning.vote(55, 3, 51)
    assert meaning.start(31, 10) == 20  # counts from 1


def test_index_may_be_the_first_entry() -> None:
    meaning = IndexMeaning()
    for start, offset in ((10, 3), (40, 7), (90, 12)):
        meaning.vote(start, offset, start)
    assert meaning.start(33, 5) == 33


def test_strip_around_puts_the_image_in_the_middle() -> None:
    assert strip_around(9, Window(4, 100, 50, ())) == StripRequest(4, 38, 9)
    assert strip_around(9, Window(4, 100, 3, ())) == StripRequest(4, 0, 9)


@pytest.mark.parametrize(("gallery_id", "index"), [(None, 3), (4, None), (4, -1)])
def test_strip_around_needs_gallery_and_position(gallery_id: int | None, index: int | None) -> None:
    assert strip_around(9, Window(gallery_id, 100, index, ())) is None

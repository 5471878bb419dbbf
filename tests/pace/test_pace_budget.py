from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagefap_scraper.pace.budget import Limits, PageBudget, Window

SITE = Limits((Window(80, 60.0), Window(160, 300.0), Window(800, 3600.0)), gap=1.0)


def _run(limits: Limits, seconds: float, half_until: float = 0.0) -> list[float]:
    """When a greedy client sends, if the budget is all that holds it."""
    budget = PageBudget(limits, half_until=half_until)
    now, sent = 0.0, []
    while (now := now + budget.ready_in(now)) < seconds:
        budget.record(now)
        sent.append(now)
    return sent


def _worst(sent: list[float], seconds: float) -> int:
    """The most that a window of that length holds."""
    worst = first = 0
    for last, moment in enumerate(sent):
        while sent[first] <= moment - seconds:
            first += 1
        worst = max(worst, last - first + 1)
    return worst


def test_two_hours_at_the_limits_of_the_site_at_80_percent() -> None:
    sent = _run(SITE, 7200)
    assert (_worst(sent, 60), _worst(sent, 300), _worst(sent, 3600)) == (60, 160, 800)
    assert len([moment for moment in sent if moment < 3600]) == 800
    assert len(sent) == 1600
    assert sent[59] == 59.0, "a small folder is not slowed down by the long windows"


@given(
    st.lists(st.tuples(st.integers(1, 6), st.floats(0.5, 20)), min_size=1, max_size=3),
    st.floats(0, 2),
    st.lists(st.floats(0, 3), max_size=60),
)
def test_no_window_ever_holds_more_and_no_gap_is_shorter(
    windows: list[tuple[int, float]], gap: float, idles: list[float]
) -> None:
    budget = PageBudget(Limits(tuple(Window(*window) for window in windows), gap))
    now, sent = 1000.0, []
    for idle in idles:
        now += idle
        while wait := budget.ready_in(now):
            now += max(wait, 1e-6)  # what is smaller is lost in a float of this size
        budget.record(now)
        sent.append(now)
    for count, seconds in windows:
        assert _worst(sent, seconds - 1e-6) <= count
    assert all(after - before >= gap - 1e-6 for before, after in pairwise(sent))


def test_a_page_counts_from_its_answer_on_but_the_gap_from_its_sending() -> None:
    limits = Limits((Window(1, 10.0),), gap=2.0)
    assert PageBudget(limits, [(100.0, 104.0)]).ready_in(104.0) == 10.0
    assert PageBudget(Limits((), gap=2.0), [(100.0, 104.0)]).ready_in(104.0) == 0.0
    assert PageBudget(limits, [(100.0, None)]).ready_in(104.0) == 6.0


def test_half_pace_halves_the_counts_and_doubles_the_gap_until_its_end() -> None:
    limits = Limits((Window(4, 10.0),), gap=1.0)
    assert _run(limits, 10, half_until=1e9) == [0.0, 2.0]
    assert _run(limits, 10) == [0.0, 1.0, 2.0, 3.0]
    budget = PageBudget(limits, [(100.0, None), (102.0, None)], half_until=105.0)
    assert budget.ready_in(104.0) == 1.0, "the wait ends with the half pace, not with the half window"
    assert Limits((Window(1, 5.0),)).halved().windows == (Window(1, 5.0),)


def test_without_limits_nothing_waits() -> None:
    assert Limits().off
    assert not SITE.off
    assert PageBudget(Limits(), [(100.0, None)] * 5).ready_in(100.0) == 0.0


@pytest.mark.parametrize(("limits", "seconds"), [(SITE, 3600.0), (Limits((), 7.0), 14.0), (Limits(), 0.0)])
def test_what_is_older_than_the_longest_window_may_be_forgotten(limits: Limits, seconds: float) -> None:
    assert limits.longest == seconds

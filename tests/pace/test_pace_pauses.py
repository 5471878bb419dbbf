from __future__ import annotations

from email.utils import formatdate

import pytest

from imagefap_scraper.pace.pauses import HALF_PACE, Pause, PausePolicy, retry_after

POLICY = PausePolicy(first=900.0, longest=7200.0, max_pauses=4, jitter=lambda: 0.0)
NOW = 1_800_000_000.0


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        (b"120", 120.0),
        (" 7 ", 7.0),
        ("0", None),
        ("-5", None),
        ("soon", None),
        ("", None),
        ("\u00b2", None),
        (b"\xff", None),
        (formatdate(NOW + 90, usegmt=True), 90.0),
        (formatdate(NOW - 90, usegmt=True), None),
        ("Fri, 99 Foo 2026", None),
        ("9" * 400, 86_400.0),
    ],
)
def test_retry_after(header: bytes | str | None, seconds: float | None) -> None:
    assert retry_after(header, NOW) == seconds


def test_pauses_double_up_to_the_longest_and_obey_the_server() -> None:
    assert [POLICY.seconds(count, None) for count in (1, 2, 3, 4, 5, 2000)] == [900, 1800, 3600, 7200, 7200, 7200]
    assert POLICY.seconds(3, 5.0) == 5.0


def test_jitter_adds_at_most_a_tenth() -> None:
    policy = PausePolicy(first=100.0, longest=1000.0, max_pauses=4)
    lengths = {policy.seconds(1, None) for _ in range(200)}
    assert len(lengths) > 100
    assert min(lengths) >= 100.0
    assert max(lengths) <= 110.0


def test_answers_of_the_same_block_do_not_count_twice() -> None:
    first = Pause().blocked(NOW - 1, NOW, None, POLICY)
    assert (first.count, first.until) == (1, NOW + 900)
    assert first.blocked(NOW - 0.5, NOW + 1, None, POLICY) == first
    longer = first.blocked(NOW - 0.5, NOW + 1, 2000.0, POLICY)
    assert (longer.count, longer.until) == (1, NOW + 2001)
    second = first.blocked(NOW + 901, NOW + 902, None, POLICY)
    assert (second.count, second.until) == (2, NOW + 902 + 1800)


def test_only_the_answer_to_a_later_page_ends_a_block() -> None:
    pause = Pause().blocked(NOW - 1, NOW, None, POLICY)
    assert pause.passed(NOW - 0.5, NOW + 1) == pause
    over = pause.passed(NOW + 901, NOW + 902)
    assert (over.count, over.wait(NOW + 902), over.half_until) == (0, 0.0, NOW + 902 + HALF_PACE)
    assert over.passed(NOW + 903, NOW + 904) == over, "half pace is not prolonged by every page"


def test_a_clock_set_back_does_not_prolong_a_pause() -> None:
    pause = Pause().blocked(NOW - 1, NOW, None, POLICY)
    day_back = NOW - 86_400
    assert pause.at(day_back).wait(day_back) == 900
    assert pause.passed(NOW + 901, NOW + 902).at(day_back).half_until == day_back + HALF_PACE
    assert pause.probing(NOW + 901).at(day_back).probe_wait(day_back) == 300


def test_a_block_of_long_ago_is_forgotten() -> None:
    pause = Pause().blocked(NOW - 1, NOW, None, POLICY)
    assert pause.at(NOW + 900 + 3599).count == 1
    assert pause.at(NOW + 900 + 3601).count == 0

from __future__ import annotations

import pytest

from imagefap_scraper.extensions._estimate import Rate, seconds_at_limit, seconds_left


def test_rate_is_measured_over_the_last_span() -> None:
    rate = Rate()
    for second in range(0, 1000, 5):
        rate.add(second, min(second, 500) * 2)
    assert rate.per_second(300) == 0.0
    assert rate.per_second(3600) == pytest.approx(1000 / 995)


def test_rate_is_silent_until_enough_was_seen() -> None:
    rate = Rate()
    assert rate.per_second(300) is None
    rate.add(0, 0)
    rate.add(4, 100)
    assert rate.per_second(300) is None
    rate.add(8, 100)
    assert rate.per_second(300) == 12.5


def test_rate_forgets_after_an_hour() -> None:
    rate = Rate()
    rate.add(0, 0)
    for second in range(10_000, 10_020, 5):
        rate.add(second, 1000)
    assert rate.per_second(99_999) == 0.0


@pytest.mark.parametrize(
    ("asked", "left", "elapsed", "expected"),
    [(0, 800, 0, 0), (0, 801, 0, 3600), (400, 2000, 600, 2 * 3600 - 600), (10, 0, 0, 0), (800, 1, 5000, 0)],
)
def test_page_limits_bound_the_end(asked: int, left: int, elapsed: float, expected: float) -> None:
    assert seconds_at_limit(asked, left, elapsed, [(800, 3600.0)]) == expected


def test_without_limits_nothing_is_bounded() -> None:
    assert seconds_at_limit(10, 10_000, 0, []) == 0


def test_the_slower_of_pages_and_images_decides() -> None:
    assert seconds_left(pages=10, images=600, page_rate=1.0, image_rate=2.0) == 300
    assert seconds_left(pages=1000, images=600, page_rate=1.0, image_rate=2.0) == 1000
    assert seconds_left(pages=1000, images=600, page_rate=1.0, image_rate=2.0, wait=60) == 1060
    assert seconds_left(pages=1000, images=600, page_rate=1.0, image_rate=2.0, at_limit=5000, wait=60) == 5000


def test_time_left_without_measurements() -> None:
    assert seconds_left(pages=None, images=5, page_rate=None, image_rate=None) is None
    assert seconds_left(pages=0, images=0, page_rate=1.0, image_rate=1.0) is None
    assert seconds_left(pages=5, images=5, page_rate=0.0, image_rate=0.0, wait=90) == 90

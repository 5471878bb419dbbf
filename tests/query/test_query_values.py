from __future__ import annotations

from datetime import UTC, datetime

import pytest

from imagefap_scraper.query import values

NOW = datetime(2026, 11, 22, 18, 30, tzinfo=UTC)


def at(*parts: int) -> int:
    return int(datetime(*parts, tzinfo=UTC).timestamp())  # type: ignore[misc,arg-type]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("5", (5, 5)),
        ("=5", (5, 5)),
        (">5", (6, None)),
        (">=5", (5, None)),
        ("<5", (None, 4)),
        ("<=5", (None, 5)),
        ("5..7", (5, 7)),
        ("5..", (5, None)),
        ("..7", (None, 7)),
        ("7..5", None),
        ("..", None),
        ("", None),
        (">", None),
        ("><5", None),
        ("5..x", None),
        ("-5", None),
        ("\u0665", None),
        ("9" * 30, None),
    ],
)
def test_ranges_have_both_ends_within(text: str, expected: values.Bounds | None) -> None:
    assert values.bounds(text, values.length) == expected


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("1", 1),
        ("1KB", 1000),
        ("1kib", 1024),
        ("1.5MB", 1_500_000),
        ("2 GiB", 2 << 30),
        ("3m", 3_000_000),
        ("1XB", None),
    ],
)
def test_bytes_know_both_kinds_of_units(text: str, size: int | None) -> None:
    assert values.size(text) == (None if size is None else (size, size))


@pytest.mark.parametrize(
    ("text", "count"),
    [("2MP", 2_000_000), ("640x480", 307_200), ("500k", 500_000), ("7", 7), ("2MB", None), ("x", None)],
)
def test_pixels_may_be_named_by_their_sides(text: str, count: int | None) -> None:
    assert values.pixels(text) == (None if count is None else (count, count))


@pytest.mark.parametrize(
    ("text", "first", "behind"),
    [
        ("2026", (2026, 1, 1), (2027, 1, 1)),
        ("2026-2", (2026, 2, 1), (2026, 3, 1)),
        ("2025-12", (2025, 12, 1), (2026, 1, 1)),
        ("2024-02-29", (2024, 2, 29), (2024, 3, 1)),
        ("today", (2026, 11, 22), (2026, 11, 23)),
        ("Yesterday", (2026, 11, 21), (2026, 11, 22)),
    ],
)
def test_a_day_a_month_and_a_year_cover_their_seconds(
    text: str, first: tuple[int, ...], behind: tuple[int, ...]
) -> None:
    assert values.day(text, NOW) == (at(*first), at(*behind) - 1)


@pytest.mark.parametrize("text", ["2026-13", "2025-02-29", "9999", "0000", "26", "2026-1-1-1", "soon", ""])
def test_what_is_no_day_is_none(text: str) -> None:
    assert values.day(text, NOW) is None


def test_a_range_of_months_ends_with_the_last_day() -> None:
    assert values.bounds("2026-01..2026-02", values.day) == (at(2026, 1, 1), at(2026, 3, 1) - 1)
    assert values.bounds(">2026-01", values.day) == (at(2026, 2, 1), None)

from __future__ import annotations

import time

import pytest

from imagefap_scraper.extensions import _format


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-3, "0 s"),
        (12.4, "12 s"),
        (59.6, "1 min"),
        (185, "3 min 5 s"),
        (3600, "1 h"),
        (4800, "1 h 20 min"),
        (187200, "2 d 4 h"),
    ],
)
def test_duration_names_its_two_largest_units(seconds: float, text: str) -> None:
    assert _format.duration(seconds) == text


@pytest.mark.parametrize(("seconds", "text"), [(45, "45 s"), (90, "2 min"), (121, "3 min"), (3541, "1 h")])
def test_rough_duration_rounds_up_to_minutes(seconds: float, text: str) -> None:
    assert _format.rough_duration(seconds) == text


@pytest.mark.parametrize(("seconds", "text"), [(-1, "0:00"), (9, "0:09"), (702, "11:42"), (3900, "1:05:00")])
def test_countdown(seconds: float, text: str) -> None:
    assert _format.countdown(seconds) == text


def test_sizes_and_counts() -> None:
    assert (_format.size(1), _format.size(30_000)) == ("1 byte", "30.0 kB")
    assert (_format.counted(1, "image"), _format.counted(1204, "image")) == ("1 image", "1,204 images")


def test_clock_time_is_local_and_tells_another_day(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "UTC-2")  # two hours east of Greenwich
    time.tzset()
    try:
        assert _format.clock_time(12 * 3600, 11 * 3600) == "14:00"
        assert _format.clock_time(23 * 3600, 11 * 3600) == "1970-01-02 01:00"
    finally:
        monkeypatch.undo()
        time.tzset()


def test_one_line_drops_what_steers_a_terminal() -> None:
    assert _format.one_line("a\x1b[2J\x07b\r\n\tc\u202e\u200b\ud800d\x9be") == "a[2Jb cde"


def test_one_line_is_cut_by_columns_not_characters() -> None:
    assert _format.one_line("日本語日本語", 6) == "日本…"
    assert _format.one_line("日本語", 6) == "日本語"


def test_printable_keeps_blanks() -> None:
    assert _format.printable("folder='a  b'\n\x1b") == "folder='a  b' "

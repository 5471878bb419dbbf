"""Values as people read them: sizes, durations, clock times, names. Pure functions."""

from __future__ import annotations

import unicodedata
from datetime import UTC, datetime

from rich.cells import cell_len, set_cell_size
from rich.filesize import decimal

_MINUTE = 60
_HOUR = 60 * _MINUTE
_DAY = 24 * _HOUR


def size(count: int) -> str:
    """Return a number of bytes with a decimal unit: `30.0 kB`, `1 byte`."""
    return decimal(count)


def counted(count: int, noun: str) -> str:
    """Return a count with its English noun, which takes a plain `s` in the plural: `1 image`, `1,204 images`."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def duration(seconds: float) -> str:
    """Return a length of time in its two largest units: `12 s`, `3 min 5 s`, `1 h 20 min`, `2 d 4 h`."""
    whole = max(0, round(seconds))
    for name, unit, smaller_name, smaller in (
        ("d", _DAY, "h", _HOUR),
        ("h", _HOUR, "min", _MINUTE),
        ("min", _MINUTE, "s", 1),
    ):
        if whole >= unit:
            rest = whole % unit // smaller
            return f"{whole // unit} {name}" + (f" {rest} {smaller_name}" if rest else "")
    return f"{whole} s"


def rough_duration(seconds: float) -> str:
    """Return a length of time without the precision that an estimate does not have: whole minutes above 90 s."""
    return duration(seconds if seconds < 90 else -(-seconds // _MINUTE) * _MINUTE)


def countdown(seconds: float) -> str:
    """Return the time that is left as a clock shows it, `11:42` or `1:05:00`; never below `0:00`."""
    minutes, rest = divmod(max(0, round(seconds)), _MINUTE)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def clock_time(moment: float, now: float) -> str:
    """Return a moment in the local time zone, with its date unless that is today's.

    Args:
        moment: seconds since the epoch.
        now: seconds since the epoch.
    """
    there, here = (datetime.fromtimestamp(value, UTC).astimezone() for value in (moment, now))
    return there.strftime("%H:%M" if there.date() == here.date() else "%Y-%m-%d %H:%M")


def printable(text: str) -> str:
    """Return untrusted text as one line that cannot steer a terminal, its blanks as they are.

    Other white space becomes blanks; control, format (bidi, zero-width), surrogate and unassigned characters are
    dropped.
    """
    blanks = "".join(" " if char.isspace() else char for char in text)
    return "".join(char for char in blanks if not unicodedata.category(char).startswith("C"))


def one_line(text: str, cells: int | None = None) -> str:
    """Return untrusted text as one short line: printable, and without needless blanks.

    Args:
        text: any text.
        cells: columns that the result may take on a terminal; a longer one is cut and ends with `…`. None: any.
    """
    clean = " ".join(printable(text).split())
    if cells is None or cell_len(clean) <= cells:
        return clean
    return set_cell_size(clean, cells - 1).rstrip() + "…"

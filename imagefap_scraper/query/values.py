"""The values of a query: ranges, sizes, days. Every function returns None for what it cannot read."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

#: From, to, both included; None is open.
Bounds = tuple[int | None, int | None]
#: What one value covers: a day covers its seconds, a number itself alone.
Span = tuple[int, int]

#: The number of a user, a folder or a gallery, whatever any of them is called.
NUMBERED = re.compile(r"#-?[0-9]+")
_NUMBER = re.compile(r"(\d+(?:\.\d+)?)\s*([a-z]*)", re.IGNORECASE | re.ASCII)
_BYTES = {"": 1, "b": 1, "k": 10**3, "m": 10**6, "g": 10**9, "kb": 10**3, "mb": 10**6, "gb": 10**9}
_BYTES |= {"kib": 2**10, "mib": 2**20, "gib": 2**30}
_PIXELS = {"": 1, "px": 1, "k": 10**3, "kp": 10**3, "m": 10**6, "mp": 10**6, "mpx": 10**6}
_LENGTHS = {"": 1, "px": 1}
_DAY = re.compile(r"(\d{4})(?:-(\d{1,2})(?:-(\d{1,2}))?)?", re.ASCII)
#: The largest integer that SQLite holds.
_MOST = 2**63 - 1


def bounds(text: str, read: Callable[[str], Span | None]) -> Bounds | None:
    """Return the bounds of `x`, `>x`, `>=x`, `<x`, `<=x`, `=x`, `x..y`, `x..` or `..y`."""
    if ".." in text:
        first, _, last = text.partition("..")
        return _between(first, last, read)
    match = re.fullmatch(r"(>=|<=|>|<|=)?(.+)", text)
    span = read(match[2]) if match else None
    if match is None or span is None:
        return None
    least, most = span
    return {
        ">": (most + 1, None),
        ">=": (least, None),
        "<": (None, least - 1),
        "<=": (None, most),
    }.get(match[1] or "", (least, most))


def _between(first: str, last: str, read: Callable[[str], Span | None]) -> Bounds | None:
    """Return the bounds of a range, of which one end may be open."""
    start, end = (read(first) if first else None), (read(last) if last else None)
    if (first and start is None) or (last and end is None) or not (first or last):
        return None
    if start and end and start[0] > end[1]:
        return None
    return (start[0] if start else None), (end[1] if end else None)


def whole_number(text: str) -> Span | None:
    """Return a number without a unit, an image's say."""
    return (int(text), int(text)) if re.fullmatch(r"[0-9]{1,18}", text) else None


def length(text: str) -> Span | None:
    """Return a length in pixels."""
    return _with_unit(text, _LENGTHS)


def pixels(text: str) -> Span | None:
    """Return a number of pixels: `2MP`, `500k`, `640x480` or plain."""
    sides = re.fullmatch(r"([0-9]{1,6})[xX]([0-9]{1,6})", text)
    if sides:
        product = int(sides[1]) * int(sides[2])
        return product, product
    return _with_unit(text, _PIXELS)


def size(text: str) -> Span | None:
    """Return a number of bytes: KB, MB and GB are powers of 1000, KiB, MiB and GiB of 1024."""
    return _with_unit(text, _BYTES)


def _with_unit(text: str, units: dict[str, int]) -> Span | None:
    match = _NUMBER.fullmatch(text.strip())
    factor = units.get(match[2].lower()) if match else None
    if match is None or factor is None or len(match[1]) > 18:
        return None
    value = round(float(match[1]) * factor) if "." in match[1] else int(match[1]) * factor
    return (value, value) if value <= _MOST else None


def day(text: str, now: datetime | None = None) -> Span | None:
    """Return the seconds (since 1970, UTC) that a year, a month, a day, `today` or `yesterday` covers."""
    try:
        start, end = _days(text.lower(), now or datetime.now(UTC))
    except (ValueError, OverflowError):
        return None
    return int(start.timestamp()), int(end.timestamp()) - 1


def _days(text: str, now: datetime) -> tuple[datetime, datetime]:
    """Return the moments at which a span of days begins and ends."""
    one = timedelta(days=1)
    midnight = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    if text in ("today", "yesterday"):
        start = midnight if text == "today" else midnight - one
        return start, start + one
    match = _DAY.fullmatch(text)
    if match is None:
        raise ValueError(text)
    year, month = int(match[1]), int(match[2] or 1)
    start = datetime(year, month, int(match[3] or 1), tzinfo=UTC)
    if match[3]:
        return start, start + one
    if match[2]:
        return start, datetime(year + month // 12, month % 12 + 1, 1, tzinfo=UTC)
    return start, datetime(year + 1, 1, 1, tzinfo=UTC)


def yes_or_no(text: str) -> bool | None:
    """Return whether the text says yes."""
    return {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}.get(text.lower())

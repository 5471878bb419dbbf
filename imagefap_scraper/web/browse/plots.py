"""Plots as plain shapes: what the template draws, bars as bars and a line as SVG with a table that says the same."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from imagefap_scraper.web.render import bytes_text, number_text

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date, datetime

#: The plots' own units; the page scales them.
WIDTH: Final = 480
_LINE_HEIGHT: Final = 160


@dataclass(frozen=True, slots=True)
class Bar:
    """One row of a plot: a bar `width` long (of `WIDTH`) below its label and its value."""

    label: str
    value: str
    width: float
    link: str = ""


@dataclass(frozen=True, slots=True)
class Bars:
    """Bars below each other; empty without any."""

    title: str
    bars: Sequence[Bar]


@dataclass(frozen=True, slots=True)
class Line:
    """A quantity over time: the points of the line and of the area below it, what its ends are, and its table."""

    title: str
    head: tuple[str, str]
    points: str
    area: str
    first: str
    last: str
    most: str
    rows: Sequence[tuple[str, str]]


def bars(title: str, rows: Sequence[tuple[str, float, str, str]]) -> Bars:
    """Return bars as long as their values.

    Args:
        title: what is shown.
        rows: label, value, the value for people, and a link or nothing.
    """
    most = max((value for _, value, _, _ in rows), default=0) or 1
    drawn = [
        # Something that is there is seen.
        Bar(label, text, round(max(1.0, WIDTH * value / most), 1) if value > 0 else 0.0, link)
        for label, value, text, link in rows
    ]
    return Bars(title, drawn)


def growth(days: Sequence[date], sizes: Sequence[int]) -> Line | None:
    """Return how the bytes grew day by day; None while there are fewer than two days to draw a line between."""
    if len(days) < 2:
        return None
    first, span, most = days[0], (days[-1] - days[0]).days, sizes[-1] or 1
    points = [
        (round(WIDTH * (day - first).days / span, 1), round(_LINE_HEIGHT * (1 - size / most), 1))
        for day, size in zip(days, sizes, strict=True)
    ]
    line = " ".join(f"{x:g},{y:g}" for x, y in points)
    return Line(
        title="Growth",
        head=("By the end of", "Stored"),
        points=line,
        area=f"0,{_LINE_HEIGHT} {line} {WIDTH},{_LINE_HEIGHT}",
        first=f"{days[0]:%Y-%m-%d}",
        last=f"{days[-1]:%Y-%m-%d}",
        most=bytes_text(most),
        rows=[(f"{day:%Y-%m-%d}", bytes_text(size)) for day, size in zip(days, sizes, strict=True)],
    )


def pages(minutes: dict[datetime, int]) -> Bars:
    """Return the pages asked for in the latest hour, in parts of ten minutes."""
    parts: dict[datetime, int] = {}
    for moment, count in sorted(minutes.items()):
        begin = moment.replace(minute=moment.minute - moment.minute % 10)
        parts[begin] = parts.get(begin, 0) + count
    rows = [(f"from {begin.astimezone():%H:%M}", count, number_text(count), "") for begin, count in parts.items()]
    return bars("Pages asked for in the latest hour", rows)


def sizes(counts: dict[int, int]) -> Bars:
    """Return how many files are of which size; `counts` by the power of two of bytes that they reach."""
    rows = [(_range(power, counts), count, number_text(count), "") for power, count in sorted(counts.items())]
    return bars("Sizes of the files", rows)


def _range(power: int, counts: dict[int, int]) -> str:
    begin, end = bytes_text(1 << power), bytes_text(1 << (power + 1))
    if len(counts) > 1 and power == max(counts):
        return f"{begin} and more"
    return f"up to {end}" if power == min(counts) else f"{begin} to {end}"

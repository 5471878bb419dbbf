"""Times as a person reads them."""

from __future__ import annotations

import time
from datetime import UTC, datetime


def clock_time(moment: float) -> str:
    """A moment (seconds since the epoch) in this machine's time: `14:05:09`, with the date if it is not today's."""
    then = datetime.fromtimestamp(moment, tz=UTC).astimezone()
    today = datetime.now(tz=UTC).astimezone().date()
    return then.strftime("%H:%M:%S" if then.date() == today else "%Y-%m-%d %H:%M:%S")


def duration(seconds: float) -> str:
    """A length of time (seconds) in its two largest units: `45 s`, `15 min 20 s`, `2 h 5 min`."""
    whole = max(0, round(seconds))
    hours, minutes, rest = whole // 3600, whole % 3600 // 60, whole % 60
    if hours:
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    if minutes:
        return f"{minutes} min {rest} s" if rest else f"{minutes} min"
    return f"{rest} s"


def pause_message(until: float, reason: str, number: int, most: int, *, of_images: bool) -> str:
    """What a person is told when a pause begins.

    Args:
        until: its end, seconds since the epoch.
        reason: how the block showed.
        number: which pause in a row this is.
        most: after how many the crawl gives up.
        of_images: whether image files pause, or pages.
    """
    what, others = ("image file", "pages") if of_images else ("page", "image files")
    return (
        f"The site asks this address to slow down ({reason}). No {what} is asked for until {clock_time(until)}"
        f" ({duration(until - time.time())}), pause {number} of {most}; {others} go on."
    )

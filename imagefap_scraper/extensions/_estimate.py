"""How fast a crawl goes, and how long it will still take. Pure: times come in as arguments."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

#: Seconds between two kept samples: an hour of them is 720 pairs.
_STEP = 5.0
#: Seconds that samples are kept: the longest window by which the site counts pages.
_KEPT = 3600.0
#: Seconds that must have been seen before a rate is worth showing.
_ENOUGH = 5.0


class Rate:
    """How fast a counter grows, over the last minutes or the last hour."""

    def __init__(self) -> None:
        self._samples: deque[tuple[float, int]] = deque()
        self._newest: tuple[float, int] | None = None

    def add(self, now: float, count: int) -> None:
        """Note what the counter says at a moment.

        Args:
            now: seconds; each call's is later than the one before.
            count: the counter.
        """
        self._newest = now, count
        if not self._samples or now - self._samples[-1][0] >= _STEP:
            self._samples.append(self._newest)
        while now - self._samples[0][0] > _KEPT:
            self._samples.popleft()

    def per_second(self, span: float) -> float | None:
        """Return the growth a second over the last `span` seconds; None while too little of them was seen."""
        if self._newest is None:
            return None
        now, count = self._newest
        since, before = next((s for s in self._samples if now - s[0] <= span), self._newest)
        seen = now - since
        return (count - before) / seen if seen >= _ENOUGH else None


def seconds_at_limit(asked: int, left: int, elapsed: float, windows: Iterable[tuple[int, float]]) -> float:
    """Return the seconds that the page limits alone will take for the pages that are left, 0 if they do not matter.

    A run may ask for a window's worth of pages at once and then waits until the window has passed: page number n
    (from 0) leaves no earlier than `n // pages` windows after the start.

    Args:
        asked: pages asked so far in this run.
        left: pages still to ask for.
        elapsed: seconds since the run's start.
        windows: pages and seconds of each limit.
    """
    if left <= 0:
        return 0.0
    ends = ((asked + left - 1) // pages * seconds for pages, seconds in windows if pages > 0)
    return max(0.0, max(ends, default=0.0) - elapsed)


def seconds_left(
    *,
    pages: int | None,
    images: int,
    page_rate: float | None,
    image_rate: float | None,
    at_limit: float = 0.0,
    wait: float = 0.0,
) -> float | None:
    """Return how long a crawl will still take; None if nothing can be said yet.

    Pages and image files go side by side, so the slower of the two decides. Images wait for their pages: when none
    came lately, the pages alone tell.

    Args:
        pages: pages still expected; None if not estimated.
        images: images that something is still to become of.
        page_rate: pages a second; None if not measured.
        image_rate: images a second; None if not measured.
        at_limit: seconds that the page limits alone will take.
        wait: seconds before a page may be asked for at all.
    """
    ways: list[float] = []
    if pages and page_rate:
        # A wait for the limits is part of what they cost; after a pause the pages still have to be asked for.
        ways.append(max(pages / page_rate + wait, at_limit))
    elif pages and (at_limit or wait):
        ways.append(max(at_limit, wait))
    if images and image_rate:
        ways.append(images / image_rate)
    return max(ways, default=None)

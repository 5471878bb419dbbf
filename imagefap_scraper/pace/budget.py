"""How many pages may be asked for: an exact sliding log over several windows.

A token bucket as large as the limit lets twice the limit through (a full bucket, then its refill). A log of the times
themselves does not: in no stretch of time as long as a window are there more pages than its count.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True)
class Window:
    """At most `count` pages in any stretch of `seconds`."""

    count: int
    seconds: float


@dataclass(frozen=True)
class Limits:
    """All that bounds the pace of pages.

    Attributes:
        windows: how many pages in how long; all of them hold.
        gap: seconds from one page to the next, at least.
    """

    windows: tuple[Window, ...] = ()
    gap: float = 0.0

    @property
    def off(self) -> bool:
        """True if nothing is limited."""
        return not self.windows and not self.gap

    @property
    def longest(self) -> float:
        """Seconds after which a page is no longer remembered, half pace included."""
        return max([window.seconds for window in self.windows] + [2 * self.gap])

    def halved(self) -> Limits:
        """Half the pace: half the pages in each window (one at least), twice the gap."""
        windows = tuple(Window(max(1, window.count // 2), window.seconds) for window in self.windows)
        return Limits(windows, 2 * self.gap)


class PageBudget:
    """The log of pages and what it leaves room for. All times are seconds since the epoch.

    A page counts in its windows from when it was sent until a window's length after its answer came: the server saw
    it at some moment between the two, so that on its clock, too, no window holds more than its count.
    """

    def __init__(
        self, limits: Limits, pages: Iterable[tuple[float, float | None]] = (), *, half_until: float = 0.0
    ) -> None:
        """Takes the log as pairs of sent and answered (None: not known), and until when half the pace holds."""
        log = list(pages)
        self._limits = limits
        self._half_until = half_until
        self._last_sent = max((sent for sent, _ in log), default=float("-inf"))
        self._seen_by = sorted(sent if answered is None else max(sent, answered) for sent, answered in log)

    def ready_in(self, now: float) -> float:
        """Seconds until the next page may leave; 0.0 if it may leave now."""
        full = self._wait(self._limits, now)
        half_left = self._half_until - now
        if half_left <= 0:
            return full
        return min(self._wait(self._limits.halved(), now), max(full, half_left))

    def record(self, now: float) -> None:
        """Notes that a page leaves now."""
        self._last_sent = max(self._last_sent, now)
        self._seen_by.append(now)
        self._seen_by.sort()

    def _wait(self, limits: Limits, now: float) -> float:
        waits = [0.0, self._last_sent + limits.gap - now]
        for window in limits.windows:
            if len(self._seen_by) >= window.count:
                waits.append(self._seen_by[-window.count] + window.seconds - now)
        return max(waits)

"""What holds a crawl's requests back: a block of the site, or the page limits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, Self, runtime_checkable

from imagefap_scraper.extensions._format import clock_time, countdown, one_line

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

#: Seconds that pages must wait for their limits before it is said: shorter waits come and go with every page.
_WORTH_SAYING = 10.0
#: Columns that the reason of a pause may take.
_REASON_CELLS = 60


@runtime_checkable
class Gate(Protocol):
    """What pages and image files pass. Moments are seconds since the epoch, None if nothing holds."""

    @property
    def paused_until(self) -> float | None:
        """When pages are asked for again after a block."""

    @property
    def pause_reason(self) -> str:
        """Why they are not, a few words; may be empty."""

    @property
    def images_paused_until(self) -> float | None:
        """When image files are asked for again after a block of theirs."""

    @property
    def next_page_at(self) -> float | None:
        """When the page limits let the next page leave."""


def find_gate(crawler: Crawler) -> Gate | None:
    """Return the extension of a crawl that is its gate; None if there is none."""
    return next((found for found in crawler.extensions.middlewares if isinstance(found, Gate)), None)


@dataclass(frozen=True)
class Holds:
    """What holds requests back. Moments are seconds since the epoch, None if nothing holds.

    Attributes:
        pages_until: end of a block of pages.
        reason: why they are blocked, untrusted; may be empty.
        images_until: end of a block of image files.
        limit_until: when the page limits let the next page leave.
    """

    pages_until: float | None = None
    reason: str = ""
    images_until: float | None = None
    limit_until: float | None = None

    @classmethod
    def of(cls, gate: Gate | None) -> Self:
        """Return what a gate says now; without one nothing holds."""
        if gate is None:
            return cls()
        return cls(gate.paused_until, gate.pause_reason or "", gate.images_paused_until, gate.next_page_at)

    def pages_wait(self, now: float) -> float:
        """Return the seconds until a page may be asked for, 0 if it may be now."""
        return max(0.0, (self.pages_until or 0.0) - now, (self.limit_until or 0.0) - now)

    def sentences(self, now: float) -> list[str]:
        """Return what to tell about it, with a countdown; without full stops, empty if nothing holds."""
        pages = self.pages_until is not None and self.pages_until > now
        images = self.images_until is not None and self.images_until > now
        told = []
        if pages and self.pages_until is not None:
            reason = f" ({one_line(self.reason, _REASON_CELLS)})" if self.reason else ""
            go_on = "" if images else "; image files go on"
            told.append(f"Paused by the site{reason} {_until(self.pages_until, now)}{go_on}")
        elif self.limit_until is not None and self.limit_until - now > _WORTH_SAYING:
            told.append(f"Pages wait for their limit {_until(self.limit_until, now)}; image files go on")
        if images and self.images_until is not None:
            go_on = "" if pages else "; pages go on"
            told.append(f"Image files paused by the site {_until(self.images_until, now)}{go_on}")
        return told


def _until(moment: float, now: float) -> str:
    return f"until {clock_time(moment, now)}, {countdown(moment - now)} left"

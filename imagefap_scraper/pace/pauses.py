"""How long to stay away after a block: values only, no clock and no file of its own."""

from __future__ import annotations

import random
from dataclasses import dataclass, field, replace
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

#: Seconds of half pace after a block has ended: the site's longest window.
HALF_PACE = 3600.0
#: Seconds after the end of a pause in which nobody asked, after which the next block counts as a first one: the site
#: looks back no further than its longest window.
FORGOTTEN_AFTER = 3600.0
#: Seconds that a server's Retry-After can keep us away at most.
RETRY_AFTER_MAX = 86_400.0
#: Seconds that one process may take to probe before another one may: longer than any download lasts.
PROBE_LEASE = 300.0


def retry_after(value: bytes | str | None, now: float) -> float | None:
    """Seconds that a Retry-After header asks for: a number, or an HTTP date seen from `now`.

    None if there is none, if it is neither, or if it asks for no wait at all (then the own, growing pause holds).
    """
    if value is None:
        return None
    text = (value.decode("latin-1") if isinstance(value, bytes) else value).strip()
    if text.isascii() and text.isdigit():
        seconds = float(text)
    else:
        try:
            date = parsedate_to_datetime(text)
        except ValueError:
            return None
        seconds = (date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp() - now
    return min(seconds, RETRY_AFTER_MAX) if seconds > 0 else None


def _up_to_a_tenth() -> float:
    return random.uniform(0.0, 0.1)  # noqa: S311 - spreads machines, keeps no secret


@dataclass(frozen=True)
class PausePolicy:
    """How pauses grow.

    Attributes:
        first: seconds of the first pause.
        longest: seconds that no pause of our own exceeds, jitter apart.
        max_pauses: pauses in a row after which a crawl gives up.
        jitter: returns the share that is added to a pause, so that several machines do not come back at once.
    """

    first: float
    longest: float
    max_pauses: int
    jitter: Callable[[], float] = field(default=_up_to_a_tenth, compare=False)

    def seconds(self, count: int, asked: float | None) -> float:
        """Length of the pause number `count` (from 1); what the server asked for goes before our own growth."""
        if asked is not None:
            return asked
        doubled = self.first * 2.0 ** min(count - 1, 64)
        return min(doubled, self.longest) * (1.0 + self.jitter())


@dataclass(frozen=True)
class Pause:
    """Where a block stands. Times are seconds since the epoch, 0.0 for never.

    Attributes:
        began: when the latest block was met.
        until: until when nothing may be asked for.
        count: pauses since the site last answered as usual; 0 means that there is no block.
        half_until: until when half the pace holds.
        probe_until: until when one process has the probe to itself.
    """

    began: float = 0.0
    until: float = 0.0
    count: int = 0
    half_until: float = 0.0
    probe_until: float = 0.0

    def at(self, now: float) -> Pause:
        """The same, seen at `now`: moved along if the clock was set back, forgotten if it ended very long ago."""
        pause = self
        if pause.began > now:
            pause = replace(pause, until=pause.until - (pause.began - now), began=now)
        if pause.count and now > pause.until + FORGOTTEN_AFTER:
            pause = replace(pause, count=0)
        return replace(
            pause,
            half_until=min(pause.half_until, now + HALF_PACE),
            probe_until=min(pause.probe_until, now + PROBE_LEASE),
        )

    def blocked(self, sent_at: float, now: float, asked: float | None, policy: PausePolicy) -> Pause:
        """After a block was met by what left at `sent_at`: a new, longer pause.

        What left before the block was known is an answer of the same block: it can only prolong the pause.
        """
        if self.count and sent_at <= self.began:
            return replace(self, until=max(self.until, now + (asked or 0.0)))
        count = self.count + 1
        return replace(self, began=now, until=now + policy.seconds(count, asked), count=count, probe_until=0.0)

    def passed(self, sent_at: float, now: float) -> Pause:
        """After a usual answer to what left at `sent_at`: the block is over, unless that left before it began."""
        if not self.count or sent_at <= self.began:
            return self
        return Pause(half_until=now + HALF_PACE)

    def wait(self, now: float) -> float:
        """Seconds until one may ask again; 0.0 if now."""
        return max(0.0, self.until - now)

    def probe_wait(self, now: float) -> float:
        """Seconds until another process's probe no longer counts; 0.0 if there is none."""
        return max(0.0, self.probe_until - now) if self.count else 0.0

    def probing(self, now: float) -> Pause:
        """With the probe taken: until it is answered no other process asks."""
        return replace(self, probe_until=now + PROBE_LEASE) if self.count else self

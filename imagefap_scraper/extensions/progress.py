"""Live progress of a crawl: a display on a terminal, a plain line a while in a log."""

from __future__ import annotations

import logging
import os
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from scrapy import signals
from scrapy.exceptions import NotConfigured
from scrapy.utils.asyncio import create_looping_call

from imagefap_scraper.exceptions import SettingError
from imagefap_scraper.extensions._estimate import Rate, seconds_at_limit, seconds_left
from imagefap_scraper.extensions._holds import Gate, Holds, find_gate
from imagefap_scraper.extensions._screen import LiveScreen
from imagefap_scraper.extensions._snapshot import Snapshot
from imagefap_scraper.extensions._view import Display, State, plain_line
from imagefap_scraper.pace.config import read_config

if TYPE_CHECKING:
    from collections.abc import Callable

    from scrapy.crawler import Crawler
    from scrapy.settings import BaseSettings
    from scrapy.utils.asyncio import AsyncioLoopingCall
    from twisted.internet.task import LoopingCall

logger = logging.getLogger(__name__)

#: Seconds between two drawings, and between two looks at whether a plain line is due.
_TICK = 0.5
#: Seconds over which the pages an hour are measured that are shown.
_SHOWN_SPAN = 300.0
#: Seconds over which the rates are measured that the time left comes from: page limits make shorter ones jump.
_ESTIMATE_SPAN = 3600.0


@dataclass(frozen=True)
class ProgressOptions:
    """The settings of the progress.

    Attributes:
        enabled: False for `IMAGEFAP_PROGRESS=off`.
        interval: seconds between two plain lines (`IMAGEFAP_PROGRESS_INTERVAL`).
    """

    enabled: bool = True
    interval: float = 30.0

    @classmethod
    def from_settings(cls, settings: BaseSettings) -> Self:
        """Return the options that Scrapy settings ask for.

        Raises:
            SettingError: a value cannot be right.
        """
        mode = str(settings.get("IMAGEFAP_PROGRESS", "auto")).strip().lower()
        if mode not in {"auto", "off"}:
            msg = f"IMAGEFAP_PROGRESS is {mode!r}, which is not known: use auto or off."
            raise SettingError(msg)
        return cls(enabled=mode == "auto", interval=_interval(settings.get("IMAGEFAP_PROGRESS_INTERVAL", 30)))


def _interval(value: object) -> float:
    try:
        seconds = float(str(value))
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < float("inf"):
        msg = f"IMAGEFAP_PROGRESS_INTERVAL is {str(value)!r}: give a number of seconds above 0."
        raise SettingError(msg)
    return seconds


def is_live_terminal() -> bool:
    """Return whether standard error is a terminal that can redraw lines."""
    return sys.stderr is not None and sys.stderr.isatty() and os.environ.get("TERM", "dumb") not in {"dumb", "unknown"}


class LiveProgress:
    """Shows how far a crawl is, from its statistics alone.

    On a terminal a display is redrawn twice a second, with log lines above it; otherwise a plain line goes to the log
    as soon as there is something to tell and then once an interval. It runs on the event loop and starts no thread.
    """

    def __init__(
        self,
        crawler: Crawler,
        options: ProgressOptions,
        *,
        screen: LiveScreen | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Prepare the progress of one crawl.

        Args:
            crawler: whose statistics are shown.
            options: what the settings ask for.
            screen: where to draw; found out when the spider opens by default.
            clock: seconds since the epoch.
        """
        self._crawler = crawler
        self._interval = options.interval
        self._screen = screen
        self._clock = clock
        self._gate: Gate | None = None
        self._windows = _page_windows(crawler.settings)
        self._pages = Rate()
        self._images = Rate()
        self._started = 0.0
        self._next_line = 0.0
        self._nothing_told = True
        self._ticking: AsyncioLoopingCall | LoopingCall | None = None

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Return the progress of a crawl.

        Raises:
            NotConfigured: it is switched off.
            SettingError: a setting cannot be right.
        """
        options = ProgressOptions.from_settings(crawler.settings)
        if not options.enabled:
            raise NotConfigured
        progress = cls(crawler, options)
        crawler.signals.connect(progress.start, signal=signals.spider_opened)
        crawler.signals.connect(progress.stop, signal=signals.spider_closed)
        # Without a spider that closes in order, the engine's end is the last chance.
        crawler.signals.connect(progress.stop, signal=signals.engine_stopped)
        return progress

    def start(self) -> None:
        """Begin to show progress."""
        self._started = self._clock()
        self._next_line = self._started + self._interval
        self._gate = find_gate(self._crawler)
        if self._screen is None and is_live_terminal():
            self._screen = LiveScreen(lambda: Display(self.state()))
        if self._screen is not None:
            self._screen.open()
        self._ticking = create_looping_call(self.tick)
        self._ticking.start(_TICK, now=False)

    def stop(self) -> None:
        """End it and leave the terminal as it was; harmless if it has ended already."""
        if self._ticking is not None and self._ticking.running:
            self._ticking.stop()
        if self._screen is not None:
            self._screen.close()

    def tick(self) -> None:
        """Show what there is now."""
        if self._screen is not None:
            self._screen.refresh()
            return
        state = self.state()
        if state.now >= self._next_line or (self._nothing_told and _has_begun(state.counts)):
            self._nothing_told = False
            self._next_line = state.now + self._interval
            logger.info("%s", plain_line(state), extra={"spider": self._crawler.spider})

    def state(self) -> State:
        """Return how far the crawl is now, and note it for the rates."""
        now = self._clock()
        counts = Snapshot.of(self._crawler.stats.get_stats(), details=False)
        self._pages.add(now, counts.pages_asked)
        self._images.add(now, counts.images_done)
        holds = Holds.of(self._gate)
        shown = self._pages.per_second(_SHOWN_SPAN)
        return State(
            counts=counts,
            now=now,
            pages_per_hour=None if shown is None else shown * 3600,
            seconds_left=seconds_left(
                pages=counts.pages_left,
                images=counts.images_to_do,
                page_rate=self._pages.per_second(_ESTIMATE_SPAN),
                image_rate=self._images.per_second(_SHOWN_SPAN),
                at_limit=seconds_at_limit(
                    counts.pages_asked, counts.pages_left or 0, now - self._started, self._windows
                ),
                wait=holds.pages_wait(now),
            ),
            holds=holds,
        )


def _has_begun(counts: Snapshot) -> bool:
    return bool(counts.folders_total or counts.images_total)


def _page_windows(settings: BaseSettings) -> tuple[tuple[int, float], ...]:
    """Return pages and seconds of each limit that a crawl keeps."""
    try:
        limits = read_config(settings).limits
    except SettingError:
        return ()  # the gate refuses them, and says what is wrong
    return tuple((window.count, window.seconds) for window in limits.windows)

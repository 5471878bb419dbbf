"""The summary at the end of a crawl: what came of it, what it cost, what to do next."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Self

from rich.console import Console
from rich.table import Table
from rich.text import Text
from scrapy import signals

from imagefap_scraper.extensions import _report
from imagefap_scraper.extensions._format import one_line
from imagefap_scraper.extensions._snapshot import Snapshot

if TYPE_CHECKING:
    from collections.abc import Callable

    from scrapy import Spider
    from scrapy.crawler import Crawler

#: Columns of the labels where there is no terminal: one more than the longest of them.
_LABEL_CELLS = 20


class EndSummary:
    """Prints the summary to standard error once a crawl is over, whatever ended it.

    It waits for the engine's end, because everybody else may still count when the spider closes. Two crawls know a
    different order: one that is closed while it opens never starts its engine, and a second stop while the spider
    closes lets the engine end first.
    """

    def __init__(
        self,
        crawler: Crawler,
        *,
        console: Console | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Prepare the summary of one crawl.

        Args:
            crawler: whose statistics are told.
            console: where to print; what standard error is at the end by default.
            clock: seconds since the epoch.
        """
        self._crawler = crawler
        self._console = console
        self._clock = clock
        self._engine_runs = False
        self._reason: str | None = None
        self._printed = False

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Return the summary of a crawl, which prints itself at its end."""
        summary = cls(crawler)
        crawler.signals.connect(summary.engine_started, signal=signals.engine_started)
        crawler.signals.connect(summary.spider_closed, signal=signals.spider_closed)
        crawler.signals.connect(summary.engine_stopped, signal=signals.engine_stopped)
        return summary

    def engine_started(self) -> None:
        """Note that the engine will tell when it ends."""
        self._engine_runs = True

    def spider_closed(self, spider: Spider, reason: str) -> None:
        """Note why the spider closed; print if the engine has nothing more to say."""
        self._reason = reason
        self._print_when_over()

    def engine_stopped(self) -> None:
        """Note that the engine has ended; print if the spider has closed."""
        self._engine_runs = False
        self._print_when_over()

    def _print_when_over(self) -> None:
        if self._reason is None or self._engine_runs or self._printed:
            return
        self._printed = True
        counts = Snapshot.of(self._crawler.stats.get_stats())
        console = self._console or Console(file=sys.stderr, highlight=False, markup=False, emoji=False)
        print_summary(console, counts, self._reason, self._clock())


def print_summary(console: Console, counts: Snapshot, reason: str, now: float) -> None:
    """Print rows, error and advice: aligned on a terminal, one unbroken line each elsewhere.

    Args:
        console: where to.
        counts: of the crawl that has ended.
        reason: Scrapy's close reason.
        now: seconds since the epoch.
    """
    # A crawl that ended before it saw one image has its error to tell, and nothing else.
    rows = [] if counts.error and counts.images_total is None else _report.rows(counts)
    if console.is_terminal:
        table = Table.grid(padding=(0, 2))
        table.add_column(style="bold", no_wrap=True)
        table.add_column(overflow="fold")
        for label, text in rows:
            table.add_row(Text(label), Text(text, style="red" if label == "Failed" else ""))
        console.print(table)
    else:
        for label, text in rows:
            console.print(Text(f"{label:<{_LABEL_CELLS}}{text}"), soft_wrap=True)
    # Not wrapped, so that a command is copied as one line.
    if counts.error:
        console.print(Text(one_line(counts.error), style="red"), soft_wrap=True)
    if advice := _report.advice(counts, reason, now):
        console.print(Text(advice, style="bold"), soft_wrap=True)

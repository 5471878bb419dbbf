"""`scrapy crawl` with refusals before anything is asked or written, and with exit codes that say what happened."""

from __future__ import annotations

import sys
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from scrapy.commands.crawl import Command as ScrapyCrawl
from scrapy.exceptions import UsageError

from imagefap_scraper.commands import look_alikes
from imagefap_scraper.commands.checks import check_settings
from imagefap_scraper.exceptions import EX_FAILED_IMAGES, EX_FAULT, EX_INTERRUPTED, EX_OK, ArchiveError, UserInputError
from imagefap_scraper.extensions.quiet import calm_logging
from imagefap_scraper.middlewares import redact
from imagefap_scraper.pace.slots import PACE_FILE_FAILED, RATE_BLOCKED
from imagefap_scraper.spiders.arguments import parse
from imagefap_scraper.spiders.base import ITEM_ERRORS, OPENED, REPORT, ArchiveSpider

if TYPE_CHECKING:
    import argparse
    import asyncio

    from scrapy.crawler import Crawler

    from imagefap_scraper.archive import Archive

#: Where several hold, the first of these is the exit code: what a person or cron must act on soonest.
_MOST_URGENT = (EX_INTERRUPTED, 73, 74, 75, 76, 69, 66, 64, 78, EX_FAULT, EX_FAILED_IMAGES)
#: Close reasons that are no errors of a spider; `shutdown` is Scrapy's for Ctrl-C and SIGTERM, `start_error` its word
#: for anything that `start` raised.
_CODE_OF_REASON = {"shutdown": EX_INTERRUPTED, RATE_BLOCKED: 75, PACE_FILE_FAILED: 74, "start_error": EX_FAULT}
#: After Ctrl-C, and where the disk refuses, nothing more is begun.
_NO_MORE_WORK = (EX_INTERRUPTED, 73, 74)


class Command(ScrapyCrawl):
    """Runs one spider of this project."""

    def process_options(self, args: list[str], opts: argparse.Namespace) -> None:
        """Read the options; from here on the log says what matters, and no signature of an image address."""
        super().process_options(args, opts)
        assert self.settings is not None
        calm_logging(self.settings)
        redact.install()

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        """Run the spider that `args` names and set the exit code; refusals are one line on the standard error."""
        if len(args) != 1:
            raise UsageError("name one spider: scrapy crawl favorites -a user=NAME")
        try:
            self.exitcode = self._crawl(args[0], opts.spargs)
        except ArchiveError as error:
            print(f"{error}", file=sys.stderr)  # noqa: T201 - the one line that a person gets
            self.exitcode = error.exit_code

    def _crawl(self, name: str, values: dict[str, str]) -> int:
        spider_class = self._spider_class(name)
        assert self.settings is not None
        arguments = parse(spider_class.arguments_model, values, name)
        check_settings(self.settings)
        searches, options = look_alikes.is_wanted(self.settings), look_alikes.options_of(self.settings)
        crawler = self._create_crawler(spider_class)
        spider_class.check(arguments, crawler.settings)
        archive = spider_class.open_archive(arguments, crawler.settings)
        OPENED[crawler] = archive
        try:
            failure = self._run_to_end(crawler, values)
        finally:
            if archive is not None:
                archive.close()
        if failure is not None:
            raise failure
        report = crawler.stats and crawler.stats.get_value(REPORT)
        if report:
            print(report)  # noqa: T201 - what the spider was asked for
        code = exit_code(crawler)
        if (
            searches
            and archive is not None
            and archive.database is not None
            and _has_new_blobs(crawler, archive)
            and code not in _NO_MORE_WORK
        ):
            code = look_alikes.search(archive.directory, archive.database, options) or code
        return code

    def _spider_class(self, name: str) -> type[ArchiveSpider]:
        assert self.crawler_process is not None
        loader = self.crawler_process.spider_loader
        names = loader.list()
        if name not in names:
            near = get_close_matches(name, names, n=1)
            hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(sorted(names))}"
            raise UserInputError(f"there is no spider {name!r}: {hint}")
        spider_class = loader.load(name)
        assert issubclass(spider_class, ArchiveSpider)
        return spider_class

    def _run_to_end(self, crawler: Crawler, values: dict[str, str]) -> BaseException | None:
        """Run the crawl; return what kept it from starting, if anything did."""
        assert self.crawler_process is not None
        task: asyncio.Task[None] = self.crawler_process.crawl(crawler, **values)  # type: ignore[assignment]
        failures: list[BaseException] = []

        def keep(done: asyncio.Task[None]) -> None:
            if not done.cancelled() and (error := done.exception()) is not None:
                failures.append(error)

        task.add_done_callback(keep)
        try:
            self.crawler_process.start()
        finally:
            _end_threads()
        return failures[0] if failures else None


def _end_threads() -> None:
    """End Twisted's threads, which the process would wait for without end.

    The reactor does so itself, unless its shutdown failed halfway: when the reader of the standard error has left (a
    lost connection, `2>&1 | head`), the logging of that shutdown fails too.
    """
    # Importing it would make one where there is none.
    reactor = sys.modules.get("twisted.internet.reactor")
    pool = getattr(reactor, "threadpool", None)
    if pool is not None and not pool.joined:
        pool.stop()


def _has_new_blobs(crawler: Crawler, archive: Archive) -> bool:
    assert crawler.stats is not None
    return archive.layout == "blobs" and bool(crawler.stats.get_value("imagefap/images/stored", 0))


def exit_code(crawler: Crawler) -> int:
    """Return what the end of a crawl means to whoever started it."""
    spider = crawler.spider
    assert isinstance(spider, ArchiveSpider)
    stats: Any = crawler.stats
    codes = {error.exit_code for error in spider.errors}
    reason = stats.get_value("finish_reason")
    if reason in _CODE_OF_REASON:
        codes.add(_CODE_OF_REASON[reason])
    if stats.get_value("imagefap/images/failed", 0):
        codes.add(EX_FAILED_IMAGES)
    if stats.get_value(ITEM_ERRORS) or any(key.startswith("spider_exceptions/") for key in stats.get_stats()):
        codes.add(EX_FAULT)
    return next((code for code in _MOST_URGENT if code in codes), EX_OK)

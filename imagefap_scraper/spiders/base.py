"""What all spiders share: checked arguments, the archive, one page at a time, what a failure means."""

from __future__ import annotations

import asyncio
import logging
import shlex
import sys
from abc import ABCMeta, abstractmethod
from collections import deque
from typing import TYPE_CHECKING, Any, ClassVar, Self
from weakref import WeakKeyDictionary

from scrapy import Request, Spider, signals
from scrapy.exceptions import CloseSpider, DontCloseSpider
from scrapy.http import TextResponse

from imagefap_scraper.exceptions import ArchiveError, LayoutChanged, PageError, PageNotFound, SiteError
from imagefap_scraper.middlewares.held import Postponed
from imagefap_scraper.pace.slots import IMAGE_SLOT, MAY_WAIT, PAGE_KIND, PAGE_SLOT
from imagefap_scraper.pages.urls import Site
from imagefap_scraper.spiders.arguments import Arguments, parse
from imagefap_scraper.spiders.errors import close_reason, error_of, fault_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from scrapy.crawler import Crawler
    from scrapy.http import Response
    from scrapy.settings import BaseSettings
    from twisted.python.failure import Failure

    from imagefap_scraper.archive import Archive
    from imagefap_scraper.spiders.steps import Step

logger = logging.getLogger(__name__)

#: Archives that were opened before their crawler started, so that a refusal ends the command and not the crawl.
OPENED: WeakKeyDictionary[Crawler, Archive | None] = WeakKeyDictionary()

#: Statistic: what a spider was asked to show, for the standard output.
REPORT = "imagefap/report"
#: Statistic: items that met a fault of this program in a pipeline.
ITEM_ERRORS = "imagefap/item_errors"
#: Times that a page which does not look as expected is asked for, before that is believed.
_TRIES = 3
#: Pages in a row that could not be reached, after which the site counts as unreachable.
_UNREACHABLE_IN_A_ROW = 3
#: Pages in a row that did not look as expected, after which nothing this program reads can be trusted.
_CHANGED_IN_A_ROW = 5
#: Pages in a row of which Scrapy told neither an answer nor a failure; the second one is not asked for again.
_LOST_IN_A_ROW = 2


# Not the class ABC: zope.interface leaves `__provides__` on it, which `dir` of a spider then shows and the spider
# cannot give; Scrapy's export (`-o`) asks for every attribute that `dir` shows, and would write nothing.
class ArchiveSpider(Spider, metaclass=ABCMeta):
    """A spider of this project. It asks for one page at a time, since each may make the next one needless.

    Attributes:
        arguments: what was written after `-a`, checked.
        archive: where the crawl stores; None for a spider that stores nothing.
        site: where the site is.
        errors: everything that decides the exit code.
    """

    name: str
    arguments_model: ClassVar[type[Arguments]] = Arguments

    def __init__(self, *, crawler: Crawler, arguments: Arguments, archive: Archive | None) -> None:
        super().__init__()
        self.arguments = arguments
        self.archive = archive
        self.site = Site(crawler.settings["IMAGEFAP_SITE_URL"])
        self.errors: list[ArchiveError] = []
        self._again: deque[Step] = deque()
        self._later: deque[Step] = deque()
        self._page_in_flight = False
        self._unreachable = 0
        self._changed = 0
        self._lost = 0
        self._stopped = False
        self._closing: asyncio.Task[None] | None = None

    @classmethod
    def update_settings(cls, settings: BaseSettings) -> None:
        """Give pages and image files their slots; AutoThrottle changes the delay of the second one alone."""
        super().update_settings(settings)
        images = settings.getint("IMAGEFAP_IMAGE_CONCURRENCY")
        slots = {
            PAGE_SLOT: {"concurrency": 1, "delay": 0, "jitter": 0},
            IMAGE_SLOT: {"concurrency": images, "delay": 0, "jitter": 0},
        }
        settings.set("DOWNLOAD_SLOTS", slots, priority="spider")

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, **kwargs: Any) -> Self:
        """Return the spider of checked arguments; raises what `parse` and `Archive` raise."""
        arguments = parse(cls.arguments_model, kwargs, cls.name)
        archive = OPENED[crawler] if crawler in OPENED else cls.open_archive(arguments, crawler.settings)
        spider = cls(crawler=crawler, arguments=arguments, archive=archive)
        spider._set_crawler(crawler)
        crawler.signals.connect(spider._on_opened, signal=signals.spider_opened)
        crawler.signals.connect(spider._on_idle, signal=signals.spider_idle)
        crawler.signals.connect(spider._on_item_error, signal=signals.item_error)
        crawler.signals.connect(spider._on_fault, signal=signals.spider_error)
        crawler.signals.connect(spider._on_stopped, signal=signals.engine_stopped)
        return spider

    @classmethod
    def check(cls, arguments: Any, settings: BaseSettings) -> None:
        """Refuse arguments that can be told wrong only beside the settings; raises UserInputError."""

    @classmethod
    @abstractmethod
    def open_archive(cls, arguments: Any, settings: Any) -> Archive | None:
        """Return the opened archive that the arguments name; raises what `Archive` raises."""

    @abstractmethod
    def next_step(self) -> Step | None:
        """Return the next page to ask for; None if there is none."""

    @property
    def is_closing(self) -> bool:
        """Whether the crawl closes at once, so that what still arrives is for the next one."""
        return self._closing is not None

    @property
    def stats(self) -> Any:
        """The crawler's statistics."""
        return self.crawler.stats

    async def start(self) -> AsyncIterator[Any]:
        """Begin with the first page."""
        for request in self.advance():
            yield request

    def advance(self) -> Iterator[Request]:
        """Yield the request for the next page, if none is on its way."""
        if self._page_in_flight or self._stopped:
            return
        step = self._again.popleft() if self._again else self.next_step()
        while step is None and self._later:
            step = self._later.popleft()
            step = None if step.is_needless() else step
        if step is not None:
            self._page_in_flight = True
            yield self._request(step)

    def ask_first(self, step: Step) -> None:
        """Ask for this page before any other."""
        self._again.append(step)

    def _request(self, step: Step) -> Request:
        step.tries += 1
        return Request(
            step.url,
            callback=self.parse_page,
            errback=self.page_failed,
            meta={"download_slot": PAGE_SLOT, PAGE_KIND: step.kind, MAY_WAIT: step.may_wait},
            cb_kwargs={"step": step},
            dont_filter=True,
        )

    def parse_page(self, response: Response, step: Step) -> Iterator[Any]:
        """Read the page, then ask for the next one."""
        self._page_in_flight, self._lost = False, 0
        try:
            yield from step.read(self._text(response), response.url)
        except PageError as error:
            # It was reached, whatever it is: only what comes in a row counts.
            self._unreachable = 0
            if not isinstance(error, LayoutChanged):
                self._changed = 0
            yield from self._missed(step, error)
        except SiteError as error:
            self._count_unreachable(error)
            yield from self._missed(step, error)
        else:
            self._unreachable = self._changed = 0
        yield from self.advance()

    def _text(self, response: Response) -> str:
        """Return the page's text; raises what its status means."""
        if response.status in (404, 410):
            raise PageNotFound(f"{response.url} is not there (status {response.status})")
        if response.status >= 400:
            raise SiteError(f"{response.url} could not be read (status {response.status}); try again later")
        if not isinstance(response, TextResponse):
            raise LayoutChanged(f"{response.url} is no page of text")
        return response.text

    def page_failed(self, failure: Failure) -> Iterator[Any]:
        """Decide what it means that no answer came, then ask for the next page."""
        self._page_in_flight, self._lost = False, 0
        step: Step = failure.request.cb_kwargs["step"]  # type: ignore[attr-defined]
        if isinstance(failure.value, Postponed):
            step.tries -= 1
            step.postpone()
            self._later.append(step)
            yield from self.advance()
            return
        error = error_of(failure, step.url)
        if type(error) is SiteError:
            self._count_unreachable(error)
        yield from self._missed(step, error)
        yield from self.advance()

    def _missed(self, step: Step, error: ArchiveError) -> Iterator[Any]:
        """Ask again for a page that looked odd; believe it after a few tries."""
        if isinstance(error, LayoutChanged):
            if step.tries < _TRIES:
                logger.info("%s; asking again", error)
                self._again.appendleft(step)
                return
            self._changed += 1
        yield from step.missed(error)
        if self._changed >= _CHANGED_IN_A_ROW:
            self.stop(LayoutChanged(f"{_CHANGED_IN_A_ROW} pages in a row do not look as expected; the last: {error}"))

    def _count_unreachable(self, error: SiteError) -> None:
        self._unreachable += 1
        if self._unreachable >= _UNREACHABLE_IN_A_ROW:
            self.stop(error)

    def note(self, error: ArchiveError) -> None:
        """Keep an error for the exit code and the summary; the crawl goes on."""
        logger.warning("%s", error)
        self._keep(error)

    def stop(self, error: ArchiveError) -> None:
        """Ask for no page any more; image files that are on their way still arrive, then the crawl closes.

        The summary, which follows at once, tells the error.
        """
        self._stopped = True
        self._keep(error)

    def _keep(self, error: ArchiveError) -> None:
        self.errors.append(error)
        self.stats.set_value("imagefap/error", str(error))

    def abort(self, error: ArchiveError) -> None:
        """Close the crawl at once, since whatever it did next would be lost (full disk, broken database)."""
        if self._closing is not None:
            return
        self.stop(error)
        engine = self.crawler.engine
        assert engine is not None
        self._closing = asyncio.get_running_loop().create_task(engine.close_spider_async(reason=close_reason(error)))

    def _on_opened(self) -> None:
        """Say for the summary where the archive is and which command goes on (Scrapy takes `crawl` out of argv)."""
        if self.archive is not None:
            self.stats.set_value("imagefap/output", str(self.archive.directory.root))
        self.stats.set_value("imagefap/command", shlex.join(["scrapy", "crawl", *sys.argv[1:]]))

    def _on_idle(self) -> None:
        """Go on if a page got lost on its way, else close with the reason that the errors give."""
        self._lost += self._page_in_flight
        self._page_in_flight = False
        if self._lost >= _LOST_IN_A_ROW:
            self.stop(fault_of("pages get lost on their way"))
        try:
            request = next(self.advance(), None)
        except Exception as fault:  # Scrapy would take the crawl for finished
            logger.exception("What to ask for next cannot be told")
            self.stop(fault_of(fault))
            request = None
        if request is not None:
            assert self.crawler.engine is not None
            self.crawler.engine.crawl(request)
            raise DontCloseSpider
        if self.errors:
            raise CloseSpider(close_reason(self.errors[-1]))

    def _on_fault(self, failure: Failure, response: Response | Failure) -> None:
        """End the crawl: the step that met the fault would be the next one again, and its page asked for ever.

        A fault in what an image file means would meet each file that is still to come.
        """
        page = response.request.meta.get("download_slot") == PAGE_SLOT  # type: ignore[union-attr]
        (self.stop if page else self.abort)(fault_of(failure.value))

    def _on_item_error(self) -> None:
        """Count an item that met a fault of ours: its image stays wanted, and nobody may take the crawl for done."""
        self.stats.inc_value(ITEM_ERRORS)

    def _on_stopped(self) -> None:
        if self.archive is not None and self.crawler not in OPENED:
            self.archive.close()

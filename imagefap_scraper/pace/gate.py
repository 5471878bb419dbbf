"""The gate that pages pass one at a time: what holds them back, until when, and why."""

from __future__ import annotations

import logging
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Self

from scrapy import signals
from scrapy.utils.asyncio import run_in_thread

from imagefap_scraper.exceptions import StorageError
from imagefap_scraper.pace.budget import Limits
from imagefap_scraper.pace.config import PaceConfig, read_config
from imagefap_scraper.pace.pauses import Pause
from imagefap_scraper.pace.slots import IMAGE_SLOT, PACE_FILE_FAILED, PAGE_SLOT, RATE_BLOCKED, SENT_AT
from imagefap_scraper.pace.store import PaceStore, Standing
from imagefap_scraper.pace.traffic import Traffic
from imagefap_scraper.pace.words import clock_time, duration, pause_message

if TYPE_CHECKING:
    from scrapy import Request
    from scrapy.crawler import Crawler

    from imagefap_scraper.pace.queue import PageGateQueue

logger = logging.getLogger(__name__)


#: Image files that may be on their way or not yet on record: a kill loses so many, and they are asked for again. Twice
#: as many as are downloaded at a time keep the decoders busy.
_LEAST_UNRECORDED = 8


class PageGate:
    """One object a crawl that knows whether a page, or an image file, may be handed out now.

    Pages: one in flight, from being handed out until its callback has been worked off (each page may make the next
    one needless); the budget of the pace file; a block's pause; and no more than a number of image files waiting,
    because their addresses expire. Image files: as many in flight as their slot lets run, and their own block.

    Attributes:
        pause_reason: why pages are paused, for people; empty if they are not.
        blocks: how many blocks were met, image hosts' included.
    """

    def __init__(self, crawler: Crawler, config: PaceConfig) -> None:
        """Takes the settings as read; checks the pace file if there is a budget to keep in it."""
        self.pause_reason = ""
        self.blocks = 0
        self._stats = crawler.stats
        self._policy = config.policy
        self._backlog = config.backlog
        self._store = PaceStore(config.file, config.host, config.limits, config.policy)
        self._queues: list[PageGateQueue] = []
        self._sent: dict[Request, float] = {}
        self._pause = Pause()
        self._image_pause = Pause()
        self._pauses_in_a_row = {PAGE_SLOT: 0, IMAGE_SLOT: 0}
        self._not_before = 0.0
        self._end_reason = ""
        self._closed = False
        self._traffic = Traffic(crawler)
        if not config.limits.off or config.file.exists():
            self._store.check()

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Makes it.

        Raises:
            SettingError: if a setting or the pace file cannot be used.
        """
        gate = cls(crawler, read_config(crawler.settings))
        crawler.signals.connect(gate.spider_opened, signal=signals.spider_opened)
        crawler.signals.connect(gate.spider_closed, signal=signals.spider_closed)
        return gate

    # --- what the live display asks ---

    @property
    def paused_until(self) -> float | None:
        """Until when no page is asked for because of a block, seconds since the epoch; None if there is none."""
        return self._pause.until if self._pause.until > time.time() else None

    @property
    def images_paused_until(self) -> float | None:
        """Until when no image file is asked for because of a block, seconds since the epoch; None if there is none."""
        return self._image_pause.until if self._image_pause.until > time.time() else None

    @property
    def next_page_at(self) -> float | None:
        """When the budget lets the next page leave, seconds since the epoch; None if it would now."""
        return self._not_before if self._not_before > time.time() else None

    # --- what the queue asks ---

    def register(self, queue: PageGateQueue) -> None:
        """Makes a queue's waiting image files count."""
        self._queues.append(queue)

    def shut_slots(self) -> frozenset[str]:
        """The download slots of which no request may be handed out now. Sees to it that the engine asks again."""
        now = time.time()
        running = self._traffic.images_running()
        images = running + sum(queue.waiting(IMAGE_SLOT) for queue in self._queues)
        if self._end_reason:
            self._end_when_done(images, now)
        shut = set()
        pages_from = max(self._pause.until, self._not_before)
        if self._end_reason or now < pages_from or images > self._backlog or self._traffic.page_in_flight():
            shut.add(PAGE_SLOT)
        # After a block one image file probes, as one page does.
        places = 1 if self._image_pause.count else self._traffic.image_places
        unrecorded = self._traffic.images_unrecorded()
        most = max(_LEAST_UNRECORDED, 2 * self._traffic.image_places)
        if now < self._image_pause.until or running >= places or unrecorded >= most:
            shut.add(IMAGE_SLOT)
        for moment in (pages_from, self._image_pause.until):
            if moment > now:
                self._traffic.wake_at(moment)
        return frozenset(shut)

    def wake_in(self, seconds: float) -> None:
        """Makes the engine ask its queue again after so many seconds, if not before."""
        self._traffic.wake_at(time.time() + seconds)

    # --- what the middlewares tell ---

    async def send(self, request: Request) -> bool:
        """Takes a page's place in the budget; False if it has to go back to the queue, because there is none now."""
        if self._end_reason or time.time() < self._pause.until:
            return False
        if self._store.limits.off:
            self._sent[request] = request.meta[SENT_AT] = time.time()
            return True
        try:
            standing = await run_in_thread(self._store.take)
        except StorageError as error:
            logger.error("%s", error)
            self._end(PACE_FILE_FAILED)
            return False
        self._adopt(standing)
        if standing.wait:
            return False
        self._sent[request] = request.meta[SENT_AT] = standing.now
        return True

    def was_sent(self, request: Request) -> bool:
        """True for a page that has left and has not been answered."""
        return request in self._sent

    async def answered(self, request: Request) -> None:
        """Notes that a page was answered, or that it failed; does nothing for what was not sent."""
        sent_at = self._sent.pop(request, None)
        if sent_at is None or self._store.limits.off:
            return
        with suppress(StorageError):  # the next page's `send` will meet the same, and says so
            self._not_before = await run_in_thread(self._store.answered, sent_at) + time.time()

    async def undecided(self, request: Request) -> None:
        """Notes that a page's answer, or its failure, said nothing about a block: another page may probe."""
        if not self._pause.count or request.meta.get("download_slot") != PAGE_SLOT or self._store.limits.off:
            return
        with suppress(StorageError):  # the probe's lease then ends by itself
            await run_in_thread(self._store.release)

    async def blocked(self, request: Request, style: str, asked: float | None) -> None:
        """Starts a pause, or ends the crawl, after a block.

        Args:
            request: what met it.
            style: how it showed, a word for the statistics.
            asked: seconds that the server asked for; None if it did not say.
        """
        slot = IMAGE_SLOT if request.meta.get("download_slot") == IMAGE_SLOT else PAGE_SLOT
        sent_at = request.meta.get(SENT_AT, time.time())
        known = self._image_pause if slot == IMAGE_SLOT else self._pause
        pause = known.blocked(sent_at, time.time(), asked, self._policy)
        if slot == PAGE_SLOT:
            pause = await self._shared_block(sent_at, asked, pause)
        if pause.began != known.began:
            self.blocks += 1
            self._stats.inc_value("imagefap/blocks/count")
            self._stats.inc_value(f"imagefap/blocks/{'images/' if slot == IMAGE_SLOT else ''}{style}")
        self._set_pause(slot, pause, style)

    async def passed(self, request: Request) -> None:
        """Notes a usual answer: if it answered the probe after a pause, the block is over."""
        sent_at = request.meta.get(SENT_AT, 0.0)
        if request.meta.get("download_slot") == IMAGE_SLOT:
            if self._image_pause.count:
                self._image_pause = self._image_pause.passed(sent_at, time.time())
                self._pauses_in_a_row[IMAGE_SLOT] = 0
            return
        if not self._pause.count or sent_at <= self._pause.began:
            return
        try:
            self._pause = await run_in_thread(self._store.passed, sent_at)
        except StorageError:
            self._pause = self._pause.passed(sent_at, time.time())
        self._pauses_in_a_row[PAGE_SLOT] = 0
        self.pause_reason = ""
        logger.info("The site answers again: pages go on, at half pace for an hour.")

    def raise_gap(self, seconds: float) -> None:
        """Keeps pages at least so many seconds apart, if they are not already (robots.txt's Crawl-delay)."""
        limits = self._store.limits
        if seconds > limits.gap:
            logger.info("robots.txt asks for %s between two pages: done.", duration(seconds))
            self._store.limits = Limits(limits.windows, seconds)

    # --- signals ---

    async def spider_opened(self) -> None:
        """Learns from the pace file what other crawls have used up, and whether a pause is running."""
        if self._store.limits.off and not self._store.path.exists():
            return
        try:
            self._adopt(await run_in_thread(self._store.look))
        except StorageError as error:
            logger.warning("%s", error)

    def spider_closed(self) -> None:
        """Stops the timer."""
        self._traffic.stop()

    # --- inside ---

    def _adopt(self, standing: Standing) -> None:
        """Takes over what the pace file says."""
        self._not_before = standing.now + standing.wait
        if standing.pause is None:
            return
        if standing.pause.began != self._pause.began and standing.pause.until > standing.now:
            self._set_pause(PAGE_SLOT, standing.pause, "found in the pace file")
        self._pause = standing.pause
        if not self._pause.count:
            self._pauses_in_a_row[PAGE_SLOT] = 0
            self.pause_reason = ""

    async def _shared_block(self, sent_at: float, asked: float | None, fallback: Pause) -> Pause:
        """A block of pages as the pace file has it; what this crawl knows of it if the file cannot be written."""
        try:
            return await run_in_thread(self._store.blocked, sent_at, asked)
        except StorageError as error:
            logger.warning("%s", error)
            return fallback

    def _set_pause(self, slot: str, pause: Pause, reason: str) -> None:
        """Takes over a pause; a new one is counted and said aloud, and one too many ends the crawl."""
        if slot == IMAGE_SLOT:
            known, self._image_pause = self._image_pause, pause
        else:
            known, self._pause, self.pause_reason = self._pause, pause, reason
        if pause.began == known.began:
            return
        self._pauses_in_a_row[slot] += 1
        number, most = self._pauses_in_a_row[slot], self._policy.max_pauses
        if number > most:
            self._give_up(pause)
        else:
            logger.warning("%s", pause_message(pause.until, reason, number, most, of_images=slot == IMAGE_SLOT))

    def _give_up(self, pause: Pause) -> None:
        self._stats.set_value("imagefap/rate_blocked_until", pause.until)
        logger.warning(
            "The site still blocks this address after %d pauses, so the crawl ends. Nothing is lost: run the same"
            " command again after %s.",
            self._policy.max_pauses,
            clock_time(pause.until),
        )
        self._end(RATE_BLOCKED)

    def _end(self, reason: str) -> None:
        """Asks for no page any more, and closes the crawl when the image files are done; the first reason stays."""
        self._end_reason = self._end_reason or reason
        self._traffic.wake_at(time.time())

    def _end_when_done(self, images: int, now: float) -> None:
        done = not images or now < self._image_pause.until
        if done and not self._closed and not self._traffic.page_in_flight():
            self._closed = True
            self._traffic.close_spider(self._end_reason)


def gate_of(crawler: Crawler) -> PageGate:
    """The gate of a crawl.

    Raises:
        RuntimeError: if the project's settings do not list `PageGate` among the extensions.
    """
    gate = crawler.get_extension(PageGate)
    if gate is None:
        raise RuntimeError("PageGate is missing from EXTENSIONS: without it nothing holds pages back")
    return gate

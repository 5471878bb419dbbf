"""The scheduler's queue that hands out no page while the gate is shut."""

from __future__ import annotations

import logging
import time
from itertools import count
from typing import TYPE_CHECKING, Any

from scrapy.pqueues import DownloaderAwarePriorityQueue

from imagefap_scraper.pace.gate import gate_of
from imagefap_scraper.pace.slots import HOLD_SECONDS

if TYPE_CHECKING:
    from scrapy import Request

logger = logging.getLogger(__name__)


class PageGateQueue(DownloaderAwarePriorityQueue):
    """Hides the download slots that the gate has shut, and requests that are to wait a while (retries).

    What is hidden stays queued: the crawl stays open, a JOBDIR gets all of it, and Ctrl-C has nothing to wait for.
    Waiting inside a downloader middleware instead would fill the engine's places with pages and stop the image files.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Takes what Scrapy's own queue takes."""
        super().__init__(*args, **kwargs)
        self._gate = gate_of(self.crawler)
        self._gate.register(self)
        self._held: list[tuple[float, int, Request]] = []
        self._order = count()

    def push(self, request: Request) -> None:
        """Queues a request; one with `HOLD_SECONDS` in its meta is handed out only after that."""
        seconds = request.meta.pop(HOLD_SECONDS, 0.0)
        if not seconds:
            super().push(request)
            return
        self._held.append((time.monotonic() + seconds, next(self._order), request))
        self._gate.wake_in(seconds)

    def pop(self) -> Request | None:
        """The next request of a slot that is not shut; None if there is none at the moment."""
        shut = self._gate.shut_slots()
        due = self._pop_due(shut)
        if due is not None:
            return due
        hidden = {slot: self.pqueues.pop(slot) for slot in shut if slot in self.pqueues}
        try:
            return super().pop()
        finally:
            self.pqueues.update(hidden)

    def waiting(self, slot: str) -> int:
        """How many requests of a download slot are queued here, held ones included."""
        queued = self.pqueues.get(slot)
        held = sum(1 for _, _, request in self._held if self._slot_of(request) == slot)
        return (len(queued) if queued is not None else 0) + held

    def close(self) -> dict[str, list[int]]:
        """Queues what was held, so that a JOBDIR keeps it, and closes."""
        for _, _, request in self._held:
            try:
                super().push(request)
            except ValueError:  # it cannot be serialised, so it would not have been kept unheld either
                logger.debug("Not kept in the job directory: %s", request)
        self._held.clear()
        return super().close()

    def __len__(self) -> int:
        """All requests, hidden and held ones included."""
        return super().__len__() + len(self._held)

    def _pop_due(self, shut: frozenset[str]) -> Request | None:
        """The first held request whose time has come and whose slot is open."""
        now = time.monotonic()
        due = [entry for entry in self._held if entry[0] <= now]
        if len(due) < len(self._held):
            self._gate.wake_in(min(entry[0] for entry in self._held if entry[0] > now) - now)
        for entry in sorted(due):
            if self._slot_of(entry[2]) not in shut:
                self._held.remove(entry)
                return entry[2]
        return None

    def _slot_of(self, request: Request) -> str:
        return self._downloader_interface.get_slot_key(request)

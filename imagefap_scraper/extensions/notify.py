"""A message at the end of a crawl, to wherever the user's own addresses lead (IMAGEFAP_NOTIFY), through Apprise.

The message holds counts and how the crawl ended, never a name, a directory, an address or a command: it passes through
other people's services. Whatever goes wrong with it is a warning in the log; the crawl's exit code is never changed.
Apprise is an extra, and imported only when there is a message to send.
"""

from __future__ import annotations

import asyncio
import importlib
import logging
import threading
from typing import TYPE_CHECKING, Any, Self

from scrapy import signals
from scrapy.exceptions import NotConfigured

from imagefap_scraper.extensions._format import counted, duration, size
from imagefap_scraper.extensions._snapshot import Snapshot

if TYPE_CHECKING:
    from scrapy import Spider
    from scrapy.crawler import Crawler

logger = logging.getLogger(__name__)

_SETTING = "IMAGEFAP_NOTIFY"
#: Seconds after which the crawl ends without waiting for the services any longer.
_PATIENCE = 30.0
#: Close reasons in words that say nothing else; any other one is told as "ended early".
_ENDINGS = {
    "finished": "finished",
    "shutdown": "interrupted",
    "cancelled": "interrupted",
    "rate_blocked": "blocked by the site, the same command later goes on",
}
#: They would write the addresses, with their tokens, into the log.
_TALKATIVE = ("apprise", "urllib3")


class EndNotification:
    """Sends the message once a crawl is over, whatever ended it; see `EndSummary` for when that is."""

    def __init__(self, crawler: Crawler, addresses: str) -> None:
        """Prepare the message of one crawl.

        Args:
            crawler: whose statistics are told.
            addresses: Apprise's, with spaces or commas between.
        """
        self._crawler = crawler
        self._addresses = addresses
        self._engine_runs = False
        self._reason: str | None = None
        self._sent = False

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Return the notification of a crawl, which sends itself at its end.

        Raises:
            NotConfigured: nobody is to be told.
        """
        addresses = str(crawler.settings.get(_SETTING) or "").strip()
        if not addresses:
            raise NotConfigured
        notification = cls(crawler, addresses)
        crawler.signals.connect(notification.engine_started, signal=signals.engine_started)
        crawler.signals.connect(notification.spider_closed, signal=signals.spider_closed)
        crawler.signals.connect(notification.engine_stopped, signal=signals.engine_stopped)
        return notification

    def engine_started(self) -> None:
        """Note that the engine will tell when it ends."""
        self._engine_runs = True

    async def spider_closed(self, spider: Spider, reason: str) -> None:
        """Note why the spider closed; send if the engine has nothing more to say."""
        self._reason = reason
        await self._send_when_over()

    async def engine_stopped(self) -> None:
        """Note that the engine has ended; send if the spider has closed."""
        self._engine_runs = False
        await self._send_when_over()

    async def _send_when_over(self) -> None:
        if self._reason is None or self._engine_runs or self._sent:
            return
        self._sent = True
        title, body = message(Snapshot.of(self._crawler.stats.get_stats(), details=False), self._reason)
        if problem := await asyncio.to_thread(_send_in_time, self._addresses, title, body):
            logger.warning("the notification was not sent everywhere: %s", problem)


def message(counts: Snapshot, reason: str) -> tuple[str, str]:
    """Return title and text of the message: how the crawl ended, and its counts.

    Args:
        counts: of the crawl that has ended.
        reason: Scrapy's close reason.
    """
    ending = _ENDINGS.get(reason, "ended early, its log says why")
    if counts.error and reason == "finished":
        ending = "ended with an error, its log says which"
    elif counts.failed and reason == "finished":
        ending = f"finished, {counted(counts.failed, 'image')} failed"
    told = {
        "new images": counts.stored,
        "known before": counts.known,
        "exact duplicates": counts.exact_duplicates,
        "failed": counts.failed,
        "gone from the site": counts.gone,
        "filtered out": counts.filtered,
        "still wanted": counts.left,
        "pages asked": counts.pages_asked,
        "blocks": counts.blocks,
    }
    lines = [f"{label}: {count:,}" for label, count in told.items() if count or label == "new images"]
    lines.append(f"stored: {size(counts.bytes_stored)}")
    if counts.seconds is not None:
        lines.append(f"time: {duration(counts.seconds)}")
    return f"imagefap_scraper: {ending}", "\n".join(lines)


def _send_in_time(addresses: str, title: str, body: str) -> str:
    """Send, and return what went wrong (nothing: empty); a service that does not answer keeps nobody."""
    problems: list[str] = []
    # A thread of its own: neither the loop's end nor the interpreter's waits for it.
    thread = threading.Thread(target=lambda: problems.append(_send(addresses, title, body)), daemon=True)
    thread.start()
    thread.join(_PATIENCE)
    return problems[0] if problems else f"no answer within {_PATIENCE:g} seconds"


def _send(addresses: str, title: str, body: str) -> str:
    """Send to all addresses, and return what went wrong without naming any of them."""
    try:
        apprise: Any = importlib.import_module("apprise")
    except ImportError as error:
        return (
            f"{_SETTING} needs the package apprise, which cannot be imported ({error});"
            " install it with: pip install --no-deps -r requirements-extra.txt"
        )
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    try:
        services = apprise.Apprise()
        all_known = services.add(addresses)
        # Those that are known are told in any case.
        if len(services) and not services.notify(title=title, body=body):
            return f"not every service of {_SETTING} took it"
        if not all_known:
            return f"not all addresses of {_SETTING} are such as Apprise knows; correct it"
    except Exception as error:  # noqa: BLE001 - a plugin may raise anything, with the address in its text
        return f"Apprise failed with {type(error).__name__}"
    return ""

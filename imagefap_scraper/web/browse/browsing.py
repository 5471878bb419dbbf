"""What browsing keeps between two requests: the running crawl, a retry, the latest overview."""

from __future__ import annotations

from contextlib import suppress
from threading import Thread
from typing import TYPE_CHECKING, Any

from imagefap_scraper.exceptions import ArchiveError
from imagefap_scraper.web.browse.crawl_status import CrawlWatch, archive_version
from imagefap_scraper.web.browse.overview import Overviews
from imagefap_scraper.web.browse.retrying import Retrying

if TYPE_CHECKING:
    from collections.abc import Callable

    from imagefap_scraper.review.workplace import Workplace


class Browsing:
    """One for an archive.

    Attributes:
        crawl: looks at a running crawl.
        overviews: of the archive.
        retrying: fetches pictures again that failed or are lost.
    """

    def __init__(self, workplace: Workplace, reading: Callable[[], Any]) -> None:
        self._database = workplace.database
        self._reading = reading
        self._ahead: Thread | None = None
        self.crawl = CrawlWatch(workplace.directory.lock_path)
        self.overviews = Overviews(workplace.database)
        self.retrying = Retrying(workplace, reading)

    @property
    def version(self) -> int:
        """Return a number that changes with the database."""
        return archive_version(self._database)

    def prepare(self) -> None:
        """Make the overview while nobody waits for it yet: of a large archive it takes a third of a second."""
        self._ahead = Thread(target=self._look, name="overview")
        self._ahead.start()

    def _look(self) -> None:
        # Whoever asks for the page is told what is wrong.
        with suppress(ArchiveError), self._reading() as connection:
            self.overviews.get(connection)

    def close(self) -> None:
        """End a retry that is under way."""
        self.retrying.close()
        if self._ahead is not None:
            self._ahead.join()

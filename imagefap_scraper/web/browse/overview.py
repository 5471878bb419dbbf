"""What the start page tells: the archive in numbers, and what to do next."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING, Final

from imagefap_scraper.database import figures, glance, reports
from imagefap_scraper.items import ImageStatus
from imagefap_scraper.web.browse import plots
from imagefap_scraper.web.browse.crawl_status import archive_version
from imagefap_scraper.web.render import bytes_text

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from sqlalchemy import Connection

#: Seconds that numbers are good while a crawl changes them all the time.
_GOOD_FOR: Final = 5.0
_FOLDERS_SHOWN: Final = 12
_REASONS_SHOWN: Final = 5
#: Groups of look-alikes that ask something.
_TO_DO: Final = ("new", "suggested", "reopened")


@dataclass(frozen=True, slots=True)
class Overview:
    """The archive at one moment.

    Attributes:
        totals: in numbers.
        reasons: why pictures failed, and how many; the most frequent ones.
        groups: of look-alikes that ask.
        to_win: bytes that they could win.
        trash: pictures in the trash, and their bytes.
        tags: of the user.
        tagged: pictures that carry any.
        growth: as a line; None while there is none to draw.
        bars: the other plots that have something to show.
    """

    totals: reports.Totals
    reasons: Sequence[tuple[str, int]]
    groups: int
    to_win: int
    trash: tuple[int, int]
    tags: int
    tagged: int
    growth: plots.Line | None
    bars: Sequence[plots.Bars]

    @property
    def known(self) -> int:
        """Return how many images of the site are known."""
        return sum(self.totals.images.values())

    def images(self, status: str) -> int:
        """Return how many images have a status."""
        return self.totals.images.get(status, 0)


class Overviews:
    """Makes overviews; the same one while nothing has changed."""

    def __init__(self, database: Path) -> None:
        self._database = database
        self._lock = Lock()
        self._made = 0.0
        self._version: int | None = None
        self._latest: Overview | None = None

    def get(self, connection: Connection) -> Overview:
        """Return the archive as it is, or was a few seconds ago."""
        version = archive_version(self._database)
        with self._lock:
            fresh = version == self._version or time.monotonic() - self._made < _GOOD_FOR
            if self._latest is None or not fresh:
                reports.begin_snapshot(connection)
                self._latest = make(connection)
                self._made, self._version = time.monotonic(), version
            return self._latest


def make(connection: Connection) -> Overview:
    """Return the archive as it is."""
    states = reports.duplicate_states(connection)
    asking = [states[state] for state in _TO_DO if state in states]
    grown = figures.growth(connection)
    return Overview(
        totals=reports.totals(connection),
        reasons=reports.failure_reasons(connection)[:_REASONS_SHOWN],
        groups=sum(count for count, _ in asking),
        to_win=sum(size for _, size in asking),
        trash=reports.trash_counts(connection),
        tags=glance.tags(connection),
        tagged=glance.tagged(connection),
        growth=plots.growth(grown.days, grown.bytes),
        bars=_bars(connection),
    )


def _bars(connection: Connection) -> list[plots.Bars]:
    formats: Counter[str] = Counter()
    sizes: Counter[int] = Counter()
    for row in glance.files(connection):
        formats[row.format] += row.size
        sizes[row.power] += row.count
    folders = [
        (name, size, bytes_text(size), "" if place is None else f"/folders/{place[0]}/{place[1]}")
        for name, place, size in glance.largest_folders(connection, _FOLDERS_SHOWN)
    ]
    by_format = [
        (form, size, bytes_text(size), f"/images?q=type:{form.lower()}") for form, size in formats.most_common()
    ]
    found = [
        plots.bars("Folders", folders),
        plots.sizes(sizes),
        plots.bars("Formats", by_format),
    ]
    return [one for one in found if one.bars]


def next_step(overview: Overview, *, crawling: bool) -> str:
    """Return what is to be done now: the name of a piece of the start page."""
    if not overview.known:
        return "empty" if not crawling else "begun"
    if crawling:
        return "crawling"
    if overview.images(ImageStatus.WANTED):
        return "unfinished"
    if overview.images(ImageStatus.FAILED):
        return "failed"
    return "duplicates" if overview.groups else "finished"

"""A crawl that only looks: which images it would fetch, with how many pages, and how long that would take."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from scrapy import Request

from imagefap_scraper.database.session import database_url, reader
from imagefap_scraper.extensions._estimate import seconds_at_limit
from imagefap_scraper.extensions._format import counted, printable, rough_duration
from imagefap_scraper.pace.config import read_config
from imagefap_scraper.pace.slots import PAGE_SLOT
from imagefap_scraper.planning.windows import WINDOW
from imagefap_scraper.spiders.archives import output_directory
from imagefap_scraper.spiders.base import REPORT
from imagefap_scraper.spiders.galleries import GallerySpider
from imagefap_scraper.storage.lock import database_lock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from scrapy.http import Response
    from scrapy.settings import BaseSettings
    from sqlalchemy import Connection
    from twisted.python.failure import Failure

    from imagefap_scraper.spiders.gallery_steps import GalleryWork
    from imagefap_scraper.spiders.steps import Step

T = TypeVar("T")


class DrySpider(GallerySpider):
    """A spider that with `dry_run=1` reads listing pages and the database alone, and stores nothing.

    Attributes:
        plan: for each folder or gallery, as a person reads it, the images that would be fetched for it.
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.dry_run = self.arguments.dry_run  # type: ignore[attr-defined]
        self.plan: dict[str, list[int]] = {}
        self._planned: set[int] = set()

    # What a dry run leaves out

    def let_out(self, found: Iterable[Any]) -> Iterator[Any]:
        """Yield what a callback may give: everything, or requests for pages alone in a dry run."""
        return (one for one in found if not self.dry_run or _asks_page(one))

    def parse_page(self, response: Response, step: Step) -> Iterator[Any]:
        """Read the page, then ask for the next one."""
        yield from self.let_out(super().parse_page(response, step))

    def page_failed(self, failure: Failure) -> Iterator[Any]:
        """Decide what it means that no answer came, then ask for the next page."""
        yield from self.let_out(super().page_failed(failure))

    def count(self, image_ids: Iterable[int]) -> None:
        """Count what is in question; a dry run counts in its own report."""
        if not self.dry_run:
            super().count(image_ids)

    def plan_for(self, label: str, image_ids: Iterable[int]) -> None:
        """Note which images of a folder would be fetched, each under the first folder that lists it."""
        if self.dry_run:
            new = [one for one in image_ids if one in self.wishes and one not in self._planned]
            self._planned.update(new)
            self.plan.setdefault(label, []).extend(new)

    # What it says

    def closed(self, reason: str) -> None:
        """Say what would be fetched."""
        if self.dry_run and reason != "shutdown":
            self.stats.set_value(REPORT, "\n".join([_HEAD.format(self._read()), *self._lists(), *self._sums()]))

    def _read(self) -> str:
        pages = self.stats.get_value("imagefap/pages/asked", 0)
        return f"{counted(pages, 'page')} of lists were read" if pages else "No page was read, the database alone"

    def _lists(self) -> Iterator[str]:
        for label, image_ids in self.plan.items():
            yield f"{printable(label)}: {counted(len(image_ids), 'image')} to fetch"
            for image_id in image_ids:
                yield f"  {image_id:>12}  {printable(self.wishes[image_id].name or '')}".rstrip()
        for work in self._to_read:
            size = "number of images not known" if work.shown is None else f"up to {counted(_left(work), 'image')}"
            yield f"{printable(work.label)}: {size}, {counted(self.pages_of(work), 'page')} to read"

    def _sums(self) -> Iterator[str]:
        """Yield images, pages and time in all."""
        in_galleries = sum(map(_left, self._to_read))
        more = f", and up to {counted(in_galleries, 'image')} of galleries" if self._to_read else ""
        copies = sum(1 for wish in self.wishes.values() if wish.sha256 is not None)
        yield f"To fetch: {counted(len(self.wishes) - copies, 'image')}{more}"
        if copies:
            yield f"To copy from the archive's other layout: {counted(copies, 'image')}"
        kept_out = self.sieve.kept_out()
        if kept_out:
            yield f"Kept out by filters: {counted(kept_out, 'image')}"
        asked = self.stats.get_value("imagefap/pages/asked", 0)
        galleries = sum(map(self.pages_of, self._to_read))
        least, most = (asked + galleries + pages for pages in (self.planner.estimated_pages(), len(self.planner)))
        yield f"Pages: about {least:,}, at most {most:,} ({asked:,} of them for lists)"
        times = [rough_duration(self._seconds(pages)) for pages in (least, most)]
        yield f"Time at the site's pace: about {times[0]}, at most {times[1]}; image files come beside"

    def _seconds(self, pages: int) -> float:
        limits = read_config(self.settings).limits
        windows = [(window.count, window.seconds) for window in limits.windows]
        return max(seconds_at_limit(0, pages, 0.0, windows), pages * limits.gap)

    @staticmethod
    def pages_of(work: GalleryWork) -> int:
        """Return the pages that reading the rest of a gallery takes, 1 at least if anything is to be read."""
        return 0 if work.walk.start is None else max(1, -(-_left(work) // WINDOW))


def _asks_page(found: Any) -> bool:
    return isinstance(found, Request) and found.meta.get("download_slot") == PAGE_SLOT


def _left(work: GalleryWork) -> int:
    """Return how many images of a gallery have not been read, as far as its size is known."""
    return 0 if work.walk.start is None else max((work.shown or 0) - work.walk.start, 0)


_HEAD = "Dry run: nothing was stored, and no photo page, strip or image was asked for. {}."


def look_at(output: str | None, settings: BaseSettings, question: Callable[[Connection], T]) -> T | None:
    """Return what an archive's database answers, which is only read; None if there is no database.

    Raises:
        DatabaseError: if it is foreign, older, newer or damaged.
        LockedError: if another program holds it.
    """
    url = database_url(output_directory(output, settings).absolute(), str(settings["IMAGEFAP_DATABASE_URL"] or ""))
    path = Path(str(url.database)).absolute()
    if not path.is_file():
        return None
    with reader(path, database_lock(path)) as connection:
        return question(connection)

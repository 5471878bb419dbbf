"""Photo pages, strips and image files: from a wanted image to its bytes, with as few pages as there can be."""

from __future__ import annotations

import logging
from abc import abstractmethod
from collections import deque
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from scrapy import Request, signals
from scrapy.exceptions import DownloadCancelledError

from imagefap_scraper.exceptions import ArchiveError, LayoutChanged, NotFoundError, PageNotFound
from imagefap_scraper.items import AuditItem, ImageItem, ImageStatus
from imagefap_scraper.pace.slots import IMAGE_SLOT
from imagefap_scraper.pages.urls import image_id_from_address, is_full_size, without_signature
from imagefap_scraper.planning.filters import Facts, Filters, is_by_place
from imagefap_scraper.planning.planner import Planner
from imagefap_scraper.planning.windows import PhotoRequest, Window, strip_around
from imagefap_scraper.spiders.base import ArchiveSpider
from imagefap_scraper.spiders.errors import error_of
from imagefap_scraper.spiders.photo_steps import PhotoStep, StripStep
from imagefap_scraper.spiders.sieve import Sieve
from imagefap_scraper.spiders.wishes import FILE_GONE, NO_ADDRESS, PAGE_GONE, Sighting, Wish

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scrapy.http import Response
    from twisted.python.failure import Failure

    from imagefap_scraper.database.reads import WantedImage
    from imagefap_scraper.pages.photo import Photo
    from imagefap_scraper.pages.strip import Strip
    from imagefap_scraper.spiders.steps import Step

logger = logging.getLogger(__name__)

#: Above every page: an address expires, and a page may wait.
IMAGE_PRIORITY = 100
#: Status codes by which the site says that an image's file is no longer there.
GONE = (404, 410)
#: Status code of an address whose signature has expired.
EXPIRED = 403


class PhotoSpider(ArchiveSpider):
    """A spider that knows which images are wanted and gets them."""

    #: Whether a file needs its image's whole name.
    needs_names = False
    #: Whether it only looks what there is to be had.
    dry_run = False

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.planner = Planner()
        self.wishes: dict[int, Wish] = {}
        #: Images whose outcome this run has put on record: a listing that shows one later asks for nothing.
        self._done: set[int] = set()
        self._own_strips: deque[StripStep] = deque()
        self._expired: deque[int] = deque()
        crawler = kwargs["crawler"]
        self.sieve = Sieve(self.filters(), self._count)
        for signal in (signals.item_scraped, signals.item_dropped, signals.item_error):
            crawler.signals.connect(self._on_item, signal=signal)
        crawler.signals.connect(self._on_closed, signal=signals.spider_closed)
        if self.sieve.filters.needs_content:
            crawler.signals.connect(self.sieve.headers_received, signal=signals.headers_received)
            crawler.signals.connect(self.sieve.bytes_received, signal=signals.bytes_received)

    def _count(self, key: str, change: int) -> None:
        # The statistics come into being when the crawl starts.
        self.stats.inc_value(key, change)

    @abstractmethod
    def filters(self) -> Filters:
        """Return what keeps images out."""

    # What is wanted

    def want(self, wish: Wish, rank: tuple[int, ...], facts: Facts) -> Iterator[Any]:
        """Wish for an image unless a filter keeps it out; yield what puts that on record."""
        if wish.image_id in self._done or wish.image_id in self.wishes:
            yield from self.wish(wish, rank)
            return
        kept_out = self.sieve.keep_out(wish.image_id, facts)
        yield from self.wish(wish, rank) if kept_out is None else kept_out

    def want_again(self, image: WantedImage, wish: Wish, rank: tuple[int, ...], place: int | None) -> Iterator[Any]:
        """Wish for an image that an earlier run did not get, or kept out if these filters do not."""
        facts = replace(Facts.of_reason(image.filtered), place=place)
        if not (image.filtered and self.sieve.still_out(image.image_id, facts)):
            yield from self.want(wish, rank, facts)

    def wish(self, wish: Wish, rank: tuple[int, ...]) -> Iterator[Any]:
        """Put an image on the list, with its place in the order of the listings; yield it if it is here already."""
        if wish.image_id in self._done:
            return
        if (known := self.wishes.get(wish.image_id)) is not None:
            known.name = known.name or wish.name
            return
        self.wishes[wish.image_id] = wish
        self.sieve.let_in(wish.image_id)
        named = wish.name is not None or not self.needs_names
        if wish.sha256 is not None and named:
            wish.asked = True
            yield ImageItem(wish.image_id, name=wish.name, sha256=wish.sha256, known=True)
            return
        self.planner.add(wish.image_id, gallery_id=wish.gallery_id, rank=rank)
        if not named:
            self.planner.require_page(wish.image_id)

    def still_wants(self, image_id: int) -> bool:
        """Return whether an image is wanted and its file is not on the way."""
        return (wish := self.wishes.get(image_id)) is not None and not wish.asked

    def has_urgent_steps(self) -> bool:
        """Return whether a page is to be asked before all others: for an address that expired, or beside a page."""
        return bool(self._own_strips or self._expired)

    def next_photo_step(self) -> Step | None:
        """Return the next photo page or strip; None if nothing is wanted any more."""
        if self._own_strips:
            return self._own_strips.popleft()
        while self._expired:
            image_id = self._expired.popleft()
            if self.still_wants(image_id):
                return PhotoStep(self, PhotoRequest(image_id, self.wishes[image_id].gallery_id))
        request = self.planner.next()
        self.stats.set_value("imagefap/pages/estimated", self.planner.estimated_pages())
        if request is None:
            return None
        return PhotoStep(self, request) if isinstance(request, PhotoRequest) else StripStep(self, request)

    # What pages show

    def take_photo(self, photo: Photo, window: Window, page_url: str) -> Iterator[Any]:
        """Yield what follows from an image's own page: its file's request, or a look beside it."""
        wish = self.wishes.get(photo.image_id)
        if wish is None or wish.asked:
            return
        wish.name = photo.name or wish.name
        if reason := self.sieve.filters.reason(Facts(photo.width, photo.height)):
            yield from self.give_up(photo.image_id, ImageStatus.FILTERED, reason)
        elif photo.url is not None:
            sighting = Sighting(photo.url, page_url, photo.gallery_id, photo.added)
            yield from self.ask_file(wish, sighting)
        elif (around := strip_around(photo.image_id, window)) is not None:
            self._own_strips.append(StripStep(self, around, for_image=photo.image_id))
        else:
            yield from self.give_up(photo.image_id, ImageStatus.FAILED, NO_ADDRESS)

    def take_strip(self, strip: Strip, gallery_id: int | None, page_url: str) -> Iterator[Any]:
        """Yield requests for the files of everything wanted in a strip."""
        for entry in strip.entries:
            wish = self.wishes.get(entry.image_id)
            if wish is None:
                continue
            reason = "" if wish.asked else self.sieve.filters.reason(Facts(entry.width, entry.height))
            if reason:
                self.planner.discard(entry.image_id)
                yield from self.give_up(entry.image_id, ImageStatus.FILTERED, reason)
                continue
            if self.needs_names and wish.name is None:
                continue
            sighting = Sighting(entry.url, page_url, gallery_id, entry.added)
            if wish.asked:
                wish.newer = sighting
                continue
            self.planner.discard(entry.image_id)
            yield from self.ask_file(wish, sighting)

    def give_up(self, image_id: int, status: ImageStatus, reason: str) -> Iterator[Any]:
        """Yield the outcome of an image that was not had."""
        wish = self.wishes.get(image_id)
        if wish is None:
            return
        wish.asked = True
        if wish.sha256 is not None and (status is ImageStatus.GONE or reason == NO_ADDRESS):
            # The site has it no longer, the archive has: a copy, under its number if no page told its name.
            yield ImageItem(image_id, name=wish.name, sha256=wish.sha256, known=True)
        else:
            yield ImageItem(image_id, status=status, reason=reason)

    def give_up_for(self, image_id: int, error: ArchiveError, what: str) -> Iterator[Any]:
        """Yield what a failed request means for its image; only the site's own word makes it gone.

        A refusal by robots.txt says nothing of the image: it ends the crawl and leaves the image wanted.
        """
        if isinstance(error, PageNotFound):
            yield from self.give_up(image_id, ImageStatus.GONE, PAGE_GONE)
        elif isinstance(error, NotFoundError):
            self.stop(error)
        elif isinstance(error, LayoutChanged):
            self.note(error)
            yield from self.give_up(image_id, ImageStatus.FAILED, f"{what} does not look as expected")
        else:
            logger.warning("image %d: %s", image_id, error)
            yield from self.give_up(image_id, ImageStatus.FAILED, f"{what} could not be reached")

    # Image files

    def ask_file(self, wish: Wish, sighting: Sighting) -> Iterator[Any]:
        """Yield the request for an image's file, or the image if only a copy of what is here is wanted."""
        wish.asked = True
        if wish.sha256 is not None:
            yield self._item(wish.image_id, sighting, sha256=wish.sha256, known=True)
            return
        yield self.file_request(wish.image_id, sighting, self.parse_image, self.image_failed)

    def file_request(
        self, image_id: int, sighting: Sighting, callback: Any, errback: Any, method: str = "GET"
    ) -> Request:
        """Return a request to the image hosts, which goes before every page."""
        return Request(
            sighting.url,
            callback=callback,
            errback=errback,
            method=method,
            headers={"Referer": without_signature(sighting.page_url)},
            # An address that replaces an expired one goes first, or it would expire in the queue again.
            priority=IMAGE_PRIORITY + self.wishes[image_id].expired,
            meta={"download_slot": IMAGE_SLOT},
            cb_kwargs={"image_id": image_id, "sighting": sighting},
            dont_filter=True,
        )

    def _item(self, image_id: int, sighting: Sighting, **fields: Any) -> ImageItem:
        return ImageItem(
            image_id,
            name=self.wishes[image_id].name,
            url=without_signature(sighting.url),
            gallery_id=sighting.gallery_id,
            added=sighting.added,
            **fields,
        )

    def parse_image(self, response: Response, image_id: int, sighting: Sighting) -> Iterator[Any]:
        """Yield the image with its bytes, or what the answer means."""
        if self.is_closing:
            return
        if response.status == EXPIRED and (newer := self.newer_sighting(image_id)) is not None:
            yield from self.ask_file(self.wishes[image_id], newer)
        elif response.status == EXPIRED and self.refresh(image_id):
            yield from self.advance()
        elif is_full_size(response.url) and image_id_from_address(response.url) != image_id:
            yield from self.give_up(image_id, ImageStatus.FAILED, "file leads to another image")
        elif response.status in GONE:
            yield from self.give_up(image_id, ImageStatus.GONE, FILE_GONE)
        elif response.status != 200:
            yield from self.give_up(image_id, ImageStatus.FAILED, f"file refused (status {response.status})")
        elif not is_full_size(response.url):
            yield from self.give_up(image_id, ImageStatus.FAILED, "file is only a thumbnail")
        elif reason := self.sieve.reason_of(response):
            yield from self.give_up(image_id, ImageStatus.FILTERED, reason)
        else:
            item = self._item(image_id, sighting)
            item.content = response.body
            yield item

    def image_failed(self, failure: Failure) -> Iterator[Any]:
        """Yield the outcome of a file that never came."""
        request: Request = failure.request  # type: ignore[attr-defined]
        image_id = request.cb_kwargs["image_id"]
        if isinstance(failure.value, DownloadCancelledError):
            yield from self.give_up(image_id, ImageStatus.FAILED, "file is larger than DOWNLOAD_MAXSIZE")
            return
        # The address that was asked for; a redirect's is anybody's text.
        url = without_signature(request.cb_kwargs["sighting"].url)
        yield from self.give_up_for(image_id, error_of(failure, url), "file")

    def refresh(self, image_id: int) -> bool:
        """Ask an image's page once more, for an address that has not expired; False if that was done before."""
        wish = self.wishes[image_id]
        if wish.refreshed:
            return False
        wish.refreshed, wish.asked = True, False
        self._expired.append(image_id)
        return True

    def newer_sighting(self, image_id: int) -> Sighting | None:
        """Return what a page showed of an image since its file was asked for; None if nothing did."""
        wish = self.wishes[image_id]
        newer, wish.newer, wish.expired = wish.newer, None, True
        return newer

    def _on_closed(self) -> None:
        """Say how many images are wanted still."""
        if not self.dry_run:
            self.stats.set_value("imagefap/images/left", len(self.wishes))

    def _on_item(self, item: Any) -> None:
        """Forget the wish: whatever became of the image is on record."""
        if isinstance(item, ImageItem) and item.status is ImageStatus.FILTERED and is_by_place(item.reason):
            return  # another folder may want it
        if isinstance(item, ImageItem | AuditItem):
            self.wishes.pop(item.image_id, None)
            self._done.add(item.image_id)

"""Photo pages, strips and image files: from a wanted image to its bytes, with as few pages as there can be."""

from __future__ import annotations

import logging
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from scrapy import Request, signals
from scrapy.exceptions import DownloadCancelledError

from imagefap_scraper.exceptions import ArchiveError, LayoutChanged, NotFoundError, PageNotFound
from imagefap_scraper.items import AuditItem, ImageItem, ImageStatus
from imagefap_scraper.pace.slots import IMAGE_SLOT
from imagefap_scraper.pages.photo import Photo, PhotoPage
from imagefap_scraper.pages.strip import Strip, StripPage
from imagefap_scraper.pages.urls import image_id_from_address, is_full_size, without_signature
from imagefap_scraper.planning.planner import Planner
from imagefap_scraper.planning.windows import PhotoRequest, StripRequest, Window, strip_around
from imagefap_scraper.spiders.base import ArchiveSpider, Step
from imagefap_scraper.storage.names import is_cut

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scrapy.http import Response
    from twisted.python.failure import Failure

logger = logging.getLogger(__name__)

#: Above every page: an address expires, and a page may wait.
IMAGE_PRIORITY = 100
#: Reason of an image whose page is there, without its address on it or beside it.
NO_ADDRESS = "no full-size address on its page"
#: Reasons of images that the site itself no longer has.
PAGE_GONE = "page gone"
FILE_GONE = "file gone"
#: Status codes by which the site says that an image's file is no longer there.
GONE = (404, 410)
#: Status code of an address whose signature has expired.
EXPIRED = 403


@dataclass(slots=True)
class Wish:
    """An image that is wanted and not yet here.

    Attributes:
        image_id: the site's number.
        name: its whole name; None while not known.
        gallery_id: the gallery that the listing or an earlier page named.
        sha256: set if the archive holds its bytes under the other layout: a copy is enough.
        asked: True while its file is on the way, or has come.
        refreshed: True once its page was asked a second time for a new address.
        expired: True once an address of its file had expired.
        newer: what a page showed of it while its file was on the way: an address that expires later.
    """

    image_id: int
    name: str | None = None
    gallery_id: int | None = None
    sha256: str | None = None
    asked: bool = False
    refreshed: bool = False
    expired: bool = False
    newer: Sighting | None = None


@dataclass(frozen=True, slots=True)
class Sighting:
    """What a page showed of an image: its signed full-size address and what is known from there."""

    url: str
    page_url: str
    gallery_id: int | None = None
    added: str | None = None
    name: str | None = None


class PhotoStep(Step):
    """The photo page of one image."""

    kind = "photo"
    may_wait = True

    def __init__(self, spider: PhotoSpider, request: PhotoRequest) -> None:
        super().__init__()
        self._spider = spider
        self._request = request

    @property
    def url(self) -> str:
        """Address of the photo page."""
        return self._spider.site.photo(self._request.image_id, self._request.gallery_id)

    def read(self, text: str, url: str) -> Iterator[Any]:
        """Yield image requests for everything wanted that the page shows."""
        image_id = self._request.image_id
        photo = PhotoPage(text, url, self._spider.site).photo(image_id)
        window = _window(photo.strip, photo.gallery_id)
        self._spider.planner.saw(self._request, window)
        yield from self._spider.take_photo(photo, window, url)
        yield from self._spider.take_strip(photo.strip, photo.gallery_id, url)

    def missed(self, error: ArchiveError) -> Iterator[Any]:
        """Yield the image's outcome."""
        self._spider.planner.saw(self._request, None)
        yield from self._spider.give_up_for(self._request.image_id, error, "page")

    def postpone(self) -> None:
        """Let the other images' pages go first."""
        self._spider.planner.saw(self._request, None)

    def is_needless(self) -> bool:
        """Return whether the image's file is on the way."""
        return not self._spider.still_wants(self._request.image_id)


class StripStep(Step):
    """A partial strip: entries of a gallery, without any page around them.

    Args:
        spider: whose step it is.
        request: which entries.
        for_image: an image whose own page did not show its address, which must be here or nowhere.
    """

    kind = "strip"

    def __init__(self, spider: PhotoSpider, request: StripRequest, for_image: int | None = None) -> None:
        super().__init__()
        self._spider = spider
        self._request = request
        self._for_image = for_image

    @property
    def url(self) -> str:
        """Address of the strip."""
        return self._spider.site.strip(self._request.via_image_id, self._request.gallery_id, self._request.start)

    def read(self, text: str, url: str) -> Iterator[Any]:
        """Yield image requests for everything wanted that the strip shows."""
        strip = StripPage(text, url, self._spider.site).strip()
        if self._for_image is None:
            self._spider.planner.saw(self._request, _window(strip, self._request.gallery_id))
        yield from self._spider.take_strip(strip, self._request.gallery_id, url)
        if self._for_image is not None and self._spider.still_wants(self._for_image):
            yield from self._spider.give_up(self._for_image, ImageStatus.FAILED, NO_ADDRESS)

    def missed(self, error: ArchiveError) -> Iterator[Any]:
        """A strip is only a short cut: its images' own pages will be asked."""
        if self._for_image is None:
            self._spider.planner.saw(self._request, None)
        if self._for_image is not None and self._spider.still_wants(self._for_image):
            yield from self._spider.give_up_for(self._for_image, error, "page")


class PhotoSpider(ArchiveSpider):
    """A spider that knows which images are wanted and gets them."""

    #: Whether a file needs its image's whole name.
    needs_names = False

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.planner = Planner()
        self.wishes: dict[int, Wish] = {}
        #: Images whose outcome this run has put on record: a listing that shows one later asks for nothing.
        self._done: set[int] = set()
        self._own_strips: deque[StripStep] = deque()
        self._expired: deque[int] = deque()
        for signal in (signals.item_scraped, signals.item_dropped, signals.item_error):
            kwargs["crawler"].signals.connect(self._on_item, signal=signal)
        kwargs["crawler"].signals.connect(self._on_closed, signal=signals.spider_closed)

    # What is wanted

    def wish(self, wish: Wish, rank: tuple[int, ...]) -> Iterator[Any]:
        """Put an image on the list, with its place in the order of the listings; yield it if it is here already."""
        if wish.image_id in self._done:
            return
        if wish.image_id in self.wishes:
            known = self.wishes[wish.image_id]
            known.name = known.name or wish.name
            return
        self.wishes[wish.image_id] = wish
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
        wish = self.wishes.get(image_id)
        return wish is not None and not wish.asked

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
        if photo.url is not None:
            sighting = Sighting(photo.url, page_url, photo.gallery_id, photo.added, photo.name)
            yield from self.ask_file(wish, sighting)
        elif (around := strip_around(photo.image_id, window)) is not None:
            self._own_strips.append(StripStep(self, around, for_image=photo.image_id))
        else:
            yield from self.give_up(photo.image_id, ImageStatus.FAILED, NO_ADDRESS)

    def take_strip(self, strip: Strip, gallery_id: int | None, page_url: str) -> Iterator[Any]:
        """Yield requests for the files of everything wanted in a strip."""
        for entry in strip.entries:
            wish = self.wishes.get(entry.image_id)
            if wish is None or (self.needs_names and wish.name is None):
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
        yield from self.give_up_for(image_id, self.error_of(failure, url), "file")

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
        self.stats.set_value("imagefap/images/left", len(self.wishes))

    def _on_item(self, item: Any) -> None:
        """Forget the wish: whatever became of the image is on record."""
        if isinstance(item, ImageItem | AuditItem):
            self.wishes.pop(item.image_id, None)
            self._done.add(item.image_id)


def _window(strip: Strip, gallery_id: int | None) -> Window:
    ids = tuple(entry.image_id for entry in strip.entries)
    return Window(gallery_id or strip.gallery_id, strip.total, strip.index, ids)


def whole_name(name: str | None, listed_name: str | None, *, listed_is_enough: bool) -> str | None:
    """Return the name for a file: the photo page's, else the listing's unless it is cut; None if neither is whole."""
    if name is not None or listed_name is None:
        return name
    return listed_name if listed_is_enough or not is_cut(listed_name) else None

"""The strip: up to 24 neighbours of an image in its gallery, each with its signed full-size address."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from imagefap_scraper.exceptions import LayoutChanged
from imagefap_scraper.pages._page import Page, has_class
from imagefap_scraper.pages._text import collapse, parse_count, parse_dimension, parse_id
from imagefap_scraper.pages.urls import image_id_from_address, is_full_size

if TYPE_CHECKING:
    from parsel import Selector

CONTAINER = f"//*[@id='_navi_cavi'] | //*[{has_class('_navi_cavi')}] | //ul[{has_class('thumbs')}]"
#: Links, and the hidden inputs that some pages carry instead.
ENTRIES = "//a[@imageid] | //a[@original and @framed] | //input[@imageid and @original]"
#: Entries that are there and not read mean another layout, not an empty strip.
UNREAD_ENTRIES = ".//li//a[@href]"
IS_EMPTY = "is_empty"


@dataclass(frozen=True)
class StripEntry:
    """One image of the strip.

    Attributes:
        image_id: the site's number of it.
        url: its signed full-size address; it expires, and is neither identity nor to be kept.
        width: pixels; None if not given.
        height: pixels; None if not given.
        added: when the site got it, as the site writes it; None if not given.
        views: how often it was looked at; None if not given.
    """

    image_id: int
    url: str
    width: int | None = None
    height: int | None = None
    added: str | None = None
    views: int | None = None


@dataclass(frozen=True)
class Strip:
    """A window of a gallery.

    Attributes:
        total: number of images in the gallery; None if not given.
        index: where the site says that the window or the opened image is, from 0; None if not given.
        gallery_id: the gallery; None if not known.
        entries: in the gallery's order, each image once; only those whose full-size address is their own.
        empty: True if the strip lists nothing at all.
        refused: images that it lists with another image's address, a foreign one, or none in full size.
    """

    total: int | None = None
    index: int | None = None
    gallery_id: int | None = None
    entries: tuple[StripEntry, ...] = ()
    empty: bool = False
    refused: tuple[int, ...] = ()


class StripPage(Page):
    """The partial answer `/photo/<id>/?gid=<gallery>&idx=<start>&partial=true`."""

    def strip(self) -> Strip:
        """The strip; without entries and `empty` where the gallery has no more.

        Raises:
            LayoutChanged: if the answer has no strip. `PageCut` if it ended in the middle.
        """
        self.require_whole()
        self.refuse_gone_address()
        strip = read_strip(self, self.address.gallery_id)
        if strip is None:
            raise self.changed("it has no strip")
        return strip


def read_strip(page: Page, gallery_id: int | None) -> Strip | None:
    """The strip of a photo page or partial answer; None if there is none.

    Raises:
        LayoutChanged: if a strip has entries that name no image.
    """
    container = next(iter(page.selector.xpath(CONTAINER)), None)
    nodes = page.selector.xpath(ENTRIES)
    said_empty = (page.value_of(IS_EMPTY) or "0") != "0"
    if container is None and not nodes and not said_empty:
        return None
    entries: dict[int, StripEntry] = {}
    refused: dict[int, None] = {}
    for node in nodes:
        entry, refused_id = _entry(page, node)
        if entry is not None:
            entries.setdefault(entry.image_id, entry)
        elif refused_id is not None:
            refused[refused_id] = None
    if container is not None and not entries and not refused and container.xpath(UNREAD_ENTRIES):
        raise page.changed("its strip names no images")
    return Strip(
        total=parse_count(container.xpath("@data-total").get()) if container is not None else None,
        index=parse_count(container.xpath("@data-idx").get()) if container is not None else None,
        gallery_id=gallery_id,
        entries=tuple(entries.values()),
        empty=not entries and not refused,
        refused=tuple(image_id for image_id in refused if image_id not in entries),
    )


def _entry(page: Page, node: Selector) -> tuple[StripEntry | None, int | None]:
    """The entry, or the id of the image whose entry is refused."""
    given = node.xpath("@imageid").get()
    image_id = parse_id(given)
    url = None
    for attribute in ("original", "href"):
        url = own_full_url(page, node.xpath(f"@{attribute}").get(), image_id)
        if url is not None:
            break
    # Without the attribute the address alone says which image it is; with a senseless one nothing does.
    known_id = image_id_from_address(url) if url is not None and given is None else image_id
    if url is None or known_id is None:
        return None, known_id
    width, height = parse_dimension(node.xpath("@dimension").get()) or (None, None)
    added = collapse(node.xpath("@added").get()) or None
    return StripEntry(known_id, url, width, height, added, parse_count(node.xpath("@views").get())), None


def own_full_url(page: Page, href: str | None, image_id: int | None) -> str | None:
    """`href` as an absolute address if it is full-size, the site's, and (where an id is given) that image's own."""
    if not href:
        return None
    try:
        url = page.site.adopt(href, page.url)
    except LayoutChanged:
        return None
    named = image_id_from_address(url)
    if not is_full_size(url) or named is None or (image_id is not None and named != image_id):
        return None
    return url

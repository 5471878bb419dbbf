"""A gallery's page: its title, its size, and its images in order."""

from __future__ import annotations

import re
from dataclasses import dataclass

from imagefap_scraper.exceptions import PageNotFound
from imagefap_scraper.pages._cells import ListedImage, listed_images
from imagefap_scraper.pages._page import Page, node_text
from imagefap_scraper.pages._text import collapse, parse_count, parse_id
from imagefap_scraper.pages.folders import NEXT

GALLERY_IDS = ("galleryid_input", "gal_gid")
TITLES = "//font[@itemprop='name'] | //font[@size='4'][translate(@color, 'c', 'C')='#CC0000']"
PAGE_TITLE_END = re.compile(r"\s*Porn Pics (?:&|and) Porn GIFs.*$", re.IGNORECASE)
#: The alternative text of each thumbnail ends with the size of the whole gallery.
COUNTED_IMAGES = "//img/@alt"
COUNT = re.compile(r" [0-9]{1,18} of ([0-9]{1,18}) pics?\b", re.IGNORECASE)
GONE = re.compile(r"Could not find gallery|This gallery has been flagged|Gallery not found", re.IGNORECASE)


@dataclass(frozen=True)
class Gallery:
    """One page of a gallery.

    Attributes:
        gallery_id: the site's number of it.
        title: decoded once; None if not shown.
        total: its number of images; None if not shown.
        images: those of this page in the gallery's order, each once, with their names as listings show them.
        next_page: number of the next page, from 0; None without one.
    """

    gallery_id: int
    title: str | None
    total: int | None
    images: tuple[ListedImage, ...]
    next_page: int | None


class GalleryPage(Page):
    """The page `/gallery/<id>` or `/pictures/<id>/<slug>`."""

    def gallery(self) -> Gallery:
        """What the page lists; no images is an answer too ("This gallery is empty.").

        Raises:
            PageNotFound: if the site says that there is no such gallery.
            LayoutChanged: if it is no gallery page. `PageCut` if it ended in the middle.
        """
        self.require_whole()
        self.refuse_gone_address()
        gallery_id = parse_id(self.value_of(*GALLERY_IDS))
        if gallery_id is None:
            if self.says(GONE):
                raise PageNotFound(f"{self.shown}: the site says that there is no such gallery")
            raise self.changed("it does not name its gallery")
        images: dict[int, ListedImage] = {}
        for image in listed_images(self):
            images.setdefault(image.image_id, image)
        counts = (COUNT.search(alt) for alt in self.selector.xpath(COUNTED_IMAGES).getall())
        return Gallery(
            gallery_id=gallery_id,
            title=self._title(),
            total=next((parse_count(count[1]) for count in counts if count), None),
            images=tuple(images.values()),
            next_page=self._next_page(),
        )

    def _title(self) -> str | None:
        title = next(filter(None, map(node_text, self.selector.xpath(TITLES))), "")
        return title or PAGE_TITLE_END.sub("", collapse(self.selector.xpath("string(//title)").get())) or None

    def _next_page(self) -> int | None:
        pages = (link.address.page for link in self.links if NEXT.fullmatch(link.text))
        return next((page for page in pages if page > self.address.page), None)

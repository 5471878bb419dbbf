"""An image's own page: its full-size address, its whole name, its gallery, and the strip of its neighbours."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from imagefap_scraper.exceptions import PageNotFound
from imagefap_scraper.pages._names import MAIN_PHOTO, PhotoTexts, photo_texts
from imagefap_scraper.pages._page import Page, node_text
from imagefap_scraper.pages._text import collapse, parse_id
from imagefap_scraper.pages.strip import Strip, own_full_url, read_strip

if TYPE_CHECKING:
    from imagefap_scraper.pages._page import Link

OWN_ID = "imageid_input"
GALLERY_IDS = ("galleryid_input", "gal_gid")
PHOTO_MARKS = f"//*[@id='{OWN_ID}'] | {MAIN_PHOTO} | //*[contains(@itemtype, 'schema.org/ImageObject')]"
#: JSON-LD, the main picture and `contentUrl` hold framed previews; other scripts may hold the full-size address.
PLAIN_SCRIPTS = "//script[not(contains(@type, 'ld+json'))]/text()"
SCRIPT_ADDRESS = re.compile(r"https?:\\?/\\?/[^\s\"'<>]+|(?<=[\"'])\\?/\\?/[^\s\"'<>]+")
UPLOADER_LINKS = "//td[contains(concat(' ', normalize-space(@class), ' '), ' mnu0 ')]//a[@href]"
TEXT_BEFORE = "preceding::text()[normalize-space()][1]"

DOES_NOT_EXIST = re.compile(r"(?:sorry,? )?the (?:image|photo|picture) you are trying to access does not exist", re.I)
#: The title of a removed image: no name, no gallery, no uploader.
REMOVED_TITLE = re.compile(r"\(Picture \d+\) uploaded by on ImageFap\.com", re.IGNORECASE)


@dataclass(frozen=True)
class Photo:
    """What a photo page says about its image.

    Attributes:
        image_id: the site's number of it.
        gallery_id: the gallery that it belongs to; None if not said.
        gallery_title: that gallery's title; None if not said.
        name: its whole name, decoded once; None if not said.
        url: its own signed full-size address; None if the page does not give it. It expires.
        width: pixels; None if not said.
        height: pixels; None if not said.
        added: when the site got it, as the strip writes it ("2012-03-04 05:06:07"); None if not said.
        uploader: name of its uploader; None if not said.
        strip: the neighbours in its gallery, mostly with the image itself.
    """

    image_id: int
    gallery_id: int | None
    gallery_title: str | None
    name: str | None
    url: str | None
    width: int | None
    height: int | None
    added: str | None
    uploader: str | None
    strip: Strip


class PhotoPage(Page):
    """The page `/photo/<image id>/`."""

    def photo(self, image_id: int) -> Photo:
        """What the page says about the image, which must be the one it shows.

        Raises:
            PageNotFound: if the site says, with status 200, that the image is not there.
            LayoutChanged: if it is no photo page, or another image's. `PageCut` if it ended in the middle.
        """
        self.require_whole()
        self.refuse_gone_address()
        gallery_id, gallery_title = self._gallery()
        strip = read_strip(self, gallery_id)
        own = next((entry for entry in strip.entries if entry.image_id == image_id), None) if strip else None
        texts = photo_texts(self, gallery_title)
        if own is None:
            self._refuse_removed(image_id, texts)
        self._require_photo(image_id, strip)
        width, height = (own.width, own.height) if own else (None, None)
        if width is None or height is None:
            width, height = texts.size or (width, height)
        return Photo(
            image_id=image_id,
            gallery_id=gallery_id,
            gallery_title=gallery_title,
            name=texts.name,
            url=own.url if own else self._url_in_scripts(image_id),
            width=width,
            height=height,
            added=own.added if own else None,
            uploader=self._uploader() or texts.uploader,
            strip=strip or Strip(gallery_id=gallery_id, empty=True),
        )

    def _require_photo(self, image_id: int, strip: Strip | None) -> None:
        if strip is None and not self.selector.xpath(PHOTO_MARKS):
            raise self.changed("it has neither a strip nor any mark of a photo page")
        shown = parse_id(self.value_of(OWN_ID))
        if shown is not None and shown != image_id:
            raise self.changed(f"it shows image {shown} and not image {image_id}")

    def _refuse_removed(self, image_id: int, texts: PhotoTexts) -> None:
        """Raises `PageNotFound` for the site's not-found texts; a picture may bear one of them as its name."""
        title = next(map(node_text, self.selector.xpath("//title")), "")
        said = self.says(DOES_NOT_EXIST) and not DOES_NOT_EXIST.match(texts.name or "")
        if said or REMOVED_TITLE.fullmatch(title):
            raise PageNotFound(f"{self.shown}: the site says that image {image_id} does not exist")

    def _gallery_links(self) -> list[Link]:
        """The links to a gallery that stand behind the word "Gallery:"."""
        links = [link for link in self.links if link.address.image_id is None and link.address.gallery_id]
        return [link for link in links if collapse(link.node.xpath(TEXT_BEFORE).get()).startswith("Gallery")]

    def _gallery(self) -> tuple[int | None, str | None]:
        """Number and title of the image's gallery, each as far as the page says it."""
        gallery_id = parse_id(self.value_of(*GALLERY_IDS))
        for link in self._gallery_links():
            if link.text and gallery_id in {None, link.address.gallery_id}:
                return link.address.gallery_id, link.text
        return gallery_id, None

    def _uploader(self) -> str | None:
        for link in self.links_at(UPLOADER_LINKS):
            address = link.address
            if (address.is_script("profile.php") or address.path.startswith("/profile/")) and address.user_name:
                return address.user_name
        return None

    def _url_in_scripts(self, image_id: int) -> str | None:
        """The image's own full-size address out of a script, where addresses are escaped."""
        for script in self.selector.xpath(PLAIN_SCRIPTS).getall():
            for match in SCRIPT_ADDRESS.finditer(script):
                url = own_full_url(self, match[0], image_id)
                if url is not None:
                    return url
        return None

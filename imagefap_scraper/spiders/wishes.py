"""What is wanted of one image, what a page showed of it, and why it could not be had."""

from __future__ import annotations

from dataclasses import dataclass

from imagefap_scraper.storage.names import is_cut

#: Reason of an image whose page is there, without its address on it or beside it.
NO_ADDRESS = "no full-size address on its page"
#: Reasons of images that the site itself no longer has.
PAGE_GONE = "page gone"
FILE_GONE = "file gone"


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


def whole_name(name: str | None, listed_name: str | None, *, listed_is_enough: bool) -> str | None:
    """Return the name for a file: the photo page's, else the listing's unless it is cut; None if neither is whole."""
    if name is not None or listed_name is None:
        return name
    return listed_name if listed_is_enough or not is_cut(listed_name) else None

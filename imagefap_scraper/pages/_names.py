"""What a photo page says in words: the image's whole name, its uploader, its size."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from imagefap_scraper.pages._page import node_text
from imagefap_scraper.pages._text import collapse, parse_id

if TYPE_CHECKING:
    from collections.abc import Iterator

    from imagefap_scraper.pages._page import Page

MAIN_PHOTO = "//*[@id='mainPhoto']"
TITLE = "//title"
DESCRIPTION = "//meta[translate(@name, 'DESCRIPTON', 'descripton')='description']/@content"
NOSCRIPT_IMAGE = "//noscript//img"
JSON_LD = "//script[contains(@type, 'ld+json')]/text()"

#: For odd names the description lacks the name; then nothing but white space stands between the words.
IN_DESCRIPTION = re.compile(r"View this hot (.+?) porn (?:pic|gif) uploaded by", re.IGNORECASE | re.DOTALL)
IN_TITLE = re.compile(r"(.+?) Porn (?:Pic|Gif|GIF) From\b", re.DOTALL)
IN_OLD_TITLE = re.compile(r"(.+?) in gallery (.*) \(Picture \d+\) uploaded by (.*) on ImageFap\.com", re.IGNORECASE)
#: Characters of the title that are looked at: many times a real one, so that matching stays quick.
LONGEST_TITLE = 2_000
ANONYMOUS = "anonymous"


@dataclass(frozen=True)
class PhotoTexts:
    """What stands on a photo page in words; None for what it does not say.

    Attributes:
        name: whole name, decoded once.
        uploader: name of the uploader; None for "Anonymous" as well.
        size: width and height in pixels.
    """

    name: str | None
    uploader: str | None
    size: tuple[int, int] | None


def photo_texts(page: Page, gallery_title: str | None) -> PhotoTexts:
    """Reads the words of a photo page; `gallery_title` helps to part it from the name where both stand together."""
    described = next(_json_objects(page), {})
    title = next(map(node_text, page.selector.xpath(TITLE)), "")[:LONGEST_TITLE]
    old_title = IN_OLD_TITLE.fullmatch(title)
    uploader = collapse(old_title[3]) if old_title else _author(described)
    return PhotoTexts(
        name=next(filter(None, _names(page, title, gallery_title)), None),
        uploader=None if not uploader or uploader.lower() == ANONYMOUS else uploader,
        size=_size(described),
    )


def _names(page: Page, title: str, gallery_title: str | None) -> Iterator[str | None]:
    """The whole name from each place where it stands, the surest first."""
    description = IN_DESCRIPTION.match(collapse(page.selector.xpath(DESCRIPTION).get()))
    yield description and collapse(description[1])
    yield _name_in_title(title, gallery_title)
    yield collapse(page.selector.xpath(f"{MAIN_PHOTO}/@title").get())
    for image in page.selector.xpath(NOSCRIPT_IMAGE):
        both = collapse(image.xpath("@title").get() or image.xpath("@alt").get())
        front = f"{gallery_title} - "
        yield both.removeprefix(front) if both.startswith(front) else both.partition(" - ")[2]


def _name_in_title(title: str, gallery_title: str | None) -> str | None:
    """The name in the title of today, or in the older one, where the gallery's title may hold the same words."""
    if gallery_title:
        for words in (f" Porn Pic From {gallery_title}", f" in gallery {gallery_title} (Picture "):
            name, found, _ = title.partition(words)
            if found:
                return name
    match = IN_TITLE.match(title) or IN_OLD_TITLE.fullmatch(title)
    return match[1] if match else None


def _json_objects(page: Page) -> Iterator[dict[str, Any]]:
    """The JSON-LD objects with a width: the image's. Its `name` is no name of an image, often the gallery's title."""
    for script in page.selector.xpath(JSON_LD).getall():
        try:
            found = json.loads(script)
        except (ValueError, RecursionError):
            continue
        for value in found if isinstance(found, list) else [found]:
            if isinstance(value, dict) and "width" in value:
                yield value


def _author(described: dict[str, Any]) -> str:
    author = described.get("author")
    name = author.get("name") if isinstance(author, dict) else author
    return collapse(name) if isinstance(name, str) else ""


def _size(described: dict[str, Any]) -> tuple[int, int] | None:
    width, height = (parse_id(str(described.get(side)).removesuffix("px")) for side in ("width", "height"))
    return (width, height) if width and height else None

"""The items of a favorites folder page: image cells and gallery rows."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from imagefap_scraper.pages._page import Link, Page, has_class, node_text
from imagefap_scraper.pages._text import collapse, name_is_cut, parse_count, parse_dimension, parse_id

if TYPE_CHECKING:
    from parsel import Selector

#: An image's cell is `<td id="img-<image id>">`, whatever its class.
IS_CELL = "[self::td or self::div or self::li][starts-with(@id, 'img-')]"
CELLS_AND_LINKS = f"//*{IS_CELL} | //a[contains(@href, 'photo')]"
NEAREST_CELL = f"ancestor::*{IS_CELL}[1]"
CELL_ID = re.compile(r"img-([0-9]+)")
#: The texts under a picture: innermost, because the page itself may stand in a <font>; not the one around the picture.
FONTS = ".//font[not(.//font) and not(.//img)]"
IS_ITALIC = "boolean(.//i | .//em | parent::i | parent::em)"

#: A gallery's row is `<tr id="gid-N">`; N is not always the gallery's number.
GALLERY_ROWS = "//tr[starts-with(@id, 'gid-')]"
GALLERY_HEADER = f"//*[{has_class('blk_favorites_hdr')}]"
GALLERY_HEADER_TEXT = re.compile(r"Gallery Name\b", re.IGNORECASE)
ROW_CELLS = "./td"
#: Small pictures of a gallery, in its row or in the one below, which has no number of its own.
PREVIEWS = ". | following-sibling::tr[1][not(starts-with(@id, 'gid-'))]"
PREVIEW_ADDRESSES = ".//img/@src | .//img/@data-src | .//a/@href"
PREVIEWED = re.compile(r"/photo/([0-9]{1,18})(?:/|$)|/images/[^?#]*/([0-9]{1,18})\.")


@dataclass(frozen=True)
class ListedImage:
    """An image as a listing shows it.

    Attributes:
        image_id: the site's number of it.
        listed_name: decoded; None if the listing shows none.
        gallery_id: the gallery that its link names; None if it names none, which is usual.
        width: pixels; None if not shown.
        height: pixels; None if not shown.
        name_is_cut: True if the site cut the name (two or more dots at its end): extension lost, no identity.
    """

    image_id: int
    listed_name: str | None = None
    gallery_id: int | None = None
    width: int | None = None
    height: int | None = None
    name_is_cut: bool = False


@dataclass(frozen=True)
class ListedGallery:
    """A gallery in a galleries-type folder.

    Attributes:
        gallery_id: the site's number of it.
        title: decoded; perhaps cut; empty if not shown.
        count: its number of images; None if not shown.
        preview_id: one of its images, of which the listing shows a small picture; None if it shows none.
    """

    gallery_id: int
    title: str
    count: int | None = None
    preview_id: int | None = None


def listed_images(page: Page) -> tuple[ListedImage, ...]:
    """The images that a page lists, in order.

    A photo link counts if its `name` is the image's number or if it stands in that image's cell; other photo links
    (previews, comments) do not. A cell without a link that counts still lists its image: the site keeps listing what
    it has removed. Where there are gallery rows only cells count, because those rows show previews.
    """
    marked: dict[Any, list[ListedImage]] = {}
    cells_only = bool(page.selector.xpath(GALLERY_ROWS))
    for node in page.selector.xpath(CELLS_AND_LINKS):
        cell = next(iter(node.xpath(NEAREST_CELL)), None)
        if node.root.tag != "a":
            _open_cell(marked, node, cell)
            continue
        link = page.link(node)
        image_id = link.address.image_id if link else None
        if link is None or image_id is None or (cell is None and cells_only):
            continue
        if image_id in {parse_id(node.xpath("@name").get()), _cell_id(cell)}:
            _add(marked, node, cell, _listed(link, image_id, cell))
    return tuple(image for node, images in marked.items() for image in images or _unlinked(node))


def listed_galleries(page: Page) -> tuple[ListedGallery, ...]:
    """The galleries that a page lists, in order; a row without a link to its gallery is left out."""
    return tuple(filter(None, (_gallery(page, row) for row in page.selector.xpath(GALLERY_ROWS))))


def has_gallery_marks(page: Page) -> bool:
    """True if the page has gallery rows or the header over such rows, even with none below it."""
    headers = page.selector.xpath(GALLERY_HEADER)
    return bool(page.selector.xpath(GALLERY_ROWS)) or any(
        GALLERY_HEADER_TEXT.match(node_text(node)) for node in headers
    )


def _cell_id(cell: Selector | None) -> int | None:
    match = CELL_ID.fullmatch(cell.xpath("@id").get() or "") if cell is not None else None
    return parse_id(match[1]) if match else None


def _open_cell(marked: dict[Any, list[ListedImage]], node: Selector, outer: Selector | None) -> None:
    own = _cell_id(node)
    if own is not None and own != _cell_id(outer):
        marked.setdefault(node.root, [])


def _add(marked: dict[Any, list[ListedImage]], node: Selector, cell: Selector | None, image: ListedImage) -> None:
    """Notes an image under its cell (once, though a cell may link it twice), or under its link if it has no cell."""
    images = marked.setdefault(node.root if cell is None else cell.root, [])
    if all(known.image_id != image.image_id for known in images):
        images.append(image)


def _unlinked(element: Any) -> tuple[ListedImage, ...]:
    image_id = parse_id(str(element.get("id", "")).removeprefix("img-"))
    return (ListedImage(image_id),) if image_id is not None else ()


def _listed(link: Link, image_id: int, cell: Selector | None) -> ListedImage:
    name, size = _texts(_fonts(link.node, cell))
    width, height = size or (None, None)
    return ListedImage(image_id, name, link.address.gallery_id, width, height, name_is_cut(name))


def _fonts(anchor: Selector, cell: Selector | None) -> list[Selector]:
    """The texts of one image: those of its cell, else of the next row, if no other image shares its table."""
    if cell is not None:
        return [font for font in cell.xpath(FONTS) if _same(next(iter(font.xpath(NEAREST_CELL)), None), cell)]
    table = next(iter(anchor.xpath("ancestor::table[1]")), None)
    if table is None or len(table.xpath(".//a[@name][contains(@href, '/photo/')]")) != 1:
        return []
    return list(table.xpath(FONTS))


def _same(one: Selector | None, other: Selector) -> bool:
    return one is not None and one.root is other.root


def _texts(fonts: list[Selector]) -> tuple[str | None, tuple[int, int] | None]:
    """Listed name and dimensions out of description, listed name, dimensions and views, any of which may be absent.

    The name is the one in italics; else the second of four; else the one right before the dimensions.
    """
    texts = [node_text(font) for font in fonts]
    italic = [place for place, font in enumerate(fonts) if font.xpath(IS_ITALIC).get() == "1"]
    if len(italic) == 1:
        place = italic[0]
    elif len(fonts) == 4:
        place = 1
    else:
        sized = [number for number, text in enumerate(texts) if parse_dimension(text)]
        place = sized[-1] - 1 if sized else -1
    size = next(filter(None, map(parse_dimension, texts[place + 1 :])), None)
    return (texts[place] or None) if place >= 0 else None, size


def _gallery(page: Page, row: Selector) -> ListedGallery | None:
    links = [link for link in page.links_at(".//a[@href]", row) if link.address.image_id is None]
    named = [link for link in links if link.address.gallery_id is not None]
    if not named:
        return None
    gallery_id = named[0].address.gallery_id
    title = next((link.text for link in named if link.text and link.address.gallery_id == gallery_id), "")
    counts = (parse_count(collapse(cell.xpath("string(.)").get())) for cell in row.xpath(ROW_CELLS)[1:])
    count = next((count for count in counts if count is not None), None)
    return ListedGallery(gallery_id or 0, title, count, _preview_id(row))


def _preview_id(row: Selector) -> int | None:
    addresses = (address for part in row.xpath(PREVIEWS) for address in part.xpath(PREVIEW_ADDRESSES).getall())
    found = filter(None, map(PREVIEWED.search, addresses))
    return next((parse_id(match[1] or match[2]) for match in found), None)

"""What all page classes share: one parse, the links with their parts, and the first refusals."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from parsel import Selector

from imagefap_scraper.exceptions import LayoutChanged, PageNotFound
from imagefap_scraper.pages._address import Address
from imagefap_scraper.pages._text import collapse, is_cut, readable
from imagefap_scraper.pages.urls import without_signature

if TYPE_CHECKING:
    import re
    from collections.abc import Iterator

    from imagefap_scraper.pages.urls import Site

ANCHORS = "//a[@href]"
VISIBLE_TEXT = "//text()[not(ancestor::script or ancestor::style or ancestor::title or ancestor::head)]"

_GONE_SCRIPT = "404.php"


class PageCut(LayoutChanged):
    """The answer ended in the middle: asked again it may be whole."""

    cut = True


@dataclass(frozen=True)
class Link:
    """An anchor that stays on the site."""

    node: Selector
    address: Address

    @property
    def text(self) -> str:
        """What it shows, white space collapsed."""
        return node_text(self.node)


def node_text(node: Selector) -> str:
    """The text in an element, entities decoded once, white space collapsed."""
    return collapse(node.xpath("string(.)").get())


def has_class(name: str) -> str:
    """The XPath condition for an element that has the class `name` among its classes."""
    return f"contains(concat(' ', normalize-space(@class), ' '), ' {name} ')"


class Page:
    """One answer of the site.

    Args:
        text: the answer's body, decoded.
        url: the address that it came from, after redirects.
        site: what belongs to the site.
    """

    def __init__(self, text: str, url: str, site: Site) -> None:
        self.text = readable(text)
        self.url = url
        self.site = site

    @cached_property
    def selector(self) -> Selector:
        """The parsed page."""
        return Selector(text=self.text, type="html")

    @cached_property
    def address(self) -> Address:
        """The parts of the page's own address."""
        return Address.of(self.url)

    @cached_property
    def links(self) -> list[Link]:
        """Every link of the page that stays on the site, in order."""
        return list(self.links_at(ANCHORS))

    def links_at(self, xpath: str, within: Selector | None = None) -> Iterator[Link]:
        """The links that `xpath` selects and that stay on the site, in order."""
        for node in (within or self.selector).xpath(xpath):
            link = self.link(node)
            if link is not None:
                yield link

    def link(self, node: Selector) -> Link | None:
        """The anchor `node` as a link; None if it leads nowhere or away from the site."""
        href = node.xpath("@href").get() or ""
        if href.lstrip()[:11].lower() in {"", "javascript:"}:
            return None
        try:
            return Link(node, Address.of(self.site.adopt(href, self.url)))
        except LayoutChanged:
            return None

    def value_of(self, *ids: str) -> str | None:
        """The `value` of the first element that has one of these ids; None if there is none."""
        for element_id in ids:
            value = self.selector.xpath("//*[@id=$id]/@value", id=element_id).get()
            if value is not None:
                return value
        return None

    def says(self, pattern: re.Pattern[str]) -> bool:
        """True if a piece of the visible text starts with `pattern`; a name that merely contains it does not count."""
        return any(pattern.match(collapse(piece)) for piece in self.selector.xpath(VISIBLE_TEXT).getall())

    def require_whole(self) -> None:
        """Raises `PageCut` if the answer ended in the middle."""
        if is_cut(self.text):
            raise PageCut(f"{self.shown} was cut in the middle; nothing is concluded from it, ask for it again")

    def refuse_gone_address(self) -> None:
        """Raises `PageNotFound` if the site sent the request to its own not-found page."""
        if self.address.is_script(_GONE_SCRIPT):
            raise PageNotFound(f"{self.shown} is the site's not-found page")

    def changed(self, what: str) -> LayoutChanged:
        """The error for a page that is not what was asked for."""
        return LayoutChanged(f"{self.shown} does not look as expected: {what}; nothing is concluded from it")

    @property
    def shown(self) -> str:
        """The page's address for a message: one line and no signature of an image address."""
        address = self.url if "/images/" not in self.url else without_signature(self.url)
        return ascii(address[:300])[1:-1]

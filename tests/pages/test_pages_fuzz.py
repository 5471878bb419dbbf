"""Mangled pages: whatever the text, a page class returns values or raises one of the named outcomes."""

from __future__ import annotations

import random
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imagefap_scraper.exceptions import PageError
from imagefap_scraper.pages.blocked import is_block_address, is_block_text
from imagefap_scraper.pages.favorites import FavoritesFolderPage
from imagefap_scraper.pages.folders import FavoritesRootPage
from imagefap_scraper.pages.gallery import GalleryPage
from imagefap_scraper.pages.photo import PhotoPage
from imagefap_scraper.pages.profile import ProfilePage
from imagefap_scraper.pages.strip import StripPage
from imagefap_scraper.pages.urls import Site

PAGES = [path.read_text(encoding="utf-8") for path in sorted(Path(__file__).parent.glob("cases/*/*/page.html"))]
WORDS = [
    "href",
    "name",
    "imageid",
    "original",
    "class",
    "id",
    "<td",
    "<a ",
    "</table>",
    "userid=1234567",
    "&",
    "123",
    "'",
]
#: Numbers, addresses and bytes that have surprised parsers.
ODD = [
    *("\x00", "\ud800", "\xa0", "<!--", "]]>", "<![CDATA[", "&#0;", "&#xd800;", "\u0661\u0662", "9" * 19, "9" * 5000),
    *("-", "http://[", "https://a:b@x", "https://www.imagefap.com:99999/", "//[::1", "\\", "%ff%00", "\u202e", "1e999"),
    '{"width":' + "[" * 2000,
]
URLS = [
    "https://www.imagefap.com/photo/123/?gid=x",
    "http://[",
    "",
    "\ud800",
    "https://www.imagefap.com/a?page=-1&user=%ff",
]


def read_all(text: str, url: str) -> list[Any]:
    """What every page class makes of the text; only the named outcomes are swallowed."""
    site = Site()
    found: list[Any] = [is_block_text(text), is_block_address(url)]
    for reader in (
        lambda: ProfilePage(text, url, site).profile,
        lambda: FavoritesRootPage(text, url, site).root(1234567),
        lambda: FavoritesFolderPage(text, url, site).listing(1234567, 111),
        lambda: PhotoPage(text, url, site).photo(123),
        lambda: StripPage(text, url, site).strip(),
        lambda: GalleryPage(text, url, site).gallery(),
    ):
        try:
            found.append(reader())
        except PageError as error:
            str(error).encode("ascii", "strict")
    return found


def mangled(seed: int) -> str:
    """A saved page, damaged in one to five ways; a seed, because drawn places would crowd at the page's beginning."""
    dice = random.Random(seed)
    text = dice.choice(PAGES)
    for _ in range(dice.randint(1, 5)):
        place = dice.randint(0, len(text))
        changed = (
            text[:place] + "</html>",
            text[:place] + text[place + dice.randint(1, 200) :],
            text[:place] + dice.choice(ODD) + text[place:],
            text.replace(dice.choice(WORDS), dice.choice([*WORDS, *ODD])),
            re.sub(dice.choice(["<[^>]*>", "[0-9]+", "</", '"', "=", "<td"]), "", text, count=3),
            text[:place] + dice.choice(PAGES) + text[place:],
            text[:place] + "".join(chr(dice.randint(0, 0x2FF)) for _ in range(20)) + text[place:],
        )
        text = dice.choice(changed)
    return text + dice.choice(["", "</html>"])  # the first check refuses what was cut


@settings(max_examples=400, deadline=None)
@given(seed=st.integers(0, 2**64), url=st.sampled_from(URLS))
def test_mangled_pages_give_values_or_named_outcomes(seed: int, url: str) -> None:
    read_all(mangled(seed), url)


@settings(max_examples=60, deadline=None)
@given(text=st.text(alphabet=st.characters(), max_size=200), url=st.one_of(st.sampled_from(URLS), st.text(max_size=40)))
def test_any_text_gives_values_or_named_outcomes(text: str, url: str) -> None:
    read_all(text, url)
    read_all(f"<html>{text}</html>", url)


@pytest.mark.parametrize(
    "text", ["", " ", "\x00", "\ud800", "<html></html>", "{}", "<", "<html>" + "<div>" * 20_000 + "</html>"]
)
def test_degenerate_texts_are_refused_by_every_class(text: str) -> None:
    assert read_all(text, "https://www.imagefap.com/photo/123/") == [False, False]


def test_no_cut_page_loses_cells_silently() -> None:
    """A folder page cut anywhere is refused: it never lists fewer images than the whole one."""
    url = "https://www.imagefap.com/showfavorites.php?userid=1234567&page=0&folderid=111"
    text = (Path(__file__).parent / "cases/FavoritesFolderPage/images/page.html").read_text(encoding="utf-8")
    for place in range(0, text.index("</html>") + 6, 7):
        with pytest.raises(PageError):
            FavoritesFolderPage(text[:place], url, Site()).listing(1234567, 111)

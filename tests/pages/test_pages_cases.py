"""Saved pages and what they say: one folder a case, one test a field, so that a change of the site names the field."""

from __future__ import annotations

import dataclasses
import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from imagefap_scraper.exceptions import LayoutChanged, PageError, PageNotFound
from imagefap_scraper.pages._page import PageCut
from imagefap_scraper.pages.favorites import FavoritesFolderPage
from imagefap_scraper.pages.folders import FavoritesRootPage
from imagefap_scraper.pages.gallery import GalleryPage
from imagefap_scraper.pages.photo import PhotoPage
from imagefap_scraper.pages.profile import ProfilePage
from imagefap_scraper.pages.strip import StripPage
from imagefap_scraper.pages.urls import DEFAULT_SITE_URL, Site

CASES = Path(__file__).parent / "cases"
READERS: dict[str, Any] = {
    "ProfilePage": lambda *page: ProfilePage(*page).profile,
    "FavoritesRootPage": lambda *page: FavoritesRootPage(*page[:3]).root(*page[3:]),
    "FavoritesFolderPage": lambda *page: FavoritesFolderPage(*page[:3]).listing(*page[3:]),
    "PhotoPage": lambda *page: PhotoPage(*page[:3]).photo(*page[3:]),
    "StripPage": lambda *page: StripPage(*page).strip(),
    "GalleryPage": lambda *page: GalleryPage(*page).gallery(),
}
OUTCOMES: dict[str, type[PageError]] = {
    "PageNotFound": PageNotFound,
    "LayoutChanged": LayoutChanged,
    "PageCut": PageCut,
}


def read(case: Path) -> Any:
    meta = json.loads((case / "meta.json").read_text(encoding="utf-8"))
    text = (case / "page.html").read_text(encoding="utf-8")
    site = Site(meta.get("site", DEFAULT_SITE_URL))
    return READERS[case.parent.name](text, meta["url"], site, *meta.get("arguments", []))


@cache
def values(case: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(json.dumps(dataclasses.asdict(read(case))))
    return found


def expectations(*, refused: bool) -> list[Any]:
    found = []
    for case in sorted(CASES.glob("*/*")):
        expected = json.loads((case / "expected.json").read_text(encoding="utf-8"))
        name = f"{case.parent.name}-{case.name}"
        if "raises" in expected and refused:
            found.append(pytest.param(case, expected, id=name))
        elif "raises" not in expected and not refused:
            found += [pytest.param(case, field, value, id=f"{name}-{field}") for field, value in expected.items()]
    return found


@pytest.mark.parametrize(("case", "field", "expected"), expectations(refused=False))
def test_field(case: Path, field: str, expected: Any) -> None:
    assert values(case)[field] == expected


@pytest.mark.parametrize(("case", "expected"), expectations(refused=True))
def test_outcome(case: Path, expected: dict[str, str]) -> None:
    with pytest.raises(PageError) as caught:
        read(case)
    assert type(caught.value) is OUTCOMES[expected["raises"]]
    assert expected.get("message", "") in str(caught.value)
    assert "\n" not in str(caught.value)


def test_every_page_class_has_cases() -> None:
    assert {folder.name for folder in CASES.iterdir()} == set(READERS)

"""What a person does in the review, and what is looked at afterwards."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from playwright.sync_api import expect

if TYPE_CHECKING:
    from playwright.sync_api import Page
    from web_bench import Bench


def review(page: Page, home: str, query: str = "?class=copy") -> None:
    """Go to the review, and wait until there is something to see."""
    page.goto(f"{home}duplicates/review{query}")
    expect(page.locator("#stage img").first).to_be_visible()


def group_of(page: Page) -> str:
    """The number of the group that the address names."""
    found = re.search(r"[?&]g=(\d+)", page.url)
    assert found is not None
    return found[1]


def left(page: Page, group: str) -> None:
    """Wait until another group is shown."""
    page.wait_for_function("old => !location.search.includes(`g=${old}`)", arg=group)
    expect(page.locator("#stage img").first).to_be_visible()


def come_to(page: Page, group: str) -> None:
    """Wait until a group is shown."""
    page.wait_for_function("wanted => location.search.includes(`g=${wanted}`)", arg=group)


def trashed(bench: Bench) -> int:
    """How many pictures are in the trash."""
    return int(bench.ask("SELECT count(*) FROM blobs WHERE state = 'trashed'")[0][0])

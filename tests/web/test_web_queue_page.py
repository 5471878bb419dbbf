"""The queue by keyboard, a batch with its undoing, history and trash, in a real browser."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import web_bench
from web_bench import Bench, encoded, family, picture

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Page


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    root: Path = tmp_path_factory.mktemp("archive")
    made = web_bench.bench(root)
    for seed in range(3):
        made.add(*family(seed)[:2])
    made.add(encoded(picture(9)), encoded(picture(9).crop((30, 20, 460, 340))))
    made.find()
    return made


@pytest.fixture(scope="module")
def home(bench: Bench) -> Iterator[str]:
    with web_bench.serving(bench.root) as address:
        yield address.rstrip("/")


def _focused(page: Page) -> str | None:
    found: str | None = page.evaluate("document.activeElement.dataset.group ?? null")
    return found


def test_keys_go_from_group_to_group_and_into_the_review_and_back(page: Page, home: str) -> None:
    page.goto(f"{home}/duplicates")
    groups = [one.get_attribute("data-group") for one in page.locator("a.group").all()]
    assert len(groups) == 4
    page.keyboard.press("j")
    assert _focused(page) == groups[0]
    page.keyboard.press("ArrowDown")
    page.keyboard.press("j")
    page.keyboard.press("k")
    assert _focused(page) == groups[1]
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") == "filter"
    page.goto(f"{home}/duplicates")
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/duplicates/review?*g={groups[1]}*")
    page.go_back()
    page.wait_for_function("group => document.activeElement.dataset.group === group", arg=groups[1])
    page.keyboard.press("r")
    page.wait_for_url(f"**/duplicates/review?*g={groups[0]}*")


def test_a_batch_is_previewed_applied_and_undone_then_seen_in_history_and_trash(
    page: Page, home: str, bench: Bench
) -> None:
    page.goto(f"{home}/duplicates")
    page.get_by_role("link", name="Preview…").click()
    page.locator(".sample").nth(5).wait_for()
    page.get_by_role("button", name="Apply 3").click()
    page.get_by_text("3 groups decided").wait_for()
    assert len(list((bench.root / ".imagefap/trash").rglob("*.jpeg"))) == 3
    page.goto(f"{home}/trash")
    assert page.locator("input[name=picture]").count() == 3
    page.get_by_role("button", name="Bring ", exact=False).nth(2).click()
    page.get_by_text("back from the trash").wait_for()
    page.locator("#toasts").get_by_role("button", name="Undo").click()
    page.locator("input[name=picture]").nth(2).wait_for()
    page.goto(f"{home}/history")
    page.locator("details summary").first.click()
    page.locator(".batch", has_text="suggestions followed").get_by_role("button", name="Undo").click()
    page.locator(".batch", has_text="undone by").first.wait_for()
    assert not list((bench.root / ".imagefap/trash").rglob("*.jpeg"))
    assert bench.whole() == []


def test_the_slider_of_the_limits_asks_for_samples(page: Page, home: str) -> None:
    page.goto(f"{home}/duplicates/limits?distance=12")
    near = page.request.get(f"{home}/api/pairs?distance=0").json()
    assert near["samples"]
    page.locator("#distance-slider").fill("0")
    page.get_by_text("Within 0 bits:").wait_for()
    assert page.locator(".sample").count() == len(near["samples"])
    assert page.url.endswith("distance=0")


@pytest.mark.parametrize("width", [320, 1280])
@pytest.mark.parametrize(
    "path", ["/duplicates", "/duplicates/batch?class=copy", "/duplicates/rules", "/duplicates/limits"]
)
def test_nothing_is_wider_than_the_window(page: Page, home: str, width: int, path: str) -> None:
    page.set_viewport_size({"width": width, "height": 700})
    page.goto(home + path)
    assert page.evaluate("document.documentElement.scrollWidth") <= width

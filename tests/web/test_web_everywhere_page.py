"""What every page does, in a real browser: keys, theme, the page that is blank, a server that has gone."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import web_bench
from playwright.sync_api import expect

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Page


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    root: Path = tmp_path_factory.mktemp("archive")
    web_bench.bench(root).add(web_bench.encoded(web_bench.picture(1)))
    with web_bench.serving(root) as address:
        yield address


def test_the_key_that_blanks_the_page_works_again_and_after_a_reload(page: Page, home: str) -> None:
    page.goto(home)
    page.keyboard.press("b")
    assert page.locator("h1").is_hidden()
    page.reload()
    assert page.locator("h1").is_hidden()
    page.keyboard.press("b")
    assert page.locator("h1").is_visible()


def test_no_key_acts_while_somebody_types(page: Page, home: str) -> None:
    page.goto(home)
    page.keyboard.press("/")
    page.keyboard.type("b?")
    assert page.locator("#query").input_value() == "b?"
    assert page.locator("h1").is_visible()
    assert page.locator("dialog").count() == 0


def test_the_sheet_shows_the_keys_and_gives_the_focus_back(page: Page, home: str) -> None:
    page.goto(home)
    page.locator("#theme-switch").focus()
    page.keyboard.press("?")
    assert page.locator("dialog").get_by_text("Blank the page").is_visible()
    page.keyboard.press("Escape")
    page.locator("dialog").wait_for(state="detached")
    assert page.evaluate("document.activeElement.id") == "theme-switch"


def test_it_is_dark_until_the_user_wants_light(page: Page, home: str) -> None:
    def background() -> str:
        return str(page.evaluate("getComputedStyle(document.documentElement).backgroundColor"))

    page.goto(home)
    dark = background()
    page.click("#theme-switch")
    light = background()
    assert (dark, light) == ("rgb(21, 21, 21)", "rgb(250, 250, 250)")
    page.reload()
    assert background() == light


def test_a_server_that_has_gone_is_said_and_a_new_one_noticed(page: Page, tmp_path: Path) -> None:
    web_bench.bench(tmp_path).add(web_bench.encoded(web_bench.picture(1)))
    with web_bench.serving(tmp_path) as address:
        page.goto(address)
        page.wait_for_load_state()
        assert page.locator("#offline").is_hidden()
    page.locator("#offline").wait_for(state="visible", timeout=15_000)


def press_for(page: Page, label: str, key: str) -> None:
    page.get_by_role("button", name=f"Change the key: {label}").click()
    page.keyboard.press(key)


def test_a_key_is_changed_unless_another_action_has_it(page: Page, home: str) -> None:
    page.goto(f"{home}keys")
    press_for(page, "Blank the page", "q")
    press_for(page, "Show the keys", "q")
    assert "q is taken: Blank the page" in page.locator("#keys-said").inner_text()
    page.goto(home)
    page.keyboard.press("b")
    assert page.locator("h1").is_visible()
    page.keyboard.press("q")
    assert page.locator("h1").is_hidden()


def test_single_letters_can_be_off_or_want_alt(page: Page, home: str) -> None:
    page.goto(f"{home}keys")
    page.get_by_label("act together with Alt").check()
    page.goto(home)
    page.keyboard.press("b")
    assert page.locator("h1").is_visible()
    page.keyboard.press("Alt+b")
    assert page.locator("h1").is_hidden()
    page.keyboard.press("Alt+b")
    page.goto(f"{home}keys")
    page.get_by_label("do nothing").check()
    page.goto(home)
    page.keyboard.press("Alt+b")
    assert page.locator("h1").is_visible()


def test_small_pictures_are_blurred_until_they_are_pointed_at(page: Page, home: str) -> None:
    page.goto(f"{home}images")
    picture = page.locator(".cell img").first
    expect(picture).to_have_css("filter", "none")
    page.keyboard.press("Shift+B")
    page.mouse.move(0, 0)
    expect(picture).to_have_css("filter", re.compile("blur"))
    page.reload()
    expect(picture).to_have_css("filter", re.compile("blur"))
    picture.hover()
    expect(picture).to_have_css("filter", "none")
    page.goto(f"{home}keys")
    box = page.get_by_label("Small pictures are blurred")
    expect(box).to_be_checked()
    page.keyboard.press("Shift+B")
    expect(box).not_to_be_checked()


def test_the_docs_have_every_key(page: Page, home: str) -> None:
    page.goto(f"{home}keys")
    shown = []
    for table in page.locator("#keys-tables table").all():
        for row in table.locator("tr").all():
            label, keys, _ = (cell.inner_text().strip() for cell in row.locator("td").all())
            shown.append(f"| {' '.join(f'`{key}`' for key in keys.split())} | {label} |")
    docs = (Path(__file__).resolve().parents[2] / "docs" / "page.md").read_text(encoding="utf-8")
    assert [line for line in shown if line not in docs.splitlines()] == []

"""The review in a real browser, by its keys."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest
import web_bench
from PIL import Image, ImageStat
from playwright.sync_api import expect
from review_steps import come_to, group_of, left, review, trashed
from web_bench import encoded, picture

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import BrowserContext, Page
    from web_bench import Bench

#: Groups of copies in the archive of the long session; one of a turned picture comes on top.
GROUPS = 50


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    bench = web_bench.bench(tmp_path_factory.mktemp("made"))
    files = []
    for seed in range(GROUPS):
        image = picture(seed, 96, 72)
        files += [encoded(image, quality=92), encoded(image, quality=60)]
    turned = picture(99, 160, 120)
    files += [encoded(turned, quality=92), encoded(turned.transpose(Image.Transpose.ROTATE_90), quality=92)]
    bench.add(*files)
    bench.find()
    return bench.root


def transforms(page: Page) -> list[str]:
    return [str(one) for one in page.eval_on_selector_all("#stage img", "all => all.map(one => one.style.transform)")]


def test_a_whole_session_by_keys_alone(page: Page, home: str, bench: Bench) -> None:
    review(page, home, "?class=copy")
    total = len(bench.groups("new", "suggested")) - 1
    assert total > GROUPS * 0.8
    for number in range(1, total + 1):
        expect(page.locator("#place")).to_contain_text(f"{number} of {total}")
        expect(page.locator("#consequence")).to_contain_text("Enter: keep 1; 2 to the trash")
        page.keyboard.press("Enter")
    # Keys are faster than decisions: the last ones are on their way still.
    expect(page.locator("h1")).to_have_text("All done", timeout=30_000)
    assert trashed(bench) == total
    assert bench.whole() == []


def test_every_way_to_compare_shares_one_zoom(page: Page, home: str) -> None:
    review(page, home, "?class=copy")
    expect(page.locator("#stage img")).to_have_count(2)
    page.keyboard.press("+")
    page.keyboard.press("+")
    zoomed = transforms(page)
    assert "scale(1.5625" in zoomed[0]
    assert zoomed[0] == zoomed[1]
    for mode in ("grid", "flip", "slider", "difference"):
        page.click(f"[data-action=mode-{mode}]")
        expect(page.locator("#stage")).to_have_attribute("data-mode", mode)
        assert f"mode={mode}" in page.url
        expect(page.locator("#stage img")).to_have_count(2)
        assert all("scale(1.5625" in one for one in transforms(page))
        assert len(set(transforms(page))) == 1
    blend = "getComputedStyle(document.querySelectorAll('.layer')[1]).mixBlendMode"
    assert page.evaluate(blend) == "difference"
    page.mouse.move(640, 300)
    page.mouse.wheel(0, -300)
    page.wait_for_function("() => document.querySelector('#stage img').style.transform.includes('scale(3.125')")
    page.keyboard.press("0")
    assert all("scale(1)" in one for one in transforms(page))
    page.reload()
    expect(page.locator("#stage")).to_have_attribute("data-mode", "difference")


def test_flip_and_slider_and_loupe_by_keys(page: Page, home: str) -> None:
    review(page, home, "?class=copy")
    page.keyboard.press("Space")
    expect(page.locator(".layer.under")).to_have_attribute("data-layer", "1")
    page.keyboard.press("Space")
    expect(page.locator(".layer.under")).to_have_attribute("data-layer", "2")
    page.keyboard.press("c")
    expect(page.locator("#stage")).to_have_attribute("data-mode", "slider")
    page.keyboard.press(".")
    expect(page.locator(".split-range input")).to_have_value("55")
    page.keyboard.press("l")
    expect(page.locator(".loupe img")).to_have_count(2)
    page.keyboard.press("Escape")
    expect(page.locator(".loupe")).to_have_count(0)
    assert "/review" in page.url


def test_a_turned_copy_lies_on_the_other_one(page: Page, home: str) -> None:
    review(page, home, "?class=variants&mode=difference")
    expect(page.locator("#stage img")).to_have_count(2)
    turned = page.locator("#stage img").nth(1)
    expect(turned).to_have_attribute("data-sideways", "")
    shot = page.locator(".frame").screenshot()
    light = ImageStat.Stat(Image.open(io.BytesIO(shot)).convert("L")).mean[0]
    # Brightened four times; laid on each other the wrong way they differ by far more.
    assert light < 25


def test_a_custom_verdict_changes_the_line_and_all_skipped_is_refused(page: Page, home: str, bench: Bench) -> None:
    review(page, home, "?class=copy")
    line = page.locator("#consequence")
    page.keyboard.press("x")
    expect(line).to_contain_text("would lose its last copy")
    page.keyboard.press("Enter")
    expect(page.locator("[data-action=accept]")).to_be_disabled()
    page.keyboard.press("v")
    expect(line).to_contain_text("Enter: keep 1; keep 2 as a variant.")
    page.keyboard.press("Shift+F")
    expect(line).to_contain_text("none of these are the same")
    page.keyboard.press("2")
    expect(line).to_contain_text("Enter: keep 2; 1 to the trash")
    first = group_of(page)
    page.keyboard.press("2")
    left(page, first)
    expect(page.locator("#toasts")).to_contain_text("Done: keep 2; 1 to the trash")
    assert trashed(bench) == 1


def test_variants_not_the_same_and_later_are_undone_after_a_reload(page: Page, home: str, bench: Bench) -> None:
    before = bench.dump()
    review(page, home, "?class=copy")
    decided = []
    for keys in (["v", "Enter"], ["Shift+F", "Enter"], ["d"], ["Shift+D"]):
        decided.append(group_of(page))
        for key in keys:
            page.keyboard.press(key)
        left(page, decided[-1])
    expect(page.locator("#toasts")).to_contain_text("Put aside until 2")
    page.reload()
    expect(page.locator("#stage img").first).to_be_visible()
    for group in reversed(decided):
        page.keyboard.press("u")
        come_to(page, group)
    expect(page.locator("#toasts")).not_to_be_empty()
    assert bench.dump() == before


def test_two_tabs_in_conflict(context: BrowserContext, home: str, bench: Bench) -> None:
    one, other = context.new_page(), context.new_page()
    review(one, home, "?class=copy")
    review(other, home, "?class=copy")
    first = group_of(one)
    one.keyboard.press("Enter")
    expect(one.locator("#toasts")).to_contain_text("Done")
    other.keyboard.press("2")
    expect(other.locator("#notice")).to_contain_text("Changed by another tab")
    other.keyboard.press("Enter")
    other.get_by_role("button", name="Look again").click()
    expect(other.locator("#consequence")).to_contain_text("decided already")
    assert group_of(other) == first
    assert trashed(bench) == 1


def test_a_decision_that_did_not_arrive_is_kept(page: Page, home: str, bench: Bench) -> None:
    review(page, home, "?class=copy")
    first = group_of(page)
    page.keyboard.press("2")
    expect(page.locator("#consequence")).to_contain_text("Enter: keep 2")
    page.context.set_offline(True)
    page.keyboard.press("Enter")
    expect(page.locator("#unsent")).to_contain_text("1 decision was not sent")
    expect(page.locator("#offline")).to_be_visible()
    expect(page.locator("#consequence")).to_contain_text("Enter: keep 2")
    assert group_of(page) == first
    page.context.set_offline(False)
    page.keyboard.press("Enter")
    expect(page.locator("#toasts")).to_contain_text("Done: keep 2")
    expect(page.locator("#unsent")).to_be_hidden()
    assert trashed(bench) == 1


def test_a_key_of_the_users_own_acts(page: Page, home: str) -> None:
    page.add_init_script("localStorage.setItem('keys', JSON.stringify({'review.next': ['w']}))")
    review(page, home, "?class=copy")
    first = group_of(page)
    page.keyboard.press("n")
    assert group_of(page) == first
    page.keyboard.press("w")
    left(page, first)
    expect(page.locator("[data-action=next] kbd")).to_have_text("w")
    page.go_back()
    come_to(page, first)


def test_a_tag_for_the_keeper_by_keys_alone(page: Page, home: str, bench: Bench) -> None:
    review(page, home, "?class=copy")
    page.keyboard.press("t")
    page.keyboard.type("plants")
    page.keyboard.press("Enter")
    expect(page.locator("#facts td bdi", has_text="plants")).to_be_visible()
    expect(page.locator("#consequence")).to_contain_text("Enter: keep 1")


def test_what_goes_waits_for_the_end_if_that_is_preferred(page: Page, home: str, bench: Bench) -> None:
    review(page, home, "?class=copy")
    page.keyboard.press("o")
    expect(page.locator("[data-action=collect]")).to_have_attribute("aria-pressed", "true")
    expect(page.locator("#consequence")).to_contain_text("Enter: keep 1; at the end: 2 to the trash")
    page.keyboard.press("Enter")
    expect(page.locator("#toasts")).to_contain_text("Done: keep 1; at the end: 2 to the trash")
    expect(page.locator("#consequence")).to_contain_text("Enter: keep 1; at the end: 2 to the trash")
    page.keyboard.press("2")
    expect(page.locator("#consequence")).to_contain_text("Enter: keep 2; at the end: 1 to the trash")
    page.keyboard.press("o")
    expect(page.locator("#consequence")).to_contain_text("Enter: keep 2; 1 to the trash")
    assert trashed(bench) == 0
    page.goto(f"{home}duplicates")
    page.get_by_role("button", name="Throw out what is decided (1 group)").click()
    expect(page.locator("main")).to_contain_text("1 group carried out")
    assert trashed(bench) == 1


def test_a_number_accepts_at_once_if_that_is_preferred(page: Page, home: str, bench: Bench) -> None:
    page.goto(f"{home}keys")
    page.get_by_label("keep that picture and go on at once").check()
    review(page, home, "?class=copy")
    first = group_of(page)
    page.keyboard.press("2")
    left(page, first)
    expect(page.locator("#toasts")).to_contain_text("Done: keep 2; 1 to the trash")
    assert trashed(bench) == 1


def test_narrow_screens_flip(page: Page, home: str) -> None:
    page.set_viewport_size({"width": 320, "height": 640})
    review(page, home, "?class=copy")
    expect(page.locator("#stage")).to_have_attribute("data-mode", "flip")
    assert page.evaluate("document.documentElement.scrollWidth") == 320


def test_what_was_done_again_can_be_undone_again(page: Page, home: str, bench: Bench) -> None:
    review(page, home, "?class=copy")
    first = group_of(page)
    page.keyboard.press("u")
    expect(page.locator("#toasts")).to_have_text("There is nothing to undo.")
    page.keyboard.press("Enter")
    expect(page.locator("#toasts")).to_contain_text("Done: keep 1")
    for _ in range(2):
        page.keyboard.press("u")
        expect(page.locator("#toasts")).to_contain_text(f"Undone: group {first}: 1 keep, 1 skip")
        come_to(page, first)
        assert trashed(bench) == 0
        page.keyboard.press("n")
        left(page, first)
        page.keyboard.press("Shift+U")
        expect(page.locator("#toasts")).to_contain_text(f"Done again: group {first}: 1 keep, 1 skip")
        come_to(page, first)
        expect(page.locator("#consequence")).to_contain_text("decided already")
        assert trashed(bench) == 1
    page.get_by_role("button", name="Undo", exact=True).click()
    expect(page.locator("#toasts")).to_contain_text("Undone: group")
    page.evaluate("sessionStorage.clear()")
    page.keyboard.press("Shift+U")
    expect(page.locator("#toasts")).to_contain_text("Done again")
    assert trashed(bench) == 1


def test_a_peek_ends_in_the_way_of_comparing_that_it_began_in(page: Page, home: str) -> None:
    review(page, home, "?class=copy")
    page.keyboard.down("Space")
    expect(page.locator("#stage")).to_have_attribute("data-mode", "flip")
    page.wait_for_timeout(450)
    page.keyboard.up("Space")
    expect(page.locator("#stage")).to_have_attribute("data-mode", "two")
    assert "mode=two" in page.url


def test_the_line_names_the_key_that_the_user_chose(page: Page, home: str) -> None:
    page.add_init_script("localStorage.setItem('keys', JSON.stringify({'review.accept': ['w'], 'review.keep': ['q']}))")
    review(page, home, "?class=copy")
    expect(page.locator("#consequence")).to_contain_text("w: keep 1")
    expect(page.locator("[data-action=accept] kbd")).to_have_text("w")
    review(page, home, "?class=variants")
    expect(page.locator("#consequence")).to_contain_text("or q, s, f for one picture")

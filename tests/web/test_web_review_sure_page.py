"""The review decides what its line says, whatever else is pressed, and takes back what was done last."""

from __future__ import annotations

import io
import re
import shutil
import signal
from typing import TYPE_CHECKING

import pytest
import web_bench
from PIL import Image, ImageChops, ImageStat
from playwright.sync_api import expect
from review_steps import come_to, group_of, left, review, trashed
from web_bench import encoded, picture

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Locator, Page, Route
    from web_bench import Bench

GROUPS = 6


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six groups of copies, a turned picture, and a part of another one."""
    bench = web_bench.bench(tmp_path_factory.mktemp("made"))
    for seed in range(GROUPS):
        image = picture(seed, 96, 72)
        bench.add(encoded(image, quality=92), encoded(image, quality=60))
    turned, whole = picture(98, 160, 120), picture(99, 400, 300)
    bench.add(encoded(turned, quality=92), encoded(turned.transpose(Image.Transpose.ROTATE_90), quality=92))
    bench.add(encoded(whole, quality=92), encoded(whole.crop((0, 30, 400, 270)), quality=92))
    bench.find()
    return bench.root


def state(bench: Bench, group: str) -> str:
    return str(bench.ask("SELECT state FROM duplicate_groups WHERE group_id = ?", group)[0][0])


def kept(bench: Bench, group: str) -> list[str]:
    sql = "SELECT sha256 FROM duplicate_members WHERE group_id = ? AND verdict = 'keep'"
    return [str(sha256) for (sha256,) in bench.ask(sql, group)]


def test_enter_does_what_the_line_says_after_a_button_was_clicked(page: Page, home: str, bench: Bench) -> None:
    review(page, home)
    first = group_of(page)
    page.get_by_role("button", name=re.compile("^Later")).click()
    left(page, first)
    second = group_of(page)
    expect(page.locator("#consequence")).to_contain_text("Enter: keep 1; 2 to the trash")
    page.keyboard.press("Enter")
    left(page, second)
    expect(page.locator("#toasts")).to_contain_text("Done: keep 1; 2 to the trash")
    assert (state(bench, first), state(bench, second)) == ("deferred", "applied")


def test_a_key_that_is_held_decides_one_group(page: Page, home: str, bench: Bench) -> None:
    review(page, home)
    first = group_of(page)
    page.locator("[data-action=accept]").focus()
    for _ in range(4):
        # Without letting it go: all but the first are repeats.
        page.keyboard.down("Enter")
    page.keyboard.up("Enter")
    left(page, first)
    expect(page.locator("#toasts")).to_contain_text("Done: keep 1")
    page.wait_for_timeout(300)
    assert trashed(bench) == 1


def test_keys_are_faster_than_answers(page: Page, home: str, bench: Bench) -> None:
    review(page, home)
    second_picture = page.locator("#stage img").nth(1).get_attribute("src")
    first = group_of(page)

    def slowly(route: Route) -> None:
        page.wait_for_timeout(300)
        route.continue_()

    page.route("**/preview", slowly)
    for key in ("2", "Enter", "1", "Enter"):
        page.keyboard.press(key)
    expect(page.locator("#place")).to_contain_text("3 of")
    expect(page.locator("#toasts")).to_contain_text("Done: keep 1; 2 to the trash")
    assert second_picture == f"/blobs/{kept(bench, first)[0]}"
    assert trashed(bench) == 2


def test_undo_takes_back_a_tag_that_was_put_on_last(page: Page, home: str, bench: Bench) -> None:
    review(page, home)
    first = group_of(page)
    page.keyboard.press("Enter")
    left(page, first)
    second = group_of(page)
    page.keyboard.press("t")
    page.keyboard.type("plants")
    page.keyboard.press("Enter")
    expect(page.locator("#facts td bdi", has_text="plants")).to_be_visible()
    page.keyboard.press("u")
    expect(page.locator("#facts td bdi", has_text="plants")).to_have_count(0)
    assert (trashed(bench), group_of(page)) == (1, second)
    page.keyboard.press("u")
    come_to(page, first)
    assert trashed(bench) == 0


def test_undo_does_not_reach_into_another_archive_at_the_same_address(
    page: Page, made: Path, bench: Bench, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    shutil.copytree(made, other)
    with web_bench.running(bench.root) as (home, _):
        port = int(home.rstrip("/").rpartition(":")[2])
        review(page, home)
        page.keyboard.press("Enter")
        expect(page.locator("#toasts")).to_contain_text("Done: keep 1")
    with web_bench.running(other, port) as (home, _):
        review(page, home)
        page.keyboard.press("u")
        expect(page.locator("#toasts")).to_have_text("There is nothing to undo.")
    assert trashed(bench) == 1


def test_undo_of_tomorrow_shows_the_group(page: Page, home: str, bench: Bench) -> None:
    review(page, home)
    first = group_of(page)
    page.keyboard.press("Enter")
    left(page, first)
    expect(page.locator("#toasts")).to_contain_text("Done: keep 1")
    page.evaluate("sessionStorage.clear()")
    review(page, home)
    page.keyboard.press("u")
    come_to(page, first)
    assert trashed(bench) == 0


def test_an_undo_that_did_not_arrive_is_done_when_asked_again(page: Page, home: str, bench: Bench) -> None:
    review(page, home)
    groups = []
    for _ in range(2):
        groups.append(group_of(page))
        page.keyboard.press("Enter")
        left(page, groups[-1])
    expect(page.locator("#toasts")).to_contain_text("Done: keep 1")
    page.context.set_offline(True)
    page.keyboard.press("u")
    expect(page.locator(".toast.wrong")).to_contain_text("The server has stopped")
    page.context.set_offline(False)
    page.keyboard.press("u")
    come_to(page, groups[1])
    assert state(bench, groups[0]) == "applied"
    assert trashed(bench) == 1


def test_what_is_refused_is_not_called_unsent(page: Page, home: str, bench: Bench) -> None:
    review(page, home)
    first = group_of(page)
    (kept_path,) = bench.ask(
        "SELECT path FROM files JOIN duplicate_groups ON sha256 = suggestion WHERE group_id = ?", first
    )[0]
    (bench.root / kept_path).write_bytes(b"damaged")
    page.keyboard.press("Enter")
    expect(page.locator(".toast.wrong")).to_contain_text(f"Group {first} was not decided")
    come_to(page, first)
    expect(page.locator("#unsent")).to_be_hidden()
    page.keyboard.press("n")
    left(page, first)


def test_the_line_comes_back_with_the_server(page: Page, home: str) -> None:
    review(page, home)
    page.context.set_offline(True)
    page.keyboard.press("2")
    expect(page.locator("#consequence")).to_contain_text("The server has stopped")
    page.context.set_offline(False)
    # The page asks how things stand every few seconds.
    expect(page.locator("#consequence")).to_contain_text("Enter: keep 2; 1 to the trash", timeout=10_000)


def test_a_server_that_takes_long_is_waited_for_in_words(page: Page, bench: Bench) -> None:
    with web_bench.running(bench.root) as (home, server):
        review(page, home)
        server.send_signal(signal.SIGSTOP)
        page.keyboard.press("2")
        expect(page.locator("#slow")).to_be_visible()
        server.send_signal(signal.SIGCONT)
        expect(page.locator("#slow")).to_be_hidden()
        expect(page.locator("#consequence")).to_contain_text("Enter: keep 2")


def test_next_goes_on_from_a_group_that_is_decided(page: Page, home: str) -> None:
    review(page, home)
    seen = []
    for key in ("n", "Enter", "n"):
        seen.append(group_of(page))
        page.keyboard.press(key)
        left(page, seen[-1])
    last = group_of(page)
    page.go_back()
    page.go_back()
    come_to(page, seen[1])
    expect(page.locator("#place")).to_contain_text("2 of")
    expect(page.locator("#consequence")).to_contain_text("decided already")
    page.keyboard.press("n")
    come_to(page, seen[2])
    expect(page.locator("#place")).to_contain_text("3 of")
    assert last not in seen


def test_a_part_lies_in_its_place_in_the_whole(page: Page, home: str, bench: Bench) -> None:
    review(page, home, f"?g={crop(bench)}&mode=difference")
    expect(page.locator("#stage img")).to_have_count(2)
    expect(page.locator(".remark")).to_contain_text("is a part of the other")
    page.mouse.move(1, 1)
    shot = Image.open(io.BytesIO(page.locator(".frame").screenshot())).convert("L")
    # What both show is the middle; brightened four times, it would be far from black anywhere else.
    middle = shot.crop((shot.width // 2 - 60, shot.height * 3 // 10, shot.width // 2 + 60, shot.height * 7 // 10))
    assert ImageStat.Stat(middle).mean[0] < 25


@pytest.mark.parametrize("kind", ["turned", "crop"])
def test_the_loupe_shows_the_same_of_both(page: Page, home: str, bench: Bench, kind: str) -> None:
    review(page, home, f"?g={crop(bench) if kind == 'crop' else of_kind(bench, 'turned')}")
    page.keyboard.press("l")
    frame = page.locator(".frame").nth(0).bounding_box()
    assert frame is not None
    page.mouse.move(frame["x"] + frame["width"] * 0.55, frame["y"] + frame["height"] * 0.35)
    windows = page.locator(".loupe-window")
    expect(windows).to_have_count(2)
    page.wait_for_timeout(200)
    assert likeness(windows.nth(0), windows.nth(1)) < 12


def test_escape_leaves_the_box_that_is_typed_in(page: Page, home: str) -> None:
    review(page, home)
    page.keyboard.press("/")
    expect(page.locator("#query")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("#query")).not_to_be_focused()
    first = group_of(page)
    page.keyboard.press("n")
    left(page, first)


def test_line_and_picture_are_seen_together_on_a_small_screen(page: Page, home: str) -> None:
    page.set_viewport_size({"width": 320, "height": 640})
    review(page, home)
    for one in (page.locator("#consequence"), page.locator("#stage .frame")):
        box = one.bounding_box()
        assert box is not None
        assert box["y"] >= 0
        assert box["y"] + min(box["height"], 100) <= 640
    assert page.evaluate("scrollY") == 0


def test_the_panic_key_is_taken_by_nothing_else(page: Page, home: str) -> None:
    page.goto(f"{home}keys")
    page.get_by_role("button", name="Change the key: Blank the page, and bring it back").click()
    page.keyboard.press("d")
    expect(page.locator("#keys-said")).to_contain_text("d is taken: Later")
    page.evaluate("localStorage.setItem('keys', JSON.stringify({'everywhere.blank': ['d']}))")
    review(page, home)
    page.keyboard.press("d")
    expect(page.locator("h1")).to_be_hidden()


def test_keys_are_shown_as_they_have_to_be_pressed(page: Page, home: str) -> None:
    page.goto(f"{home}keys")
    page.get_by_label("act together with Alt").check()
    review(page, home)
    expect(page.locator("[data-action=keep] kbd")).to_have_text("Alt+k")
    expect(page.locator("[data-action=accept] kbd")).to_have_text("Enter")
    page.keyboard.press("Alt+?")
    expect(page.locator("dialog kbd", has_text="Alt+d").first).to_be_visible()


def of_kind(bench: Bench, kind: str) -> str:
    return str(bench.ask("SELECT group_id FROM duplicate_groups WHERE kind = ?", kind)[0][0])


def crop(bench: Bench) -> str:
    return of_kind(bench, "crop")


def likeness(one: Locator, other: Locator) -> float:
    """How far two parts of the screen differ, in levels of 255 on average."""
    first, second = (Image.open(io.BytesIO(shot.screenshot())).convert("L") for shot in (one, other))
    return float(ImageStat.Stat(ImageChops.difference(first, second.resize(first.size))).mean[0])

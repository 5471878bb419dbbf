"""The grid and the lightbox in a browser, over a folder of 20,000 pictures."""

from __future__ import annotations

import re
import sqlite3
import time
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest
import web_bench

from imagefap_scraper.database.session import DATABASE_NAME

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MANY = 20_000
DAY = "2026-01-01 00:00:00"


def seed(root: Path) -> None:
    """Images without files in the folder behind those that are there: every 100th failed, the one behind it is gone."""
    with closing(sqlite3.connect(root / DATABASE_NAME)) as connection, connection:
        status = {0: "failed", 1: "gone"}
        numbers = range(1001, 1001 + MANY - 5)
        connection.executemany(
            "INSERT INTO images (image_id, status, reason, attempts, name) VALUES (?, ?, ?, 1, ?)",
            [(n, status.get(n % 100, "wanted"), "cut short" if n % 100 == 0 else "", f"name {n}") for n in numbers],
        )
        connection.executemany(
            "INSERT INTO favorites (user_id, folder_id, image_id, position, verdict, first_seen, shown_at) "
            "VALUES (1, 10, ?, ?, 'new', ?, ?)",
            [(n, n, DAY, DAY) for n in numbers],
        )


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root: Path = tmp_path_factory.mktemp("grid")
    bench = web_bench.bench(root)
    bench.add(*(web_bench.encoded(web_bench.picture(one)) for one in range(5)))
    seed(root)
    return root


@pytest.fixture(scope="module")
def home(root: Path) -> Iterator[str]:
    with web_bench.serving(root) as home:
        yield home


@pytest.fixture
def page(browser: Any, home: str) -> Iterator[Any]:
    context = browser.new_context(viewport={"width": 1280, "height": 800}, base_url=home)
    page = context.new_page()
    page.set_default_timeout(10_000)
    strays: list[str] = []
    page.on("request", lambda request: request.url.startswith(home) or strays.append(request.url))
    page.on("pageerror", lambda error: strays.append(str(error)))
    yield page
    context.close()
    assert strays == []


def wait(page: Any, script: str) -> None:
    """Wait until a script says so. Playwright's own way compiles it in the page, which our policy forbids."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        # What is not there yet has no properties.
        if page.evaluate(f"() => {{ try {{ return Boolean({script}); }} catch {{ return false; }} }}"):
            return
        page.wait_for_timeout(50)
    raise AssertionError(script)


def open_folder(page: Any) -> None:
    page.goto("/folders/1/10")
    page.wait_for_selector("#grid.windowed [data-image='1']")


def in_sight(page: Any) -> int:
    """The number of the picture at the middle of the window."""
    script = "Number(document.elementFromPoint(200, 400).closest('.cell').dataset.index)"
    return int(page.evaluate(script))


def test_a_folder_of_20000_is_scrolled_to_its_end_with_few_cells(page: Any) -> None:
    open_folder(page)
    for share in (0.3, 0.6, 1.0):
        page.evaluate(f"scrollTo(0, document.documentElement.scrollHeight * {share})")
        wait(page, "!document.querySelector('.cell.loading')")
        wait(page, "document.querySelector('.cell').dataset.index > 50")
        assert page.locator(".cell").count() < 400
    page.wait_for_selector(f"[data-index='{MANY - 1}'][data-image]")
    assert page.locator("#grid").get_attribute("aria-rowcount") == str(-(-MANY // 6))
    assert "name" in page.locator(f"[data-index='{MANY - 1}']").inner_text()


def test_what_is_not_there_is_said_in_words(page: Any) -> None:
    page.goto("/folders/1/10?show=2000")
    page.wait_for_selector("dialog.lightbox .said form.retry")
    assert page.locator("dialog.lightbox .said").inner_text().split("\n\n")[:2] == ["Failed", "cut short"]
    page.keyboard.press("ArrowRight")
    wait(page, "document.querySelector('.lightbox .said').innerText == 'Gone from the site'")
    page.keyboard.press("Escape")
    page.wait_for_selector("[data-image='2001'] .open:focus")
    failed, gone = page.locator("[data-image='2000']"), page.locator("[data-image='2001']")
    assert "Failed" in failed.inner_text()
    assert "cut short" in failed.inner_text()
    assert failed.get_by_role("button", name="Fetch name 2000 again").count() == 1
    assert "Gone from the site" in gone.inner_text()
    assert gone.locator("form").count() == 0


def test_back_and_reload_keep_the_place(page: Any) -> None:
    open_folder(page)
    page.evaluate("scrollTo(0, 300000)")
    wait(page, "document.querySelector('.cell:not(.loading)')?.dataset.index > 1000")
    page.wait_for_timeout(400)
    before = in_sight(page)
    page.reload()
    wait(page, f"document.querySelector('.cell[data-index=\"{before}\"][data-image]')")
    assert in_sight(page) == before
    page.goto("/users")
    page.go_back()
    wait(page, f"document.querySelector('.cell[data-index=\"{before}\"][data-image]')")
    assert in_sight(page) == before


def test_the_lightbox_goes_across_pieces_and_back_closes_it(page: Any) -> None:
    open_folder(page)
    page.locator("[data-image='1'] .open").click()
    page.wait_for_selector(".lightbox .frame img")
    assert "show=1" in page.url
    assert page.locator(".lightbox .where").inner_text() == "1 of 20,000"
    # The first piece that is fetched has 120 pictures.
    for _ in range(125):
        page.keyboard.press("ArrowRight")
    wait(page, "document.querySelector('.lightbox .where').innerText == '126 of 20,000'")
    wait(page, "document.querySelector('.lightbox .said').innerText.startsWith('Not fetched yet')")
    wait(page, "location.search.includes('show=1121')")
    assert page.locator(".lightbox .frame img").count() == 0
    page.go_back()
    page.wait_for_selector(".lightbox:not([open])", state="attached")
    assert "show" not in page.url
    page.wait_for_selector("[data-image='1121'] .open:focus")


def test_keys_move_the_focus_from_cell_to_cell(page: Any) -> None:
    open_folder(page)
    page.keyboard.press("g")
    place = "Number(document.activeElement.closest('.cell')?.dataset.index)"
    assert page.evaluate(place) == 0
    for key, index in (("ArrowRight", 1), ("ArrowDown", 7), ("ArrowLeft", 6), ("ArrowUp", 0), ("ArrowUp", 0)):
        page.keyboard.press(key)
        assert page.evaluate(place) == index, key
    page.keyboard.press("End")
    wait(page, f"{place} == {MANY - 1}")
    assert page.locator("#grid [tabindex='0'].open").count() == 1
    page.keyboard.press("Home")
    wait(page, f"{place} == 0")
    page.keyboard.press("Enter")
    page.wait_for_selector(".lightbox .frame img")
    page.keyboard.press("i")
    wait(page, "document.querySelector('.facts-panel').innerText.includes('folder 10')")
    page.keyboard.press("z")
    wait(page, "!document.querySelector('.lightbox .frame img').style.transform.includes('scale(1.0')")
    page.keyboard.press("Escape")
    wait(page, f"{place} == 0")


def test_the_slideshow_goes_on_by_itself_and_pauses(page: Any) -> None:
    page.add_init_script("localStorage.setItem('slideshow-seconds', '1')")
    open_folder(page)
    page.locator("[data-image='1'] .open").click()
    page.wait_for_selector(".lightbox .frame img")
    page.keyboard.press("Space")
    wait(page, "document.querySelector('.lightbox .where').innerText.startsWith('2 of')")
    page.keyboard.press("Space")
    assert page.locator(".lightbox button", has_text=re.compile("^Slideshow$")).count() == 1


def test_another_size_keeps_the_place_and_is_remembered(page: Any) -> None:
    open_folder(page)
    page.evaluate("scrollTo(0, 200000)")
    wait(page, "document.querySelector('.cell:not(.loading)')?.dataset.index > 1000")
    before = in_sight(page)
    page.keyboard.press("+")
    wait(page, "document.getElementById('grid').getAttribute('aria-colcount') == '5'")
    assert abs(in_sight(page) - before) <= 12
    page.reload()
    page.wait_for_selector("#grid.windowed[aria-colcount='5']")


def test_what_a_crawl_brings_appears_without_a_reload(page: Any, root: Path) -> None:
    open_folder(page)
    page.wait_for_timeout(3500)
    with closing(sqlite3.connect(root / DATABASE_NAME)) as connection, connection:
        connection.execute("UPDATE images SET status = 'failed', reason = 'new reason' WHERE image_id = 1002")
    wait(page, "document.querySelector('[data-image=\"1002\"]').innerText.includes('new reason')")


def test_the_first_pictures_of_an_empty_view_appear_without_a_reload(page: Any, root: Path) -> None:
    page.goto("/images?q=w:7")
    page.get_by_text("No picture is like that.").wait_for()
    page.wait_for_timeout(3500)
    with closing(sqlite3.connect(root / DATABASE_NAME)) as connection, connection:
        connection.execute("UPDATE blobs SET width = 7 WHERE sha256 = (SELECT sha256 FROM images WHERE image_id = 2)")
    page.wait_for_selector("#grid.windowed [data-image='2']")


def test_a_blank_page_shows_nothing_of_a_dialog_and_its_keys_do_nothing(page: Any) -> None:
    open_folder(page)
    page.locator("[data-image='1'] .open").click()
    page.locator("dialog.lightbox").wait_for()
    before = page.url
    page.keyboard.press("b")
    assert page.locator("dialog.lightbox img").first.is_hidden()
    assert (
        page.evaluate("getComputedStyle(document.querySelector('dialog.lightbox'), '::backdrop').visibility")
        == "hidden"
    )
    page.keyboard.press("ArrowRight")
    page.keyboard.press("?")
    page.wait_for_timeout(300)
    assert page.url == before
    page.keyboard.press("b")
    assert page.locator("dialog").count() == 1
    page.keyboard.press("ArrowRight")
    wait(page, f"location.href !== '{before}'")


def test_without_scripts_there_are_pages_and_links(browser: Any, home: str) -> None:
    context = browser.new_context(viewport={"width": 320, "height": 640}, java_script_enabled=False, base_url=home)
    page = context.new_page()
    page.goto("/folders/1/10")
    page.get_by_role("link", name="Next").click()
    assert page.locator(".cell").first.get_attribute("data-index") == "60"
    page.locator(".cell .open").first.click()
    assert re.search(r"/images/\d+$", page.url)
    context.close()


def test_a_zoomed_picture_is_moved_by_keys(page: Any) -> None:
    open_folder(page)
    page.locator("[data-image='1'] .open").click()
    page.wait_for_selector(".lightbox .frame img")
    style = "document.querySelector('.lightbox .frame img').style.transform"
    page.keyboard.press("ArrowDown")
    assert "translate(0px, 0px)" in page.evaluate(style)
    for _ in range(8):
        page.keyboard.press("+")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Shift+ArrowRight")
    moved = re.search(r"translate\((-?[\d.]+)px, (-?[\d.]+)px\)", page.evaluate(style))
    assert moved is not None
    assert float(moved[1]) < -50
    assert float(moved[2]) < -50
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Shift+ArrowLeft")
    assert "translate(0px, 0px)" in page.evaluate(style)
    assert page.locator(".lightbox .where").inner_text() == "1 of 20,000"


def test_the_buttons_keep_the_focus_at_the_ends(page: Any) -> None:
    open_folder(page)
    page.locator("[data-image='2'] .open").click()
    page.wait_for_selector(".lightbox .frame img")
    back = page.get_by_role("button", name="Previous picture")
    back.click()
    wait(page, "document.querySelector('.lightbox .where').innerText == '1 of 20,000'")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.getAttribute('aria-label')") == "Previous picture"
    assert page.locator(".lightbox .where").inner_text() == "1 of 20,000"


def test_a_blank_page_pauses_the_slideshow(page: Any) -> None:
    page.add_init_script("localStorage.setItem('slideshow-seconds', '1')")
    open_folder(page)
    page.locator("[data-image='1'] .open").click()
    page.wait_for_selector(".lightbox .frame img")
    page.keyboard.press("Space")
    page.keyboard.press("b")
    page.wait_for_timeout(1500)
    page.keyboard.press("b")
    assert page.locator(".lightbox .where").inner_text().startswith("1 of")
    assert page.locator(".lightbox button", has_text=re.compile("^Slideshow$")).count() == 1

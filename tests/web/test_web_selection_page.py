"""Selecting and tagging in a browser: by mouse, by keyboard alone, beyond what the grid holds; completion."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import web_bench

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Locator, Page, Route

#: Pictures of the folder, far more than the grid has in the page.
MANY = 5_000
DAY = "2026-10-05 10:00:00.000000"


def seed(bench: web_bench.Bench) -> None:
    """Write rows as a crawl would have left them; there are no files behind them."""
    bench.add(web_bench.encoded(web_bench.picture(1, 80, 60)), folder=9)
    with bench.workplace.transaction() as connection:
        run = connection.exec_driver_sql
        run(
            "INSERT INTO folders (user_id, folder_id, name, pages, first_seen) VALUES (1, 10, 'My trees', 1, ?)", (DAY,)
        )
        blob = "INSERT INTO blobs (sha256, extension, format, size, animated, unchecked, stored_at, width, height) "
        numbers = range(1001, 1001 + MANY)
        run(blob + f"VALUES (?, 'jpg', 'JPEG', 1000, 0, '', '{DAY}', 80, 60)", [(f"{one:064x}",) for one in numbers])
        image = "INSERT INTO images (image_id, status, reason, attempts, sha256, name, stored_at) "
        run(
            image + f"VALUES (?, 'stored', '', 1, ?, ?, '{DAY}')",
            [(one, f"{one:064x}", f"{one}.jpg") for one in numbers],
        )
        place = "INSERT INTO favorites (user_id, folder_id, image_id, position, verdict, shown_at, first_seen) "
        run(place + f"VALUES (1, 10, ?, ?, 'new', '{DAY}', '{DAY}')", [(one, one) for one in numbers])


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> web_bench.Bench:
    made = web_bench.bench(tmp_path_factory.mktemp("archive"))
    seed(made)
    return made


@pytest.fixture(scope="module")
def home(bench: web_bench.Bench) -> Iterator[str]:
    with web_bench.serving(bench.root) as address:
        yield address.rstrip("/")


@pytest.fixture(autouse=True)
def untagged(bench: web_bench.Bench) -> None:
    with bench.workplace.transaction() as connection:
        for table in ("blob_tags", "tags", "actions"):
            connection.exec_driver_sql(f"DELETE FROM {table}")


def tagged(bench: web_bench.Bench) -> dict[str, int]:
    return dict(bench.ask("SELECT name, count(*) FROM blob_tags JOIN tags USING (tag_id) GROUP BY name"))


def folder(page: Page, home: str, path: str = "/folders/1/10") -> None:
    page.goto(home + path)
    page.locator("#grid.windowed .cell[data-image]").first.wait_for()


def cell(page: Page, number: int) -> Locator:
    """The picture at a place of the folder, from 0."""
    return page.locator(f".cell[data-image='{1001 + number}']")


def scroll_to(page: Page, number: int) -> None:
    page.evaluate(
        """number => {
            const grid = document.getElementById("grid");
            const part = number / Number(grid.dataset.total);
            scrollTo(0, grid.getBoundingClientRect().top + scrollY + part * grid.offsetHeight);
        }""",
        number,
    )
    cell(page, number).wait_for()


def bar(page: Page, text: str) -> None:
    page.locator(".selection-bar p").get_by_text(text, exact=True).wait_for()


def is_selected(page: Page, number: int) -> bool:
    one = cell(page, number)
    box = one.locator(".pick").is_checked()
    assert (one.get_attribute("aria-selected") == "true") == box
    assert ("selected" in (one.get_attribute("class") or "").split()) == box
    return box


def toast(page: Page) -> str:
    return page.locator("#toasts .toast p").inner_text()


def test_boxes_and_clicks_with_ctrl_and_shift(page: Page, home: str) -> None:
    folder(page, home)
    cell(page, 0).locator(".pick").check()
    bar(page, "1 picture selected, 1.0 kB")
    cell(page, 2).locator("a.open").click(modifiers=["Control"])
    bar(page, "2 pictures selected, 2.0 kB")
    cell(page, 5).locator("a.open").click(modifiers=["Shift"])
    bar(page, "5 pictures selected, 5.0 kB")
    assert [is_selected(page, number) for number in range(7)] == [True, False, True, True, True, True, False]
    cell(page, 0).locator(".pick").uncheck()
    cell(page, 3).locator("a.open").click(modifiers=["Control"])
    bar(page, "3 pictures selected, 3.0 kB")
    assert page.locator("#announce").inner_text() == "3 pictures selected"
    assert page.url.endswith("/folders/1/10")
    page.keyboard.press("Escape")
    assert page.locator(".selection-bar").is_hidden()
    assert not any(is_selected(page, number) for number in range(7))


def test_a_range_reaches_beyond_what_the_grid_holds_and_stays_selected(page: Page, home: str) -> None:
    folder(page, home)
    cell(page, 10).locator(".pick").check()
    scroll_to(page, 4321)
    assert cell(page, 1000).count() == 0
    cell(page, 4321).locator(".pick").click(modifiers=["Shift"])
    bar(page, "4,312 pictures selected, 4.3 MB")
    scroll_to(page, 2000)
    assert is_selected(page, 2000)
    scroll_to(page, 4330)
    assert (is_selected(page, 4321), is_selected(page, 4322)) == (True, False)
    page.reload()
    bar(page, "4,312 pictures selected, 4.3 MB")
    page.goto(home + "/folders/1/10")
    page.locator("#grid.windowed .cell[data-image]").first.wait_for()
    assert page.locator(".selection-bar").is_hidden()


def test_all_of_a_view_is_tagged_at_once_and_undone_from_the_toast(
    page: Page, home: str, bench: web_bench.Bench
) -> None:
    before = bench.dump()
    folder(page, home)
    cell(page, 0).locator(".pick").check()
    page.get_by_role("button", name="Select all 5,000 of this view").click()
    bar(page, "5,000 pictures selected, 5.0 MB")
    page.get_by_role("button", name="Tag…", exact=True).click()
    page.get_by_label("Add a tag").fill("plants/trees")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Make it").click()
    page.locator("#toasts").get_by_text("made plants/trees; put plants/trees on 5,000 pictures (5.0 MB)").wait_for()
    assert tagged(bench) == {"trees": MANY}
    page.locator("#toasts").get_by_role("button", name="Undo").click()
    page.locator("#toasts").get_by_text("Undone: made plants/trees").wait_for()
    assert bench.dump() == before


def test_all_but_one(page: Page, home: str) -> None:
    folder(page, home)
    page.keyboard.press("Shift+A")
    bar(page, "5,000 pictures selected, 5.0 MB")
    cell(page, 3).locator(".pick").uncheck()
    bar(page, "4,999 pictures selected, 5.0 MB")
    assert [is_selected(page, number) for number in (2, 3, 4)] == [True, False, True]


def test_tagging_by_keyboard_alone(page: Page, home: str, bench: web_bench.Bench) -> None:
    folder(page, home)
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.closest('.cell') !== null"):
            break
    page.keyboard.press("x")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Shift+X")
    bar(page, "3 pictures selected, 3.0 kB")
    page.keyboard.press("t")
    page.get_by_label("Add a tag").wait_for()
    page.keyboard.type("red")
    page.keyboard.press("Enter")
    page.get_by_text("There is no tag “red” yet.").wait_for()
    page.keyboard.press("Enter")
    page.locator("#toasts").get_by_text("made red; put red on 3 pictures (3.0 kB)").wait_for()
    assert page.evaluate("document.activeElement.closest('.cell') !== null")
    # Now it is there: two letters, and the first of the list.
    page.keyboard.press("Escape")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("t")
    page.get_by_label("Add a tag").wait_for()
    page.keyboard.type("RE")
    page.get_by_role("option", name="red").wait_for()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    assert page.get_by_label("Add a tag").input_value() == "red"
    page.keyboard.press("Enter")
    page.locator("#toasts").get_by_text("put red on 1 picture (1.0 kB)").wait_for()
    assert tagged(bench) == {"red": 4}


def post(page: Page, home: str, **wanted: Any) -> None:
    answer = page.request.post(f"{home}/api/tagging", data=wanted, headers={"Origin": home})
    assert answer.ok, answer.text()


def test_some_and_all_are_told_apart_and_changed_together(page: Page, home: str, bench: web_bench.Bench) -> None:
    post(page, home, images=[1001, 1002], add=["all"], create=True)
    post(page, home, images=[1001], add=["some", "off"], create=True)
    folder(page, home)
    cell(page, 0).locator(".pick").check()
    cell(page, 1).locator(".pick").check()
    page.keyboard.press("t")
    boxes = page.locator("dialog fieldset label")
    boxes.first.wait_for()
    assert [text.split("\n") for text in boxes.all_inner_texts()] == [
        ["all", "all"],
        ["off", "1 of 2"],
        ["some", "1 of 2"],
    ]
    states = boxes.locator("input").evaluate_all("all => all.map((one) => [one.checked, one.indeterminate])")
    assert states == [[True, False], [False, True], [False, True]]
    boxes.nth(0).click()
    boxes.nth(1).click()
    boxes.nth(1).click()
    boxes.nth(2).click()
    page.get_by_role("button", name="Tag", exact=True).click()
    page.locator("#toasts").get_by_text("put some on 1 picture (1.0 kB); took").wait_for()
    assert tagged(bench) == {"some": 2}


def test_tags_are_taken_off(page: Page, home: str, bench: web_bench.Bench) -> None:
    post(page, home, images=[1001, 1002], add=["red", "blue"], create=True)
    folder(page, home)
    cell(page, 0).locator(".pick").check()
    page.keyboard.press("Shift+T")
    page.get_by_label("red").wait_for()
    # The first has the focus: blue.
    page.keyboard.press("Space")
    page.keyboard.press("Enter")
    page.locator("#toasts").get_by_text("took blue off 1 picture (1.0 kB)").wait_for()
    assert tagged(bench) == {"red": 2, "blue": 1}


def test_moving_by_key_from_the_tag_that_is_looked_at(page: Page, home: str, bench: web_bench.Bench) -> None:
    post(page, home, images=[1001, 1002, 1003], add=["animals", "plants"], create=True)
    post(page, home, images=[1004], add=["birds"], create=True)
    ((number,),) = bench.ask("SELECT tag_id FROM tags WHERE name = 'plants'")
    folder(page, home, f"/tags/{number}")
    cell(page, 0).locator(".pick").check()
    cell(page, 2).locator(".pick").click(modifiers=["Shift"])
    bar(page, "3 pictures selected, 3.0 kB")
    page.keyboard.press("m")
    page.get_by_label("To", exact=True).wait_for()
    assert page.get_by_label("From").input_value() == "plants"
    page.keyboard.type("bird")
    page.get_by_role("option", name="birds").wait_for()
    # Escape closes the list alone.
    page.keyboard.press("Escape")
    page.keyboard.type("s")
    page.keyboard.press("Enter")
    page.locator("#toasts").get_by_text(
        "put birds on 3 pictures (3.0 kB); took plants off 3 pictures (3.0 kB)"
    ).wait_for()
    assert tagged(bench) == {"animals": 3, "birds": 4}
    assert page.locator(".selection-bar").is_hidden()
    page.locator("#grid-count").get_by_text("0 pictures").wait_for()


def test_a_long_touch_selects_and_opens_nothing(page: Page, home: str) -> None:
    folder(page, home)
    link = cell(page, 1).locator("a.open")
    link.dispatch_event("pointerdown", {"pointerType": "touch", "clientX": 10, "clientY": 10})
    bar(page, "1 picture selected, 1.0 kB")
    link.dispatch_event("pointerup", {"pointerType": "touch"})
    link.dispatch_event("click")
    assert is_selected(page, 1)
    assert page.url.endswith("/folders/1/10")
    link.dispatch_event("pointerdown", {"pointerType": "touch", "clientX": 10, "clientY": 10})
    link.dispatch_event("pointermove", {"pointerType": "touch", "clientX": 10, "clientY": 60})
    page.wait_for_timeout(700)
    assert is_selected(page, 1)


def offer(page: Page, text: str) -> Locator:
    """One line of the list below the box."""
    return page.get_by_role("option").filter(has=page.locator("bdi").get_by_text(text, exact=True))


def test_the_query_box_completes(page: Page, home: str) -> None:
    post(page, home, images=[1001], add=["two words", "twins"], create=True)
    page.goto(home + "/tags")
    page.keyboard.press("/")
    page.keyboard.type("🌲 (fold")
    box = page.locator("#query")
    offer(page, "folder:").wait_for()
    assert box.get_attribute("aria-expanded") == "true"
    page.keyboard.press("ArrowDown")
    active = offer(page, "folder:")
    assert active.get_attribute("aria-selected") == "true"
    assert box.get_attribute("aria-activedescendant") == active.get_attribute("id")
    page.keyboard.press("Tab")
    assert box.input_value() == "🌲 (folder:"
    # What it may be is offered at once.
    offer(page, '"My trees"').click()
    assert box.input_value() == '🌲 (folder:"My trees" '
    assert page.evaluate("document.activeElement.id") == "query"
    page.keyboard.type("tag:tw")
    offer(page, '"two words"').wait_for()
    assert page.locator(".completions bdi").all_inner_texts() == ["twins", '"two words"']
    page.keyboard.press("ArrowUp")
    assert offer(page, '"two words"').get_attribute("aria-selected") == "true"
    page.keyboard.press("Escape")
    assert page.get_by_role("option").count() == 0
    assert box.input_value() == '🌲 (folder:"My trees" tag:tw'
    assert box.get_attribute("aria-expanded") == "false"
    assert box.get_attribute("aria-activedescendant") is None


def test_enter_searches_what_is_written(page: Page, home: str) -> None:
    page.goto(home + "/tags")
    page.keyboard.press("/")
    page.keyboard.type("fold")
    offer(page, "folder:").wait_for()
    page.keyboard.press("Enter")
    page.wait_for_url("**/images?q=fold")


def test_an_answer_that_comes_too_late_is_dropped(page: Page, home: str) -> None:
    held: list[Route] = []
    page.goto(home + "/tags")
    page.route("**/api/complete?q=fo&*", lambda route: held.append(route))  # noqa: PLW0108 - Playwright takes no built-in
    page.keyboard.press("/")
    page.keyboard.type("fo")
    page.wait_for_timeout(250)
    assert len(held) == 1
    page.keyboard.press("Backspace")
    page.keyboard.press("Backspace")
    page.keyboard.type("us")
    offer(page, "user:").wait_for()
    held[0].continue_()
    page.wait_for_timeout(250)
    assert offer(page, "folder:").count() == 0
    assert offer(page, "user:").is_visible()


def test_back_finds_the_selection_of_each_view(page: Page, home: str) -> None:
    folder(page, home)
    cell(page, 1).locator(".pick").check()
    cell(page, 3).locator(".pick").check()
    folder(page, home, "/folders/1/9")
    page.locator(".cell .pick").first.check()
    folder(page, home, "/images")
    page.go_back()
    bar(page, f"1 picture selected, {size_of_first(page, home)}")
    page.go_back()
    bar(page, "2 pictures selected, 2.0 kB")
    assert [is_selected(page, number) for number in range(5)] == [False, True, False, True, False]


def size_of_first(page: Page, home: str) -> str:
    facts = page.request.post(f"{home}/api/selection", data={"images": [1]}, headers={"Origin": home}).json()
    return str(facts["text"].rpartition(", ")[2])


def test_what_has_the_focus_lies_above_the_bar(page: Page, home: str) -> None:
    page.set_viewport_size({"width": 320, "height": 640})
    folder(page, home)
    page.keyboard.press("g")
    page.keyboard.press("x")
    bar(page, "1 picture selected, 1.0 kB")
    for _ in range(5):
        page.keyboard.press("ArrowDown")
    held = page.locator(".cell:focus-within").bounding_box()
    foot = page.locator(".selection-bar").bounding_box()
    assert held is not None
    assert foot is not None
    assert held["y"] + held["height"] <= foot["y"] + 1
    assert foot["height"] < 80


def test_a_view_that_becomes_empty_says_so(page: Page, home: str, bench: web_bench.Bench) -> None:
    put_on(page, home, "soon-gone", 0, 1, 2)
    folder(page, home, "/images?q=tag:soon-gone")
    page.keyboard.press("g")
    page.keyboard.press("Shift+A")
    page.keyboard.press("Shift+T")
    page.locator(".tagging input[type=checkbox]").check()
    page.keyboard.press("Enter")
    page.get_by_text("No picture is like that.").wait_for()
    assert tagged(bench) == {}


def test_only_what_has_a_tag_is_moved_to_another(page: Page, home: str, bench: web_bench.Bench) -> None:
    put_on(page, home, "old", 0)
    put_on(page, home, "new", 9)
    folder(page, home)
    for number in range(4):
        cell(page, number).locator(".pick").check()
    page.keyboard.press("m")
    page.get_by_label("To").fill("new")
    page.keyboard.press("Enter")
    page.locator("#toasts").get_by_text("put new on 1 picture").wait_for()
    assert tagged(bench) == {"new": 2}


def put_on(page: Page, home: str, tag: str, *numbers: int) -> None:
    body = {"images": [1001 + number for number in numbers], "add": [tag], "create": True}
    assert page.request.post(f"{home}/api/tagging", data=body, headers={"Origin": home}).ok


def test_undo_is_done_once_and_nothing_else_takes_its_place(page: Page, home: str, bench: web_bench.Bench) -> None:
    folder(page, home)
    tag_first(page, "plants")
    undo = page.locator("#toasts .undo")
    undo.focus()
    page.evaluate("import('/static/js/toast.js').then(({ toast }) => toast('Something else is done.'))")
    page.get_by_text("Something else is done.").wait_for()
    assert undo.evaluate("button => button === document.activeElement")
    page.route("**/api/undo/*", lambda route: page.wait_for_timeout(400) or route.continue_())
    undo.dblclick()
    page.locator("#toasts").get_by_text("Undone: made plants").wait_for()
    page.wait_for_timeout(300)
    assert page.locator(".toast.wrong").count() == 0
    assert undo.count() == 0
    assert tagged(bench) == {}
    # The focus is where it was.
    assert page.evaluate("document.activeElement.closest('.cell') !== null")


def tag_first(page: Page, tag: str) -> None:
    """Tag the first picture by keys, with a tag that is made on the way."""
    page.keyboard.press("g")
    page.keyboard.press("t")
    page.get_by_label("Add a tag").fill(tag)
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Make it").click()
    page.locator("#toasts .undo").wait_for()


def test_a_key_takes_back_what_was_done_just_now(page: Page, home: str, bench: web_bench.Bench) -> None:
    folder(page, home)
    page.keyboard.press("u")
    tag_first(page, "plants")
    assert tagged(bench) == {"plants": 1}
    page.keyboard.press("u")
    page.locator("#toasts").get_by_text("Undone: made plants").wait_for()
    assert tagged(bench) == {}


def test_no_name_turns_a_sentence_around(page: Page, home: str) -> None:
    folder(page, home)
    page.keyboard.press("g")
    page.keyboard.press("t")
    page.get_by_label("Add a tag").fill("\u202eevil\u2067")
    page.keyboard.press("Enter")
    page.get_by_text("There is no tag “\u2068\ufffdevil\ufffd\u2069” yet.").wait_for()
    page.get_by_role("button", name="Make it").click()
    page.locator("#toasts .undo").wait_for()
    assert page.locator("#toasts p").inner_text().startswith("made \ufffdevil\ufffd; put \ufffdevil\ufffd on")
    page.goto(f"{home}/history")
    assert "made \ufffdevil\ufffd; put" in page.locator("main").inner_text()


def test_a_picture_is_selected_and_tagged_where_it_is_large(page: Page, home: str, bench: web_bench.Bench) -> None:
    folder(page, home, "/folders/1/9")
    page.locator(".cell .open").first.click()
    page.locator(".lightbox .frame img").wait_for()
    page.keyboard.press("x")
    selected = page.get_by_role("button", name="Select", exact=True)
    assert selected.get_attribute("aria-pressed") == "true"
    page.keyboard.press("t")
    page.get_by_label("Add a tag").fill("plants")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Make it").click()
    # What is said is said on top of it, and can be used there.
    undo = page.locator("dialog.lightbox #toasts .undo")
    undo.wait_for()
    assert tagged(bench) == {"plants": 1}
    undo.click()
    page.locator("dialog.lightbox #toasts").get_by_text("Undone").wait_for()
    page.keyboard.press("Escape")
    page.locator("dialog.lightbox").wait_for(state="hidden")
    assert page.evaluate("document.getElementById('toasts').parentNode === document.body")
    bar(page, f"1 picture selected, {size_of_first(page, home)}")

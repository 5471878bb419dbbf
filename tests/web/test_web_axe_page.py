"""Every page as people see it who see, hear or touch differently: axe, a narrow and a very wide window, both themes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import web_bench
from axe_playwright_python.sync_playwright import Axe
from jobs_bench import ended
from playwright.sync_api import expect
from web_bench import Bench

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Page
    from starlette.testclient import TestClient

PAGES = (
    "/",
    "/users",
    "/users/1",
    "/folders/1/10",
    "/images",
    "/images?q=nothing-is-called-so",
    "/images?q=w:wrong",
    "/images/1",
    "/images?show=1",
    "/tags",
    "/tags/1",
    "/duplicates",
    "/duplicates?state=applied",
    "/duplicates/review",
    "/duplicates/review?mode=grid",
    "/duplicates/review?mode=slider",
    "/duplicates/review?mode=difference",
    "/duplicates/batch?class=copy",
    "/duplicates/rules",
    "/duplicates/rules/pixel-identical",
    "/duplicates/limits",
    "/history",
    "/trash",
    "/trash/empty",
    "/jobs/1",
    "/keys",
    "/nothing-here",
)
WIDTHS = (320, 1280, 3840)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    bench = web_bench.bench(tmp_path_factory.mktemp("archive"))
    for seed in range(3):
        bench.add(*web_bench.family(seed))
    bench.find()
    decide_one_and_tag_another(bench)
    with web_bench.serving(bench.root) as address:
        yield address.rstrip("/")


def decide_one_and_tag_another(bench: Bench) -> None:
    with web_bench.client(bench) as asking:
        decide_first(asking)
        # A job, for its page; what is in the trash then is another group's.
        ended(asking, asking.post("/trash/restore", data={"all": "1"}).headers["location"])
        decide_first(asking)
        tagged = asking.post("/api/tagging", json={"images": [9], "add": ["plants/trees"], "create": True})
        assert tagged.status_code == 200


def decide_first(asking: TestClient) -> None:
    group = asking.get("/api/groups").json()["groups"][0]
    asked = [member["sha256"] for member in group["members"]]
    verdicts = {sha256: "keep" if sha256 == asked[0] else "skip" for sha256 in asked}
    body = {"rev": group["rev"], "verdicts": verdicts, "variants": []}
    assert asking.post(f"/api/groups/{group['id']}/decide", json=body).status_code == 200


@pytest.mark.parametrize("path", PAGES)
def test_nothing_stands_in_anybodys_way(page: Page, home: str, path: str) -> None:
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        page.goto(home + path, wait_until="networkidle")
        assert page.title().endswith("Archive")
        assert page.locator("h1").count() == 1
        wide = page.evaluate("document.scrollingElement.scrollWidth - document.scrollingElement.clientWidth")
        assert wide <= 0, f"{path} is {wide} px too wide at {width}"
    for theme in ("dark", "light"):
        page.evaluate("theme => { document.documentElement.dataset.theme = theme; }", theme)
        assert serious(page) == [], f"{path} in {theme}"


def serious(page: Page) -> list[tuple[str, list[str]]]:
    """What axe finds on a page as it stands."""
    return [
        (one["id"], [node["html"][:200] for node in one["nodes"]])
        for one in Axe().run(page).response["violations"]
        if one["impact"] in ("serious", "critical")
    ]


@pytest.mark.parametrize("width", [320, 1280])
def test_nor_does_what_opens_over_a_page(page: Page, home: str, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 700})
    page.goto(f"{home}/folders/1/10")
    page.locator("#grid.windowed .cell[data-image]").first.wait_for()
    page.keyboard.press("g")
    page.keyboard.press("x")
    expect(page.locator(".selection-bar")).to_be_visible()
    assert serious(page) == []
    page.keyboard.press("t")
    expect(page.locator("dialog.tagging")).to_be_visible()
    page.keyboard.type("pl")
    expect(page.get_by_role("option").first).to_be_visible()
    assert serious(page) == []
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    expect(page.locator("dialog.tagging")).to_have_count(0)
    page.keyboard.press("Enter")
    expect(page.locator(".lightbox .frame img")).to_be_visible()
    page.keyboard.press("i")
    expect(page.locator(".facts-panel dl")).to_be_visible()
    assert serious(page) == []
    page.keyboard.press("?")
    expect(page.locator("dialog[data-keys=sheet]")).to_be_visible()
    assert serious(page) == []


def test_nor_does_a_group_that_has_changed(page: Page, home: str) -> None:
    page.goto(f"{home}/duplicates/review")
    expect(page.locator("#stage img").first).to_be_visible()
    page.route("**/preview", lambda route: route.fulfill(status=409, json={"error": "this group has changed"}))
    page.keyboard.press("2")
    expect(page.locator("#notice")).to_contain_text("Changed by another tab")
    assert serious(page) == []

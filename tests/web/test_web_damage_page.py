"""Lost files in a browser: said where the picture would be, or beside what is left of it, and fetched again."""

from __future__ import annotations

import re
import shutil
import sqlite3
import time
from contextlib import closing
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
import web_bench
from axe_playwright_python.sync_playwright import Axe
from click.testing import CliRunner
from crawl_support import NO_WAITING, crawl, rows, sha256_of

from imagefap_scraper.database.session import DATABASE_NAME
from tools.demo.build import WorldBuilder, WorldOptions
from tools.demo.client import DemoSite
from tools.process import cli

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Locator, Page

USER = "MeadowFan"
#: Milliseconds after which the lightbox has asked whether the file of what it shows is whole, and more.
LOOKED_AT = 1500
#: Milliseconds for a crawl that fetches a picture, and for the page to hear of it.
FETCHED = 30_000


@pytest.fixture(scope="module")
def site() -> Iterator[DemoSite]:
    builder = WorldBuilder(WorldOptions(image_width=480, image_height=360))
    builder.folder(builder.user(USER), "Fields", builder.gallery(5).ids)
    with DemoSite.start(world=builder.world) as demo:
        yield demo


@pytest.fixture(scope="module")
def crawled(site: DemoSite, tmp_path_factory: pytest.TempPathFactory) -> Path:
    found: Path = tmp_path_factory.mktemp("crawled") / "archive"
    assert crawl(site, found, "favorites", "mode=read", f"user={USER}").code == 0
    return found


@pytest.fixture
def root(crawled: Path, tmp_path: Path) -> Path:
    """An archive of five pictures.

    The second half of the first one is overwritten, the file of the second is gone, the third was thrown out as a copy
    of the second.
    """
    found = tmp_path / "archive"
    shutil.copytree(crawled, found)
    query = "SELECT sha256, path FROM files JOIN images USING (sha256) ORDER BY image_id"
    (_, first), (kept, second), (copy, third), *_ = rows(found, query)
    content = (found / first).read_bytes()
    (found / first).write_bytes(content[: len(content) // 2].ljust(len(content), b"\0"))
    (found / second).unlink()
    trash = ".imagefap/trash"
    (found / trash / "blobs").mkdir(parents=True)
    (found / third).rename(found / trash / third)
    with closing(sqlite3.connect(found / DATABASE_NAME)) as connection, connection:
        for sql, *values in (
            ("UPDATE blobs SET state = 'trashed', kept_as = ?, trashed_at = stored_at WHERE sha256 = ?", kept, copy),
            ("UPDATE files SET path = ? WHERE sha256 = ?", f"{trash}/{third}", copy),
            ("UPDATE images SET status = 'skipped', sha256 = NULL, skipped_sha256 = ?1 WHERE sha256 = ?1", copy),
        ):
            connection.execute(sql, values)
    return found


@pytest.fixture
def home(site: DemoSite, root: Path) -> Iterator[str]:
    environment = {name: value for name, value in NO_WAITING.items() if name.startswith("IMAGEFAP_")}
    pace = str(root.parent / "pace.sqlite")
    with web_bench.serving(root, IMAGEFAP_SITE_URL=site.url, IMAGEFAP_PACE_FILE=pace, **environment) as address:
        yield address.rstrip("/")


def images(root: Path) -> list[int]:
    return [image_id for (image_id,) in rows(root, "SELECT image_id FROM images ORDER BY image_id")]


def open_folder(page: Page, home: str, root: Path) -> None:
    ((user_id, folder_id),) = rows(root, "SELECT user_id, folder_id FROM folders")
    page.goto(f"{home}/folders/{user_id}/{folder_id}")
    page.locator("#grid.windowed .cell").first.wait_for()


def cell(page: Page, image_id: int) -> Locator:
    return page.locator(f".cell[data-image='{image_id}']")


def is_shown_as_stored(page: Page) -> bool:
    """Whether the lightbox shows, pixel by pixel, what the server sends now."""
    return bool(
        page.evaluate(
            """async () => {
                const pixels = (drawn) => {
                    const canvas = document.createElement("canvas");
                    [canvas.width, canvas.height] = [480, 360];
                    canvas.getContext("2d").drawImage(drawn, 0, 0);
                    return canvas.toDataURL();
                };
                const shown = document.querySelector(".lightbox .frame img");
                const answer = await fetch(new URL(shown.src).pathname, { cache: "reload" });
                return pixels(shown) === pixels(await createImageBitmap(await answer.blob()));
            }"""
        )
    )


def no_barriers(page: Page) -> None:
    found = Axe().run(page).response["violations"]
    assert [one["id"] for one in found if one["impact"] in ("serious", "critical")] == []


def test_grid_and_lightbox_say_what_is_lost_and_fetch_it_again(
    page: Page, home: str, root: Path, site: DemoSite
) -> None:
    damaged, missing, copy, whole, last = images(root)
    open_folder(page, home, root)
    cells = {image_id: cell(page, image_id) for image_id in (damaged, missing, copy, whole)}
    for image_id, words in ((damaged, "File damaged"), (missing, "File missing"), (copy, "File missing")):
        cells[image_id].get_by_text(words).wait_for()
        assert cells[image_id].get_by_role("button", name=re.compile("^Fetch .* again$")).count() == 1
    assert cells[whole].locator("img").count() == 1
    assert cells[whole].get_by_role("button").count() == 0
    no_barriers(page)

    cells[damaged].locator(".open").click()
    said = page.locator(".lightbox .said")
    said.get_by_text("File damaged").wait_for()
    assert page.locator(".lightbox .frame img").count() == 1
    no_barriers(page)
    page.keyboard.press("ArrowRight")
    said.get_by_text("File missing").wait_for()
    assert page.locator(".lightbox .frame img").count() == 0
    assert said.get_by_role("button", name="Retry").count() == 1
    page.keyboard.press("End")
    page.locator(".lightbox .frame img").wait_for()
    page.wait_for_timeout(LOOKED_AT)
    assert said.inner_text() == ""

    page.keyboard.press("Home")
    said.get_by_text("File damaged").wait_for()
    said.get_by_role("button", name="Retry").click()
    page.locator(".lightbox").get_by_text(f"Fetching picture {damaged} again.").wait_for()
    page.locator(".lightbox").get_by_text(f"Picture {damaged} is stored now.").wait_for(timeout=FETCHED)
    page.locator(".lightbox .frame img").wait_for()
    page.wait_for_timeout(LOOKED_AT)
    assert said.inner_text() == ""
    assert is_shown_as_stored(page)
    page.keyboard.press("Escape")
    cells[damaged].locator("img").wait_for()
    cells[missing].get_by_text("File missing").wait_for()

    # Nothing that the grid knows of it changes but its file, and that of the copy that is shown for it.
    cells[copy].get_by_role("button").click()
    page.get_by_text(f"Picture {missing} is stored now.").wait_for(timeout=FETCHED)
    for image_id in (copy, missing):
        cells[image_id].locator("img").wait_for()
        assert cells[image_id].get_by_role("button").count() == 0
    truth = site.truth()["images"]
    there = sorted(sha256_of(path) for path in (root / "blobs").iterdir())
    assert there == sorted(truth[str(image_id)]["sha256"] for image_id in (damaged, missing, whole, last))


def test_what_another_crawl_brings_back_appears(page: Page, home: str, root: Path, site: DemoSite) -> None:
    _, missing, *_ = images(root)
    open_folder(page, home, root)
    cell(page, missing).get_by_text("File missing").wait_for()
    assert CliRunner().invoke(cli, ["verify", "--read-data", "--repair", "--dir", str(root)]).exit_code == 0
    cell(page, missing).get_by_text("Not fetched yet").wait_for()
    assert crawl(site, root, "images", f"ids={missing}").code == 0
    cell(page, missing).locator("img").wait_for()


def test_who_turns_pages_fast_has_no_file_read_again(page: Page, home: str, root: Path) -> None:
    *_, third, last = images(root)
    open_folder(page, home, root)
    page.locator(f".cell[data-image='{third}'] .open").click()
    page.locator(".lightbox .frame img").wait_for()
    page.wait_for_timeout(LOOKED_AT)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(urlsplit(request.url).path))
    for key in ("ArrowRight", "ArrowLeft") * 4 + ("ArrowRight",):
        page.keyboard.press(key)
        page.locator(".lightbox .frame img").wait_for()
    page.wait_for_timeout(LOOKED_AT)
    assert [path for path in asked if path.startswith("/api/images/")] == [f"/api/images/{last}"]


def test_without_scripts_the_page_of_a_picture_says_it_and_fetches_it(
    browser: Browser, home: str, root: Path, site: DemoSite
) -> None:
    damaged, missing, *_ = images(root)
    with browser.new_context(java_script_enabled=False) as context:
        page = context.new_page()
        page.goto(f"{home}/images/{damaged}")
        assert page.get_by_role("alert").inner_text().startswith("File damaged.")
        assert page.locator(".large img").count() == 1
        page.goto(f"{home}/images/{missing}")
        assert page.get_by_role("alert").inner_text().startswith("File missing.")
        assert page.locator(".large img").count() == 0
        page.get_by_role("button", name="Retry").click()
        page.get_by_text(f"Fetching picture {missing} again.").wait_for()
        deadline = time.monotonic() + FETCHED / 1000
        while page.get_by_text(f"Picture {missing} is stored now.").count() == 0 and time.monotonic() < deadline:
            page.wait_for_timeout(200)
            page.reload()
        assert page.locator(".large img").count() == 1
        assert page.get_by_role("alert").count() == 0
    ((path,),) = rows(root, "SELECT path FROM files JOIN images USING (sha256) WHERE image_id = ?", missing)
    assert sha256_of(root / path) == site.truth()["images"][str(missing)]["sha256"]

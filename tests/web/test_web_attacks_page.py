"""A real browser under attack: another site's page beside ours, and names that are markup."""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import TYPE_CHECKING

import pytest
import web_bench
from jobs_bench import archive_alone

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page
    from web_bench import Bench

#: Closes what it may stand in, loads and runs what it can, and turns the line around.
HOSTILE = "\u202e'\"`--></title></script></textarea></bdi><img src=/x onerror=alert(1)><script>alert(2)</script>{{7*7}}"
#: What another site's page may try; the address of ours is put in for HERE.
FOREIGN = """<!doctype html><title>Elsewhere</title>
<form id="form" method="post" action="HERE/api/redo" target="there"></form>
<form id="plain" method="post" enctype="text/plain" action="HERE/api/batch" target="there">
<input name='{"class":"copy","x":"' value='"}'></form>
<form id="rule" method="post" action="HERE/duplicates/apply" target="there"></form>
<iframe name="there" src="HERE/"></iframe>
<img id="thumb" src="HERE/thumbs/SHA"><img id="blob" src="HERE/blobs/SHA">
<script src="HERE/static/js/page.js"></script><link rel="stylesheet" href="HERE/static/css/base.css">"""
TRY = """async here => {
    const said = [];
    for (const mode of ['cors', 'no-cors']) {
        for (const method of ['GET', 'POST']) {
            try {
                const answer = await fetch(`${here}/api/redo`, {method, mode, credentials: 'include'});
                said.push(answer.type === 'opaque' ? '' : await answer.text());
            } catch { said.push(''); }
        }
    }
    for (const form of document.forms) { form.submit(); await new Promise(go => setTimeout(go, 200)); }
    const pictures = [...document.images].map(image => image.naturalWidth);
    return {said, pictures};
}"""


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    made = web_bench.bench(tmp_path)
    made.add(*web_bench.family(1), *web_bench.family(2))
    made.find()
    return made


@contextmanager
def elsewhere(content: str) -> Iterator[str]:
    """Another origin, which answers everything with one page."""

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(content.encode())

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"http://localhost:{server.server_port}/"
        server.shutdown()
        thread.join()


def test_another_sites_page_reads_nothing_and_changes_nothing(browser: Browser, bench: Bench) -> None:
    sha256 = bench.ask("SELECT sha256 FROM blobs")[0][0]
    before = archive_alone(bench.dump())
    with web_bench.serving(bench.root) as address:
        here = address.rstrip("/")
        with elsewhere(FOREIGN.replace("HERE", here).replace("SHA", sha256)) as there:
            page = browser.new_page()
            answers: list[tuple[str, int]] = []
            page.context.on("response", lambda answer: answers.append((answer.url, answer.status)))
            page.goto(there)
            got = page.evaluate(TRY, here)
            assert not any(got["said"])
            assert not any(got["pictures"])
            with page.context.expect_page() as opened:
                page.evaluate("here => { window.other = open(here + '/duplicates'); }", here)
            opened.value.wait_for_load_state()
            assert opened.value.locator("h1").inner_text() == "Opened from another site"
            assert page.evaluate("window.other.closed || window.other.length === 0")
            page.context.close()
        ours = {status for url, status in answers if url.startswith(here)}
        assert ours == {403}
    assert archive_alone(bench.dump()) == before


def make_hostile(bench: Bench) -> None:
    """Put markup wherever the site, a file's name or a person may put text."""
    connection = sqlite3.connect(bench.root / "imagefap.database")
    with connection:
        for table, column in [("users", "name"), ("folders", "name"), ("favorites", "listed_name"), ("images", "name")]:
            connection.execute(f"UPDATE {table} SET {column} = ?", (HOSTILE,))
        connection.execute("UPDATE images SET address = 'javascript:alert(3)'")
        connection.execute(
            "UPDATE images SET status = 'failed', sha256 = NULL, reason = ? WHERE image_id = 1", (HOSTILE,)
        )
        connection.execute("UPDATE actions SET summary = ?", (HOSTILE,))
        connection.execute("UPDATE tags SET name = ?, key = ? WHERE name = 'red'", (HOSTILE, HOSTILE))
    connection.close()


def test_names_are_text_on_every_page(page: Page, bench: Bench) -> None:
    with web_bench.client(bench) as asking:
        tagged = asking.post("/api/tagging", json={"images": [2, 3], "add": ["kept/red"], "create": True})
        assert tagged.status_code == 200
    tag = bench.ask("SELECT tag_id FROM tags WHERE name = 'red'")[0][0]
    make_hostile(bench)
    dialogs: list[str] = []
    page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    group = bench.ask("SELECT group_id FROM duplicate_groups")[0][0]
    paths = ["", "users", "users/1", "folders/1/10", "images", "images?q=status:failed", "images/1", "images/2", "tags"]
    paths += [f"tags/{tag}", "duplicates", f"duplicates/review?g={group}", "history", "trash", "duplicates/rules"]
    paths += ["duplicates/limits", "duplicates/batch?class=copy", "keys", "images?q=%3Cscript%3Ealert(1)%3C/script%3E"]
    with web_bench.serving(bench.root) as address:
        for path in paths:
            answer = page.goto(address + path)
            assert answer is not None
            assert answer.status in (200, 400), path
            page.wait_for_load_state()
            page.wait_for_timeout(150)
            check_page(page, path)
        page.goto(f"{address}images")
        page.locator("#query").press_sequentially("tag:")
        page.wait_for_timeout(400)
        check_page(page, "completion")
    assert dialogs == []


def check_page(page: Page, path: str) -> None:
    found = page.evaluate(
        """() => ({
            made: document.querySelectorAll('[onerror], script:not([src]):not([type]), img[src="/x"]').length,
            links: [...document.links].filter(one => !/^https?:$/.test(one.protocol)).length,
            title: document.title,
        })"""
    )
    assert (found["made"], found["links"]) == (0, 0), path
    assert "script" not in found["title"], path

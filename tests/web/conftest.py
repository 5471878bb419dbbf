"""A real Chromium for the tests of pages: no request of it leaves this machine, no script of ours fails unseen."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
import web_bench

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request
    from web_bench import Bench

#: What keeps a browser from asking its maker anything; without a user namespace of its own it also has no sandbox.
_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    # No longer than a module: its driver keeps an event loop running, beside which no other test can have one.
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        pytest.skip("chromium is not installed")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        found = driver.chromium.launch(executable_path=chromium, args=_FLAGS)
        yield found
        found.close()


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """A fresh profile; at its end, what it asked for and what went wrong in its scripts is looked at."""
    made = browser.new_context(viewport={"width": 1280, "height": 800}, reduced_motion="reduce")
    made.set_default_timeout(10_000)
    asked: list[str] = []
    wrong: list[str] = []

    def note(request: Request) -> None:
        asked.append(request.url)

    def listen(message: ConsoleMessage) -> None:
        # A refused request is an answer that a test may want; a mistake in a script, or against the policy, is none.
        if message.type == "error" and "Failed to load resource" not in message.text:
            wrong.append(message.text)

    made.on("request", note)
    made.on("console", listen)
    made.on("weberror", lambda error: wrong.append(str(error.error)))
    yield made
    made.close()
    away = [url for url in asked if urlsplit(url).hostname != "127.0.0.1" and not url.startswith(("data:", "blob:"))]
    assert asked
    assert away == []
    assert wrong == []


@pytest.fixture
def page(context: BrowserContext) -> Page:
    return context.new_page()


@pytest.fixture
def bench(made: Path, tmp_path: Path) -> Bench:
    """A copy, to be changed, of the archive that a module has `made`."""
    root = tmp_path / "archive"
    shutil.copytree(made, root)
    return web_bench.bench(root)


@pytest.fixture
def home(bench: Bench) -> Iterator[str]:
    """The address of a server over that copy."""
    with web_bench.serving(bench.root) as address:
        yield address

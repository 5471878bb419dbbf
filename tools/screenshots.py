"""`make screenshots`: the pictures of the pages in docs/, from the archive that `make demo` made."""

from __future__ import annotations

import shutil
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from playwright.sync_api import sync_playwright

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Page, ViewportSize

ROOT = Path(__file__).resolve().parent.parent
DEMO = ROOT / ".demo" / "read"
#: Pixels: what a laptop's browser shows.
SIZE: ViewportSize = {"width": 1280, "height": 800}
#: Of JPEG: the pictures are looked at, not measured.
QUALITY = 75


def main() -> int:
    """Take them; return 0 if that could be done."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None or not DEMO.is_dir():
        print("Chromium and the demo's archive are needed: apt install chromium; make demo", file=sys.stderr)
        return 1
    with _served() as address, sync_playwright() as driver:
        # Without a sandbox of its own it also runs where there are no user namespaces; it sees our own pages alone.
        browser = driver.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page(viewport=SIZE)
        _largest_folder(page, address)
        _take(page, "browse")
        page.goto(f"{address}duplicates/review?class=copy", wait_until="networkidle")
        _take(page, "review")
        browser.close()
    return 0


@contextmanager
def _served() -> Iterator[str]:
    """Serve the demo's archive; gives the address of its start page."""
    command = [sys.executable, str(ROOT / "tools" / "process.py"), "run", "--dir", str(DEMO), "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:  # noqa: S603 - our own program
        try:
            assert server.stdout is not None
            yield server.stdout.readline().split()[0]
        finally:
            server.terminate()


def _largest_folder(page: Page, address: str) -> None:
    """Go to the folder that the start page's plot names first."""
    page.goto(address)
    folder = page.locator("a[href^='/folders/']").first.get_attribute("href")
    page.goto(f"{address.rstrip('/')}{folder}", wait_until="networkidle")


def _take(page: Page, name: str) -> None:
    page.wait_for_timeout(500)
    page.screenshot(path=ROOT / "docs" / f"{name}.jpg", type="jpeg", quality=QUALITY)
    print(f"docs/{name}.jpg")


if __name__ == "__main__":
    sys.exit(main())

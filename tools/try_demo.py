"""`make demo`: the main job against the built-in demo site, in both modes, and what came of it."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tools.demo.client import DemoSite

ROOT = Path(__file__).resolve().parent.parent
DEMO = Path(".demo")
USER = "MeadowFan"
#: The demo site is on this machine: nobody has to be spared, and what was asked here counts nowhere else.
PACE = {"IMAGEFAP_PAGE_LIMITS": "", "IMAGEFAP_PAGE_GAP": "0", "AUTOTHROTTLE_ENABLED": "False"}
#: One image of the demo site has no address, so a crawl that finds all the others ends with 3.
EXPECTED = 3

LAST_WORDS = """
The files are in {demo}/get (straight names) and {demo}/read (blobs); each has its imagefap.database.
Look at them in a browser, with their look-alikes: .venv/bin/python tools/process.py run --dir {demo}/read --open
The one failed image is meant: its page shows no address. The pictures are tiny, so the database's share is large here.

The demo site has stopped. To try more against it, start it again and leave it running:
  .venv/bin/python tools/demo_site.py --port 8080
and add to every crawl, so that it does not go to the real site:
  -s IMAGEFAP_SITE_URL=http://127.0.0.1:8080"""


def main() -> int:
    """Run it; return 0 if both crawls and the numbers ended as they should."""
    shutil.rmtree(ROOT / DEMO, ignore_errors=True)
    print("A small copy of the site runs on this machine; two crawls archive one of its users.", flush=True)
    with DemoSite.start() as site:
        crawled = [_crawl(site.url, "mode=get", DEMO / "get"), _crawl(site.url, "mode=read", DEMO / "read")]
    counted = _run(["python", "tools/process.py", "stats", "--dir", str(DEMO / "read")])
    if [*crawled, counted] != [EXPECTED, EXPECTED, 0]:
        print(f"\nThe demo did not end as it should: exit codes {crawled} and {counted}; what went wrong is above.")
        return 1
    print(LAST_WORDS.format(demo=DEMO))
    return 0


def _crawl(url: str, mode: str, output: Path) -> int:
    """Archive the user in a mode; return the exit code."""
    arguments = [word for value in (mode, f"user={USER}", f"output={output}") for word in ("-a", value)]
    pace = [word for name, value in PACE.items() for word in ("-s", f"{name}={value}")]
    return _run(["scrapy", "crawl", "favorites", *arguments, "-s", f"IMAGEFAP_SITE_URL={url}"], pace)


def _run(command: list[str], hidden: list[str] | None = None) -> int:
    """Show a command as a person would type it and run it, with what need not be shown; return its exit code."""
    print(f"\n$ {shlex.join(command)}", flush=True)
    program, *words = command
    start = [sys.executable, "-m", "scrapy"] if program == "scrapy" else [sys.executable]
    # Nothing that this user's environment says about another archive or site.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("IMAGEFAP_")}
    environment |= {"IMAGEFAP_PACE_FILE": str(ROOT / DEMO / "pace.sqlite3")}
    result = subprocess.run([*start, *words, *(hidden or [])], cwd=ROOT, env=environment, check=False)  # noqa: S603 - our own program
    return result.returncode


if __name__ == "__main__":
    sys.exit(main())

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
DEMO = ROOT / ".demo"
USER = "MeadowFan"
#: The demo site is on this machine: nobody has to be spared. One image of it has no address, so a crawl ends with 3.
SETTINGS = {"IMAGEFAP_PAGE_LIMITS": "", "IMAGEFAP_PAGE_GAP": "0", "AUTOTHROTTLE_ENABLED": "False"}
EXPECTED = (0, 3)


def main() -> int:
    """Run it; return 0 if both crawls ended as they should."""
    shutil.rmtree(DEMO, ignore_errors=True)
    get, read = DEMO / "get", DEMO / "read"
    with DemoSite.start() as site:
        settings = [
            word
            for name, value in (SETTINGS | {"IMAGEFAP_SITE_URL": site.url}).items()
            for word in ("-s", f"{name}={value}")
        ]
        codes = [
            _run(["scrapy", "crawl", "favorites", "-a", f"user={USER}", "-a", f"output={get}"], settings),
            _run(
                ["scrapy", "crawl", "favorites", "-a", "mode=read", "-a", f"user={USER}", "-a", f"output={read}"],
                settings,
            ),
        ]
    codes.append(_run(["python", "tools/process.py", "stats", "--dir", str(read)], []))
    print(f"\nThe files are in {get} (straight names) and {read} (blobs); each has its imagefap.database.")
    return 0 if all(code in EXPECTED for code in codes) else 1


def _run(command: list[str], hidden: list[str]) -> int:
    """Show a command as a person would type it and run it; return its exit code."""
    print(f"\n$ {shlex.join(command).replace(str(ROOT) + os.sep, '')}", flush=True)
    program, *words = command
    start = [sys.executable, "-m", "scrapy"] if program == "scrapy" else [sys.executable]
    return subprocess.run([*start, *words, *hidden], cwd=ROOT, check=False).returncode  # noqa: S603 - our own program


if __name__ == "__main__":
    sys.exit(main())

"""Photo pages and strips of whole read crawls, against the fewest 24-image windows that hold every favorite.

Runs real crawls against the demo site and counts in its request log. Prints pages / least windows by window rule,
order of the favorites, and whether the listing names the gallery.

    python benchmarks/crawl_pages.py [--images 600] [--seed 1]
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tools.demo.build import ORDERS, WorldOptions, plain_world
from tools.demo.client import DemoSite
from tools.demo.windows import STRIP_LENGTH, WindowRule

if TYPE_CHECKING:
    from collections.abc import Sequence

ROOT = Path(__file__).resolve().parent.parent
RULES = (WindowRule.OWN_FIRST, WindowRule.JD, WindowRule.JD_TRUNCATED, WindowRule.CENTRED, WindowRule.BLOCKS)
#: Nothing waits.
SETTINGS = {
    "IMAGEFAP_PAGE_LIMITS": "",
    "IMAGEFAP_PAGE_GAP": "0",
    "AUTOTHROTTLE_ENABLED": "False",
    "IMAGEFAP_PROGRESS": "off",
}


@dataclass(frozen=True)
class Count:
    """What one crawl asked for: photo pages, strips, and the least number of windows that would have been enough."""

    photos: int
    strips: int
    least: int

    @property
    def ratio(self) -> float:
        """Pages asked for each page that was necessary."""
        return (self.photos + self.strips) / self.least


def least_windows(truth: dict[str, Any]) -> int:
    """Return the fewest windows of 24, starting anywhere, that hold every favorite of the truth's users."""
    places: dict[int, set[int]] = {}
    for user in truth["users"]:
        for folder in user["folders"]:
            for image_id in folder["favorites"]:
                image = truth["images"][str(image_id)]
                places.setdefault(image["gallery_id"], set()).add(image["index"])
    windows = 0
    for gallery in places.values():
        end = -1
        for place in sorted(gallery):
            if place >= end:
                windows, end = windows + 1, place + STRIP_LENGTH
    return windows


def measure(rule: WindowRule, order: str, *, named: bool, images: int = 600, seed: int = 1) -> Count:
    """Crawl a plain world once and count.

    Args:
        rule: where strips start.
        order: of the favorites in a folder.
        named: whether listings name the gallery.
        images: favorites in the world.
        seed: of the world.

    Raises:
        RuntimeError: if the crawl did not end well, or did not ask for every favorite's file.
    """
    options = WorldOptions(
        seed=seed,
        images=images,
        order=order,
        window=rule,
        gid_in_link=named,
        image_width=32,
        image_height=24,
        drawings=4,
        per_page=40,
        image_ids="gaps",
    )
    with DemoSite.start(world=plain_world(options)) as site, tempfile.TemporaryDirectory() as directory:
        # Only pages are counted: without decoding and storing, a crawl takes a third of the time.
        site.set_fault(rules=[{"do": "status", "status": 404}])
        _crawl(site, Path(directory))
        asked = [entry["kind"] for entry in site.requests()]
        if asked.count("image") != images:
            raise RuntimeError(f"{asked.count('image')} images were fetched, {images} are favorites")
        return Count(asked.count("photo"), asked.count("strip"), least_windows(site.truth()))


def _crawl(site: DemoSite, directory: Path) -> None:
    command = [sys.executable, "-m", "scrapy", "crawl", "favorites", "-a", "mode=read", "-a", "user=Plain1"]
    command += ["-a", f"output={directory / 'out'}"]
    for name, value in {**SETTINGS, "IMAGEFAP_SITE_URL": site.url}.items():
        command += ["-s", f"{name}={value}"]
    environment = os.environ | {"HOME": str(directory), "XDG_STATE_HOME": str(directory / "state")}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"the crawl ended with exit code {done.returncode}: {done.stderr}")


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, default=600, help="favorites in each crawl")
    parser.add_argument("--seed", type=int, default=1, help="of the worlds")
    options = parser.parse_args(arguments)
    print(f"{'window rule':14} {'order':10} {'gallery':8} {'photos':>6} {'strips':>6} {'least':>6} {'ratio':>6}")
    for named in (True, False):
        for rule in RULES:
            for order in ORDERS:
                count = measure(rule, order, named=named, images=options.images, seed=options.seed)
                head = f"{rule.value:14} {order:10} {'named' if named else '-':8}"
                print(f"{head} {count.photos:6} {count.strips:6} {count.least:6} {count.ratio:6.2f}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""Small worlds, and what a crawl of them leaves, in a form that can be compared."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crawl_support import files_in, rows

from tools.demo.build import WorldBuilder, WorldOptions, plain_world

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable

    from tools.demo.pictures import Recipe
    from tools.demo.world import World

#: The user of every world that is made here.
USER = "Plain1"
PAGE_KINDS = frozenset({"profile", "root", "folder", "photo", "strip", "gallery", "other"})
WORDS = ("mode=read", f"user={USER}")
#: Everything that has no clock in it. `attempts` counts outcomes, so a block or a retry must not show in it.
TABLES = {
    "images": "image_id, status, reason, attempts, sha256, name, gallery_id, address, added",
    "favorites": "user_id, folder_id, image_id, position, listed_name, unlisted_at",
    "folders": "user_id, folder_id, name, kind, pages, listed_at IS NULL, finished_blobs IS NULL",
    "blobs": "sha256, extension, format, size, width, height, frames, phash, dhash",
    "files": "path, sha256, layout",
    "intents": "intent_id",
}


def small_world(images: int = 48, **options: Any) -> World:
    """Return a world of one user and few small pictures in galleries of 16 to 24, all of which are favorites."""
    usual: dict[str, Any] = {
        "folders": 2,
        "per_page": 8,
        "image_width": 64,
        "image_height": 48,
        "drawings": 8,
        "gallery_sizes": (16, 24),
        "shares": (1.0,),
    }
    return plain_world(WorldOptions(images=images, **{**usual, **options}))


def separate_world(recipes: list[Recipe] | None = None, *, names: list[str] | None = None, count: int = 0) -> World:
    """Return a world in which every image is in a gallery of its own, so that each needs its own photo page."""
    builder = WorldBuilder(WorldOptions(image_width=64, image_height=48))
    count = count or len(recipes or names or ())
    ids = []
    for number in range(count):
        gallery = builder.gallery(0)
        recipe = recipes[number] if recipes else None
        name = names[number] if names else f"picture {number}.jpg"
        ids.append(builder.picture(gallery, name=name, recipe=recipe, ext="jpg").image_id)
    builder.folder(builder.user(USER), "All of them", ids)
    return builder.world


def left_by(output: Path, *without: str) -> dict[str, Any]:
    """Return what a crawl left: rows of every table and names of files; `without` leaves columns out."""
    left: dict[str, Any] = {"on disk": sorted(files_in(output))}
    for table, columns in TABLES.items():
        kept = ", ".join(column for column in columns.split(", ") if column not in without)
        left[table] = sorted(rows(output, f"SELECT {kept} FROM {table}"), key=repr)
    return left


def statuses(output: Path) -> dict[int, tuple[str, str]]:
    """Return (status, reason) of every image."""
    return {row[0]: (row[1], row[2]) for row in rows(output, "SELECT image_id, status, reason FROM images")}


def is_page(entry: dict[str, Any]) -> bool:
    """Tell whether a logged request is one that the site counts: a page, or robots.txt."""
    return entry["kind"] in PAGE_KINDS or entry["kind"] == "robots"


def worst_window(times: list[float], seconds: float) -> int:
    """Return the largest number of times within any span of so many seconds."""
    times = sorted(times)
    return max((sum(1 for other in times if time <= other < time + seconds) for time in times), default=0)


def wait_until(condition: Callable[[], Any], seconds: float = 30.0) -> Any:
    """Return what the condition gives as soon as that is true."""
    end = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < end, "waited for too long"
        time.sleep(0.05)
    return found


def kill(process: subprocess.Popen[str]) -> None:
    """Kill a crawl, and nobody else."""
    os.kill(process.pid, signal.SIGKILL)
    process.communicate(timeout=10)


def processes_with(marker: str) -> list[int]:
    """Return the processes with the marker in their environment: a crawl of the test's directory and its children."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and marker.encode() in (entry / "environ").read_bytes():
                found.append(int(entry.name))
        except OSError:  # it has ended, or is another user's
            continue
    return found

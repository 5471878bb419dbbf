"""Named places in production code at which a crawl can be made to end by SIGKILL.

They are wrapped around production functions from outside, in the process that is to be killed; production code knows
nothing of them.
"""

from __future__ import annotations

import importlib
import inspect
import os
import signal
import threading
import time
from collections import Counter
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Callable


def always(*_: Any, **__: Any) -> bool:
    return True


def for_item(kind: str, **fields: Any) -> Callable[..., bool]:
    """Say yes to calls whose first argument after self is such an item."""

    def says(_self: Any, item: Any, *_: Any, **__: Any) -> bool:
        return type(item).__name__ == kind and all(check(getattr(item, name)) for name, check in fields.items())

    return says


def for_step(*kinds: str) -> Callable[..., bool]:
    return lambda _self, _response, step: step.kind in kinds


def for_work(name: str) -> Callable[..., bool]:
    """Say yes to a write of that name which is waited for: in the recovery alone."""
    return lambda _self, work: getattr(getattr(work, "func", work), "__name__", "") == name


def with_pages(_connection: Any, folder: Any) -> bool:
    return folder.pages is not None


def while_paused(gate: Any) -> bool:
    return gate.paused_until is not None


@dataclass(frozen=True)
class Point:
    """A function of production code, which side of it is meant, and for which of its calls.

    Attributes:
        owner: `module` or `module:Class`.
        name: of the function.
        side: before it begins, after it has returned, or in the middle of a write of an image's bytes.
        when: asked with the call's arguments.
    """

    owner: str
    name: str
    side: Literal["before", "after", "middle"]
    when: Callable[..., bool] = always


_BASE = "imagefap_scraper.spiders.base:ArchiveSpider"
_PHOTOS = "imagefap_scraper.spiders.photos:PhotoSpider"
_WRITES = "imagefap_scraper.database.writes"
_ROWS = "imagefap_scraper.pipelines.database:DatabasePipeline"
_STORE = "imagefap_scraper.pipelines.storage:StoragePipeline"
_DIRECTORY = "imagefap_scraper.storage.files:ArchiveDirectory"
_FILES = "imagefap_scraper.storage.files"
_ARCHIVE = "imagefap_scraper.archive"
_WRITER = "imagefap_scraper.database.writer:DatabaseWriter"

#: In the order in which a crawl meets them.
POINTS: dict[str, Point] = {
    # start
    "lock_taken": Point("imagefap_scraper.storage.lock:DirectoryLock", "acquire", "after"),
    "migrating": Point("alembic.op", "create_table", "after"),
    "migrated": Point(_ARCHIVE, "upgrade", "after"),
    # listing
    "root_recording": Point(_WRITES, "record_user", "after"),
    "root_recorded": Point(_ROWS, "process_item", "after", for_item("UserItem")),
    "folder_noted": Point(_ROWS, "process_item", "after", for_item("FolderItem", pages=lambda pages: pages is None)),
    "listing_answered": Point(_BASE, "parse_page", "before", for_step("folder")),
    "listing_before": Point(_WRITES, "record_folder", "before", with_pages),
    "listing_half": Point(_WRITES, "_checkpoint", "before"),
    "listing_open": Point(_WRITES, "_checkpoint", "after"),
    "listing_recorded": Point(
        _ROWS, "process_item", "after", for_item("FolderItem", pages=lambda pages: pages is not None)
    ),
    # photo pages, pauses and files
    "photo_answered": Point(_BASE, "parse_page", "before", for_step("photo", "strip")),
    "pausing": Point("imagefap_scraper.pace.gate:PageGate", "shut_slots", "before", while_paused),
    "file_answered": Point(_PHOTOS, "parse_image", "before"),
    # storing
    "temp_before": Point(_DIRECTORY, "write_temp", "before"),
    "temp_half": Point("os", "write", "middle"),
    "temp_written": Point(_DIRECTORY, "write_temp", "after"),
    "temp_synced": Point(_WRITES, "add_intents", "before"),
    "intent_open": Point(_WRITES, "add_intents", "after"),
    "intent_recorded": Point(_STORE, "_publish", "before"),
    "name_before": Point(_FILES, "move_new", "before"),
    "name_linked": Point("os", "link", "after"),
    "named": Point(_FILES, "move_new", "after"),
    "names_synced": Point(_STORE, "_publish", "after"),
    "row_before": Point(_WRITES, "record_stored", "before"),
    "row_half": Point(_WRITES, "_outcome", "before"),
    "row_open": Point(_WRITES, "record_stored", "after"),
    "row_recorded": Point(_ROWS, "process_item", "after", for_item("ImageItem")),
    # close
    "finishing": Point(_WRITES, "note_finished_folders", "before"),
    "finishing_open": Point(_WRITES, "note_finished_folders", "after"),
    "finished": Point(_ROWS, "close_spider", "after"),
    "database_closing": Point(_WRITER, "close", "before"),
    "database_closed": Point(_WRITER, "close", "after"),
}
#: At the next start, if a kill left something to recover.
RECOVERY_POINTS: dict[str, Point] = {
    "recovering": Point(_ARCHIVE, "roll", "before"),
    "recovery_named": Point(_FILES, "move_new", "after"),
    "recovery_rolled": Point(_ARCHIVE, "roll", "after"),
    "recovery_row_open": Point(_WRITES, "record_stored", "after"),
    "recovery_recorded": Point(f"{_ARCHIVE}:Archive", "wait_for", "after", for_work("record_stored")),
    "recovery_cleaning": Point(_DIRECTORY, "clean_tmp", "before"),
    "recovered": Point(_DIRECTORY, "clean_tmp", "after"),
}


def die() -> None:
    """End this process as a power cut would: nothing is flushed, no handler runs."""
    os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(60)  # the signal arrives before this returns


class Killer:
    """Counts the passes of one point and ends the process at the n-th; without a point it counts all of them."""

    def __init__(self, name: str = "", count: int = 0) -> None:
        self.passes: Counter[str] = Counter()
        self._name = name
        self._count = count
        self._lock = threading.Lock()

    def install(self) -> None:
        """Wrap the function of the point, or of every point."""
        known = POINTS | RECOVERY_POINTS
        for name in [self._name] if self._name else POINTS:
            self._wrap(name, known[name])

    def is_last(self, name: str) -> bool:
        """Count a pass and say whether it is the one to die at."""
        with self._lock:
            self.passes[name] += 1
            return self._name == name and self.passes[name] == self._count

    def _wrap(self, name: str, point: Point) -> None:
        owner = find(point.owner)
        original = getattr(owner, point.name)
        if point.side == "middle":
            setattr(owner, point.name, self._half(name, original))
            return

        def reach(side: str, args: Any, kwargs: Any) -> None:
            if side == point.side and point.when(*args, **kwargs) and self.is_last(name):
                die()

        setattr(owner, point.name, around(original, reach))

    def _half(self, name: str, original: Callable[..., int]) -> Callable[..., int]:
        """Return os.write which, for an image's file, dies with half of the bytes written."""

        def write(descriptor: int, data: Any) -> int:
            if is_image_file(path_of(descriptor)) and self.is_last(name):
                original(descriptor, bytes(data)[: len(data) // 2])
                die()
            return original(descriptor, data)

        return write


def around(original: Any, reach: Callable[[str, Any, Any], None]) -> Any:
    """Return the function, plain or async, which says when it begins and when it has returned."""
    if inspect.iscoroutinefunction(original):

        @wraps(original)
        async def later(*args: Any, **kwargs: Any) -> Any:
            reach("before", args, kwargs)
            value = await original(*args, **kwargs)
            reach("after", args, kwargs)
            return value

        return later

    @wraps(original)
    def now(*args: Any, **kwargs: Any) -> Any:
        reach("before", args, kwargs)
        value = original(*args, **kwargs)
        reach("after", args, kwargs)
        return value

    return now


def find(owner: str) -> Any:
    """Return the module or class of that name."""
    module, _, name = owner.partition(":")
    found = importlib.import_module(module)
    return getattr(found, name) if name else found


def path_of(descriptor: int) -> Path:
    """Return what an open descriptor is called now."""
    return Path(f"/proc/self/fd/{descriptor}").readlink()


def is_image_file(path: Path) -> bool:
    """Return whether a file is an image's temporary or final one in the blob layout."""
    return path.suffix == ".part" or path.parent.name == "blobs"

"""One import that ends by SIGKILL at a named place: `crashing_import.py ROOT DIR POINT NTH`; `none` runs to its end."""

from __future__ import annotations

import importlib
import os
import signal
import sys
from functools import wraps
from pathlib import Path
from typing import Any

#: Owner (`module` or `module:Class`), function, side; in the order in which an import meets them.
POINTS: dict[str, tuple[str, str, str]] = {
    "temp_written": ("imagefap_scraper.storage.files:ArchiveDirectory", "write_temp", "after"),
    "intents_open": ("imagefap_scraper.database.writes", "add_intents", "after"),
    "intents_written": ("imagefap_scraper.storage.layouts:BlobLayout", "publish", "before"),
    "linked": ("os", "link", "after"),
    "published": ("imagefap_scraper.storage.layouts:BlobLayout", "publish", "after"),
    "row_before": ("imagefap_scraper.adopting.storing", "_record", "before"),
    "row_half": ("imagefap_scraper.adopting.rows", "add_favorite", "before"),
    "row_open": ("imagefap_scraper.adopting.storing", "_record", "after"),
    "group_stored": ("imagefap_scraper.adopting.storing:GroupStore", "store", "after"),
    "finishing": ("imagefap_scraper.adopting.rows", "finish", "before"),
}


def arm(point: str, nth: int) -> None:
    owner, name, side = POINTS[point]
    module, _, inner = owner.partition(":")
    holder: Any = importlib.import_module(module)
    holder = getattr(holder, inner) if inner else holder
    original = getattr(holder, name)
    calls = 0

    @wraps(original)
    def armed(*arguments: Any, **options: Any) -> Any:
        nonlocal calls
        calls += 1
        if side == "before" and calls == nth:
            os.kill(os.getpid(), signal.SIGKILL)
        result = original(*arguments, **options)
        if side == "after" and calls == nth:
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    setattr(holder, name, armed)


if __name__ == "__main__":
    from imagefap_scraper.adopting import adopter
    from imagefap_scraper.adopting.local import LocalImport
    from imagefap_scraper.review.progress import Silence

    # Small groups: points are met between them as well.
    adopter._GROUP = 4
    if sys.argv[3] != "none":
        arm(sys.argv[3], int(sys.argv[4]))
    LocalImport(Path(sys.argv[1]), Path(sys.argv[2])).run(Silence())

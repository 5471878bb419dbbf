"""Writes down in which order a crawl syncs, names and records its files, and judges that order."""

from __future__ import annotations

import json
import os
import threading
from pathlib import Path
from typing import Any

from crash.points import find, path_of


def install(file: Path) -> None:
    """Record to a file, one JSON list a line: ["fsync", path], ["link", source, target], ["row", path]."""
    log, lock = file.open("a"), threading.Lock()

    def note(*event: str) -> None:
        with lock:
            log.write(json.dumps(event) + "\n")
            log.flush()

    fsync, link = os.fsync, os.link
    writes = find("imagefap_scraper.database.writes")
    record = writes.record_stored

    def noted_fsync(descriptor: int) -> None:
        fsync(descriptor)
        note("fsync", str(path_of(descriptor)))

    def noted_link(source: Any, target: Any, **more: Any) -> None:
        link(source, target, **more)
        note("link", str(source), str(target))

    def record_stored(connection: Any, item: Any, **more: Any) -> None:
        note("row", item.path)
        record(connection, item=item, **more)

    os.fsync, os.link = noted_fsync, noted_link
    writes.record_stored = record_stored


def disorder(file: Path, output: Path) -> list[str]:
    """Return what was done in a wrong order: every file is synced, then named, then its directory synced, then its row.

    Args:
        file: what `install` wrote.
        output: the crawl's output directory.
    """
    problems: list[str] = []
    synced: set[str] = set()
    unsynced_names: dict[str, set[str]] = {}
    named: set[str] = set()
    for line in file.read_text().splitlines():
        kind, *paths = json.loads(line)
        if kind == "fsync":
            synced.add(paths[0])
            unsynced_names.pop(paths[0], None)
        elif kind == "link":
            source, target = paths
            named.add(target)
            if source not in synced:
                problems.append(f"named before its bytes were synced: {target}")
            unsynced_names.setdefault(str(Path(target).parent), set()).add(target)
        else:
            path = str(output / paths[0])
            if path not in named:
                problems.append(f"row before the file was named: {path}")
            if path in unsynced_names.get(str(Path(path).parent), ()):
                problems.append(f"row before the directory was synced: {path}")
    if not named:
        problems.append("no file was named at all")
    return problems

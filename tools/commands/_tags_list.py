"""The tags with what carries them, for people and as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.filesize import decimal

from imagefap_scraper.database import reports
from tools.commands._archive import open_archive
from tools.commands._console import Report, counted
from tools.commands._text import json_text, printable, write

if TYPE_CHECKING:
    from pathlib import Path

#: Raised when a field of `tags list --json` changes its meaning or goes away.
SCHEMA = 1


def write_json(directory: Path) -> None:
    """Write the tags as one JSON object to stdout, every parent before its children."""
    with open_archive(directory) as archive:
        tree = reports.tag_tree(archive.connection)
    tags, above = [], list[str]()
    for tag in tree:
        above[tag.depth :] = [tag.name]
        path = "/".join(above)
        tags.append({"path": path, "name": tag.name, "depth": tag.depth, "images": tag.blobs, "bytes": tag.size})
    write(json_text({"schema": SCHEMA, "tags": tags}) + "\n")


def write_text(directory: Path) -> None:
    """Write the tags for a person to stdout."""
    with open_archive(directory) as archive:
        tree = reports.tag_tree(archive.connection)
    report = Report()
    for tag in tree:
        indent = "  " * tag.depth
        report.plain(f"{indent}{printable(tag.name)}: {counted(tag.blobs, 'image')}, {decimal(tag.size)}")
    if not tree:
        report.plain("There are no tags yet; `process.py tags add PARENT/NAME` makes one.")

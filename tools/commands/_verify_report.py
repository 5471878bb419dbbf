"""What `verify` found, for people and as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.filesize import decimal

from tools.commands._console import Report, counted
from tools.commands._text import json_text, printable, write

if TYPE_CHECKING:
    from imagefap_scraper.verifying.audit import Audit, Problem

#: Raised when a field of `verify --json` changes its meaning or goes away.
SCHEMA = 1

#: Problems and files that people are shown; the rest is summed up.
_SHOWN = 20
#: Image numbers shown behind one file.
_IDS_SHOWN = 5
#: What people read for a layout.
_LAYOUTS = {"blobs": "files, blobs", "straight": "files, by name"}


def write_json(audit: Audit) -> None:
    """Write what was found as one JSON object to stdout."""
    counts = audit.counts
    document: dict[str, Any] = {
        "schema": SCHEMA,
        "ok": audit.ok,
        "read_data": audit.read_data,
        "database": audit.database,
        "folders": counts.folders if counts else None,
        "favorites": counts.favorites if counts else None,
        "images": audit.images,
        "blobs": counts.blobs if counts else None,
        "files": _files(audit),
        "unfinished": {"intents": counts.intents if counts else None, "temporary_files": audit.temporary},
        "unknown_files": audit.unknown,
        "problems": [_problem(problem) for problem in audit.problems],
    }
    write(json_text(document) + "\n")


def _files(audit: Audit) -> dict[str, dict[str, int]]:
    """Return number and bytes of the files of each layout, those without a file too."""
    held = audit.counts.files if audit.counts else {}
    files = dict.fromkeys(_LAYOUTS, (0, 0)) | held
    return {layout: {"count": count, "bytes": size} for layout, (count, size) in files.items()}


def _problem(problem: Problem) -> dict[str, Any]:
    """Return a problem without the fields that do not apply to it."""
    fields = {
        "kind": str(problem.kind),
        "path": problem.path,
        "image_ids": problem.image_ids or None,
        "sha256": problem.sha256,
        "message": problem.message,
        "repair": problem.repair or None,
        "repaired": problem.repaired or None,
    }
    return {name: value for name, value in fields.items() if value is not None}


def write_text(audit: Audit) -> None:
    """Write what was found for a person to stdout."""
    report = Report()
    report.heading("Checked")
    report.line("database", printable(audit.database))
    _counts(report, audit)
    _unfinished(report, audit)
    if audit.unknown:
        report.heading("\nFiles that are not the archive's (left alone)")
        _some(report, [printable(name) for name in audit.unknown])
    if audit.problems:
        report.heading("\nProblems")
        _some(report, [_described(problem) for problem in audit.problems])
    report.plain("")
    report.plain(_verdict(audit))


def _counts(report: Report, audit: Audit) -> None:
    if audit.counts is None:
        return
    report.line("favorites", f"{audit.counts.favorites:,} in {counted(audit.counts.folders, 'folder')}")
    report.line("images", ", ".join(f"{count:,} {status}" for status, count in audit.images.items()))
    for layout, (count, size) in sorted(audit.counts.files.items()):
        how = "every byte read" if audit.read_data else "sizes compared; --read-data reads every byte"
        report.line(_LAYOUTS.get(layout, printable(layout)), f"{count:,}, {decimal(size)} ({how})")


def _unfinished(report: Report, audit: Audit) -> None:
    intents = audit.counts.intents if audit.counts else 0
    if intents or audit.temporary:
        what = f"{counted(intents, 'intent')}, {counted(audit.temporary, 'temporary file')}"
        report.line("unfinished", f"{what}: a stopped crawl left them (the next one finishes them), or one is running")


def _some(report: Report, lines: list[str]) -> None:
    """Write the first lines, and how many more there are."""
    for line in lines[:_SHOWN]:
        report.plain(f"  {line}")
    if len(lines) > _SHOWN:
        report.plain(f"  ... and {len(lines) - _SHOWN:,} more; --json shows all")


def _described(problem: Problem) -> str:
    text = f"{problem.kind}: " + (f"{problem.path}: " if problem.path is not None else "") + problem.message
    if problem.file is not None and problem.image_ids:
        ids = ", ".join(str(image_id) for image_id in problem.image_ids[:_IDS_SHOWN])
        more = ", ..." if len(problem.image_ids) > _IDS_SHOWN else ""
        text += f" (image {ids}{more})"
    return printable(text + (f" -> {problem.repair}" if problem.repair else ""))


def _verdict(audit: Audit) -> str:
    if not audit.problems:
        return "Nothing is wrong."
    repaired = sum(problem.repaired for problem in audit.problems)
    left = len(audit.problems) - repaired
    parts = [f"{counted(repaired, 'problem')} repaired"] if repaired else []
    if left:
        parts.append(f"{counted(left, 'problem')} {'left' if repaired else 'found'}")
    again = "; the same crawl command gets what is wanted again" if repaired else ""
    return ", ".join(parts) + again + "."

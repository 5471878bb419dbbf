"""The archive in numbers, for people and as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.filesize import decimal

from imagefap_scraper.database import reports
from tools.commands._archive import open_archive
from tools.commands._console import Report, day_and_time
from tools.commands._text import json_text, printable, write

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy import Connection

    from tools.commands._archive import Archive

#: Raised when a field of `stats --json` changes its meaning or goes away.
SCHEMA = 1

#: Reasons of failure that are shown; the rest is summed up.
_REASONS_SHOWN = 10


def write_json(directory: Path) -> None:
    """Write the numbers as one JSON object to stdout."""
    with open_archive(directory) as archive:
        reports.begin_snapshot(archive.connection)
        totals = reports.totals(archive.connection)
        groups, verdicts = reports.duplicate_counts(archive.connection)
        states = reports.duplicate_states(archive.connection)
        trashed, trashed_bytes = reports.trash_counts(archive.connection)
        size = archive.database_bytes()
    document = {
        "schema": SCHEMA,
        "users": totals.users,
        "folders": totals.folders,
        "favorites": totals.favorites,
        "images": totals.images,
        "blobs": {"count": totals.blobs, "bytes": totals.blob_bytes, "animated": totals.animated},
        "exact_duplicates": totals.exact_duplicates,
        "duplicates": {
            "groups": groups,
            "states": {state: count for state, (count, _) in states.items()},
            "members": verdicts,
            "bytes_to_win": sum(size for _, size in states.values()),
        },
        "trash": {"count": trashed, "bytes": trashed_bytes},
        "database": {"path": str(archive.path), "bytes": size},
    }
    write(json_text(document) + "\n")


def write_text(directory: Path) -> None:
    """Write the numbers for a person to stdout."""
    report = Report()
    with open_archive(directory) as archive:
        connection = archive.connection
        reports.begin_snapshot(connection)
        totals = reports.totals(connection)
        _database(report, archive, totals)
        _images(report, connection, totals)
        _file_sizes(report, connection, totals)
        _pixels(report, connection)
        _folders(report, connection, totals)
        _duplicates(report, connection)
        _tags(report, connection)


def _database(report: Report, archive: Archive, totals: reports.Totals) -> None:
    size = archive.database_bytes()
    report.heading("Database")
    report.line("location", printable(str(archive.path)))
    share = f", {_share(size, totals.blob_bytes)} of the images' {decimal(totals.blob_bytes)}" if totals.blobs else ""
    report.line("size", decimal(size) + share)


def _images(report: Report, connection: Connection, totals: reports.Totals) -> None:
    report.heading("\nImages")
    report.line("unique images", f"{totals.blobs:,}")
    report.line("favorites", f"{totals.favorites:,}")
    report.line("exact duplicates", f"{totals.exact_duplicates:,}")
    for status, count in totals.images.items():
        report.line(status, f"{count:,}")
        if status == "failed":
            _reasons(report, connection)


def _reasons(report: Report, connection: Connection) -> None:
    reasons = reports.failure_reasons(connection)
    for reason, count in reasons[:_REASONS_SHOWN]:
        report.line("", f"{count:,}: {printable(reason) or 'reason not known'}")
    if others := sum(count for _, count in reasons[_REASONS_SHOWN:]):
        report.line("", f"{others:,}: other reasons")


def _file_sizes(report: Report, connection: Connection, totals: reports.Totals) -> None:
    spread = reports.file_sizes(connection)
    report.heading("\nFile sizes")
    report.line("total", decimal(spread.total))
    report.line("smallest", decimal(spread.least))
    report.line("largest", decimal(spread.most))
    report.line("mean", decimal(round(spread.mean)))
    report.line("standard deviation", decimal(round(spread.deviation)))
    share = f" ({_share(totals.animated, totals.blobs)})" if totals.blobs else ""
    report.line("animated", f"{totals.animated:,}{share}")


def _pixels(report: Report, connection: Connection) -> None:
    spread = reports.pixel_sizes(connection)
    report.heading("\nPixels (width times height)")
    report.line("smallest", f"{spread.least:,}")
    report.line("largest", f"{spread.most:,}")
    report.line("mean", f"{round(spread.mean):,}")


def _folders(report: Report, connection: Connection, totals: reports.Totals) -> None:
    report.heading("\nUsers and folders")
    report.line("users", f"{totals.users:,}")
    report.line("folders", f"{totals.folders:,}")
    labels = {"listed": "listed to the end", "blobs": "finished as blobs", "straight": "finished by name"}
    for name, dates in reports.folder_dates(connection).items():
        value = f"{dates.count:,}"
        if dates.oldest is not None and dates.newest is not None:
            value += f", oldest {day_and_time(dates.oldest)}, newest {day_and_time(dates.newest)}"
        report.line(labels[name], value)


def _duplicates(report: Report, connection: Connection) -> None:
    groups, verdicts = reports.duplicate_counts(connection)
    report.heading("\nPerceptual duplicates")
    report.line("groups", f"{groups:,}")
    by_verdict = ", ".join(f"{count:,} {verdict}" for verdict, count in verdicts.items())
    report.line("members", f"{sum(verdicts.values()):,} ({by_verdict})")
    states = reports.duplicate_states(connection)
    trashed, size = reports.trash_counts(connection)
    report.heading("\nWhat could be won")
    for state, (count, gain) in states.items():
        report.line(f"{state} groups", f"{count:,}, {decimal(gain)}")
    report.line("trash", f"{trashed:,}, {decimal(size)}")


def _tags(report: Report, connection: Connection) -> None:
    report.heading("\nTags")
    tags, tagged = reports.tag_counts(connection)
    report.line("tags", f"{tags:,}")
    report.line("tagged images", f"{tagged:,}")


def _share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f}%"

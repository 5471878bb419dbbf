"""Everything that the archive knows, row by row, for people and as JSON Lines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.filesize import decimal

from imagefap_scraper.database import gallery_reports, reports
from tools.commands._archive import open_archive
from tools.commands._console import Report, counted, day_and_time
from tools.commands._text import json_text, printable, write

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from sqlalchemy import Connection

    from imagefap_scraper.database.gallery_reports import GalleryRow
    from imagefap_scraper.database.models import Folder

#: Digits of a SHA-256 that are shown to people, as many as straight names carry.
_DIGITS_SHOWN = 10


def write_json(directory: Path) -> None:
    """Write one JSON object a folder to stdout, a line each."""
    with open_archive(directory) as archive:
        connection = archive.connection
        for user_id, user in reports.users(connection):
            for folder in reports.folders(connection, user_id):
                _write_folder_json(connection, user, folder)


def _write_folder_json(connection: Connection, user: str, folder: Folder) -> None:
    """Write a folder's object piece by piece: it may hold more favorites than fit into memory."""
    head = {
        "user_id": folder.user_id,
        "user": user,
        "folder_id": folder.folder_id,
        "folder": folder.name,
        "kind": folder.kind,
        "pages": folder.pages,
        "finished": {"straight": _iso(folder.finished_straight), "blobs": _iso(folder.finished_blobs)},
    }
    write(json_text(head)[:-1] + ', "images": [')
    separator = ""
    for row in reports.favorites(connection, folder.user_id, folder.folder_id):
        write(separator + json_text(_image(row)))
        separator = ", "
    write("]")
    galleries = gallery_reports.folder_galleries(connection, folder.user_id, folder.folder_id)
    if galleries:
        write(', "galleries": ' + json_text([_gallery(row) for row in galleries]))
    write("}\n")


def _gallery(row: GalleryRow) -> dict[str, Any]:
    return {
        "position": row.position,
        "gallery_id": row.gallery_id,
        "name": row.name or None,
        "images_on_site": row.total,
        "listed": row.listed,
        "gone": row.gone,
        "images": row.images,
        "bytes": row.size,
    }


def _image(row: reports.FavoriteRow) -> dict[str, Any]:
    return {
        "position": row.position,
        "image_id": row.image_id,
        "name": row.name,
        "sha256": row.sha256,
        "status": row.status,
        "reason": row.reason,
    }


def _iso(moment: datetime | None) -> str | None:
    """Return a moment as ISO 8601 in UTC, to the second and with Z, which jq reads too."""
    return None if moment is None else f"{moment:%Y-%m-%dT%H:%M:%SZ}"


def write_text(directory: Path) -> None:
    """Write users, folders, favorites and tags for a person to stdout."""
    report = Report()
    with open_archive(directory) as archive:
        connection = archive.connection
        for user_id, name in reports.users(connection):
            _write_user(report, connection, user_id, name)
        _write_duplicates(report, connection)
        _write_tags(report, connection)


def _write_user(report: Report, connection: Connection, user_id: int, name: str) -> None:
    folders = reports.folders(connection, user_id)
    held = reports.holding(connection, user_id)
    report.heading(f"{printable(name)} (user {user_id}): {counted(len(folders), 'folder')}, {_held(held)}")
    for folder in folders:
        _write_folder(report, connection, folder)
    report.plain("")


def _write_folder(report: Report, connection: Connection, folder: Folder) -> None:
    held = reports.holding(connection, folder.user_id, folder.folder_id)
    facts = [f"folder {folder.folder_id}", folder.kind or "kind not known", counted(folder.pages, "page")]
    for label, moment in (
        ("finished as blobs", folder.finished_blobs),
        ("finished by name", folder.finished_straight),
        ("no longer listed since", folder.unlisted_at),
    ):
        if moment is not None:
            facts.append(f"{label} {day_and_time(moment)}")
    report.heading(f"{printable(folder.name)} ({', '.join(facts)}): {_held(held)}", depth=1)
    for row in reports.favorites(connection, folder.user_id, folder.folder_id):
        report.plain(_row(row))
    for gallery in gallery_reports.folder_galleries(connection, folder.user_id, folder.folder_id):
        report.plain(_gallery_row(gallery))


def _held(held: reports.Holding) -> str:
    """Return what a user or a folder holds in a few words; statuses that nothing has are left out."""
    parts = [counted(held.favorites, "favorite")]
    parts += [f"{count:,} {status}" for status, count in held.images.items() if count]
    if held.unlisted:
        parts.append(f"{held.unlisted:,} no longer listed")
    return ", ".join([*parts, decimal(held.size)])


def _row(row: reports.FavoriteRow) -> str:
    size = "" if row.size is None else decimal(row.size)
    digits = (row.sha256 or "")[:_DIGITS_SHOWN]
    name = "(name not known)" if row.name is None else printable(row.name)
    notes = [printable(row.reason)] if row.reason else []
    if row.unlisted:
        notes.append("no longer listed")
    note = f"  ({'; '.join(notes)})" if notes else ""
    return f"    {row.position:>6}  {row.image_id:>11}  {row.status:<7}  {size:>9}  {digits:<10}  {name}{note}"


def _gallery_row(row: GalleryRow) -> str:
    on_site = "number of images not known" if row.total is None else f"{counted(row.total, 'image')} on the site"
    parts = [on_site, *(f"{count:,} {status}" for status, count in row.images.items() if count), decimal(row.size)]
    parts += ["gone from the site"] if row.gone else [] if row.listed else ["not read to the end"]
    parts += ["no longer listed"] if row.unlisted else []
    name = printable(row.name) or "(name not known)"
    return f"    {row.position:>6}  {row.gallery_id:>11}  gallery  {name}: {', '.join(parts)}"


def _write_duplicates(report: Report, connection: Connection) -> None:
    """Write the groups of look-alikes by state, their members by verdict and the trash; each group: `dups list`."""
    groups, verdicts = reports.duplicate_counts(connection)
    if groups:
        report.heading(f"Duplicates: {counted(groups, 'group')} of look-alikes")
        for state, (count, gain) in reports.duplicate_states(connection).items():
            report.plain(f"  {state}: {counted(count, 'group')}, {decimal(gain)} to win")
        report.plain("  members: " + ", ".join(f"{count:,} {verdict}" for verdict, count in verdicts.items()))
    trashed, size = reports.trash_counts(connection)
    if trashed:
        report.plain(f"  in the trash: {counted(trashed, 'image')}, {decimal(size)}")
    if groups or trashed:
        report.plain("")


def _write_tags(report: Report, connection: Connection) -> None:
    report.heading("Tags")
    for tag in reports.tag_tree(connection):
        indent = "  " * (tag.depth + 1)
        report.plain(f"{indent}{printable(tag.name)}: {counted(tag.blobs, 'image')}, {decimal(tag.size)}")

"""What the user had said of the pictures, once they are there: tags, verdicts; and when a folder was finished."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select, update

from imagefap_scraper.database.models import Blob, Folder
from imagefap_scraper.database.writes import note_finished_folders
from imagefap_scraper.legacy import rows
from imagefap_scraper.legacy.blobs import lost_row
from imagefap_scraper.legacy.plan import moment_of
from imagefap_scraper.legacy.tags import write_tags
from imagefap_scraper.legacy.verdicts import write_groups

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from imagefap_scraper.legacy.plan import Plan
    from imagefap_scraper.legacy.records import LegacyBlob, LegacyDatabase

__all__ = ["record_judgements"]


def record_judgements(connection: Connection, database: LegacyDatabase, plan: Plan, action_id: int) -> list[str]:
    """Write tags, verdicts, relations and the folders' dates; return what could not be taken over as it was."""
    notes: list[str] = []
    blobs = {blob.sha256: blob for blob in database.blobs}
    _keep_lost_blobs(connection, database, blobs, notes)
    write_tags(connection, database, notes)
    write_groups(connection, database, blobs, action_id, notes)
    for folder in plan.folders.values():
        here = (Folder.user_id == folder.user_id, Folder.folder_id == folder.folder_id)
        connection.execute(update(Folder).where(*here).values(finished_blobs=moment_of(folder.finished)))
    # Those that lack an image are not finished after all.
    note_finished_folders(connection, "blobs")
    return notes


def _keep_lost_blobs(
    connection: Connection, database: LegacyDatabase, blobs: dict[str, LegacyBlob], notes: list[str]
) -> None:
    """Give what tags and verdicts hang on a row, also where its bytes did not arrive: the next crawl may bring them."""
    needed = {blob.sha256 for blob in database.blobs if blob.tags}
    needed |= {sha256 for group in database.groups for sha256, _ in group.verdicts if sha256 in blobs}
    present = set(connection.execute(select(Blob.sha256)).scalars())
    lost = {sha256: lost_row(blobs[sha256]) for sha256 in sorted(needed - present)}
    rows.add_all(connection, Blob, (row for row in lost.values() if row is not None))
    notes += (
        f"{sha256}: no picture of a known format, its tags and verdicts are left out"
        for sha256 in lost
        if not lost[sha256]
    )

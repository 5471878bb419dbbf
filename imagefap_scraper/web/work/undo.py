"""Taking a batch of the history back: at once, or as a job where there is much of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import select

from imagefap_scraper.database.duplicate_models import Action
from imagefap_scraper.review import undoing
from imagefap_scraper.web.render import counted
from imagefap_scraper.web.work.tasks import missing_text, task

if TYPE_CHECKING:
    from imagefap_scraper.database.journal import Entry
    from imagefap_scraper.web.archive import WebArchive

#: Changes up to which a page can wait for their undoing: about a second.
LONG = 100
#: Kinds of actions that are each about one group.
_OF_ONE_GROUP = ("decide", "accept", "defer", "apply")


class Undone(NamedTuple):
    """What came of an undoing: its batch and what was done in words, or the number of the job that does it.

    `group` is the number of the group that it was about; None if that was none, or several.
    """

    batch: int | None
    text: str
    job: int | None = None
    group: int | None = None


def undo_batch(archive: WebArchive, batch: int) -> Undone:
    """Take back what is left of a batch, as a job if it has more than `LONG` changes.

    Raises:
        NotFoundError: there is no such batch.
        UserInputError: it is undone already, or cannot be undone any more or not before another.
        ConflictError: another job is at work.
        ArchiveError: what disk or database refuse.
    """
    with archive.reading() as connection:
        entries = undoing.entries_of(connection, batch, whole_batch=True)
        origin, again = undoing.origin(connection, entries[0])
    if len(entries) > LONG:
        job = archive.jobs.start(task(archive, {"kind": "undo", "batch": entries[0].batch}))
        return Undone(None, f"{job.title}: at work", job.job_id)
    report = undoing.undo(archive.workplace, entries, archive.options)
    what = origin.summary if len(entries) == 1 else counted(len(entries), "change")
    text = "; ".join([f"{'Done again' if again else 'Undone'}: {what}", *missing_text(report)])
    group = _group_of(archive, entries[0]) if len(entries) == 1 and origin.kind in _OF_ONE_GROUP else None
    return Undone(report.batch, text, group=group)


def _group_of(archive: WebArchive, entry: Entry) -> int | None:
    """Return the group whose rows an action changed first: the one that was decided."""
    with archive.reading() as connection:
        changes = connection.execute(select(Action.changes).where(Action.action_id == entry.action_id)).scalar_one()
    tables = ("duplicate_members", "duplicate_groups")
    return next((int(key["group_id"]) for table, key, *_ in changes if table in tables), None)

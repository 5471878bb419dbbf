"""Taking a batch of the history back: at once, or as a job where there is much of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from imagefap_scraper.review import undoing
from imagefap_scraper.web.render import counted
from imagefap_scraper.web.work.tasks import missing_text, task

if TYPE_CHECKING:
    from imagefap_scraper.web.archive import WebArchive

#: Changes up to which a page can wait for their undoing: about a second.
LONG = 100


class Undone(NamedTuple):
    """What came of an undoing: its batch and what was done in words, or the number of the job that does it."""

    batch: int | None
    text: str
    job: int | None = None


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
    return Undone(report.batch, "; ".join([f"{'Done again' if again else 'Undone'}: {what}", *missing_text(report)]))

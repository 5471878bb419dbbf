"""The archive as a job works on it: the job's number in the history is on record before anything is done."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from imagefap_scraper.database.duplicate_models import Action
from imagefap_scraper.review.workplace import Workplace
from imagefap_scraper.web.work import job_record

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection

    from imagefap_scraper.web.work.job_record import Job


class NotingWorkplace(Workplace):
    """Writes the batch of a job's first actions into its record, inside their transaction.

    Afterwards would be too late: a server killed in between leaves actions that look like any other command's.

    Args:
        workplace: the archive.
        job: whose record it is.
    """

    def __init__(self, workplace: Workplace, job: Job) -> None:
        super().__init__(workplace.directory, workplace.database)
        self._job = job

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """Give a connection inside a write transaction; see `Workplace.transaction`.

        Raises:
            DatabaseError, LockedError, StorageError: what the database refuses, or the disk the record.
        """
        with super().transaction() as connection:
            before = connection.execute(select(func.coalesce(func.max(Action.action_id), 0))).scalar_one()
            yield connection
            if self._job.batch is None:
                self._note(connection, before)

    def _note(self, connection: Connection, before: int) -> None:
        query = select(func.min(Action.batch)).where(Action.action_id > before)
        batch = connection.execute(query).scalar_one()
        if batch is not None:
            self._job.batch, self._job.noted = int(batch), datetime.now(UTC)
            job_record.write(self.directory, self._job)

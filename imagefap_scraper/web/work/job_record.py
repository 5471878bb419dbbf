"""A job as it is told of, and the one small file by which the next server knows of it.

The file is written when a job starts, with its number in the history before its first actions are committed, and when
it ends. What was done is never in it: that is counted from the journal, where each step stands together with the rows
that it changed, so that the two cannot disagree however a server ended.
"""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import func, select
from sqlalchemy.orm import aliased

from imagefap_scraper.database.duplicate_models import Action
from imagefap_scraper.database.moves import pending_deletions
from imagefap_scraper.exceptions import StorageError
from imagefap_scraper.storage.disk import make_directory
from imagefap_scraper.storage.lock import OWN_DIRECTORY

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Connection

    from imagefap_scraper.storage.files import ArchiveDirectory

#: The file, in the output directory.
PATH = f"{OWN_DIRECTORY}/job.json"
#: Bytes of it that are read; with all groups that a job left alone it is a part of that.
_LONGEST = 1_000_000
#: What the file may name: years that every time zone has, numbers that the database holds.
_EARLIEST, _LATEST = 2000, 9998
_LARGEST = 1 << 62
#: Groups that a job left alone, as far as the file tells of them.
_REFUSED_KEPT = 200


class JobState(StrEnum):
    """How a job stands."""

    RUNNING = "running"
    #: It was told to stop, and does so after what it is at.
    STOPPING = "stopping"
    DONE = "done"
    #: It ended before its last step: it was told to, or the server ended.
    STOPPED = "stopped"
    #: Disk or database refused.
    FAILED = "failed"


class Noun(NamedTuple):
    """What a job counts: one of it, and what is done to it."""

    word: str
    verb: str


#: By the kind of a job, which is also that of its actions in the journal; a search has none.
NOUNS = {
    "accept": Noun("group", "decided"),
    "apply": Noun("group", "carried out"),
    "undo": Noun("change", "taken back"),
    "restore": Noun("picture", "brought back"),
    "empty": Noun("picture", "deleted for good"),
}


@dataclass(slots=True)
class Job:
    """A piece of work; `spec` says of what kind and about what, so that the rest of it can be done later.

    Attributes:
        job_id: its number.
        title: for people.
        spec: `kind`, and what that kind needs.
        total: how many steps; 0 while that is not known.
        started: when.
        state: how it stands.
        done: steps so far.
        step: what it is at, for work in several parts.
        refused: groups that were left alone, each with the reason; 0 where it is no group.
        message: how it ended.
        batch: of the history, with what it did; None if that is nothing.
        noted: when its batch was put on record, after its first actions and before they were committed.
        bytes: that were moved or deleted.
        left: files that it was to delete and that are still there.
        ended: when.
    """

    job_id: int
    title: str
    spec: dict[str, Any]
    total: int
    started: datetime
    state: JobState = JobState.RUNNING
    done: int = 0
    step: str = ""
    refused: list[tuple[int, str]] = field(default_factory=list)
    message: str = ""
    batch: int | None = None
    bytes: int = 0
    left: int = 0
    noted: datetime | None = None
    ended: datetime | None = None

    @property
    def kind(self) -> str:
        """What it does: one of `NOUNS`, or `search`."""
        return str(self.spec.get("kind", ""))

    @property
    def is_live(self) -> bool:
        """Whether it goes on."""
        return self.state in (JobState.RUNNING, JobState.STOPPING)

    def document(self) -> dict[str, Any]:
        """Return the job as JSON has it: moments in ISO 8601, UTC, to the second."""
        return {
            "id": self.job_id,
            "kind": self.kind,
            "title": self.title,
            "state": str(self.state),
            "total": self.total,
            "done": self.done,
            "step": self.step,
            "refused": [{"group": number, "reason": reason} for number, reason in self.refused],
            "message": self.message,
            "batch": self.batch,
            "bytes": self.bytes,
            "started": f"{self.started:%Y-%m-%dT%H:%M:%SZ}",
            "ended": None if self.ended is None else f"{self.ended:%Y-%m-%dT%H:%M:%SZ}",
            "address": f"/jobs/{self.job_id}",
        }


def count(connection: Connection, job: Job) -> None:
    """Write into a job what the journal says that it did: its batch, steps and bytes, and which files it left."""
    if job.kind not in NOUNS:
        return
    if job.kind == "empty":
        job.left = pending_deletions(connection)
    job.done, job.bytes = 0, 0
    if job.noted is None:
        return
    # A server that ended before it committed has left the number to whoever acted next, but later than it was noted.
    first = aliased(Action)
    begun = select(first.action_id).where(first.action_id == job.batch, first.at <= job.noted).exists()
    query = select(func.count(), func.min(Action.batch), func.coalesce(func.sum(Action.bytes_moved), 0))
    row = connection.execute(query.where(Action.batch == job.batch, begun)).one()
    job.done, job.batch, job.bytes = int(row[0]), row[1], int(row[2])


def write(directory: ArchiveDirectory, job: Job) -> None:
    """Put a job on record, atomically and durably.

    Raises:
        StorageError: the disk refused.
    """
    known = {
        "id": job.job_id,
        "title": job.title,
        "spec": job.spec,
        "total": job.total,
        "batch": job.batch,
        "noted": _written(job.noted),
        "started": job.started.isoformat(),
        "state": str(job.state),
        "message": job.message,
        "refused": job.refused[:_REFUSED_KEPT],
        "ended": _written(job.ended),
    }
    make_directory(directory.tmp)
    temp = directory.write_temp(json.dumps(known, indent=1).encode())
    try:
        directory.replace(temp, PATH)
    except StorageError:
        directory.discard(temp)
        raise


def read(directory: ArchiveDirectory) -> Job | None:
    """Return the job that the last server left on record; None if there is none that can be read."""
    # Whatever a disk or a hand has made of it: without the record the archive is as whole as with it.
    with suppress(OSError, StorageError, ValueError, KeyError, TypeError, OverflowError, RecursionError):
        with directory.resolve(PATH).open("rb") as file:
            known = json.loads(file.read(_LONGEST))
        return _job(known)
    return None


def _job(known: Mapping[str, Any]) -> Job:
    batch = known["batch"]
    return Job(
        job_id=_number(known["id"]),
        title=str(known["title"]),
        spec=dict(known["spec"]),
        total=_number(known["total"]),
        started=_certain(known["started"]),
        state=JobState(known["state"]),
        message=str(known["message"]),
        refused=[(_number(number), str(reason)) for number, reason in known["refused"]],
        batch=None if batch is None else _number(batch),
        noted=_moment(known["noted"]),
        ended=_moment(known["ended"]),
    )


def _written(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()


def _moment(text: str | None) -> datetime | None:
    return None if text is None else _certain(text)


def _certain(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if not _EARLIEST <= moment.year <= _LATEST:
        raise ValueError(text)
    return moment.astimezone(UTC)


def _number(value: Any) -> int:
    number = int(value)
    if not 0 <= number <= _LARGEST:
        raise ValueError(value)
    return number

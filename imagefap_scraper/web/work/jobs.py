"""What takes longer than a page may: one job at a time, in a thread of its own."""

from __future__ import annotations

import logging
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from threading import Lock, Thread
from typing import TYPE_CHECKING, Any, Protocol

from imagefap_scraper.exceptions import ArchiveError, ConflictError, LockedError, NotFoundError, StorageError
from imagefap_scraper.review.batches import Stopped
from imagefap_scraper.storage.disk import make_directory
from imagefap_scraper.storage.lock import DirectoryLock
from imagefap_scraper.storage.trash import TRASH
from imagefap_scraper.web.render import bytes_text, counted
from imagefap_scraper.web.work import job_record
from imagefap_scraper.web.work.job_record import NOUNS, Job, JobState
from imagefap_scraper.web.work.noting import NotingWorkplace

if TYPE_CHECKING:
    from collections.abc import Callable

    from imagefap_scraper.review.workplace import Workplace

#: Jobs whose pages can still be looked at.
_REMEMBERED = 20
#: Seconds that the end of the server waits for a job to come to a good place; one that does not is as if it was killed.
_PATIENCE = 3.0
#: The lock of whoever does a job, in `.imagefap/`.
_LOCK = "job.lock"
_FAULT = "This is a mistake in the program; the terminal that it runs in says more."

_log = logging.getLogger(__name__)


class Reach:
    """Tells a job how far its work has come, and the work when to stop; a `review.progress.Progress`.

    Attributes:
        workplace: the archive, for changes: what is done through it is known as the job's.
    """

    def __init__(self, job: Job, workplace: Workplace) -> None:
        self._job = job
        self.workplace = workplace

    def __call__(self, done: int) -> None:
        """Say how many steps are done.

        Raises:
            Stopped: the job is to end here.
        """
        self._job.done = done
        if self._job.state is JobState.STOPPING:
            raise Stopped

    def start(self, what: str, total: int | None) -> None:
        """Begin a part of the work.

        Raises:
            Stopped: the job is to end here.
        """
        self._job.step, self._job.total = what, total or 0
        self(0)

    def advance(self, steps: int) -> None:
        """Say how many steps were done since.

        Raises:
            Stopped: the job is to end here.
        """
        self(self._job.done + steps)


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a piece of work ended: what it left alone, what there is to say, whether it was stopped on the way."""

    refused: list[tuple[int, str]] = field(default_factory=list)
    message: str = ""
    stopped: bool = False


class Task(Protocol):
    """Work that can be made a job; see `Job` for its attributes."""

    @property
    def title(self) -> str:
        """For people."""

    @property
    def spec(self) -> dict[str, Any]:
        """Of what kind, and about what."""

    @property
    def total(self) -> int:
        """How many steps, 0 if that is not known."""

    @property
    def run(self) -> Callable[[Reach], Outcome]:
        """Do it."""


class Jobs:
    """The jobs of one archive, and the one that the last server left behind.

    Args:
        workplace: the archive; moves that a killed server has left are carried out.
    """

    def __init__(self, workplace: Workplace) -> None:
        self._workplace = workplace
        self._lock = Lock()
        self._thread: Thread | None = None
        self._jobs: dict[int, Job] = {}
        self._closing = False
        #: Of another server on this archive, as it was last looked at.
        self._foreign: Job | None = None
        # Disk or database may refuse now; the next batch tries again, and says so.
        with suppress(ArchiveError):
            workplace.carry_out_moves()
        left = job_record.read(workplace.directory)
        if left is not None:
            self._take_over(left)

    def _take_over(self, job: Job) -> None:
        self._jobs[job.job_id] = job
        self._foreign = job if job.is_live and self._is_at_work() else None
        with suppress(ArchiveError), self._workplace.reading() as connection:
            job_record.count(connection, job)
        if job.is_live and self._foreign is None:
            job.state = JobState.STOPPED
            job.message = f"The server ended while this ran. {_told(job)}"

    def _is_at_work(self) -> bool:
        """Tell whether a server that lives does a job here."""
        try:
            with self._right():
                return False
        except LockedError:
            return True
        except StorageError:
            # There no job can be done either.
            return False

    def _right(self) -> DirectoryLock:
        """Return the right to do a job in this archive, and to write its record; it ends with the process."""
        return DirectoryLock(self._workplace.directory.own / _LOCK)

    def _look_again(self) -> None:
        """Find out how the job of another server stands."""
        job = self._foreign
        if job is not None:
            # In this order: a record that is read after its job has ended says so.
            at_work = self._is_at_work()
            left = job_record.read(self._workplace.directory)
            if left is not None and left.job_id == job.job_id:
                self._take_over(left)
            elif not at_work:
                self._take_over(job)

    def start(self, task: Task) -> Job:
        """Begin a job.

        Raises:
            ConflictError: another one runs, here or on another server.
            ArchiveError: what disk or database refuse.
        """
        with self._lock:
            running = self.running()
            if running is not None:
                raise ConflictError(f"“{running.title}” is still at work: wait for it, or stop it first")
            if self._closing:
                raise ConflictError("the server is ending")
            with ExitStack() as stack:
                right = self._take_right()
                stack.callback(right.release)
                left = job_record.read(self._workplace.directory)
                number = max([*self._jobs, left.job_id if left is not None else 0]) + 1
                job = Job(number, task.title, task.spec, task.total, datetime.now(UTC))
                job_record.write(self._workplace.directory, job)
                stack.pop_all()
            self._jobs[number] = job
            self._jobs.pop(number - _REMEMBERED, None)
            # A daemon: a second Ctrl-C ends the program whatever it is at.
            self._thread = Thread(target=self._work, args=(job, task, right), name=f"job {number}", daemon=True)
            self._thread.start()
            return job

    def _take_right(self) -> DirectoryLock:
        """Take the right to do a job.

        Raises:
            ConflictError: another server does one.
            StorageError: the disk refused.
        """
        make_directory(self._workplace.directory.own)
        right = self._right()
        try:
            right.acquire()
        except LockedError as error:
            left = job_record.read(self._workplace.directory)
            what = "a job" if left is None else f"“{left.title}”"
            raise ConflictError(f"another server on this archive is still at {what}: wait for it there") from error
        return right

    def _work(self, job: Job, task: Task, right: DirectoryLock) -> None:
        with right:
            self._do(job, task, right)

    def _do(self, job: Job, task: Task, right: DirectoryLock) -> None:
        try:
            outcome = task.run(Reach(job, NotingWorkplace(self._workplace, job)))
        except Stopped:
            self._end(job, right, JobState.STOPPED)
        except ArchiveError as error:
            self._end(job, right, JobState.FAILED, f"{error}.")
        except Exception:  # noqa: BLE001 - nobody is there to catch it; the page has to say that it is over
            _log.exception("job %d: %s", job.job_id, job.title)
            self._end(job, right, JobState.FAILED, _FAULT)
        else:
            job.refused = outcome.refused
            self._end(job, right, JobState.STOPPED if outcome.stopped else JobState.DONE, outcome.message)

    def _end(self, job: Job, right: DirectoryLock, state: JobState, message: str = "") -> None:
        with suppress(ArchiveError), self._workplace.reading() as connection:
            job_record.count(connection, job)
        ended = "The server was ended while this ran." if self._closing and state is JobState.STOPPED else ""
        job.message = " ".join(part for part in (ended, message, _told(job)) if part)
        job.ended = datetime.now(UTC)
        with suppress(StorageError):
            job_record.write(self._workplace.directory, replace(job, state=state))
        with self._lock:
            # Last: who sees the state reads the rest, and the next job's record is not written over by this one's.
            right.release()
            job.state = state

    def stop(self, job_id: int) -> Job:
        """Have a job end after what it is at; nothing if it has ended.

        Raises:
            NotFoundError: there is no such job.
            ConflictError: it is another server's.
        """
        job = self.get(job_id)
        if job is self._foreign:
            raise ConflictError("another server on this archive does this: stop it there")
        with self._lock:
            if job.state is JobState.RUNNING:
                job.state = JobState.STOPPING
        return job

    def get(self, job_id: int) -> Job:
        """Return a job.

        Raises:
            NotFoundError: there is none of that number, or it is too long ago.
        """
        self._look_again()
        job = self._jobs.get(job_id)
        if job is None:
            raise NotFoundError(f"There is no job {job_id} here any more; the history tells what was done.")
        return job

    def running(self) -> Job | None:
        """Return the job that is at work."""
        self._look_again()
        latest = self.latest()
        return latest if latest is not None and latest.is_live else None

    def latest(self) -> Job | None:
        """Return the job that was started last."""
        return self._jobs[max(self._jobs)] if self._jobs else None

    def summary(self) -> dict[str, Any] | None:
        """Return what every page says of the job at work; None if there is none."""
        job = self.running()
        return None if job is None else job.document()

    def close(self) -> None:
        """Stop what runs, and wait until it has come to a good place."""
        self._closing = True
        job, thread = self.running(), self._thread
        if job is not None and job is not self._foreign and thread is not None:
            self.stop(job.job_id)
            thread.join(_PATIENCE)


def _told(job: Job) -> str:
    """Return what a job did, in words, by the journal."""
    noun = NOUNS.get(job.kind)
    if noun is None:
        return ""
    if not job.done:
        return f"Nothing was changed.{_left(job)}"
    size = f" ({bytes_text(job.bytes)})" if job.bytes else ""
    # Rows go first: nothing is called deleted whose file may still be there.
    verb = "taken out of the archive" if job.left else noun.verb
    if job.done >= job.total:
        return f"{counted(job.done, noun.word)} {verb}{size}.{_left(job)}"
    return f"{counted(job.total, noun.word)} asked for, {job.done:,} {verb}{size}; the rest is as it was.{_left(job)}"


def _left(job: Job) -> str:
    """Return the sentence about files that were to be deleted and are still there; nothing if there are none."""
    if not job.left:
        return ""
    stay = "still lies" if job.left == 1 else "still lie"
    where = f"in {TRASH}, until the disk lets the next change or crawl delete them"
    return f" {counted(job.left, 'file')} {stay} {where}."

"""Jobs: how far one has come, stopping it, and going on with what is left of one that ended early."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from imagefap_scraper.database import journal
from imagefap_scraper.web.answers import Number, archive_of, done
from imagefap_scraper.web.archive import WebArchive
from imagefap_scraper.web.duplicates.batch_plan import read_subject
from imagefap_scraper.web.render import address, page
from imagefap_scraper.web.work.job_record import NOUNS, Job, JobState
from imagefap_scraper.web.work.tasks import task

router = APIRouter()

#: How the page says in which state a job is.
_STATES = {
    JobState.RUNNING: "at work",
    JobState.STOPPING: "stopping after what it is at",
    JobState.DONE: "done",
    JobState.STOPPED: "stopped before its end",
    JobState.FAILED: "ended by an error",
}


@router.get("/jobs/{job_id}", include_in_schema=False)
def show(request: Request, job_id: Number) -> Response:
    """Show a job: its progress, or how it ended and what can be done about it."""
    archive = archive_of(request)
    job = archive.jobs.get(job_id)
    return page(
        request,
        "jobs/job.html",
        job=job,
        state=_STATES[job.state],
        can_undo=_can_undo(archive, job),
        can_go_on=job.state in (JobState.STOPPED, JobState.FAILED),
        for_good=job.kind == "empty",
        noun=NOUNS[job.kind].word if job.kind in NOUNS else "step",
    )


def _can_undo(archive: WebArchive, job: Job) -> bool:
    """Tell whether something that a job did stands and can be taken back."""
    if job.is_live or job.batch is None or job.kind == "empty":
        return False
    with archive.reading() as connection:
        return journal.batch_summary(connection, job.batch) is not None


@router.post("/jobs/{job_id}/stop", include_in_schema=False)
def stop_by_form(request: Request, job_id: Number) -> Response:
    """Have a job end after what it is at."""
    archive_of(request).jobs.stop(job_id)
    return done(f"/jobs/{job_id}")


@router.post("/jobs/{job_id}/resume", include_in_schema=False)
def resume(request: Request, job_id: Number) -> Response:
    """Start another job that does what is left of one; of suggestions, lead to the preview of what is left.

    Among those may be groups by now that nobody has seen, and more files than go without a word.
    """
    archive = archive_of(request)
    job = archive.jobs.get(job_id)
    if job.kind == "accept":
        subject = read_subject(str(job.spec.get("class") or ""), str(job.spec.get("rule") or ""))
        return done(address("/duplicates/batch", **subject.query))
    return done(f"/jobs/{archive.jobs.start(task(archive, job.spec)).job_id}")


@router.get("/api/jobs/{job_id}")
def describe(request: Request, job_id: Number) -> dict[str, Any]:
    """Return a job."""
    return archive_of(request).jobs.get(job_id).document()


@router.post("/api/jobs/{job_id}/stop")
def stop(request: Request, job_id: Number) -> dict[str, Any]:
    """Have a job end after what it is at."""
    return archive_of(request).jobs.stop(job_id).document()

"""Many suggestions followed at once: the sheet that says what would be done, and the job that does it."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Form, Query, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from imagefap_scraper.database import groups as stored
from imagefap_scraper.dedup.rules import RULES, RuleMode
from imagefap_scraper.exceptions import UserInputError
from imagefap_scraper.web.answers import archive_of, done
from imagefap_scraper.web.archive import WebArchive
from imagefap_scraper.web.duplicates.batch_plan import MANY_FILES, Plan, Subject, document, make_plan, read_subject
from imagefap_scraper.web.render import page
from imagefap_scraper.web.work.tasks import task

router = APIRouter()

#: What has to be typed before many files go.
WORD = "APPLY"

_Class = Annotated[str, Query(alias="class")]


@router.get("/duplicates/batch", include_in_schema=False)
def sheet(request: Request, section: _Class = "", rule: str = "") -> Response:
    """Show what following all suggestions of a class or a rule would do."""
    subject = read_subject(section, rule)
    archive = archive_of(request)
    return page(
        request,
        "duplicates/batch.html",
        subject=subject,
        plan=_plan(archive, subject),
        word=WORD,
        many=MANY_FILES,
        is_off=_is_off(archive, rule),
    )


def _plan(archive: WebArchive, subject: Subject) -> Plan:
    with archive.reading() as connection:
        return make_plan(connection, subject)


def _is_off(archive: WebArchive, rule: str) -> bool:
    """Tell whether a rule proposes nothing because it may not."""
    if not rule:
        return False
    with archive.reading() as connection:
        return stored.rule_modes(connection).get(rule, RULES[rule].mode) == RuleMode.OFF


@router.post("/duplicates/batch", include_in_schema=False)
def apply(
    request: Request,
    section: Annotated[str, Form(alias="class")] = "",
    rule: Annotated[str, Form()] = "",
    seen: Annotated[str, Form()] = "",
    word: Annotated[str, Form()] = "",
) -> Response:
    """Start the job that follows the suggestions which were seen, and go to its page."""
    archive = archive_of(request)
    subject = read_subject(section, rule)
    work = task(archive, {"kind": "accept", "class": section, "rule": rule, "seen": seen})
    plan = _plan(archive, subject)
    if plan.is_many and word.strip().upper() != WORD:
        raise UserInputError(
            f"{plan.files:,} files would go to the trash: type {WORD} on the preview to say that you mean it"
        )
    return done(f"/jobs/{archive.jobs.start(work).job_id}")


@router.post("/duplicates/apply", include_in_schema=False)
def carry_out(request: Request) -> Response:
    """Start the job that throws out what was decided to go later."""
    archive = archive_of(request)
    return done(f"/jobs/{archive.jobs.start(task(archive, {'kind': 'apply'})).job_id}")


class BatchRequest(BaseModel):
    """A batch: of a class or of a rule; with `seen`, of a dry run's answer, only if the groups are still those."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    section: str = Field("", alias="class")
    rule: str = ""
    dry_run: bool = False
    seen: str = ""


@router.post("/api/batch")
def batch(request: Request, wanted: BatchRequest) -> dict[str, Any]:
    """Follow the suggestions of a class or a rule as a job, or say what that would do."""
    archive = archive_of(request)
    subject = read_subject(wanted.section, wanted.rule)
    if wanted.dry_run:
        return {"batch": None, "text": "nothing was changed", **document(_plan(archive, subject))}
    job = archive.jobs.start(task(archive, {"kind": "accept", **subject.query, "seen": wanted.seen}))
    return {"batch": None, "text": f"{job.title}: at work", "job": job.job_id}

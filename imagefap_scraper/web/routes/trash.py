"""The trash: what is in it, bringing back, and deleting for good."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Form, Query, Request
from starlette.responses import Response

from imagefap_scraper.database import trash_pages as pages
from imagefap_scraper.exceptions import ConflictError, UserInputError
from imagefap_scraper.review import trashing
from imagefap_scraper.web.answers import archive_of, done
from imagefap_scraper.web.duplicates.batch_plan import MANY_FILES
from imagefap_scraper.web.render import page
from imagefap_scraper.web.work.tasks import task

router = APIRouter()

#: Pictures on one page.
_PAGE = 60
#: What has to be typed before much is deleted.
WORD = "DELETE"
#: Days of the ages that are offered; the trash itself throws nothing away.
_AGES = (7, 30, 90)
_LONGEST = 36_500

_Days = Annotated[int, Query(ge=0, le=_LONGEST)]


@router.get("/trash", include_in_schema=False)
def show(request: Request, number: Annotated[int, Query(alias="page", ge=1, le=1_000_000)] = 1) -> Response:
    """Show what is in the trash, the latest first."""
    with archive_of(request).reading() as connection:
        rows = pages.rows(connection, (number - 1) * _PAGE, _PAGE)
        names = pages.names(connection, [row.sha256 for row in rows])
        count, size = pages.total(connection)
        ages = {days: pages.total(connection, _before(days)) for days in _AGES}
        # Without a picture there is hardly a file to look at.
        is_swept = count > 0 or trashing.is_swept(archive_of(request).workplace)
    last = max((count + _PAGE - 1) // _PAGE, 1)
    return page(
        request,
        "trash/trash.html",
        rows=rows,
        names=names,
        count=count,
        size=size,
        is_swept=is_swept,
        before=_before(0).isoformat(),
        ages=ages,
        number=number,
        last=last,
    )


def _before(days: int) -> datetime:
    """Return the moment so many days ago."""
    return datetime.now(UTC) - timedelta(days=days)


@router.post("/trash/restore", include_in_schema=False)
def restore(
    request: Request,
    pictures: Annotated[list[str], Form(alias="picture")] = [],  # noqa: B006 - FastAPI copies it
    everything: Annotated[bool, Form(alias="all")] = False,
    back: Annotated[str, Form()] = "/trash",
) -> Response:
    """Bring pictures back to their places: those that are ticked, or all."""
    archive = archive_of(request)
    if everything:
        return done(f"/jobs/{archive.jobs.start(task(archive, {'kind': 'restore'})).job_id}")
    with archive.reading() as connection:
        there = {one.sha256 for one in trashing.in_trash(connection)}
    wanted = list(dict.fromkeys(pictures))
    if not wanted:
        raise UserInputError("no picture is ticked")
    if missing := set(wanted) - there:
        raise ConflictError(f"{len(missing):,} of these pictures are not in the trash any more: look again")
    return done(back, trashing.restore(archive.workplace, wanted, archive.options).batch)


@router.get("/trash/empty", include_in_schema=False)
def ask(request: Request, days: _Days = 0) -> Response:
    """Ask once more before anything is deleted for good."""
    before = _before(days)
    with archive_of(request).reading() as connection:
        count, size = pages.total(connection, before)
    return page(
        request,
        "trash/empty.html",
        days=days,
        before=before.isoformat(),
        count=count,
        size=size,
        word=WORD,
        is_many=count > MANY_FILES,
    )


@router.post("/trash/empty", include_in_schema=False)
def empty(
    request: Request,
    before: Annotated[str, Form()],
    count: Annotated[int, Form()],
    sure: Annotated[bool, Form()] = False,
    word: Annotated[str, Form()] = "",
) -> Response:
    """Start the job that deletes what went to the trash before a moment."""
    archive = archive_of(request)
    work = task(archive, {"kind": "empty", "before": _moment(before).isoformat()})
    if work.total != count:
        raise ConflictError("the trash has changed since you looked at it: look again")
    if count > MANY_FILES and word.strip().upper() != WORD:
        raise UserInputError(f"{count:,} pictures would be deleted for good: type {WORD} to say that you mean it")
    if not sure:
        raise UserInputError("tick the box to say that you mean it: this cannot be undone")
    return done(f"/jobs/{archive.jobs.start(work).job_id}")


def _moment(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
        found = found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
    except (ValueError, OverflowError) as error:
        raise UserInputError(f"{text!r} is no moment") from error
    # Nothing that is thrown out while the question stands belongs to it.
    return min(found, datetime.now(UTC))

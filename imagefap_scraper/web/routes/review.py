"""The review of one group after the other: the page, its form for browsers without scripts, and the API behind it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel
from starlette.datastructures import FormData
from starlette.responses import RedirectResponse, Response

from imagefap_scraper.dedup.kinds import Verdict
from imagefap_scraper.exceptions import ConflictError, UserInputError
from imagefap_scraper.review.applying import defer
from imagefap_scraper.review.batches import Report
from imagefap_scraper.review.deciding import Choice, decide
from imagefap_scraper.review.showing import collect
from imagefap_scraper.web.answers import AskedNumber, Number, archive_of, done
from imagefap_scraper.web.archive import WebArchive
from imagefap_scraper.web.duplicates.group_view import group_document, preview
from imagefap_scraper.web.duplicates.review_queue import ReviewQueue, next_of, position
from imagefap_scraper.web.duplicates.review_start import left_to_do
from imagefap_scraper.web.render import address, page
from imagefap_scraper.web.routes.duplicates import Address

router = APIRouter()

#: How long "later" is, if it is not the next search.
_MONTH = timedelta(days=30)


def queue_of(wanted: Annotated[Address, Query()]) -> ReviewQueue:
    """Return the queue that the query of an address names."""
    return ReviewQueue(wanted.filter, wanted.sort, wanted.query)


async def form_of(request: Request) -> FormData:
    """Return the fields of a form whose names depend on the group."""
    return await request.form(max_files=0, max_fields=1000)


Queue = Annotated[ReviewQueue, Depends(queue_of)]
Form = Annotated[FormData, Depends(form_of)]


class Verdicts(BaseModel):
    """What somebody decides: the revision they looked at, verdicts by SHA-256 (the keeper first), variants.

    With `later` nothing is thrown out yet; that is done for all such groups together, at the end.
    """

    rev: str
    verdicts: dict[str, Literal["keep", "skip", "false"]]
    variants: list[str] = []
    later: bool = False

    def choice(self, group_id: int) -> Choice:
        """Return it as the choice about a group."""
        verdicts = {sha256: Verdict(verdict) for sha256, verdict in self.verdicts.items()}
        return Choice(group_id, verdicts, self.variants, self.rev)


class Deferral(BaseModel):
    """Until when: the next search, or a month from now."""

    until: Literal["month"] | None = None


@router.get("/duplicates/review", include_in_schema=False)
def review(request: Request, queue: Queue, g: AskedNumber = None) -> Response:
    """Show a group, or the first of the queue, or that nothing is left."""
    archive = archive_of(request)
    with archive.reading() as connection:
        ids = queue.group_ids(connection)
        group_id = g if g is not None else next(iter(ids), None)
        if group_id is None:
            left = left_to_do(connection)
            return page(request, "duplicates/review_done.html", queue=queue, left=left)
        shown = collect(connection, group_id, archive.options)
    return _page(request, queue, group_document(shown), ids)


def _page(
    request: Request,
    queue: ReviewQueue,
    group: dict[str, Any],
    ids: list[int],
    *,
    status: int = 200,
    refused: str = "",
    chosen: dict[str, str] | None = None,
) -> Response:
    return page(
        request,
        "duplicates/review.html",
        status=status,
        queue=queue,
        group=group,
        position=position(ids, group["id"]),
        refused=refused,
        chosen=chosen or {},
    )


@router.get("/api/groups/{group_id}")
def group(request: Request, group_id: Number, queue: Queue) -> dict[str, Any]:
    """Return a group with all that a decision depends on, and where it stands in a queue."""
    archive = archive_of(request)
    with archive.reading() as connection:
        shown = collect(connection, group_id, archive.options)
        ids = queue.group_ids(connection)
    return {**group_document(shown), "position": position(ids, group_id).document()}


@router.post("/api/groups/{group_id}/preview")
def foretell(request: Request, group_id: Number, given: Verdicts) -> dict[str, str]:
    """Return in words what verdicts would do; nothing is changed."""
    archive = archive_of(request)
    choice = given.choice(group_id)
    with archive.reading() as connection:
        shown = collect(connection, group_id, archive.options)
    if shown.group.rev != given.rev:
        raise ConflictError("this group has changed since you looked at it")
    return {"text": preview(shown, choice.verdicts, choice.variants, later=given.later)}


@router.post("/api/groups/{group_id}/decide")
def decide_group(request: Request, group_id: Number, given: Verdicts, queue: Queue) -> dict[str, Any]:
    """Carry verdicts out; what is skipped goes to the trash, or waits for later. Names the group that comes next."""
    archive = archive_of(request)
    report, text, following = _decide(archive, queue, given.choice(group_id), later=given.later)
    return {"batch": report.batch, "text": text, "next": following}


@router.post("/api/groups/{group_id}/defer")
def defer_group(request: Request, group_id: Number, given: Deferral, queue: Queue) -> dict[str, Any]:
    """Put a group aside, until the next search or for a month."""
    report, text, following = _defer(archive_of(request), queue, group_id, month=given.until == "month")
    return {"batch": report.batch, "text": text, "next": following}


@router.post("/duplicates/{group_id}/decide", include_in_schema=False)
def decide_by_form(request: Request, group_id: Number, form: Form, queue: Queue) -> Response:
    """Carry out the form of the page, and go on to the next group."""
    archive = archive_of(request)
    if "later" in form:
        report, _, following = _defer(archive, queue, group_id, month=form["later"] == "month")
        return _go_on(queue, report, following)
    verdicts, variants = _read_form(form)
    if not verdicts:
        return _again(request, queue, group_id, form, "Nothing was chosen: say what becomes of at least one picture.")
    choice = Choice(group_id, verdicts, variants, rev=str(form.get("rev", "")))
    try:
        report, _, following = _decide(archive, queue, choice, later="collect" in form)
    except ConflictError:
        again = address("/duplicates/review", **queue.query, g=group_id)
        return page(request, "duplicates/review_changed.html", status=409, again=again)
    except UserInputError as error:
        return _again(request, queue, group_id, form, str(error))
    return _go_on(queue, report, following)


def _decide(archive: WebArchive, queue: ReviewQueue, choice: Choice, *, later: bool) -> tuple[Report, str, int | None]:
    """Carry out a choice; return what was done, in words too, and the group that comes next."""
    with archive.reading() as connection:
        before = queue.group_ids(connection)
        shown = collect(connection, choice.group_id, archive.options)
    if choice.rev != shown.group.rev:
        raise ConflictError(f"group {choice.group_id} has changed since you looked at it: look again, then decide")
    text = preview(shown, choice.verdicts, choice.variants, later=later)
    report = decide(archive.workplace, [choice], archive.options, apply=not later)
    with archive.reading() as connection:
        after = queue.group_ids(connection)
    return report, f"Done: {text}", next_of(before, after, choice.group_id)


def _defer(archive: WebArchive, queue: ReviewQueue, group_id: int, *, month: bool) -> tuple[Report, str, int | None]:
    with archive.reading() as connection:
        before = queue.group_ids(connection)
    until = datetime.now(UTC) + _MONTH if month else None
    report = defer(archive.workplace, [group_id], until, archive.options)
    with archive.reading() as connection:
        after = queue.group_ids(connection)
    when = "until the next search" if until is None else f"until {until:%Y-%m-%d}"
    return report, f"Put aside {when}.", next_of(before, after, group_id)


def _read_form(form: FormData) -> tuple[dict[str, Verdict], list[str]]:
    """Return the verdicts and variants of a form, in the order of its fields: the first one kept is the keeper."""
    verdicts: dict[str, Verdict] = {}
    variants = []
    for name, value in form.multi_items():
        what, _, sha256 = name.partition("-")
        if what != "verdict" or value == "":
            continue
        if value == "variant":
            variants.append(sha256)
        if value not in ("keep", "variant", "skip", "false"):
            raise UserInputError(f"{value!r} is nothing that can become of a picture")
        verdicts[sha256] = Verdict.KEEP if value == "variant" else Verdict(str(value))
    return verdicts, variants


def _again(request: Request, queue: ReviewQueue, group_id: int, form: FormData, refused: str) -> Response:
    """Return the page once more, with what was chosen, and why it cannot be."""
    archive = archive_of(request)
    with archive.reading() as connection:
        shown = collect(connection, group_id, archive.options)
        ids = queue.group_ids(connection)
    chosen = {name: str(value) for name, value in form.multi_items() if name.startswith(("verdict-", "collect"))}
    return _page(request, queue, group_document(shown), ids, status=400, refused=refused, chosen=chosen)


def _go_on(queue: ReviewQueue, report: Report, following: int | None) -> Response:
    back = address("/duplicates/review", **queue.query, g=following)
    return done(back, report.batch) if report.batch else RedirectResponse(back, 303)

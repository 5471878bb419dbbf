"""Rules: what each may do, how often it was right, what it would do, and where it was told otherwise."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Form, Request
from sqlalchemy import Connection, select
from starlette.responses import Response

from imagefap_scraper.database import journal
from imagefap_scraper.database import members as blobs
from imagefap_scraper.database.duplicate_models import Action, Denial
from imagefap_scraper.dedup.rules import APPROVALS_FOR_AUTO, RECORD_LENGTH, RULES, RuleMode, may_be_auto
from imagefap_scraper.exceptions import NotFoundError, UserInputError
from imagefap_scraper.review import previewing, ruling
from imagefap_scraper.review.ruling import RuleRecord
from imagefap_scraper.web.answers import archive_of, done
from imagefap_scraper.web.duplicates.group_rows import KIND_WORDS
from imagefap_scraper.web.render import page

router = APIRouter()

#: Denials that are listed, the latest first.
_DENIALS_SHOWN = 100
#: Actions among which a change that was just made is found; others may have decided meanwhile.
_LATEST = 50
_MODES = {
    RuleMode.OFF: "off",
    RuleMode.SUGGEST: "suggest",
    RuleMode.AUTO: "decide alone",
}


@router.get("/duplicates/rules", include_in_schema=False)
def table(request: Request) -> Response:
    """Show all rules with their records."""
    with archive_of(request).reading() as connection:
        records = ruling.rule_records(connection)
    free = {one.name: may_be_auto(one.approved, one.denied) for one in records}
    return page(
        request,
        "duplicates/rules.html",
        records=records,
        free=free,
        modes=_MODES,
        length=RECORD_LENGTH,
        needed=APPROVALS_FOR_AUTO,
    )


@router.get("/duplicates/rules/{name}", include_in_schema=False)
def show(request: Request, name: str) -> Response:
    """Show what a rule would do now, and its denials."""
    archive = archive_of(request)
    with archive.reading() as connection:
        record = _record(connection, name)
        preview = previewing.preview(connection, name, archive.options)
        shown = [sha256 for one in [*preview.random, *preview.nearest] for sha256 in (one.keep, *one.skip[:1])]
        facts = blobs.blob_facts(connection, shown)
        denials = _denials(connection, name)
    return page(
        request,
        "duplicates/rule.html",
        record=record,
        preview=preview,
        facts=facts,
        denials=denials,
        modes=_MODES,
        kinds=KIND_WORDS,
        shown=_DENIALS_SHOWN,
    )


def _record(connection: Connection, name: str) -> RuleRecord:
    for record in ruling.rule_records(connection):
        if record.name == name:
            return record
    raise NotFoundError(f"there is no rule {name!r}; there are {', '.join(RULES)}")


def _check_may_be_auto(record: RuleRecord, *, override: bool) -> None:
    """Refuse what `set_mode` would, in words that fit this page."""
    if not may_be_auto(record.approved, record.denied, override=override):
        raise UserInputError(
            f"{record.name} may not decide alone yet: of its last {RECORD_LENGTH} proposals {record.approved} were "
            f"followed and {record.denied} denied; at least {APPROVALS_FOR_AUTO} and none are needed. Tick the box if "
            "you know better."
        )


def _denials(connection: Connection, rule: str) -> list[Any]:
    """Return the decisions against a rule: pair, action, batch, when, what, and whether it is undone."""
    query = (
        select(
            Denial.first,
            Denial.second,
            Action.action_id,
            Action.batch,
            Action.at,
            Action.summary,
            Action.undone_by,
        )
        .join(Action, Action.action_id == Denial.action_id)
        .where(Denial.rule == rule)
        .order_by(Denial.action_id.desc(), Denial.first, Denial.second)
        .limit(_DENIALS_SHOWN)
    )
    return list(connection.execute(query))


@router.post("/duplicates/rules/{name}", include_in_schema=False)
def change(
    request: Request, name: str, mode: Annotated[str, Form()], override: Annotated[bool, Form()] = False
) -> Response:
    """Let a rule do more or less."""
    if mode not in set(RuleMode):
        raise UserInputError(f"{mode!r} is nothing that a rule may do; there are {', '.join(RuleMode)}")
    archive = archive_of(request)
    if mode == RuleMode.AUTO:
        with archive.reading() as connection:
            _check_may_be_auto(_record(connection, name), override=override)
    ruling.set_mode(archive.workplace, name, RuleMode(mode), archive.options, override=override)
    with archive.reading() as connection:
        latest = journal.history(connection, _LATEST)
    wanted = ("rules", f"{name}: {mode}")
    changed = next((entry.batch for entry in latest if (entry.kind, entry.summary) == wanted), None)
    return done("/duplicates/rules", changed)

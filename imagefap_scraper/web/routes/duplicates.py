"""The queue of look-alikes: what asks, by class, and the list behind every number."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, Field
from sqlalchemy import Connection, func, select
from starlette.responses import Response

from imagefap_scraper.database.duplicate_models import Action
from imagefap_scraper.dedup.kinds import GroupState
from imagefap_scraper.exceptions import UserInputError
from imagefap_scraper.review import sections
from imagefap_scraper.review.sections import BORING, Filter, Section
from imagefap_scraper.web.answers import LARGEST, archive_of
from imagefap_scraper.web.duplicates.batch_plan import MANY_FILES
from imagefap_scraper.web.duplicates.group_rows import KIND_WORDS, rows
from imagefap_scraper.web.render import page
from imagefap_scraper.web.work.job_record import JobState

router = APIRouter()

#: Of a perceptual hash.
_HASH_BITS = 64
#: Groups on one page.
_PAGE = 50
#: Groups in one answer to a program.
_MOST = 200
_FACTORS = {"k": 1_000, "m": 1_000_000, "g": 1_000_000_000}
_ORDERS = {"gain": "space to win", "sure": "certainty", "new": "newest"}
#: What people read of a section: its name, and what is done with it.
_SECTIONS = {
    Section.IDENTICAL: ("Pixel-identical", "All pixels are equal, only the files differ. The suggested file is kept."),
    Section.COPY: ("Smaller or worse copy", "One copy is better by far. It is kept."),
    Section.EYES: ("Needs your eyes", "The same picture, but no copy is clearly the better one."),
    Section.VARIANTS: ("Variants and series", "Edited, cropped, turned or mirrored: often worth keeping."),
    Section.LOOK_ALIKE: ("Only look alike", "Most of these are different pictures."),
}
_STATES = {
    GroupState.DEFERRED: "put aside",
    GroupState.REOPENED: "asked again",
    GroupState.STALE: "with a missing file",
    GroupState.DECIDED: "decided, files still there",
    GroupState.APPLIED: "done",
}


class Address(BaseModel):
    """What an address of the queue says."""

    section: str = Field("", alias="class")
    kind: str = ""
    state: str = ""
    rule: str = ""
    least: str = ""
    distance: str = ""
    q: str = ""
    sort: Literal["gain", "sure", "new"] = "gain"
    cursor: str = ""
    limit: int = Field(_PAGE, ge=1, le=_MOST)

    @property
    def filter(self) -> Filter:
        """The groups that are meant.

        Raises:
            UserInputError: it names what there is not.
        """
        least = _bytes(self.least)
        return sections.read_filter(
            section=self.section,
            kind=self.kind,
            state=self.state,
            rule=self.rule,
            least=least,
            distance=_bits(self.distance),
            query=self.q,
        )

    @property
    def query(self) -> dict[str, str]:
        """The same for another address, without the page; what is as usual is left out."""
        sort = "" if self.sort == "gain" else self.sort
        named = {"kind": self.kind, "state": self.state, "rule": self.rule, "least": self.least}
        return {"class": self.section, **named, "distance": self.distance, "q": self.q, "sort": sort}


def _bytes(text: str) -> int:
    """Return a number of bytes that was typed: 300 kB, 2MB, 1500."""
    number, factor = text.strip().lower().removesuffix("b").strip(), 1
    if number[-1:] in _FACTORS:
        number, factor = number[:-1].strip(), _FACTORS[number[-1]]
    try:
        return min(int(float(number or "0") * factor), LARGEST)
    except (ValueError, OverflowError) as error:
        raise UserInputError(f"{text!r} is no size; write 300 kB or 2 MB") from error


def _bits(text: str) -> int | None:
    """Return a number of bits that was typed; None if that is nothing."""
    typed = text.strip()
    if not typed:
        return None
    if not (typed.isascii() and typed.isdecimal() and len(typed) <= 2) or int(typed) > _HASH_BITS:
        raise UserInputError(f"{text!r} is no number of bits from 0 to {_HASH_BITS}")
    return int(typed)


@router.get("/duplicates", include_in_schema=False)
def queue(request: Request, wanted: Annotated[Address, Query()]) -> Response:
    """Show the queue by class, and one page of its groups."""
    archive = archive_of(request)
    with archive.reading() as connection:
        values: dict[str, Any] = {
            **_listing(connection, wanted),
            "sums": sections.sums(connection),
            "states": sections.states(connection),
            "ready": {section: sections.ready(connection, Filter(section=section)) for section in BORING},
            "today": _done_today(connection),
        }
    return page(
        request,
        "duplicates/queue.html",
        status=400 if values["refused"] else 200,
        **values,
        names=_SECTIONS,
        state_names=_STATES,
        kinds=KIND_WORDS,
        orders=_ORDERS,
        boring=BORING,
        many=MANY_FILES,
        wanted=wanted,
        job=_job_to_tell(archive.jobs.latest()),
        all_states=[str(state) for state in GroupState],
    )


def _listing(connection: Connection, wanted: Address) -> dict[str, Any]:
    """Return a page of the groups that are meant; none, and why, if that cannot be read."""
    try:
        filtered = wanted.filter
        ids, following = sections.page(connection, filtered, wanted.sort, wanted.cursor, _PAGE)
        total = sections.total(connection, filtered)
    except UserInputError as error:
        nothing: dict[str, Any] = {"rows": [], "total": sections.Sum(0, 0), "following": None}
        return {**nothing, "is_filtered": True, "refused": str(error)}
    found = {"rows": rows(connection, ids), "total": total, "following": following}
    return {**found, "is_filtered": filtered != Filter(), "refused": ""}


def _done_today(connection: Connection) -> int:
    """Return how many groups were decided since midnight of this machine's own time."""
    midnight = datetime.now().astimezone().replace(hour=0, minute=0, second=0, microsecond=0)
    query = select(func.count()).where(
        Action.at >= midnight, Action.kind.in_(["decide", "accept", "rule"]), Action.undone_by.is_(None)
    )
    return int(connection.execute(query).scalar_one())


def _job_to_tell(job: Any) -> Any:
    """Return the latest job if there is something to do about it."""
    return None if job is None or job.state is JobState.DONE else job


@router.get("/api/groups")
def groups(request: Request, wanted: Annotated[Address, Query()]) -> dict[str, Any]:
    """Return groups in order, the cursor of the next ones, and how many there are in all."""
    filtered = wanted.filter
    with archive_of(request).reading() as connection:
        ids, following = sections.page(connection, filtered, wanted.sort, wanted.cursor, wanted.limit)
        total = sections.total(connection, filtered)
        found = [row.document() for row in rows(connection, ids)]
    return {"groups": found, "next": following, "total": total.groups, "bytes": total.bytes}

"""The history: every batch of decisions, the latest first, and taking one back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Request
from sqlalchemy import Connection
from starlette.responses import Response

from imagefap_scraper.database import journal_pages as pages
from imagefap_scraper.web.answers import AskedNumber, archive_of
from imagefap_scraper.web.render import page
from imagefap_scraper.web.work.undo import LONG

router = APIRouter()

#: Batches on one page, and actions that are listed of one.
_PAGE, _ACTIONS = 50, 50
#: What people read of a kind of action.
_KINDS = {
    "decide": "decision",
    "accept": "suggestions followed",
    "rule": "decided by a rule",
    "apply": "decisions carried out",
    "defer": "put aside",
    "restore": "back from the trash",
    "empty": "trash emptied",
    "rules": "rule changed",
    "undo": "undoing",
    "import": "import",
    "tag": "tags",
}
#: Kinds that cannot be taken back.
_FOR_GOOD = frozenset({"empty", "import"})


@dataclass(frozen=True, slots=True)
class Batch:
    """A line of the history.

    Attributes:
        number: of the batch.
        at: when its latest action was.
        actor: `you`, or `rule:NAME`.
        kind: in words.
        summary: of its latest action.
        count: of its actions, `undone` of them.
        bytes: that went to the trash or came back.
        actions: the latest of them, as rows; empty where there is but one.
        undone_by: the batch that took it back.
        undid: the batch that it took back.
        can_undo: whether something of it stands that can be taken back.
    """

    number: int
    at: Any
    actor: str
    kind: str
    summary: str
    count: int
    undone: int
    bytes: int
    actions: list[Any]
    undone_by: int | None
    undid: int | None
    can_undo: bool

    @property
    def is_long(self) -> bool:
        """Whether taking it back is a job."""
        return self.count - self.undone > LONG


@router.get("/history", include_in_schema=False)
def history(request: Request, before: AskedNumber = None) -> Response:
    """Show what was done, a batch a line."""
    with archive_of(request).reading() as connection:
        rows = pages.batches(connection, before, _PAGE + 1)
        batches = _batches(connection, rows[:_PAGE])
        total = pages.count(connection)
    older = rows[_PAGE - 1].batch if len(rows) > _PAGE else None
    return page(
        request, "history/history.html", batches=batches, total=total, older=older, before=before, most=_ACTIONS
    )


def _batches(connection: Connection, rows: list[Any]) -> list[Batch]:
    named = [number for row in rows for number in (row.last, row.undoes, row.last_undoing) if number is not None]
    known = pages.by_number(connection, named)
    return [_batch(connection, row, known) for row in rows]


def _batch(connection: Connection, row: Any, known: dict[int, Any]) -> Batch:
    last = known[row.last]
    return Batch(
        number=row.batch,
        at=last.at,
        actor=last.actor,
        kind=_KINDS.get(last.kind, last.kind),
        summary=last.summary,
        count=row.actions,
        undone=row.undone,
        bytes=row.bytes,
        actions=pages.actions(connection, row.batch, _ACTIONS) if row.actions > 1 else [],
        undone_by=known[row.last_undoing].batch if row.last_undoing in known else None,
        undid=known[row.undoes].batch if row.undoes in known else None,
        can_undo=row.undone < row.actions and last.kind not in _FOR_GOOD,
    )

"""Taking back what was done last, or doing it again: for the toast of every page, for keys and for programs."""

from __future__ import annotations

from contextlib import suppress
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request
from starlette.responses import Response

from imagefap_scraper.exceptions import NotFoundError
from imagefap_scraper.review import undoing
from imagefap_scraper.web.answers import Number, archive_of, done
from imagefap_scraper.web.work.undo import undo_batch

router = APIRouter()


@router.post("/undo/{batch}", include_in_schema=False)
def undo_by_form(request: Request, batch: Number, back: Annotated[str, Form()] = "/") -> Response:
    """Undo a batch and go back to the page that asked for it."""
    undone = undo_batch(archive_of(request), batch)
    return done(back if undone.job is None else f"/jobs/{undone.job}", undone.batch)


@router.get("/api/undo/last")
def last(request: Request) -> dict[str, Any]:
    """Return the batch of the history that Undo would take back; null if there is none."""
    with suppress(NotFoundError), archive_of(request).reading() as connection:
        return {"batch": undoing.last_batch(connection)}
    return {"batch": None}


@router.post("/api/undo/{batch}")
def undo(request: Request, batch: Number) -> dict[str, Any]:
    """Undo a batch of the history; the answer names the undoing, which can be undone in turn."""
    return undo_batch(archive_of(request), batch)._asdict()


@router.post("/api/redo")
def redo(request: Request) -> dict[str, Any]:
    """Do again what was undone last."""
    archive = archive_of(request)
    with archive.reading() as connection:
        batch = undoing.last_batch(connection, undone=True)
    return undo_batch(archive, batch)._asdict()

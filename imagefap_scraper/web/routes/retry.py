"""Fetching again what failed, by hand."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Form, Request
from starlette.responses import Response

from imagefap_scraper.web.answers import archive_of, done
from imagefap_scraper.web.routes.images import ImageId

router = APIRouter()


@router.post("/images/retry", include_in_schema=False)
def all_by_form(request: Request, back: Annotated[str, Form()] = "/") -> Response:
    """Fetch every failed picture again; the page it leads to says how that goes."""
    archive_of(request).browsing.retrying.start(None)
    return done(back)


@router.post("/images/{image_id}/retry", include_in_schema=False)
def one_by_form(request: Request, image_id: ImageId) -> Response:
    """Fetch a picture again; its page says how that goes."""
    archive_of(request).browsing.retrying.start(image_id)
    return done(f"/images/{image_id}")


@router.post("/api/images/retry")
def everything(request: Request) -> dict[str, Any]:
    """Fetch every failed picture again, in the background; `/api/status` says what came of it."""
    return {"batch": None, "text": archive_of(request).browsing.retrying.start(None)}


@router.post("/api/images/{image_id}/retry")
def one(request: Request, image_id: ImageId) -> dict[str, Any]:
    """Fetch a picture again, in the background; `/api/status` says what came of it."""
    return {"batch": None, "text": archive_of(request).browsing.retrying.start(image_id)}

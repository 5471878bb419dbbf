"""The page on which keys are changed; what is changed stays in the browser."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from imagefap_scraper.web.render import page

router = APIRouter()


@router.get("/keys", include_in_schema=False)
def keys(request: Request) -> Response:
    """Show all keys, and let them be changed."""
    return page(request, "keys.html")

"""The start page."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from imagefap_scraper.pace import history
from imagefap_scraper.web.answers import archive_of
from imagefap_scraper.web.browse import plots
from imagefap_scraper.web.browse.overview import next_step
from imagefap_scraper.web.render import page

router = APIRouter()


@router.get("/", include_in_schema=False)
def start(request: Request) -> Response:
    """Show the archive at a glance."""
    archive = archive_of(request)
    with archive.reading() as connection:
        crawl = archive.browsing.crawl.look(connection)
        overview = archive.browsing.overviews.get(connection)
    return page(
        request,
        "browse/start.html",
        overview=overview,
        crawl=crawl,
        step=next_step(overview, crawling=crawl is not None),
        asked=plots.pages(history.pages().minutes),
        retry=archive.browsing.retrying.outcome,
    )

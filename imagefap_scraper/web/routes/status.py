"""What every page asks again and again: does a crawl run, has anything changed."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request

from imagefap_scraper.web.answers import archive_of

router = APIRouter()


@router.get("/api/status")
def status(request: Request) -> dict[str, Any]:
    """Return the running crawl, the version of the archive (it changes when anything does), a job and a retry."""
    archive = archive_of(request)
    with archive.reading() as connection:
        crawl = archive.browsing.crawl.look(connection)
    retry = archive.browsing.retrying.outcome
    return {
        "crawl": None
        if crawl is None
        else {
            "text": crawl.text,
            "stored": crawl.stored,
            "wanted": crawl.wanted,
            "known": crawl.known,
            "seconds_left": None if crawl.left is None else round(crawl.left),
            "paused_until": None if crawl.paused_until is None else f"{crawl.paused_until:%Y-%m-%dT%H:%M:%SZ}",
        },
        "version": archive.browsing.version,
        "job": archive.jobs.summary(),
        "retry": None
        if not retry.number
        else {"number": retry.number, "image": retry.image_id, "running": retry.running, "text": retry.text},
    }

"""Limits: how far apart the pairs on record are, what each step looks like, and searching again within another one."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Form, Query, Request
from starlette.responses import Response

from imagefap_scraper.database import pair_distances as distances
from imagefap_scraper.dedup.kinds import PairKind
from imagefap_scraper.review.options import LARGEST_DISTANCE
from imagefap_scraper.web.answers import archive_of, done
from imagefap_scraper.web.duplicates.group_rows import KIND_WORDS
from imagefap_scraper.web.duplicates.histogram import histogram
from imagefap_scraper.web.render import page
from imagefap_scraper.web.work.tasks import task

router = APIRouter()

#: Pairs shown of a distance.
_SAMPLES = 6

_KINDS = [str(kind) for kind in PairKind]

_Distance = Annotated[int, Query(ge=0, le=LARGEST_DISTANCE)]


@router.get("/duplicates/limits", include_in_schema=False)
def show(request: Request, distance: Annotated[int | None, Query(ge=0, le=LARGEST_DISTANCE)] = None) -> Response:
    """Show the distances of the pairs on record, and samples at one of them."""
    archive = archive_of(request)
    limit = archive.options.max_distance
    chosen = limit if distance is None else distance
    with archive.reading() as connection:
        counts = distances.counts(connection)
        samples = distances.samples(connection, chosen, _SAMPLES)
        groups = distances.groups_within(connection, LARGEST_DISTANCE)
        searched = distances.searched(connection)
    return page(
        request,
        "duplicates/limits.html",
        chart=histogram(counts, _KINDS, LARGEST_DISTANCE),
        order=_KINDS,
        groups=groups,
        samples=samples,
        chosen=chosen,
        limit=limit,
        searched=searched,
        largest=LARGEST_DISTANCE,
        kinds=KIND_WORDS,
    )


@router.get("/api/pairs")
def pairs(request: Request, distance: _Distance) -> dict[str, Any]:
    """Return how many pairs and groups are within a distance (bits of PHash), and samples at just that one."""
    with archive_of(request).reading() as connection:
        counts = distances.counts(connection)
        groups = distances.groups_within(connection, LARGEST_DISTANCE)
        samples = distances.samples(connection, distance, _SAMPLES)
    return {
        "distance": distance,
        "pairs": sum(count for (bits, _), count in counts.items() if bits <= distance),
        "groups": groups[distance],
        "at": {kind: count for (bits, kind), count in sorted(counts.items()) if bits == distance},
        "samples": [{**sample._asdict(), "words": KIND_WORDS[sample.kind]} for sample in samples],
    }


@router.post("/duplicates/limits", include_in_schema=False)
def search(request: Request, distance: Annotated[int, Form(ge=0, le=LARGEST_DISTANCE)]) -> Response:
    """Start the job that searches again within a distance."""
    archive = archive_of(request)
    work = task(archive, {"kind": "search", "distance": distance})
    return done(f"/jobs/{archive.jobs.start(work).job_id}")

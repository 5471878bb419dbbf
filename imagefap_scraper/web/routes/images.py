"""Pictures: those of a query, and one of them with all that is known."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response

from imagefap_scraper import query
from imagefap_scraper.exceptions import ConflictError, UserInputError
from imagefap_scraper.web.answers import archive_of
from imagefap_scraper.web.browse import cells
from imagefap_scraper.web.browse.facts import facts_of
from imagefap_scraper.web.render import page

router = APIRouter()

#: An image of the site; those below 0 came from elsewhere.
ImageId = Annotated[int, Path(ge=-(1 << 62), le=1 << 62)]
Asked = Annotated[str, Query(alias="q", description="in the query language; empty: everything")]
Offset = Annotated[int, Query(ge=0, le=1 << 40)]


@router.get("/images", include_in_schema=False)
def images(request: Request, asked: Asked = "") -> Response:
    """Show the pictures of a query; one that cannot be read above an empty grid."""
    archive = archive_of(request)
    status = 200
    with archive.reading() as connection:
        try:
            view = cells.view(connection, request, asked)
        except ConflictError:
            raise
        except UserInputError as error:
            view, status = cells.refused(request, asked, error), 400
        failed = query.count(connection, "status:failed") if asked.strip() == "status:failed" else 0
    return page(request, "browse/images.html", status=status, view=view, failed=failed)


@router.get("/images/{image_id}", include_in_schema=False)
def image(request: Request, image_id: ImageId) -> Response:
    """Show one picture with all that is known of it."""
    archive = archive_of(request)
    with archive.reading() as connection:
        found = facts_of(connection, archive.workplace.directory, image_id)
    return page(request, "browse/image.html", found=found, cell=found.cell, retry=archive.browsing.retrying.outcome)


@router.get("/api/images")
def listed(
    request: Request, asked: Asked = "", offset: Offset = 0, limit: Annotated[int, Query(ge=0, le=500)] = 120
) -> dict[str, Any]:
    """Return some pictures of a query in its order, and how many it has."""
    archive = archive_of(request)
    with archive.reading() as connection:
        read = query.parse(asked)
        total = query.count(connection, read)
        some = cells.of_rows(connection, query.run(connection, read, limit, offset), asked) if limit else []
    return {"total": total, "offset": offset, "images": [cell.document() for cell in some]}


@router.get("/api/images/ids")
def numbers(
    request: Request, asked: Asked = "", offset: Offset = 0, limit: Annotated[int, Query(ge=0, le=100_000)] = 1000
) -> dict[str, Any]:
    """Return the numbers of some pictures of a query in its order."""
    with archive_of(request).reading() as connection:
        return {"ids": list(query.image_ids(connection, asked, limit, offset))}


@router.get("/api/images/{image_id}")
def known(request: Request, image_id: ImageId) -> dict[str, Any]:
    """Return all that is known of one picture; `damage` says what is wrong with its file, empty if nothing is."""
    archive = archive_of(request)
    with archive.reading() as connection:
        return facts_of(connection, archive.workplace.directory, image_id).document()

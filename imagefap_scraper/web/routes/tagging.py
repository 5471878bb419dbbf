"""Selected pictures: what they are, and changing their tags."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field

from imagefap_scraper.review import tagging
from imagefap_scraper.web.answers import archive_of
from imagefap_scraper.web.render import bytes_text, counted

router = APIRouter(tags=["tags"])

#: Above what one page of the site's favorites can ever be; a query stands for more.
_MOST_IMAGES = 200_000
_MOST_TAGS = 100

#: Those below 0 came from elsewhere than the site.
ImageId = Annotated[int, Field(ge=-(2**63), le=2**63 - 1)]
TagPath = Annotated[str, Field(max_length=4000)]


class Chosen(BaseModel):
    """Pictures by their image numbers, or all of a query."""

    model_config = ConfigDict(extra="forbid")

    images: list[ImageId] | None = Field(None, max_length=_MOST_IMAGES)
    query: str | None = None


class Tagging(Chosen):
    """What is put on them and taken off; `create` makes tags that there are not yet.

    With `among`, only of those that carry that tag: what moves from one tag to another.
    """

    add: list[TagPath] = Field([], max_length=_MOST_TAGS)
    remove: list[TagPath] = Field([], max_length=_MOST_TAGS)
    create: bool = False
    among: TagPath | None = None


@router.post("/api/tagging")
def change(request: Request, wanted: Tagging) -> dict[str, Any]:
    """Put tags on pictures and take others off, as one action; `batch` is null if there was nothing to change."""
    archive = archive_of(request)
    with archive.reading() as connection:
        selection = tagging.select_images(connection, wanted.images, wanted.query)
        if wanted.among is not None:
            selection = tagging.only_with(connection, selection, wanted.among)
    found = tagging.change_tags(
        archive.workplace, selection, archive.options, add=wanted.add, remove=wanted.remove, create=wanted.create
    )
    return {"batch": found.batch, "text": found.text, "images": found.pictures}


@router.post("/api/selection")
def selection(request: Request, chosen: Chosen) -> dict[str, Any]:
    """Return how much was selected, and the tags that some or all of it carries. Changes nothing."""
    with archive_of(request).reading() as connection:
        found = tagging.select_images(connection, chosen.images, chosen.query)
        carried = tagging.carried(connection, found)
    size = sum(found.blobs.values())
    return {
        "images": found.images,
        "pictures": len(found.blobs),
        "without_file": found.bare,
        "bytes": size,
        "text": f"{counted(found.images, 'picture')} selected, {bytes_text(size)}",
        "tags": [{"id": one.tag_id, "path": one.path, "pictures": one.pictures} for one in carried],
    }

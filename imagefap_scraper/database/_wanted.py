"""How an image gets on the list of what is wanted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import func
from sqlalchemy.dialects.sqlite import insert

from imagefap_scraper.database.models import Image
from imagefap_scraper.items import ImageStatus

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Connection


def want(connection: Connection, galleries: Mapping[int, int | None], names: Mapping[int, str] | None = None) -> None:
    """Put images on the list of what is wanted, unless they are known; what was said of one before is kept.

    Args:
        connection: of the writer.
        galleries: the images, each with its gallery or None.
        names: their whole names, as far as they are known.
    """
    rows = [
        {
            "image_id": image_id,
            "status": ImageStatus.WANTED,
            "reason": "",
            "attempts": 0,
            "gallery_id": gallery_id,
            "name": (names or {}).get(image_id),
        }
        for image_id, gallery_id in galleries.items()
    ]
    statement = insert(Image)
    new = statement.excluded
    kept = {column.key: func.coalesce(column, new[column.key]) for column in (Image.gallery_id, Image.name)}
    connection.execute(statement.on_conflict_do_update(index_elements=[Image.image_id], set_=kept), rows)

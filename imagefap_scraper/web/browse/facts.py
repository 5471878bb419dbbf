"""All that is known of one picture, in words: for its page and for the panel beside it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from imagefap_scraper import query, settings
from imagefap_scraper.database import browse
from imagefap_scraper.exceptions import NotFoundError
from imagefap_scraper.pages.urls import Site
from imagefap_scraper.review import tagging
from imagefap_scraper.web.browse import cells
from imagefap_scraper.web.pictures.damage import Damage, damage_of
from imagefap_scraper.web.render import address, bytes_text, moment_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection

    from imagefap_scraper.query import ImageRow
    from imagefap_scraper.storage.files import ArchiveDirectory

#: Places in whose order a page leads on.
_ORDERS_SHOWN: Final = 5


@dataclass(frozen=True, slots=True)
class Spot:
    """A place of a picture with its address here, and the pictures before and behind it there.

    `copy_of` is the image by which the bytes are there, if it is another one.
    """

    kind: str
    name: str
    user: str
    link: str
    unlisted: bool
    copy_of: int | None
    before: int | None
    behind: int | None


@dataclass(frozen=True, slots=True)
class Facts:
    """A picture with its places, its tags and the rest as (label, words).

    `site` is the address of its page on the site; None for one that never was there. `damage` is what is wrong with its
    file; None if that is whole, or nothing is stored.
    """

    cell: cells.Cell
    places: Sequence[Spot]
    tags: Sequence[tagging.Carried]
    facts: Sequence[tuple[str, str]]
    site: str | None
    damage: Damage | None

    @property
    def full(self) -> str | None:
        """Return the address of the picture for the screen; None if none is sent there."""
        full = self.cell.full
        # What browsers do not show is made anew for them, and of a whole file alone.
        sent = self.damage is None or (self.damage.sent and full == f"/blobs/{self.cell.sha256}")
        return full if sent else None

    @property
    def retry(self) -> bool:
        """Tell whether a retry may help."""
        return self.cell.retry or (self.damage is not None and self.damage.retry)

    def document(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        places = [
            {
                "kind": spot.kind,
                "name": spot.name,
                "user": spot.user,
                "link": spot.link,
                "unlisted": spot.unlisted,
                "copy_of": spot.copy_of,
            }
            for spot in self.places
        ]
        tags = [{"id": tag.tag_id, "path": tag.path, "link": f"/tags/{tag.tag_id}"} for tag in self.tags]
        return self.cell.document() | {
            "where": places,
            "tags": tags,
            "facts": [list(one) for one in self.facts],
            "site": self.site,
            "damage": "" if self.damage is None else self.damage.label,
            "damage_reason": "" if self.damage is None else self.damage.reason,
            "retry": self.retry,
        }


def facts_of(connection: Connection, directory: ArchiveDirectory, image_id: int) -> Facts:
    """Return what is known of an image, after a look at every byte of its file.

    Raises:
        NotFoundError: there is no such image.
    """
    rows = query.rows_of(connection, [image_id])
    if not rows:
        raise NotFoundError("There is no such picture in the archive.")
    (row,) = rows
    (cell,) = cells.of_rows(connection, rows)
    places = browse.places(connection, image_id, row.sha256)
    spots = [_spot(connection, place, image_id, number) for number, place in enumerate(places)]
    tags = tagging.carried(connection, tagging.select_images(connection, [image_id], None))
    damage = None if row.sha256 is None else damage_of(connection, directory, row.sha256)
    return Facts(cell, spots, tags, _words(row), _site(row), damage)


def _spot(connection: Connection, place: browse.Place, image_id: int, number: int) -> Spot:
    own = place.image_id == image_id
    before, behind = browse.neighbours(connection, place) if own and number < _ORDERS_SHOWN else (None, None)
    if place.folder_id is not None:
        kind, link = "folder", address(f"/folders/{place.user_id}/{place.folder_id}", show=place.image_id)
    else:
        kind, link = "gallery", address("/images", q=f"gallery:{place.gallery_id}", show=place.image_id)
    other = None if own else place.image_id
    return Spot(kind, place.name, place.user, link, place.unlisted, other, before, behind)


def _words(row: ImageRow) -> list[tuple[str, str]]:
    found = [("Number", str(row.image_id))]
    if row.width is not None and row.height is not None:
        found.append(("Pixels", f"{row.width:,} × {row.height:,}"))  # noqa: RUF001 - the sign for it
    if row.size is not None:
        found.append(("Size", bytes_text(row.size)))
    if row.format is not None:
        frames = f", moves ({row.frames:,} pictures)" if row.animated and row.frames else ""
        found.append(("Format", f"{row.format}{frames}"))
    if row.added is not None:
        found.append(("Stored", moment_text(row.added)))
    if row.uploaded:
        found.append(("On the site since", row.uploaded))
    if row.gone and row.status != "gone":
        found.append(("On the site", "no longer there"))
    if row.sha256 is not None:
        found.append(("SHA-256", row.sha256))
    return found


def _site(row: ImageRow) -> str | None:
    # What was imported from elsewhere has a number below 0.
    if row.image_id < 0:
        return None
    return Site(settings.IMAGEFAP_SITE_URL).photo(row.image_id, row.gallery_id)

"""The grid of pictures: what a cell of it says, and the part of a view that a page begins with."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

from imagefap_scraper import query
from imagefap_scraper.database import browse
from imagefap_scraper.items import ImageStatus
from imagefap_scraper.web.render import address

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection
    from starlette.requests import Request

    from imagefap_scraper.exceptions import UserInputError
    from imagefap_scraper.query import ImageRow

#: Cells of a page without scripts, and of the first paint with them.
PAGE: Final = 60
#: Beyond every list; larger numbers do not fit into SQLite.
_MOST: Final = 1 << 40

#: What is said where a picture is not simply there.
_LABELS: Final = {
    ImageStatus.STORED: "",
    ImageStatus.WANTED: "Not fetched yet",
    ImageStatus.FAILED: "Failed",
    ImageStatus.GONE: "Gone from the site",
    ImageStatus.SKIPPED: "Thrown out: the kept copy is shown",
    ImageStatus.FILTERED: "Left out by a filter",
}
#: What a retry may help.
RETRIED: Final = (ImageStatus.FAILED, ImageStatus.WANTED)
#: The query of a folder's page.
_FOLDER: Final = re.compile(r"user:#(-?\d{1,18}) folder:#(-?\d{1,18})")
#: Formats that no browser, or not every one, shows.
_NOT_SHOWN: Final = ("TIFF",)


@dataclass(frozen=True, slots=True)
class Cell:
    """A picture as the grid shows it.

    Attributes:
        id: number of the image.
        name: for people; never empty.
        alt: name and folder, in words for who does not see the picture.
        sha256: of what is shown; None if nothing is stored.
        status: of the image.
        label: what is said of it in place of the picture, or beside it; empty where it is simply there.
        reason: why it failed, is gone or was left out; may be empty.
        retry: a retry may help.
        gone: the site no longer has it.
        animated: it moves.
        format: "JPEG" and so on; None if nothing is stored.
        size: bytes; None likewise.
        width: pixels; None if not known.
        height: pixels; None if not known.
        full: the address of the picture for the screen; None if nothing is stored.
        places: in how many folders and galleries its bytes are.
        also: the name of another one than is looked at, for an exact copy; empty without one.
        group: number of the group of look-alikes that it is in; None if it is in none.
        alike: other pictures in that group.
    """

    id: int
    name: str
    alt: str
    sha256: str | None
    status: str
    label: str
    reason: str
    retry: bool
    gone: bool
    animated: bool
    format: str | None
    size: int | None
    width: int | None
    height: int | None
    full: str | None
    places: int
    also: str
    group: int | None
    alike: int

    def document(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class View:
    """The pictures of a query as a page begins with them.

    Attributes:
        query: as text.
        total: how many pictures it has.
        start: the number of the first cell here, from 0.
        cells: of this page.
        page: its number, from 1.
        pages: how many there are, at least 1.
        path: of the page in the address.
        parameters: of the address, but for page and place.
        shown: the number (from 0) of the picture that is open; None for none.
        error: why the query cannot be read; then there are no cells.
    """

    query: str
    total: int
    start: int
    cells: Sequence[Cell]
    page: int
    pages: int
    path: str
    parameters: dict[str, str]
    shown: int | None = None
    error: str = ""

    def address(self, page: int) -> str:
        """Return the address of another page of the view."""
        return address(self.path, **self.parameters, page=page if page > 1 else None)


def cells(connection: Connection, asked: str, limit: int, offset: int) -> list[Cell]:
    """Return some cells of a query.

    Raises:
        UserInputError: it cannot be read, or names what there is not.
    """
    return of_rows(connection, query.run(connection, asked, limit, offset), asked)


def of_rows(connection: Connection, rows: Sequence[ImageRow], asked: str = "") -> list[Cell]:
    """Return images as cells; `asked` is the query that they are looked at by."""
    blobs = sorted({row.sha256 for row in rows if row.sha256 is not None})
    places = browse.place_counts(connection, blobs)
    alike = browse.alike(connection, blobs)
    folders = browse.first_places(connection, [row.image_id for row in rows])
    names = browse.place_names(connection, [sha256 for sha256, count in places.items() if count > 1])
    here = _folder_of(asked)
    return [
        _cell(
            row,
            folders.get(row.image_id),
            places.get(row.sha256 or "", 0),
            _other_place(names.get(row.sha256 or "", []), here, folders.get(row.image_id)),
            alike.get(row.sha256 or ""),
        )
        for row in rows
    ]


def _folder_of(asked: str) -> browse.PlaceId | None:
    """Return the folder whose page asks; None for any other query."""
    found = _FOLDER.fullmatch(asked)
    return None if found is None else (int(found[1]), int(found[2]))


def _other_place(places: Sequence[tuple[browse.PlaceId, str]], here: browse.PlaceId | None, first: str | None) -> str:
    """Return the name of a place besides the folder that is looked at, or else besides the image's first one."""
    if here is not None:
        return next((name for place, name in places if place != here), "")
    return next((name for _, name in places if name != first), "")


def _cell(row: ImageRow, folder: str | None, places: int, also: str, alike: browse.Alike | None) -> Cell:
    name = (row.name or "").strip() or f"picture {row.image_id}"
    label = _LABELS.get(ImageStatus(row.status), row.status)
    return Cell(
        id=row.image_id,
        name=name,
        alt=_alt(name, folder, label, also),
        sha256=row.sha256,
        status=row.status,
        label=label,
        reason=row.reason,
        retry=row.status in RETRIED,
        gone=row.gone,
        animated=row.animated,
        format=row.format,
        size=row.size,
        width=row.width,
        height=row.height,
        full=full_address(row.sha256, row.format),
        places=places,
        also=also,
        group=None if alike is None else alike.group_id,
        alike=0 if alike is None else alike.others,
    )


def _alt(name: str, folder: str | None, label: str, also: str) -> str:
    parts = [name]
    if folder is not None:
        parts.append(f"in {folder}")
    if also:
        parts.append(f"also in {also}")
    if label:
        parts.append(label.lower())
    return ", ".join(parts)


def full_address(sha256: str | None, form: str | None) -> str | None:
    """Return the address of a picture as browsers can show it; None without one."""
    if sha256 is None:
        return None
    return f"/previews/{sha256}" if form in _NOT_SHOWN else f"/blobs/{sha256}"


def view(connection: Connection, request: Request, asked: str) -> View:
    """Return what a page with a grid begins with; page and place are read from its address.

    `?page=` counts from 1; `?at=` is the number of a picture in the view, `?show=` the image that is open.

    Args:
        connection: to read.
        request: of the page.
        asked: the query.

    Raises:
        UserInputError: the query cannot be read, or names what there is not.
    """
    given = request.query_params
    parameters = {"q": given["q"]} if given.get("q") else {}
    total = query.count(connection, asked)
    pages = max(1, -(-total // PAGE))
    shown = _shown(connection, asked, whole(given.get("show"), 0), whole(given.get("at"), 0))
    at = shown if shown is not None else whole(given.get("at"), 0)
    page = min(pages, whole(given.get("page"), 0) or 1 + at // PAGE)
    start = (page - 1) * PAGE
    return View(
        query=asked,
        total=total,
        start=start,
        cells=cells(connection, asked, PAGE, start),
        page=page,
        pages=pages,
        path=request.url.path,
        parameters=parameters,
        shown=shown,
    )


def refused(request: Request, asked: str, error: UserInputError) -> View:
    """Return the empty view of a query that cannot be read; the error's notes point at the place."""
    text = "\n".join([*getattr(error, "__notes__", ()), str(error)])
    return View(asked, 0, 0, [], 1, 1, request.url.path, {"q": asked}, None, text)


def _shown(connection: Connection, asked: str, image_id: int, near: int) -> int | None:
    """Return the number of an image in a query; looked for where it was, then everywhere."""
    if not image_id:
        return None
    if query.image_ids(connection, asked, 1, near) == [image_id]:
        return near
    ids = query.image_ids(connection, asked)
    return ids.index(image_id) if image_id in ids else None


def whole(text: str | None, otherwise: int) -> int:
    """Return a whole number from 0 out of an address; anything else is `otherwise`."""
    if text is None or not (text.isascii() and text.isdecimal()) or len(text) > 15:
        return otherwise
    return min(int(text), _MOST)

"""What routes share: the archive behind a request, and the answer to a form that was carried out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from fastapi import Path, Query
from starlette.responses import RedirectResponse

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from imagefap_scraper.web.archive import WebArchive


#: The largest number that a question to the database may hold, with room to count on from it (SQLite has 63 bits).
LARGEST = 1 << 62
#: Of a group, a batch or a job, in an address.
Number = Annotated[int, Path(ge=-LARGEST, le=LARGEST)]
#: The same behind its question mark.
AskedNumber = Annotated[int | None, Query(ge=-LARGEST, le=LARGEST)]


def archive_of(request: Request) -> WebArchive:
    """Return the archive that the server was started for."""
    archive: WebArchive = request.app.state.archive
    return archive


def done(address: str, batch: int | None = None) -> Response:
    """Return the answer to a form that was carried out: back to a page of ours, which says so and offers to undo it.

    Args:
        address: a path of ours; anything else leads to the start page.
        batch: what was done, by its number in the history.
    """
    # Browsers read //host and /\host as other sites' addresses.
    path = address if address.startswith("/") and address[1:2] not in ("/", "\\") else "/"
    mark = "" if batch is None else f"{'&' if '?' in path else '?'}done={batch}"
    # 303: a reload asks for the page and does not post again.
    return RedirectResponse(path + mark, 303)

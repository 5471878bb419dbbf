"""Templates, and how numbers, sizes and moments are written for people."""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from fastapi.templating import Jinja2Templates
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from rich.filesize import decimal

from imagefap_scraper.database import journal
from imagefap_scraper.exceptions import ArchiveError

if TYPE_CHECKING:
    from starlette.datastructures import URL
    from starlette.requests import Request
    from starlette.responses import Response

    from imagefap_scraper.web.archive import WebArchive

_TURNING = re.compile("[\u0000-\u001f\u007f-\u009f\u2028-\u202e]")
_ISOLATES, _ISOLATES_END, _UNREADABLE = "\u2066\u2067\u2068", "\u2069", "\ufffd"
#: Templates and static files lie beside this module.
HERE = Path(__file__).parent
#: The parts of the archive in the order of the navigation: address and name.
SECTIONS = {
    "/": "Start",
    "/users": "Users",
    "/images": "Pictures",
    "/tags": "Tags",
    "/duplicates": "Duplicates",
    "/history": "History",
    "/trash": "Trash",
}


def bytes_text(size: float | None) -> str:
    """Return a number of bytes for people: 1.2 MB (1,000,000 bytes); a dash if it is not known."""
    return "-" if size is None else decimal(int(size))


def number_text(number: float) -> str:
    """Return a number with commas at the thousands."""
    return f"{number:,}"


def counted(number: int, noun: str, nouns: str = "") -> str:
    """Return a number with its noun, in the plural where it is due."""
    return f"{number:,} {noun if number == 1 else nouns or noun + 's'}"


def moment_text(moment: datetime) -> str:
    """Return a moment to the minute, in this machine's own time."""
    return f"{_aware(moment).astimezone():%Y-%m-%d %H:%M}"


def iso_text(moment: datetime) -> str:
    """Return a moment as `<time datetime>` has it."""
    return f"{_aware(moment):%Y-%m-%dT%H:%M:%SZ}"


def sentence_text(text: str) -> str:
    """Return words with names in them in which no name turns the rest around: what would is shown as unreadable.

    These are control characters, line ends, embeddings and overrides of direction, and isolates without an end;
    `plain` in dom.js does the same.
    """
    signs = list(_TURNING.sub(_UNREADABLE, text))
    opened: list[int] = []
    for place, sign in enumerate(signs):
        if sign in _ISOLATES:
            opened.append(place)
        elif sign == _ISOLATES_END and opened:
            opened.pop()
    for place in opened:
        signs[place] = _UNREADABLE
    return "".join(signs)


def _aware(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def address(path: str, **query: Any) -> str:
    """Return an address of ours with a query; what is None or empty is left out."""
    known = {name: value for name, value in query.items() if value not in (None, "", ())}
    return f"{path}?{urlencode(known, doseq=True)}" if known else path


def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        # Names come from the site, tags from anywhere: everything is escaped, whatever a template is called.
        autoescape=True,
        # A name that a route forgot is a fault to be seen, no empty place.
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(bytes=bytes_text, number=number_text, counted=counted, moment=moment_text, iso=iso_text)
    environment.filters["sentence"] = sentence_text
    environment.globals.update(sections=SECTIONS, address=address)
    return environment


_TEMPLATES = Jinja2Templates(env=_environment())


def page(request: Request, template: str, *, status: int = 200, **values: Any) -> Response:
    """Return a page of `templates/`; in it are `request`, `section` (of the navigation), `here`, `done`, `archive_id`.

    `done` is the action that the last change left behind (`?done=NUMBER`, a batch of the history), so that the page can
    say so and offer to undo it; None without one.
    """
    archive: WebArchive = request.app.state.archive
    shared = {
        "section": _section(request.url.path),
        "here": _here(request.url),
        "done": _done(request),
        "archive_id": archive.archive_id,
    }
    return _TEMPLATES.TemplateResponse(request, template, {**shared, **values}, status_code=status)


def _section(path: str) -> str:
    """Return the section that a path belongs to."""
    if path.startswith("/folders/"):
        return "/users"
    if path.startswith("/jobs/"):
        return "/duplicates"
    return next((one for one in SECTIONS if one != "/" and f"{path}/".startswith(f"{one}/")), "/")


def _here(url: URL) -> str:
    """Return the address of the page without what was just done, for forms that come back to it."""
    kept = url.remove_query_params("done")
    return kept.path + (f"?{kept.query}" if kept.query else "")


def _done(request: Request) -> dict[str, Any] | None:
    batch = request.query_params.get("done", "")
    if not (batch.isascii() and batch.isdecimal() and len(batch) < 16):
        return None
    archive: WebArchive = request.app.state.archive
    actions = None
    # The page itself may be about a database that cannot be used.
    with suppress(ArchiveError), archive.reading() as connection:
        actions = journal.batch_summary(connection, int(batch))
    return None if actions is None else {"batch": int(batch), "text": actions}

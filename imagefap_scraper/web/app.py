"""The application: its routes, what guards them, and how our own errors become pages."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import anyio.to_thread
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from imagefap_scraper.exceptions import (
    ArchiveError,
    ConflictError,
    DatabaseError,
    LockedError,
    NotFoundError,
    StorageError,
    UserInputError,
)
from imagefap_scraper.web.changes import Changes
from imagefap_scraper.web.render import HERE, page
from imagefap_scraper.web.routes import ROUTERS
from imagefap_scraper.web.security import Guard

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from imagefap_scraper.web.archive import WebArchive

#: The status of each error of ours; the first class that fits counts.
_STATUS: dict[type[ArchiveError], int] = {
    ConflictError: 409,
    UserInputError: 400,
    NotFoundError: 404,
    LockedError: 503,
    DatabaseError: 503,
    StorageError: 507,
}
#: What the heading of an error's page says.
_HEADINGS = {
    400: "That cannot be",
    404: "Not here",
    405: "That is no way to ask",
    409: "It has changed meanwhile",
    413: "That is too much at once",
    415: "That cannot be read",
    422: "That cannot be",
    503: "The archive cannot be used now",
    507: "The disk refused",
}
#: Threads that answer pages: each may hold a connection with a cache of 2 MB.
_THREADS = 8
#: Bytes of a request: the longest selection that tags are put on, 200,000 pictures by their numbers, takes half of it.
_LONGEST_REQUEST = 8_000_000


def create_app(archive: WebArchive, port: int) -> Guard:
    """Return the application for an archive, which it closes when the server ends.

    Args:
        archive: what it shows.
        port: that the server listens on; requests for any other address are refused.
    """
    # Around all of it: an answer to a fault of ours has its headers as well.
    return Guard(_application(archive), port)


def _application(archive: WebArchive) -> FastAPI:

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        anyio.to_thread.current_default_thread_limiter().total_tokens = _THREADS
        try:
            yield
        finally:
            await archive.close()

    app = FastAPI(
        title="imagefap_scraper",
        description="The archive on this machine. Changes need the header `Origin` with the server's own address.",
        lifespan=lifespan,
        openapi_url="/api/openapi.json",
        # They load scripts from the net.
        docs_url=None,
        redoc_url=None,
    )
    app.state.archive = archive
    app.add_middleware(Changes, longest=_LONGEST_REQUEST, answer=_answer)
    app.mount("/static", StaticFiles(directory=HERE / "static"), name="static")
    for router in ROUTERS:
        app.include_router(router)
    app.add_exception_handler(ArchiveError, _refused)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(RequestValidationError, _not_understood)
    app.add_exception_handler(Exception, _fault)
    return app


def _refused(request: Request, error: Exception) -> Response:
    status = next((number for kind, number in _STATUS.items() if isinstance(error, kind)), 500)
    return _answer(request, status, str(error))


def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    text = "There is no such page." if error.status_code == 404 else str(error.detail)
    return _answer(request, error.status_code, text)


def _not_understood(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    found = [f"{'.'.join(map(str, one['loc'][1:]))}: {one['msg']}" for one in error.errors()]
    return _answer(request, 422, "; ".join(found))


def _fault(request: Request, _error: Exception) -> Response:
    # The server writes the traceback to the terminal.
    return _answer(request, 500, "This is a mistake in the program; the terminal that it runs in says more.")


def _answer(request: Request, status: int, text: str) -> Response:
    """Return an error as a page, or as JSON where a program asked."""
    if request.url.path.startswith("/api/"):
        return JSONResponse({"error": text}, status)
    heading = _HEADINGS.get(status, "Something went wrong")
    return page(request, "error.html", status=status, heading=heading, text=text)

"""The pictures themselves, and small ones of them, by the SHA-256 of the original."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Final

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import PlainTextResponse, Response

from imagefap_scraper.exceptions import StorageError
from imagefap_scraper.inspection.formats import Format, extension
from imagefap_scraper.inspection.result import ReadFailure
from imagefap_scraper.web.pictures.damage import damage_of
from imagefap_scraper.web.pictures.originals import find, open_original, read_original
from imagefap_scraper.web.pictures.sending import OpenFileResponse

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from imagefap_scraper.web.archive import WebArchive
    from imagefap_scraper.web.pictures.originals import Original

router = APIRouter(tags=["pictures"])

_SHA256: Final = re.compile(r"[0-9a-f]{64}")
#: The only types that are ever sent; nothing in a file decides.
_TYPES: Final = {
    Format.JPEG: "image/jpeg",
    Format.PNG: "image/png",
    Format.GIF: "image/gif",
    Format.WEBP: "image/webp",
    Format.BMP: "image/bmp",
    Format.AVIF: "image/avif",
    Format.TIFF: "image/tiff",
}
#: A year, the longest that is usual: other bytes have another address.
_CACHE: Final = "private, max-age=31536000, immutable"
#: Of what must not be shown once more instead of what takes its place.
_NOT_KEPT: Final = "no-store"


@router.head("/blobs/{sha256}", include_in_schema=False)
@router.get("/blobs/{sha256}", response_class=Response)
def blob(request: Request, sha256: str) -> Response:
    """Send a picture as it was stored, also one in the trash; or what the disk has made of it, as far as it is alike.

    Its SHA-256 is its address, so browsers keep it for good: they are told to only if all of it is as it was stored.
    """
    archive: WebArchive = request.app.state.archive
    original = _look_up(archive, sha256)
    if original is None:
        return _unknown()
    headers = _headers(original, original.format, "")
    if _has_it(request, headers["ETag"]):
        return Response(status_code=304, headers=headers)
    try:
        opened = open_original(archive.workplace.directory, original)
    except StorageError:
        return _lost(archive, sha256)
    if not opened.whole:
        del headers["ETag"]
        headers["Cache-Control"] = _NOT_KEPT
    return OpenFileResponse(opened.file, original.size, headers)


@router.head("/thumbs/{sha256}", include_in_schema=False)
@router.get("/thumbs/{sha256}", response_class=Response)
async def thumbnail(request: Request, sha256: str) -> Response:
    """Send a picture's first frame as WebP, at most 384 pixels on its longer side."""
    archive: WebArchive = request.app.state.archive
    return await _small(request, sha256, "thumb", archive.thumbnails.thumbnail)


@router.head("/previews/{sha256}", include_in_schema=False)
@router.get("/previews/{sha256}", response_class=Response)
async def preview(request: Request, sha256: str) -> Response:
    """Send a picture's first frame as WebP, at most 2048 pixels on its longer side: for what browsers do not show."""
    archive: WebArchive = request.app.state.archive
    return await _small(request, sha256, "preview", archive.thumbnails.preview)


async def _small(
    request: Request,
    sha256: str,
    kind: str,
    make: Callable[[str, Callable[[], bytes]], Awaitable[bytes | ReadFailure]],
) -> Response:
    archive: WebArchive = request.app.state.archive
    original = await run_in_threadpool(_look_up, archive, sha256)
    if original is None:
        return _unknown()
    headers = _headers(original, Format.WEBP, f"-{kind}")
    if _has_it(request, headers["ETag"]):
        return Response(status_code=304, headers=headers)
    try:
        found = await make(sha256, partial(read_original, archive.workplace.directory, original))
    except StorageError as error:
        return _refusal(str(error), 503)
    if isinstance(found, bytes):
        return Response(found, headers=headers)
    if found.outcome is None:
        return await run_in_threadpool(_lost, archive, sha256)
    return _refusal(f"This picture cannot be made small: {found.reason}", 422)


def _look_up(archive: WebArchive, sha256: str) -> Original | None:
    if not _SHA256.fullmatch(sha256):
        return None
    with archive.reading() as connection:
        return find(connection, sha256)


def _headers(original: Original, sent: Format, mark: str) -> dict[str, str]:
    """Return what is said of a picture; the mark tells small ones from the original."""
    return {
        "Content-Type": _TYPES[sent],
        "ETag": f'"{original.sha256}{mark}"',
        "Cache-Control": _CACHE,
        "Content-Disposition": f'inline; filename="{original.sha256[:10]}.{extension(sent)}"',
    }


def _has_it(request: Request, etag: str) -> bool:
    """Tell whether the browser has this very picture."""
    named = [one.strip().removeprefix("W/") for one in request.headers.get("if-none-match", "").split(",")]
    return etag in named or "*" in named


def _unknown() -> Response:
    return _refusal("There is no such picture.", 404)


def _lost(archive: WebArchive, sha256: str) -> Response:
    """Say what is wrong with the file of a picture that could not be sent."""
    with archive.reading() as connection:
        damage = damage_of(connection, archive.workplace.directory, sha256)
    if damage is None:
        # Whole again by now; or its bytes never were of the format that its row says.
        return _refusal("The file of this picture cannot be shown.", 404)
    return _refusal(f"{damage.label}. {damage.reason}", 404)


def _refusal(text: str, status: int) -> Response:
    return PlainTextResponse(f"{text}\n", status, headers={"Cache-Control": _NOT_KEPT})

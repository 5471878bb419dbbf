"""An answer out of a file that is open already: what was checked is what is sent."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, BinaryIO, Final

from starlette.responses import Response

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.types import Receive, Scope, Send

#: Bytes in memory at a time for one answer.
_CHUNK: Final = 256 * 1024


class OpenFileResponse(Response):
    """Sends an open file piece by piece and closes it.

    Starlette's own opens by name once more when the answer is on its way, and follows links.

    Args:
        file: at its start.
        size: bytes to send.
        headers: of the answer; `Content-Length` is added.
    """

    def __init__(self, file: BinaryIO, size: int, headers: Mapping[str, str]) -> None:
        super().__init__(headers={**headers, "Content-Length": str(size)})
        self._file = file
        self._size = size

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it; of an answer to HEAD the headers alone."""
        try:
            await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
            rest = 0 if scope["method"] == "HEAD" else self._size
            while rest > 0 and (piece := await asyncio.to_thread(self._file.read, min(rest, _CHUNK))):
                rest -= len(piece)
                await send({"type": "http.response.body", "body": piece, "more_body": True})
            # Should the file have been cut meanwhile, the server sees too few bytes and breaks the connection.
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            self._file.close()

"""An answer before it is sent, and how it is sent: whole, or broken off in one of the ways of networks."""

from __future__ import annotations

import asyncio
import gzip
import socket
import struct
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from aiohttp import web

if TYPE_CHECKING:
    from aiohttp.abc import AbstractStreamWriter
    from aiohttp.web_request import BaseRequest

HTML = "text/html; charset=utf-8"


class Wire(StrEnum):
    """How an answer travels."""

    WHOLE = "whole"
    #: No answer: the connection is reset.
    RESET = "reset"
    #: `Content-Length` announces all of it, part of it comes, the connection ends.
    CUT_LENGTH = "cut_length"
    #: Nothing announces a length, part of it comes, the connection ends: the client cannot tell.
    CUT_CLOSE = "cut_close"
    #: In chunks, part of it comes, the last chunk does not.
    CUT_CHUNKED = "cut_chunked"
    #: Half of it, a wait of `pause` seconds, the rest.
    STALLED = "stalled"


@dataclass
class Reply:
    """An answer.

    Attributes:
        status: of HTTP.
        body: all of it, before compression.
        content_type: with the charset for text.
        headers: further ones.
        wire: how it travels.
        part: what share of the body travels where only a part does, from 0 to 1.
        pause: seconds before the first byte; in the middle of the body if `wire` is `stalled`.
        zipped: True if the body is sent with gzip, whatever the client said.
    """

    status: int = 200
    body: bytes = b""
    content_type: str = HTML
    headers: dict[str, str] = field(default_factory=dict)
    wire: Wire = Wire.WHOLE
    part: float = 0.5
    pause: float = 0.0
    zipped: bool = False


def page(text: str, status: int = 200) -> Reply:
    """An HTML page."""
    return Reply(status, text.encode("utf-8", "surrogatepass"))


def redirect(location: str, status: int = 302) -> Reply:
    """A redirect."""
    return Reply(status, b"", HTML, {"Location": location})


async def send(reply: Reply) -> web.StreamResponse:
    """The reply as a response that aiohttp sends."""
    if reply.wire is Wire.STALLED:
        return _RawResponse(reply)
    if reply.pause:
        await asyncio.sleep(reply.pause)
    if reply.wire is not Wire.WHOLE:
        return _RawResponse(reply)
    headers = {"Content-Type": reply.content_type, **reply.headers}
    body = reply.body
    if reply.zipped:
        body = gzip.compress(body, mtime=0)
        headers["Content-Encoding"] = "gzip"
    return web.Response(status=reply.status, body=body, headers=headers)


class _RawResponse(web.Response):
    """Writes its own bytes to the connection and ends it, because aiohttp itself sends only whole answers."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(status=reply.status)
        self._reply = reply

    async def prepare(self, request: BaseRequest) -> AbstractStreamWriter | None:
        self.force_close()
        transport = request.transport
        if transport is None:
            return None
        if self._reply.wire is Wire.RESET:
            _reset(transport)
            return None
        head, first, rest = _parts(self._reply)
        transport.write(head + first)
        if self._reply.wire is Wire.STALLED:
            await asyncio.sleep(self._reply.pause)
            transport.write(rest)
        transport.close()
        return None

    async def write_eof(self, data: bytes = b"") -> None:
        """Nothing is left to write."""


def _reset(transport: asyncio.Transport) -> None:
    """End the connection so that the other side sees a reset and not an end of file."""
    connection: socket.socket | None = transport.get_extra_info("socket")
    if connection is not None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()


def _parts(reply: Reply) -> tuple[bytes, bytes, bytes]:
    """Head, what is sent of the body, and what is sent of it later or never."""
    headers = {"Content-Type": reply.content_type, "Connection": "close", **reply.headers}
    cut = int(len(reply.body) * reply.part)
    first, rest = reply.body[:cut], reply.body[cut:]
    if reply.wire is Wire.CUT_CHUNKED:
        headers["Transfer-Encoding"] = "chunked"
        first = b"%x\r\n%b\r\n" % (len(first), first) if first else b""
    elif reply.wire is not Wire.CUT_CLOSE:
        headers["Content-Length"] = str(len(reply.body))
    lines = [f"HTTP/1.1 {reply.status} Demo", *(f"{name}: {value}" for name, value in headers.items())]
    return ("\r\n".join(lines) + "\r\n\r\n").encode(), first, rest

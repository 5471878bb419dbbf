"""What every change passes before a route sees it: its body is taken in, and few of them work at a time."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, NamedTuple

from python_multipart.multipart import parse_options_header
from starlette.requests import Request

from imagefap_scraper.web.security import SAFE

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.responses import Response
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

#: Changes that work at a time; those that wait for the lock of writers hold a thread each, which pages need as well.
_AT_A_TIME = 3
#: Seconds that a change waits for others of this server.
_PATIENCE = 3.0
#: Of a length that can be one.
_DIGITS = 15
_CHARSETS = frozenset({b"utf-8", b"utf8", b"us-ascii", b"ascii"})


class _Refusal(NamedTuple):
    status: int
    text: str


_TOO_MUCH = "The request is longer than any page of ours sends: nothing was done."
_NOT_UTF8 = _Refusal(415, "Text is taken in UTF-8 alone: nothing was done.")
_BUSY = _Refusal(503, "Other changes are still being written: nothing was done. Try again in a moment.")


class Changes:
    """Takes in the bodies of changes, within bounds, and lets some of them work while the others wait their turn.

    Args:
        app: what carries them out; whatever only reads goes to it at once.
        longest: bytes of a body.
        answer: makes the answer to one that is refused, of its status and text.
    """

    def __init__(self, app: ASGIApp, longest: int, answer: Callable[[Request, int, str], Response]) -> None:
        self._app = app
        self._longest = longest
        self._answer = answer
        self._places = asyncio.Semaphore(_AT_A_TIME)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http" or scope["method"] in SAFE:
            await self._app(scope, receive, send)
            return
        request = Request(scope)
        # Before a place is taken: one that never sends the rest keeps none from the others.
        body = await self._body(request, receive)
        if body is None:
            # Whoever asked is gone.
            return
        refusal = body if isinstance(body, _Refusal) else await self._carry_out(scope, _repeated(body, receive), send)
        if refusal is not None:
            await self._answer(request, refusal.status, refusal.text)(scope, receive, send)

    async def _body(self, request: Request, receive: Receive) -> bytes | _Refusal | None:
        """Return the body of a request, or why it is not taken; None if it does not come to its end."""
        charset = parse_options_header(request.headers.get("content-type"))[1].get(b"charset", b"utf-8")
        if charset.lower() not in _CHARSETS:
            return _NOT_UTF8
        announced = request.headers.get("content-length", "")
        if announced.isdecimal() and (len(announced) > _DIGITS or int(announced) > self._longest):
            return _Refusal(413, _TOO_MUCH)
        body = bytearray()
        more = True
        while more:
            message = await receive()
            if message["type"] != "http.request":
                return None
            body += message.get("body", b"")
            if len(body) > self._longest:
                return _Refusal(413, _TOO_MUCH)
            more = message.get("more_body", False)
        return bytes(body)

    async def _carry_out(self, scope: Scope, receive: Receive, send: Send) -> _Refusal | None:
        """Let the application answer; return why it does not."""
        try:
            async with asyncio.timeout(_PATIENCE):
                await self._places.acquire()
        except TimeoutError:
            return _BUSY
        try:
            await self._app(scope, receive, send)
        finally:
            self._places.release()
        return None


def _repeated(body: bytes, receive: Receive) -> Receive:
    """Return what gives a body that was taken in already, then whatever else comes."""
    messages: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def again() -> Message:
        return messages.pop() if messages else await receive()

    return again

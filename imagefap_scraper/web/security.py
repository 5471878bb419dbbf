"""Who may ask the server, and what a browser may do with its answers. Checked for every request, before any route.

A server on loopback is reached by every web page that the user's browser has open. It must not answer them: not by
their own name for this address (DNS rebinding: `Host`), not by a form or a script of theirs (`Origin`,
`Sec-Fetch-Site`), and not as a picture, a script or a frame inside theirs (`Sec-Fetch-Site`, and the headers below).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import HTMLResponse, PlainTextResponse

if TYPE_CHECKING:
    from collections.abc import Collection

    from starlette.responses import Response
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

#: The names of this machine to itself; the server listens on no other address.
LOOPBACK_NAMES = ("127.0.0.1", "localhost")

#: Of HTTP, where an address names none.
_USUAL_PORT = 80
#: Methods that change nothing.
SAFE = frozenset({"GET", "HEAD"})
#: What `Sec-Fetch-Site` says of a request of our own pages, and of one that was typed or bookmarked.
_OURS, _TYPED = "same-origin", "none"

_CSP = "; ".join(
    (
        "default-src 'none'",
        "img-src 'self'",
        "style-src 'self'",
        "script-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
    )
)
#: On every answer; a route may say more of `Cache-Control` alone.
HEADERS = {
    "Content-Security-Policy": _CSP,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), interest-cohort=(), browsing-topics=()",
    "X-DNS-Prefetch-Control": "off",
}

_FROM_ELSEWHERE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Archive</title>
<h1>Opened from another site</h1>
<p>A page of another site led here. If that is what you wanted: <a href="/">go to the archive</a>.</p></html>"""

_FAULT = "This is a mistake in the program; the terminal that it runs in says more.\n"


class Guard:
    """Refuses foreign requests and gives every answer the headers that keep it private.

    Args:
        app: what answers the others.
        port: the port that the server listens on.
    """

    def __init__(self, app: ASGIApp, port: int) -> None:
        self._app = app
        hosts = [f"{name}:{port}" for name in LOOPBACK_NAMES]
        # The port that browsers leave out of addresses.
        self._hosts = frozenset([*hosts, *LOOPBACK_NAMES] if port == _USUAL_PORT else hosts)
        self._origins = frozenset(f"http://{host}" for host in self._hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            # There are no web sockets here; the server's start and end pass.
            await self._app(scope, receive, send)
            return
        refusal = self._refusal(scope["method"], Headers(scope=scope))
        begun = False

        async def begin(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        answer = _with_headers(begin)
        try:
            await (refusal or self._app)(scope, receive, answer)
        except Exception:
            # Also the page that says so may fail, as on a disk that cannot be read.
            if not begun:
                await PlainTextResponse(_FAULT, 500)(scope, receive, answer)
            # The server writes the traceback to the terminal.
            raise

    def _refusal(self, method: str, headers: Headers) -> Response | None:
        """Return the answer to a request that is none of ours; None if it may pass."""
        if not _is_one_of(headers.getlist("host"), self._hosts):
            return PlainTextResponse("This server answers to its own address alone.\n", 421)
        origins, sites = headers.getlist("origin"), headers.getlist("sec-fetch-site")
        if origins == ["null"] and sites == [_OURS]:
            # Under `no-referrer` a browser hides the origin of our own forms; the other header no page can forge.
            origins = []
        if origins and not _is_one_of(origins, self._origins):
            return PlainTextResponse("Requests of other sites are refused.\n", 403)
        if sites and not _is_one_of(sites, (_OURS, _TYPED)):
            # Somebody's link: a person may follow it knowingly, their browser may not by itself.
            navigates = method == "GET" and headers.get("sec-fetch-mode") == "navigate"
            text = _FROM_ELSEWHERE if navigates and headers.get("sec-fetch-dest") == "document" else ""
            return HTMLResponse(text, 403) if text else PlainTextResponse("Requests of other sites are refused.\n", 403)
        if method not in SAFE and not origins and sites != [_OURS]:
            # Every browser says where a change comes from; a script has to as well: Origin: http://127.0.0.1:PORT
            return PlainTextResponse("A change needs the header Origin with this server's own address.\n", 403)
        return None


def _is_one_of(values: list[str], allowed: Collection[str]) -> bool:
    """Tell whether there is exactly one value, an allowed one: of two, others may believe the other."""
    return len(values) == 1 and values[0] in allowed


def _with_headers(send: Send) -> Send:
    async def add(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in HEADERS.items():
                headers[name] = value
            headers.setdefault("Cache-Control", "private, no-store")
        await send(message)

    return add

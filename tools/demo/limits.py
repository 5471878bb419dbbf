"""The site's limits: how many pages in how many seconds, and the blocks that follow, or that a test orders."""

from __future__ import annotations

import math
from collections import deque
from typing import TYPE_CHECKING, Any

from tools.demo.markup import check_page
from tools.demo.reply import Reply, page, redirect
from tools.demo.routing import IMAGE_KINDS, PAGE_KINDS

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

SCOPES: dict[str, frozenset[str]] = {
    "pages": PAGE_KINDS,
    "images": IMAGE_KINDS,
    "robots": frozenset({"robots"}),
    "all": PAGE_KINDS | IMAGE_KINDS | {"robots"},
}


def kinds_in(scope: str | Sequence[str]) -> frozenset[str]:
    """The kinds of requests in a scope, or in several.

    Raises:
        ValueError: if there is no such scope.
    """
    names = [scope] if isinstance(scope, str) else list(scope)
    unknown = set(names) - set(SCOPES)
    if unknown:
        raise ValueError(f"scope {unknown.pop()!r} is none of {', '.join(SCOPES)}")
    return frozenset().union(*(SCOPES[name] for name in names))


class Limits:
    """Counts requests and blocks.

    Attributes:
        windows: pairs of a number of requests and the seconds in which no more are allowed; none: no limit.
        block_seconds: how long the block lasts that follows one request too many; None: until it is lifted.
        counted: kinds of requests that count against the windows.
        scope: kinds of requests that a block refuses.
    """

    def __init__(self) -> None:
        self.windows: list[tuple[int, float]] = []
        self.block_seconds: float | None = None
        self.counted: Collection[str] = kinds_in(("pages", "robots"))
        self.scope: Collection[str] = kinds_in("pages")
        self._times: deque[float] = deque()
        self._blocked_until: float | None = None
        self._starts_after: int | None = None
        self._ordered_seconds: float | None = None

    def order_block(self, order: dict[str, Any] | None) -> None:
        """Block as ordered, or lift every block (None).

        Args:
            order: `seconds` that it lasts (missing or null: until it is lifted), and `after`, the number of requests in
                its scope that are still answered before it starts (0: at once).
        """
        self._blocked_until, self._starts_after = None, None
        self._times.clear()
        if order is not None:
            self._ordered_seconds = order.get("seconds")
            self._starts_after = int(order.get("after", 0))

    def is_refused(self, kind: str, now: float) -> bool:
        """Count a request of that kind at `now` (seconds) and say whether it is answered with a block."""
        if self._blocked_until is not None and now >= self._blocked_until:
            self.order_block(None)
        if self._blocked_until is None:
            self._order_starts(kind, now)
        if self._blocked_until is None and kind in self.counted and self.windows:
            self._count(now)
        return self._blocked_until is not None and kind in self.scope

    def seconds_left(self, now: float) -> float | None:
        """Seconds until the running block ends; None without one; infinite if it is to be lifted."""
        return None if self._blocked_until is None else max(0.0, self._blocked_until - now)

    def _order_starts(self, kind: str, now: float) -> None:
        if self._starts_after is None or kind not in self.scope:
            return
        if self._starts_after == 0:
            self._starts_after = None
            self._block(now, self._ordered_seconds)
        else:
            self._starts_after -= 1

    def _count(self, now: float) -> None:
        self._times.append(now)
        longest = max(seconds for _, seconds in self.windows)
        while self._times[0] <= now - longest:
            self._times.popleft()
        for allowed, seconds in self.windows:
            if sum(1 for time in self._times if time > now - seconds) > allowed:
                self._block(now, self.block_seconds)

    def _block(self, now: float, seconds: float | None) -> None:
        self._blocked_until = math.inf if seconds is None else now + seconds


def block_reply(style: str, origin: str, retry_after: str) -> Reply:
    """How the site refuses.

    Raises:
        ValueError: if there is no such style.
    """
    if style not in BLOCK_STYLES:
        raise ValueError(f"block style {style!r} is none of {', '.join(BLOCK_STYLES)}")
    match style:
        case "redirect":
            return redirect(f"{origin}/human-verification")
        case "redirect_old":
            return redirect("/rl_captcha.php")
        case "text":
            return page(check_page())
        case "text_gzip":
            reply = page(check_page())
            reply.zipped = True
            return reply
    status = 429 if style.startswith("429") else 503
    headers = {"Retry-After": retry_after} if style.endswith("retry_after") else {}
    return Reply(status, b"Too many requests\n", "text/plain", headers)


BLOCK_STYLES = ("redirect", "redirect_old", "text", "text_gzip", "429", "429_retry_after", "503", "503_retry_after")

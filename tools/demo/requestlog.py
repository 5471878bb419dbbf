"""What was asked of the demo site, kept in memory and written to a file as JSON lines."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, TextIO

if TYPE_CHECKING:
    from pathlib import Path

    from tools.demo.routing import Target


class RequestLog:
    """The requests in the order in which they came; `entries` are values for JSON, `file` is opened at once."""

    def __init__(self, file: Path | None = None) -> None:
        self.entries: list[dict[str, Any]] = []
        self._file: TextIO | None = file.open("a", encoding="utf-8") if file else None

    def begin(self, now: float, method: str, query: str, target: Target, headers: dict[str, str]) -> dict[str, Any]:
        """Note that a request has come, and give its entry; `finish` completes it.

        Args:
            now: seconds since 1970.
            method: of HTTP.
            query: the query as it was sent.
            target: what it asks for.
            headers: `referer`, `user_agent` and `host`.
        """
        entry: dict[str, Any] = {"t": now, "method": method, "kind": target.kind, "path": target.path, "query": query}
        # No status yet: the client may still be waiting for it, or may have gone.
        entry["status"] = None
        for key in ("image_id", "folder_id", "gallery_id", "user_id", "page", "idx"):
            value = getattr(target, key)
            if value is not None:
                entry[key] = value
        if target.size:
            entry["size"] = target.size
        entry.update(headers)
        self.entries.append(entry)
        return entry

    def finish(self, entry: dict[str, Any], status: int, **more: object) -> None:
        """Note what was answered: the status, and `fault` or `blocked` where the site misbehaved."""
        entry["status"] = status
        entry.update(more)
        if self._file:
            self._file.write(json.dumps(entry, ensure_ascii=False) + "\n")
            self._file.flush()

    def reset(self) -> None:
        """Forget the requests so far; the file keeps them."""
        self.entries = []

    def close(self) -> None:
        """Close the file."""
        if self._file:
            self._file.close()
            self._file = None

"""What tests of jobs share: waiting for one, and holding one up in the midst of its work."""

from __future__ import annotations

import time
from contextlib import contextmanager
from threading import Event
from typing import TYPE_CHECKING, Any

from imagefap_scraper.review import deciding, throwing_out

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pytest
    from starlette.testclient import TestClient

#: Seconds that anything here may take.
_PATIENCE = 20


def ended(asking: TestClient, address: str) -> dict[str, Any]:
    """Wait until a job has ended; return it."""
    deadline = time.monotonic() + _PATIENCE
    while time.monotonic() < deadline:
        job: dict[str, Any] = asking.get(f"/api{address}").json()
        if job["state"] not in ("running", "stopping"):
            return job
        time.sleep(0.02)
    raise AssertionError(f"{address} did not end")


@contextmanager
def held_up(monkeypatch: pytest.MonkeyPatch, nth: int) -> Iterator[tuple[Event, Event]]:
    """Let a batch wait before its nth group; gives what is set when it waits, and what lets it go on."""
    waits, go_on = Event(), Event()
    original, calls = throwing_out.check_keeper, 0

    def slow(*arguments: Any) -> None:
        nonlocal calls
        calls += 1
        if calls == nth:
            waits.set()
            assert go_on.wait(_PATIENCE)
        original(*arguments)

    monkeypatch.setattr(deciding, "check_keeper", slow)
    try:
        yield waits, go_on
    finally:
        go_on.set()


def archive_alone(dump: tuple[list[str], dict[str, str]]) -> tuple[list[str], dict[str, str]]:
    """A dump without what the server keeps for itself: the record of its last job, and thumbnails."""
    files = {path: sha256 for path, sha256 in dump[1].items() if path != ".imagefap/job.json"}
    return dump[0], {path: sha256 for path, sha256 in files.items() if not path.startswith("thumbs/")}

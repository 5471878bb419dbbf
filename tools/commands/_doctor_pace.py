"""What `doctor` says of the pace file and the clock, and, when asked to, of the site."""

from __future__ import annotations

import http.client
import os
import sqlite3
import time
import urllib.error
import urllib.request
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from imagefap_scraper import settings as defaults
from imagefap_scraper.exceptions import ArchiveError, SettingError
from imagefap_scraper.pace.config import PaceConfig, read_config
from imagefap_scraper.pace.pauses import retry_after
from imagefap_scraper.pace.store import APPLICATION_ID, PaceStore
from imagefap_scraper.pages.blocked import is_block_address, is_block_text
from imagefap_scraper.pages.urls import Site
from tools.commands._doctor_check import Check, bad, ok, warn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from email.message import Message
    from pathlib import Path

#: Seconds that a clock may be ahead of another program's look at it.
_TOLERANCE = 5.0
#: Seconds that the site may take to connect, and to send each piece.
_TIMEOUT = 20.0
#: Bytes of robots.txt that are read.
_LONGEST = 100_000


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    headers: Message
    text: str


@dataclass(frozen=True, slots=True)
class Pace:
    """The pace as the settings have it; `config` is None where they cannot be right, `problem` then says why.

    `clock` gives seconds since the epoch.
    """

    site_url: str
    config: PaceConfig | None
    problem: str = ""
    clock: Callable[[], float] = time.time

    @classmethod
    def from_environment(cls) -> Pace:
        """Return the pace that a crawl without `-s` would keep."""
        names = [name for name in vars(defaults) if name.startswith("IMAGEFAP_")]
        values: dict[str, Any] = {name: os.environ.get(name, getattr(defaults, name)) for name in names}
        site_url = str(values["IMAGEFAP_SITE_URL"])
        try:
            return cls(site_url, read_config(values))
        except SettingError as error:
            return cls(site_url, None, str(error))

    def checks(self) -> Iterator[Check]:
        """Yield the checks of settings, pace file and clock; the file is only read."""
        if self.config is None:
            yield bad("settings", self.problem)
            return
        yield ok("settings", f"site, pace and pauses can be as set; {self.site_url}")
        path = self.config.file
        if not path.exists():
            yield ok("pace file", f"there is none at {path} yet; the first crawl makes it")
            return
        if not (os.access(path, os.R_OK | os.W_OK) and os.access(path.parent, os.W_OK | os.X_OK)):
            yield bad("pace file", f"{path} or its directory may not be read and written; change that")
            return
        try:
            yield from self._file(path)
        except (OSError, sqlite3.Error) as error:
            yield bad("pace file", f"{path} cannot be used ({error}): move it away and wait an hour")

    def _file(self, path: Path) -> Iterator[Check]:
        assert self.config is not None
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=2.0)) as connection:
            if connection.execute("PRAGMA application_id").fetchone()[0] != APPLICATION_ID:
                yield bad("pace file", f"{path} belongs to another program: move it away, or IMAGEFAP_PACE_FILE=FILE")
                return
            host = (self.config.host,)
            sent = connection.execute("SELECT count(*), max(sent) FROM page WHERE host = ?", host).fetchone()
            pause = connection.execute("SELECT began, until FROM pause WHERE host = ? AND count > 0", host).fetchone()
        now = self.clock()
        yield self._pause(sent[0], pause, now)
        yield _clock(max([sent[1] or 0.0, *(pause or (0.0,))][:2]), now)

    def _pause(self, pages: int, pause: tuple[float, float] | None, now: float) -> Check:
        assert self.config is not None
        said = f"{pages:,} page{'' if pages == 1 else 's'} of {self.config.host} on record"
        if pause is None:
            return ok("pace file", f"{said}, no block")
        if pause[1] > now:
            return warn("pace file", f"{said}; the site blocks, no page is asked for before {_moment(pause[1])}")
        return warn("pace file", f"{said}; the site blocked at {_moment(pause[0])}, the next crawl tries one page")

    def ask_site(self) -> Check:
        """Ask for robots.txt, within the pace, and note what came of it as a crawl would."""
        if self.config is None:
            return bad("site", f"not asked: {self.problem}")
        store = PaceStore(self.config.file, self.config.host, self.config.limits, self.config.policy, self.clock)
        try:
            store.check()
            standing = store.look()
            if standing.pause is None or standing.pause.count:
                return warn("site", "not asked: it has blocked this address, and a crawl is to find out when that ends")
            if not standing.wait:
                standing = store.take()
            if standing.wait:
                return warn("site", f"not asked: the next page may leave in {standing.wait:.0f} seconds")
            return self._note(store, standing.now)
        except ArchiveError as error:
            return bad("site", str(error))

    def _note(self, store: PaceStore, sent_at: float) -> Check:
        started = time.monotonic()
        try:
            answer = _get(f"{Site(self.site_url).base_url}/robots.txt")
        except (OSError, http.client.HTTPException) as error:
            return bad("site", f"{self.site_url} cannot be reached: {_cause(error)}; look after the network")
        finally:
            store.answered(sent_at)
        took = f"HTTP {answer.status} in {time.monotonic() - started:.1f} seconds"
        if _is_block(answer):
            pause = store.blocked(sent_at, retry_after(answer.headers.get("Retry-After"), self.clock()))
            return warn(
                "site", f"{took}: it asks this address to slow down; noted, no page before {_moment(pause.until)}"
            )
        if answer.status >= 500:
            return bad("site", f"{took}: it has trouble of its own; try again later")
        return ok("site", f"robots.txt of {self.site_url}: {took}")


def _clock(latest: float, now: float) -> Check:
    """A page cannot have been asked for in the future: then the clock was set back, or runs wrong."""
    if latest > now + _TOLERANCE:
        return warn(
            "clock",
            f"it says {_moment(now)}, but something was noted at {_moment(latest)}: set it right, or the next crawl"
            " waits longer than it must",
        )
    return ok("clock", _moment(now))


def _moment(seconds: float) -> str:
    try:
        return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M:%S} UTC"
    except (OverflowError, ValueError, OSError):
        return f"{seconds:g} seconds after 1970"


class _StayHere(urllib.request.HTTPRedirectHandler):
    """Follows no redirect: one request was promised, and to this site alone."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        """Return nothing: the redirect itself is the answer."""


def _get(url: str) -> _Answer:
    """Send one request; a refusal is an answer as well."""
    opener = urllib.request.build_opener(_StayHere())
    request = urllib.request.Request(url, headers={"User-Agent": defaults.USER_AGENT})  # noqa: S310 - Site knows http(s) alone
    try:
        with opener.open(request, timeout=_TIMEOUT) as response:
            return _Answer(response.status, response.headers, response.read(_LONGEST).decode(errors="replace"))
    except urllib.error.HTTPError as error:
        with error:
            return _Answer(error.code, error.headers, error.read(_LONGEST).decode(errors="replace"))


def _is_block(answer: _Answer) -> bool:
    if answer.status in {429, 503}:
        return True
    location = answer.headers.get("Location") or ""
    return (300 <= answer.status < 400 and is_block_address(location)) or is_block_text(answer.text)


def _cause(error: Exception) -> str:
    reason = getattr(error, "reason", error)
    return " ".join(str(reason).split()) or type(error).__name__

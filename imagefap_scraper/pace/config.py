"""The settings of the pace, read and checked once."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from platformdirs import user_state_path

from imagefap_scraper.exceptions import SettingError
from imagefap_scraper.pace.budget import Limits, Window
from imagefap_scraper.pace.pauses import PausePolicy
from imagefap_scraper.pages.urls import SITE_DOMAIN, Site, origin_of

if TYPE_CHECKING:
    from collections.abc import Mapping

#: Name of the pace file in the user's state directory.
PACE_FILE_NAME = "pace.sqlite3"


@dataclass(frozen=True)
class PaceConfig:
    """What the settings say.

    Attributes:
        host: `host:port` of the site; what the pace file's rows belong to.
        limits: of pages, the share that is used already taken.
        backlog: image files that may wait or run while a page is asked for.
        file: the pace file.
        policy: how pauses grow.
    """

    host: str
    limits: Limits
    backlog: int
    file: Path
    policy: PausePolicy


def read_config(settings: Mapping[str, Any]) -> PaceConfig:
    """The pace that `settings` ask for.

    Raises:
        SettingError: if one of them cannot be right; the message names it and its value.
    """
    share = number(settings, "IMAGEFAP_PAGE_LIMIT_SHARE", at_most=1.0)
    if not share:
        raise _wrong(settings, "IMAGEFAP_PAGE_LIMIT_SHARE", "give a share above 0 and up to 1")
    first = number(settings, "IMAGEFAP_BLOCK_PAUSE")
    if not first:
        raise _wrong(settings, "IMAGEFAP_BLOCK_PAUSE", "give seconds above 0: a block needs a pause")
    return PaceConfig(
        host=_host(settings),
        limits=Limits(_windows(settings, share), number(settings, "IMAGEFAP_PAGE_GAP")),
        backlog=whole_number(settings, "IMAGEFAP_IMAGE_BACKLOG"),
        file=_file(settings),
        policy=PausePolicy(
            first=first,
            longest=max(first, number(settings, "IMAGEFAP_BLOCK_PAUSE_MAX")),
            max_pauses=whole_number(settings, "IMAGEFAP_BLOCK_MAX_PAUSES"),
        ),
    )


def number(settings: Mapping[str, Any], name: str, *, at_most: float = math.inf) -> float:
    """A setting as a number from 0 to `at_most`.

    Raises:
        SettingError: if it is anything else.
    """
    try:
        value = float(settings[name])
    except (TypeError, ValueError):
        value = math.nan
    if not (0 <= value <= at_most) or math.isinf(value):
        limit = "" if math.isinf(at_most) else f" up to {at_most:g}"
        raise _wrong(settings, name, f"give a number from 0{limit}")
    return value


def whole_number(settings: Mapping[str, Any], name: str) -> int:
    """A setting as a whole number from 0.

    Raises:
        SettingError: if it is anything else.
    """
    value = number(settings, name)
    if not value.is_integer():
        raise _wrong(settings, name, "give a whole number from 0")
    return int(value)


def _windows(settings: Mapping[str, Any], share: float) -> tuple[Window, ...]:
    name = "IMAGEFAP_PAGE_LIMITS"
    pieces = [piece.strip() for piece in str(settings[name] or "").split(",") if piece.strip()]
    windows = []
    for piece in pieces:
        count, slash, seconds = piece.partition("/")
        try:
            window = Window(int(count), float(seconds))
        except ValueError:
            window = Window(0, 0.0)
        if not slash or window.count < 1 or not 0 < window.seconds < math.inf:
            raise _wrong(settings, name, "give COUNT/SECONDS with commas between, as 100/60,1000/3600, or nothing")
        # Of a limit so small that its share is none, one page is used: a pace of nothing is no pace. The tiny
        # addition keeps 0.29 * 100 = 28.999999999999996 from losing a page to rounding.
        windows.append(Window(max(1, math.floor(window.count * share + 1e-9)), window.seconds))
    return tuple(windows)


def _host(settings: Mapping[str, Any]) -> str:
    site = Site(str(settings["IMAGEFAP_SITE_URL"]))
    origin = origin_of(site.base_url)
    assert origin is not None, "Site checks its address"
    # With and without "www" it is the same site and the same count.
    return f"{SITE_DOMAIN if site.is_public else origin.host}:{origin.port}"


def _file(settings: Mapping[str, Any]) -> Path:
    name = "IMAGEFAP_PACE_FILE"
    text = str(settings[name] or "")
    try:
        return Path(text).expanduser() if text else user_state_path("imagefap_scraper") / PACE_FILE_NAME
    except RuntimeError as error:  # "~somebody" without such a user
        raise _wrong(settings, name, f"{error}; give another file") from error


def _wrong(settings: Mapping[str, Any], name: str, advice: str) -> SettingError:
    return SettingError(f"{name} is {settings[name]!r}: {advice}")

"""What the pace file tells of the latest hour: pages by minute, blocks, and the pause that is running."""

from __future__ import annotations

import os
import sqlite3
from collections import Counter
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from imagefap_scraper import settings as defaults
from imagefap_scraper.exceptions import SettingError
from imagefap_scraper.pace.config import read_config

if TYPE_CHECKING:
    from pathlib import Path

_MINUTE = 60.0


@dataclass(frozen=True, slots=True)
class Pages:
    """Pages by minute, and blocks as (first, last moment); moments in UTC. Empty if nothing is on record."""

    minutes: dict[datetime, int]
    blocks: list[tuple[datetime, datetime]]


def pages() -> Pages:
    """Return what the pace file holds: the pages of the site's longest window, an hour, and the latest block.

    Older ones it forgets, so no longer history can be drawn.
    """
    values: dict[str, Any] = {name: os.environ.get(name, value) for name, value in vars(defaults).items()}
    try:
        config = read_config(values)
        return _read_pages(config.file, config.host) if config.file.exists() else Pages({}, [])
    except (SettingError, OSError, sqlite3.Error):
        # The plots are about the archive; `doctor` says what is wrong with the pace.
        return Pages({}, [])


def _read_pages(file: Path, host: str) -> Pages:
    with closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True, timeout=2.0)) as connection:
        sent = connection.execute("SELECT sent FROM page WHERE host = ? ORDER BY sent", (host,)).fetchall()
        blocks = connection.execute("SELECT began, until FROM pause WHERE host = ? AND count > 0", (host,)).fetchall()
    minutes = Counter(_moment(moment - moment % _MINUTE) for (moment,) in sent)
    return Pages(dict(minutes), [(_moment(began), _moment(until)) for began, until in blocks])


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)

"""After a read crawl: the pictures that are new are compared with all others, while nobody waits for a page."""

from __future__ import annotations

import signal
import sys
from typing import TYPE_CHECKING

from imagefap_scraper.exceptions import EX_INTERRUPTED, EX_OK, ArchiveError
from imagefap_scraper.review.options import read_options
from imagefap_scraper.review.progress import Silence
from imagefap_scraper.review.workplace import Workplace

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path
    from typing import Any

    from scrapy.settings import BaseSettings

    from imagefap_scraper.review.finding import FindReport
    from imagefap_scraper.review.options import Options
    from imagefap_scraper.storage.files import ArchiveDirectory

_HOW_TO = "python tools/process.py dups"


def is_wanted(settings: BaseSettings) -> bool:
    """Return whether a crawl is to be followed by a search."""
    return bool(settings["IMAGEFAP_DUPS_AFTER_CRAWL"] == "on")


def options_of(settings: BaseSettings) -> Options:
    """Return the options that a crawl's settings name.

    Raises:
        SettingError: for a value that cannot be.
    """
    names = (
        "IMAGEFAP_DUPS_MAX_DISTANCE",
        "IMAGEFAP_DUPS_WEIGHTS",
        "IMAGEFAP_DUPS_PROTECTED",
        "IMAGEFAP_INSPECT_WORKERS",
    )
    values: Mapping[str, Any] = {name: str(settings[name]) for name in names}
    return read_options(values)


def search(directory: ArchiveDirectory, database: Path, options: Options) -> int:
    """Search for look-alikes among what is new and say on the standard error what was found; return an exit code.

    The crawl itself is over and on record: Ctrl-C ends the search alone, and the next one goes on.
    """
    # Scrapy's own handlers, which would stop a crawl that is no more, give way to Python's.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    from imagefap_scraper.review.finding import find  # noqa: PLC0415 - numpy, which a crawl in get mode never needs

    try:
        report = find(Workplace(directory, database), options, Silence())
    except KeyboardInterrupt:
        _say(f"The search for look-alikes was stopped; `{_HOW_TO} find` goes on.")
        return EX_INTERRUPTED
    except ArchiveError as error:
        _say(f"The search for look-alikes: {error}")
        return error.exit_code
    if told := _told(report):
        _say(told)
    return EX_OK


def _told(report: FindReport) -> str:
    """Return what a person wants to know of a search; nothing if there is nothing to do."""
    parts = []
    if asking := sum(report.asking.values()):
        parts.append(f"{asking:,} {'group asks' if asking == 1 else 'groups ask'} for a decision: {_HOW_TO} list")
    if report.by_rule:
        parts.append(f"{report.by_rule:,} decided by rules: {_HOW_TO} history")
    if report.unhashed:
        parts.append(f"{report.unhashed:,} pictures have no hashes yet: {_HOW_TO} hash")
    return f"Look-alikes         {'; '.join(parts)}" if parts else ""


def _say(text: str) -> None:
    print(text, file=sys.stderr)  # noqa: T201 - beside the summary of the crawl

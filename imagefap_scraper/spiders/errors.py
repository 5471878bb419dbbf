"""What ends a request or a crawl, in our own tree of errors and in Scrapy's words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scrapy.exceptions import IgnoreRequest

from imagefap_scraper.exceptions import ArchiveError, FaultError, LayoutChanged, NotFoundError, SiteError
from imagefap_scraper.middlewares.robots import RefusedByRobots

if TYPE_CHECKING:
    from twisted.python.failure import Failure


def error_of(failure: Failure, url: str) -> ArchiveError:
    """Return the error of our own tree for a request that failed."""
    reason = failure.value
    if isinstance(reason, ArchiveError):
        return reason
    if isinstance(reason, RefusedByRobots):
        return NotFoundError(f"robots.txt of the site refuses {url}; see ROBOTSTXT_OBEY in the README")
    if isinstance(reason, IgnoreRequest):
        return LayoutChanged(f"{url} leads away from the site: {reason}")
    return SiteError(f"{url} could not be reached: {_short(reason)}; try again later")


def fault_of(reason: object) -> FaultError:
    """Return the error of our own tree for an exception that nobody expected, or for what went wrong in words."""
    what = reason if isinstance(reason, str) else _short(reason)
    return FaultError(f"a fault of this program: {what}; what is stored stays, please report it")


def close_reason(error: ArchiveError) -> str:
    """Return the close reason of an error: its class in lower snake case, without its ending."""
    name = type(error).__name__.removesuffix("Error")
    return "".join(f"_{char.lower()}" if char.isupper() else char for char in name).lstrip("_")


def _short(reason: object) -> str:
    text = " ".join(str(reason).split())
    return f"{type(reason).__name__}: {text}"[:200] if text else type(reason).__name__

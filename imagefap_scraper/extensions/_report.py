"""What a crawl's end summary says: its rows, and the sentence what to do next. Pure."""

from __future__ import annotations

import itertools
import shlex
from typing import TYPE_CHECKING

from imagefap_scraper.extensions._format import clock_time, counted, duration, one_line, printable, size

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from imagefap_scraper.extensions._snapshot import Snapshot

#: Reasons, and skipped folders, that are told one by one; the rest only as a number.
_TOLD = 8
#: Columns that one reason or name may take.
_CELLS = 120

#: Close reasons of an orderly stop by the user.
_STOPPED = frozenset({"shutdown", "cancelled"})


def rows(counts: Snapshot) -> list[tuple[str, str]]:
    """Return label and text of each row: only those that have something to say."""
    return [*_image_rows(counts), *_folder_rows(counts), *_cost_rows(counts)]


def _image_rows(counts: Snapshot) -> Iterator[tuple[str, str]]:
    if counts.images_total is not None:
        bytes_stored = f" ({size(counts.bytes_stored)})" if counts.bytes_stored else ""
        yield "New images", f"{counts.stored:,}{bytes_stored}"
    if counts.known:
        yield "Known before", f"{counts.known:,}"
    if counts.exact_duplicates:
        yield "Exact duplicates", f"{counts.exact_duplicates:,}"
    if counts.failed:
        yield "Failed", _with_reasons(counts.failed, counts.failed_reasons)
    if counts.gone:
        yield "Gone from the site", _with_reasons(counts.gone, counts.gone_reasons)
    if counts.filtered:
        yield "Filtered out", _with_reasons(counts.filtered, counts.filtered_reasons)
    if counts.left:
        yield "Still wanted", f"{counts.left:,}"


def _folder_rows(counts: Snapshot) -> Iterator[tuple[str, str]]:
    if counts.folders_total:
        yield "Folders listed", f"{counts.folders_listed:,} of {counts.folders_total:,}"
    yield from _skipped("folder", "folders", counts.skipped)
    if counts.galleries_total:
        yield "Galleries read", f"{counts.galleries_listed:,} of {counts.galleries_total:,}"
    yield from _skipped("gallery", "galleries", counts.galleries_skipped)


def _skipped(what: str, several: str, skipped: Sequence[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    for name, reason in skipped[:_TOLD]:
        yield f"Skipped {what}", f"{one_line(name, _CELLS)}: {one_line(reason, _CELLS)}"
    if len(skipped) > _TOLD:
        yield f"Skipped {several}", f"{len(skipped) - _TOLD:,} more"


def _cost_rows(counts: Snapshot) -> Iterator[tuple[str, str]]:
    if counts.pages_asked:
        kinds = ", ".join(f"{one_line(kind)} {count:,}" for kind, count in counts.pages_by_kind.items())
        yield "Pages asked", f"{counts.pages_asked:,}" + (f" ({kinds})" if kinds else "")
    if counts.blocks:
        yield "Blocked by the site", counted(counts.blocks, "time")
    if counts.seconds is not None:
        yield "Time", duration(counts.seconds)
    if counts.output and counts.images_total is not None:
        yield "Directory", printable(counts.output)


def _with_reasons(count: int, reasons: Mapping[str, int]) -> str:
    told = [f"{one_line(reason, _CELLS)} ({times:,})" for reason, times in list(reasons.items())[:_TOLD]]
    if len(reasons) > _TOLD:
        told.append(f"{counted(len(reasons) - _TOLD, 'other reason')}")
    return f"{count:,}" + (f": {', '.join(told)}" if told else "")


def advice(counts: Snapshot, reason: str, now: float) -> str:
    """Return what to do next, one line; empty if there is nothing to say.

    Args:
        counts: of the crawl that has ended.
        reason: Scrapy's close reason.
        now: seconds since the epoch.
    """
    again = f": {printable(counts.command)}" if counts.command else "."
    if reason in _STOPPED:
        return f"Stopped. Nothing is lost; the same command goes on{again}"
    if reason == "rate_blocked":
        return f"The site asks this address to slow down. Nothing is lost; {_when(counts, now)}{again}"
    if counts.error:
        return ""  # it says itself what to do
    if reason != "finished":
        return f"Ended early ({one_line(reason, _CELLS)}). The same command goes on{again}"
    return _after_finish(counts, again)


def _when(counts: Snapshot, now: float) -> str:
    if counts.blocked_until is None:
        return "run the same command again in an hour"
    if counts.blocked_until <= now:
        return "run the same command again"
    wait = duration(counts.blocked_until - now)
    return f"run the same command again after {clock_time(counts.blocked_until, now)} (in {wait})"


def _after_finish(counts: Snapshot, again: str) -> str:
    if counts.failed:
        failed = f"{counted(counts.failed, 'image')} failed"
        # Without a database nothing knows which ones failed; the same command lists again and finds out.
        if not counts.output or "db=0" in counts.command.split():
            return f"{failed}; the same command tries again{again}"
        words = ["scrapy", "crawl", "images", "-a", "retry=failed", "-a", f"output={counts.output}"]
        retry = shlex.join(words + _settings(counts.command))
        return f"{failed}; to try them again: {printable(retry)}"
    if counts.left:
        return f"{counted(counts.left, 'image')} still wanted; the same command goes on{again}"
    return _all_here(counts)


def _all_here(counts: Snapshot) -> str:
    if counts.images_total is None:
        return ""
    if not counts.images_total:
        return "There was nothing to do."
    if counts.gone:
        return f"All is here that the site still has; {counts.gone:,} of {counts.images_total:,} are gone from it."
    if counts.filtered:
        return f"All is here that the filters let in; {counts.filtered:,} of {counts.images_total:,} are kept out."
    return "All is here." if counts.images_total == 1 else f"All {counts.images_total:,} images are here."


def _settings(command: str) -> list[str]:
    """Return the settings of a command line, which hold for the next one as well."""
    words = shlex.split(command)
    pairs = itertools.pairwise(words)
    return [word for option, value in pairs if option in ("-s", "--set") for word in ("-s", value)]

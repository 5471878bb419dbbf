"""The statistics of a crawl at one moment, as typed values: the one place that knows the names of the keys."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Mapping

_PREFIX = "imagefap/"


@dataclass(frozen=True)
class Snapshot:
    """Counts of one crawl; 0, empty or None where nothing was counted.

    Attributes:
        folders_total: folders that are to be listed, skipped ones not among them.
        folders_listed: folders that have been listed.
        folder: name of the folder at work, untrusted.
        skipped: folders left out, with why; untrusted.
        images_total: distinct images in scope; grows while folders are listed. None if the crawl is not about images.
        known: of them, stored before this run.
        stored: of them, downloaded in this run, with bytes that were new.
        exact_duplicates: of them, downloaded in this run, with bytes that were there already.
        failed: of them, tried in vain.
        failed_reasons: how often by reason, untrusted.
        gone: of them, no longer on the site.
        gone_reasons: how often by reason, untrusted.
        filtered: of them, kept out by filters.
        filtered_reasons: how often by filter.
        galleries_total: galleries that are to be read.
        galleries_listed: galleries that have been read.
        galleries_skipped: galleries left out, with why; untrusted.
        left: images still wanted when the crawl ended.
        pages_asked: requests for pages.
        pages_by_kind: the same by kind of page.
        pages_left: pages still expected; None if not estimated.
        bytes_stored: size of the files written, bytes.
        blocks: how often the site asked to slow down.
        blocked_until: when it may be asked again, seconds since the epoch; None if not said.
        output: output directory; empty if there is none.
        command: command line that does the same again; empty if not known.
        error: what ended the crawl, one line; empty if nothing did.
        seconds: how long the crawl took; None while it runs.
    """

    folders_total: int = 0
    folders_listed: int = 0
    folder: str = ""
    skipped: tuple[tuple[str, str], ...] = ()
    images_total: int | None = None
    known: int = 0
    stored: int = 0
    exact_duplicates: int = 0
    failed: int = 0
    failed_reasons: Mapping[str, int] = field(default_factory=dict)
    gone: int = 0
    gone_reasons: Mapping[str, int] = field(default_factory=dict)
    filtered: int = 0
    filtered_reasons: Mapping[str, int] = field(default_factory=dict)
    galleries_total: int = 0
    galleries_listed: int = 0
    galleries_skipped: tuple[tuple[str, str], ...] = ()
    left: int = 0
    pages_asked: int = 0
    pages_by_kind: Mapping[str, int] = field(default_factory=dict)
    pages_left: int | None = None
    bytes_stored: int = 0
    blocks: int = 0
    blocked_until: float | None = None
    output: str = ""
    command: str = ""
    error: str = ""
    seconds: float | None = None

    @classmethod
    def of(cls, stats: Mapping[str, Any], *, details: bool = True) -> Self:
        """Return the counts that Scrapy's statistics hold now.

        Args:
            stats: what `StatsCollector.get_stats()` returns.
            details: also read the counts by reason and by kind, which takes a look at every key.
        """
        return cls(
            folders_total=stats.get("imagefap/folders/total", 0),
            folders_listed=stats.get("imagefap/folders/listed", 0),
            folder=stats.get("imagefap/folders/current") or "",
            skipped=tuple(stats.get("imagefap/folders/skipped", ())),
            images_total=stats.get("imagefap/images/total"),
            known=stats.get("imagefap/images/known", 0),
            stored=stats.get("imagefap/images/stored", 0),
            exact_duplicates=stats.get("imagefap/images/exact_duplicates", 0),
            failed=stats.get("imagefap/images/failed", 0),
            failed_reasons=_below(stats, "images/failed_reasons/") if details else {},
            gone=stats.get("imagefap/images/gone", 0),
            gone_reasons=_below(stats, "images/gone_reasons/") if details else {},
            filtered=stats.get("imagefap/images/filtered", 0),
            filtered_reasons=_below(stats, "images/filtered_reasons/") if details else {},
            galleries_total=stats.get("imagefap/galleries/total", 0),
            galleries_listed=stats.get("imagefap/galleries/listed", 0),
            galleries_skipped=tuple(stats.get("imagefap/galleries/skipped", ())),
            left=stats.get("imagefap/images/left", 0),
            pages_asked=stats.get("imagefap/pages/asked", 0),
            pages_by_kind=_page_kinds(stats) if details else {},
            pages_left=stats.get("imagefap/pages/estimated"),
            bytes_stored=stats.get("imagefap/bytes/stored", 0),
            blocks=stats.get("imagefap/blocks/count", 0),
            blocked_until=stats.get("imagefap/rate_blocked_until"),
            output=stats.get("imagefap/output") or "",
            command=stats.get("imagefap/command") or "",
            error=stats.get("imagefap/error") or "",
            seconds=stats.get("elapsed_time_seconds"),
        )

    @property
    def images_done(self) -> int:
        """Images that need nothing more, whatever became of them; never more than the total."""
        done = self.known + self.stored + self.exact_duplicates + self.failed + self.gone + self.filtered
        return min(done, self.images_total or 0)

    @property
    def images_to_do(self) -> int:
        """Images that something is still to become of."""
        return (self.images_total or 0) - self.images_done


def _below(stats: Mapping[str, Any], group: str) -> dict[str, int]:
    """Return the positive counts of a group of keys, without their prefix, the largest first."""
    prefix = _PREFIX + group
    found = {key.removeprefix(prefix): count for key, count in stats.items() if key.startswith(prefix) and count}
    return dict(sorted(found.items(), key=lambda entry: (-entry[1], entry[0])))


def _page_kinds(stats: Mapping[str, Any]) -> dict[str, int]:
    # "asked" and "estimated" are sums that share the prefix with the kinds.
    return {kind: count for kind, count in _below(stats, "pages/").items() if kind not in {"asked", "estimated"}}

"""The settings of the duplicates workflow, for commands that never load Scrapy; the crawl passes its own."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from imagefap_scraper.dedup.limits import DEFAULT_LIMITS, SearchLimits
from imagefap_scraper.dedup.weights import Weights, read_weights
from imagefap_scraper.exceptions import SettingError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

#: Bits: the largest distance that is searched, `dedup.search.MAX_DISTANCE`, which loads numpy.
LARGEST_DISTANCE = 12


@dataclass(frozen=True, slots=True)
class Options:
    """How duplicates are searched and judged.

    Attributes:
        max_distance: bits of 64 within which two PHashes are close.
        weights: points of the suggestion.
        protected: names or numbers of folders whose pictures are never suggested away.
        workers: processes that decode; None for one a processor.
    """

    max_distance: int = DEFAULT_LIMITS.phash
    weights: Weights = field(default_factory=Weights)
    protected: tuple[str, ...] = ()
    workers: int | None = None

    @property
    def limits(self) -> SearchLimits:
        """Return the limits of the search; those beside PHash follow it."""
        least = DEFAULT_LIMITS
        return SearchLimits(
            phash=self.max_distance,
            dhash=min(self.max_distance, least.dhash),
            turned=min(self.max_distance, least.turned),
            animated=min(self.max_distance, least.animated),
            other=least.other,
        )


def read_options(settings: Mapping[str, str] | None = None) -> Options:
    """Return the options that settings name, by default those of the environment.

    Raises:
        SettingError: for a value that cannot be.
    """
    get: Callable[[str, str], str] = (os.environ if settings is None else settings).get
    return Options(
        max_distance=read_distance(get("IMAGEFAP_DUPS_MAX_DISTANCE", str(DEFAULT_LIMITS.phash))),
        weights=read_weights(get("IMAGEFAP_DUPS_WEIGHTS", "")),
        protected=tuple(name.strip() for name in get("IMAGEFAP_DUPS_PROTECTED", "").split(",") if name.strip()),
        workers=_whole("IMAGEFAP_INSPECT_WORKERS", get("IMAGEFAP_INSPECT_WORKERS", "0")) or None,
    )


def read_distance(text: str) -> int:
    """Return a distance in bits.

    Raises:
        SettingError: it is none that is searched.
    """
    distance = _whole("IMAGEFAP_DUPS_MAX_DISTANCE", text)
    if distance > LARGEST_DISTANCE:
        raise SettingError(f"IMAGEFAP_DUPS_MAX_DISTANCE={text} is no number of bits from 0 to {LARGEST_DISTANCE}")
    return distance


def _whole(name: str, text: str) -> int:
    if not text.isascii() or not text.isdigit():
        raise SettingError(f"{name}={text} is no whole number from 0 on")
    return int(text)

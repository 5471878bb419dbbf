"""Whether the bytes are a whole picture, and its perceptual hash, from one decode in a child process."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from imagefap_scraper.exceptions import ArchiveError, SettingError
from imagefap_scraper.inspection.pool import InspectionPool
from imagefap_scraper.inspection.result import Limits, Outcome
from imagefap_scraper.items import ImageItem, ImageStatus
from imagefap_scraper.pipelines.base import ArchivePipeline

if TYPE_CHECKING:
    from scrapy.crawler import Crawler
    from scrapy.settings import BaseSettings

_FACTS = ("format", "width", "height", "frames", "animated", "phash", "dhash", "hash_version", "flat")


class InspectionPipeline(ArchivePipeline):
    """Reads `content` unless it is known; sets format, width and height (pixels), frames, animated, hashes, reason.

    Whole pictures go on; so do unchecked ones, whose decoding would have exceeded a limit. Broken ones end as `failed`.

    Settings: IMAGEFAP_INSPECT_WORKERS, IMAGEFAP_INSPECT_MAX_PIXELS, IMAGEFAP_INSPECT_MAX_FRAMES,
    IMAGEFAP_INSPECT_SECONDS.
    """

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        workers, limits = read_limits(crawler.settings)
        self._pool = InspectionPool(workers, limits)

    async def process_item(self, item: Any) -> Any:
        """Return the item with what a decoder found."""
        if not isinstance(item, ImageItem) or item.content is None or item.known:
            return item
        try:
            found = await self._pool.inspect(item.content)
        except ArchiveError as error:
            raise self.give_up(error) from error
        for name in _FACTS:
            setattr(item, name, getattr(found, name))
        item.format = found.format and str(found.format)
        item.reason = found.reason
        item.unchecked = found.outcome is Outcome.UNCHECKED
        if found.outcome is Outcome.BROKEN:
            item.status, item.content = ImageStatus.FAILED, None
        return item

    async def close_spider(self) -> None:
        """End the child processes."""
        await self._pool.close()


def read_limits(settings: BaseSettings) -> tuple[int | None, Limits]:
    """Return the number of child processes (None: one for each processor) and their limits.

    Raises:
        SettingError: for a value that cannot be.
    """
    pixels = _number(settings, "IMAGEFAP_INSPECT_MAX_PIXELS", at_least=1)
    frames = _number(settings, "IMAGEFAP_INSPECT_MAX_FRAMES", at_least=1)
    seconds = _number(settings, "IMAGEFAP_INSPECT_SECONDS", at_least=1)
    workers = _number(settings, "IMAGEFAP_INSPECT_WORKERS", at_least=0)
    return workers or None, Limits(max_pixels=pixels, max_frames=frames, seconds=seconds)


def _number(settings: BaseSettings, name: str, *, at_least: int) -> int:
    try:
        value = int(settings[name])
    except (TypeError, ValueError):
        value = at_least - 1
    if value < at_least:
        raise SettingError(f"{name}={settings[name]} is no number from {at_least} on")
    return value

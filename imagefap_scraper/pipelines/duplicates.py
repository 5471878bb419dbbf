"""Bytes that the archive holds already are not inspected nor written again; the favorite points to what is there."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Any

from scrapy import signals

from imagefap_scraper.database import reads
from imagefap_scraper.exceptions import ArchiveError
from imagefap_scraper.items import ImageItem, ImageStatus
from imagefap_scraper.pipelines.base import ArchivePipeline

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

#: What inspection would set; copied from the blob's row instead.
_INSPECTED = ("format", "size", "width", "height", "frames", "animated", "phash", "dhash", "hash_version", "flat")


class DuplicatesPipeline(ArchivePipeline):
    """Reads `sha256`; sets `known`, `path` if this layout has the file, and all that inspection would set.

    Nobody else adds blobs while a crawl holds the directory, so those of its own memory are all there are. Equal bytes
    that arrive at the same time come one after the other: the second waits until the first is on record.
    """

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self._marks: set[int] | None = None
        self._first: dict[str, tuple[ImageItem, asyncio.Event]] = {}
        for signal in (signals.item_scraped, signals.item_dropped, signals.item_error):
            crawler.signals.connect(self._on_record, signal=signal)

    async def process_item(self, item: Any) -> Any:
        """Return the item; it is known only if a row says so."""
        if not isinstance(item, ImageItem) or item.sha256 is None:
            return item
        while item.sha256 in self._first:
            await self._first[item.sha256][1].wait()
        self._first[item.sha256] = (item, asyncio.Event())
        if self.archive.writer is not None:
            await self._look_up(item, item.sha256)
        return item

    async def _look_up(self, item: ImageItem, sha256: str) -> None:
        try:
            if self._marks is None:
                self._marks = await self.archive.run(reads.blob_marks)
            if reads.blob_mark(sha256) not in self._marks:
                return
            blob = await self.archive.run(partial(reads.stored_blob, sha256=sha256))
        except ArchiveError as error:
            raise self.give_up(error) from error
        item.known = blob is not None
        if blob is None:
            return
        for name in _INSPECTED:
            setattr(item, name, getattr(blob, name))
        item.unchecked, item.reason = bool(blob.unchecked), blob.unchecked
        if blob.state != "live":
            # The user threw these very bytes out: they are not stored again, what was kept is shown in their place.
            item.status, item.content = ImageStatus.SKIPPED, None
            return
        item.path = blob.paths.get(self.archive.layout)
        item.other_path = next(iter(blob.paths.values()), None)

    def _on_record(self, item: Any) -> None:
        if not isinstance(item, ImageItem) or item.sha256 is None:
            return
        if self._marks is not None:
            self._marks.add(reads.blob_mark(item.sha256))
        if item.sha256 in self._first and self._first[item.sha256][0] is item:
            self._first.pop(item.sha256)[1].set()

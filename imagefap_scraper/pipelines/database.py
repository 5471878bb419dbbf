"""The rows: users, folders with their favorites, images and their bytes; each item one transaction."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from scrapy.exceptions import DropItem

from imagefap_scraper.database import writes
from imagefap_scraper.database.gallery_writes import record_gallery
from imagefap_scraper.exceptions import ArchiveError
from imagefap_scraper.items import AuditItem, FolderItem, GalleryItem, ImageItem, ImageStatus, UserItem
from imagefap_scraper.pipelines.base import ArchivePipeline
from imagefap_scraper.pipelines.storage import item_extension
from imagefap_scraper.planning.filters import rule_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from scrapy.crawler import Crawler
    from sqlalchemy import Connection


#: What is recorded just as it is.
_FACTS: tuple[tuple[type, Callable[[Connection, Any], None]], ...] = (
    # Looked up when they are called: crash tests put themselves in their place.
    (UserItem, lambda connection, item: writes.record_user(connection, item)),  # noqa: PLW0108
    (FolderItem, lambda connection, item: writes.record_folder(connection, item)),  # noqa: PLW0108
    (GalleryItem, record_gallery),
)


class DatabasePipeline(ArchivePipeline):
    """Reads every field; writes rows. An image without a file ends here, once its reason is on record.

    Without a database it only counts.

    Settings: IMAGEFAP_AUDIT_HOURS.
    """

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self._apart = timedelta(hours=crawler.settings.getfloat("IMAGEFAP_AUDIT_HOURS"))

    async def process_item(self, item: Any) -> Any:
        """Return the item once its transaction is committed."""
        work = self._work(item)
        if work is not None and self.archive.writer is not None:
            try:
                outcome = await self.archive.run(work)
            except ArchiveError as error:
                raise self.give_up(error) from error
            if outcome is not None:
                self.stats.inc_value(f"imagefap/audit/{outcome}")
        if isinstance(item, ImageItem):
            self._count(item)
            if item.status is not ImageStatus.STORED:
                raise DropItem(f"image {item.image_id} {item.status}: {item.reason}", log_level="DEBUG")
        return item

    def _work(self, item: Any) -> Callable[[Connection], str | None] | None:
        """Return what an item means for the database."""
        for kind, record in _FACTS:
            if isinstance(item, kind):
                return lambda connection: record(connection, item)
        if isinstance(item, AuditItem):
            # After a block nothing that is missed counts; the end of the crawl forgets it.
            apart = timedelta.max if self._blocked() else self._apart
            return partial(writes.record_audit, item=item, apart=apart)
        if not isinstance(item, ImageItem):
            return None
        if item.status not in (ImageStatus.STORED, ImageStatus.SKIPPED):
            return partial(writes.record_missed, item=item)
        return partial(
            writes.record_stored,
            item=item,
            layout=self.archive.layout,
            extension=item_extension(item),
            intent_id=item.intent_id,
        )

    def _blocked(self) -> bool:
        return bool(self.stats.get_value("imagefap/blocks/count"))

    def _count(self, item: ImageItem) -> None:
        if item.status is ImageStatus.SKIPPED:
            self.stats.inc_value("imagefap/images/skipped")
        elif item.status is not ImageStatus.STORED:
            self.stats.inc_value(f"imagefap/images/{item.status}")
            # A filter's reason goes on with what it found in this one image.
            reason = item.reason if item.status is not ImageStatus.FILTERED else rule_of(item.reason)
            self.stats.inc_value(f"imagefap/images/{item.status}_reasons/{reason}")
        elif item.outcome == "downloaded":
            self.stats.inc_value("imagefap/images/stored")
            self.stats.inc_value("imagefap/bytes/stored", item.size or 0)
        else:
            self.stats.inc_value("imagefap/images/exact_duplicates" if item.known else "imagefap/images/known")

    async def close_spider(self) -> None:
        """Date the folders that are finished now."""
        if self.spider.archive is not None and self.archive.writer is not None:
            try:
                await self.archive.run(partial(writes.note_finished_folders, layout=self.archive.layout))
                if self._blocked():
                    await self.archive.run(writes.forget_misses)
            except ArchiveError as error:
                self.spider.note(error)

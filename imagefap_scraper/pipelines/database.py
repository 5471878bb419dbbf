"""The rows: users, folders with their favorites, images and their bytes; each item one transaction."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from scrapy.exceptions import DropItem

from imagefap_scraper.database import writes
from imagefap_scraper.exceptions import ArchiveError
from imagefap_scraper.items import FolderItem, ImageItem, ImageStatus, UserItem
from imagefap_scraper.pipelines.base import ArchivePipeline
from imagefap_scraper.pipelines.storage import item_extension

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Connection


class DatabasePipeline(ArchivePipeline):
    """Reads every field; writes rows. An image without a file ends here, once its reason is on record.

    Without a database it only counts.
    """

    async def process_item(self, item: Any) -> Any:
        """Return the item once its transaction is committed."""
        work = self._work(item)
        if work is not None and self.archive.writer is not None:
            try:
                await self.archive.run(work)
            except ArchiveError as error:
                raise self.give_up(error) from error
        if isinstance(item, ImageItem):
            self._count(item)
            if item.status is not ImageStatus.STORED:
                raise DropItem(f"image {item.image_id} {item.status}: {item.reason}", log_level="DEBUG")
        return item

    def _work(self, item: Any) -> Callable[[Connection], None] | None:
        """Return what an item means for the database."""
        if isinstance(item, UserItem):
            return partial(writes.record_user, user=item)
        if isinstance(item, FolderItem):
            return partial(writes.record_folder, folder=item)
        if not isinstance(item, ImageItem):
            return None
        if item.status is not ImageStatus.STORED:
            return partial(writes.record_missed, item=item)
        return partial(
            writes.record_stored,
            item=item,
            layout=self.archive.layout,
            extension=item_extension(item),
            intent_id=item.intent_id,
        )

    def _count(self, item: ImageItem) -> None:
        if item.status is not ImageStatus.STORED:
            self.stats.inc_value(f"imagefap/images/{item.status}")
            self.stats.inc_value(f"imagefap/images/{item.status}_reasons/{item.reason}")
        elif item.outcome == "downloaded":
            self.stats.inc_value("imagefap/images/stored")
            self.stats.inc_value("imagefap/bytes/stored", item.size or 0)
        else:
            self.stats.inc_value("imagefap/images/exact_duplicates" if item.known else "imagefap/images/known")

    async def close_spider(self) -> None:
        """Date the folders that are finished now."""
        if self.archive.writer is not None:
            try:
                await self.archive.run(partial(writes.note_finished_folders, layout=self.archive.layout))
            except ArchiveError as error:
                self.spider.note(error)

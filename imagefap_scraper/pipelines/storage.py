"""The bytes to the disk: exactly those that came, whole and durable before any row says so."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from functools import partial
from typing import TYPE_CHECKING, Any

from imagefap_scraper.database import writes
from imagefap_scraper.exceptions import ArchiveError
from imagefap_scraper.inspection.formats import Format, extension
from imagefap_scraper.items import ImageItem, ImageStatus
from imagefap_scraper.pipelines.base import ArchivePipeline
from imagefap_scraper.storage.files import AlreadyThere

if TYPE_CHECKING:
    from imagefap_scraper.storage.files import TempFile
    from imagefap_scraper.storage.layouts import Choice


class StoragePipeline(ArchivePipeline):
    """Reads `content`, `sha256`, `size`, `format`, `name`, `path`; sets `path`, `outcome`, `status`; drops `content`.

    The order is: temporary file, synced; intent row; final name; its directory synced. The rows follow in the database
    pipeline. A kill in between leaves an intent, which the next start finishes or gives up.
    """

    async def process_item(self, item: Any) -> Any:
        """Return the item, stored."""
        if not isinstance(item, ImageItem) or item.status is not ImageStatus.WANTED:
            return item
        try:
            await self._store(item)
        except ArchiveError as error:
            raise self.give_up(error) from error
        finally:
            item.content = None
        return item

    async def _store(self, item: ImageItem) -> None:
        if await asyncio.to_thread(self._is_there, item):
            item.outcome, item.status = "uptodate", ImageStatus.STORED
            return
        if item.content is None:
            item.content = await asyncio.to_thread(self._read_copy, item)
            if item.content is None:
                item.status, item.reason = ImageStatus.FAILED, "its stored file is damaged"
                return
        while not await self._place(item):
            pass
        item.status = ImageStatus.STORED

    def _is_there(self, item: ImageItem) -> bool:
        """Return whether this layout's file, of which a row tells, holds the bytes."""
        assert item.sha256 is not None
        return item.path is not None and self.archive.directory.same_bytes(item.path, item.sha256, item.size or 0)

    def _read_copy(self, item: ImageItem) -> bytes | None:
        """Return the bytes from the other layout's file; None if they are not there."""
        directory = self.archive.directory
        if item.other_path is None or not directory.same_bytes(item.other_path, item.sha256 or "", item.size or 0):
            return None
        return directory.resolve(item.other_path).read_bytes()

    async def _place(self, item: ImageItem) -> bool:
        """Write the file under a name that is chosen for it; False if somebody else took the name meanwhile."""
        choice, temp = await asyncio.to_thread(self._prepare, item)
        item.path, item.outcome = choice.path, "uptodate"
        if temp is None:
            return True
        try:
            await self._publish(item, choice, temp)
        except AlreadyThere:
            await self._forget(item, choice, temp)
            return False
        except BaseException:
            await self._forget(item, choice, temp)
            raise
        item.outcome = "downloaded"
        return True

    def _prepare(self, item: ImageItem) -> tuple[Choice, TempFile | None]:
        assert item.content is not None
        assert item.sha256 is not None
        store = self.archive.store
        choice = store.choose(
            item.sha256, len(item.content), extension=item_extension(item), name=item.name, image_id=item.image_id
        )
        if choice.uptodate:
            return choice, None
        try:
            return choice, self.archive.directory.write_temp(item.content)
        except BaseException:
            store.release(choice)
            raise

    async def _publish(self, item: ImageItem, choice: Choice, temp: TempFile) -> None:
        if self.archive.writer is not None:
            image = asdict(item) | {
                "status": ImageStatus.STORED,
                "layout": self.archive.layout,
                "extension": item_extension(item),
            }
            intend = partial(writes.add_intent, temporary=temp.relative, item=item, image=image)
            item.intent_id = await self.archive.run(intend)
        await asyncio.to_thread(self.archive.store.publish, choice, temp)

    async def _forget(self, item: ImageItem, choice: Choice, temp: TempFile) -> None:
        """Undo what was prepared. The intent goes last: while it is there, a start would finish the file."""
        self.archive.store.release(choice)
        self.archive.directory.discard(temp)
        if item.intent_id is not None:
            intent_id, item.intent_id = item.intent_id, None
            await self.archive.run(partial(writes.drop_intent, intent_id=intent_id))


def item_extension(item: ImageItem) -> str:
    """Return the extension that the item's content asks for, without a dot."""
    assert item.format is not None
    return extension(Format(item.format))

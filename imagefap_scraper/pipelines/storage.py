"""The bytes to the disk: exactly those that came, whole and durable before any row says so.

Images that wait at the same time are stored together: their files are written, then synced, then their intents are one
transaction, then they get their names, then their directories are synced. Each waits for its whole group, so nothing is
less durable than one by one; it is several times as fast, since syncing is what takes the time.
"""

from __future__ import annotations

import asyncio
import secrets
from collections import deque
from dataclasses import asdict, dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from imagefap_scraper.database import writes
from imagefap_scraper.exceptions import ArchiveError
from imagefap_scraper.export.places import first_places
from imagefap_scraper.export.seen import SeenPlaces
from imagefap_scraper.inspection.formats import Format, extension
from imagefap_scraper.items import ImageItem, ImageStatus
from imagefap_scraper.pipelines.base import ArchivePipeline
from imagefap_scraper.storage.files import AlreadyThere, disk_error
from imagefap_scraper.storage.template import NOWHERE, Place

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from scrapy.crawler import Crawler

    from imagefap_scraper.storage.files import TempFile
    from imagefap_scraper.storage.layouts import Choice

#: Images to one group; more would only make the first ones wait.
_LARGEST_GROUP = 32
#: Random numbers for intents, as SQLite's integers take them: nobody has to ask the database which one is free.
_INTENT_BITS = 63


@dataclass(slots=True, eq=False)
class _Job:
    """One image on its way; `error` ends its way, `choice` without `temp` means that the bytes are there already."""

    item: ImageItem
    done: asyncio.Future[None]
    choice: Choice | None = None
    temp: TempFile | None = None
    published: bool = False
    place: Place = NOWHERE
    error: BaseException | None = None


class StoragePipeline(ArchivePipeline):
    """Reads `content`, `sha256`, `size`, `format`, `name`, `path`; sets `path`, `outcome`, `status`; drops `content`.

    The order is: temporary file, synced; intent row; final name; its directory synced. The rows follow in the database
    pipeline. A kill in between leaves an intent, which the next start finishes or gives up.
    """

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self._waiting: deque[_Job] = deque()
        self._working: asyncio.Task[None] | None = None
        self._seen = SeenPlaces()

    async def process_item(self, item: Any) -> Any:
        """Return the item, stored."""
        self._seen.note(item)
        if not isinstance(item, ImageItem) or item.status is not ImageStatus.WANTED:
            return item
        job = _Job(item, asyncio.get_running_loop().create_future())
        self._waiting.append(job)
        if self._working is None or self._working.done():
            self._working = asyncio.create_task(self._work())
        try:
            await job.done
        except ArchiveError as error:
            raise self.give_up(error) from error
        finally:
            item.content = None
        return item

    async def _work(self) -> None:
        """Store what waits, group by group, until nothing does."""
        while self._waiting:
            group = [self._waiting.popleft() for _ in range(min(len(self._waiting), _LARGEST_GROUP))]
            try:
                await self._store(group)
            except BaseException as error:  # noqa: BLE001 - each waiting item gets it
                for job in group:
                    job.error = job.error or error
            for job in group:
                self._end(job)

    def _end(self, job: _Job) -> None:
        """Tell an item's pipeline how it ended; one whose name was taken meanwhile goes round again."""
        if isinstance(job.error, AlreadyThere):
            job.choice = job.temp = job.error = None
            self._waiting.append(job)
        elif job.done.done():
            pass  # its item was cancelled
        elif job.error is not None:
            job.done.set_exception(job.error)
        else:
            job.done.set_result(None)

    async def _store(self, group: Sequence[_Job]) -> None:
        if self.archive.store.needs_place:
            await self._find_places(group)
        await asyncio.to_thread(self._prepare, group)
        placed = [job for job in group if job.temp is not None]
        ready = [job for job in placed if job.error is None]
        try:
            if ready and self.archive.writer is not None:
                await self.archive.run(partial(writes.add_intents, rows=[self._intent(job) for job in ready]))
            await asyncio.to_thread(self._publish, ready)
        except BaseException as error:  # noqa: BLE001 - kept with each job that it concerns
            for job in ready:
                job.error = job.error or error
        # A file that has its name, but perhaps not yet durably, keeps its intent: the next start finishes it.
        await self._forget([job for job in placed if job.error is not None and not job.published])

    async def _find_places(self, group: Sequence[_Job]) -> None:
        """Find out in which folders the images are: from the database, else from what this crawl has listed."""
        found = {}
        if self.archive.writer is not None:
            found = await self.archive.run(partial(first_places, image_ids=[job.item.image_id for job in group]))
        for job in group:
            job.place = found.get(job.item.image_id) or self._seen.place(job.item.image_id)

    def _prepare(self, group: Sequence[_Job]) -> None:
        """Write the temporary files of those that are not there yet, then wait for the disk."""
        for job in group:
            _keep_error(job, self._prepare_one)
        written = [job.temp.path for job in group if job.temp is not None]
        try:
            self.archive.directory.sync_batch(written)
        except ArchiveError as error:
            for job in group:
                job.error = job.error or error

    def _prepare_one(self, job: _Job) -> None:
        item, directory = job.item, self.archive.directory
        assert item.sha256 is not None
        assert item.size is not None
        item.outcome, item.status = "uptodate", ImageStatus.STORED
        if item.path is not None and directory.same_bytes(item.path, item.sha256, item.size):
            return
        if item.content is None:
            item.content = self._read_copy(item)
            if item.content is None:
                item.status, item.reason = ImageStatus.FAILED, "its stored file is damaged"
                return
        store = self.archive.store
        job.choice = store.choose(
            item.sha256,
            item.size,
            extension=item_extension(item),
            name=item.name,
            image_id=item.image_id,
            place=job.place,
        )
        item.path = job.choice.path
        if job.choice.uptodate:
            return
        try:
            job.temp = directory.write_temp(item.content, fsync=False)
        except BaseException:
            store.release(job.choice)
            raise
        item.outcome = "downloaded"

    def _read_copy(self, item: ImageItem) -> bytes | None:
        """Return the bytes from the other layout's file; None if they are not there."""
        directory = self.archive.directory
        if item.other_path is None or not directory.same_bytes(item.other_path, item.sha256 or "", item.size or 0):
            return None
        path = directory.resolve(item.other_path)
        try:
            return path.read_bytes()
        except OSError as error:
            raise disk_error(error, f"cannot read {path}") from error

    def _publish(self, placed: Sequence[_Job]) -> None:
        """Give the files their names, then wait until the disk knows them."""
        for job in placed:
            _keep_error(job, self._publish_one)
        paths = [job.item.path for job in placed if job.error is None and job.item.path is not None]
        self.archive.directory.sync_batch({self.archive.directory.resolve(path).parent for path in paths})

    def _publish_one(self, job: _Job) -> None:
        assert job.choice is not None
        assert job.temp is not None
        self.archive.store.publish(job.choice, job.temp, fsync=False)
        job.published = True

    async def _forget(self, failed: Sequence[_Job]) -> None:
        """Undo what was prepared. Intents go last: while they are there, a start would finish their files."""
        for job in failed:
            assert job.choice is not None
            assert job.temp is not None
            self.archive.store.release(job.choice)
            self.archive.directory.discard(job.temp)
        intents = [job.item.intent_id for job in failed if job.item.intent_id is not None]
        if intents:
            await self.archive.run(partial(writes.drop_intents, intent_ids=intents))
        for job in failed:
            job.item.intent_id = None

    def _intent(self, job: _Job) -> dict[str, Any]:
        """Return the row that says that a file is about to get its name."""
        assert job.temp is not None
        item = job.item
        item.intent_id = secrets.randbits(_INTENT_BITS)
        extra = {"layout": self.archive.layout, "extension": item_extension(item)}
        return {
            "intent_id": item.intent_id,
            "temporary": job.temp.relative,
            "path": item.path,
            "sha256": item.sha256,
            "size": item.size,
            "image": asdict(item) | extra,
        }


def _keep_error(job: _Job, work: Callable[[_Job], None]) -> None:
    """Do one job's work; its failure is its own."""
    if job.error is None:
        try:
            work(job)
        except (ArchiveError, AlreadyThere, OSError) as error:
            job.error = error


def item_extension(item: ImageItem) -> str:
    """Return the extension that the item's content asks for, without a dot."""
    assert item.format is not None
    return extension(Format(item.format))

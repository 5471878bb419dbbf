"""Ordering rules turned around, one at a time: a test must fail for each (see README.md)."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from crash.points import find

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True)
class Mutant:
    """What is turned around, and where a kill shows it.

    Attributes:
        install: changes production code in this process.
        point: the kill point that finds it; empty if another kind of test does.
        finding: a part of what the checker then says.
        settings: of Scrapy, for every run of the trial.
    """

    install: Callable[[], None]
    point: str
    finding: str
    settings: tuple[tuple[str, str], ...] = ()


def _row_before_file() -> None:
    """Record an image, then give its file its name."""
    storage = find("imagefap_scraper.pipelines.storage")
    publish = storage.StoragePipeline._publish

    def record_first(self: Any, placed: Any) -> None:
        for job in placed:
            self.archive.wait_for(
                partial(
                    storage.writes.record_stored,
                    item=job.item,
                    layout=self.archive.layout,
                    extension=storage.item_extension(job.item),
                    intent_id=job.item.intent_id,
                )
            )
        publish(self, placed)

    storage.StoragePipeline._publish = record_first


def _without_sync(keep: Callable[[Path], bool]) -> None:
    directory = find("imagefap_scraper.storage.files:ArchiveDirectory")
    sync = directory.sync_batch
    directory.sync_batch = lambda self, paths: sync(self, [path for path in paths if keep(path)])


def _final_name_directly() -> None:
    """Write the bytes under the final name, without a temporary file or an intent."""
    files = find("imagefap_scraper.storage.files")
    contents: dict[Path, bytes] = {}

    def write_temp(self: Any, content: bytes, *, fsync: bool = True) -> Any:
        path = self.tmp / f"{os.urandom(12).hex()}.part"
        contents[path] = content
        return files.TempFile(path, len(content))

    def move_new(source: Path, target: Path) -> None:
        files.write_new(target, contents.pop(source), fsync=False)

    files.ArchiveDirectory.write_temp = write_temp
    files.move_new = move_new
    _without_sync(Path.exists)
    _no_intent()


def _no_intent() -> None:
    """Give files their names without a word in the database before."""
    find("imagefap_scraper.database.writes").add_intents = lambda connection, rows: None


def _checkpoint_first() -> None:
    """Commit how far a listing has come, then what it showed."""
    database = find("imagefap_scraper.pipelines.database")
    process_item = database.DatabasePipeline.process_item
    checkpoint = database.writes._checkpoint

    async def record(self: Any, item: Any) -> Any:
        if type(item).__name__ == "FolderItem" and item.pages is not None:
            moment = database.writes.now()
            await self.archive.run(
                lambda connection: (
                    database.writes._upsert_folder(connection, item, moment),
                    checkpoint(connection, item, moment, reopened=True),
                )
            )
        return await process_item(self, item)

    database.DatabasePipeline.process_item = record


def _jobdir_trusted() -> None:
    """Let Scrapy's own scheduler keep queue and seen-list in JOBDIR, and let it filter what was seen.

    The seen-list is flushed at each entry: Scrapy's buffer would keep a crawl as short as the tests' from the disk.
    """
    from scrapy.core.scheduler import Scheduler
    from scrapy.dupefilters import RFPDupeFilter

    spiders = find("imagefap_scraper.spiders.base")
    request_of, seen = spiders.ArchiveSpider._request, RFPDupeFilter.request_seen
    find("imagefap_scraper.pace.scheduler").ArchiveScheduler.open = Scheduler.open

    def filtered(self: Any, step: Any) -> Any:
        return request_of(self, step).replace(dont_filter=False)

    def request_seen(self: Any, request: Any) -> bool:
        known = seen(self, request)
        if self.file is not None:
            self.file.flush()
        return known

    spiders.ArchiveSpider._request = filtered
    RFPDupeFilter.request_seen = request_seen


MUTANTS: dict[str, Mutant] = {
    "row_before_file": Mutant(_row_before_file, "name_before", "row without its file"),
    "no_fsync": Mutant(partial(_without_sync, Path.is_dir), "", "before its bytes were synced"),
    "no_directory_fsync": Mutant(partial(_without_sync, Path.is_file), "", "before the directory was synced"),
    "no_intent": Mutant(_no_intent, "", "orphan"),
    "final_name_directly": Mutant(_final_name_directly, "temp_half", "torn"),
    "checkpoint_first": Mutant(_checkpoint_first, "listing_half", "checkpoint"),
    "jobdir_trusted": Mutant(
        _jobdir_trusted,
        "listing_recorded",
        "wants",
        (("DUPEFILTER_CLASS", "scrapy.dupefilters.RFPDupeFilter"), ("JOBDIR", "{output}.job")),
    ),
}

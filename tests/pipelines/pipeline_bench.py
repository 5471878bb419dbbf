"""Pipelines as a crawl has them: a real archive on disk, and a spider that only remembers what it was told."""

from __future__ import annotations

import hashlib
import sqlite3
from typing import TYPE_CHECKING, Any, TypeVar

from scrapy import Spider, signals
from scrapy.utils.test import get_crawler

from imagefap_scraper import settings
from imagefap_scraper.archive import Archive
from imagefap_scraper.items import ImageItem

if TYPE_CHECKING:
    from pathlib import Path

    from imagefap_scraper.archive import Layout
    from imagefap_scraper.exceptions import ArchiveError
    from imagefap_scraper.pipelines.base import ArchivePipeline

Pipeline = TypeVar("Pipeline", bound="ArchivePipeline")

DATABASE = {"imagefap.database", "imagefap.database-wal", "imagefap.database-shm"}
OURS = {name: getattr(settings, name) for name in dir(settings) if name.startswith("IMAGEFAP_INSPECT")}


class BenchSpider(Spider):
    """Has what a pipeline asks for."""

    name = "bench"
    archive: Archive | None = None

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.aborted: list[ArchiveError] = []
        self.noted: list[ArchiveError] = []

    def abort(self, error: ArchiveError) -> None:
        self.aborted.append(error)

    def note(self, error: ArchiveError) -> None:
        self.noted.append(error)


class PipelineBench:
    """An archive in a directory of its own, the spider that has it, and a crawler around both."""

    def __init__(self, output: Path, layout: Layout = "blobs", *, database: bool = True, **more: str) -> None:
        self.output = output
        self.archive = Archive(output, layout, database=database, durable=False)
        self.crawler = get_crawler(BenchSpider, {"TWISTED_REACTOR_ENABLED": False, **OURS, **more})
        self.spider = BenchSpider()
        self.spider.archive = self.archive
        self.crawler.spider = self.spider

    def make(self, pipeline: type[Pipeline]) -> Pipeline:
        return pipeline.from_crawler(self.crawler)

    def stat(self, name: str) -> Any:
        return self.crawler.stats.get_value(f"imagefap/{name}")

    def end(self, item: Any, signal: object = signals.item_scraped) -> None:
        """Say what Scrapy says when an item's way has ended."""
        self.crawler.signals.send_catch_log(signal, item=item)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        connection = sqlite3.connect(self.output / "imagefap.database")
        found = connection.execute(query).fetchall()
        connection.close()
        return found

    def files(self) -> dict[str, bytes]:
        """Return the files that are not the program's own."""
        return {
            path.relative_to(self.output).as_posix(): path.read_bytes()
            for path in self.output.rglob("*")
            if path.is_file() and ".imagefap" not in path.parts and path.name not in DATABASE
        }

    def temporary(self) -> list[str]:
        return [path.name for path in self.archive.directory.tmp.iterdir()]

    def close(self) -> None:
        self.archive.close()


def image(image_id: int, content: bytes | None, **fields: Any) -> ImageItem:
    """Return an item as it comes to storage: hashed and inspected."""
    item = ImageItem(image_id, **fields)
    item.content = content
    if content is not None:
        item.sha256, item.size = hashlib.sha256(content).hexdigest(), len(content)
        item.format = item.format or "JPEG"
    return item

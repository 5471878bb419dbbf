"""What the pipelines share: the spider whose archive they fill, and what a failing disk means."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, Self, cast

from scrapy.exceptions import DropItem

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

    from imagefap_scraper.archive import Archive
    from imagefap_scraper.exceptions import ArchiveError


class StoringSpider(Protocol):
    """What a pipeline asks of its spider."""

    archive: Archive | None

    def abort(self, error: ArchiveError) -> None:
        """Close the crawl at once."""

    def note(self, error: ArchiveError) -> None:
        """Keep an error for the exit code; the crawl goes on."""


class ArchivePipeline:
    """A pipeline of this project; it gets the archive from its spider."""

    def __init__(self, crawler: Crawler) -> None:
        self.spider = cast("StoringSpider", crawler.spider)
        self.stats: Any = crawler.stats

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Return the pipeline of a crawler."""
        return cls(crawler)

    @property
    def archive(self) -> Archive:
        """Where the spider stores."""
        assert self.spider.archive is not None
        return self.spider.archive

    def give_up(self, error: ArchiveError) -> DropItem:
        """Close the crawl, and return what ends the item's way: its image stays wanted."""
        self.spider.abort(error)
        return DropItem(str(error), log_level="DEBUG")

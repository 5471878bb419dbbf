"""`scrapy crawl images`: single images by number, or everything that failed before."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from imagefap_scraper.database import reads, writes
from imagefap_scraper.items import ImageStatus
from imagefap_scraper.spiders.archives import open_archive
from imagefap_scraper.spiders.arguments import ImagesArguments
from imagefap_scraper.spiders.photos import PhotoSpider, Wish, whole_name

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from sqlalchemy import Connection

    from imagefap_scraper.archive import Archive
    from imagefap_scraper.database.reads import WantedImage
    from imagefap_scraper.spiders.base import Step


class ImagesSpider(PhotoSpider):
    """Images come under the favorites that hold them; one that none holds is kept all the same."""

    name = "images"
    arguments_model = ImagesArguments
    arguments: ImagesArguments

    @classmethod
    def open_archive(cls, arguments: ImagesArguments, settings: Any) -> Archive:
        """Return the archive: blobs, unless the mode says otherwise or a retry finds straight names alone."""
        archive = open_archive(arguments.output, "straight" if arguments.mode == "get" else "blobs", settings)
        if arguments.mode is None and arguments.retry is not None:
            archive.use_layout(archive.wait_for(reads.usual_layout))
        return archive

    async def start(self) -> AsyncIterator[Any]:
        """Take from the database what is wanted, then begin."""
        assert self.archive is not None
        self.needs_names = self.archive.layout == "straight"
        wanted = await self.archive.run(self._wanted)
        self.stats.set_value("imagefap/images/total", len(self.arguments.ids or wanted))
        self.stats.set_value("imagefap/images/known", len(self.arguments.ids or wanted) - len(wanted))
        for order, image in enumerate(wanted):
            name = whole_name(image.name, image.listed_name, listed_is_enough=False)
            for item in self.wish(Wish(image.image_id, name, image.gallery_id, image.sha256), (0, order)):
                yield item
        async for request in super().start():
            yield request

    def _wanted(self, connection: Connection) -> list[WantedImage]:
        assert self.archive is not None
        ids = self.arguments.ids or reads.image_ids(connection, ImageStatus.FAILED)
        writes.want_images(connection, ids)
        return reads.wanted_images(connection, ids, self.archive.layout)

    def next_step(self) -> Step | None:
        """Return the next photo page or strip."""
        return self.next_photo_step()

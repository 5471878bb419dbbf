"""`scrapy crawl images`: single images, a gallery, everything that failed before, or an audit of what is stored."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from imagefap_scraper.database import gallery_reads, reads, writes
from imagefap_scraper.database.reads import WantedImage
from imagefap_scraper.exceptions import ArchiveError, NotFoundError
from imagefap_scraper.items import ImageStatus
from imagefap_scraper.pages.urls import PictureTarget, Site, parse_picture_target
from imagefap_scraper.spiders.archives import open_archive
from imagefap_scraper.spiders.arguments import ImagesArguments
from imagefap_scraper.spiders.audit import AuditSpider
from imagefap_scraper.spiders.base import REPORT
from imagefap_scraper.spiders.dry_run import DrySpider, look_at
from imagefap_scraper.spiders.wishes import Wish, whole_name

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from scrapy.settings import BaseSettings
    from sqlalchemy import Connection

    from imagefap_scraper.archive import Archive, Layout
    from imagefap_scraper.database.gallery_reads import GalleryState
    from imagefap_scraper.planning.filters import Filters
    from imagefap_scraper.spiders.steps import Step

#: What an audit can find, as its report says it.
_FOUND = {
    "present": "are on the site as before",
    "back": "had vanished and are back",
    "missed": "were not found; the next audit will tell",
    "vanished": "have vanished from the site",
    "open": "could not be looked at",
}


class ImagesSpider(AuditSpider, DrySpider):
    """Images come under the favorites that hold them; one that none holds is kept all the same."""

    name = "images"
    arguments_model = ImagesArguments
    arguments: ImagesArguments

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._target = _target(self.arguments, self.site)
        self._ids = [self._target.image_id] if self._target.image_id is not None else self.arguments.ids
        self._state: GalleryState | None = None
        self._looked = False

    @classmethod
    def check(cls, arguments: Any, settings: BaseSettings) -> None:
        """Refuse an address that is neither a gallery's nor a photo's; raises UserInputError."""
        _target(arguments, Site(settings["IMAGEFAP_SITE_URL"]))

    def filters(self) -> Filters:
        """Return what keeps images out."""
        return self.arguments.filters()

    @classmethod
    def open_archive(cls, arguments: ImagesArguments, settings: Any) -> Archive | None:
        """Return the archive: blobs, unless the mode says otherwise or there are straight names alone.

        A dry run opens none.
        """
        if arguments.dry_run:
            return None
        archive = open_archive(arguments.output, "straight" if arguments.mode == "get" else "blobs", settings)
        if arguments.mode is None and arguments.ids is None and arguments.url is None:
            archive.use_layout(archive.wait_for(reads.usual_layout))
        return archive

    async def start(self) -> AsyncIterator[Any]:
        """Take from the database what is to be had or looked at, then begin."""
        self.needs_names = self._layout() == "straight" and not self.arguments.audit
        try:
            wanted = await self._ask_database()
        except ArchiveError as error:
            self.stop(error)
            return
        if not self.dry_run:
            total = len(self._ids or wanted)
            self.stats.set_value("imagefap/images/total", total)
            self.stats.set_value("imagefap/images/known", total - len(wanted))
        for order, image in enumerate(wanted):
            name = whole_name(image.name, image.listed_name, listed_is_enough=False)
            wish = Wish(image.image_id, name, image.gallery_id, image.sha256)
            for item in self.let_out(self.want_again(image, wish, (0, order), None)):
                yield item
        self.plan_for("images", [image.image_id for image in wanted])
        if self._target.gallery_id is not None:
            for item in self.let_out(self._take_gallery(self._target.gallery_id)):
                yield item
        async for request in super().start():
            yield request

    def _layout(self) -> Layout:
        if self.archive is not None:
            return self.archive.layout
        return "straight" if self.arguments.mode == "get" else "blobs"

    async def _ask_database(self) -> list[WantedImage]:
        """Return what is to be had or looked at."""
        if self.archive is None:
            found = await asyncio.to_thread(look_at, self.arguments.output, self.settings, self._look)
            return [WantedImage(one, None, None, None, 0, None) for one in self._ids or []] if found is None else found
        if self._target.gallery_id is not None:
            return await self.archive.run(self._know_gallery)
        return await self.archive.run(self._audit if self.arguments.audit else self._wanted)

    def _take_gallery(self, gallery_id: int) -> Iterator[Any]:
        """Want the gallery that was named; its page is asked first, for its title and size."""
        yield from self.want_gallery(gallery_id, self._state, full=self._state is None, named=True)

    def _know_gallery(self, connection: Connection) -> list[WantedImage]:
        gallery_id = self._target.gallery_id
        assert gallery_id is not None
        self.settled = reads.settled_ids(connection, self._layout())
        self._state = gallery_reads.galleries(connection, [gallery_id], self._layout()).get(gallery_id)
        return []

    def _wanted(self, connection: Connection) -> list[WantedImage]:
        ids = self._ids or reads.image_ids(connection, ImageStatus.FAILED)
        writes.want_images(connection, ids)
        return reads.wanted_images(connection, ids, self._layout())

    def _look(self, connection: Connection) -> list[WantedImage]:
        """Return what would be wanted, without a word to the database."""
        if self._target.gallery_id is not None:
            return self._know_gallery(connection)
        ids = self._ids or reads.image_ids(connection, ImageStatus.FAILED)
        again = set(reads.image_ids(connection, ImageStatus.GONE))
        settled = reads.settled_ids(connection, self._layout()) - again
        return [WantedImage(one, None, None, None, 0, None) for one in ids if one not in settled]

    def _audit(self, connection: Connection) -> list[WantedImage]:
        """Return what is stored, to be looked at; and what was gone, to be had if it is back."""
        user_ids = _users(reads.users(connection), self.arguments.user)
        gone = reads.images_of_users(connection, user_ids, ImageStatus.GONE)
        gone += gallery_reads.images_of_galleries(connection, user_ids, ImageStatus.GONE)
        stored = reads.images_of_users(connection, user_ids, ImageStatus.STORED)
        stored += gallery_reads.images_of_galleries(connection, user_ids, ImageStatus.STORED)
        self.audited = {image.image_id for image in stored}
        # Perhaps in a folder and in a gallery as well.
        return list({image.image_id: replace(image, sha256=None) for image in [*stored, *gone]}.values())

    def next_step(self) -> Step | None:
        """Return the next page of a gallery, photo page or strip."""
        if not self.dry_run:
            return self.next_picture_step()
        looked, self._looked = self._looked, True
        return None if looked else self.next_gallery_step()

    def closed(self, reason: str) -> None:
        """Say what an audit found, or what a dry run would fetch."""
        super().closed(reason)
        if self.arguments.audit:
            counts = {outcome: self.stats.get_value(f"imagefap/audit/{outcome}", 0) for outcome in _FOUND}
            lines = [f"Audit of {len(self.audited)} stored images"]
            lines += [f"  {count:>8}  {_FOUND[outcome]}" for outcome, count in counts.items() if count]
            self.stats.set_value(REPORT, "\n".join(lines))


def _target(arguments: ImagesArguments, site: Site) -> PictureTarget:
    """Return what the address names; nothing if there is none; raises UserInputError."""
    return parse_picture_target(arguments.url, site) if arguments.url is not None else PictureTarget()


def _users(known: list[tuple[int, str]], name: str | None) -> list[int]:
    """Return the numbers of the users in question.

    Raises:
        NotFoundError: if there is none of that name.
    """
    found = [user_id for user_id, known_as in known if name is None or known_as.casefold() == name.casefold()]
    if not found:
        names = ", ".join(sorted(known_as for _, known_as in known)) or "nobody"
        which = "no user of the site" if name is None else f"no user {name!r}"
        raise NotFoundError(f"{which} is known here: there is {names}")
    return found

"""`scrapy crawl images`: single images by number, everything that failed before, or an audit of what is stored."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from imagefap_scraper.database import reads, writes
from imagefap_scraper.exceptions import ArchiveError, NotFoundError
from imagefap_scraper.items import ImageStatus
from imagefap_scraper.spiders.archives import open_archive
from imagefap_scraper.spiders.arguments import ImagesArguments
from imagefap_scraper.spiders.audit import AuditSpider
from imagefap_scraper.spiders.base import REPORT
from imagefap_scraper.spiders.wishes import Wish, whole_name

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from sqlalchemy import Connection

    from imagefap_scraper.archive import Archive
    from imagefap_scraper.database.reads import WantedImage
    from imagefap_scraper.spiders.steps import Step


#: What an audit can find, as its report says it.
_FOUND = {
    "present": "are on the site as before",
    "back": "had vanished and are back",
    "missed": "were not found; the next audit will tell",
    "vanished": "have vanished from the site",
    "open": "could not be looked at",
}


class ImagesSpider(AuditSpider):
    """Images come under the favorites that hold them; one that none holds is kept all the same."""

    name = "images"
    arguments_model = ImagesArguments
    arguments: ImagesArguments

    @classmethod
    def open_archive(cls, arguments: ImagesArguments, settings: Any) -> Archive:
        """Return the archive: blobs, unless the mode says otherwise or there are straight names alone."""
        archive = open_archive(arguments.output, "straight" if arguments.mode == "get" else "blobs", settings)
        if arguments.mode is None and arguments.ids is None:
            archive.use_layout(archive.wait_for(reads.usual_layout))
        return archive

    async def start(self) -> AsyncIterator[Any]:
        """Take from the database what is to be had or looked at, then begin."""
        assert self.archive is not None
        self.needs_names = self.archive.layout == "straight" and not self.arguments.audit
        try:
            wanted = await self.archive.run(self._audit if self.arguments.audit else self._wanted)
        except ArchiveError as error:
            self.stop(error)
            return
        total = len(self.arguments.ids or wanted)
        self.stats.set_value("imagefap/images/total", total)
        self.stats.set_value("imagefap/images/known", total - len(wanted))
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

    def _audit(self, connection: Connection) -> list[WantedImage]:
        """Return what is stored, to be looked at; and what was gone, to be had if it is back."""
        user_ids = _users(reads.users(connection), self.arguments.user)
        gone = reads.images_of_users(connection, user_ids, ImageStatus.GONE)
        stored = reads.images_of_users(connection, user_ids, ImageStatus.STORED)
        self.audited = {image.image_id for image in stored}
        return [replace(image, sha256=None) for image in stored] + gone

    def next_step(self) -> Step | None:
        """Return the next photo page or strip."""
        return self.next_photo_step()

    def closed(self, reason: str) -> None:
        """Say what an audit found."""
        if self.arguments.audit:
            counts = {outcome: self.stats.get_value(f"imagefap/audit/{outcome}", 0) for outcome in _FOUND}
            lines = [f"Audit of {len(self.audited)} stored images"]
            lines += [f"  {count:>8}  {_FOUND[outcome]}" for outcome, count in counts.items() if count]
            self.stats.set_value(REPORT, "\n".join(lines))


def _users(known: list[tuple[int, str]], name: str | None) -> list[int]:
    """Return the numbers of the users in question.

    Raises:
        NotFoundError: if there is none of that name.
    """
    found = [user_id for user_id, known_as in known if name is None or known_as.casefold() == name.casefold()]
    if not found:
        names = ", ".join(sorted(known_as for _, known_as in known)) or "nobody"
        raise NotFoundError(f"no user {name or ''!r} is known here: there is {names}")
    return found

"""A JSON file beside each straight file, and one for each folder, for those who read them without this program."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Any, Self, TypeVar

from scrapy.exceptions import NotConfigured

from imagefap_scraper.exceptions import ArchiveError
from imagefap_scraper.export import documents
from imagefap_scraper.items import FolderItem, ImageItem, ImageStatus, UserItem
from imagefap_scraper.pages.urls import Site
from imagefap_scraper.pipelines.base import ArchivePipeline
from imagefap_scraper.storage.names import finished, safe_component, shortened
from imagefap_scraper.storage.sidecars import read_sidecar, sidecar_path, write_sidecar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from scrapy.crawler import Crawler
    from sqlalchemy import Connection

    from imagefap_scraper.storage.files import ArchiveDirectory
    from imagefap_scraper.storage.sidecars import Kind

T = TypeVar("T")

_ENDING = ".folder.json"
#: Pictures whose sidecars are looked at together when the crawl ends.
_AT_A_TIME = 500


class SidecarsPipeline(ArchivePipeline):
    """Reads everything, sets nothing. Behind the database pipeline: what is not on record has no sidecar.

    A picture's is written when the picture is stored; at the end of the crawl all of a folder's are, as far as they
    are wanting or say something else. A file of the user's own is never touched, nor is one with the same content.

    Setting: IMAGEFAP_SIDECARS.
    """

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        # Always the real site's address: a sidecar is read long after a test or a demo.
        self._site = Site()
        self._users: dict[int, str] = {}
        self._folders: dict[tuple[int, int], FolderItem] = {}
        self._listed: dict[tuple[int, int], dict[int, tuple[int, str | None]]] = {}
        self._stored: dict[int, ImageItem] = {}

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Return the pipeline of a crawler, if sidecars are wanted."""
        if not crawler.settings.getbool("IMAGEFAP_SIDECARS"):
            raise NotConfigured
        return super().from_crawler(crawler)

    async def process_item(self, item: Any) -> Any:
        """Return the item, its sidecar written."""
        if self.archive.layout != "straight":
            return item
        if isinstance(item, UserItem):
            self._users[item.user_id] = item.name
        elif isinstance(item, FolderItem) and item.pages is not None:
            self._note_folder(item)
        elif isinstance(item, ImageItem) and item.status is ImageStatus.STORED:
            try:
                await self._write_picture(item)
            except ArchiveError as error:
                raise self.give_up(error) from error
        return item

    async def close_spider(self) -> None:
        """Write the folders' sidecars, and what is wanting of their pictures'."""
        if self.spider.archive is None:
            return
        try:
            for key in self._folders:
                if self.archive.writer is not None:
                    await self._finish_folder(key)
                else:
                    await asyncio.to_thread(self._write_folder, self._known_of(key))
        except ArchiveError as error:
            self.spider.note(error)

    def _note_folder(self, item: FolderItem) -> None:
        key = (item.user_id, item.folder_id)
        self._folders[key] = item
        listed = self._listed.setdefault(key, {})
        if self.archive.writer is None:
            # With a database all of this is there.
            for favorite in item.favorites:
                listed.setdefault(favorite.image_id, (len(listed) + 1, favorite.listed_name))

    async def _write_picture(self, item: ImageItem) -> None:
        assert item.path is not None
        assert item.sha256 is not None
        if self.archive.writer is None:
            self._stored[item.image_id] = item
            document = await asyncio.to_thread(self._picture_of, item)
        else:
            document = (await self._read(self._documents([item.sha256])))[item.sha256]
        await asyncio.to_thread(self._write, sidecar_path(item.path), "image", document)

    async def _finish_folder(self, key: tuple[int, int]) -> None:
        document = await self._read(partial(documents.folder_document, user_id=key[0], folder_id=key[1]))
        if document is None:
            return
        await asyncio.to_thread(self._write_folder, document)
        sha256s = [one["sha256"] for one in document["images"] if one["file"] is not None]
        for start in range(0, len(sha256s), _AT_A_TIME):
            some = sha256s[start : start + _AT_A_TIME]
            files = await self._read(partial(documents.straight_files, sha256s=some))
            told = await self._read(self._documents(some))
            await asyncio.to_thread(self._write_pictures, files, told)

    def _write_pictures(self, files: dict[str, list[str]], told: dict[str, documents.Document]) -> None:
        for sha256, paths in files.items():
            for path in paths:
                if self.archive.directory.resolve(path).is_file():
                    self._write(sidecar_path(path), "image", told[sha256])

    async def _read(self, work: Callable[[Connection], T]) -> T:
        return await self.archive.run(work)

    def _documents(self, sha256s: list[str]) -> Callable[[Connection], dict[str, documents.Document]]:
        return partial(documents.picture_documents, sha256s=sha256s, page_of=self._site.photo)

    def _picture_of(self, item: ImageItem) -> documents.Document:
        """Return what is known without a database; what an earlier run knew of other images of these bytes stays."""
        assert item.sha256 is not None
        assert item.path is not None
        document = documents.picture(
            item.sha256, item.size, item.format, item.width, item.height, animated=bool(item.animated)
        )
        gallery = None if item.gallery_id is None else {"id": item.gallery_id, "name": None}
        places = [
            documents.place(self._users.get(key[0]), key[0], one.name, key[1], self._listed[key][item.image_id][0])
            for key, one in self._folders.items()
            if item.image_id in self._listed[key]
        ]
        page = self._site.photo(item.image_id, item.gallery_id)
        images = {
            item.image_id: documents.image(
                item.image_id, item.name, page, gallery=gallery, uploaded=item.added, added=None, places=places
            )
        }
        before = read_sidecar(self.archive.directory, sidecar_path(item.path)) or {}
        if before.get("sha256") == item.sha256 and isinstance(before.get("images"), list):
            told = [one for one in before["images"] if isinstance(one, dict) and isinstance(one.get("id"), int)]
            images = {one["id"]: one for one in told} | images
        document["images"] = [images[image_id] for image_id in sorted(images)]
        return document

    def _known_of(self, key: tuple[int, int]) -> documents.Document:
        """Return what is known of a folder without a database: the order is that of its listing."""
        folder, images = self._folders[key], []
        for image_id, (number, name) in self._listed[key].items():
            stored = self._stored.get(image_id)
            images.append(
                documents.entry(
                    image_id,
                    number,
                    (stored.name if stored else None) or name,
                    "stored" if stored else None,
                    sha256=stored.sha256 if stored else None,
                    file=stored.path if stored else None,
                )
            )
        user = self._users.get(key[0])
        return documents.folder(key[0], user, key[1], folder.name, kind=folder.kind, images=images)

    def _write_folder(self, document: documents.Document) -> None:
        """Write a folder's sidecar under the first name that is free or its own."""
        for path in folder_sidecars(document):
            before = read_sidecar(self.archive.directory, path)
            if before is not None and _numbers(before) != _numbers(document):
                continue
            if self._write(path, "folder", document) != "foreign":
                return

    def _write(self, path: str, kind: Kind, document: documents.Document) -> str:
        directory: ArchiveDirectory = self.archive.directory
        outcome = write_sidecar(directory, path, kind, document)
        self.stats.inc_value(f"imagefap/sidecars/{outcome}")
        return outcome


def folder_sidecars(document: documents.Document) -> Iterator[str]:
    """Yield the names that a folder's sidecar may have: `FOLDER.folder.json`, then with user's and folder's number."""
    name = safe_component(document["folder"]["name"])
    number = f" ({document['user']['id']}, {document['folder']['id']})"
    yield finished(shortened(name, 255 - len(_ENDING))) + _ENDING
    yield finished(shortened(name, 255 - len(_ENDING) - len(number))) + number + _ENDING


def _numbers(document: documents.Document) -> tuple[Any, Any]:
    """Return the user's and the folder's number; None where a file says something else."""
    found = []
    for key in ("user", "folder"):
        value = document.get(key)
        found.append(value.get("id") if isinstance(value, dict) else None)
    return found[0], found[1]

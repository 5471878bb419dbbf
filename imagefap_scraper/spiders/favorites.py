"""`scrapy crawl favorites`: the folders of a user, or of every known user, from the site to disk and database."""

from __future__ import annotations

from collections import deque
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from imagefap_scraper.database import reads
from imagefap_scraper.exceptions import ArchiveError, NotFoundError, PageNotFound, UserInputError
from imagefap_scraper.items import FolderItem, FolderKind
from imagefap_scraper.pages.urls import Site, Target
from imagefap_scraper.planning.folder_walk import FolderWalk
from imagefap_scraper.spiders.archives import open_archive
from imagefap_scraper.spiders.arguments import FavoritesArguments, UsersArguments
from imagefap_scraper.spiders.listing import FolderStep, Listing
from imagefap_scraper.spiders.matching import match_folder
from imagefap_scraper.spiders.photos import PhotoSpider
from imagefap_scraper.spiders.roots import RootSpider, target_of
from imagefap_scraper.spiders.wishes import Wish, whole_name

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from scrapy.settings import BaseSettings
    from sqlalchemy import Connection

    from imagefap_scraper.archive import Archive, Layout
    from imagefap_scraper.database.reads import FolderContent, FolderState, WantedImage
    from imagefap_scraper.pages.favorites import ListedImage
    from imagefap_scraper.spiders.steps import Step

#: Why a folder of galleries is not archived.
GALLERIES = "holds galleries, not images: only folders of images are archived"
#: What to do when there is nobody to go through.
EMPTY_DATABASE = "no user is known here yet: name one with -a user=NAME (scrapy crawl users makes one known)"


class FavoritesSpider(RootSpider, PhotoSpider):
    """Lists first and asks for photo pages then: one photo page serves images of several folders."""

    name = "favorites"
    arguments_model = FavoritesArguments
    arguments: FavoritesArguments

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.needs_names = self.arguments.mode == "get"
        self._rest = timedelta(hours=kwargs["crawler"].settings.getfloat("IMAGEFAP_FOLDER_REST"))
        self._users: deque[Target] = deque()
        self._folders: deque[tuple[int, int, str, bool]] = deque()
        self._states: dict[int, dict[int, FolderState]] = {}
        self._contents: dict[int, dict[int, FolderContent]] = {}
        self._settled: set[int] = set()
        self._in_scope: set[int] = set()
        self._listing: Listing | None = None
        self._page_size: int | None = None
        self._order = 0
        self._folder_id = self.arguments.folder_id
        if self.names_a_user():
            target = self.target()
            self._users.append(target)
            self._folder_id = target.folder_id if target.folder_id is not None else self._folder_id
        self._whole = self.arguments.folder is None and self._folder_id is None

    @classmethod
    def check(cls, arguments: UsersArguments, settings: BaseSettings) -> None:
        """Refuse an address that is none of a user's, or of no folder where one is needed; raises UserInputError."""
        super().check(arguments, settings)
        assert isinstance(arguments, FavoritesArguments)
        site = Site(settings["IMAGEFAP_SITE_URL"])
        named = arguments.folder is not None or arguments.folder_id is not None
        if not arguments.db and not named and target_of(arguments, site).folder_id is None:
            raise UserInputError("db=0 is for one folder: add -a folder=NAME")

    @classmethod
    def open_archive(cls, arguments: FavoritesArguments, settings: Any) -> Archive:
        """Return the archive in the layout of the mode."""
        layout: Layout = "blobs" if arguments.mode == "read" else "straight"
        return open_archive(arguments.output, layout, settings, database=arguments.db)

    async def start(self) -> AsyncIterator[Any]:
        """Find out what is known, then begin with the first user."""
        assert self.archive is not None
        try:
            if self.archive.writer is not None:
                await self.archive.run(self._read_database)
            if not self._users:
                raise NotFoundError(EMPTY_DATABASE)
        except ArchiveError as error:
            self.stop(error)
        async for request in super().start():
            yield request

    def _read_database(self, connection: Connection) -> None:
        """Learn what this layout needs no more, and what the folders of the users in question hold."""
        assert self.archive is not None
        self._settled = reads.settled_ids(connection, self.archive.layout)
        users = reads.users(connection)
        if not self.names_a_user():
            self._users.extend(Target(name, user_id, None) for user_id, name in users)
        for user_id, name in users:
            if any(_means(target, user_id, name) for target in self._users):
                self._states[user_id] = reads.folders(connection, user_id)
                self._contents[user_id] = reads.favorites(connection, user_id, self.archive.layout)

    # What to ask next

    def next_step(self) -> Step | None:
        """Return the next page: the users' folders, then the folders' listings, then photo pages."""
        if self._users:
            return self.first_step(self._users.popleft())
        if self._listing is None and self._folders:
            self._listing = self._begin(*self._folders.popleft())
        if self._listing is not None:
            return FolderStep(self, self._listing)
        return self.next_photo_step()

    def folders_known(self, user_id: int, user_name: str, folders: dict[int, str]) -> Iterator[Any]:
        """Choose the folders to go through, and take up what earlier runs left of them."""
        try:
            chosen = self._choose(folders)
        except ArchiveError as error:
            self.user_missed(error)
            return
        for folder_id in chosen:
            name = folders.get(folder_id) or f"folder {folder_id}"
            reason = self._why_skip(user_id, folder_id)
            content = self._contents.get(user_id, {}).get(folder_id)
            if reason is not None:
                self.skip(name, reason)
            else:
                self._folders.append((user_id, folder_id, name, folder_id in folders))
            if content is not None:
                self._count(content.image_ids)
                yield from self._take_up(content.wanted)
        self.stats.set_value("imagefap/folders/total", len(self._folders))

    def _choose(self, folders: dict[int, str]) -> list[int]:
        if self._folder_id is not None:
            return [self._folder_id]
        if self.arguments.folder is not None:
            return [match_folder(self.arguments.folder, folders)]
        return list(folders)

    def _why_skip(self, user_id: int, folder_id: int) -> str | None:
        """Return why a folder is not even listed in a run of all folders; None if it is."""
        state = self._states.get(user_id, {}).get(folder_id)
        if state is None or not self._whole or self.arguments.full or self.arguments.force:
            return None
        if state.kind is FolderKind.GALLERIES:
            return GALLERIES
        finished = state.finished_blobs
        if self.arguments.mode == "read" and finished is not None and state.listed_at is not None:
            rested = datetime.now(UTC) - max(finished, state.listed_at)
            if rested < self._rest:
                return f"finished less than {self._rest.total_seconds() / 3600:g} hours ago"
        return None

    def _begin(self, user_id: int, folder_id: int, name: str, listed: bool) -> Listing:
        """Return the listing of a folder, from where it may show something new."""
        state = self._states.get(user_id, {}).get(folder_id)
        content = self._contents.get(user_id, {}).get(folder_id)
        known = content.image_ids if content is not None else set()
        pages = 0 if state is None or self.arguments.full else state.pages
        walk: FolderWalk[ListedImage] = FolderWalk(pages=pages, known=known, page_size=self._page_size)
        self.stats.set_value("imagefap/folders/current", name)
        self._order += 1
        since = datetime.now(UTC).isoformat() if walk.page == 0 else None
        return Listing(user_id, folder_id, name, self._order, walk, len(known), listed, not self._whole, since)

    def _take_up(self, wanted: list[WantedImage]) -> Iterator[Any]:
        """Wish for what earlier runs did not get."""
        for image in wanted:
            name = whole_name(image.name, image.listed_name, listed_is_enough=self.arguments.names == "listed")
            wish = Wish(image.image_id, name, image.gallery_id, image.sha256)
            yield from self.wish(wish, (self._order + len(self._folders), image.position))

    # What listing pages show

    def take_listed(self, listing: Listing, images: list[ListedImage]) -> Iterator[Any]:
        """Wish for what a listing page shows and this layout does not hold."""
        self._count({image.image_id for image in images})
        for image in images:
            listing.position += 1
            if image.image_id in self._settled:
                continue
            name = whole_name(None, image.listed_name, listed_is_enough=self.arguments.names == "listed")
            yield from self.wish(Wish(image.image_id, name, image.gallery_id), (listing.order, listing.position))

    def _count(self, image_ids: set[int]) -> None:
        """Count images in question, each once, and those of them that need nothing."""
        new = image_ids - self._in_scope
        self._in_scope |= new
        self.stats.inc_value("imagefap/images/total", len(new))
        self.stats.inc_value("imagefap/images/known", len(new & self._settled))

    def went_on(self, listing: Listing) -> None:
        """Close the listing if its walk has ended."""
        self._page_size = max(self._page_size or 0, listing.walk.page_size or 0) or None
        if listing.walk.page is None:
            self._listing = None
            self.stats.inc_value("imagefap/folders/listed")

    def galleries_folder(self, listing: Listing) -> Iterator[Any]:
        """Refuse a folder that holds galleries if it was named, else skip it."""
        self._listing = None
        yield FolderItem(listing.user_id, listing.folder_id, listing.name, kind=FolderKind.GALLERIES)
        if listing.named:
            self.stop(NotFoundError(f"folder {listing.name!r} ({listing.folder_id}) {GALLERIES}"))
        else:
            self.skip(listing.name, GALLERIES)

    def folder_missed(self, listing: Listing, error: ArchiveError) -> None:
        """Leave a folder as it is; say so, and whose fault it is."""
        self._listing = None
        if isinstance(error, PageNotFound):
            error = NotFoundError(f"{listing.name} cannot be had: {error}")
            if not listing.named:
                self.skip(listing.name, str(error))
                return
        if listing.named:
            self.stop(error)
        else:
            self.note(error)
            self.skip(listing.name, "could not be listed")

    def skip(self, name: str, reason: str) -> None:
        """Name a folder that was left out in the summary."""
        skipped = self.stats.get_value("imagefap/folders/skipped", [])
        self.stats.set_value("imagefap/folders/skipped", [*skipped, (name, reason)])


def _means(target: Target, user_id: int, name: str) -> bool:
    """Return whether a target is this known user."""
    if target.user_id is not None:
        return target.user_id == user_id
    return (target.user_name or "").casefold() == name.casefold()

"""`scrapy crawl favorites`: the folders of a user, or of every known user, from the site to disk and database."""

from __future__ import annotations

import asyncio
from collections import deque
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from imagefap_scraper.database import gallery_reads, reads
from imagefap_scraper.exceptions import ArchiveError, NotFoundError, PageNotFound, UserInputError
from imagefap_scraper.items import FolderItem, FolderKind
from imagefap_scraper.pages.urls import Site, Target
from imagefap_scraper.planning.filters import Facts, Filters
from imagefap_scraper.planning.folder_walk import FolderWalk
from imagefap_scraper.spiders.archives import open_archive
from imagefap_scraper.spiders.arguments import FavoritesArguments, UsersArguments
from imagefap_scraper.spiders.dry_run import DrySpider, look_at
from imagefap_scraper.spiders.listing import FolderStep, Listing
from imagefap_scraper.spiders.matching import match_folder, means
from imagefap_scraper.spiders.roots import RootSpider, targets_of
from imagefap_scraper.spiders.wishes import Wish, whole_name

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from scrapy.settings import BaseSettings
    from sqlalchemy import Connection

    from imagefap_scraper.archive import Archive, Layout
    from imagefap_scraper.database.gallery_reads import GalleryState
    from imagefap_scraper.database.reads import FolderContent, FolderState
    from imagefap_scraper.pages.favorites import ListedGallery, ListedImage
    from imagefap_scraper.spiders.steps import Step

#: Why a folder of galleries is not archived.
GALLERIES = "holds galleries, not images: add -a galleries=1 to have them"
#: What to do when there is nobody to go through.
EMPTY_DATABASE = "no user is known here yet: name one with -a user=NAME (scrapy crawl users makes one known)"


class FavoritesSpider(RootSpider, DrySpider):
    """Lists first, then reads galleries, then asks for photo pages: one serves images of several folders."""

    name = "favorites"
    arguments_model = FavoritesArguments
    arguments: FavoritesArguments

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.needs_names = self.arguments.mode == "get"
        self.listed_is_enough = self.arguments.names == "listed"
        self._rest = timedelta(hours=kwargs["crawler"].settings.getfloat("IMAGEFAP_FOLDER_REST"))
        self._users: deque[Target] = deque()
        self._folders: deque[tuple[int, int, str, bool]] = deque()
        self._states: dict[int, dict[int, FolderState]] = {}
        self._contents: dict[int, dict[int, FolderContent]] = {}
        self._folder_galleries: dict[int, dict[int, list[int]]] = {}
        self._galleries: dict[int, GalleryState] = {}
        self._listing: Listing | None = None
        self._page_size: int | None = None
        self._order = 0
        self._folder_id = self.arguments.folder_id
        self._users.extend(self.targets())
        if len(self._users) == 1 and self._users[0].folder_id is not None:
            self._folder_id = self._users[0].folder_id
        self._whole = self.arguments.folder is None and self._folder_id is None

    @classmethod
    def check(cls, arguments: UsersArguments, settings: BaseSettings) -> None:
        """Refuse an address that is none of a user's, or of no folder where one is needed; raises UserInputError."""
        super().check(arguments, settings)
        assert isinstance(arguments, FavoritesArguments)
        site = Site(settings["IMAGEFAP_SITE_URL"])
        named = arguments.folder is not None or arguments.folder_id is not None
        if not arguments.db and not named and targets_of(arguments, site)[0].folder_id is None:
            raise UserInputError("db=0 is for one folder: add -a folder=NAME")

    @classmethod
    def open_archive(cls, arguments: FavoritesArguments, settings: Any) -> Archive | None:
        """Return the archive in the layout of the mode; None for a dry run."""
        if arguments.dry_run:
            return None
        return open_archive(
            arguments.output, _layout(arguments), settings, database=arguments.db, template=arguments.template
        )

    def filters(self) -> Filters:
        """Return what keeps images out."""
        return self.arguments.filters()

    async def start(self) -> AsyncIterator[Any]:
        """Find out what is known, then begin with the first user."""
        try:
            if self.archive is not None and self.archive.writer is not None:
                await self.archive.run(self._read_database)
            elif self.dry_run and self.arguments.db:
                await asyncio.to_thread(look_at, self.arguments.output, self.settings, self._read_database)
            if not self._users:
                raise NotFoundError(EMPTY_DATABASE)
        except ArchiveError as error:
            self.stop(error)
        async for request in super().start():
            yield request

    def _read_database(self, connection: Connection) -> None:
        """Learn what this layout needs no more, and what the folders of the users in question hold."""
        layout = _layout(self.arguments)
        self.settled = reads.settled_ids(connection, layout)
        users = reads.users(connection)
        if not self.names_a_user():
            self._users.extend(Target(name, user_id, None) for user_id, name in users)
        for user_id, name in users:
            if any(means(target, user_id, name) for target in self._users):
                self._states[user_id] = reads.folders(connection, user_id)
                self._contents[user_id] = reads.favorites(connection, user_id, layout)
                if self.arguments.galleries:
                    self._folder_galleries[user_id] = held = gallery_reads.folder_galleries(connection, user_id)
                    ids = [gallery_id for galleries in held.values() for gallery_id in galleries]
                    self._galleries |= gallery_reads.galleries(connection, ids, layout)

    # What to ask next

    def next_step(self) -> Step | None:
        """Return the next page: the users' folders, their listings, galleries, then what photo pages are needed."""
        if self._users:
            return self.first_step(self._users.popleft())
        if self._listing is None and self._folders:
            self._listing = self._begin(*self._folders.popleft())
        if self._listing is not None:
            return FolderStep(self, self._listing)
        return None if self.dry_run else self.next_picture_step()

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
            if content is not None:
                self.count(content.image_ids)
                yield from self._take_up(content, f"{name} (folder {folder_id})")
            if reason is not None:
                self.skip(name, reason)
                yield from self._take_up_galleries(user_id, folder_id)
            elif not self._has_first(content):
                self._folders.append((user_id, folder_id, name, folder_id in folders))
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
        if state.kind is FolderKind.GALLERIES and not self.arguments.galleries:
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
        places = content.image_ids if content is not None else {}
        kind = None if state is None or state.kind is FolderKind.EMPTY else state.kind
        # The listing says how many images a gallery holds: all of it is read, to see which have more.
        pages = 0 if state is None or self.arguments.full or kind is FolderKind.GALLERIES else state.pages
        galleries = self._folder_galleries.get(user_id, {}).get(folder_id, [])
        known = places.keys() | {-gallery_id for gallery_id in galleries}
        walk: FolderWalk[ListedImage | ListedGallery]
        walk = FolderWalk(pages=pages, known=known, page_size=self._page_size)
        self.stats.set_value("imagefap/folders/current", name)
        self._order += 1
        since = datetime.now(UTC).isoformat() if walk.page == 0 else None
        count = max(places.values(), default=0)
        return Listing(
            user_id,
            folder_id,
            name,
            self._order,
            walk,
            position=len(places),
            places=places,
            count=count,
            kind=kind,
            listed=listed,
            named=not self._whole,
            since=since,
        )

    def _take_up(self, content: FolderContent, label: str) -> Iterator[Any]:
        """Wish for what earlier runs did not get."""
        for image in content.wanted:
            name = whole_name(image.name, image.listed_name, listed_is_enough=self.listed_is_enough)
            wish = Wish(image.image_id, name, image.gallery_id, image.sha256)
            rank = (self._order + len(self._folders) + 1, image.position)
            yield from self.want_again(image, wish, rank, content.image_ids[image.image_id])
        self.plan_for(label, [image.image_id for image in content.wanted])

    def _take_up_galleries(self, user_id: int, folder_id: int) -> Iterator[Any]:
        """Go on with known galleries of a folder that its listing did not show in this run."""
        for gallery_id in self._folder_galleries.get(user_id, {}).get(folder_id, []):
            state = self._galleries.get(gallery_id)
            shown = None if state is None or state.listed_at is None else state.total
            yield from self.want_gallery(gallery_id, state, shown=shown)

    # What listing pages show

    def take_listed(self, listing: Listing, images: list[ListedImage]) -> Iterator[Any]:
        """Wish for what a listing page shows and this layout does not hold."""
        self.count(image.image_id for image in images)
        for image in images:
            listing.position += 1
            place = listing.places.get(image.image_id)
            if place is None:
                listing.count += 1
                place = listing.count
            if image.image_id in self.settled:
                continue
            name = whole_name(None, image.listed_name, listed_is_enough=self.listed_is_enough)
            wish = Wish(image.image_id, name, image.gallery_id)
            rank = (listing.order, listing.position)
            yield from self.want(wish, rank, Facts(image.width, image.height, place=place))
        self.plan_for(listing.label, [image.image_id for image in images])

    def take_listed_galleries(self, listing: Listing, galleries: list[ListedGallery]) -> Iterator[Any]:
        """Put what a listing page of galleries shows on the list; of the first ones alone, if that is asked."""
        for gallery in galleries:
            listing.galleries += 1
            if self.arguments.first is None or listing.galleries <= self.arguments.first:
                yield from self.want_gallery(
                    gallery.gallery_id,
                    self._galleries.get(gallery.gallery_id),
                    name=gallery.title,
                    shown=gallery.count,
                    via=gallery.preview_id,
                    full=self.arguments.full,
                )

    def _has_first(self, content: FolderContent | None) -> bool:
        """Return whether as many images of a folder are known as are wanted of it."""
        if content is None or self.arguments.first is None or self.arguments.full:
            return False
        return max(content.image_ids.values(), default=0) >= self.arguments.first

    def went_on(self, listing: Listing) -> Iterator[Any]:
        """Close the listing if its walk has ended, or has shown as much as is wanted."""
        self._page_size = max(self._page_size or 0, listing.walk.page_size or 0) or None
        enough = listing.holds(self.arguments.first)
        if listing.walk.page is None or enough:
            self._listing = None
            self.stats.inc_value("imagefap/folders/listed")
            if not enough:
                yield from self._take_up_galleries(listing.user_id, listing.folder_id)

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


def _layout(arguments: FavoritesArguments) -> Layout:
    return "blobs" if arguments.mode == "read" else "straight"

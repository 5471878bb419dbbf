"""Whole galleries: read by partial strips at one page for 24 images, which serves their files as well."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any

from imagefap_scraper.exceptions import ArchiveError, NotFoundError
from imagefap_scraper.items import GalleryItem
from imagefap_scraper.planning.filters import Facts
from imagefap_scraper.planning.gallery_walk import GalleryWalk
from imagefap_scraper.planning.windows import WINDOW, StripRequest
from imagefap_scraper.spiders.gallery_steps import GalleryPageStep, GalleryStripStep, GalleryWork
from imagefap_scraper.spiders.photo_steps import StripStep
from imagefap_scraper.spiders.photos import PhotoSpider
from imagefap_scraper.spiders.wishes import Wish, whole_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from imagefap_scraper.database.gallery_reads import GalleryState
    from imagefap_scraper.pages._cells import ListedImage
    from imagefap_scraper.spiders.steps import Step

#: Places in a gallery; with the gallery's own place before them they are an image's rank.
_GALLERY_SIZE = 1_000_000


class GallerySpider(PhotoSpider):
    """A spider that can read whole galleries.

    Attributes:
        settled: images that need nothing any more in this layout.
    """

    #: Whether names cut by a listing are good enough.
    listed_is_enough = False

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.settled: set[int] = set()
        self._in_scope: set[int] = set()
        self._works: dict[int, GalleryWork] = {}
        self._to_read: deque[GalleryWork] = deque()
        self._to_fetch: deque[GalleryWork] = deque()

    def count(self, image_ids: Iterable[int]) -> None:
        """Count images in question, each once, and those of them that need nothing."""
        new = set(image_ids) - self._in_scope
        self._in_scope |= new
        self.stats.inc_value("imagefap/images/total", len(new))
        self.stats.inc_value("imagefap/images/known", len(new & self.settled))

    def want_gallery(
        self,
        gallery_id: int,
        state: GalleryState | None,
        *,
        name: str = "",
        shown: int | None = None,
        via: int | None = None,
        full: bool = False,
        named: bool = False,
    ) -> Iterator[Any]:
        """Put a gallery on the list, once, and take up what earlier runs left of it.

        Args:
            gallery_id: the site's number.
            state: what is known of it; None for nothing.
            name: its title as a listing shows it.
            shown: how many images it holds, as a listing says.
            via: one of its images.
            full: read all of it, whatever is known.
            named: whether a person named this very gallery.
        """
        if gallery_id in self._works:
            return
        known = state.image_ids if state is not None else {}
        wanted = state.wanted if state is not None else []
        # Its pages tell 24 names each, photo pages one.
        for_names = self.needs_names and any(image.name is None for image in wanted)
        walk = GalleryWalk(
            known=known.keys(),
            pages=state.pages if state is not None else 0,
            total=state.total if state is not None and state.listed_at is not None else None,
            shown=shown,
            full=full or for_names,
        )
        work = GalleryWork(
            gallery_id,
            name or (state.name if state is not None else ""),
            walk,
            order=len(self._works) + 1,
            shown=shown,
            via=via if via is not None else next(iter(known), None),
            by_pages=self.needs_names,
            named=named,
            first=self.sieve.filters.first if named else None,
            places=dict(known),
            before={image.image_id: image for image in wanted},
        )
        self._works[gallery_id] = work
        self.stats.inc_value("imagefap/galleries/total")
        gone = state is not None and state.gone_at is not None and not (full or named)
        (self._to_fetch if gone else self._to_read).append(work)
        if gone:
            self._count_gone(work)
        self.count(known)
        if gone or not for_names:
            yield from self.take_up_gallery(work)

    def take_up_gallery(self, work: GalleryWork) -> Iterator[Any]:
        """Wish for what earlier runs did not get."""
        for image in work.before.values():
            name = whole_name(image.name, None, listed_is_enough=False)
            wish = Wish(image.image_id, name, work.gallery_id, image.sha256)
            place = self._place(work, image.position)
            yield from self.want_again(image, wish, self._rank(work, image.position), place)
        work.before.clear()

    def _rank(self, work: GalleryWork, position: int) -> tuple[int, ...]:
        return (_GALLERY_SIZE + work.order, position)

    @staticmethod
    def _place(work: GalleryWork, position: int) -> int | None:
        return position + 1 if work.first is not None else None

    # What to ask next

    def next_gallery_step(self) -> Step | None:
        """Return the next page that tells what a gallery holds; None once all are read."""
        while self._to_read:
            work = self._to_read[0]
            start = work.walk.start
            if start is None or (work.first is not None and start >= work.first):
                self._to_fetch.append(self._to_read.popleft())
                self.stats.inc_value("imagefap/galleries/listed")
                continue
            self.stats.set_value("imagefap/folders/current", work.label)
            self.stats.set_value("imagefap/pages/estimated", self.gallery_pages_left() + self.planner.estimated_pages())
            if work.by_pages or work.via is None or self.dry_run:
                return GalleryPageStep(self, work)
            return GalleryStripStep(self, work)
        return None

    def next_picture_step(self) -> Step | None:
        """Return the next page that shows addresses: galleries, pages needed for themselves, strips, the others."""
        step = self.next_gallery_step()
        if step is None and (self.planner.requires_pages or self.has_urgent_steps()):
            step = self.next_photo_step()
        return step or self.next_window_step() or self.next_photo_step()

    def next_window_step(self) -> Step | None:
        """Return the next strip of a gallery whose images' places are known; None where none is worth a page."""
        while self._to_fetch:
            work = self._to_fetch[0]
            left = [place for image_id, place in work.places.items() if self._may_be_there(work, image_id)]
            if not left or work.via is None:
                self._to_fetch.popleft()
                continue
            start = min(left)
            window = range(start, start + WINDOW)
            work.tried.update(image_id for image_id, place in work.places.items() if place in window)
            return StripStep(self, StripRequest(work.gallery_id, start, work.via))
        return None

    def _may_be_there(self, work: GalleryWork, image_id: int) -> bool:
        if image_id in work.tried or not self.still_wants(image_id):
            return False
        return not self.needs_names or self.wishes[image_id].name is not None

    def gallery_pages_left(self) -> int:
        """Return the pages that reading the galleries still takes, as far as listings tell their sizes."""
        return sum(-(-max((work.shown or 1) - (work.walk.start or 0), 0) // WINDOW) for work in self._to_read)

    # What pages show

    def take_part(
        self,
        work: GalleryWork,
        images: Sequence[ListedImage],
        *,
        total: int | None = None,
        has_next: bool | None = None,
    ) -> Iterator[Any]:
        """Yield a part of a gallery with its checkpoint, and what of it is wanted."""
        ids = [image.image_id for image in images]
        part = work.walk.saw(ids, total=total, has_next=has_next)
        work.places.update((image_id, part.first + at) for at, image_id in enumerate(ids))
        count = work.shown if work.shown is not None else total
        yield GalleryItem(
            work.gallery_id,
            work.title,
            # The number by which the next run sees whether there is anything new: only once all has been read.
            total=(part.first + len(ids) if count is None else count) if part.last else None,
            first=part.first,
            image_ids=ids,
            names={i.image_id: i.listed_name for i in images if i.listed_name and not i.name_is_cut},
            pages=part.pages,
            listed_through=part.last,
        )
        self.count(ids)
        for image in images:
            if image.image_id not in self.settled:
                yield from self._want_shown(work, image)
        if part.last:
            yield from self.take_up_gallery(work)

    def _want_shown(self, work: GalleryWork, image: ListedImage) -> Iterator[Any]:
        position = work.places[image.image_id]
        before = work.before.pop(image.image_id, None)
        known = before.name if before is not None else None
        name = whole_name(known, image.listed_name, listed_is_enough=self.listed_is_enough)
        wish = Wish(image.image_id, name, work.gallery_id, before.sha256 if before is not None else None)
        facts = Facts(image.width, image.height, place=self._place(work, position))
        if (
            before is not None
            and before.filtered
            and self.sieve.still_out(image.image_id, Facts.of_reason(before.filtered))
        ):
            return
        yield from self.want(wish, self._rank(work, position), facts)

    def gallery_gone(self, work: GalleryWork) -> Iterator[Any]:
        """Yield that the site no longer has a gallery; its images may still be there."""
        yield GalleryItem(work.gallery_id, gone=True)
        yield from self.take_up_gallery(work)
        self._to_read.remove(work)
        self._to_fetch.append(work)
        self._count_gone(work)
        if work.named:
            self.stop(NotFoundError(f"{work.label} is not there: the site says that there is no such gallery"))

    def _count_gone(self, work: GalleryWork) -> None:
        self.stats.inc_value("imagefap/galleries/gone")
        self.skip_gallery(work.label, "gone from the site")

    def gallery_missed(self, work: GalleryWork, error: ArchiveError) -> None:
        """Leave a gallery as it is, nothing in it missing; say so, and whose fault it is."""
        self._to_read.remove(work)
        self._to_fetch.append(work)
        if work.named:
            self.stop(error)
        else:
            self.note(error)
            self.skip_gallery(work.label, "could not be read")

    def skip_gallery(self, name: str, reason: str) -> None:
        """Name a gallery that was left out in the summary."""
        skipped = self.stats.get_value("imagefap/galleries/skipped", [])
        self.stats.set_value("imagefap/galleries/skipped", [*skipped, (name, reason)])

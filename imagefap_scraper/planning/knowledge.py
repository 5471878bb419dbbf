"""What the windows seen so far tell about the site and its galleries; the planner decides by it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from imagefap_scraper.planning.gallery import Gallery, Key, Seen
from imagefap_scraper.planning.order import Pace, PaceMeter, SortedPairs, Trend
from imagefap_scraper.planning.windows import WINDOW, IndexMeaning, OffsetRule, PhotoRequest, StripRequest, Window

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from imagefap_scraper.planning.order import Pair

#: A window without repeats; None for refused and repeated entries, which have a position all the same.
Ids = tuple[int | None, ...]


def clean(window: Window | None) -> Ids:
    """The ids of a window, repeats blanked."""
    known: set[int] = set()
    ids: list[int | None] = []
    for image_id in window.ids if window is not None else ():
        ids.append(None if image_id in known else image_id)
        if image_id is not None:
            known.add(image_id)
    return tuple(ids)


class Knowledge:
    """Habits of the site (window rule, meaning of the index, order of ids) and the galleries seen.

    Attributes:
        rule: where opened images stand in their windows.
        galleries: what was seen of each gallery.
        last: the gallery of the last window.
    """

    def __init__(self) -> None:
        self.rule = OffsetRule()
        self.galleries: dict[int, Gallery] = {}
        self.last: int | None = None
        self._meaning = IndexMeaning()
        self._trends = {key: Trend() for key in Key}
        self._meters = {key: PaceMeter() for key in Key}
        self._ends = {key: SortedPairs() for key in Key}

    def gallery(self, gallery_id: int) -> Gallery:
        """What is known of a gallery; an empty one at first."""
        return self.galleries.setdefault(gallery_id, Gallery())

    def order(self, gallery: Gallery | None, *, ranked: bool) -> tuple[Key, int]:
        """The coordinate that rises (+1) or falls (-1) with the position; 0 where none tells anything.

        Args:
            gallery: whose own order counts before the site's.
            ranked: whether the listing order is known.
        """
        for key in Key:
            sign = gallery.trends[key].sign if gallery is not None else None
            sign = self._trends[key].sign if sign is None else sign
            if sign is None:  # nothing seen yet: uploads and listings mostly follow the gallery
                sign = 1
            if sign != 0 and (key is Key.ID or ranked):
                return key, sign
        return Key.ID, 0

    def pace(self, gallery: Gallery | None, key: Key) -> Pace:
        """How fast coordinates grow in a gallery; in the last ones seen as long as it is unknown."""
        pace = self._meters[key].pace(Pace())
        return pace if gallery is None else gallery.anchors[key].meter.pace(pace)

    def nearby(self, key: Key, coordinate: int) -> list[int]:
        """Known galleries that an image of this coordinate may be in, the nearest first, 3 at most."""
        ends = self._ends[key]
        around = ends.before((coordinate, 0), 2) + ends.after((coordinate, 0), 2)
        around.sort(key=lambda end: abs(end[0] - coordinate))
        return list(dict.fromkeys(gallery_id for _, gallery_id in around))[:3]

    def learn(
        self, request: PhotoRequest | StripRequest, window: Window, ids: Ids, ranks: Mapping[int, int | None]
    ) -> int | None:
        """Learn from an answer.

        Args:
            request: what was asked.
            window: what came.
            ids: its ids without repeats.
            ranks: listing order of the images that it serves.

        Returns:
            The gallery it shows; None where it does not say.
        """
        numbers = [one for one in ids if one is not None]
        steps = [(one, at) for at, one in enumerate(ids) if one is not None]
        self._trends[Key.ID].learn(numbers)
        self._meters[Key.ID].learn(steps)
        gallery_id, offset = window.gallery_id, None
        if isinstance(request, StripRequest):
            gallery_id = request.gallery_id
        elif request.image_id in ids:
            offset = ids.index(request.image_id)
        if gallery_id is None:
            if offset is not None and len(ids) >= WINDOW:
                self.rule.learn(offset, len(ids))
            return None
        gallery = self.gallery(gallery_id)
        gallery.trends[Key.ID].learn(numbers)
        gallery.anchors[Key.ID].meter.learn(steps)
        if window.total is not None and window.total > 0:
            gallery.total = window.total
        start = self._place(gallery_id, request, ids, window.index, offset)
        if start is not None:
            self._take(gallery_id, start, ids, ranks)
        self.last = gallery_id
        return gallery_id

    def _place(
        self, gallery_id: int, request: PhotoRequest | StripRequest, ids: Ids, index: int | None, offset: int | None
    ) -> int | None:
        """The position of the first entry of a window; None where nothing tells."""
        gallery = self.galleries[gallery_id]
        if isinstance(request, StripRequest):
            if gallery.place_strip(request.start, ids, self._meaning):
                for at, earlier in gallery.relearn(self._meaning):
                    self._take(gallery_id, at, earlier, {})
            return request.start
        start = gallery.place_page(Seen(index, offset, ids), self._meaning)
        if offset is not None:
            self.rule.learn(offset, len(ids), start, gallery.total)
        return start

    def _take(self, gallery_id: int, start: int, ids: Sequence[int | None], ranks: Mapping[int, int | None]) -> None:
        """Note the places of a window's entries, and how the wanted ones among them were listed."""
        gallery = self.galleries[gallery_id]
        gallery.cover.add(start, start + len(ids))
        places: dict[Key, list[Pair]] = {key: [] for key in Key}
        for at, image_id in enumerate(ids, start):
            if image_id is not None and image_id not in gallery.places:
                gallery.places[image_id] = at
                places[Key.ID].append((image_id, at))
                rank = ranks.get(image_id)
                if rank is not None:
                    places[Key.RANK].append((rank, at))
        gallery.hit([gallery.places[one] for one in ranks if one in gallery.places])
        listed = places[Key.RANK]
        for trend, meter in (
            (self._trends[Key.RANK], self._meters[Key.RANK]),
            (gallery.trends[Key.RANK], gallery.anchors[Key.RANK].meter),
        ):
            trend.learn([rank for rank, _ in listed])
            meter.learn(listed)
        for key, found in places.items():
            if found:
                gallery.anchors[key].learn(found)
                for end in (min(found)[0], max(found)[0]):
                    self._ends[key].add((end, gallery_id))

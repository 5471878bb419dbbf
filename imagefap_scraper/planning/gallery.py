"""What is known of one gallery from its windows, and the wanted images of one listing gallery."""

from __future__ import annotations

from bisect import bisect_left, insort
from dataclasses import dataclass, field
from enum import Enum

from imagefap_scraper.planning.order import Anchors, SortedPairs, Trend
from imagefap_scraper.planning.windows import WINDOW, Cover, IndexMeaning


class Key(Enum):
    """Which coordinate orders the wanted images."""

    ID = "id"
    RANK = "rank"


@dataclass(slots=True)
class Wanted:
    """A wanted image and its place in the listing as one number, where that is known."""

    image_id: int
    rank: int | None

    def coordinate(self, key: Key) -> int:
        """The number to sort by; images without a place in the listing come first."""
        if key is Key.ID:
            return self.image_id
        return -1 if self.rank is None else self.rank


class Group:
    """The wanted images that the listing puts in one gallery, or all of those where it names none."""

    def __init__(self, gallery_id: int | None) -> None:
        #: Where pages of this group really came from; the listing may be wrong.
        self.home = gallery_id
        self.wanted: dict[int, Wanted] = {}
        self._lines: dict[Key, SortedPairs] = {}
        #: Whether the listing order of its images is known.
        self.ranked = False

    def add(self, image: Wanted) -> None:
        """Take an image in."""
        self.wanted[image.image_id] = image
        self.ranked = self.ranked or image.rank is not None
        for key, line in self._lines.items():
            line.add((image.coordinate(key), image.image_id))

    def remove(self, image_id: int) -> None:
        """Take an image out."""
        image = self.wanted.pop(image_id)
        for key, line in self._lines.items():
            line.remove((image.coordinate(key), image_id))

    def line(self, key: Key) -> SortedPairs:
        """Its (coordinate, image id) in order; made at the first use, kept up to date from then on."""
        if key not in self._lines:
            self._lines[key] = SortedPairs((image.coordinate(key), one) for one, image in self.wanted.items())
        return self._lines[key]


@dataclass(slots=True)
class Seen:
    """A window of a photo page: its place follows from `data-idx`, whose meaning may turn out otherwise."""

    index: int | None
    offset: int | None
    ids: tuple[int | None, ...]


@dataclass(slots=True)
class Gallery:
    """What the windows of one gallery showed.

    Attributes:
        total: images in it, as last stated.
        cover: positions seen.
        places: image id to position.
        anchors: known places by id and by listing order.
        trends: whether those rise or fall along this gallery.
        hits: positions of wanted images that were served, ascending.
        fruitful: partial strips that served something.
        fruitless: partial strips that did not.
        belongs: share of the wanted ids among its own that were really in it (for listings without galleries).
    """

    total: int | None = None
    cover: Cover = field(default_factory=Cover)
    places: dict[int, int] = field(default_factory=dict)
    anchors: dict[Key, Anchors] = field(default_factory=lambda: {key: Anchors() for key in Key})
    trends: dict[Key, Trend] = field(default_factory=lambda: {key: Trend() for key in Key})
    hits: list[int] = field(default_factory=list)
    fruitful: int = 0
    fruitless: int = 0
    belongs: float = 1.0
    _exact: dict[int, int] = field(default_factory=dict)
    _pages: list[Seen] = field(default_factory=list)

    def place_strip(self, start: int, ids: tuple[int | None, ...], meaning: IndexMeaning) -> bool:
        """Place the window of a partial strip, which is where it was asked.

        Returns:
            Whether places known before turned out wrong: then all have to be learned anew with `relearn`.
        """
        here = {image_id: start + at for at, image_id in enumerate(ids) if image_id is not None}
        wrong = any(self.places.get(image_id, at) != at for image_id, at in here.items())
        self._exact.update(here)
        if wrong:
            for page in self._pages:
                self._judge(page, meaning)
        return wrong

    def place_page(self, page: Seen, meaning: IndexMeaning) -> int | None:
        """The position of the first entry of a photo page's window; None where nothing tells."""
        if len(self._pages) < 8:  # a few are enough to learn what the index means
            self._pages.append(page)
        true = self._judge(page, meaning)
        if true is not None:
            return true
        return self.guess(page, meaning)

    @staticmethod
    def guess(page: Seen, meaning: IndexMeaning) -> int | None:
        """Where the index alone puts the first entry of a window."""
        if page.index is None or page.offset is None:
            return None
        start = meaning.start(page.index, page.offset)
        return start if start >= 0 else None

    def _judge(self, page: Seen, meaning: IndexMeaning) -> int | None:
        for at, image_id in enumerate(page.ids):
            true = self._exact.get(image_id, -1) if image_id is not None else -1
            if true - at >= 0:
                if page.index is not None and page.offset is not None:
                    meaning.vote(page.index, page.offset, true - at)
                return true - at
        return None

    def relearn(self, meaning: IndexMeaning) -> list[tuple[int, tuple[int | None, ...]]]:
        """Forget all places and give back the windows with the starts that are believed now."""
        self.cover, self.places, self.hits = Cover(), {}, []
        self.anchors = {key: Anchors() for key in Key}
        windows = [(at, (image_id,)) for image_id, at in sorted(self._exact.items(), key=lambda item: item[1])]
        joined: list[tuple[int, tuple[int | None, ...]]] = []
        for at, ids in windows:
            if joined and joined[-1][0] + len(joined[-1][1]) == at:
                joined[-1] = (joined[-1][0], (*joined[-1][1], *ids))
            else:
                joined.append((at, ids))
        for page in self._pages:
            start = self.guess(page, meaning)
            if start is not None and not any(image_id in self._exact for image_id in page.ids):
                joined.append((start, page.ids))
        return joined

    def hit(self, positions: list[int]) -> None:
        """Note where wanted images stood."""
        for position in positions:
            insort(self.hits, position)

    def density_near(self, position: int) -> float:
        """Share of wanted images in the positions seen around one that stands at the edge of what was seen."""
        low, high = bisect_left(self.hits, position - WINDOW + 1), bisect_left(self.hits, position + WINDOW)
        return min(0.99, (high - low) / (WINDOW + 1))

    def density(self) -> float:
        """Wanted images a position seen, without the one that was known to be there; about 0 to 1."""
        return (max(0, len(self.hits) - 1) + 0.25) / (self.cover.seen() + WINDOW / 2)

    def edges(self) -> list[tuple[int, int]]:
        """Starts of windows that are not seen yet, next to what was seen: (wanted seen near by, start), best first."""
        found: dict[int, int] = {}
        for low, high in self.cover.holes(self.total or 0)[:16]:
            before = bisect_left(self.hits, low) - bisect_left(self.hits, low - WINDOW)
            after = bisect_left(self.hits, high + WINDOW) - bisect_left(self.hits, high)
            found[low] = before
            last = max(low, high - WINDOW)
            found[last] = max(found.get(last, 0), after)
        return sorted(((near, start) for start, near in found.items()), key=lambda edge: (-edge[0], edge[1]))

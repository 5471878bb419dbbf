"""What a page of the site shows of a gallery, and what can be learned from it about the site.

Values that go between planner and spider (`Window`, `PhotoRequest`, `StripRequest`), the positions of a gallery
that were seen (`Cover`), and two habits of the site that nobody documents and that are therefore learned:
where the opened image stands in its window (`OffsetRule`) and what `data-idx` counts (`IndexMeaning`).
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter, deque
from dataclasses import dataclass

#: Entries of a full window: the site's strip shows 24 neighbours. Only plans depend on it, never what is served.
WINDOW = 24


@dataclass(frozen=True, slots=True)
class Window:
    """The strip of a photo page or of a partial request, as the page classes read it.

    Attributes:
        gallery_id: the gallery it belongs to; None where the page does not say.
        total: images in that gallery; None where the page does not say.
        index: `data-idx`, mostly the position (from 0) of the opened image; not trusted.
        ids: image ids in gallery order; None stands for an entry that was refused.
    """

    gallery_id: int | None
    total: int | None
    index: int | None
    ids: tuple[int | None, ...]


@dataclass(frozen=True, slots=True)
class PhotoRequest:
    """Ask the photo page of an image, with its gallery in the address where it is known."""

    image_id: int
    gallery_id: int | None


@dataclass(frozen=True, slots=True)
class StripRequest:
    """Ask the entries `start` to `start + 23` of a gallery (`/photo/VIA/?gid=G&idx=START&partial=true`)."""

    gallery_id: int
    start: int
    via_image_id: int


def strip_around(image_id: int, window: Window) -> StripRequest | None:
    """The partial strip that should show an image whose own photo page did not.

    It is not part of the plan, which has dropped the image; its answer may be given to `Planner.saw` all the same.

    Returns:
        The strip with the image in its middle; None where the page does not tell gallery and position.
    """
    if window.gallery_id is None or window.index is None or window.index < 0:
        return None
    return StripRequest(window.gallery_id, max(0, window.index - WINDOW // 2), image_id)


class Cover:
    """The positions of one gallery that were seen, as disjoint half-open intervals."""

    def __init__(self) -> None:
        self._starts: list[int] = []
        self._ends: list[int] = []

    def add(self, start: int, end: int) -> None:
        """Mark the positions `start <= p < end` as seen."""
        low = bisect_left(self._ends, start)
        high = bisect_right(self._starts, end)
        if low < high:
            start = min(start, self._starts[low])
            end = max(end, self._ends[high - 1])
        self._starts[low:high] = [start]
        self._ends[low:high] = [end]

    def __contains__(self, position: int) -> bool:
        """Whether the position was seen."""
        at = bisect_right(self._starts, position) - 1
        return at >= 0 and position < self._ends[at]

    def seen(self) -> int:
        """Number of positions seen."""
        return sum(self._ends) - sum(self._starts)

    def holes(self, total: int) -> list[tuple[int, int]]:
        """The half-open intervals of `0 <= p < total` that were not seen, in order."""
        edges = [0, *(edge for pair in zip(self._starts, self._ends, strict=True) for edge in pair), total]
        pairs = zip(edges[::2], edges[1::2], strict=True)
        return [(start, min(end, total)) for start, end in pairs if start < min(end, total)]


class OffsetRule:
    """Where the opened image stands in its window (0 = first), learned from the last photo pages.

    A histogram and no formula: own image first, in the middle, in blocks or irregular are all described by it.
    """

    #: Pages remembered: enough to tell a rule from chance, few enough to follow a site that changes.
    MEMORY = 64

    def __init__(self) -> None:
        self._offsets: deque[int] = deque(maxlen=self.MEMORY)
        self._below: list[float] | None = None

    def learn(self, offset: int, length: int, start: int | None = None, total: int | None = None) -> None:
        """Note where an opened image stood; windows that an end of the gallery moved or cut tell less or nothing.

        Args:
            offset: of the opened image among the entries shown.
            length: number of entries shown.
            start: position of the first entry, if known.
            total: images in the gallery, if known.
        """
        if start == 0 and total is not None:
            if length >= min(total, WINDOW):
                return  # as likely moved to the beginning as put there
            offset += WINDOW - length  # cut at the beginning: the entries missing come before
        elif start is not None and start + length == total and length == WINDOW:
            return  # as likely moved to the end as put there
        self._offsets.append(min(offset, WINDOW - 1))
        self._below = None

    @property
    def known(self) -> bool:
        """Whether any page was seen."""
        return bool(self._offsets)

    def _cumulative(self) -> list[float]:
        if self._below is None:
            counts = Counter(self._offsets)
            # One page's weight spread evenly: nothing is ever impossible, and a start without knowledge is uniform.
            scale = len(self._offsets) + 1
            below = [0.0]
            for offset in range(WINDOW):
                below.append(below[-1] + (counts[offset] + 1 / WINDOW) / scale)
            self._below = below
        return self._below

    def chance(self, distance: int) -> float:
        """Probability that the page of an image also shows the one `distance` positions to its right."""
        below = self._cumulative()
        low, high = max(0, -distance), min(WINDOW, WINDOW - distance)
        return below[high] - below[low] if low < high else 0.0

    def quantile(self, share: float) -> int:
        """The offset below or at which `share` of the opened images stood."""
        return min(bisect_left(self._cumulative(), share, lo=1) - 1, WINDOW - 1)

    @property
    def leans_right(self) -> bool:
        """Whether a page shows mostly what stands before its image, so that a gallery is best read from its end."""
        return self.known and self.quantile(0.5) >= WINDOW * 7 // 12

    @property
    def own_at_edge(self) -> bool:
        """Whether a page opened at the end of what is wanted wastes nothing of its window."""
        if len(self._offsets) < 2:
            return False
        return self.quantile(0.1) >= WINDOW - 1 if self.leans_right else self.quantile(0.9) == 0


class IndexMeaning:
    """What `data-idx` counts on photo pages: the opened image or the first entry, and from which number.

    Judged by windows whose true start is known from partial strips; until then the opened image, from 0.
    """

    def __init__(self) -> None:
        self._votes: Counter[tuple[bool, int]] = Counter({(True, 0): 1})

    def vote(self, index: int, offset: int, start: int) -> None:
        """Learn from a window whose first entry is known to be at `start`."""
        self._votes[True, start + offset - index] += 1
        self._votes[False, start - index] += 1

    def start(self, index: int, offset: int) -> int:
        """The likely position of the first entry of a window with this index and own image at `offset`."""
        (own, shift), _ = max(self._votes.items(), key=lambda vote: (vote[1], vote[0][0], -abs(vote[0][1])))
        return index + shift - (offset if own else 0)

"""Which parts of a gallery to read, by partial strips or by its pages, and when all of it has been read.

A strip shows 24 images from a position on and says how many the gallery holds, so a gallery of n images costs n / 24
pages. What was read before is not read again: a listing that was stopped goes on behind its checkpoint, and a gallery
that was read to its end is looked at again only if the number of its images has changed. New images are mostly put at
the end, so the look starts at the last part that is known and goes back (in growing strides) until a part begins with a
known image: images that were removed have shifted the others. If fewer images are known in the end than the gallery
holds, some were put elsewhere, and the rest is read too.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from imagefap_scraper.planning.windows import WINDOW, Cover

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

#: Parts of a walk back that are read one by one.
_SINGLE_STEPS = 3
#: More images than any gallery holds.
_BEYOND = 10**9


@dataclass(frozen=True, slots=True)
class GalleryPart:
    """What became of one part of a gallery.

    Attributes:
        first: position of its first image, from 0.
        pages: parts of 24 images read without a gap from the first one; None while the walk goes back.
        last: True if all of the gallery has been read.
    """

    first: int
    pages: int | None
    last: bool


class GalleryWalk:
    """The walk through one gallery.

    Args:
        known: images that were ever seen in it.
        pages: parts of 24 images that earlier runs read without a gap from the first one.
        total: how many images it held when it was read to its end; None if it never was.
        shown: how many it holds now, as a listing says; None if none does.
        full: read all of it, whatever is known.
    """

    def __init__(
        self,
        *,
        known: Collection[int] = (),
        pages: int = 0,
        total: int | None = None,
        shown: int | None = None,
        full: bool = False,
    ) -> None:
        self._known = known
        self._seen: set[int] = set()
        self._cover = Cover()
        self._own: list[tuple[int, int]] = []
        self._steps_back = 0
        self._stop: int | None = None
        self._again = total is not None and not full
        self._start: int | None = 0
        if full or (total is None and not pages):
            pass
        elif total is None:
            self._start = pages * WINDOW
            self._cover.add(0, self._start)
        elif shown == total:
            self._start = None
        else:
            end = min(total, total if shown is None else shown)
            self._start = max(end - 1, 0) // WINDOW * WINDOW
        self._anchored = total is None or not self._start

    @property
    def start(self) -> int | None:
        """Position of the first image to read next, a multiple of 24 unless parts come short; None at the end."""
        return self._start

    def saw(self, ids: Sequence[int], *, total: int | None = None, has_next: bool | None = None) -> GalleryPart:
        """Take the part that was asked for.

        Args:
            ids: its images, in order.
            total: how many images the gallery holds, as the page says; None if it does not.
            has_next: whether a page links to the next one, which decides where it is known; None for a strip.
        """
        assert self._start is not None
        start = self._start
        fresh = any(image_id not in self._seen for image_id in ids)
        self._seen.update(ids)
        length = len(ids) if has_next is None else WINDOW
        self._own.append((start, start + max(length, 1)))
        self._cover.add(*self._own[-1])
        if not self._anchored and start > 0 and not (ids and ids[0] in self._known):
            self._steps_back += 1
            self._start = max(start - WINDOW * 2 ** max(self._steps_back - _SINGLE_STEPS, 0), 0)
            return GalleryPart(start, None, last=False)
        if not self._anchored:
            self._anchored = True
            self._cover.add(0, start + 1)
        if not fresh:
            self._stop = start if self._stop is None else min(self._stop, start)
        end = self._end(start, length, total, has_next)
        self._start = self._next(end)
        if self._start is None and self._again and total is not None and self._count() < total:
            self._again = False
            self._read_the_rest()
            self._start = self._next(end)
        return GalleryPart(start, self._pages(), last=self._start is None)

    def _end(self, start: int, length: int, total: int | None, has_next: bool | None) -> int:
        """Return the position behind the last image, as far as it is known."""
        if self._stop is not None:
            return self._stop
        if has_next is not None:
            return start + length + int(has_next)
        if total is not None:
            return total
        return start + length + int(length >= WINDOW)

    def _next(self, end: int) -> int | None:
        holes = self._cover.holes(end)
        return holes[0][0] if holes else None

    def _pages(self) -> int:
        """Return the checkpoint; at the end it counts the last part too, which may be short."""
        reach = self._cover.holes(_BEYOND)[0][0]
        return -(-reach // WINDOW) if self._start is None else reach // WINDOW

    def _count(self) -> int:
        return len(self._seen.union(self._known))

    def _read_the_rest(self) -> None:
        """Trust nothing that was read before this walk."""
        self._cover = Cover()
        for start, end in self._own:
            self._cover.add(start, end)

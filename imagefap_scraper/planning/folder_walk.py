"""Which listing pages of one folder to read, and when its listing has ended.

New favorites are appended at the end, so a folder that was listed before is read from its last known page on. Images
that disappear shift the rest to the left: from there the walk goes back until a page shows a known image, and only then
forward. The pages of the walk back are held until it has ended, because positions follow the site's order. After a few
pages it goes back in growing strides, so that a large folder that was emptied costs few pages.

The site has empty pages inside folders (two in a row have been seen) and sends the last page again, for ever, for any
page behind it. Both are told from the end: a listing ends at a page with images and without a `next` link, at the third
empty page in a row, or when pages repeat. Behind a last page that is as long as the pages before it, it looks for
as many pages as may be empty, since an empty page has no `next` link to trust either.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

Entry = TypeVar("Entry")

#: Empty pages in a row that end a listing: two are still inside it.
_EMPTY_PAGES_AT_END = 3
#: Pages of a walk back that are read one by one; images that disappeared have rarely shifted the rest by more.
_SINGLE_STEPS = 3
#: Pages in a row that show nothing new, while they claim that there is more.
_STALE_PAGES_AT_END = 3


@dataclass(frozen=True, slots=True)
class ListedPage(Generic[Entry]):
    """One listing page, in order.

    Attributes:
        entries: what the page listed, without what an earlier page of this walk listed.
        pages: pages read so far without a gap from the first one.
        last: True if the listing ended here.
    """

    entries: list[Entry]
    pages: int
    last: bool


class FolderWalk(Generic[Entry]):
    """The walk through one folder's listing.

    Args:
        pages: pages listed before, from the first one; 0 starts at the first.
        known: images that were ever listed in this folder.
        page_size: images on a page of this site that had a page behind it; None while no such page was seen.
    """

    def __init__(self, *, pages: int = 0, known: Collection[int] = (), page_size: int | None = None) -> None:
        self.page_size = page_size
        self._page: int | None = max(pages - 1, 0)
        self._known = known
        self._back: list[tuple[list[int], list[Entry], bool]] = []
        self._steps_back = 0
        self._anchored = self._page == 0
        self._seen: set[int] = set()
        self._page_sets: set[frozenset[int]] = set()
        self._empty = 0
        self._stale = 0
        self._pages = self._page

    @property
    def page(self) -> int | None:
        """Number of the page to read next, from 0; None when the listing has ended."""
        return self._page

    def saw(self, ids: Sequence[int], entries: Sequence[Entry], *, has_next: bool) -> list[ListedPage[Entry]]:
        """Take the page that was asked for; return the pages that may be recorded now, in order.

        Args:
            ids: the images on it, in order, perhaps with repetitions.
            entries: what to keep for each of them.
            has_next: whether the page links to a next one.
        """
        assert self._page is not None
        if not self._anchored:
            return self._walk_back(list(ids), list(entries), has_next)
        return [self._forward(list(ids), list(entries), has_next)]

    def _walk_back(self, ids: list[int], entries: list[Entry], has_next: bool) -> list[ListedPage[Entry]]:
        """Hold the page; at a page with a known image, or the first one, release what is held."""
        assert self._page is not None
        self._back.append((ids, entries, has_next))
        if self._page > 0 and not any(image_id in self._known for image_id in ids):
            self._steps_back += 1
            stride = 2 ** max(self._steps_back - _SINGLE_STEPS, 0)
            if stride > 1:
                self._back.clear()  # what is skipped now is read on the way forward, and these pages with it
            self._page = max(self._page - stride, 0)
            return []
        self._anchored = True
        self._pages = self._page
        listed: list[ListedPage[Entry]] = []
        while self._back and self._page is not None:
            held_ids, held_entries, held_next = self._back.pop()
            # A page that was read behind this one is there, whatever this one says.
            listed.append(self._forward(held_ids, held_entries, held_next or bool(self._back)))
        return listed

    def _forward(self, ids: list[int], entries: list[Entry], has_next: bool) -> ListedPage[Entry]:
        assert self._page is not None
        fresh = []
        for image_id, entry in zip(ids, entries, strict=True):
            if image_id not in self._seen:
                self._seen.add(image_id)
                fresh.append(entry)
        repeated = bool(ids) and not fresh and frozenset(ids) in self._page_sets
        self._page_sets.add(frozenset(ids))
        self._empty = 0 if ids else self._empty + 1
        self._stale = 0 if fresh else self._stale + 1
        if has_next and ids:
            self.page_size = max(self.page_size or 0, len(ids))
        if ids and not repeated:
            self._pages = self._page + 1
        last = repeated or self._ends(ids, has_next)
        self._page = None if last else self._page + 1
        return ListedPage(fresh, self._pages, last)

    def _ends(self, ids: list[int], has_next: bool) -> bool:
        if self._empty >= _EMPTY_PAGES_AT_END:
            return True
        if has_next:
            return self._stale >= _STALE_PAGES_AT_END
        if not ids:
            return False
        return self.page_size is None or len(ids) < self.page_size

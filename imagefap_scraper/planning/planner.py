"""Which page to ask next, so that few pages show every wanted image.

A page shows a window of up to 24 neighbours, and everything wanted in it is served. With all positions known, the
fewest windows are found by going through a gallery from one end: open a window at the outermost image not served yet,
go on behind it. The planner does that with what can be known:

1. Pages that are needed for themselves (`require_page`) come first: they are paid for, and serve neighbours.
2. Ids rise with the position in most galleries. Trends of ids and, failing that, of the listing order are learned
   from every window, for the site and for each gallery; the one that holds is the coordinate to go along.
3. Where the own image stands in the window of its page is learned as a histogram. At an edge (own image first): open
   the outermost image, nothing is wasted. Otherwise the image is opened whose page should reach the outermost one
   and furthest beyond it; a site whose pages look backwards is read from the end.
4. Partial strips start exactly where they are asked. Once a gallery and some of its places are known, positions are
   estimated from coordinates (`Anchors`), and a strip competes with the own pages by expected images (`choice`).
5. Without any order, uncovered positions are swept next to where wanted images were found, while that is likely to
   cost less than own pages.
6. Everything told by listing and site may be wrong. A page is asked at most once an image and removes it from the plan,
   and strips that serve nothing are limited for a gallery and for all: the plan ends, whatever the answers are.
"""

from __future__ import annotations

from collections import deque
from functools import reduce
from typing import TYPE_CHECKING

from imagefap_scraper.planning.choice import Offer, best, page_offers, strip_offers
from imagefap_scraper.planning.gallery import Group, Key, Wanted
from imagefap_scraper.planning.knowledge import Ids, Knowledge, clean
from imagefap_scraper.planning.windows import WINDOW, PhotoRequest, StripRequest, Window

if TYPE_CHECKING:
    from collections.abc import Mapping

    from imagefap_scraper.planning.order import Pair

#: Wanted images looked at from the front on: what one window may hold, and some more.
HORIZON = 32
#: Places in one listing folder; a rank of several numbers becomes one.
FOLDER_SIZE = 10_000_000
#: Wanted images that a strip through a gallery of unknown contents must promise to be better than an own page.
WORTH_SWEEPING = 1.3


class Planner:
    """The wanted images and the way through them; one request at a time: `next`, then `saw` with its answer."""

    def __init__(self, *, partials: bool = True) -> None:
        """Start with nothing wanted.

        Args:
            partials: whether partial strips may be asked; otherwise photo pages alone.
        """
        self._partials = partials
        self._groups: dict[int | None, Group] = {}
        self._turns: deque[int] = deque()
        self._where: dict[int, int | None] = {}
        self._required: dict[int, int | None] = {}
        self._required_turns: deque[int] = deque()
        self._done: set[int] = set()
        self._known = Knowledge()
        self._strips: set[tuple[int, int]] = set()
        self._strip_served = 0
        self._fruitless = 0
        self._lonely = 0
        self._mean_gain = 4.0  # until it is measured

    def __len__(self) -> int:
        """Images that are still wanted."""
        return len(self._where) + len(self._required)

    def __contains__(self, image_id: object) -> bool:
        """Whether an image is still wanted."""
        return image_id in self._where or image_id in self._required

    @property
    def requires_pages(self) -> bool:
        """Whether an image's own page is wanted whatever strips show."""
        return bool(self._required)

    @property
    def remaining(self) -> int:
        """Images that are still wanted."""
        return len(self)

    def estimated_pages(self) -> int:
        """Requests that the rest will take, as far as the last ones tell."""
        return len(self._required) + -int(-len(self._where) // self._mean_gain)

    def add(self, image_id: int, *, gallery_id: int | None = None, rank: tuple[int, ...] | None = None) -> None:
        """Want an image. One that was served, asked or discarded before is not taken again.

        Args:
            image_id: of the image.
            gallery_id: its gallery as the listing names it; may be wrong.
            rank: its place in the listing: numbers of folder and position, compared as tuples.
        """
        if image_id in self._done:
            return
        place = _number(rank)
        if image_id in self._where:
            if gallery_id is None or self._where[image_id] is not None:
                return
            old = self._groups[None].wanted[image_id]
            place = place if old.rank is None else old.rank
            self._forget(image_id)
        self._where[image_id] = gallery_id
        if gallery_id not in self._groups:
            self._groups[gallery_id] = Group(gallery_id)
            if gallery_id is not None:
                self._turns.append(gallery_id)
        self._groups[gallery_id].add(Wanted(image_id, place))

    def discard(self, image_id: int) -> None:
        """Drop an image that was served or given up elsewhere."""
        self._forget(image_id)
        self._required.pop(image_id, None)
        self._done.add(image_id)

    def require_page(self, image_id: int) -> None:
        """Want the image's own page, whatever strips show: for a name that is cut, an address that expired.

        It may be one that was never added, or that was served before; each call brings one page at most.
        """
        if image_id not in self._required:
            self._required[image_id] = self._where.get(image_id)
            self._required_turns.append(image_id)
        self._forget(image_id)
        self._done.add(image_id)

    def _forget(self, image_id: int) -> None:
        if image_id not in self._where:
            return
        gallery_id = self._where.pop(image_id)
        group = self._groups[gallery_id]
        group.remove(image_id)
        if not group.wanted:
            del self._groups[gallery_id]

    # What to ask

    def next(self) -> PhotoRequest | StripRequest | None:
        """The next request; None where nothing is wanted. Give its answer to `saw` before asking again."""
        while self._required_turns:
            image_id = self._required_turns[0]
            if image_id in self._required:
                return PhotoRequest(image_id, self._required[image_id])
            self._required_turns.popleft()
        while self._turns:
            if self._turns[0] in self._groups:
                return self._choose(self._groups[self._turns[0]])
            self._turns.popleft()
        # Images without a gallery come last: the others' pages may show them.
        return self._choose(self._groups[None]) if None in self._groups else None

    def _choose(self, group: Group) -> PhotoRequest | StripRequest:
        home = None if group.home is None else self._known.galleries.get(group.home)
        key, sign = self._known.order(home, ranked=group.ranked)
        if sign == 0:
            return self._sweep(group)
        rule = self._known.rule
        near = group.line(key).ends(HORIZON, low=(sign > 0) != rule.leans_right)
        if key is Key.RANK and self._lonely >= 3 and len(near) > 4:
            # Perhaps read from the wrong end, where a page never shows a second wanted image to learn from.
            self._lonely = 0
            return self._page(near[len(near) // 2][1])
        if len(near) == 1 or rule.own_at_edge or not rule.known:
            return self._page(near[0][1])
        offer = best(self._offers(group, key, sign, near))
        if offer.image_id is not None:
            return self._page(offer.image_id)
        return self._strip(offer.gallery_id, offer.start, near[0][1])

    def _offers(self, group: Group, key: Key, sign: int, near: list[Pair]) -> list[Offer]:
        """Own pages and partial strips that should cover the front and more."""
        known = self._known
        galleries = known.nearby(key, near[0][0])
        if group.home is not None:
            galleries = [group.home] if group.home in known.galleries else []
        pace = known.pace(known.galleries[galleries[0]] if galleries else None, key)
        distances = [sign * (coordinate - near[0][0]) / pace.stride for coordinate, _ in near]
        offers = page_offers([image_id for _, image_id in near], distances, pace.spread, known.rule)
        for gallery_id in filter(self._may_strip, galleries):
            gallery = known.galleries[gallery_id]
            own = known.pace(gallery, key)
            anchors = gallery.anchors[key]
            density = gallery.density_near
            places = [anchors.estimate(coordinate, sign, own, gallery.total, density) for coordinate, _ in near]
            share = gallery.belongs if group.home is None else 1.0
            found = strip_offers(gallery_id, places, share, total=gallery.total, from_right=known.rule.leans_right)
            offers += [offer for offer in found if (gallery_id, offer.start) not in self._strips]
        return offers

    def _sweep(self, group: Group) -> PhotoRequest | StripRequest:
        """Without any order: strips through what was not seen, while they should serve more than own pages."""
        image_id = group.line(Key.ID).ends(1, low=True)[0][1]
        gallery_id = group.home if group.home is not None else self._known.last
        gallery = self._known.galleries.get(gallery_id) if gallery_id is not None else None
        if gallery_id is None or gallery is None or gallery.total is None or not self._may_strip(gallery_id):
            return self._page(image_id)
        if group.home is not None:
            holes = gallery.cover.holes(gallery.total)
            worth = len(group.wanted) > sum(-(-(end - start) // WINDOW) for start, end in holes)
        else:
            worth = gallery.density() * WINDOW > WORTH_SWEEPING
        if worth:
            for _, start in gallery.edges():
                if (gallery_id, start) not in self._strips:
                    return self._strip(gallery_id, start, image_id)
        return self._page(image_id)

    def _may_strip(self, gallery_id: int) -> bool:
        """Whether strips are still trusted: fruitless ones are limited to 2, or 4 in all, and a share of the others."""
        gallery = self._known.galleries[gallery_id]
        return (
            self._partials
            and gallery.fruitless < 2 + gallery.fruitful // 8
            and self._fruitless < 4 + self._strip_served // 4
        )

    def _page(self, image_id: int) -> PhotoRequest:
        return PhotoRequest(image_id, self._where[image_id])

    def _strip(self, gallery_id: int, start: int, via: int) -> StripRequest:
        self._strips.add((gallery_id, start))
        return StripRequest(gallery_id, start, via)

    # What came

    def saw(self, request: PhotoRequest | StripRequest, window: Window | None) -> list[int]:
        """Learn from an answer and drop what it serves.

        Args:
            request: what was asked.
            window: the strip that came; None where the request failed for good.

        Returns:
            The wanted ids that the window serves, in its order. The image of a `PhotoRequest` leaves the plan in any
            case, and is among them only if the window shows it.
        """
        ids = clean(window)
        opened = request.image_id if isinstance(request, PhotoRequest) else None
        served = [one for one in ids if one is not None and (one in self._where or self._is_required(one, opened))]
        if window is not None:
            self._learn(request, window, ids, served)
        for image_id in served:
            self.discard(image_id)
        if isinstance(request, PhotoRequest):
            self.discard(request.image_id)
        else:
            self._count_strip(request, len(served), failed=window is None)
        self._lonely = 0 if len(served) > 1 else self._lonely + 1
        self._mean_gain += (max(1, len(served)) - self._mean_gain) / 16
        return served

    def _is_required(self, image_id: int, opened: int | None) -> bool:
        return image_id == opened and image_id in self._required

    def _count_strip(self, request: StripRequest, served: int, *, failed: bool) -> None:
        gallery = self._known.gallery(request.gallery_id)
        self._strip_served += served
        if served:
            gallery.fruitful += 1
        else:
            gallery.fruitless += 2 if failed else 1
            self._fruitless += 1

    def _learn(self, request: PhotoRequest | StripRequest, window: Window, ids: Ids, served: list[int]) -> None:
        ranks = {one: self._rank(one) for one in served}
        gallery_id = self._known.learn(request, window, ids, ranks)
        if gallery_id is None:
            return
        if isinstance(request, PhotoRequest):
            group = self._groups.get(self._where.get(request.image_id))
            if group is not None and group.home is not None:
                group.home = gallery_id  # where its pages really come from
        if None in self._groups:
            self._judge_membership(gallery_id, ids, ranks)

    def _rank(self, image_id: int) -> int | None:
        if image_id not in self._where:
            return None
        return self._groups[self._where[image_id]].wanted[image_id].rank

    def _judge_membership(self, gallery_id: int, ids: Ids, ranks: Mapping[int, int | None]) -> None:
        """Learn how many of the wanted images among a gallery's coordinates are really in that gallery."""
        group = self._groups[None]
        key, sign = self._known.order(None, ranked=group.ranked)
        numbers = ids if key is Key.ID else ranks.values()
        coordinates = [number for number in numbers if number is not None]
        if not sign or not coordinates:
            return
        last = max(coordinates)
        line = group.line(key).after((min(coordinates), 0), 2 * WINDOW)
        strangers = sum(1 for coordinate, one in line if coordinate <= last and one not in ids)
        self._known.galleries[gallery_id].belongs = (len(ranks) + 1) / (len(ranks) + strangers + 1)


def _number(rank: tuple[int, ...] | None) -> int | None:
    return None if rank is None else reduce(lambda number, part: number * FOLDER_SIZE + part, rank, 0)

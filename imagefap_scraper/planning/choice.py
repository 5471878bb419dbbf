"""Which request covers most: own pages and partial strips compared by what they can be expected to serve.

The front is the outermost wanted image in reading direction. What leaves it out has to come back for it, but may find
more on the way back: a request is worth its expected images, as a share of the best one's, and half a point for the
front, times the probability of showing it (half did best in `benchmarks/page_plan.py`, among 0.5, 1, 2 and 4).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import erf, sqrt
from typing import TYPE_CHECKING

from imagefap_scraper.planning.windows import WINDOW

if TYPE_CHECKING:
    from imagefap_scraper.planning.order import Estimate
    from imagefap_scraper.planning.windows import OffsetRule


#: Probability that wanted images that are near by coordinate are in one gallery; near 1, only to break ties.
SAME_GALLERY = 0.9


@dataclass(frozen=True, slots=True)
class Offer:
    """A possible request.

    Attributes:
        gain: wanted images it is expected to serve.
        front: probability that the front image is among them.
        image_id: own page to ask, or None.
        gallery_id: gallery of the partial strip, where it is one.
        start: first position of the partial strip.
    """

    gain: float
    front: float
    image_id: int | None = None
    gallery_id: int = 0
    start: int = 0


def best(offers: list[Offer]) -> Offer:
    """The offer that brings the plan furthest; the first of equals."""
    most = max(offer.gain for offer in offers)
    return max(offers, key=lambda offer: offer.gain / most + offer.front / 2)


def page_offers(ids: list[int], distances: list[float], spread: float, rule: OffsetRule) -> list[Offer]:
    """Own pages worth asking: of the front, and of images that should still show it and reach further.

    Args:
        ids: wanted images, the front first.
        distances: position of each relative to the front.
        spread: scatter of one step, as a share.
        rule: where own images stand in their windows; it also says from which end the gallery is read.
    """
    if rule.leans_right:
        reach = [WINDOW - 1 - rule.quantile(at) for at in (0.98, 0.75, 0.5, 0.25)]
    else:
        reach = [rule.quantile(at) for at in (0.02, 0.25, 0.5, 0.75)]
    chosen = {0}
    for limit in reach:
        for safe in (limit, limit - spread * sqrt(limit)):
            chosen.add(max((at for at, away in enumerate(distances) if abs(away) <= safe + 0.01), default=0))
    return [_page_offer(ids[at], [place - distances[at] for place in distances], spread, rule) for at in sorted(chosen)]


def _page_offer(image_id: int, distances: list[float], spread: float, rule: OffsetRule) -> Offer:
    chances = [_shown(away, spread, rule) for away in distances if abs(away) <= 2 * WINDOW]
    return Offer(sum(chances), _shown(distances[0], spread, rule), image_id=image_id)


def _shown(away: float, spread: float, rule: OffsetRule) -> float:
    """Probability that a page shows the image `away` positions from its own."""
    if away == 0:
        return 1.0
    scatter = 1.2 * spread * sqrt(abs(away))
    chance = rule.chance(round(away))
    if scatter >= 0.7:  # three points of the distribution stand for all
        chance = 0.4 * chance + 0.3 * (rule.chance(round(away + scatter)) + rule.chance(round(away - scatter)))
    return SAME_GALLERY * chance


def strip_offers(
    gallery_id: int,
    places: list[Estimate | None],
    share: float,
    *,
    total: int | None,
    from_right: bool,
) -> list[Offer]:
    """Partial strips that should cover the front.

    Args:
        gallery_id: to ask.
        places: estimated positions of the wanted images there, the front first; None where there is no room.
        share: probability that they are in this gallery at all.
        total: images in the gallery, if known.
        from_right: whether the front is the last image and not the first.
    """
    front = places[0]
    if front is None:
        return []
    starts: set[int] = set()
    for margin in (0.0, 0.7, 1.5, 2.5):
        slack = margin * front.deviation
        start = round(front.mean + slack) - WINDOW + 1 if from_right else round(front.mean - slack)
        starts.add(max(0, start if total is None else min(start, total - WINDOW)))
    offers = []
    for start in sorted(starts):
        chances = [_inside(place, start) for place in places if place is not None]
        offers.append(Offer(share * sum(chances), share * chances[0], gallery_id=gallery_id, start=start))
    return offers


def _inside(place: Estimate, start: int) -> float:
    scale = max(place.deviation, 0.2) * sqrt(2)
    left, right = (start - 0.5 - place.mean) / scale, (start + WINDOW - 0.5 - place.mean) / scale
    if left > 3 or right < -3:
        return 0.0
    return (erf(right) - erf(left)) / 2

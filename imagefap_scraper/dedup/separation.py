"""Which older relations contradict new ones, where the newer are to hold."""

from __future__ import annotations

from collections import defaultdict, deque
from itertools import chain, combinations
from typing import TYPE_CHECKING

from imagefap_scraper.dedup.kinds import Relation
from imagefap_scraper.dedup.knowledge import Knowledge, closest, in_order

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from imagefap_scraper.dedup.knowledge import Pair


def made_room(
    said: Mapping[Pair, Relation], knowledge: Knowledge, apart: Collection[str], steady: Sequence[str]
) -> tuple[dict[Pair, Relation], list[Pair]]:
    """Return what is said, with what must be said again, and the pairs whose older row must go.

    What was known of two `steady` blobs may have hung on a row that goes or is replaced; then it gets one of its own.

    Args:
        said: what is to hold.
        knowledge: what was known before.
        apart: as in `rows_in_the_way`.
        steady: those that stay to each other what they are known to be.
    """
    dropped = rows_in_the_way(said, knowledge, apart)
    if not dropped and not any(pair in knowledge.rows for pair in said):
        return dict(said), dropped
    kept = {
        pair: known for pair, known in knowledge.rows_about({*steady, *chain(*said)}).items() if pair not in dropped
    }
    again: dict[Pair, Relation] = {}
    now = _knowledge(kept, said)
    for first, second in combinations(steady, 2):
        known = knowledge.between(first, second)
        if known is None or now.between(first, second) is not None:
            continue
        trial = _knowledge(kept, again | {in_order(first, second): known}, said)
        if all(trial.between(*pair) is now.between(*pair) for pair in said):
            again[in_order(first, second)] = known
            now = trial
    return again | dict(said), dropped


def rows_in_the_way(said: Mapping[Pair, Relation], knowledge: Knowledge, apart: Collection[str]) -> list[Pair]:
    """Return the pairs whose older row must go so that every relation `said` holds, in order.

    Two that are no longer the same may be joined by way of others: then the way is cut beside the one of them that is
    among `apart`, since it is the one that was judged away from the rest. Facts that are less close than what is said
    need not go: the closest wins.
    """
    near = knowledge.rows_about({blob for pair in said for blob in pair})
    rows = {pair: relation for pair, relation in near.items() if pair not in said}
    dropped: list[Pair] = []
    neighbours = _same(rows, said)
    for pair, relation in sorted(said.items()):
        if relation is not Relation.SAME:
            first, second = pair if pair[0] in apart else pair[::-1]
            while way := _way(neighbours, first, second):
                cut = next(step for step in way if step in rows)
                dropped.append(cut)
                del rows[cut]
                neighbours[cut[0]].discard(cut[1])
                neighbours[cut[1]].discard(cut[0])
    return sorted(dropped + _closer_by_class(rows, said))


def _knowledge(*layers: Mapping[Pair, Relation]) -> Knowledge:
    """Return what is known where later layers replace the rows of earlier ones."""
    rows: dict[Pair, Relation] = {}
    for layer in layers:
        rows |= layer
    return Knowledge((*pair, relation) for pair, relation in rows.items())


def _same(rows: Mapping[Pair, Relation], said: Mapping[Pair, Relation]) -> defaultdict[str, set[str]]:
    neighbours: defaultdict[str, set[str]] = defaultdict(set)
    for (first, second), relation in (*rows.items(), *said.items()):
        if relation is Relation.SAME:
            neighbours[first].add(second)
            neighbours[second].add(first)
    return neighbours


def _way(neighbours: Mapping[str, set[str]], start: str, end: str) -> list[Pair]:
    """Return a shortest way between two blobs that `same` joins, step by step; empty if there is none."""
    came_from = {start: start}
    waiting = deque([start])
    while waiting and end not in came_from:
        here = waiting.popleft()
        for there in sorted(neighbours.get(here, ())):
            if there not in came_from:
                came_from[there] = here
                waiting.append(there)
    way: list[Pair] = []
    here = end if end in came_from else start
    while here != start:
        way.append(in_order(came_from[here], here))
        here = came_from[here]
    return way[::-1]


def _closer_by_class(rows: Mapping[Pair, Relation], said: Mapping[Pair, Relation]) -> list[Pair]:
    """Return the rows by which two classes are still closer than is said of two of their blobs."""
    now = _knowledge(rows, said)
    limits: dict[Pair, Relation] = {}
    for (first, second), relation in said.items():
        classes = in_order(now.class_of(first), now.class_of(second))
        limits[classes] = closest((relation, limits.get(classes, relation)))
    too_close = []
    for (first, second), relation in rows.items():
        limit = limits.get(in_order(now.class_of(first), now.class_of(second)))
        if limit is Relation.NOT_SAME and relation is Relation.VARIANT:
            too_close.append((first, second))
    return too_close

"""Which pictures hang together by what the machine sees, less what is known already."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from imagefap_scraper.dedup.kinds import PairKind
from imagefap_scraper.dedup.knowledge import DisjointSets, Pair, in_order

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping

    from imagefap_scraper.dedup.knowledge import Knowledge

_SURENESS = {kind: place for place, kind in enumerate(PairKind)}


class Edge(NamedTuple):
    """Two blobs that look alike to the machine, by their SHA-256 in any order."""

    first: str
    second: str
    kind: PairKind


@dataclass(frozen=True, slots=True)
class Component:
    """Blobs that hang together and ask for a decision.

    Attributes:
        members: all of them; every one is live.
        open_pairs: those of which nothing is known yet, in order; at least one.
        kind: of the open pairs the least sure.
    """

    members: frozenset[str]
    open_pairs: tuple[Pair, ...]
    kind: PairKind


@dataclass(frozen=True, slots=True)
class Components:
    """All that hang together.

    Attributes:
        confirmed: those that ask about pairs confirmed by a second look; by their least member, none in two of them.
        look_alike: those that ask about look-alikes alone; likewise. A blob may be in one of each.
        settled: for each live blob that hangs together with others and asks nothing: the name of their component.
    """

    confirmed: list[Component]
    look_alike: list[Component]
    settled: dict[str, str]


def find_components(pairs: Iterable[Edge], knowledge: Knowledge, live: Collection[str]) -> Components:
    """Return what hangs together among the `live` blobs.

    Confirmed pairs link unless known as not_same; so do `same` and `variant`, `same` also by way of blobs that are no
    longer live. Look-alikes link by their open pairs alone, and only what no confirmed component holds together.
    """
    edges = _unique(pairs, live)
    confirmed = {pair: kind for pair, kind in edges.items() if kind is not PairKind.LOOK_ALIKE}
    homes = _homes(confirmed, knowledge, live)

    def home(blob: str) -> str:
        return homes.find(knowledge.class_of(blob))

    def asks(pair: Pair) -> bool:
        return knowledge.between(*pair) is None

    members = _by_home(live, home)
    open_confirmed = {pair: kind for pair, kind in confirmed.items() if asks(pair)}
    alike = [pair for pair, kind in edges.items() if kind is PairKind.LOOK_ALIKE]
    open_alike = [pair for pair in alike if home(pair[0]) != home(pair[1]) and asks(pair)]
    asking = {home(first) for first, _ in open_confirmed}
    return Components(
        confirmed=_components(open_confirmed, members, home),
        look_alike=_alike_components(open_alike),
        settled={
            blob: name for name, blobs in members.items() if name not in asking and len(blobs) > 1 for blob in blobs
        },
    )


def _unique(pairs: Iterable[Edge], live: Collection[str]) -> dict[Pair, PairKind]:
    """Return each pair of two live blobs once, with its surest kind."""
    edges: dict[Pair, PairKind] = {}
    for first, second, kind in pairs:
        if first == second or first not in live or second not in live:
            continue
        pair = in_order(first, second)
        edges[pair] = min(kind, edges.get(pair, kind), key=_SURENESS.__getitem__)
    return edges


def _homes(confirmed: Iterable[Pair], knowledge: Knowledge, live: Collection[str]) -> DisjointSets:
    """Return the classes that hang together; blobs that are the same share one already."""
    homes = DisjointSets()
    for first, second in confirmed:
        if knowledge.between(first, second) is None:
            homes.union(knowledge.class_of(first), knowledge.class_of(second))
    alive = {knowledge.class_of(blob) for blob in live}
    for one, other in knowledge.variants():
        if one in alive and other in alive:
            homes.union(one, other)
    return homes


def _by_home(blobs: Iterable[str], home: Callable[[str], str]) -> dict[str, set[str]]:
    members: dict[str, set[str]] = defaultdict(set)
    for blob in blobs:
        members[home(blob)].add(blob)
    return members


def _alike_components(open_pairs: Collection[Pair]) -> list[Component]:
    sets = DisjointSets()
    for first, second in open_pairs:
        sets.union(first, second)
    members = _by_home((blob for pair in open_pairs for blob in pair), sets.find)
    return _components(dict.fromkeys(open_pairs, PairKind.LOOK_ALIKE), members, sets.find)


def _components(
    open_pairs: Mapping[Pair, PairKind], members: Mapping[str, set[str]], home: Callable[[str], str]
) -> list[Component]:
    asked: dict[str, list[Pair]] = defaultdict(list)
    for pair in sorted(open_pairs):
        asked[home(pair[0])].append(pair)
    components = [
        Component(
            frozenset(members[name]), tuple(pairs), max((open_pairs[pair] for pair in pairs), key=_SURENESS.__getitem__)
        )
        for name, pairs in asked.items()
    ]
    return sorted(components, key=lambda component: min(component.members))

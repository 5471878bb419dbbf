"""What is known of pictures, once and for all: which are the same, which belong together, which are not alike."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from imagefap_scraper.dedup.kinds import Relation

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

#: Two blobs by their SHA-256, the lesser first.
Pair = tuple[str, str]

#: Where facts contradict each other, the closest wins: which is the newest cannot be known from the facts.
_CLOSENESS = {Relation.NOT_SAME: 0, Relation.VARIANT: 1, Relation.SAME: 2}


def in_order(a: str, b: str) -> Pair:
    """Return two blobs as a pair, the lesser first."""
    return (a, b) if a < b else (b, a)


def closest(relations: Iterable[Relation]) -> Relation:
    """Return the closest of some relations: same before variant before not_same.

    Raises:
        ValueError: there are none.
    """
    return max(relations, key=_CLOSENESS.__getitem__)


class DisjointSets:
    """Things that belong together in sets; a thing never named is a set of its own. The least is a set's name."""

    def __init__(self) -> None:
        self._parents: dict[str, str] = {}

    def find(self, thing: str) -> str:
        """Return the name of the set that holds a thing."""
        parents = self._parents
        root = thing
        while (parent := parents.get(root, root)) != root:
            root = parent
        while thing != root:
            parents[thing], thing = root, parents[thing]
        return root

    def union(self, a: str, b: str) -> None:
        """Join the sets of two things."""
        least, greatest = in_order(self.find(a), self.find(b))
        self._parents[greatest] = least


class Knowledge:
    """All relations, and what follows from them.

    `same` is transitive: blobs that it joins, through whatever other blobs, are one class. `variant` and `not_same`
    between two blobs hold between their classes. Facts that contradict each other do no harm: the closest wins, so a
    `not_same` within a class is without effect until the `same` that made the class is gone.
    """

    def __init__(self, rows: Iterable[tuple[str, str, Relation]]) -> None:
        """Take the relations as stored: two blobs each, in any order; they need not be live any more."""
        self._rows: dict[Pair, Relation] = {}
        self._classes = DisjointSets()
        self._joined: dict[Pair, Relation] = {}
        self._by_class: dict[str, list[Pair]] | None = None
        for a, b, relation in rows:
            _put_closest(self._rows, in_order(a, b), relation)
        for (first, second), relation in self._rows.items():
            if relation is Relation.SAME:
                self._classes.union(first, second)
        for (first, second), relation in self._rows.items():
            one, other = self.class_of(first), self.class_of(second)
            if one != other:
                _put_closest(self._joined, in_order(one, other), relation)

    @property
    def rows(self) -> Mapping[Pair, Relation]:
        """The relations as stored, by the pair."""
        return self._rows

    def class_of(self, blob: str) -> str:
        """Return the name of the class of a blob: the least of those that are the same picture as it."""
        return self._classes.find(blob)

    def between(self, a: str, b: str) -> Relation | None:
        """Return what is known of two blobs, by themselves or by their classes; None if nothing is."""
        one, other = self.class_of(a), self.class_of(b)
        return Relation.SAME if one == other else self._joined.get(in_order(one, other))

    def rows_about(self, blobs: Iterable[str]) -> dict[Pair, Relation]:
        """Return the relations as stored of all that are the same as one of these blobs."""
        if self._by_class is None:
            self._by_class = defaultdict(list)
            for first, second in self._rows:
                for name in {self.class_of(first), self.class_of(second)}:
                    self._by_class[name].append((first, second))
        names = {self.class_of(blob) for blob in blobs}
        return {pair: self._rows[pair] for name in sorted(names) for pair in self._by_class.get(name, ())}

    def variants(self) -> Iterator[Pair]:
        """Yield the pairs of classes that are variants of each other."""
        return (pair for pair, relation in self._joined.items() if relation is Relation.VARIANT)


def _put_closest(relations: dict[Pair, Relation], pair: Pair, relation: Relation) -> None:
    relations[pair] = closest((relation, relations.get(pair, relation)))

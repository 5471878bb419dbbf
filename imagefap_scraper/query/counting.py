"""How many rows there are, without looking at more of them than need be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import distinct, func, select

from imagefap_scraper.database.facets import Facet
from imagefap_scraper.query.nodes import All, Not, Query, Term
from imagefap_scraper.query.nodes import Any as AnyOf
from imagefap_scraper.query.parser import parse
from imagefap_scraper.query.sql import LARGE, Conditions, shortest

if TYPE_CHECKING:
    from sqlalchemy import Connection, Select

    from imagefap_scraper.query.nodes import Node

#: Alternatives and negations that are taken apart; each may double the number of statements.
_MOST_SPLITS = 4


def count(connection: Connection, query: Query | str) -> int:
    """Return how many rows a query has.

    Raises:
        UserInputError: it cannot be read, or names what there is not.
    """
    asked = parse(query) if isinstance(query, str) else query
    return _Counter(connection, Conditions(connection, asked)).count((asked.root,))


class _Counter:
    """Counts by lists of images where there are such lists.

    To look up each of a million rows in a list takes half a second, to walk along a list of 100,000 a tenth of that.
    So "not in the list" is all less those in it, and "in one or the other" both less those in both; unless a short list
    is walked along anyway.
    """

    def __init__(self, connection: Connection, conditions: Conditions) -> None:
        self._connection = connection
        self._conditions = conditions
        self._splits = 0

    def count(self, nodes: tuple[Node, ...]) -> int:
        """Return how many rows meet all of these."""
        flat = _flat(nodes)
        leaves = [self._conditions.leaf(node) for node in flat if isinstance(node, Term)]
        driver = shortest(leaves)
        if (driver is None or driver.size >= LARGE) and self._splits < _MOST_SPLITS:
            for place, node in enumerate(flat):
                rest = flat[:place] + flat[place + 1 :]
                if not isinstance(node, Term) and self._has_list(node, alone=not rest):
                    self._splits += 1
                    return self._split(rest, node)
        return self._whole(flat)

    def _has_list(self, node: Node, *, alone: bool) -> bool:
        """Tell whether something in it is better walked along than looked up for each row."""
        if isinstance(node, Term):
            leaf = self._conditions.leaf(node)
            return leaf.ids is not None and (alone or shortest([leaf]) is not None)
        inner = (node.node,) if isinstance(node, Not) else node.nodes
        return any(self._has_list(one, alone=alone) for one in inner)

    def _split(self, rest: tuple[Node, ...], node: Node) -> int:
        if isinstance(node, Not):
            return self.count(rest) - self.count((*rest, node.node))
        assert isinstance(node, AnyOf)
        first, *others = node.nodes
        other = AnyOf(tuple(others)) if len(others) > 1 else others[0]
        return self.count((*rest, first)) + self.count((*rest, other)) - self.count((*rest, first, other))

    def _whole(self, nodes: tuple[Node, ...]) -> int:
        """Ask for what need not be taken apart."""
        if nodes and all(isinstance(node, Term) and node.field == "name" for node in nodes):
            alone = self._conditions.names([node for node in nodes if isinstance(node, Term)])
        elif len(nodes) == 1 and isinstance(nodes[0], Term):
            alone = self._conditions.leaf(nodes[0])
        else:
            alone = None
        if alone is not None and alone.ids is not None:
            listed = alone.ids.subquery()
            return self._ask(select(func.count() if alone.once else func.count(distinct(listed.c[0]))), listed)
        return self._ask(select(func.count()).where(*self._conditions.demands(nodes)), Facet)

    def _ask(self, statement: Select[Any], table: Any) -> int:
        return int(self._connection.execute(statement.select_from(table)).scalar_one())


def _flat(nodes: tuple[Node, ...]) -> tuple[Node, ...]:
    """Return what all of these demand, one by one."""
    found: list[Node] = []
    for node in nodes:
        found += _flat(node.nodes) if isinstance(node, All) else [node]
    return tuple(found)

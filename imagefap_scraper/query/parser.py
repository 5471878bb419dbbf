"""Reads a query; the grammar is loaded when the first one is read."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from imagefap_scraper.query.fields import NAMES, check, conditions_in
from imagefap_scraper.query.nodes import All, Not, Query, Term, error_at
from imagefap_scraper.query.nodes import Any as AnyOf

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lark import Lark, Token

    from imagefap_scraper.query.nodes import Node

#: Far beyond what anybody types, and what SQLite takes wherever a query is part of a longer statement: its parser holds
#: 100 symbols (a negated bracket needs 6), its expressions are 1,000 deep (some terms need 6, one beside the other).
_LONGEST = 4000
_MOST_TERMS = 100
_DEEPEST = 12

#: A word ends at a space, a quote or a bracket. Which of the tokens are possible depends on the place: after `tag:`
#: there is no `-` and no `or`, only a value.
_GRAMMAR = r"""
start: any?
?any: all (_OR all)*
?all: one (_AND? one)*
?one: _NOT one -> none
    | _OPEN any _CLOSE
    | KEY (STRING | WORD) -> keyed
    | (STRING | WORD) -> bare
_OPEN.4: "("
_CLOSE.4: ")"
_NOT.4: /-(?=[^\s])|not(?=[\s(])/i
_OR.4: /or(?=[\s(])/i
_AND.4: /and(?=[\s(])/i
KEY.3: /[A-Za-z_][A-Za-z_0-9]*:/
STRING.2: /"(\\.|[^"\\])*"/
WORD: /[^\s"()]+/
%ignore /\s+/
"""


def parse(text: str) -> Query:
    """Return what a query asks; an empty one asks for everything.

    Raises:
        UserInputError: it cannot be read; the message shows where.
    """
    if len(text) > _LONGEST:
        raise error_at(text, _LONGEST, _LONGEST + 1, f"the query is longer than {_LONGEST} characters")
    from lark.exceptions import UnexpectedInput  # noqa: PLC0415 - only who asks pays for the parser

    try:
        tree: Any = _lark().parse(text)
    except UnexpectedInput as error:
        raise _unreadable(text, error) from None
    query = Query(text, tree)
    terms, conditions = [], 0
    for term, depth in _terms(tree):
        if depth > _DEEPEST:
            query.refuse(term, f"the query nests deeper than {_DEEPEST} levels")
        conditions += conditions_in(term)
        if conditions > _MOST_TERMS:
            query.refuse(term, f"the query has more than {_MOST_TERMS} conditions")
        terms.append(term)
    for term in terms:
        check(query, term)
    return query


@cache
def _lark() -> Lark:
    from lark import Lark, Transformer, v_args  # noqa: PLC0415 - only who asks pays for the parser

    @v_args(inline=True)
    class Builder(Transformer[Any, Any]):
        """Makes nodes while it reads, so that nothing is walked through again."""

        def start(self, node: Node | None = None) -> Node:
            return node or All(())

        def any(self, *nodes: Node) -> Node:
            return AnyOf(nodes)

        def all(self, *nodes: Node) -> Node:
            return All(nodes)

        def none(self, node: Node) -> Node:
            # Twice not is not at all, however often it is written.
            return node.node if isinstance(node, Not) else Not(node)

        def keyed(self, key: Token, value: Token) -> Node:
            return Term(_field(key), _text(value), int(key.start_pos or 0), int(value.end_pos or 0))

        def bare(self, value: Token) -> Node:
            return Term("name", _text(value), int(value.start_pos or 0), int(value.end_pos or 0))

    return Lark(_GRAMMAR, parser="lalr", transformer=Builder())


def _field(key: Token) -> str:
    name = str(key[:-1]).lower()
    return NAMES.get(name, name)


def _text(value: Token) -> str:
    """Return a value without its quotes; a backslash keeps a quote or a backslash as it is."""
    text = str(value)
    if value.type != "STRING":
        return text
    return text[1:-1].replace('\\"', '"').replace("\\\\", "\\")


def _unreadable(text: str, error: Any) -> Exception:
    """Return the error for text that is no query."""
    place = error.pos_in_stream
    place = len(text) if place is None or place < 0 else place
    token = getattr(error, "token", None)
    if token is not None and token.type == "$END":
        place = len(text)
    rest = text[place:]
    if rest.startswith('"'):
        return error_at(text, place, place + 1, "this quote is not closed")
    if rest.startswith(")") and text[:place].count("(") > text[:place].count(")"):
        return error_at(text, place, place + 1, "something is missing before this bracket")
    if rest.startswith(")"):
        return error_at(text, place, place + 1, "this bracket was not opened")
    if not rest.strip():
        return error_at(text, place, place + 1, "something is missing at the end: a value, or a closing bracket")
    return error_at(text, place, place + 1, "this cannot stand here; put names with spaces or signs in quotes")


def _terms(root: Node) -> Iterator[tuple[Term, int]]:
    """Yield the terms in their order, each with the number of nodes above it."""
    waiting = [(root, 0)]
    while waiting:
        node, depth = waiting.pop()
        if isinstance(node, Term):
            yield node, depth
        else:
            inner = (node.node,) if isinstance(node, Not) else node.nodes
            waiting += [(one, depth + 1) for one in reversed(inner)]

"""A parsed query: terms, joined by and, or, not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NoReturn, TypeAlias

from imagefap_scraper.exceptions import UserInputError

#: Columns of a query that are shown around the place of an error.
_SHOWN = 60


@dataclass(frozen=True, slots=True)
class Term:
    """One condition: a field's value; `start` and `end` are its place in the text, in characters."""

    field: str
    value: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class All:
    """Every one of these; with none of them: everything."""

    nodes: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Any:
    """At least one of these."""

    nodes: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """Whatever that one is not."""

    node: Node


Node: TypeAlias = Term | All | Any | Not


@dataclass(frozen=True, slots=True)
class Query:
    """A query that was understood; `root` is what is asked."""

    text: str
    root: Node

    def refuse(self, term: Term, reason: str) -> NoReturn:
        """Raise the error that points at a term.

        Raises:
            UserInputError: always.
        """
        raise error_at(self.text, term.start, term.end, reason)


def error_at(text: str, start: int, end: int, reason: str) -> UserInputError:
    """Return the error for the characters from `start` to `end` of a query.

    The message is one line; the query with carets below the place is a note of the exception (`__notes__`), for those
    who have room for it.
    """
    # As one line: a tab or a line end would move the carets.
    line = "".join(char if char.isprintable() else " " for char in text)
    first = max(0, start - _SHOWN // 2)
    shown = line[first : first + _SHOWN]
    before, after = "..." if first else "", "..." if len(line) > first + _SHOWN else ""
    width = max(1, min(end, first + _SHOWN) - start)
    error = UserInputError(f"query, character {start + 1}: {reason}")
    error.add_note(f"{before}{shown}{after}")
    error.add_note(" " * (len(before) + start - first) + "^" * width)
    return error

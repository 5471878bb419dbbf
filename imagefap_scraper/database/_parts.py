"""Long lists of values, in parts that one statement takes."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

T = TypeVar("T")

#: SQLite takes 32,766 parameters in a statement (since 3.32); a thousand leave room for the others.
_A_STATEMENT = 1000


def in_parts(values: Sequence[T]) -> Iterator[Sequence[T]]:
    """Yield the values in parts, in order."""
    for start in range(0, len(values), _A_STATEMENT):
        yield values[start : start + _A_STATEMENT]

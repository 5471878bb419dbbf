"""Positions of a directory's pictures, in the order of their names, beside those that earlier imports gave."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def positions(names: Sequence[str], known: Mapping[str, int]) -> list[int]:
    """Return a position for each name; those that are known stay as they are.

    A new name goes between its neighbours if there is room, else behind everything.

    Args:
        names: in their order.
        known: positions given before, of these names or of others; each once.
    """
    taken = set(known.values())
    tail = max(len(names), max(taken, default=-1) + 1)
    limits = _limits(names, known)
    chosen: list[int] = []
    last = -1
    for number, name in enumerate(names):
        position = known.get(name)
        if position is None:
            position = max(last + 1, number)
            if position >= limits[number] or position in taken:
                position = tail
            else:
                last = position
            tail = max(tail, position + 1)
            taken.add(position)
        else:
            last = max(last, position)
        chosen.append(position)
    return chosen


def _limits(names: Sequence[str], known: Mapping[str, int]) -> list[float]:
    """Return for each place the least position that is known of the names behind it."""
    least = float("inf")
    limits: list[float] = []
    for name in reversed(names):
        limits.append(least)
        least = min(least, known.get(name, least))
    return limits[::-1]

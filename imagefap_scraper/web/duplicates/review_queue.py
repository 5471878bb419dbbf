"""The queue that a review walks through: which groups, in which order, and where in it one stands."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

from imagefap_scraper.review import sections

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection

    from imagefap_scraper.review.queue import Order
    from imagefap_scraper.review.sections import Filter

#: Groups whose pictures are fetched before they are looked at.
AHEAD: Final = 3


@dataclass(frozen=True, slots=True)
class ReviewQueue:
    """The queue of an address.

    Attributes:
        wanted: which groups.
        sort: in which order.
        query: the same as the query of an address.
    """

    wanted: Filter
    sort: Order
    query: dict[str, str]

    def group_ids(self, connection: Connection) -> list[int]:
        """Return the numbers of its groups, in order.

        Raises:
            UserInputError: the address names what there is not.
        """
        return sections.listed(connection, self.wanted, self.sort)


@dataclass(frozen=True, slots=True)
class Position:
    """Where a group stands in a queue.

    Attributes:
        number: from 1 on; None if it is not, or no longer, in it.
        total: groups in the queue.
        previous: the group before; None at the beginning.
        following: those after it, the next first.
    """

    number: int | None
    total: int
    previous: int | None
    following: list[int]

    def document(self) -> dict[str, Any]:
        """Return it as JSON."""
        return asdict(self)


def position(group_ids: Sequence[int], group_id: int) -> Position:
    """Return where a group stands; after one that is not in the queue comes the first."""
    if group_id not in group_ids:
        return Position(None, len(group_ids), None, list(group_ids[:AHEAD]))
    index = group_ids.index(group_id)
    previous = group_ids[index - 1] if index else None
    return Position(index + 1, len(group_ids), previous, list(group_ids[index + 1 : index + 1 + AHEAD]))


def next_of(before: Sequence[int], after: Sequence[int], group_id: int) -> int | None:
    """Return the group that comes after one that was decided; None if nothing is left.

    Args:
        before: the queue as it was then.
        after: as it is now: other groups may have gone with that one.
        group_id: what was decided.
    """
    left = set(after) - {group_id}
    start = before.index(group_id) + 1 if group_id in before else 0
    later = (number for number in (*before[start:], *after) if number in left)
    return next(later, None)

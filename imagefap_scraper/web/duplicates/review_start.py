"""What a person is told when a queue is empty: what was won today, and what other sections still ask."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from imagefap_scraper.database import groups as stored
from imagefap_scraper.database.duplicate_models import Action
from imagefap_scraper.dedup.kinds import GroupState
from imagefap_scraper.review import sections

if TYPE_CHECKING:
    from sqlalchemy import Connection


@dataclass(frozen=True, slots=True)
class Left:
    """What was done, and what is left.

    Attributes:
        decided: groups decided today.
        bytes: that this won.
        sections: (section, groups, bytes to win) of what still asks.
        collected: groups that are decided while their files are still there.
    """

    decided: int
    bytes: int
    sections: list[tuple[str, int, int]]
    collected: int


def left_to_do(connection: Connection) -> Left:
    """Return what was won since midnight, local time, and what is left in each section."""
    midnight = datetime.now().astimezone().replace(hour=0, minute=0, second=0, microsecond=0).astimezone(UTC)
    decisions = func.count().filter(Action.kind.in_(["decide", "accept"]))
    won = select(decisions, func.coalesce(func.sum(Action.bytes_moved), 0)).where(
        Action.at >= midnight, Action.kind.in_(["decide", "accept", "apply"]), Action.undone_by.is_(None)
    )
    decided, size = connection.execute(won).one()
    asking = [(str(section), found.groups, found.bytes) for section, found in sections.sums(connection).items()]
    collected = len(stored.group_ids(connection, states=[GroupState.DECIDED]))
    return Left(decided, size, [one for one in asking if one[1]], collected)

"""What a person is told when a queue is empty: what was won today, and what other sections still ask."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from imagefap_scraper.database.duplicate_models import Action
from imagefap_scraper.review import sections

if TYPE_CHECKING:
    from sqlalchemy import Connection


@dataclass(frozen=True, slots=True)
class Left:
    """Groups decided today and the bytes that this won; (section, groups, bytes to win) of what still asks."""

    decided: int
    bytes: int
    sections: list[tuple[str, int, int]]


def left_to_do(connection: Connection) -> Left:
    """Return what was won since midnight, local time, and what is left in each section."""
    midnight = datetime.now().astimezone().replace(hour=0, minute=0, second=0, microsecond=0).astimezone(UTC)
    won = select(func.count(), func.coalesce(func.sum(Action.bytes_moved), 0))
    won = won.where(Action.at >= midnight, Action.kind.in_(["decide", "accept"]), Action.undone_by.is_(None))
    decided, size = connection.execute(won).one()
    asking = [(str(section), found.groups, found.bytes) for section, found in sections.sums(connection).items()]
    return Left(decided, size, [one for one in asking if one[1]])

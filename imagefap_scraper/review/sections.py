"""The queue of look-alikes as a person works through it: its sections, what is listed of them, page by page."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import case, func, or_, select, tuple_
from sqlalchemy.orm import aliased

from imagefap_scraper.database import groups as stored
from imagefap_scraper.database.duplicate_models import DuplicateGroup, DuplicateMember, Pair
from imagefap_scraper.database.models import Image
from imagefap_scraper.dedup.kinds import GroupState, PairKind
from imagefap_scraper.dedup.suggestion import HIGH_MARGIN
from imagefap_scraper.exceptions import UserInputError
from imagefap_scraper.query.parser import parse
from imagefap_scraper.query.rows import select_ids
from imagefap_scraper.review.deciding import Choice, follow
from imagefap_scraper.review.queue import SURE, SURENESS, Order, asks

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import ColumnElement, Connection


class Section(StrEnum):
    """What a group asks of a person; `class` of the pages' addresses."""

    #: All pixels are equal, and one of the files is suggested.
    IDENTICAL = "pixel-identical"
    #: Copies of which one is ahead by far: the others are smaller or worse.
    COPY = "copy"
    #: The same picture, and no suggestion or a thin one.
    EYES = "eyes"
    #: Edited, cropped or turned: mostly worth keeping, as variants.
    VARIANTS = "variants"
    #: Close in their hashes alone; most are different pictures.
    LOOK_ALIKE = "look-alike"


#: Sections whose suggestions may be followed all at once.
BORING = (Section.IDENTICAL, Section.COPY)

_VARIANTS = (PairKind.EDITED, PairKind.CROP, PairKind.TURNED)
_LOOSE = DuplicateGroup.kind == PairKind.LOOK_ALIKE
_SECTION = case(
    (_LOOSE, Section.LOOK_ALIKE),
    (DuplicateGroup.kind.in_(_VARIANTS), Section.VARIANTS),
    (DuplicateGroup.suggestion.is_(None), Section.EYES),
    (DuplicateGroup.kind == PairKind.PIXEL_IDENTICAL, Section.IDENTICAL),
    (DuplicateGroup.margin >= HIGH_MARGIN, Section.COPY),
    else_=Section.EYES,
)
#: What each order compares, the least first; the number makes it a strict one.
_KEYS: dict[Order, tuple[Any, ...]] = {
    "gain": (-DuplicateGroup.bytes_to_win, DuplicateGroup.group_id),
    "new": (-DuplicateGroup.group_id,),
    "sure": (SURENESS, -func.coalesce(DuplicateGroup.margin, -1), DuplicateGroup.group_id),
}


@dataclass(frozen=True, slots=True)
class Filter:
    """Which groups are meant.

    Attributes:
        section: of the queue; None for all but mere look-alikes, unless a kind is named.
        kind: of `PairKind`; empty for any.
        state: of `GroupState`; empty for those that ask something today.
        rule: whose proposals; empty for any.
        least: bytes to win at the least.
        distance: bits that any two compared pictures of it differ in at the most; None for any.
        query: that one of the members' images has to match, as `process.py print` takes it; empty for any.
    """

    section: Section | None = None
    kind: str = ""
    state: str = ""
    rule: str = ""
    least: int = 0
    distance: int | None = None
    query: str = ""


class Sum(NamedTuple):
    """So many groups, and what they would win, in bytes."""

    groups: int
    bytes: int


def read_filter(
    *,
    section: str = "",
    kind: str = "",
    state: str = "",
    rule: str = "",
    least: int = 0,
    distance: int | None = None,
    query: str = "",
) -> Filter:
    """Return the filter that an address names.

    Raises:
        UserInputError: there is no such section, kind or state.
    """
    for word, known in ((section, Section), (kind, PairKind), (state, GroupState)):
        if word and word not in set(known):
            raise UserInputError(f"there is no {word!r}; there are {', '.join(known)}")
    return Filter(Section(section) if section else None, kind, state, rule, max(least, 0), distance, query.strip())


def conditions(connection: Connection, wanted: Filter) -> list[ColumnElement[bool]]:
    """Return what groups have to fulfil.

    Raises:
        UserInputError: the query cannot be read, or names what there is not.
    """
    found: list[ColumnElement[bool]] = [DuplicateGroup.state == wanted.state if wanted.state else asks()]
    if wanted.section is not None:
        found.append(_SECTION.in_([wanted.section]))
    if wanted.kind:
        found.append(DuplicateGroup.kind == wanted.kind)
    elif wanted.section is None:
        found.append(DuplicateGroup.kind.in_(SURE))
    if wanted.rule:
        found.append(DuplicateGroup.rule == wanted.rule)
    if wanted.least:
        found.append(DuplicateGroup.bytes_to_win >= wanted.least)
    if wanted.distance is not None:
        found.append(~_farther_apart(wanted.distance))
    if wanted.query:
        found.append(DuplicateGroup.group_id.in_(_with_images(connection, wanted.query)))
    return found


def _farther_apart(bits: int) -> ColumnElement[bool]:
    one, other = aliased(DuplicateMember), aliased(DuplicateMember)
    pairs = (
        select(Pair.first)
        .join(one, one.sha256 == Pair.first)
        .join(other, (other.sha256 == Pair.second) & (other.group_id == one.group_id))
        .where(one.group_id == DuplicateGroup.group_id, Pair.distance > bits)
    )
    return pairs.exists()


def _with_images(connection: Connection, query: str) -> Any:
    ids = select_ids(connection, parse(query)).order_by(None)
    same = or_(Image.sha256 == DuplicateMember.sha256, Image.skipped_sha256 == DuplicateMember.sha256)
    return select(DuplicateMember.group_id).join(Image, same).where(Image.image_id.in_(ids))


def sums(connection: Connection) -> dict[Section, Sum]:
    """Return what asks something today, by section; sections with nothing as well."""
    query = select(_SECTION, func.count(), func.sum(DuplicateGroup.bytes_to_win)).where(asks()).group_by(_SECTION)
    found = {Section(section): Sum(count, size) for section, count, size in connection.execute(query)}
    return {section: found.get(section, Sum(0, 0)) for section in Section}


def states(connection: Connection) -> dict[str, int]:
    """Return how many groups are in each state, whether they ask or not; without mere look-alikes."""
    query = select(DuplicateGroup.state, func.count()).where(~_LOOSE).group_by(DuplicateGroup.state)
    found = dict(connection.execute(query).all())
    return {str(state): found.get(str(state), 0) for state in GroupState}


def total(connection: Connection, wanted: Filter) -> Sum:
    """Return what there is in all.

    Raises:
        UserInputError: see `conditions`.
    """
    query = select(func.count(), func.coalesce(func.sum(DuplicateGroup.bytes_to_win), 0))
    return Sum(*connection.execute(query.where(*conditions(connection, wanted))).one())


def listed(connection: Connection, wanted: Filter, order: Order) -> list[int]:
    """Return the numbers of all groups that are meant, in order.

    Raises:
        UserInputError: see `conditions`.
    """
    query = select(DuplicateGroup.group_id).where(*conditions(connection, wanted)).order_by(*_KEYS[order])
    return list(connection.execute(query).scalars())


def page(connection: Connection, wanted: Filter, order: Order, cursor: str, limit: int) -> tuple[list[int], str | None]:
    """Return the numbers of some groups in order, and the cursor of what follows; None at the end.

    A cursor names the last group that was shown by its place in the order: what was decided meanwhile moves nothing.

    Raises:
        UserInputError: the cursor is none of ours; and see `conditions`.
    """
    keys = _KEYS[order]
    query = select(DuplicateGroup.group_id, *keys).where(*conditions(connection, wanted))
    if cursor:
        query = query.where(tuple_(*keys) > tuple_(*_read(cursor, len(keys))))
    rows = connection.execute(query.order_by(*keys).limit(limit + 1)).all()
    following = ".".join(str(part) for part in rows[limit - 1][1:]) if len(rows) > limit else None
    return [row[0] for row in rows[:limit]], following


def _read(cursor: str, parts: int) -> list[int]:
    try:
        found = [int(part) for part in cursor.split(".")]
    except ValueError:
        found = []
    # SQLite's integers have 64 bits.
    if len(found) != parts or any(abs(part) >= 1 << 63 for part in found):
        raise UserInputError("this page of the list is not known: go back to its beginning")
    return found


class Ready(NamedTuple):
    """What of a filter's groups has a suggestion: how many, the pictures that would go, and a mark of just these."""

    groups: int
    pictures: int
    mark: str


def ready(connection: Connection, wanted: Filter) -> Ready:
    """Return what following all suggestions would be about; cheaper than `choices`.

    Raises:
        UserInputError: see `conditions`.
    """
    of_group = DuplicateMember.group_id == DuplicateGroup.group_id
    asked = select(func.count()).where(of_group, DuplicateMember.asked).scalar_subquery()
    query = select(DuplicateGroup.group_id, DuplicateGroup.rev, asked)
    rows = connection.execute(
        query.where(*conditions(connection, wanted), DuplicateGroup.suggestion.is_not(None))
    ).all()
    return Ready(len(rows), sum(row[2] - 1 for row in rows), mark((row[0], row[1]) for row in rows))


def mark(groups: Iterable[tuple[int, str | None]]) -> str:
    """Return a mark of groups (number, rev): another one if any has changed, come or gone."""
    text = " ".join(sorted(f"{number}:{rev}" for number, rev in groups))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def choices(connection: Connection, wanted: Filter) -> list[Choice]:
    """Return a choice for each group that is meant and has a suggestion, which follows it; the most to win first.

    Raises:
        UserInputError: see `conditions`.
    """
    ids = listed(connection, wanted, "gain")
    found = {group.group_id: group for group in stored.groups(connection, ids)}
    return [follow(found[number]) for number in ids if number in found and found[number].suggestion is not None]

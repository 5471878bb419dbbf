"""What a rule would do with the groups that ask, whatever its mode: counts, bytes and samples."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from imagefap_scraper.database import groups as stored
from imagefap_scraper.database import members as blobs
from imagefap_scraper.dedup.groups import GroupRow, Member
from imagefap_scraper.dedup.kinds import GroupState, PairKind, Verdict
from imagefap_scraper.dedup.rules import RULES, RuleMode
from imagefap_scraper.exceptions import NotFoundError
from imagefap_scraper.review.judging import Judge

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection

    from imagefap_scraper.database.groups import StoredGroup
    from imagefap_scraper.review.options import Options

#: Groups shown of each kind of sample.
_SAMPLES = 12
#: Groups whose members are in memory at a time.
_AT_A_TIME = 500


class Match(NamedTuple):
    """A group that a rule is about.

    `peak` (of 255) and `distance` (bits) are the greatest of its pairs, `margin` is in points, `bytes` would be won.
    """

    group_id: int
    kind: str
    keep: str
    skip: tuple[str, ...]
    bytes: int
    peak: float
    distance: int
    margin: int


@dataclass(frozen=True, slots=True)
class Preview:
    """What a rule would do now: all matches counted, some of them shown."""

    rule: str
    groups: int
    pictures: int
    bytes: int
    random: list[Match]
    nearest: list[Match]


def preview(connection: Connection, name: str, options: Options) -> Preview:
    """Return what a rule would do with the groups that ask, whatever its mode; the samples are always the same.

    Raises:
        NotFoundError: there is no such rule.
    """
    if name not in RULES:
        raise NotFoundError(f"there is no rule {name}; there are {', '.join(RULES)}")
    matches = list(_matches(connection, name, options))
    chosen = random.Random(name)  # noqa: S311 - a sample that repeats, no secret
    return Preview(
        rule=name,
        groups=len(matches),
        pictures=sum(len(match.skip) for match in matches),
        bytes=sum(match.bytes for match in matches),
        random=sorted(chosen.sample(matches, min(_SAMPLES, len(matches)))),
        # Limits are on what differs; where nothing does, a thin lead is what comes nearest to one.
        nearest=sorted(matches, key=lambda one: (-one.peak, -one.distance, one.margin, one.group_id))[:_SAMPLES],
    )


def _matches(connection: Connection, name: str, options: Options) -> Iterator[Match]:
    modes = dict.fromkeys(RULES, str(RuleMode.OFF)) | {name: str(RuleMode.SUGGEST)}
    denied = stored.denials(connection)
    wanted = stored.group_ids(connection, states=[GroupState.NEW, GroupState.SUGGESTED])
    for start in range(0, len(wanted), _AT_A_TIME):
        groups = stored.groups(connection, wanted[start : start + _AT_A_TIME])
        members = {sha256 for group in groups for sha256, _, _ in group.members}
        limits = options.limits
        pairs = list(stored.pairs(connection, limits.phash, limits.dhash, members))
        facts = blobs.blob_facts(connection, members, options.protected)
        judge = Judge(options.weights, facts, pairs, modes, denied)
        by_first: dict[str, list[Any]] = {}
        for pair in pairs:
            by_first.setdefault(pair.first, []).append(pair)
        for group in groups:
            judged = judge.judge(_row(group))
            if judged.rule is not None and judged.keeper is not None:
                yield _match(group, judged.keeper, judged.margin or 0, judged.bytes_to_win, by_first)


def _row(group: StoredGroup) -> GroupRow:
    members = {sha256: Member(Verdict(verdict), asked) for sha256, verdict, asked in group.members}
    return GroupRow(group.group_id, PairKind(group.kind), GroupState(group.state), members)


def _match(group: StoredGroup, keeper: str, margin: int, size: int, by_first: dict[str, list[Any]]) -> Match:
    asked = [sha256 for sha256, _, is_asked in group.members if is_asked]
    inner = [pair for sha256 in asked for pair in by_first.get(sha256, ()) if pair.second in asked]
    skip = tuple(sha256 for sha256 in asked if sha256 != keeper)
    peak = max((pair.peak or 0.0 for pair in inner), default=0.0)
    distance = max((pair.distance for pair in inner), default=0)
    return Match(group.group_id, group.kind, keeper, skip, size, peak, distance, margin)

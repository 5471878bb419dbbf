"""What a rule would do with the groups that ask, whatever its mode: counts, bytes and samples."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from imagefap_scraper.database import groups as stored
from imagefap_scraper.database import members as blobs
from imagefap_scraper.dedup import rules
from imagefap_scraper.dedup.kinds import GroupState
from imagefap_scraper.dedup.suggestion import Suggestion
from imagefap_scraper.exceptions import NotFoundError
from imagefap_scraper.review.judging import candidate, evidence

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlalchemy import Connection

    from imagefap_scraper.database.groups import StoredGroup
    from imagefap_scraper.dedup.rules import Rule
    from imagefap_scraper.dedup.suggestion import Pair
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
    if name not in rules.RULES:
        raise NotFoundError(f"there is no rule {name}; there are {', '.join(rules.RULES)}")
    matches = list(_matches(connection, rules.RULES[name], options))
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


def _matches(connection: Connection, rule: Rule, options: Options) -> Iterator[Match]:
    denied = stored.denials(connection).get(rule.name, set())
    # Of thousands of groups only those are looked into that a rule can be about: this is what somebody waits for.
    wanted = stored.group_ids(connection, kinds=rule.kinds, states=[GroupState.NEW, GroupState.SUGGESTED])
    for start in range(0, len(wanted), _AT_A_TIME):
        some = stored.groups(connection, wanted[start : start + _AT_A_TIME])
        groups = [group for group in some if group.suggestion is not None]
        members = {sha256 for group in groups for sha256, _, _ in group.members}
        facts = blobs.blob_facts(connection, members, options.protected)
        by_first: dict[str, list[Pair]] = {}
        for row in stored.pairs(connection, options.limits.phash, options.limits.dhash, members):
            by_first.setdefault(row.first, []).append(evidence(row))
        for group in groups:
            asked = [sha256 for sha256, _, is_asked in group.members if is_asked]
            inner = [pair for sha256 in asked for pair in by_first.get(sha256, ()) if pair.second in asked]
            candidates = [candidate(facts[sha256]) for sha256 in asked]
            if rules.match(rule, candidates, inner, _suggestion(group), denied=denied):
                yield _match(group, asked, inner)


def _suggestion(group: StoredGroup) -> Suggestion:
    """Return what is suggested for a group as it is kept; a rule looks at the keeper alone."""
    return Suggestion(group.suggestion, group.margin, None, (), ())


def _match(group: StoredGroup, asked: Sequence[str], inner: Sequence[Pair]) -> Match:
    assert group.suggestion is not None
    skip = tuple(sha256 for sha256 in asked if sha256 != group.suggestion)
    peak = max((pair.peak or 0.0 for pair in inner), default=0.0)
    distance = max((pair.distance for pair in inner), default=0)
    size, margin = group.bytes_to_win, group.margin or 0
    return Match(group.group_id, group.kind, group.suggestion, skip, size, peak, distance, margin)

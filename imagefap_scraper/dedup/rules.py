"""Rules for the boring groups of look-alikes: what they are about, and when they may act alone.

A rule never overrules a guard: where there is no suggestion, none of the shipped rules matches.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from itertools import combinations
from typing import TYPE_CHECKING

from imagefap_scraper.dedup.kinds import PairKind
from imagefap_scraper.dedup.suggestion import aspects_differ
from imagefap_scraper.dedup.weights import finer_quantised

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from imagefap_scraper.dedup.suggestion import Candidate, Pair, Suggestion

#: A rule may act alone once at least this many of its last proposals were approved, and none of them denied.
APPROVALS_FOR_AUTO = 50
#: How many of a rule's last proposals its record is made of.
RECORD_LENGTH = 100

#: Levels of 255 that compressing again, at the same size, leaves after a blur at the most; an edit leaves more than 32.
_COMPRESSION_PEAK = 16
#: Pixels on the longer side under which a picture is a tiny thumbnail.
TINY_SIDE = 300
#: Bits in which the hashes of a thumbnail and its picture may differ: the limits of the original program.
_TINY_LIMITS = {"ahash": 1, "whash": 1}
_TINY_PHASH = 4

_SURE = frozenset({PairKind.PIXEL_IDENTICAL, PairKind.COPY})
#: Formats that leave nothing of a picture out, so that none of them is of worse quality than another.
_LOSSLESS = frozenset({"PNG", "BMP"})


class RuleMode(StrEnum):
    """What a rule may do."""

    OFF = "off"
    #: It proposes; a person approves or denies.
    SUGGEST = "suggest"
    #: It decides alone; every decision is in the journal and can be undone.
    AUTO = "auto"


class Then(StrEnum):
    """What a rule proposes for a group that it matches."""

    #: Keep the suggested copy, skip the others.
    KEEP = "keep"
    #: Keep all, linked as variants.
    VARIANTS = "variants"
    #: Keep all, unlinked: they are not the same.
    NOT_SAME = "not_same"


@dataclass(frozen=True, slots=True)
class Case:
    """A group as a rule sees it.

    Attributes:
        keeper: the suggested copy; None without a suggestion.
        losers: the other candidates.
        pairs: those of any two candidates.
    """

    keeper: Candidate | None
    losers: Sequence[Candidate]
    pairs: Sequence[Pair]


@dataclass(frozen=True, slots=True)
class Rule:
    """A boring class of groups and what to do with it.

    Attributes:
        name: short, at most 32 characters; what commands and the database call it.
        description: for a person, one sentence.
        when: tells whether it is about a group.
        then: what it proposes.
        mode: what it may do as shipped.
        kinds: of the groups that it can be about; no other is worth asking it.
    """

    name: str
    description: str
    when: Callable[[Case], bool]
    then: Then = Then.KEEP
    mode: RuleMode = RuleMode.OFF
    kinds: frozenset[PairKind] = _SURE


def match(
    rule: Rule,
    candidates: Collection[Candidate],
    pairs: Collection[Pair],
    suggestion: Suggestion,
    denied: Collection[tuple[str, str]] = (),
) -> bool:
    """Tell whether a rule, whatever its mode, proposes something for a group.

    Args:
        rule: the rule.
        candidates: the members of the group that are asked about.
        pairs: what is known of any two of them; pairs with others are left aside.
        suggestion: that of `suggest` for the same candidates and pairs.
        denied: pairs (of SHA-256, either way round) for which a person decided otherwise than this rule proposed: a
            group with one of them is not proposed again. Best a set, for many.
    """
    members = {candidate.sha256: candidate for candidate in candidates}
    for one, other in combinations(sorted(members), 2):
        if (one, other) in denied or (other, one) in denied:
            return False
    keeper = members.get(suggestion.keeper) if suggestion.keeper else None
    if rule.then is Then.KEEP and keeper is None:
        return False
    inner = [pair for pair in pairs if pair.first in members and pair.second in members]
    losers = [member for member in members.values() if member is not keeper]
    return bool(inner) and rule.when(Case(keeper, losers, inner))


def may_be_auto(approved_of_last: int, denied_of_last: int, *, override: bool = False) -> bool:
    """Tell whether a rule may act alone.

    Args:
        approved_of_last: how many of its last `RECORD_LENGTH` judged proposals a person approved.
        denied_of_last: how many of the same a person denied.
        override: True if a person explicitly allows it whatever its record.
    """
    return override or (approved_of_last >= APPROVALS_FOR_AUTO and denied_of_last == 0)


def _is_pixel_identical(case: Case) -> bool:
    return _are_still(case) and all(pair.kind == PairKind.PIXEL_IDENTICAL for pair in case.pairs)


def _is_dominated(case: Case) -> bool:
    keeper = case.keeper
    return (
        keeper is not None
        and _are_still(case)
        and not any(member.hash_flat for member in (keeper, *case.losers))
        and all(pair.distance == 0 and _is_compression_only(pair) for pair in case.pairs)
        and all(_dominates(keeper, loser) for loser in case.losers)
    )


def _is_compressed_again(case: Case) -> bool:
    keeper = case.keeper
    return (
        keeper is not None
        and _are_still(case)
        and all(pair.kind == PairKind.COPY and _is_compression_only(pair) for pair in case.pairs)
        and all(_is_worse_jpeg(keeper, loser) for loser in case.losers)
    )


def _is_tiny(case: Case) -> bool:
    keeper = case.keeper
    return (
        keeper is not None
        and _are_still(case)
        and _longer_side(keeper) >= TINY_SIDE
        and all(0 < _longer_side(loser) < TINY_SIDE for loser in case.losers)
        and all(pair.kind in _SURE and _has_close_hashes(pair) for pair in case.pairs)
    )


def _are_still(case: Case) -> bool:
    """Tell whether none is animated: of animations only the first frame was compared, too little for a rule."""
    keeper = [case.keeper] if case.keeper else []
    return not any(member.animated for member in (*keeper, *case.losers))


def _is_compression_only(pair: Pair) -> bool:
    if pair.kind == PairKind.PIXEL_IDENTICAL:
        return True
    return pair.kind == PairKind.COPY and pair.peak is not None and pair.peak <= _COMPRESSION_PEAK


def _dominates(keeper: Candidate, loser: Candidate) -> bool:
    return (
        keeper.pixels >= loser.pixels
        and keeper.size >= loser.size
        and _has_no_worse_quality(keeper, loser)
        and not aspects_differ(keeper, loser)
    )


def _has_no_worse_quality(keeper: Candidate, loser: Candidate) -> bool:
    """Tell whether it is known that the keeper lost no more; of WebP, GIF and others it is not."""
    if keeper.format in _LOSSLESS and loser.format in _LOSSLESS:
        return True
    return (finer_quantised(keeper, loser) or 0.0) >= 1.0


def _is_worse_jpeg(keeper: Candidate, loser: Candidate) -> bool:
    same_size = (keeper.width, keeper.height) == (loser.width, loser.height)
    return same_size and keeper.size >= loser.size and (finer_quantised(keeper, loser) or 0.0) > 1.0


def _longer_side(candidate: Candidate) -> int:
    return max(candidate.width or 0, candidate.height or 0)


def _has_close_hashes(pair: Pair) -> bool:
    """Tell whether PHash, and of the others those that are known, are as close as copies' are."""
    limits = _TINY_LIMITS.items()
    return pair.distance <= _TINY_PHASH and all((pair.details.get(name) or 0) <= limit for name, limit in limits)


_SHIPPED = (
    Rule(
        "pixel-identical",
        "All decoded pixels are equal; only the files differ.",
        _is_pixel_identical,
        mode=RuleMode.SUGGEST,
        kinds=frozenset({PairKind.PIXEL_IDENTICAL}),
    ),
    Rule(
        "dominated-copy",
        "Equal hashes, and the copy to keep has no fewer pixels and bytes and no worse quality than the others.",
        _is_dominated,
    ),
    Rule(
        "compressed-again",
        "The same JPEG in the same size, compressed again with worse quality.",
        _is_compressed_again,
    ),
    Rule(
        "tiny-thumbnail",
        "Thumbnails under 300 pixels of a larger picture.",
        _is_tiny,
    ),
)

#: The shipped rules by name, from the surest to the least sure; the first that matches a group should propose.
RULES = {rule.name: rule for rule in _SHIPPED}

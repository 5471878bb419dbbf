"""Which of several copies is the best, why, and when that is for a person to say.

Guards come first: each is a case in which points would compare what cannot be compared, or in which something could be
lost. Only then do points count, and a thin lead is none.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import combinations
from typing import TYPE_CHECKING, Any, Literal

from imagefap_scraper.dedup.kinds import PairKind
from imagefap_scraper.dedup.weights import reasons_for

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from imagefap_scraper.dedup.weights import Reason, Weights

#: Points ahead of the next best from which on there is a suggestion, and from which on it is a sure one. One small
#: fact alone (age, a tag) is no suggestion; twice the pixels always is a sure one.
THIN_MARGIN = 10
HIGH_MARGIN = 30

#: Levels of 255 that may differ after a blur. Compressing again leaves up to about 16, scaling down to a quarter 24; a
#: small line of text makes 60, a larger edit more than 100.
EDIT_PEAK = 32

#: Share by which the aspects of copies may differ; more has been cut off.
_ASPECT_PERCENT = 1

#: An enlarged picture uses less of its resolution than its smaller copy. Measured on four synthetic pictures (JPEG at
#: 75 and 90, 1.5 to 3 times the width): sharp originals have 1.0 to 1.1 times the copy's `detail`, soft ones 0.8 (very
#: soft ones 0.5), enlarged ones 0.4 to 0.8, and up to 1.1 where compression added noise that looks like detail. This
#: limit finds three of four enlarged ones; it spares the sharp originals, but not the very soft: they cost a look.
_ENLARGED_DETAIL = 0.8
#: From how many times the width on: nearer to one size, compression changes `detail` as much as the size does.
_ENLARGED_WIDTH = 1.25


@dataclass(frozen=True, slots=True)
class Candidate:
    """A stored picture that may be kept or go.

    Attributes:
        sha256: of its bytes.
        width: pixels; None if not known.
        height: pixels; None if not known.
        size: bytes.
        format: Pillow's name of it, as `JPEG`.
        frames: how many; None if not known.
        animated: True if more than one frame is meant to be played.
        unchecked: True if it was never decoded, because that would have exceeded a limit.
        hash_flat: True if it has too little structure for its hashes to mean anything.
        facts: those of `dedup.look`, as JSON; empty if it has not been looked at.
        image_id: the lowest on the site that it has; None if none.
        folders: how many favorite folders it is in.
        tags: how many the user gave it.
        names: True if one of its names is more than a number or a stand-in for an unknown one.
        gone: True if the site no longer has it.
        protected: True if it is in a place of which nothing may be thrown out.
    """

    sha256: str
    width: int | None
    height: int | None
    size: int
    format: str
    frames: int | None = 1
    animated: bool = False
    unchecked: bool = False
    hash_flat: bool = False
    facts: Mapping[str, Any] = field(default_factory=dict)
    image_id: int | None = None
    folders: int = 0
    tags: int = 0
    names: bool = False
    gone: bool = False
    protected: bool = False

    @property
    def pixels(self) -> int:
        """Width times height; 0 if not known."""
        return (self.width or 0) * (self.height or 0)


@dataclass(frozen=True, slots=True)
class Pair:
    """What the machine saw of two candidates.

    Attributes:
        first: SHA-256 of one.
        second: SHA-256 of the other.
        kind: what they are to each other.
        distance: of their PHashes, bits of 64.
        orientation: in which the two are alike, 0 to 7; 0 is as stored.
        peak: greatest difference after a blur, levels of 255; None if not known.
        details: whatever else was found out, as JSON.
    """

    first: str
    second: str
    kind: PairKind
    distance: int
    orientation: int = 0
    peak: float | None = None
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Which copy to keep, or why none is suggested.

    Attributes:
        keeper: SHA-256 of the one to keep; None if a person has to look.
        margin: points by which the best is ahead of its closest rival, 0 if it is not; None if guards kept points from
            being counted.
        confidence: how sure; None without a keeper.
        reasons: what speaks for and against the best, compared with each of the others, closest rival first. Of the
            closest rival alone, points for it less points against it are the margin.
        guards: why there is no keeper, one sentence each; empty if there is one.
    """

    keeper: str | None
    margin: int | None
    confidence: Literal["high", "medium"] | None
    reasons: tuple[Reason, ...]
    guards: tuple[str, ...]


def suggest(candidates: Collection[Candidate], pairs: Collection[Pair], weights: Weights) -> Suggestion:
    """Return which of the candidates to keep; their order does not matter.

    The best is the one that is ahead of every other, counted between the two alone. (Sums over the whole group would
    grow with it: of three copies one that is older than both would have 8 points for its age, of nine 32.)

    Args:
        candidates: the members of a group that are asked about.
        pairs: what is known of any two of them; pairs with others are left aside.
        weights: the points.
    """
    members = sorted(candidates, key=lambda candidate: candidate.sha256)
    links = _links(members, pairs)
    if guards := _guards(members, links):
        return Suggestion(None, None, None, (), guards)
    rivals = {member.sha256: _rivals(member, members, links, weights) for member in members}
    best = max(members, key=lambda member: rivals[member.sha256][0].lead)
    reasons = tuple(reason for rival in rivals[best.sha256] for reason in rival.reasons)
    margin = max(0, rivals[best.sha256][0].lead)
    # Where every pixel is equal none can be lost, and the smallest lead will do.
    identical = all(link.pair.kind is PairKind.PIXEL_IDENTICAL for link in links)
    if refusals := _refusals(best, members, rivals[best.sha256], least=1 if identical else THIN_MARGIN):
        return Suggestion(None, margin, None, reasons, refusals)
    return Suggestion(best.sha256, margin, "high" if margin >= HIGH_MARGIN else "medium", reasons, ())


def aspects_differ(one: Candidate, other: Candidate) -> bool:
    """Tell whether the aspects of two pictures of known size differ by more than 1%."""
    across = (one.width or 0) * (other.height or 0), (other.width or 0) * (one.height or 0)
    return max(across) * 100 > min(across) * (100 + _ASPECT_PERCENT)


@dataclass(frozen=True, slots=True)
class _Link:
    """A pair with its two candidates."""

    one: Candidate
    other: Candidate
    pair: Pair

    @property
    def is_turned(self) -> bool:
        return self.pair.orientation != 0 or self.pair.kind == PairKind.TURNED


@dataclass(frozen=True, slots=True)
class _Rival:
    """How far ahead (points) of one other a candidate is; what speaks for it, then what speaks against it."""

    lead: int
    reasons: tuple[Reason, ...]


def _links(members: Sequence[Candidate], pairs: Collection[Pair]) -> list[_Link]:
    known = {member.sha256: member for member in members}
    return [_Link(known[p.first], known[p.second], p) for p in pairs if p.first in known and p.second in known]


def _rivals(member: Candidate, members: Sequence[Candidate], links: Sequence[_Link], weights: Weights) -> list[_Rival]:
    """Return how a candidate stands to each of the others, the closest first."""
    alike = {s for link in links if link.pair.kind == PairKind.PIXEL_IDENTICAL for s in _ends(link)}
    found = []
    for other in members:
        if other is member:
            continue
        identical = (member.sha256, other.sha256) in alike
        reasons_pro = reasons_for(member, other, weights, identical=identical)
        reasons_contra = reasons_for(other, member, weights, identical=identical)
        lead = sum(reason.points for reason in reasons_pro) - sum(reason.points for reason in reasons_contra)
        found.append(_Rival(lead, (*reasons_pro, *reasons_contra)))
    return sorted(found, key=lambda rival: rival.lead)


def _ends(link: _Link) -> tuple[tuple[str, str], tuple[str, str]]:
    first, second = link.pair.first, link.pair.second
    return (first, second), (second, first)


def _refusals(
    best: Candidate, members: Sequence[Candidate], rivals: Sequence[_Rival], *, least: int
) -> tuple[str, ...]:
    """Return why even the best is not suggested, one sentence each."""
    lead = rivals[0].lead
    if lead < 0:
        return ("None of them is ahead of all the others.",)
    if lead == 0:
        return ("A tie: the best two have equal points.",)
    if lead < least:
        return (f"The best is only {lead} of at least {least} points ahead of the next.",)
    losers = [member for member in members if member is not best]
    found = []
    if any(loser.protected for loser in losers):
        found.append("A copy that would go is protected.")
    if any(loser.gone and loser.pixels > best.pixels for loser in losers):
        found.append("A copy that would go is gone from the site, and has more pixels.")
    return tuple(found)


def _guards(members: Sequence[Candidate], links: Sequence[_Link]) -> tuple[str, ...]:
    """Return why points would say nothing, one sentence each; all of them, for one alone may be a mistake."""
    linked = {frozenset(ends) for link in links for ends in _ends(link)}
    found = [sentence for sentence, holds in _OF_ONE if any(map(holds, members))]
    # What is not known of one (None) is no difference.
    found += [sentence for sentence, fact in _DIFFERENCES if len({fact(member) for member in members} - {None}) > 1]
    found += [sentence for sentence, holds in _OF_PAIR if any(map(holds, links))]
    couples = list(combinations(members, 2))
    if any(frozenset((one.sha256, other.sha256)) not in linked for one, other in couples):
        found.append("Two of them are linked only by way of others.")
    if any(_is_enlarged(one, other) or _is_enlarged(other, one) for one, other in couples):
        found.append("A larger one looks enlarged: it shows hardly more than a smaller one.")
    if not couples:
        found.append("There is nothing to choose between.")
    return tuple(found)


#: Sentence for a person, and of which candidate it holds.
_OF_ONE: tuple[tuple[str, Callable[[Candidate], bool]], ...] = (
    ("One could not be decoded fully.", lambda member: member.unchecked or not member.pixels),
    ("One has not been looked at closely yet.", lambda member: not (member.facts or member.unchecked)),
)

#: Sentence for a person, and the fact in which all candidates must be equal. Only first frames were compared, so that
#: an animation with fewer frames may lack the rest.
_DIFFERENCES: tuple[tuple[str, Callable[[Candidate], object]], ...] = (
    ("One is animated, another is not.", lambda member: member.animated),
    ("They have different numbers of frames.", lambda member: member.frames),
    ("One is transparent in places, another is not.", lambda member: member.facts.get("alpha")),
    ("One is grey, another has colour.", lambda member: member.facts.get("grey")),
)

#: Sentence for a person, and of which pair it holds. A turned one has another aspect without being a crop.
_OF_PAIR: tuple[tuple[str, Callable[[_Link], bool]], ...] = (
    (
        "They are animated: only their first frames were compared.",
        lambda link: link.one.animated and link.other.animated,
    ),
    ("One is mirrored or rotated.", lambda link: link.is_turned),
    (
        "One may be a part of another: their aspects differ by more than 1%.",
        lambda link: aspects_differ(link.one, link.other) and not link.is_turned,
    ),
    ("One is a part of another.", lambda link: link.pair.kind == PairKind.CROP),
    (
        "One has been edited: they differ in a place.",
        lambda link: link.pair.kind == PairKind.EDITED or (link.pair.peak or 0) > EDIT_PEAK,
    ),
    ("Two of them only look alike.", lambda link: link.pair.kind == PairKind.LOOK_ALIKE),
    (
        "Two of them have not been compared closely yet.",
        lambda link: link.pair.kind == PairKind.COPY and link.pair.peak is None,
    ),
)


def _is_enlarged(large: Candidate, small: Candidate) -> bool:
    """Tell whether a larger copy seems to show no more than a smaller one; False if the detail of one is not known."""
    share, full = large.facts.get("detail"), small.facts.get("detail")
    if share is None or not full or not large.width or not small.width:
        return False
    return large.width >= _ENLARGED_WIDTH * small.width and bool(share < _ENLARGED_DETAIL * full)

"""What the machine proposes for a group: which copy to keep and why, and which rule would say so by itself."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any, NamedTuple

from imagefap_scraper.dedup import rules
from imagefap_scraper.dedup.kinds import PairKind, Verdict
from imagefap_scraper.dedup.suggestion import Candidate, Pair, Suggestion, suggest

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from imagefap_scraper.database.members import BlobFacts
    from imagefap_scraper.dedup.groups import GroupRow
    from imagefap_scraper.dedup.weights import Weights


class Judged(NamedTuple):
    """What is proposed: the keeper (SHA-256), points ahead, reasons and guards as JSON, the rule, bytes to win."""

    keeper: str | None
    margin: int | None
    reasons: dict[str, Any]
    rule: str | None
    bytes_to_win: int


class Judge:
    """Proposes what to do about groups; keeps what it needs to know of their members.

    Args:
        weights: the points.
        facts: of every blob that a group may name.
        pairs: rows of evidence among them.
        modes: of the rules that are not as shipped.
        denied: the pairs for which each rule was denied.
    """

    def __init__(
        self,
        weights: Weights,
        facts: Mapping[str, BlobFacts],
        pairs: Iterable[Any],
        modes: Mapping[str, str],
        denied: Mapping[str, set[tuple[str, str]]],
    ) -> None:
        self._weights = weights
        self._facts = facts
        self._pairs: dict[str, list[Pair]] = defaultdict(list)
        for row in pairs:
            self._pairs[row.first].append(evidence(row))
        self._rules = [rule for rule in rules.RULES.values() if modes.get(rule.name, rule.mode) != "off"]
        self._denied = denied

    def judge(self, group: GroupRow) -> Judged:
        """Return what is proposed for the members that a group asks about."""
        asked = [sha256 for sha256, member in group.members.items() if member.asked]
        among = set(asked)
        pairs = [pair for sha256 in asked for pair in self._pairs[sha256] if pair.second in among]
        candidates = [candidate(self._facts[sha256]) for sha256 in asked]
        found = _sparing(suggest(candidates, pairs, self._weights), group)
        sizes = [self._facts[sha256].size for sha256 in asked]
        kept = self._facts[found.keeper].size if found.keeper else max(sizes, default=0)
        reasons = {
            "confidence": found.confidence,
            "reasons": [asdict(reason) for reason in found.reasons],
            "guards": list(found.guards),
        }
        rule = next(
            (
                rule.name
                for rule in self._rules
                if rules.match(rule, candidates, pairs, found, denied=self._denied.get(rule.name, ()))
            ),
            None,
        )
        return Judged(found.keeper, found.margin, reasons, rule, sum(sizes) - kept)


def _sparing(found: Suggestion, group: GroupRow) -> Suggestion:
    """Return a suggestion, or none where following it would throw out what a person has kept."""
    if found.keeper is None:
        return found
    going = [
        sha256
        for sha256, member in group.members.items()
        if member.asked and member.verdict is Verdict.KEEP and sha256 != found.keeper
    ]
    guards = tuple(f"{sha256[:12]} was kept already, and would go" for sha256 in going)
    return replace(found, keeper=None, confidence=None, guards=guards) if guards else found


def evidence(row: Any) -> Pair:
    """Return what a suggestion looks at of a row of evidence."""
    return Pair(row.first, row.second, PairKind(row.kind), row.distance, row.orientation, row.peak, row.details)


def candidate(blob: BlobFacts) -> Candidate:
    """Return what a suggestion looks at of a blob."""
    return Candidate(
        sha256=blob.sha256,
        width=blob.width,
        height=blob.height,
        size=blob.size,
        format=blob.format,
        frames=blob.frames,
        animated=blob.animated,
        unchecked=bool(blob.unchecked),
        hash_flat=blob.flat,
        facts=blob.facts,
        image_id=blob.lowest_id,
        folders=blob.folders,
        tags=blob.tags,
        names=blob.named,
        gone=blob.gone,
        protected=blob.protected,
    )

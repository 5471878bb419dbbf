"""What verdicts on a group would do, told before anything is done; nothing here reads or writes the database."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

from imagefap_scraper.dedup.decisions import decide as conclude
from imagefap_scraper.dedup.kinds import PairKind, Relation, Verdict
from imagefap_scraper.dedup.knowledge import Knowledge

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from imagefap_scraper.database.members import PlaceRow
    from imagefap_scraper.dedup.decisions import Decision
    from imagefap_scraper.review.showing import Shown


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What verdicts would do; pictures by SHA-256.

    Attributes:
        keeper: what is kept in place of those skipped; None if nothing is, or not one alone.
        kept: the others that are kept and known to be the same then, or given `keep`; variants left out.
        variants: those kept as variants of the keeper.
        skipped: what would go to the trash.
        apart: what is given `false`.
        none_alike: whether nothing is kept or skipped, and no two that were asked about would be the same.
        open: what would still be asked about and is given no verdict.
        bytes: of those skipped.
        tags: paths that the keeper would get.
        places: where it would then be shown as well.
    """

    keeper: str | None
    kept: list[str]
    variants: list[str]
    skipped: list[str]
    apart: list[str]
    none_alike: bool
    open: list[str]
    bytes: int
    tags: list[str]
    places: list[PlaceRow]


@dataclass(frozen=True, slots=True)
class _Judged:
    group_id: int
    members: Mapping[str, Verdict]


def foresee(shown: Shown, verdicts: Mapping[str, Verdict], variants: Collection[str] = ()) -> Foreseen:
    """Return what `deciding.decide` would do with these verdicts, as long as the group is as it is shown.

    Args:
        shown: the group.
        verdicts: by SHA-256; the first one kept is the keeper.
        variants: of those kept, which are variants of it.

    Raises:
        UserInputError: the verdicts cannot be (the last copy, no member).
    """
    members = {sha256: Verdict(verdict) for sha256, verdict, _ in shown.group.members}
    live = {one.sha256 for one in shown.members if one.state == "live"}
    knowledge = Knowledge((first, second, Relation(kind)) for first, second, kind in shown.relations)
    decision = conclude(_Judged(shown.group.group_id, members), verdicts, variants, knowledge, live=live)
    order = [one.sha256 for one in shown.members]
    given = {sha256 for sha256, verdict in verdicts.items() if verdict is Verdict.KEEP}
    joined = {
        sha256
        for first, second, relation in decision.relations
        if relation is Relation.SAME and decision.keeper in (first, second)
        for sha256 in (first, second)
        if decision.verdicts.get(sha256) is Verdict.KEEP
    }
    others = [sha256 for sha256 in order if sha256 in given | joined and sha256 != decision.keeper]
    after = _after(knowledge, decision)
    skipped = [sha256 for sha256 in order if sha256 in decision.skipped]
    tags: set[str] = set()
    places: list[PlaceRow] = []
    if decision.keeper is not None:
        tags = {tag for sha256 in skipped for tag in shown.tags[sha256]} - set(shown.tags[decision.keeper])
        places = [place for sha256 in skipped for place in shown.places[sha256]]
    return Foreseen(
        keeper=decision.keeper,
        kept=[sha256 for sha256 in others if sha256 not in variants],
        variants=[sha256 for sha256 in order if sha256 in variants],
        skipped=skipped,
        apart=[sha256 for sha256 in order if verdicts.get(sha256) is Verdict.FALSE],
        none_alike=_none_alike(shown, decision, after, live),
        open=[sha256 for sha256 in order if sha256 in _still_asked(shown, after, live) and sha256 not in verdicts],
        bytes=sum(one.size for one in shown.members if one.sha256 in skipped),
        tags=sorted(tags),
        places=sorted(places, key=lambda place: (place.user, place.folder, place.position)),
    )


def _after(knowledge: Knowledge, decision: Decision) -> Knowledge:
    """Return what is known once a decision is on record."""
    rows = {pair: relation for pair, relation in knowledge.rows.items() if pair not in decision.dropped}
    rows |= {(first, second): relation for first, second, relation in decision.relations}
    return Knowledge((*pair, relation) for pair, relation in rows.items())


def _none_alike(shown: Shown, decision: Decision, after: Knowledge, live: set[str]) -> bool:
    if {Verdict.KEEP, Verdict.SKIP} & set(decision.verdicts.values()):
        return False
    asked = [sha256 for sha256, _, asked in shown.group.members if asked and sha256 in live]
    return all(after.between(*two) is Relation.NOT_SAME for two in combinations(asked, 2))


def _still_asked(shown: Shown, after: Knowledge, live: set[str]) -> set[str]:
    """Return the members of pairs of which nothing would be known, as far as this group asks about such pairs."""
    alike = shown.group.kind == PairKind.LOOK_ALIKE
    pairs = [(pair.first, pair.second) for pair in shown.pairs if (pair.kind == PairKind.LOOK_ALIKE) is alike]
    return {sha256 for two in pairs if live >= set(two) and after.between(*two) is None for sha256 in two}

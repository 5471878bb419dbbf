"""From the verdicts that somebody gives on the members of a group to what is then known of every two of them."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Protocol

from imagefap_scraper.dedup.kinds import Relation, Verdict
from imagefap_scraper.dedup.knowledge import in_order
from imagefap_scraper.dedup.separation import made_room
from imagefap_scraper.exceptions import UserInputError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from imagefap_scraper.dedup.knowledge import Knowledge, Pair


class Judged(Protocol):
    """What is read of a group: `KnownGroup` is one."""

    @property
    def group_id(self) -> int:
        """Its number, for messages."""
        ...

    @property
    def members(self) -> Mapping[str, Verdict]:
        """The verdict of each member, by SHA-256."""
        ...


@dataclass(frozen=True, slots=True)
class Decision:
    """What follows from verdicts.

    Attributes:
        relations: what becomes known: two blobs in order, and what they are. A row of the same pair is replaced; rows
            that say the same already are left out.
        dropped: pairs whose older row must go, because with it the new ones would not hold.
        verdicts: of all members, as they are now.
        keeper: what is kept in place of the others; None if nothing is, or if it is not one alone.
        skipped: the live members whose place the keeper takes, in order.
    """

    relations: list[tuple[str, str, Relation]]
    dropped: list[Pair]
    verdicts: dict[str, Verdict]
    keeper: str | None
    skipped: list[str]


def decide(
    group: Judged,
    verdicts: Mapping[str, Verdict],
    variants: Collection[str],
    knowledge: Knowledge,
    *,
    live: Collection[str],
) -> Decision:
    """Return what follows from new verdicts; members left out stay as they are.

    The keeper is the first that `verdicts` keeps and `variants` does not name, else the one kept before. It is the same
    as every other that is kept or skipped, a variant of every variant (as they are of each other), and whatever is
    judged false is not the same as anything kept or skipped, nor as anything in the group that nobody has judged yet;
    if nothing is kept or skipped, no two that are false are the same. Two members whose verdicts do not change stay to
    each other what they are known to be.

    Args:
        group: with the verdicts so far.
        verdicts: those given now, in the order given.
        variants: which of the kept are variants of the keeper: both are worth keeping.
        knowledge: all that is known.
        live: at least those members that are part of the archive still; only these can be kept.

    Raises:
        UserInputError: a skip without anything kept (the last copy), a verdict on no member, none at all, or one taken
            back, a variant that is not kept, nothing that it could be a variant of, keeping what is in the trash, or
            more than one to choose from as the keeper.
    """
    _check_members(group, verdicts, variants, live)
    step = _Step(group.members, verdicts, variants, knowledge, live)
    _check_outcome(group, step)
    said, dropped = made_room(dict(step.said()), knowledge, step.apart, step.steady())
    relations = [(*pair, relation) for pair, relation in sorted(said.items()) if knowledge.rows.get(pair) != relation]
    return Decision(
        relations=relations,
        dropped=dropped,
        verdicts=step.final,
        keeper=step.keeper,
        skipped=step.skipped(),
    )


class _Step:
    """One decision: who was told what, and what that says of every two members."""

    def __init__(
        self,
        before: Mapping[str, Verdict],
        verdicts: Mapping[str, Verdict],
        variants: Collection[str],
        knowledge: Knowledge,
        live: Collection[str],
    ) -> None:
        self._knowledge = knowledge
        self._live = live
        self.final = {**before, **verdicts}
        self.variants = sorted(set(variants))
        self._told = {*verdicts, *variants}
        self.changed = {blob for blob in verdicts if verdicts[blob] != before[blob]}
        self.kept = [blob for blob in dict.fromkeys((*verdicts, *sorted(before))) if self._is_kept(blob)]
        self._given = [blob for blob in self.kept if blob in verdicts]
        self.keeper = self._keeper()
        #: Blobs that part from others: a way between two that are apart is cut beside these.
        self.apart = {blob for blob, verdict in self.final.items() if verdict is Verdict.FALSE} | set(variants)

    def _is_kept(self, blob: str) -> bool:
        return self.final[blob] is Verdict.KEEP and blob in self._live and blob not in self.variants

    def _keeper(self) -> str | None:
        if self._given:
            return self._given[0]
        classes = {self._knowledge.class_of(blob) for blob in self.kept}
        return self.kept[0] if len(classes) == 1 else None

    def rivals(self) -> Pair | None:
        """Return two that are kept and between which no keeper can be chosen; None if there are none.

        Two kept before that are not the same, and something new that could be the same as either.
        """
        if not any(self.final[blob] in {Verdict.KEEP, Verdict.SKIP} for blob in self.changed - set(self.variants)):
            return None
        steady = [blob for blob in self.kept if blob not in self.changed]
        if self.keeper in steady and not any(blob in self._told for blob in steady if blob != self.keeper):
            return None
        for first, second in combinations(steady, 2):
            known = self._knowledge.between(first, second)
            unclear = known is None and (self.keeper is None or self.keeper in self.changed)
            if known in {Relation.VARIANT, Relation.NOT_SAME} or unclear:
                return first, second
        return None

    def steady(self) -> list[str]:
        """Return the judged members whose verdict does not change, in order."""
        judged = [blob for blob, verdict in self.final.items() if verdict is not Verdict.NEW]
        return sorted(blob for blob in judged if blob not in self.changed and blob not in self.variants)

    def skipped(self) -> list[str]:
        """Return the live members that are skipped in favor of the keeper."""
        if self.keeper is None:
            return []
        live = [blob for blob, verdict in self.final.items() if verdict is Verdict.SKIP and blob in self._live]
        return sorted(blob for blob in live if not self._follows_another(blob))

    def said(self) -> Iterator[tuple[Pair, Relation]]:
        """Yield every two members of which something is said, once each."""
        for a, b, relation in self._all():
            known = self._knowledge.between(a, b)
            news = a in self.changed or b in self.changed or (known is None and {a, b} <= self._told)
            chosen = relation is Relation.VARIANT and (a in self.variants or b in self.variants)
            if news or chosen or known is relation:
                yield in_order(a, b), relation
        yield from self._not_like_the_rest()

    def _not_like_the_rest(self) -> Iterator[tuple[Pair, Relation]]:
        """Yield what those judged false now are to those that nobody has judged; what is known of two already stays."""
        told = [blob for blob in sorted(self._told) if self.final[blob] is Verdict.FALSE]
        rest = [blob for blob, verdict in sorted(self.final.items()) if verdict is Verdict.NEW]
        for false in told:
            for other in rest:
                if self._knowledge.between(false, other) is None:
                    yield in_order(false, other), Relation.NOT_SAME

    def _all(self) -> Iterator[tuple[str, str, Relation]]:
        wrong = [blob for blob, verdict in sorted(self.final.items()) if verdict is Verdict.FALSE]
        right = [blob for blob, verdict in sorted(self.final.items()) if verdict in {Verdict.KEEP, Verdict.SKIP}]
        yield from self._alike(right)
        for false in wrong:
            others = [other for other in right if not self._follows(other, false)]
            if not self._is_outdated(false, others):
                for other in others:
                    yield false, other, Relation.NOT_SAME
        if not right:
            for first, second in combinations(wrong, 2):
                yield first, second, Relation.NOT_SAME

    def _is_outdated(self, false: str, others: list[str]) -> bool:
        """Tell whether one was judged false here before and is known otherwise since, by way of another group.

        That is not taken back in passing.
        """
        close = {Relation.SAME, Relation.VARIANT}
        steady = [other for other in others if other not in self.changed]
        return false not in self.changed and any(self._knowledge.between(false, other) in close for other in steady)

    def _alike(self, right: list[str]) -> Iterator[tuple[str, str, Relation]]:
        if self.keeper is None:
            return
        kin = set(self.variants) | {
            blob for blob in self.kept if blob not in self.changed and self._between_keeper(blob) is Relation.VARIANT
        }
        for variant in sorted(kin):
            yield self.keeper, variant, Relation.VARIANT
        for first, second in combinations(sorted(kin), 2):
            if {first, second} & set(self.variants):
                yield first, second, self._among_kin(first, second)
        for other in right:
            if other != self.keeper and other not in kin and self._joins(other):
                yield self.keeper, other, Relation.SAME

    def _joins(self, blob: str) -> bool:
        """Tell whether a member is kept or skipped together with the keeper, so that the two are the same."""
        if self.final[blob] is Verdict.KEEP:
            return blob in self.kept or blob in self._told
        if blob not in self._told and self._between_keeper(blob) is not Relation.SAME:
            return False  # It was skipped before in favor of another, and is what that one is.
        return not self._follows_another(blob)

    def _among_kin(self, a: str, b: str) -> Relation:
        """Return what two variants are to each other: the same only if they are known to be, and stay kept."""
        steady = not {a, b} & self.changed
        return Relation.SAME if steady and self._knowledge.between(a, b) is Relation.SAME else Relation.VARIANT

    def _between_keeper(self, blob: str) -> Relation | None:
        return None if self.keeper is None else self._knowledge.between(self.keeper, blob)

    def _follows(self, blob: str, other: str) -> bool:
        """Tell whether a member was skipped before in favor of that other one, and so goes where the other goes."""
        if self.final[blob] is not Verdict.SKIP or blob in self.changed or self._between_keeper(blob) is Relation.SAME:
            return False
        return self._knowledge.between(blob, other) is Relation.SAME

    def _follows_another(self, blob: str) -> bool:
        return any(self._follows(blob, head) for head in self.apart.union(self.kept))


def _check_members(
    group: Judged, verdicts: Mapping[str, Verdict], variants: Collection[str], live: Collection[str]
) -> None:
    if not verdicts and not variants:
        raise UserInputError(f"Group {group.group_id} is not changed: no verdict was given; say what to keep.")
    for blob in (*verdicts, *variants):
        if blob not in group.members:
            raise UserInputError(
                f"{blob[:12]} is no member of group {group.group_id}; look at the group again, it may have changed."
            )
    for blob, verdict in verdicts.items():
        if verdict is Verdict.NEW and group.members[blob] is not Verdict.NEW:
            raise UserInputError(f"The verdict on {blob[:12]} is not taken back by another one; undo the decision.")
        if verdict is Verdict.KEEP and verdict is not group.members[blob] and blob not in live:
            raise UserInputError(f"{blob[:12]} cannot be kept, it is not in the archive any more; restore it first.")
        if verdict is Verdict.FALSE and group.members[blob] is Verdict.SKIP and blob not in live:
            raise UserInputError(
                f"{blob[:12]} was thrown out as a copy, and is no other picture then; restore it first."
            )


def _check_outcome(group: Judged, step: _Step) -> None:
    for blob in step.variants:
        if step.final[blob] is not Verdict.KEEP:
            raise UserInputError(
                f"{blob[:12]} cannot be a variant, it is not kept; keep it too, or name it no variant."
            )
    if not step.kept and step.variants:
        raise UserInputError(f"Group {group.group_id} has nothing to be a variant of; keep one that is no variant.")
    if not step.kept and Verdict.SKIP in step.final.values():
        raise UserInputError(f"Group {group.group_id} would lose its last copy, all would be skipped; keep one.")
    rivals = step.rivals()
    if rivals or (step.keeper is None and step.variants):
        names = " and ".join(blob[:12] for blob in rivals or step.kept[:2])
        raise UserInputError(
            f"Group {group.group_id} keeps {names}, which are not known to be the same; "
            "keep one of them, and name the other a variant, false or skip."
        )

"""Groups of look-alikes: what the machine sees, less what is known, with every verdict that was ever given."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, NamedTuple

from imagefap_scraper.dedup.components import find_components
from imagefap_scraper.dedup.kinds import GroupState, PairKind, Verdict
from imagefap_scraper.dedup.knowledge import Knowledge

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from datetime import datetime

    from imagefap_scraper.dedup.components import Component, Edge
    from imagefap_scraper.dedup.kinds import Relation
    from imagefap_scraper.dedup.knowledge import Pair

_JUDGED_AND_THERE = (Verdict.KEEP, Verdict.SKIP)


class BlobState(NamedTuple):
    """Where a blob is.

    Attributes:
        live: it is part of the archive, neither in the trash nor gone.
        present: its file is there.
        kept_as: the SHA-256 of the picture that was kept in its place.
    """

    live: bool
    present: bool
    kept_as: str | None = None


class Member(NamedTuple):
    """A blob in a group; `asked` while something about it is open."""

    verdict: Verdict
    asked: bool


@dataclass(frozen=True, slots=True)
class KnownGroup:
    """A group as it is stored.

    Attributes:
        group_id: its number.
        kind: of the pairs that it asks, or asked last, the least sure.
        state: where it stands.
        members: the verdict of each, by SHA-256.
        deferred_until: until when it is deferred; None: until the next search.
        rule: which rule made its suggestion.
    """

    group_id: int
    kind: PairKind
    state: GroupState
    members: Mapping[str, Verdict]
    deferred_until: datetime | None = None
    rule: str | None = None


@dataclass(frozen=True, slots=True)
class GroupRow:
    """A group as it should be stored.

    Attributes:
        group_id: its number.
        kind: of its open pairs the least sure; without open pairs as it was.
        state: where it stands.
        members: each with its verdict, by SHA-256, in order. Those that are not live stay while they have a verdict.
        open_pairs: what it asks, in order.
    """

    group_id: int
    kind: PairKind
    state: GroupState
    members: Mapping[str, Member]
    open_pairs: tuple[Pair, ...] = ()


@dataclass(frozen=True, slots=True)
class Derived:
    """All groups as they should be, by their number; and the numbers of those that are no more, in order."""

    groups: list[GroupRow]
    vanished: list[int]


@dataclass(frozen=True, slots=True)
class _Place:
    """A component that asks, and the stored groups that it is."""

    component: Component
    #: The one that it goes on as comes first.
    groups: list[KnownGroup] = field(default_factory=list)


def derive(
    pairs: Iterable[Edge],
    relations: Iterable[tuple[str, str, Relation]],
    blobs: Mapping[str, BlobState],
    groups: Iterable[KnownGroup],
    *,
    now: datetime,
    next_id: int,
    new_run: bool = False,
) -> Derived:
    """Return the groups that follow from evidence and knowledge; a second time returns the same.

    A component that asks goes on as the stored group that shares most with it; others that overlap it are merged into
    that one, every verdict with them. Where two give one blob different verdicts, the one that loses nothing stays: of
    a live blob keep, of another skip, and either before false, which the relations tell as well. Where one group keeps
    what another has thrown out, it keeps what that one keeps instead. A stored group that
    asks nothing any more keeps its verdicts and is never asked again; without verdicts it vanishes.

    Args:
        pairs: evidence.
        relations: knowledge; may name blobs that are not live any more.
        blobs: every blob named; one that is missing here counts as not live.
        groups: as they are stored now.
        now: the moment that ends deferrals; with a time zone if theirs have one.
        next_id: the number of the first new group, greater than all that exist.
        new_run: whether this is a search, which ends deferrals without a date.
    """
    return _Derivation(Knowledge(relations), blobs, now, new_run=new_run).run(pairs, list(groups), next_id)


class _Derivation:
    """One run of `derive`."""

    def __init__(self, knowledge: Knowledge, blobs: Mapping[str, BlobState], now: datetime, *, new_run: bool) -> None:
        self._knowledge = knowledge
        self._blobs = blobs
        self._live = {blob for blob, state in blobs.items() if state.live}
        self._now = now
        self._new_run = new_run

    def run(self, pairs: Iterable[Edge], stored: list[KnownGroup], next_id: int) -> Derived:
        groups = [self._with_keepers(group) for group in stored]
        found = find_components(pairs, self._knowledge, self._live)
        alike, loose = self._attach(found.look_alike, [group for group in groups if _is_alike(group)])
        # What was decided among look-alikes is knowledge, and links as much as a confirmed pair does.
        judged = [group for group in loose if _has(group, _JUDGED_AND_THERE)]
        unjudged = [group for group in loose if not _has(group, _JUDGED_AND_THERE)]
        certain = [group for group in groups if not _is_alike(group)] + judged
        confirmed, settled = self._attach(found.confirmed, certain)
        rows = []
        for places, sources in ((confirmed, certain), (alike, [group for place in alike for group in place.groups])):
            verdicts = self._verdicts_there(sources)
            elsewhere = {blob for place in places for blob in place.component.members}
            for place in places:
                group_id = place.groups[0].group_id if place.groups else next_id
                next_id += not place.groups
                rows.append(self._asking(place, group_id, verdicts, elsewhere))
        asking = {blob for place in confirmed for blob in place.component.members}
        asking_alike = {blob for place in alike for blob in place.component.members}
        rows += self._settled([(group, asking) for group in settled], found.settled)
        rows += self._settled([(group, asking_alike) for group in unjudged], found.settled)
        ids = {row.group_id for row in rows}
        return Derived(
            groups=sorted(rows, key=lambda row: row.group_id),
            vanished=sorted(group.group_id for group in groups if group.group_id not in ids),
        )

    def _with_keepers(self, group: KnownGroup) -> KnownGroup:
        """Return a group in which what was kept, and thrown out since by way of another group, has given its place up.

        In its place is kept what was kept instead of it.
        """
        verdicts = dict(group.members)
        for blob, verdict in group.members.items():
            keeper = self._blobs[blob].kept_as if blob in self._blobs and blob not in self._live else None
            if verdict is Verdict.KEEP and keeper in self._live:
                verdicts |= {blob: Verdict.SKIP, keeper: Verdict.KEEP}
        return group if verdicts == group.members else replace(group, members=verdicts)

    def _attach(
        self, components: Sequence[Component], groups: Iterable[KnownGroup]
    ) -> tuple[list[_Place], list[KnownGroup]]:
        """Return each component with the stored groups that it is, and those groups that are none of them."""
        where = {blob: number for number, component in enumerate(components) for blob in component.members}
        attached: dict[int, list[tuple[int, int, KnownGroup]]] = defaultdict(list)
        loose = []
        for group in groups:
            shared = Counter(where[blob] for blob in self._core(group) if blob in where)
            if shared:
                number = min(shared, key=lambda number: (-shared[number], number))
                attached[number].append((-shared[number], group.group_id, group))
            else:
                loose.append(group)
        places = [
            _Place(component, [group for *_, group in sorted(attached[number], key=lambda found: found[:2])])
            for number, component in enumerate(components)
        ]
        return places, loose

    def _core(self, group: KnownGroup) -> set[str]:
        """Return the live members that make a group what it is: those kept, else those skipped, else those not judged.

        One that is not judged says little of a group with verdicts: it may hang on a member judged false alone, and
        what it then asks must not be mixed with what was kept.
        """
        for wanted in (Verdict.KEEP, Verdict.SKIP, Verdict.NEW):
            core = {blob for blob, verdict in group.members.items() if verdict is wanted and blob in self._live}
            if core:
                return core
        return set()

    def _verdicts_there(self, groups: Iterable[KnownGroup]) -> dict[str, Verdict]:
        """Return who is kept and who is skipped, whichever group says so: these verdicts go where their blob goes."""
        verdicts: dict[str, Verdict] = {}
        for group in groups:
            for blob, verdict in group.members.items():
                if verdict in _JUDGED_AND_THERE:
                    self._put(verdicts, blob, verdict)
        return verdicts

    def _put(self, verdicts: dict[str, Verdict], blob: str, verdict: Verdict) -> None:
        best = Verdict.KEEP if blob in self._live else Verdict.SKIP
        order = (best, *(other for other in _JUDGED_AND_THERE if other is not best), Verdict.FALSE, Verdict.NEW)
        verdicts[blob] = min(verdict, verdicts.get(blob, verdict), key=order.index)

    def _asking(
        self, place: _Place, group_id: int, verdicts_there: Mapping[str, Verdict], elsewhere: Collection[str]
    ) -> GroupRow:
        component = place.component
        verdicts = {blob: verdicts_there.get(blob, Verdict.NEW) for blob in component.members}
        for group in place.groups:
            for blob, verdict in group.members.items():
                if verdict is Verdict.FALSE or (verdict is not Verdict.NEW and blob not in elsewhere):
                    self._put(verdicts, blob, verdict)
        asked = {self._knowledge.class_of(blob) for pair in component.open_pairs for blob in pair}
        members = {
            blob: Member(verdicts[blob], blob in self._live and self._knowledge.class_of(blob) in asked)
            for blob in sorted(verdicts)
        }
        state = self._asking_state(place.groups[0] if place.groups else None, members, component.open_pairs)
        return GroupRow(group_id, component.kind, state, members, component.open_pairs)

    def _asking_state(
        self, stored: KnownGroup | None, members: Mapping[str, Member], open_pairs: Sequence[Pair]
    ) -> GroupState:
        if stored is not None and self._is_deferred(stored, open_pairs):
            return GroupState.DEFERRED
        if not any(all(self._blobs[blob].present for blob in pair) for pair in open_pairs):
            return GroupState.STALE
        judged = any(member.verdict is not Verdict.NEW for member in members.values())
        if judged and not _goes_on_asking(stored, open_pairs):
            return GroupState.REOPENED
        if stored is not None and stored.state is GroupState.SUGGESTED and stored.members.keys() == members.keys():
            return GroupState.SUGGESTED
        return GroupState.NEW

    def _is_deferred(self, stored: KnownGroup, open_pairs: Sequence[Pair]) -> bool:
        if stored.state is not GroupState.DEFERRED:
            return False
        over = self._new_run if stored.deferred_until is None else stored.deferred_until <= self._now
        return not over and all(blob in stored.members for pair in open_pairs for blob in pair)

    def _settled(
        self, groups: Iterable[tuple[KnownGroup, Collection[str]]], settled: Mapping[str, str]
    ) -> Iterable[GroupRow]:
        """Yield what stays of groups that ask nothing, each given with the blobs that other groups ask about now."""
        for group, elsewhere in groups:
            there = {
                blob
                for blob, verdict in group.members.items()
                if verdict in _JUDGED_AND_THERE and blob not in elsewhere
            }
            # One that is not judged stays beside what it is known to belong to, or not to be like.
            homes = {settled[blob] for blob in there if blob in settled}
            rest = set() if _has(group, _JUDGED_AND_THERE) else self._live - set(elsewhere)
            members = {
                blob: Member(verdict, asked=False)
                for blob, verdict in sorted(group.members.items())
                if blob in there
                or verdict is Verdict.FALSE
                or (verdict is Verdict.NEW and (blob in rest or settled.get(blob) in homes))
            }
            if any(member.verdict is not Verdict.NEW for member in members.values()):
                yield GroupRow(group.group_id, group.kind, self._settled_state(group, members), members)

    def _settled_state(self, group: KnownGroup, members: Mapping[str, Member]) -> GroupState:
        if group.state in {GroupState.DECIDED, GroupState.APPLIED}:
            return group.state
        to_do = any(member.verdict is Verdict.SKIP and blob in self._live for blob, member in members.items())
        return GroupState.DECIDED if to_do else GroupState.APPLIED


def _goes_on_asking(stored: KnownGroup | None, open_pairs: Sequence[Pair]) -> bool:
    """Tell whether a group asked all of this before and was never done with: a part of it has been judged since."""
    if stored is None or stored.state not in {GroupState.NEW, GroupState.SUGGESTED}:
        return False
    return all(blob in stored.members for pair in open_pairs for blob in pair)


def _is_alike(group: KnownGroup) -> bool:
    return group.kind is PairKind.LOOK_ALIKE


def _has(group: KnownGroup, verdicts: Collection[Verdict]) -> bool:
    return any(verdict in verdicts for verdict in group.members.values())

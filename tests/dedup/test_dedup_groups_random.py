"""Whatever happens in whatever order: what holds of groups all the same."""

from __future__ import annotations

import random
from collections import Counter
from itertools import combinations
from typing import TYPE_CHECKING

from groups_world import DAY, HERE, JUDGED, MISSING, NOW, TRASHED, VERDICTS, World
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from imagefap_scraper.dedup.groups import BlobState, KnownGroup
from imagefap_scraper.dedup.kinds import GroupState, PairKind, Relation, Verdict
from imagefap_scraper.dedup.knowledge import Knowledge, Pair
from imagefap_scraper.exceptions import UserInputError

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime


BLOBS = "abcdefghi"
some_blob = st.sampled_from(BLOBS)
some_two = st.sampled_from(list(combinations(BLOBS, 2)))
# Mostly confirmed, so that groups grow and meet.
some_kind = st.sampled_from([PairKind.COPY, PairKind.CROP, PairKind.LOOK_ALIKE])
some_pairs = st.dictionaries(some_two, some_kind, min_size=3, max_size=8)
# One keeps often enough that most decisions are accepted.
some_verdicts = st.lists(st.sampled_from("ksfks-"), min_size=9, max_size=9).map("".join)


class Whatever(RuleBasedStateMachine):
    """Whatever happens, in any order: what was decided is never asked again, and no verdict is lost."""

    def __init__(self) -> None:
        super().__init__()
        self.w = World(BLOBS)

    @initialize(pairs=some_pairs)
    def first_search(self, pairs: dict[Pair, PairKind]) -> None:
        self.search_finds(pairs)

    @rule(pairs=some_pairs)
    def search_finds(self, pairs: dict[Pair, PairKind]) -> None:
        self.w.pairs |= pairs
        self._derive(new_run=True)

    @rule(keep=st.integers(0, 3))
    def limits_become_narrower(self, keep: int) -> None:
        self.w.pairs = {pair: kind for at, (pair, kind) in enumerate(sorted(self.w.pairs.items())) if at % 4 <= keep}
        self._derive(new_run=True)

    @rule(blob=some_blob, state=st.sampled_from([HERE, HERE, MISSING, TRASHED, BlobState(False, False)]))
    def a_blob_comes_or_goes(self, blob: str, state: BlobState) -> None:
        self.w.blobs[blob] = state
        self._derive()

    @rule(at=st.integers(0, 3), letters=some_verdicts, variants=st.integers(0, 7))
    def a_group_is_decided(self, at: int, letters: str, variants: int) -> None:
        """Judge all of the members, or less; `variants` are bits for the kept beside the first."""
        if not self.w.groups:
            return
        group = list(self.w.groups.values())[at % len(self.w.groups)]
        given = {
            blob: VERDICTS[letter] for blob, letter in zip(group.members, letters, strict=False) if letter in VERDICTS
        }
        kept = [blob for blob, verdict in given.items() if verdict is Verdict.KEEP][1:]
        self._decide(group, given, [blob for bit, blob in enumerate(kept) if variants >> bit & 1])

    @rule(at=st.integers(0, 3), letters=st.sampled_from("ksf"))
    def what_is_new_is_judged(self, at: int, letters: str) -> None:
        if not self.w.groups:
            return
        group = list(self.w.groups.values())[at % len(self.w.groups)]
        self._decide(
            group, {m: VERDICTS[letters] for m, verdict in group.members.items() if verdict is Verdict.NEW}, []
        )

    def _decide(self, group: KnownGroup, given: dict[str, Verdict], variants: Collection[str]) -> None:
        before = self._knowledge()
        try:
            decision = self.w.decide(group.group_id, given, variants)
        except UserInputError:
            return
        known = self._knowledge()
        for a, b, relation in decision.relations:
            assert known.between(a, b) is relation
        # One that was skipped before goes where its keeper goes, which may be asked still.
        clear = [b for b in given if given[b] is not Verdict.SKIP or group.members[b] is not Verdict.SKIP]
        for a, b in combinations(clear, 2):
            if {given[a], given[b]} != {Verdict.FALSE}:
                assert known.between(a, b) is not None
        # Only what is the same as a member may lose a row, and nothing is lost for a word on what is not known yet.
        classes = {before.class_of(blob) for blob in group.members}
        assert all({before.class_of(a), before.class_of(b)} & classes for a, b in decision.dropped)
        told = {*given, *variants}
        if not any(before.between(a, b) for a in told for b in BLOBS if a != b):
            assert decision.dropped == []
        assert decision.keeper is None or (
            self.w.blobs[decision.keeper].live and decision.verdicts[decision.keeper] is Verdict.KEEP
        )
        if Verdict.SKIP in decision.verdicts.values():
            assert any(v is Verdict.KEEP and self.w.blobs[m].live for m, v in decision.verdicts.items())
        self._derive()

    @rule()
    def all_is_applied(self) -> None:
        for group_id in self.w.groups:
            self.w.apply(group_id)
        self._derive()

    @rule(until=st.sampled_from([None, NOW + DAY]))
    def a_group_is_deferred(self, until: datetime | None) -> None:
        for row in self.w.rows.values():
            if row.open_pairs:
                self.w.set_state(row.group_id, GroupState.DEFERRED, until)
                break
        self._derive()

    @rule(two=some_two, relation=st.sampled_from(Relation))
    def a_relation_is_imported(self, two: Pair, relation: Relation) -> None:
        self.w.relations[two] = relation
        self._derive()

    def _knowledge(self) -> Knowledge:
        return Knowledge((*pair, relation) for pair, relation in self.w.relations.items())

    def _derive(self, *, new_run: bool = False) -> None:
        before = list(self.w.groups.values())
        derived = self.w.derived(new_run=new_run)
        assert self.w.derived(new_run=new_run, shuffled=random.Random(5)) == derived
        self.w.derive(new_run=new_run)
        again = self.w.derived(new_run=new_run)
        assert (again.groups, again.vanished) == (derived.groups, [])
        self._no_verdict_is_lost(before)

    def _no_verdict_is_lost(self, before: list[KnownGroup]) -> None:
        stored = {(blob, verdict) for group in before for blob, verdict in group.members.items() if verdict in JUDGED}
        now = {(blob, m.verdict) for row in self.w.rows.values() for blob, m in row.members.items()}
        for blob, verdict in stored - now:
            # Two groups that met said different things of it, and one verdict can be shown; the relations keep both.
            assert any((blob, other) in stored & now for other in JUDGED if other is not verdict)

    @invariant()
    def what_is_known_is_not_asked(self) -> None:
        known = self._knowledge()
        for row in self.w.rows.values():
            assert not any(known.between(*pair) for pair in row.open_pairs)

    @invariant()
    def every_open_pair_is_asked_once(self) -> None:
        known = self._knowledge()
        asked = Counter(pair for row in self.w.rows.values() for pair in row.open_pairs)
        for pair, kind in self.w.pairs.items():
            is_open = known.between(*pair) is None and all(self.w.blobs[blob].live for blob in pair)
            if kind is PairKind.LOOK_ALIKE:
                assert asked[pair] <= is_open
            else:
                assert asked[pair] == is_open

    @invariant()
    def groups_are_whole(self) -> None:
        for row in self.w.rows.values():
            live_and_judged = [v for v in row.members.values() if v.verdict is not Verdict.NEW]
            assert row.open_pairs or live_and_judged
            assert (row.state in {GroupState.DECIDED, GroupState.APPLIED}) == (not row.open_pairs)
            for pair in row.open_pairs:
                assert all(row.members[blob].asked for blob in pair)
            assert all(self.w.blobs[blob].live for blob, member in row.members.items() if member.asked)


Whatever.TestCase.settings = settings(max_examples=60, stateful_step_count=20, deadline=None, derandomize=True)
TestWhateverHappens = Whatever.TestCase

from __future__ import annotations

import random
import time
from itertools import combinations

import pytest
from groups_world import DAY, HERE, MISSING, NOW, TRASHED, verdicts_of, world

from imagefap_scraper.dedup.components import Edge
from imagefap_scraper.dedup.groups import BlobState, Derived, derive
from imagefap_scraper.dedup.kinds import GroupState, PairKind, Relation
from imagefap_scraper.dedup.knowledge import in_order


def test_the_story_of_a_group() -> None:
    w = world("ab bc")
    assert (w.shown(1), w.rows[1].state, w.asked()) == ("a=n* b=n* c=n*", GroupState.NEW, ["ab", "bc"])

    # Three are decided and applied.
    w.decide(1, verdicts_of("a=k b=s c=s"))
    w.derive()
    assert (w.shown(1), w.rows[1].state, w.asked()) == ("a=k b=s c=s", GroupState.DECIDED, [])
    w.apply(1)
    w.derive()
    assert (w.shown(1), w.rows[1].state) == ("a=k b=s c=s", GroupState.APPLIED)

    # A fourth copy arrives: it alone is asked about.
    w.see("ad")
    w.derive(new_run=True)
    assert (w.shown(1), w.rows[1].state, w.asked()) == ("a=k* b=s c=s d=n*", GroupState.REOPENED, ["ad"])
    w.decide(1, verdicts_of("d=k"))
    w.derive()
    assert (w.shown(1), w.asked()) == ("a=k b=s c=s d=k", [])

    # A second group is decided, and then joins: only the new edge is asked about, no verdict is lost.
    w.see("xy")
    w.derive(new_run=True)
    assert w.shown(2) == "x=n* y=n*"
    w.decide(2, verdicts_of("x=k y=s"))
    w.derive()
    relations = dict(w.relations)
    w.see("dy")
    derived = w.derive(new_run=True)
    assert derived.vanished == [2]
    assert (w.shown(1), w.asked()) == ("a=k* b=s c=s d=k* x=k* y=s*", ["dy"])
    assert w.rows[1].state is GroupState.REOPENED
    assert w.relations == relations
    w.decide(1, verdicts_of("a=k x=s"))
    w.derive()
    assert (w.shown(1), w.rows[1].state, w.asked()) == ("a=k b=s c=s d=k x=s y=s", GroupState.DECIDED, [])

    # The limits become narrower, then wider than ever: whatever was decided is not asked again.
    w.pairs.clear()
    w.derive(new_run=True)
    assert (w.shown(1), w.asked()) == ("a=k b=s c=s d=k x=s y=s", [])
    w.see(" ".join(a + b for a, b in combinations("abcdxy", 2)))
    w.derive(new_run=True)
    assert (w.shown(1), w.rows[1].state, w.asked()) == ("a=k b=s c=s d=k x=s y=s", GroupState.DECIDED, [])

    # One is deleted; by way of it others are linked still.
    w.blobs["a"] = BlobState(False, False)
    w.see("ez")
    w.see("de")
    w.derive(new_run=True)
    assert (w.shown(1), w.asked()) == ("a=k b=s c=s d=k* e=n* x=s* y=s* z=n*", ["de", "ez"])

    # What is not like the others stays listed, and goes its own way with what it is like.
    w.decide(1, verdicts_of("e=f z=f"))
    w.derive(new_run=True)
    assert w.shown(1) == "a=k b=s c=s d=k e=f x=s y=s z=f"
    assert (w.shown(2), w.asked()) == ("e=n* z=n*", ["ez"])


def test_a_group_without_verdicts_vanishes_with_its_evidence() -> None:
    w = world("ab")
    w.pairs.clear()
    assert w.derive() == Derived(groups=[], vanished=[1])


def test_a_group_takes_new_members_and_lets_go_of_others() -> None:
    w = world("ab bc")
    del w.pairs["a", "b"]
    w.see("cd")
    w.derive()
    assert w.shown(1) == "b=n* c=n* d=n*"


def test_a_component_is_the_group_that_shares_most_and_of_two_the_oldest() -> None:
    w = world("ab cd de")
    w.see("bc")
    assert w.derive().vanished == [1]
    assert list(w.rows) == [2]
    w = world("ab cd")
    w.see("bc")
    assert w.derive().vanished == [2]


def test_a_group_that_falls_apart_goes_on_as_the_greater_part() -> None:
    w = world("ab bc cd de")
    del w.pairs["b", "c"]
    w.derive()
    assert (w.shown(1), w.shown(2)) == ("c=n* d=n* e=n*", "a=n* b=n*")


@pytest.mark.parametrize(
    "link", [[("b", "x", Relation.SAME), ("c", "x", Relation.SAME)], [("b", "c", Relation.VARIANT)]]
)
def test_knowledge_links_also_by_way_of_what_is_gone(link: list[tuple[str, str, Relation]]) -> None:
    w = world("ab cd")
    w.relations = {(a, b): relation for a, b, relation in link}
    w.derive()
    assert w.shown(1).replace("*", "") == "a=n b=n c=n d=n"
    assert w.asked() == ["ab", "cd"]


def test_a_variant_that_is_gone_links_nothing() -> None:
    w = world("ab cd")
    w.blobs["x"] = TRASHED
    w.relations = {("b", "x"): Relation.VARIANT, ("c", "x"): Relation.VARIANT}
    w.derive()
    assert (w.shown(1), w.shown(2)) == ("a=n* b=n*", "c=n* d=n*")


def test_what_is_not_the_same_links_nothing() -> None:
    w = world("ab bc cd")
    w.relations["b", "c"] = Relation.NOT_SAME
    w.derive()
    assert w.asked() == ["ab", "cd"]
    assert len(w.rows) == 2


def test_only_copies_of_what_is_asked_are_asked() -> None:
    w = world("ab ac")
    w.decide(1, verdicts_of("a=k b=s c=k"), "c")
    w.see("bd")
    w.derive()
    assert w.shown(1) == "a=k* b=s* c=k d=n*"


def test_the_kind_is_the_least_sure_of_what_is_asked() -> None:
    w = world("ab")
    w.see("bc", PairKind.CROP)
    w.see("cd", PairKind.EDITED)
    w.derive()
    assert w.rows[1].kind is PairKind.CROP
    w.decide(1, verdicts_of("b=k c=s"))
    w.derive()
    assert w.rows[1].kind is PairKind.EDITED
    w.decide(1, verdicts_of("a=f d=f"))
    w.derive()
    assert w.rows[1].kind is PairKind.EDITED


def test_look_alikes_are_groups_of_their_own() -> None:
    w = world("ab")
    w.see("bc cd", PairKind.LOOK_ALIKE)
    w.derive()
    assert (w.shown(1), w.shown(2)) == ("a=n* b=n*", "b=n* c=n* d=n*")
    assert w.rows[2].kind is PairKind.LOOK_ALIKE
    # What a confirmed component holds together needs no question of that sort.
    w.see("bc")
    w.see("ac", PairKind.LOOK_ALIKE)
    w.derive()
    assert w.asked() == ["ab", "bc", "cd"]
    assert w.shown(1) == "a=n* b=n* c=n*"


def test_a_decision_among_look_alikes_is_not_made_again_among_copies() -> None:
    w = world("ab bc", PairKind.LOOK_ALIKE)
    w.decide(1, verdicts_of("a=k b=s c=f"))
    w.derive()
    assert (w.shown(1), w.rows[1].kind) == ("a=k b=s c=f", PairKind.LOOK_ALIKE)
    w.see("ab bc ad")
    w.derive()
    assert (w.shown(1), w.rows[1].kind, w.asked()) == ("a=k* b=s* c=f d=n*", PairKind.COPY, ["ad"])


def test_what_two_false_ones_are_to_each_other_is_asked_apart() -> None:
    w = world("ab bc cd bd")
    w.decide(1, verdicts_of("a=k b=s c=f d=f"))
    w.derive()
    assert (w.shown(1), w.shown(2)) == ("a=k b=s c=f d=f", "c=n* d=n*")
    w.decide(2, verdicts_of("c=k d=s"))
    w.derive()
    assert (w.shown(1), w.shown(2), w.asked()) == ("a=k b=s c=f d=f", "c=k d=s", [])


def test_of_two_verdicts_on_one_the_one_that_loses_nothing_stays() -> None:
    w = world("ab bc cd bd")
    w.decide(1, verdicts_of("a=k b=s c=f d=f"))
    w.derive()
    w.decide(2, verdicts_of("c=k d=s"))
    w.see("ex ax cx")
    w.derive()
    assert w.shown(1) == "a=k* b=s* c=k* d=s* e=n* x=n*"


def test_one_not_judged_stays_beside_what_it_is_known_to_belong_to() -> None:
    w = world("ab ac ad")
    w.decide(1, verdicts_of("a=k b=s"))
    w.relations |= {("a", "c"): Relation.VARIANT, ("a", "d"): Relation.NOT_SAME}
    w.derive()
    assert (w.shown(1), w.rows[1].state, w.asked()) == ("a=k b=s c=n", GroupState.DECIDED, [])


def test_one_not_judged_that_hangs_on_a_false_one_is_asked_apart() -> None:
    w = world("ab")
    w.decide(1, verdicts_of("a=k b=f"))
    w.see("bc")
    w.derive()
    assert (w.shown(1), w.shown(2)) == ("a=k b=f", "b=n* c=n*")


def test_where_one_is_judged_false_alone_the_others_go_on_being_asked() -> None:
    w = world("ab bc ac")
    w.decide(1, verdicts_of("c=f"))
    w.derive()
    assert (w.shown(1), w.rows[1].state, w.asked()) == ("a=n* b=n* c=f", GroupState.NEW, ["ab"])
    # Something new is like one of them: now a judged group asks again.
    w.see("bd")
    w.derive(new_run=True)
    assert (w.shown(1), w.rows[1].state, w.asked()) == ("a=n* b=n* c=f d=n*", GroupState.REOPENED, ["ab", "bd"])


@pytest.mark.parametrize(
    ("pairs", "given", "left"),
    [("ab", "a=f", "a=f b=n"), ("ab", "a=f b=f", "a=f b=f"), ("ab ac bc", "a=f b=f", "a=f b=f c=n")],
)
def test_what_was_parted_is_a_group_that_is_done(pairs: str, given: str, left: str) -> None:
    w = world(pairs)
    w.decide(1, verdicts_of(given))
    w.derive()
    assert (w.shown(1), w.rows[1].state, w.asked()) == (left, GroupState.APPLIED, [])
    w.see("bd")
    w.derive(new_run=True)
    assert w.asked() == ["bd"]


def test_keep_alone_goes_on_asking_about_the_others_and_nothing_new_has_come() -> None:
    w = world("ab")
    w.decide(1, verdicts_of("a=k"))
    w.derive()
    w.derive(new_run=True)
    assert (w.shown(1), w.rows[1].state, w.asked()) == ("a=k* b=n*", GroupState.NEW, ["ab"])
    w.see("bc")
    w.derive(new_run=True)
    assert w.rows[1].state is GroupState.REOPENED


def test_one_that_was_skipped_goes_where_its_keeper_is_asked_about() -> None:
    w = world("ab cd")
    w.decide(1, verdicts_of("a=k b=s"))
    w.decide(2, verdicts_of("c=k d=s"))
    w.see("bc")
    w.derive()
    w.decide(1, verdicts_of("c=f"))
    w.derive()
    assert (w.shown(1), w.asked()) == ("a=k b=s c=f d=s", [])
    w.see("ce")
    w.derive()
    assert (w.shown(1), w.shown(2), w.asked()) == ("a=k b=s c=f", "c=n* d=s* e=n*", ["ce"])


def test_without_a_question_a_group_is_decided_until_nothing_is_left_to_do() -> None:
    w = world("ab ac")
    w.decide(1, verdicts_of("a=k b=s"))
    w.derive()
    assert w.rows[1].state is GroupState.NEW
    del w.pairs["a", "c"]
    w.derive()
    assert w.rows[1].state is GroupState.DECIDED
    w.see("ac")
    w.derive()
    w.apply(1)
    del w.pairs["a", "c"]
    w.derive()
    assert w.rows[1].state is GroupState.APPLIED


def test_a_suggestion_stands_while_the_members_are_the_same() -> None:
    w = world("ab bc")
    w.set_state(1, GroupState.SUGGESTED)
    w.derive(new_run=True)
    assert w.rows[1].state is GroupState.SUGGESTED
    w.see("cd")
    w.derive()
    assert w.rows[1].state is GroupState.NEW


def test_a_group_is_deferred_until_a_moment() -> None:
    w = world("ab")
    w.set_state(1, GroupState.DEFERRED, NOW + DAY)
    w.derive(new_run=True)
    assert w.rows[1].state is GroupState.DEFERRED
    w.now += DAY
    w.derive()
    assert w.rows[1].state is GroupState.NEW


def test_a_group_is_deferred_until_the_next_search() -> None:
    w = world("ab")
    w.set_state(1, GroupState.DEFERRED)
    w.derive()
    assert w.rows[1].state is GroupState.DEFERRED
    w.derive(new_run=True)
    assert w.rows[1].state is GroupState.NEW


def test_a_new_member_ends_a_deferral_and_new_evidence_does_not() -> None:
    w = world("ab bc")
    w.decide(1, verdicts_of("a=k b=s"))
    w.set_state(1, GroupState.DEFERRED, NOW + DAY)
    w.see("ac")
    w.derive()
    assert w.rows[1].state is GroupState.DEFERRED
    w.see("cd")
    w.derive()
    assert w.rows[1].state is GroupState.REOPENED


def test_a_group_is_stale_while_no_question_can_be_looked_at() -> None:
    w = world("ab bc")
    w.blobs["a"] = MISSING
    w.derive()
    assert w.rows[1].state is GroupState.NEW
    w.blobs["b"] = MISSING
    w.derive()
    assert w.rows[1].state is GroupState.STALE
    w.blobs["b"] = HERE
    w.derive()
    assert w.rows[1].state is GroupState.NEW


def test_an_unknown_blob_is_not_live() -> None:
    derived = derive([Edge("a", "b", PairKind.COPY)], [("b", "c", Relation.SAME)], {"a": HERE}, [], now=NOW, next_id=1)
    assert derived == Derived([], [])


def test_many_pairs_take_seconds() -> None:
    chance = random.Random(4)
    blobs = {f"{chance.getrandbits(256):064x}": HERE for _ in range(100_000)}
    names = list(blobs)
    pairs = [Edge(*chance.sample(names[at : at + 8], 2), PairKind.COPY) for at in range(80_000) for _ in "12"]
    started = time.process_time()
    derived = derive(pairs, [], blobs, [], now=NOW, next_id=1)
    # About 2 s; a way that grows with the square would take hours.
    assert time.process_time() - started < 15
    assert len({pair for row in derived.groups for pair in row.open_pairs}) == len({in_order(*p[:2]) for p in pairs})


def test_what_one_group_keeps_and_another_has_thrown_out_gives_its_place_to_what_that_one_keeps() -> None:
    w = world("ab")
    w.see("bc", PairKind.LOOK_ALIKE)
    w.derive()
    assert (w.shown(1), w.shown(2)) == ("a=n* b=n*", "b=n* c=n*")
    w.decide(2, verdicts_of("b=k"))
    w.derive()
    w.decide(1, verdicts_of("a=k b=s"))
    w.blobs["b"] = BlobState(False, True, "a")
    w.derive()
    assert (w.shown(1), w.shown(2)) == ("a=k b=s", "a=k b=s")
    assert w.derived().groups == list(w.rows.values())

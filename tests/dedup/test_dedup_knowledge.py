from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagefap_scraper.dedup.kinds import Relation
from imagefap_scraper.dedup.knowledge import DisjointSets, Knowledge, closest, in_order
from imagefap_scraper.dedup.separation import rows_in_the_way

SAME, VARIANT, NOT_SAME = Relation.SAME, Relation.VARIANT, Relation.NOT_SAME
BLOBS = "abcdefg"
facts = st.lists(st.tuples(st.sampled_from(BLOBS), st.sampled_from(BLOBS), st.sampled_from(Relation)), max_size=14).map(
    lambda rows: [(*in_order(a, b), relation) for a, b, relation in rows if a != b]
)


def test_sets_are_named_by_their_least_whatever_the_order() -> None:
    sets = DisjointSets()
    sets.union("d", "c")
    sets.union("b", "c")
    assert [sets.find(thing) for thing in "abcd"] == ["a", "b", "b", "b"]


def test_same_is_transitive() -> None:
    knowledge = Knowledge([("a", "b", SAME), ("c", "b", SAME)])
    assert knowledge.between("a", "c") is SAME
    assert knowledge.between("a", "d") is None
    assert knowledge.class_of("c") == "a"


@pytest.mark.parametrize("relation", [VARIANT, NOT_SAME])
def test_what_holds_for_two_holds_for_their_classes(relation: Relation) -> None:
    knowledge = Knowledge([("a", "b", SAME), ("c", "d", SAME), ("b", "c", relation)])
    assert knowledge.between("a", "d") is relation
    # It is not passed on any further.
    assert Knowledge([("a", "b", relation), ("b", "c", relation)]).between("a", "c") is None


def test_the_closest_of_contradicting_facts_wins() -> None:
    assert Knowledge([("a", "b", SAME), ("b", "c", SAME), ("a", "c", NOT_SAME)]).between("a", "c") is SAME
    assert Knowledge([("a", "b", SAME), ("a", "c", NOT_SAME), ("b", "c", VARIANT)]).between("a", "c") is VARIANT
    assert closest([NOT_SAME, SAME, VARIANT]) is SAME


def test_the_rows_about_some_blobs_are_those_of_their_classes() -> None:
    knowledge = Knowledge([("a", "b", SAME), ("b", "c", NOT_SAME), ("c", "d", VARIANT), ("e", "f", SAME)])
    assert knowledge.rows_about("a") == {("a", "b"): SAME, ("b", "c"): NOT_SAME}
    assert knowledge.rows_about("g") == {}
    assert list(knowledge.variants()) == [("c", "d")]


@given(facts, st.randoms(use_true_random=False))
def test_the_order_of_facts_is_of_no_account(rows: list[tuple[str, str, Relation]], random: object) -> None:
    shuffled = [(b, a, relation) for a, b, relation in rows]
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    one, other = Knowledge(rows), Knowledge(shuffled)
    for a, b in combinations(BLOBS, 2):
        assert one.between(a, b) is one.between(b, a) is other.between(a, b)


@given(facts, st.sampled_from(BLOBS), st.sampled_from(BLOBS), st.sampled_from(Relation))
def test_what_is_said_of_two_holds_once_the_rows_in_the_way_are_gone(
    rows: list[tuple[str, str, Relation]], a: str, b: str, relation: Relation
) -> None:
    if a == b:
        return
    before = Knowledge(rows)
    said = {in_order(a, b): relation}
    dropped = rows_in_the_way(said, before, {a})
    assert set(dropped) <= before.rows.keys()
    left = {pair: known for pair, known in before.rows.items() if pair not in dropped}
    after = Knowledge((*pair, known) for pair, known in (left | said).items())
    assert after.between(a, b) is relation
    if before.between(a, b) in {None, relation}:
        assert dropped == []


def test_a_way_is_cut_beside_the_one_that_is_apart() -> None:
    knowledge = Knowledge([("a", "b", SAME), ("b", "c", SAME), ("c", "d", SAME)])
    assert rows_in_the_way({("a", "d"): NOT_SAME}, knowledge, {"a"}) == [("a", "b")]
    assert rows_in_the_way({("a", "d"): NOT_SAME}, knowledge, {"d"}) == [("c", "d")]
    assert rows_in_the_way({("b", "d"): VARIANT}, knowledge, {"d"}) == [("c", "d")]


def test_variants_between_two_classes_stand_in_the_way_of_not_the_same() -> None:
    knowledge = Knowledge([("a", "b", SAME), ("b", "c", VARIANT), ("c", "d", NOT_SAME)])
    assert rows_in_the_way({("a", "c"): NOT_SAME}, knowledge, {"c"}) == [("b", "c")]

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

import pytest

from imagefap_scraper.dedup.decisions import Decision, decide
from imagefap_scraper.dedup.groups import KnownGroup
from imagefap_scraper.dedup.kinds import GroupState, PairKind, Relation, Verdict
from imagefap_scraper.dedup.knowledge import Knowledge
from imagefap_scraper.exceptions import UserInputError

if TYPE_CHECKING:
    from collections.abc import Collection

SAME, VARIANT, NOT_SAME = Relation.SAME, Relation.VARIANT, Relation.NOT_SAME
VERDICTS = {"n": Verdict.NEW, "k": Verdict.KEEP, "s": Verdict.SKIP, "f": Verdict.FALSE}


def verdicts_of(text: str) -> dict[str, Verdict]:
    """Read `a=k b=s`: a is kept, b skipped; n is new, f false."""
    return {word[0]: VERDICTS[word[2]] for word in text.split()}


def relations_of(text: str) -> list[tuple[str, str, Relation]]:
    """Read `ab ac~ ad!`: a and b are the same, a and c variants, a and d not the same."""
    kinds = {"": SAME, "~": VARIANT, "!": NOT_SAME}
    return [(word[0], word[1], kinds[word[2:]]) for word in text.split()]


def decided(before: str, given: str, *, variants: str = "", known: str = "", gone: Collection[str] = ()) -> Decision:
    members = verdicts_of(before)
    group = KnownGroup(7, PairKind.COPY, GroupState.NEW, members)
    live = members.keys() - set(gone)
    return decide(group, verdicts_of(given), variants, Knowledge(relations_of(known)), live=live)


def after(decision: Decision, known: str = "") -> Knowledge:
    """Return what is known once a decision is on record."""
    rows = {(a, b): relation for a, b, relation in relations_of(known) if (a, b) not in decision.dropped}
    rows |= {(a, b): relation for a, b, relation in decision.relations}
    return Knowledge((*pair, relation) for pair, relation in rows.items())


def test_what_is_kept_and_skipped_is_the_same_as_the_keeper() -> None:
    decision = decided("a=n b=n c=n d=n", "c=k a=s b=k")
    assert decision.relations == relations_of("ac bc")
    assert decision.keeper == "c"
    assert decision.skipped == ["a"]
    assert decision.verdicts == verdicts_of("a=s b=k c=k d=n")
    assert decision.dropped == []


def test_variants_are_variants_of_the_keeper_and_of_each_other() -> None:
    decision = decided("a=n b=n c=n d=n", "b=k c=k a=k d=s", variants="bc")
    assert decision.relations == relations_of("ab~ ac~ ad bc~")
    assert decision.keeper == "a"


def test_what_is_false_is_not_the_same_as_anything_kept_or_skipped() -> None:
    decision = decided("a=n b=n c=n d=n e=n", "a=k b=s c=f d=f")
    assert decision.relations == relations_of("ab ac! ad! bc! bd! ce! de!")


def test_where_all_is_false_no_two_are_the_same() -> None:
    decision = decided("a=n b=n c=n", "a=f b=f c=f")
    assert decision.relations == relations_of("ab! ac! bc!")
    assert decision.keeper is None
    assert decision.skipped == []


def test_false_alone_is_not_the_same_as_any_other() -> None:
    decision = decided("a=n b=n c=n", "c=f")
    assert decision.relations == relations_of("ac! bc!")
    assert decision.verdicts == verdicts_of("a=n b=n c=f")
    assert decided("a=n b=n", "a=f").relations == relations_of("ab!")
    assert decided("a=n b=n c=n d=n", "c=f d=f").relations == relations_of("ac! ad! bc! bd! cd!")
    assert decided("a=n b=n c=n", "a=k c=f").relations == relations_of("ac! bc!")
    # Said once more of what has come since.
    assert decided("a=n c=f", "c=f").relations == relations_of("ac!")
    # What was judged before is not said of what has come since, until that is judged.
    assert decided("a=n b=n c=f", "a=k").relations == relations_of("ac!")


def test_false_alone_takes_nothing_back_that_is_known_of_what_is_not_judged() -> None:
    decision = decided("a=n b=n c=n", "c=f", known="ac")
    assert (decision.relations, decision.dropped) == (relations_of("bc!"), [])


def test_keep_alone_says_nothing_of_the_others() -> None:
    decision = decided("a=n b=n", "a=k")
    assert (decision.relations, decision.keeper, decision.skipped) == ([], "a", [])


def test_one_more_is_judged_against_the_keeper_of_before() -> None:
    decision = decided("a=k b=s c=n", "c=s", known="ab", gone="b")
    assert (decision.relations, decision.keeper, decision.skipped) == (relations_of("ac"), "a", ["c"])
    decision = decided("a=k b=s c=n", "c=f", known="ab", gone="b")
    assert decision.relations == relations_of("ac! bc!")


def test_the_keeper_changes() -> None:
    decision = decided("a=k b=s c=n", "c=k a=s", known="ab", gone="b")
    assert (decision.keeper, decision.skipped) == ("c", ["a"])
    assert decision.relations == relations_of("ac")
    assert after(decision, "ab").between("b", "c") is SAME


def test_two_decided_groups_that_met_are_one_picture() -> None:
    decision = decided("a=k b=s c=k d=s", "c=s", known="ab cd", gone="bd")
    assert decision.relations == relations_of("ac")
    assert after(decision, "ab cd").between("b", "d") is SAME


@pytest.mark.parametrize(("given", "variants", "relation"), [("c=f", "", "ac! bc!"), ("", "c", "ac~")])
def test_what_was_skipped_for_another_goes_with_it(given: str, variants: str, relation: str) -> None:
    decision = decided("a=k b=s c=k d=s", given, variants=variants, known="ab cd", gone="bd")
    assert decision.relations == relations_of(relation)
    assert decision.dropped == []
    known = after(decision, "ab cd")
    assert known.between("c", "d") is SAME
    assert known.between("a", "d") is relations_of(relation)[0][2]


def test_verdicts_given_once_more_change_nothing_that_is_known() -> None:
    decision = decided("a=k b=k c=s d=f", "a=k b=k c=s d=f", known="ab~ ac ad! bd! cd!")
    assert decision.relations == []
    assert decision.dropped == []


def test_a_variant_stays_one_when_another_copy_arrives() -> None:
    decision = decided("a=k b=k c=n", "a=k c=s", known="ab~")
    assert decision.relations == relations_of("ac")
    assert after(decision, "ab~").between("b", "c") is VARIANT
    decision = decided("a=k b=k c=n", "a=k c=k", variants="c", known="ab~")
    assert decision.relations == relations_of("ac~ bc~")


def test_a_mind_that_changes_about_one() -> None:
    decision = decided("a=k b=s c=s", "b=f", known="ab ac")
    assert decision.relations == relations_of("ab! bc!")
    assert decision.dropped == []
    # What hung together by way of it alone stays together.
    decision = decided("a=k b=s c=s d=s", "b=f", known="ac bc bd")
    assert decision.relations == relations_of("ab! ad bc! bd!")
    known = after(decision, "ac bc bd")
    assert [known.between("b", other) for other in "acd"] == [NOT_SAME] * 3
    assert [known.between("a", other) for other in "cd"] == [SAME] * 2


def test_a_mind_that_changes_about_the_keeper() -> None:
    decision = decided("a=k b=s c=s", "a=f b=k", known="ab ac")
    known = after(decision, "ab ac")
    assert known.between("b", "c") is SAME
    assert known.between("a", "b") is known.between("a", "c") is NOT_SAME


def test_a_way_by_a_blob_of_no_group_is_cut() -> None:
    decision = decided("a=k b=k", "b=f", known="ax bx")
    assert decision.dropped == [("b", "x")]
    assert after(decision, "ax bx").between("a", "b") is NOT_SAME


def test_not_the_same_after_all_is_the_same() -> None:
    decision = decided("a=k b=f c=s", "b=s", known="ab! ac bc!")
    known = after(decision, "ab! ac bc!")
    assert all(known.between(*pair) is SAME for pair in combinations("abc", 2))


def test_judged_false_and_since_known_otherwise_is_not_taken_back_in_passing() -> None:
    decision = decided("a=k b=f c=n", "c=s", known="ab")
    assert decision.relations == relations_of("ac")
    assert decision.dropped == []


@pytest.mark.parametrize(
    ("before", "given", "variants", "message"),
    [
        ("a=n b=n", "a=s b=s", "", "lose its last copy"),
        ("a=n b=n c=n", "a=s b=f", "", "lose its last copy"),
        ("a=k b=s", "a=f", "", "lose its last copy"),
        ("a=n b=n", "x=k", "", "no member"),
        ("a=n b=n", "a=k", "x", "no member"),
        ("a=n b=n", "a=k b=s", "b", "cannot be a variant"),
        ("a=n b=n", "a=k b=k", "ab", "nothing to be a variant of"),
        ("a=n b=n", "", "", "no verdict was given"),
        ("a=k b=s", "b=n", "", "not taken back"),
    ],
)
def test_what_cannot_be_is_refused_in_one_line(before: str, given: str, variants: str, message: str) -> None:
    with pytest.raises(UserInputError, match=message) as raised:
        decided(before, given, variants=variants)
    assert "\n" not in str(raised.value)


def test_what_is_in_the_trash_can_be_neither_kept_nor_the_keeper() -> None:
    with pytest.raises(UserInputError, match="restore it first"):
        decided("a=n b=s", "b=k", gone="b")
    with pytest.raises(UserInputError, match="lose its last copy"):
        decided("a=k b=n", "b=s", gone="a")


@pytest.mark.parametrize("known", ["ab~", "ab!", ""])
def test_a_keeper_is_not_guessed_among_two(known: str) -> None:
    with pytest.raises(UserInputError, match="keeps a and b, which are not known to be the same"):
        decided("a=k b=k c=n", "c=s", known=known)
    assert decided("a=k b=k c=n", "b=k c=s", known=known).keeper == "b"
    # Nor where the new one is kept: it would make them the same.
    with pytest.raises(UserInputError, match="keeps a and b"):
        decided("a=k b=k c=n", "c=k", known=known)
    # What is like neither needs none.
    assert decided("a=k b=k c=n", "c=f", known=known).relations == relations_of("ac! bc!")


def test_what_two_others_are_does_not_hang_on_the_one_that_parts() -> None:
    # b and e are variants by way of a alone, and a is not like them after all.
    decision = decided("a=k b=k d=k e=k", "a=f b=k d=k", variants="d", known="ab ae~ bd~ ad~")
    known = after(decision, "ab ae~ bd~ ad~")
    assert known.between("b", "e") is VARIANT
    assert [known.between("a", other) for other in "bde"] == [NOT_SAME] * 3

from __future__ import annotations

import json
from dataclasses import asdict, replace
from itertools import combinations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imagefap_scraper.dedup.kinds import PairKind
from imagefap_scraper.dedup.suggestion import Candidate, Pair, Suggestion, suggest
from imagefap_scraper.dedup.weights import Reason, Steps, Weights, read_weights
from imagefap_scraper.exceptions import SettingError

FACTS: dict[str, Any] = {
    "quantization": 1000,
    "subsampling": "4:2:0",
    "alpha": False,
    "grey": False,
    "icc": False,
    "exif": False,
    "detail": 0.5,
    "flat": False,
}
#: Two that are equal in every fact.
BASE = Candidate("a", 1000, 800, 100_000, "JPEG", facts=FACTS, image_id=7, folders=1)


def copy(sha256: str, facts: dict[str, Any] | None = None, **changes: Any) -> Candidate:
    return replace(BASE, sha256=sha256, facts={**FACTS, **(facts or {})}, **changes)


def linked(*members: Candidate, kind: PairKind = PairKind.COPY, **changes: Any) -> list[Pair]:
    """Return a pair for any two of them."""
    values: dict[str, Any] = {"distance": 0, "peak": 5.0, **changes}
    return [Pair(one.sha256, other.sha256, kind, **values) for one, other in combinations(members, 2)]


def of(*members: Candidate, weights: Weights | None = None, **changes: Any) -> Suggestion:
    return suggest(members, linked(*members, **changes), weights or Weights())


def larger(sha256: str = "b", facts: dict[str, Any] | None = None, **changes: Any) -> Candidate:
    """Return a copy that is clearly the best: 2.25 times the pixels."""
    return copy(sha256, facts, **{"width": 1500, "height": 1200, **changes})


def points(suggestion: Suggestion) -> dict[tuple[str, str], int]:
    return {(reason.member, reason.fact): reason.points for reason in suggestion.reasons}


# --- Points ---------------------------------------------------------------------------------------------------------

EACH_POINT = [
    ({"width": 1010, "height": 808}, {}, "pixels", 20),
    ({"width": 1410, "height": 1128}, {}, "pixels", 20),  # 1.988 times
    ({"width": 1500, "height": 1200}, {}, "pixels", 50),
    ({}, {"quantization": 500}, "quality", 10),  # exactly twice is not more than twice
    ({}, {"quantization": 499}, "quality", 20),
    ({}, {"quantization": 833}, "quality", 10),
    ({}, {"subsampling": "4:4:4"}, "subsampling", 10),
    ({}, {"subsampling": "4:2:2"}, "subsampling", 10),
    ({"size": 105_001}, {}, "bytes", 10),
    ({"size": 200_000}, {}, "bytes", 10),
    ({"size": 200_001}, {}, "bytes", 20),
    ({}, {"icc": True}, "metadata", 5),
    ({}, {"exif": True}, "metadata", 5),
    ({}, {"exif": True, "icc": True}, "metadata", 5),
    ({"image_id": 6}, {}, "older", 4),
    ({"folders": 2}, {}, "folders", 4),
    ({"tags": 1}, {}, "tags", 8),
    ({"names": True}, {}, "name", 2),
]


@pytest.mark.parametrize(("changes", "facts", "fact", "expected"), EACH_POINT)
def test_each_fact_alone_gives_its_points(
    changes: dict[str, Any], facts: dict[str, Any], fact: str, expected: int
) -> None:
    found = of(BASE, copy("b", facts, **changes))
    assert points(found) == {("b", fact): expected}
    assert found.margin == expected
    assert found.keeper == ("b" if expected >= 10 else None)


@pytest.mark.parametrize(
    ("changes", "facts"),
    [
        ({"size": 105_000}, {}),
        ({}, {"quantization": 834}),
        ({}, {"quantization": None}),
        ({}, {"quantization": 500, "subsampling": None}),  # one table instead of two
        ({}, {"subsampling": "3x2/2x1"}),
        ({}, {"subsampling": "4:1:1"}),  # a quarter of the colour, too
        ({"size": 900_000, "format": "PNG"}, {}),
        ({"image_id": None}, {}),
        ({"gone": True}, {}),
    ],
)
def test_what_is_too_little_or_not_comparable_gives_none(changes: dict[str, Any], facts: dict[str, Any]) -> None:
    assert of(BASE, copy("b", facts, **changes)).reasons == ()


def test_some_metadata_is_as_good_as_much() -> None:
    assert of(copy("a", {"icc": True}), copy("b", {"exif": True})).reasons == ()


def test_tags_count_only_where_the_other_has_none() -> None:
    assert of(replace(BASE, tags=1), copy("b", tags=5)).reasons == ()


def test_a_jpeg_is_kept_rather_than_a_png_made_from_it() -> None:
    png = copy("b", {"quantization": None, "subsampling": None}, format="PNG", size=900_000)
    found = of(BASE, png, kind=PairKind.PIXEL_IDENTICAL, peak=None)
    assert found == Suggestion("a", 100, "high", found.reasons, ())
    assert points(found) == {("a", "format"): 100}
    assert of(BASE, png).reasons == ()  # not so if it is just a copy


def test_bytes_say_nothing_of_equal_pixels() -> None:
    found = of(BASE, copy("b", size=900_000, tags=1), kind=PairKind.PIXEL_IDENTICAL)
    assert points(found) == {("b", "tags"): 8}


def test_pixel_identical_is_known_whichever_way_round_the_pair_is() -> None:
    png = copy("b", format="PNG")
    pair = Pair("b", "a", PairKind.PIXEL_IDENTICAL, 0)
    assert suggest([BASE, png], [pair], Weights()).keeper == "a"


def test_all_facts_add_up() -> None:
    best = copy(
        "b",
        {"quantization": 400, "subsampling": "4:4:4", "icc": True},
        width=1500,
        height=1200,
        size=300_000,
        image_id=1,
        folders=3,
        tags=2,
        names=True,
    )
    found = of(BASE, best)
    assert (found.keeper, found.margin, found.confidence) == ("b", 50 + 20 + 10 + 20 + 5 + 4 + 4 + 8 + 2, "high")
    assert {reason.member for reason in found.reasons} == {"b"}


def test_what_speaks_against_the_best_is_told_and_taken_off() -> None:
    found = of(replace(BASE, image_id=1), larger())
    assert (found.keeper, found.margin) == ("b", 46)
    assert points(found) == {("b", "pixels"): 50, ("a", "older"): 4}
    assert found.reasons[0] == Reason("pixels", 50, "b", "a", "2.25 times the pixels")


@pytest.mark.parametrize(
    ("step", "expected"),
    [(9, (None, 9, None)), (10, ("b", 10, "medium")), (29, ("b", 29, "medium")), (30, ("b", 30, "high"))],
)
def test_the_margin_decides_how_sure_it_is(step: int, expected: tuple[str | None, int, str | None]) -> None:
    found = of(BASE, copy("b", tags=1), weights=Weights(tags=step))
    assert (found.keeper, found.margin, found.confidence) == expected
    assert bool(found.guards) == (found.keeper is None)


def test_a_thin_margin_is_told() -> None:
    found = of(BASE, copy("b", tags=1))
    assert found.guards == ("The best is only 8 of at least 10 points ahead of the next.",)
    assert points(found) == {("b", "tags"): 8}


def test_a_tie_is_told() -> None:
    assert of(BASE, copy("b")) == Suggestion(None, 0, None, (), ("A tie: the best two have equal points.",))


def test_a_tie_of_the_best_two_of_three_is_told() -> None:
    found = of(BASE, larger("b"), larger("c"))
    assert (found.keeper, found.margin) == (None, 0)
    assert found.guards == ("A tie: the best two have equal points.",)


def test_none_ahead_of_all_the_others_is_told() -> None:
    # Each is older than the next, and 4% smaller: too little to count, but not between the first and the last.
    first, second = copy("a", image_id=1, size=100_000), copy("b", image_id=2, size=104_000)
    last = copy("c", image_id=3, size=108_160)
    assert of(first, second).margin == of(second, last).margin == 4
    assert of(first, last).reasons[0] == Reason("bytes", 10, "c", "a", "1.08 times the bytes")
    found = of(first, second, last)
    assert (found.keeper, found.margin) == (None, 0)
    assert found.guards == ("None of them is ahead of all the others.",)


def test_a_lead_does_not_grow_with_the_group() -> None:
    found = of(copy("a", tags=1), *(copy(name) for name in "bcdefghi"))
    assert (found.keeper, found.margin) == (None, 8)


def test_the_margin_is_that_over_the_closest_rival() -> None:
    found = of(copy("a", width=500, height=400), copy("b"), larger("c", width=2000, height=1600))
    assert (found.keeper, found.margin) == ("c", 50)
    near = of(copy("a", width=500, height=400), copy("b"), copy("c", width=1100, height=880))
    assert (near.keeper, near.margin, near.confidence) == ("c", 20, "medium")
    assert [(reason.over, reason.points) for reason in near.reasons] == [("b", 20), ("a", 50)]


# --- Guards ---------------------------------------------------------------------------------------------------------

#: What is changed of the better of two; of their pair; what a person is told.
EACH_GUARD: list[tuple[dict[str, Any], dict[str, Any], dict[str, Any], str]] = [
    ({"unchecked": True, "facts": {}}, {}, {}, "One could not be decoded fully."),
    ({"width": None, "height": None}, {}, {}, "One could not be decoded fully."),
    ({"facts": {}}, {}, {}, "One has not been looked at closely yet."),
    ({}, {}, {"peak": None}, "Two of them have not been compared closely yet."),
    ({"animated": True}, {}, {}, "One is animated, another is not."),
    ({"frames": 3}, {}, {}, "They have different numbers of frames."),
    ({}, {}, {"orientation": 1}, "One is mirrored or rotated."),
    ({}, {}, {"kind": PairKind.TURNED}, "One is mirrored or rotated."),
    ({"width": 1516}, {}, {}, "One may be a part of another: their aspects differ by more than 1%."),
    ({}, {}, {"kind": PairKind.CROP}, "One is a part of another."),
    ({}, {"alpha": True}, {}, "One is transparent in places, another is not."),
    ({}, {"grey": True}, {}, "One is grey, another has colour."),
    ({}, {}, {"peak": 32.5}, "One has been edited: they differ in a place."),
    ({}, {}, {"kind": PairKind.EDITED}, "One has been edited: they differ in a place."),
    ({}, {}, {"kind": PairKind.LOOK_ALIKE}, "Two of them only look alike."),
    ({}, {"detail": 0.39}, {}, "A larger one looks enlarged: it shows hardly more than a smaller one."),
]


@pytest.mark.parametrize(("changes", "facts", "pair", "sentence"), EACH_GUARD)
def test_each_guard_alone_says_why_there_is_no_suggestion(
    changes: dict[str, Any], facts: dict[str, Any], pair: dict[str, Any], sentence: str
) -> None:
    better = larger() if "facts" in changes else larger(facts=facts)
    found = of(BASE, replace(better, **changes), **pair)
    assert found == Suggestion(None, None, None, (), (sentence,))


@pytest.mark.parametrize(
    ("changes", "facts", "pair"),
    [
        ({"width": 1515}, {}, {}),
        ({"height": 1212}, {}, {}),
        ({"frames": None}, {}, {}),
        ({}, {"alpha": None}, {}),
        ({}, {}, {"peak": 32}),
        ({}, {}, {"kind": PairKind.PIXEL_IDENTICAL, "peak": None}),
        ({}, {"detail": 0.4}, {}),
        ({}, {"detail": None}, {}),
    ],
)
def test_what_is_within_the_limits_is_no_guard(
    changes: dict[str, Any], facts: dict[str, Any], pair: dict[str, Any]
) -> None:
    assert of(BASE, replace(larger(facts=facts), **changes), **pair).keeper == "b"


def test_guards_hold_whichever_of_the_two_is_the_worse() -> None:
    assert of(replace(BASE, animated=True), larger()).guards == ("One is animated, another is not.",)
    assert of(copy("z", {"detail": 1.0}), larger("b")).guards  # the larger one has half the detail of the smaller one


def test_detail_says_nothing_of_pictures_of_nearly_one_size_nor_of_flat_ones() -> None:
    assert of(BASE, copy("b", {"detail": 0.3}, width=1240, height=992)).keeper == "b"
    assert of(BASE, copy("b", {"detail": 0.3}, width=1250, height=1000)).keeper is None
    assert of(copy("a", {"detail": 0.0}), larger(facts={"detail": 0.0})).keeper == "b"


def test_a_rotated_one_is_not_called_a_part_as_well() -> None:
    found = of(BASE, copy("b", width=800, height=1000), kind=PairKind.TURNED, orientation=5)
    assert found.guards == ("One is mirrored or rotated.",)


def test_all_guards_that_hold_are_told() -> None:
    found = of(BASE, larger(animated=True, frames=9, facts={"alpha": True}), peak=80, kind=PairKind.EDITED)
    assert found.guards == (
        "One is animated, another is not.",
        "They have different numbers of frames.",
        "One is transparent in places, another is not.",
        "One has been edited: they differ in a place.",
    )


def test_a_chain_is_no_suggestion() -> None:
    members = [BASE, copy("b"), larger("c")]
    whole = linked(*members)
    assert suggest(members, whole, Weights()).keeper == "c"
    for missing in whole:
        found = suggest(members, [pair for pair in whole if pair is not missing], Weights())
        assert found == Suggestion(None, None, None, (), ("Two of them are linked only by way of others.",))


def test_pairs_with_others_are_left_aside() -> None:
    strangers = [Pair("a", "x", PairKind.CROP, 0), Pair("x", "y", PairKind.LOOK_ALIKE, 9)]
    members = [BASE, larger()]
    assert suggest(members, [*linked(*members), *strangers], Weights()) == of(*members)


@pytest.mark.parametrize("members", [[], [BASE]])
def test_one_alone_is_no_choice(members: list[Candidate]) -> None:
    assert of(*members).guards == ("There is nothing to choose between.",)


def test_nothing_protected_may_go() -> None:
    found = of(replace(BASE, protected=True), larger())
    assert (found.keeper, found.margin, found.confidence) == (None, 50, None)
    assert found.guards == ("A copy that would go is protected.",)
    assert of(BASE, larger(protected=True)).keeper == "b"
    assert of(replace(BASE, protected=True), larger(protected=True)).keeper is None


def test_what_is_gone_from_the_site_goes_only_for_as_many_pixels() -> None:
    # The smaller one is of so much better quality that it is the best in spite of its pixels.
    fine = copy("b", {"quantization": 100, "subsampling": "4:4:4"}, size=300_000)
    for gone_width, keeper in ((1000, "b"), (1001, None)):
        gone = copy("a", gone=True, width=gone_width, height=800)
        found = of(gone, fine)
        assert found.keeper == keeper
        assert bool(found.guards) == (keeper is None)
    assert found.guards == ("A copy that would go is gone from the site, and has more pixels.",)
    assert of(copy("a", width=1001), fine).keeper == "b"  # still on the site


def test_both_reasons_against_the_best_are_told() -> None:
    fine = copy("b", {"quantization": 100, "subsampling": "4:4:4"}, size=300_000)
    assert len(of(copy("a", gone=True, protected=True, width=1001), fine).guards) == 2


# --- Whatever the group ---------------------------------------------------------------------------------------------

FACT_SETS = st.fixed_dictionaries(
    {
        "quantization": st.sampled_from([None, 400, 1000, 1150, 3000]),
        "subsampling": st.sampled_from([None, "4:4:4", "4:2:0"]),
        "detail": st.just(0.5),
        "alpha": st.just(False),
        "icc": st.booleans(),
    }
)
FIELDS: dict[str, st.SearchStrategy[Any]] = {
    "scale": st.sampled_from([1, 2, 3, 4, 5, 7]),
    "size": st.integers(1, 10**6),
    "format": st.sampled_from(["JPEG", "JPEG", "PNG"]),
    "facts": FACT_SETS,
    "image_id": st.none() | st.integers(1, 9),
    "folders": st.integers(0, 3),
    "tags": st.integers(0, 2),
    "names": st.booleans(),
    "gone": st.booleans(),
    "protected": st.sampled_from([False, False, False, True]),
}
ONE = st.fixed_dictionaries(FIELDS)


def group(values: list[dict[str, Any]]) -> list[Candidate]:
    members = []
    for number, value in enumerate(values):
        scale = value["scale"]
        rest = {name: item for name, item in value.items() if name != "scale"}
        members.append(Candidate(sha256=f"{number:02}", width=100 * scale, height=80 * scale, **rest))
    return members


@settings(deadline=None)  # other work on the same machine is no fault
@given(st.lists(ONE, min_size=2, max_size=5), st.randoms(use_true_random=False), st.sampled_from(list(PairKind)[:2]))
def test_the_order_of_candidates_and_pairs_does_not_matter(
    values: list[dict[str, Any]], random: Any, kind: PairKind
) -> None:
    members = group(values)
    pairs = linked(*members, kind=kind)
    expected = suggest(members, pairs, Weights())
    random.shuffle(members)
    random.shuffle(pairs)
    turned = [replace(pair, first=pair.second, second=pair.first) for pair in pairs]
    assert suggest(members, turned, Weights()) == expected


@settings(deadline=None)  # other work on the same machine is no fault
@given(st.lists(ONE, min_size=2, max_size=4), st.integers(2, 5), st.data())
def test_more_pixels_never_make_a_copy_worse(values: list[dict[str, Any]], factor: int, data: st.DataObject) -> None:
    before = of(*group(values))
    chosen = data.draw(st.integers(0, len(values) - 1))
    values[chosen] = {**values[chosen], "scale": values[chosen]["scale"] * factor}
    after = of(*group(values))
    if before.keeper == f"{chosen:02}":
        assert after.keeper == before.keeper
        assert (after.margin or 0) >= (before.margin or 0)
    elif before.keeper is not None:
        # Nor do they bring forward anybody but the one that has them.
        assert after.keeper in {None, before.keeper, f"{chosen:02}"}


@settings(deadline=None)  # other work on the same machine is no fault
@given(st.lists(ONE, min_size=2, max_size=4))
def test_the_margin_is_the_sum_of_the_reasons_of_the_closest_rival(values: list[dict[str, Any]]) -> None:
    found = of(*group(values))
    assert (found.keeper is None) == bool(found.guards)
    assert (found.keeper is None) == (found.confidence is None)
    if found.keeper is None:
        return
    assert found.margin is not None
    assert found.margin >= 10
    sums = dict.fromkeys({member.sha256 for member in group(values)} - {found.keeper}, 0)
    for reason in found.reasons:
        if reason.member == found.keeper:
            sums[reason.over] += reason.points
        else:
            sums[reason.member] -= reason.points
    assert min(sums.values()) == found.margin


def test_reasons_are_values_that_json_can_hold() -> None:
    reasons = of(BASE, larger()).reasons
    assert json.loads(json.dumps([asdict(reason) for reason in reasons])) == [asdict(reason) for reason in reasons]


# --- The setting ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["", "  ", ",", "pixels=20/50, format=100"])
def test_weights_that_are_not_named_keep_their_defaults(text: str) -> None:
    assert read_weights(text) == Weights()


def test_weights_are_read() -> None:
    assert read_weights("pixels=1/2,older = 0 , tags=1000, bytes= 3 / 3 ,") == Weights(
        pixels=Steps(1, 2), older=0, tags=1000, bytes=Steps(3, 3)
    )


def test_a_fact_without_points_is_no_reason() -> None:
    assert of(BASE, copy("b", tags=1), weights=read_weights("tags=0")).reasons == ()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("older=1, size=3", "'size=3': give FACT=POINTS, where FACT is one of pixels, format, quality,"),
        ("older", "'older': give a whole number from 0 to 1000"),
        ("older=", "'older=': give a whole number"),
        ("older=-1", "'older=-1': give a whole number"),
        ("older=1001", "'older=1001': give a whole number"),
        ("older=2.5", "'older=2.5': give a whole number"),
        ("older=1_0", "'older=1_0': give a whole number"),
        ("older=\u0664", "give a whole number"),
        ("older=" + "9" * 5000, "give a whole number"),
        ("older=1/2", "'older=1/2': give a whole number"),
        ("pixels=20", "'pixels=20': give two numbers"),
        ("pixels=20/x", "'pixels=20/x': give a whole number"),
        ("pixels=50/20", "'pixels=50/20': give no fewer points for being far ahead"),
        ("tags=1,tags=2", "'tags=2': tags was named before"),
        ("old\ner=1", r"'old\ner=1': give FACT=POINTS"),
    ],
)
def test_weights_that_cannot_be_right_are_refused_in_one_line(text: str, said: str) -> None:
    with pytest.raises(SettingError, match=r"^IMAGEFAP_DUPS_WEIGHTS has '") as caught:
        read_weights(text)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)
    assert caught.value.exit_code == 78

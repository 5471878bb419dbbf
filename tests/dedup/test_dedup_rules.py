from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from typing import Any

import pytest

from imagefap_scraper.dedup.kinds import PairKind
from imagefap_scraper.dedup.rules import RULES, Rule, RuleMode, Then, match, may_be_auto
from imagefap_scraper.dedup.suggestion import Candidate, Pair, Suggestion, suggest
from imagefap_scraper.dedup.weights import Weights

FACTS: dict[str, Any] = {"quantization": 1000, "subsampling": "4:2:0", "alpha": False, "grey": False, "detail": 0.5}
GOOD = Candidate("a", 1000, 800, 100_000, "JPEG", facts={**FACTS, "quantization": 400}, image_id=1)
#: The same picture compressed again.
POOR = Candidate("b", 1000, 800, 40_000, "JPEG", facts=FACTS, image_id=2)
HALF = replace(POOR, sha256="c", width=500, height=400, size=20_000)
THUMB = replace(POOR, sha256="d", width=250, height=200, size=6_000)
PNG = Candidate("e", 1000, 800, 900_000, "PNG", facts={**FACTS, "quantization": None, "subsampling": None}, image_id=3)


def kept(sha256: str = "a") -> Suggestion:
    """Return a suggestion as if points had made it."""
    return Suggestion(sha256, 30, "high", (), ())


def linked(*members: Candidate, kind: PairKind = PairKind.COPY, **changes: Any) -> list[Pair]:
    values: dict[str, Any] = {"distance": 0, "peak": 8.0, **changes}
    return [Pair(one.sha256, other.sha256, kind, **values) for one, other in combinations(members, 2)]


def matches(name: str, *members: Candidate, keeper: str = "a", **changes: Any) -> bool:
    return match(RULES[name], members, linked(*members, **changes), kept(keeper))


def facts(candidate: Candidate, **changes: Any) -> Candidate:
    return replace(candidate, facts={**candidate.facts, **changes})


def test_only_the_surest_rule_is_on_as_shipped() -> None:
    assert {name: rule.mode for name, rule in RULES.items()} == {
        "pixel-identical": "suggest",
        "dominated-copy": "off",
        "compressed-again": "off",
        "tiny-thumbnail": "off",
    }
    assert all(rule.then is Then.KEEP and len(name) <= 32 and rule.description for name, rule in RULES.items())


# --- What holds of every rule ---------------------------------------------------------------------------------------

#: A group and a kind that each rule matches.
TYPICAL: dict[str, tuple[tuple[Candidate, ...], PairKind]] = {
    "pixel-identical": ((GOOD, PNG), PairKind.PIXEL_IDENTICAL),
    "dominated-copy": ((GOOD, POOR, HALF), PairKind.COPY),
    "compressed-again": ((GOOD, POOR), PairKind.COPY),
    "tiny-thumbnail": ((GOOD, THUMB), PairKind.COPY),
}


@pytest.mark.parametrize("name", RULES)
def test_a_rule_matches_what_it_is_for_by_the_real_suggestion(name: str) -> None:
    members, kind = TYPICAL[name]
    pairs = linked(*members, kind=kind)
    suggestion = suggest(members, pairs, Weights())
    assert suggestion.keeper == "a"
    assert match(RULES[name], members, pairs, suggestion)
    assert match(RULES[name], members[::-1], pairs[::-1], suggestion)


@pytest.mark.parametrize("name", RULES)
def test_without_a_suggestion_no_shipped_rule_matches(name: str) -> None:
    members, kind = TYPICAL[name]
    nobody = Suggestion(None, None, None, (), ("One is animated, another is not.",))
    assert not match(RULES[name], members, linked(*members, kind=kind), nobody)


@pytest.mark.parametrize("name", RULES)
@pytest.mark.parametrize("turned", [False, True])
def test_a_denied_pair_is_not_proposed_again(name: str, turned: bool) -> None:
    members, kind = TYPICAL[name]
    pairs = linked(*members, kind=kind)
    first, second = pairs[-1].first, pairs[-1].second
    denied = {(second, first) if turned else (first, second)}
    assert not match(RULES[name], members, pairs, kept(), denied)
    assert match(RULES[name], members, pairs, kept(), {(first, "x"), ("x", second)})


@pytest.mark.parametrize("name", RULES)
@pytest.mark.parametrize("kind", [PairKind.EDITED, PairKind.CROP, PairKind.TURNED, PairKind.LOOK_ALIKE])
def test_no_rule_is_about_what_needs_eyes(name: str, kind: PairKind) -> None:
    members, _ = TYPICAL[name]
    assert not match(RULES[name], members, linked(*members, kind=kind), kept())


@pytest.mark.parametrize("name", RULES)
@pytest.mark.parametrize("position", [0, 1])
def test_no_rule_is_about_animations(name: str, position: int) -> None:
    members, kind = TYPICAL[name]
    moving = [replace(member, animated=at == position) for at, member in enumerate(members)]
    assert not match(RULES[name], moving, linked(*moving, kind=kind), kept())


@pytest.mark.parametrize("name", RULES)
def test_one_pair_that_does_not_fit_is_enough(name: str) -> None:
    members, kind = TYPICAL[name]
    more = replace(members[-1], sha256="z")
    pairs = linked(*members, more, kind=kind)
    assert match(RULES[name], [*members, more], pairs, kept())
    for at, pair in enumerate(pairs):
        odd = [*pairs[:at], replace(pair, kind=PairKind.EDITED), *pairs[at + 1 :]]
        assert not match(RULES[name], [*members, more], odd, kept())


@pytest.mark.parametrize("name", RULES)
def test_pairs_with_others_are_left_aside(name: str) -> None:
    members, kind = TYPICAL[name]
    stranger = Pair("a", "x", PairKind.LOOK_ALIKE, 12)
    assert match(RULES[name], members, [*linked(*members, kind=kind), stranger], kept())
    assert not match(RULES[name], members, [stranger], kept())


# --- Each rule ------------------------------------------------------------------------------------------------------


def test_pixel_identical_is_no_copy() -> None:
    assert not matches("pixel-identical", GOOD, PNG, kind=PairKind.COPY, peak=0.0)
    assert matches("pixel-identical", GOOD, PNG, kind=PairKind.PIXEL_IDENTICAL, peak=None)


@pytest.mark.parametrize(
    "loser",
    [
        POOR,
        HALF,
        replace(GOOD, sha256="x"),
        replace(HALF, width=503),  # 0.6% wider
    ],
)
def test_a_dominated_copy_has_nothing_that_the_keeper_has_less_of(loser: Candidate) -> None:
    assert matches("dominated-copy", GOOD, loser)


@pytest.mark.parametrize(
    "loser",
    [
        replace(POOR, width=1001),
        replace(POOR, size=100_001),
        facts(POOR, quantization=399),
        facts(POOR, quantization=None),
        facts(POOR, subsampling=None),  # grey against colour: quantisation cannot be compared
        replace(HALF, width=506),
        replace(POOR, hash_flat=True),
        replace(PNG, size=50_000),
    ],
)
def test_a_copy_that_may_have_more_of_something_is_not_dominated(loser: Candidate) -> None:
    assert not matches("dominated-copy", GOOD, loser)


@pytest.mark.parametrize(
    ("changes", "expected"), [({"peak": 16}, True), ({"peak": 16.5}, False), ({"peak": None}, False)]
)
@pytest.mark.parametrize("name", ["dominated-copy", "compressed-again"])
def test_compression_leaves_a_small_peak(name: str, changes: dict[str, Any], expected: bool) -> None:
    assert matches(name, GOOD, POOR, **changes) is expected


def test_dominated_needs_equal_hashes_that_mean_something() -> None:
    assert not matches("dominated-copy", GOOD, POOR, distance=1)
    assert not matches("dominated-copy", replace(GOOD, hash_flat=True), POOR)


def test_of_two_lossless_ones_none_is_of_worse_quality() -> None:
    bmp = replace(PNG, sha256="f", format="BMP", size=2_400_000)
    assert matches("dominated-copy", bmp, PNG, keeper="f")
    for image_format in ("WEBP", "GIF", "TIFF", "AVIF"):
        assert not matches("dominated-copy", replace(bmp, format=image_format), PNG, keeper="f")


def test_a_pixel_identical_one_may_be_dominated() -> None:
    assert matches("dominated-copy", GOOD, replace(GOOD, sha256="x"), kind=PairKind.PIXEL_IDENTICAL, peak=None)


@pytest.mark.parametrize(
    "loser",
    [
        facts(POOR, quantization=400),
        facts(POOR, quantization=300),
        facts(POOR, quantization=None),
        replace(POOR, size=100_001),
        replace(POOR, width=999),
        replace(POOR, width=800, height=1000),
        HALF,
    ],
)
def test_compressed_again_is_the_same_size_with_worse_quality(loser: Candidate) -> None:
    assert not matches("compressed-again", GOOD, loser)


def test_compressed_again_may_be_a_little_worse_and_as_large() -> None:
    assert matches("compressed-again", GOOD, facts(replace(POOR, size=GOOD.size), quantization=401))


def test_compressed_again_may_change_the_hash() -> None:
    assert matches("compressed-again", GOOD, POOR, distance=2)
    assert not matches("compressed-again", GOOD, POOR, kind=PairKind.PIXEL_IDENTICAL)


@pytest.mark.parametrize(
    ("keeper", "loser", "expected"),
    [
        ((300, 240), (299, 239), True),
        ((299, 240), (298, 239), False),
        ((1000, 800), (300, 240), False),
        ((800, 1000), (240, 299), True),
        ((800, 1000), (240, 300), False),
        ((1000, 800), (None, None), False),
    ],
)
def test_tiny_is_under_300_pixels(
    keeper: tuple[int, int], loser: tuple[int | None, int | None], expected: bool
) -> None:
    large, small = replace(GOOD, width=keeper[0], height=keeper[1]), replace(THUMB, width=loser[0], height=loser[1])
    assert matches("tiny-thumbnail", large, small) is expected


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"distance": 4}, True),
        ({"distance": 5}, False),
        ({"details": {"ahash": 1, "whash": 1}}, True),
        ({"details": {"ahash": 2, "whash": 1}}, False),
        ({"details": {"ahash": 0, "whash": 2}}, False),
        ({"details": {"whash": 2}}, False),
        ({"details": {"ahash": None, "whash": None}}, True),
        ({"peak": 24}, True),
    ],
)
def test_hashes_of_a_thumbnail_are_close(changes: dict[str, Any], expected: bool) -> None:
    assert matches("tiny-thumbnail", GOOD, THUMB, **changes) is expected


def test_a_thumbnail_is_never_kept_by_this_rule() -> None:
    assert not matches("tiny-thumbnail", GOOD, THUMB, keeper="d")


# --- Rules of other kinds, and the way to auto ----------------------------------------------------------------------


@pytest.mark.parametrize("then", [Then.VARIANTS, Then.NOT_SAME])
def test_a_rule_that_keeps_all_needs_no_suggestion(then: Then) -> None:
    rule = Rule("far-apart", "Hashes far apart.", lambda case: all(pair.distance > 9 for pair in case.pairs), then)
    nobody = Suggestion(None, None, None, (), ("Two of them only look alike.",))
    far = linked(GOOD, POOR, kind=PairKind.LOOK_ALIKE, distance=10)
    assert match(rule, [GOOD, POOR], far, nobody)
    assert not match(rule, [GOOD, POOR], linked(GOOD, POOR), nobody)
    assert not match(replace(rule, then=Then.KEEP), [GOOD, POOR], far, nobody)
    assert rule.mode is RuleMode.OFF


def test_a_keeper_that_is_no_candidate_is_no_suggestion() -> None:
    assert not matches("compressed-again", GOOD, POOR, keeper="x")


@pytest.mark.parametrize(
    ("approved", "denied", "override", "expected"),
    [
        (49, 0, False, False),
        (50, 0, False, True),
        (100, 0, False, True),
        (99, 1, False, False),
        (0, 0, False, False),
        (0, 0, True, True),
        (10, 90, True, True),
    ],
)
def test_a_rule_acts_alone_after_50_approvals_without_a_denial(
    approved: int, denied: int, override: bool, expected: bool
) -> None:
    assert may_be_auto(approved, denied, override=override) is expected
    assert override or may_be_auto(approved, denied) is expected

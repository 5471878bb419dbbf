from __future__ import annotations

import pytest

from imagefap_scraper.planning.filters import Facts, Filters, is_by_place, rule_of, type_names

ALL = Filters(min_pixels=1_000_000, min_bytes=1000, max_bytes=5000, types=frozenset({"jpg", "gif"}), first=50)


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        (Facts(), ""),
        (Facts(1000, 1000, 1000, "jpg", 50), ""),
        (Facts(1000, 1000, 5000, "gif", 1), ""),
        (Facts(999, 1000), "min_pixels=1000000: 999x1000"),
        (Facts(width=1), ""),
        (Facts(size=999), "min_bytes=1000: 999 bytes"),
        (Facts(size=5001), "max_bytes=5000: 5001 bytes"),
        (Facts(type="png"), "types=gif,jpg: png"),
        (Facts(place=51), "first=50: place 51"),
    ],
)
def test_what_is_kept_out_and_why(facts: Facts, reason: str) -> None:
    assert ALL.reason(facts) == reason
    assert Filters().reason(facts) == ""


@pytest.mark.parametrize(
    "facts", [Facts(width=640, height=480), Facts(size=12), Facts(size=99_999), Facts(type="webp")]
)
def test_a_reason_states_the_fact_that_another_crawl_decides_by(facts: Facts) -> None:
    assert Facts.of_reason(ALL.reason(facts)) == facts


@pytest.mark.parametrize(
    "reason", ["", "page gone", "first=50: place 51", "types=jpg: ", "x: 1x2x3", "min_bytes=1: bytes"]
)
def test_reasons_without_a_fact_say_nothing(reason: str) -> None:
    assert Facts.of_reason(reason) == Facts()


def test_places_are_told_from_the_rest() -> None:
    assert is_by_place("first=50: place 51")
    assert not is_by_place("min_bytes=1000: 999 bytes")
    assert rule_of("min_bytes=1000: 999 bytes") == "min_bytes=1000"


def test_types_have_synonyms() -> None:
    assert type_names(["JPEG", ".gif", " png "]) == {"jpg", "gif", "png"}
    with pytest.raises(ValueError, match="'exe' is no type: give some of avif, bmp"):
        type_names(["jpg", "exe"])
    with pytest.raises(ValueError, match="is empty"):
        type_names([""])


def test_only_bytes_and_types_need_the_file() -> None:
    assert not Filters(min_pixels=1, first=2).needs_content
    assert Filters(max_bytes=1).needs_content
    assert Filters(types=frozenset({"gif"})).needs_content

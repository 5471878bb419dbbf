from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagefap_scraper.exceptions import NotFoundError, UserInputError
from imagefap_scraper.spiders.matching import match_folder

FOLDERS = {
    -1: "Uncategorized",
    10: "Trees",
    11: "trees",
    12: "Straße",
    13: "A & B / C",
    14: "15",
    15: "Number fifteen",
    16: "Twins",
    17: "Twins",
    0: "Zero",
}


@pytest.mark.parametrize(
    ("wanted", "folder_id"),
    [
        ("Trees", 10),
        ("trees", 11),
        ("STRASSE", 12),
        ("uncategorized", -1),
        ("A & B / C", 13),
        ("  A &  B / C ", 13),
        ("15", 14),
        ("16", 16),
        ("-1", -1),
        ("0", 0),
    ],
)
def test_a_folder_is_found_by_name_then_without_case_then_by_number(wanted: str, folder_id: int) -> None:
    assert match_folder(wanted, FOLDERS) == folder_id


@pytest.mark.parametrize(("wanted", "numbers"), [("TREES", (10, 11)), ("Twins", (16, 17)), ("twins", (16, 17))])
def test_two_folders_of_a_name_are_told_with_their_numbers(wanted: str, numbers: tuple[int, int]) -> None:
    with pytest.raises(UserInputError, match="folder_id=NUMBER") as caught:
        match_folder(wanted, FOLDERS)
    assert all(str(number) in str(caught.value) for number in numbers)
    assert caught.value.exit_code == 64


def test_a_wrong_name_lists_what_there_is() -> None:
    with pytest.raises(NotFoundError, match="did you mean 'trees'") as caught:
        match_folder("Treees", FOLDERS)
    assert all(f"{name} ({number})" in str(caught.value) for number, name in FOLDERS.items())
    assert caught.value.exit_code == 66
    with pytest.raises(NotFoundError) as caught:
        match_folder("qqqqqqqq", FOLDERS)
    assert "did you mean" not in str(caught.value)


def test_a_number_that_is_no_folder_is_not_found() -> None:
    for wanted in ("99", "10.0", "٣"):
        with pytest.raises(NotFoundError):
            match_folder(wanted, FOLDERS)


def test_a_user_without_folders_is_told_so() -> None:
    with pytest.raises(NotFoundError, match="no favorites folders"):
        match_folder("Trees", {})


def test_a_long_list_is_cut() -> None:
    with pytest.raises(NotFoundError, match="and 60 more") as caught:
        match_folder("zzzz", {number: f"folder {number}" for number in range(100)})
    assert str(caught.value).count("folder ") == 41  # the one asked for has its word too


@given(st.text(max_size=20), st.dictionaries(st.integers(-1, 50), st.text(max_size=6), max_size=6))
def test_any_name_is_matched_or_refused(wanted: str, folders: dict[int, str]) -> None:
    with suppress(NotFoundError, UserInputError):
        assert match_folder(wanted, folders) in folders

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from imagefap_scraper.exceptions import UserInputError
from imagefap_scraper.planning.filters import Filters
from imagefap_scraper.spiders.arguments import (
    Arguments,
    FavoritesArguments,
    ImagesArguments,
    UsersArguments,
    parse,
)


def _favorites(**values: str) -> FavoritesArguments:
    return parse(FavoritesArguments, values, "favorites")


def _images(**values: str) -> ImagesArguments:
    return parse(ImagesArguments, values, "images")


def test_the_defaults_are_get_mode_with_a_database() -> None:
    found = _favorites(user="anna")
    assert (found.user, found.mode, found.db, found.full, found.force) == ("anna", "get", True, False, False)
    assert (found.folder, found.folder_id, found.id, found.url, found.output) == (None, None, None, None, None)
    assert found.names == "whole"


@pytest.mark.parametrize(
    ("given_values", "name", "expected"),
    [
        ({"user": "  anna \n"}, "user", "anna"),
        ({"user": "1234"}, "user", "1234"),
        ({"id": "1234"}, "id", 1234),
        ({"user": "a", "folder": "Ärger & Söhne / 花"}, "folder", "Ärger & Söhne / 花"),
        ({"user": "a", "folder": "-1"}, "folder", "-1"),
        ({"user": "a", "folder_id": "-1"}, "folder_id", -1),
        ({"user": "a", "folder_id": "0"}, "folder_id", 0),
        ({"user": "a", "full": "1"}, "full", True),
        ({"user": "a", "force": "0"}, "force", False),
        ({"user": "a", "names": "listed"}, "names", "listed"),
        ({"user": "a", "output": "~/x y"}, "output", "~/x y"),
        ({"mode": "read"}, "mode", "read"),
        ({"user": "a", "db": "0", "folder": "x"}, "db", False),
        ({"user": "a", "db": "0", "folder_id": "0"}, "db", False),
        ({"url": "https://www.imagefap.com/showfavorites.php?userid=1&folderid=2", "db": "0"}, "db", False),
    ],
)
def test_what_favorites_takes(given_values: dict[str, str], name: str, expected: object) -> None:
    assert getattr(_favorites(**given_values), name) == expected


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({}, "no user: add -a user=NAME"),
        ({"mode": "get"}, "no user"),
        ({"mode": "x", "user": "a"}, "-a mode=x"),
        ({"user": ""}, "-a user=: is empty"),
        ({"user": "   "}, "is empty"),
        ({"user": "a\0"}, "control characters"),
        ({"id": "0"}, "-a id=0"),
        ({"id": "-5"}, "-a id=-5"),
        ({"id": "12a"}, "-a id=12a"),
        ({"id": "9" * 19}, "-a id=999"),
        ({"user": "a", "id": "5"}, "user and id say the same thing"),
        ({"user": "a", "url": "x", "id": "5"}, "user and id and url say the same thing"),
        ({"user": "a", "folder": "x", "folder_id": "5"}, "folder and folder_id say the same thing"),
        ({"user": "a", "folder_id": "x"}, "-a folder_id=x"),
        ({"user": "a", "folder_id": "-" + "9" * 19}, "-a folder_id=-999"),
        ({"mode": "read", "folder": "x"}, "no user"),
        ({"mode": "read", "folder_id": "3"}, "no user"),
        ({"user": "a", "mode": "read", "db": "0"}, "db=0 is for mode=get"),
        ({"user": "a", "db": "0"}, "db=0 is for one folder"),
        ({"user": "a", "full": "perhaps"}, "-a full=perhaps"),
        ({"user": "a", "names": "short"}, "-a names=short"),
        ({"user": "a", "output": ""}, "-a output=: is empty"),
        ({"user": "a", "foldr": "x"}, "the favorites spider has no argument 'foldr': did you mean folder?"),
        ({"user": "a", "zzzzz": "x"}, "no argument 'zzzzz': it takes db, dry_run, first, folder"),
    ],
)
def test_what_favorites_refuses_in_one_line(values: dict[str, str], words: str) -> None:
    with pytest.raises(UserInputError) as caught:
        _favorites(**values)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)
    assert caught.value.exit_code == 64


@pytest.mark.parametrize(
    ("text", "ids"),
    [("1", [1]), ("1,2,3", [1, 2, 3]), (" 3 , 2,3,, 1,", [3, 2, 1]), ("999999999", [999_999_999])],
)
def test_ids_are_taken_in_order_each_once(text: str, ids: list[int]) -> None:
    assert _images(ids=text).ids == ids


@pytest.mark.parametrize("text", ["", ",", " , ", "1,x", "1;2", "0", "-3", "1.5", "9" * 19])
def test_ids_that_cannot_be(text: str) -> None:
    with pytest.raises(UserInputError, match="ids"):
        _images(ids=text)


def test_images_wants_to_know_which() -> None:
    assert _images(retry="failed").retry == "failed"
    assert _images(ids="1", mode="get").mode == "get"
    for values in ({}, {"ids": "1", "retry": "failed"}, {"mode": "read"}):
        with pytest.raises(UserInputError, match="which images"):
            _images(**values)
    with pytest.raises(UserInputError, match="-a retry=all"):
        _images(retry="all")


def test_users_says_one_user_and_takes_no_folder() -> None:
    assert parse(UsersArguments, {"id": "7"}, "users").id == 7
    with pytest.raises(UserInputError, match="no user"):
        parse(UsersArguments, {}, "users")
    with pytest.raises(UserInputError, match="the users spider has no argument 'folder'"):
        parse(UsersArguments, {"user": "a", "folder": "x"}, "users")


def test_arguments_do_not_change_later() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        _favorites(user="a").mode = "read"


@given(
    st.sampled_from([UsersArguments, FavoritesArguments, ImagesArguments]),
    st.dictionaries(
        st.one_of(st.sampled_from([*sorted(FavoritesArguments.model_fields), "ids", "retry"]), st.text(max_size=8)),
        st.one_of(st.sampled_from(["0", "1", "get", "read", "-1", "1,2"]), st.text(max_size=12)),
        max_size=5,
    ),
)
def test_any_arguments_are_taken_or_refused(model: type[Arguments], values: dict[str, str]) -> None:
    with suppress(UserInputError):
        assert isinstance(parse(model, values, "any"), model)


def test_a_value_with_line_ends_is_shown_in_one_line() -> None:
    with pytest.raises(UserInputError, match="control characters") as caught:
        parse(FavoritesArguments, {"user": "a\n\x1b[31mb\u202e Ä"}, "favorites")
    assert str(caught.value).isprintable()
    assert "Ä" in str(caught.value)


@pytest.mark.parametrize(
    ("values", "filters"),
    [
        ({}, Filters()),
        ({"min_pixels": "1000"}, Filters(min_pixels=1000)),
        ({"min_pixels": "800x600"}, Filters(min_pixels=480_000)),
        ({"min_bytes": "200KB", "max_bytes": "1.5 MB"}, Filters(min_bytes=200_000, max_bytes=1_500_000)),
        ({"max_bytes": "64KiB"}, Filters(max_bytes=65_536)),
        ({"max_bytes": "1g"}, Filters(max_bytes=10**9)),
        ({"types": "JPEG, gif,.png"}, Filters(types=frozenset({"jpg", "gif", "png"}))),
        ({"first": "50"}, Filters(first=50)),
    ],
)
def test_filters(values: dict[str, str], filters: Filters) -> None:
    assert _favorites(user="a", **values).filters() == filters


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"min_pixels": "0"}, "-a min_pixels=0"),
        ({"min_pixels": "big"}, "-a min_pixels=big"),
        ({"min_bytes": "-1"}, "-a min_bytes=-1"),
        ({"max_bytes": "1XB"}, "-a max_bytes=1XB"),
        ({"min_bytes": "2MB", "max_bytes": "1MB"}, "leave nothing"),
        ({"types": "jpg,exe"}, "'exe' is no type"),
        ({"types": " , "}, "is empty"),
        ({"first": "0"}, "-a first=0"),
        ({"dry_run": "perhaps"}, "-a dry_run=perhaps"),
        ({"db": "0", "folder": "x", "galleries": "1"}, "galleries=1 needs the database"),
        ({"users": "b"}, "user and users say the same thing"),
    ],
)
def test_filters_that_cannot_be(values: dict[str, str], words: str) -> None:
    with pytest.raises(UserInputError) as caught:
        _favorites(user="a", **values)
    assert words in str(caught.value)


def test_users_are_for_folders_of_several() -> None:
    for values in ({"folder_id": "7"}, {"db": "0", "folder": "x"}):
        with pytest.raises(UserInputError, match="users is for folders of several users"):
            _favorites(users="a,b", **values)


def test_images_takes_a_gallery_and_refuses_what_does_not_go_with_it() -> None:
    assert _images(url="x", first="5").filters() == Filters(first=5)
    with pytest.raises(UserInputError, match="which images"):
        _images(url="x", ids="1")
    with pytest.raises(UserInputError, match="first is for url=GALLERY"):
        _images(ids="1", first="5")
    with pytest.raises(UserInputError, match="leave types out"):
        _images(audit="1", types="jpg")
    with pytest.raises(UserInputError, match="leave dry_run out"):
        _images(audit="1", dry_run="1")

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from imagefap_scraper.exceptions import UserInputError
from imagefap_scraper.pages.urls import DEFAULT_SITE_URL, Site, Target
from imagefap_scraper.spiders.arguments import FavoritesArguments, UsersArguments, parse
from imagefap_scraper.spiders.roots import targets_of
from imagefap_scraper.spiders.user_lists import read_users

if TYPE_CHECKING:
    from pathlib import Path


def texts(value: str) -> list[str]:
    return [user.text for user in read_users(value)]


def test_names_with_commas_between() -> None:
    assert texts(" Anna,Bert ,, anna, C#") == ["Anna", "Bert", "C#"]


def test_a_file_has_one_user_a_line(tmp_path: Path) -> None:
    path = tmp_path / "names"
    path.write_bytes("\ufeffAnna # the first\r\n# nobody\r\n\r\nJürgen & Söhne\n  anna\n#".encode())
    assert texts(f"@{path}") == ["Anna", "Jürgen & Söhne"]
    assert [user.where for user in read_users(f"@{path}")] == [f"line 1 of {path}", f"line 4 of {path}"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "names nobody"),
        (b"# only this\n", "names nobody"),
        (b"Anna\nB\xffrt\n", "line 2 of .* is not UTF-8 text"),
        (b"Anna\nBe\x07rt\n", "line 2 of .* has control characters"),
        (b"Anna\n\nsome/path\n", "line 3 of .* 'some/path' is neither a name nor an address"),
        (b"x" * 1001, "line 1 of .* is longer than 1000 characters"),
        (b"Anna\n" * 300_000, "is larger than 1,000,000 bytes"),
    ],
)
def test_bad_lines_are_named(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "names"
    path.write_bytes(content)
    with pytest.raises(UserInputError, match=said) as caught:
        parse(FavoritesArguments, {"users": f"@{path}"}, "favorites")
    assert str(caught.value).startswith("-a users=@")
    assert "\n" not in str(caught.value)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(UserInputError, match="cannot be read: No such file"):
        parse(UsersArguments, {"users": f"@{tmp_path / 'nothing'}"}, "users")


def test_addresses_become_users() -> None:
    arguments = parse(UsersArguments, {"users": "Anna,https://www.imagefap.com/profile/Bert"}, "users")
    site = Site(DEFAULT_SITE_URL)
    assert targets_of(arguments, site) == [Target("Anna"), Target("Bert")]
    arguments = parse(UsersArguments, {"users": "https://example.org/profile/Bert"}, "users")
    with pytest.raises(UserInputError, match=r"-a users: url=https://example\.org/profile/Bert is no address of"):
        targets_of(arguments, site)

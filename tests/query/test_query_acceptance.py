"""What queries and tags promise their user, seen from the command line."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner, Result
from query.query_archive import archive

from imagefap_scraper import query
from imagefap_scraper.database.journal import Rows
from imagefap_scraper.database.session import DATABASE_NAME
from imagefap_scraper.review.grouping import regroup
from imagefap_scraper.review.options import read_options
from imagefap_scraper.review.workplace import Workplace
from imagefap_scraper.storage.files import ArchiveDirectory
from tools.process import cli

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlalchemy import Connection


@pytest.fixture
def place(tmp_path: Path) -> Path:
    with archive(tmp_path):
        # As every command leaves them: what a tag means for a group is derived anew with it.
        with Workplace(ArchiveDirectory(tmp_path), tmp_path / DATABASE_NAME).transaction() as connection:
            regroup(Rows(connection), read_options({}))
        return tmp_path


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[Connection]:
    with archive(tmp_path) as opened:
        yield opened


def process(place: Path, *words: str, code: int = 0) -> Result:
    result = CliRunner().invoke(cli, ["--dir", str(place), *words])
    assert result.exit_code == code, (result.output, result.exception)
    return result


def paths(place: Path) -> list[str]:
    return [line.split(":")[0].strip() for line in process(place, "tags", "list").stdout.splitlines()]


def dump(place: Path) -> list[str]:
    database = sqlite3.connect(place / "imagefap.database")
    lines = [line for line in database.iterdump() if not line.startswith('INSERT INTO "actions"')]
    database.close()
    return lines


@pytest.mark.parametrize(
    "text", ["user:anna folder:flowers", "user:Ünal folder:flowers", "user:anna (folder:flowers or folder:trees)"]
)
def test_a_folder_is_its_users_also_within_brackets(connection: Connection, text: str) -> None:
    whole, found = set(query.image_ids(connection, "")), set(query.image_ids(connection, text))
    assert 0 < len(found) < len(whole)
    for other in (f"({text}) or id:999", f"({text}) id:0..99", f"-(-({text}))"):
        assert set(query.image_ids(connection, other)) == found, other
        assert query.count(connection, other) == len(found), other
    assert set(query.image_ids(connection, f"-({text})")) == whole - found
    assert query.count(connection, f"-({text})") == len(whole - found)


def test_brackets_do_not_lend_their_user_to_what_is_outside(connection: Connection) -> None:
    alone = set(query.image_ids(connection, "folder:flowers"))
    assert alone <= set(query.image_ids(connection, "folder:flowers or (user:Ünal folder:flowers)"))


def test_a_star_stands_for_nothing_in_tags_and_is_not_silently_nothing(place: Path) -> None:
    result = process(place, "tags", "assign", "tag:tre*", "animals", "--dry-run", code=64)
    assert result.stderr == (
        "  tag:tre*\n  ^^^^^^^^\nError: query, character 1: there is no such tag; `process.py tags list` shows them\n"
    )


def test_bytes_that_are_no_text_are_refused_with_their_place(place: Path) -> None:
    result = process(place, "tags", "assign", "w:1 \udcff", "animals", "--dry-run", code=64)
    assert "query, character 5: this is no text in UTF-8" in result.stderr


@pytest.mark.parametrize("name", ["\u200b", "plants/\u200d\u2060", "\ufeff", "\u2060 \u2060"])
def test_a_name_that_nobody_sees_is_refused(place: Path, name: str) -> None:
    process(place, "tags", "add", name, code=64)


def test_a_new_tag_is_told_with_its_parents_as_they_are_written(place: Path) -> None:
    result = process(place, "tags", "add", "PLANTS/trees/New/deep")
    assert result.stdout.startswith("added plants/Trees/New, plants/Trees/New/deep;")


@pytest.mark.parametrize(
    ("done", "number", "reason"),
    [
        ([["add", "a"], ["assign", "", "a"]], 1, "its tag was put on images later"),
        ([["add", "a"], ["add", "a/b"]], 1, "the tag 'b' was put below later"),
        ([["add", "a"], ["rename", "a", "b"], ["add", "a"]], 2, "there is another tag 'a' in that place"),
        ([["add", "a"], ["add", "z"], ["delete", "a"], ["add", "A"]], 3, "there is another tag 'A' in that place"),
        ([["add", "a/b"], ["delete", "a/b"], ["delete", "a"]], 2, "the tag above it was deleted later"),
        ([["add", "a/b"], ["move", "a/b", "/"], ["move", "a", "b"]], 2, "the tag above it was put below it later"),
    ],
)
def test_undoing_out_of_order_never_breaks_the_tree(
    place: Path, done: list[list[str]], number: int, reason: str
) -> None:
    dumps = [dump(place)]
    for words in done:
        process(place, "tags", *words, "--yes")
        dumps.append(dump(place))
    before = paths(place)
    for extra in ("--yes", "--dry-run"):
        result = process(place, "undo", str(number), extra, code=64)
        assert result.stderr.splitlines()[-1].startswith(f"Error: action {number} cannot be undone: {reason}; ")
    assert (paths(place), dump(place)) == (before, dumps.pop())
    while dumps:
        process(place, "undo", "--yes")
        assert dump(place) == dumps.pop()


def test_a_tag_that_was_taken_off_and_then_deleted_is_not_put_on_again(place: Path) -> None:
    process(place, "tags", "add", "a")
    process(place, "tags", "assign", "", "a", "--yes")
    process(place, "tags", "remove", "", "a", "--yes")
    process(place, "tags", "delete", "a")
    result = process(place, "undo", "3", "--yes", code=64)
    assert "action 3 cannot be undone: its tag was deleted later" in result.stderr

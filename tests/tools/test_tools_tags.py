from __future__ import annotations

import json
import sqlite3
from typing import TYPE_CHECKING, Any

import pytest
import sample_archive
from click.testing import CliRunner

from tools.commands import _tags
from tools.process import cli

if TYPE_CHECKING:
    from pathlib import Path

    from click.testing import Result


@pytest.fixture
def directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An archive with plants (bushes, Trees) and Animals."""
    for name in ("IMAGEFAP_OUTPUT", "IMAGEFAP_DATABASE_URL"):
        monkeypatch.delenv(name, raising=False)
    sample_archive.make(tmp_path)
    return tmp_path


def tags(directory: Path, *arguments: str) -> Result:
    return CliRunner().invoke(cli, ["tags", *arguments, "--dir", str(directory)])


def did(directory: Path, *arguments: str) -> dict[str, Any]:
    result = tags(directory, *arguments, "--json")
    assert result.exit_code == 0, result.output
    document: dict[str, Any] = json.loads(result.stdout)
    assert document.pop("schema") == 1
    return document


def listed(directory: Path) -> dict[str, tuple[int, int]]:
    return {tag["path"]: (tag["images"], tag["bytes"]) for tag in did(directory, "list")["tags"]}


def test_the_list_is_the_tree_with_what_carries_it(directory: Path) -> None:
    assert listed(directory) == {
        "Animals": (0, 0),
        "plants": (1, 1000),
        "plants/bushes": (0, 0),
        "plants/Trees": (2, 4000),
    }
    text = tags(directory, "list").stdout
    assert text.splitlines() == [
        "Animals: 0 images, 0 bytes",
        "plants: 1 image, 1.0 kB",
        "  bushes: 0 images, 0 bytes",
        "  Trees: 2 images, 4.0 kB",
    ]


def test_every_change_is_made_and_told(directory: Path) -> None:
    assert tags(directory, "add", "plants/moss/wet").stdout == (
        "added plants/moss, plants/moss/wet; `process.py undo` takes it back\n"
    )
    assert did(directory, "rename", "plants/MOSS", "Moos")["action"] == 2
    assert did(directory, "move", "plants/moos", "/")["tags"] == ["plants/Moos"]
    assert did(directory, "assign", "type:gif or id:101", "moos") == {
        "dry_run": False,
        "tags": ["Moos"],
        "images": 2,
        "bytes": 4000,
        "action": 4,
    }
    assert did(directory, "remove", "type:gif", "moos")["bytes"] == 3000
    assert listed(directory)["Moos"] == (1, 1000)
    deleted = tags(directory, "delete", "plants/trees")
    assert deleted.stdout.startswith("deleted plants/Trees, taking it off 2 images (4.0 kB); ")
    assert set(listed(directory)) == {"Animals", "Moos", "Moos/wet", "plants", "plants/bushes"}


@pytest.mark.parametrize(
    "arguments",
    [
        ("add", "new"),
        ("rename", "plants", "flora"),
        ("move", "plants", "animals"),
        ("delete", "animals"),
        ("assign", "gone:no", "animals"),
        ("remove", "", "plants/trees"),
    ],
)
def test_a_dry_run_says_would_and_changes_nothing(directory: Path, arguments: tuple[str, ...]) -> None:
    before = (directory / "imagefap.database").read_bytes()
    result = tags(directory, *arguments, "--dry-run")
    assert result.exit_code == 0, result.output
    assert result.stdout.startswith("would ")
    assert (directory / "imagefap.database").read_bytes() == before
    assert did(directory, *arguments, "--dry-run")["action"] is None


@pytest.mark.parametrize(
    "arguments",
    [
        ("delete", "plants"),
        ("delete", "nothing"),
        ("add", "plants/TREES"),
        ("add", "a\\b"),
        ("add", "a//b"),
        ("rename", "plants/trees", "BUSHES"),
        ("rename", "plants/trees", "a/b"),
        ("move", "plants", "plants/trees"),
        ("assign", "gone:no", "nothing"),
    ],
)
def test_what_cannot_be_is_one_line_and_64(directory: Path, arguments: tuple[str, ...]) -> None:
    result = tags(directory, *arguments)
    assert result.exit_code == 64
    assert result.stderr.startswith("Error: ")
    assert result.stderr.count("\n") == 1
    assert sqlite3.connect(directory / "imagefap.database").execute("SELECT count(*) FROM actions").fetchone() == (0,)


def test_a_query_that_is_none_is_pointed_into(directory: Path) -> None:
    result = tags(directory, "assign", "gone:no w:wide", "animals")
    assert result.exit_code == 64
    shown, carets, error = result.stderr.splitlines()
    assert shown == "  gone:no w:wide"
    assert carets == "          ^^^^^^"
    assert error.startswith("Error: query, character 9: w: cannot be 'wide'")


def test_nothing_to_change_is_no_action(directory: Path) -> None:
    assert tags(directory, "assign", "id:101", "plants").stdout == "nothing to change\n"
    assert tags(directory, "remove", "id:103", "plants").stdout == "nothing to change\n"
    assert did(directory, "move", "plants", "/")["action"] is None


def test_many_images_are_asked_about(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_tags, "_MANY", 1)
    refused = tags(directory, "assign", "gone:no", "animals")
    assert refused.exit_code == 2
    assert "this would put Animals on 2 images (4.0 kB): give --yes" in refused.stderr
    assert listed(directory)["Animals"] == (0, 0)
    assert did(directory, "assign", "gone:no", "animals", "--yes")["images"] == 2
    assert listed(directory)["Animals"] == (2, 4000)


@pytest.mark.parametrize(("answer", "carrying"), [("y\n", 2), ("n\n", 0)])
def test_on_a_terminal_the_answer_decides(
    directory: Path, monkeypatch: pytest.MonkeyPatch, answer: str, carrying: int
) -> None:
    monkeypatch.setattr(_tags, "_MANY", 1)
    monkeypatch.setattr(_tags, "_is_terminal", lambda: True)
    result = CliRunner().invoke(cli, ["tags", "assign", "gone:no", "animals", "--dir", str(directory)], input=answer)
    assert "This would put Animals on 2 images (4.0 kB). Go on?" in result.stderr
    assert result.exit_code == (0 if carrying else 1)
    assert listed(directory)["Animals"][0] == carrying


@pytest.mark.parametrize("name", ["", "list", "add", "rename", "move", "delete", "assign", "remove"])
def test_help_has_two_examples(name: str) -> None:
    result = CliRunner().invoke(cli, ["tags", *([name] if name else []), "--help"])
    assert result.exit_code == 0
    assert result.stdout.count("python tools/process.py tags") == 2


def test_a_missing_archive_is_one_line(tmp_path: Path) -> None:
    result = tags(tmp_path, "list")
    assert result.exit_code == 78
    assert "there is no database" in result.stderr


def test_hostile_names_are_harmless_on_a_terminal(directory: Path) -> None:
    did(directory, "add", "a\u202eb")
    assert "a\\u202eb" in tags(directory, "list").stdout

"""What exports and renamings promise their user, seen from the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner, Result
from export.collection_archive import Collection

from tools.process import cli

if TYPE_CHECKING:
    from pathlib import Path


def process(place: Path, *words: str, code: int = 0) -> Result:
    result = CliRunner().invoke(cli, [*words, "--dir", str(place)])
    assert result.exit_code == code, (result.output, result.exception)
    return result


@pytest.fixture
def place(tmp_path: Path) -> Path:
    made = Collection(folders={(1, 10): "Flowers", (1, 11): "Trees"})
    made.add(1, b"rose", name="rose.jpg", path="rose.jpg", at=((1, 10, 0),))
    made.add(2, b"oak", name="oak.jpg", path="kept/oak.jpg", at=((1, 11, 0),))
    made.make(tmp_path / "archive")
    return tmp_path / "archive"


def tree(place: Path) -> list[str]:
    found = (path.relative_to(place).as_posix() for path in place.rglob("*"))
    return sorted(path for path in found if not path.startswith((".imagefap", "imagefap.database")))


@pytest.mark.parametrize("option", ["--to", "--zip"])
def test_a_place_that_is_none_is_a_usage_error_and_nothing_is_written_here(
    place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, option: str
) -> None:
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    assert "it is empty" in process(place, "export", "", f"{option}=", code=2).stderr
    result = process(place, "export", "", f"{option}=~nobody-is-called-so/x.zip", code=2)
    assert "no such user's home" in result.stderr
    assert list(here.iterdir()) == []


def test_the_place_of_a_mistake_in_a_template_is_shown(place: Path, tmp_path: Path) -> None:
    out = str(tmp_path / "out")
    for words in (["export", "", "--to", out], ["relink"]):
        result = process(place, *words, "--template", "{id}/{nam}", code=64)
        lines = result.stderr.splitlines()
        assert lines[:2] == ["  {id}/{nam}", "       ^^^^^"]
        assert lines[2].startswith("Error: template, character 6: there is no field {nam} here;")


def test_an_empty_template_is_called_so(place: Path) -> None:
    assert "template, character 1: it is empty" in process(place, "relink", "--template", "", code=64).stderr


def test_undoing_a_renaming_takes_its_directories_back_too_and_leaves_the_users_own(place: Path) -> None:
    before = tree(place)
    process(place, "relink", "--template", "{folder}/{user}/{id}", "--yes")
    renamed = tree(place)
    assert "Flowers/anna/1.jpg" in renamed
    (place / "Trees" / "mine.txt").write_text("my own")
    process(place, "undo", "--yes")
    assert tree(place) == sorted([*before, "Trees", "Trees/mine.txt"])
    (place / "Trees" / "mine.txt").unlink()
    process(place, "undo", "2", "--yes")
    assert tree(place) == renamed


def test_tags_are_no_query_however_long_their_paths_and_however_many(tmp_path: Path) -> None:
    made = Collection()
    made.tags = {number: (number - 1 or None, f"{number:03}" + "\u00e9" * 90) for number in range(1, 46)}
    made.tags |= {number: (None, f"t{number}") for number in range(100, 700)}
    made.add(1, b"deep", name="deep.jpg", at=((1, 10, 0),), tags=(45,))
    made.add(2, b"flat", name="flat.jpg", at=((1, 10, 1),), tags=(150,))
    made.make(tmp_path / "archive")
    path = "/".join(made.tags[number][1] for number in range(1, 46))
    for tags, name in (([path], "1.jpg"), (["t150", *(f"t{n}" for n in range(200, 500))], "2.jpg")):
        words = [word for tag in tags for word in ("--tag", tag)]
        result = process(tmp_path / "archive", "export", *words, "--to", str(tmp_path / "out"), "--template={id}")
        assert result.stdout.startswith("wrote 1 file")
        assert (tmp_path / "out" / name).is_file()
    every = [word for number in range(100, 700) for word in ("--tag", f"t{number}")]
    result = process(tmp_path / "archive", "export", *every, "--to", str(tmp_path / "all"), "--template={id}")
    assert [path.name for path in (tmp_path / "all").glob("*.jpg")] == ["2.jpg"]

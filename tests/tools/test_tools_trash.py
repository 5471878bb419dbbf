"""`process.py trash list | restore | empty`."""

from __future__ import annotations

import json
import shutil
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner, Result
from review_bench import Bench, family

from imagefap_scraper.review.options import read_options
from imagefap_scraper.storage.thumbs import thumbnail_path
from tools.commands import _dups_outcome
from tools.process import cli

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("IMAGEFAP_OUTPUT", "IMAGEFAP_DATABASE_URL"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="module")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    """A group of three copies, of which two are in the trash: one of them since 2020."""
    bench = Bench(tmp_path_factory.mktemp("seeded"), read_options({}))
    bench.add(*family(1)[:3])
    bench.find()
    run(bench, "dups", "decide", "1", "--keep", "1")
    (old,) = bench.ask("SELECT min(sha256) FROM blobs WHERE state = 'trashed'")[0]
    with bench.workplace.transaction() as connection:
        then = "2020-01-01 00:00:00.000000"
        connection.exec_driver_sql("UPDATE blobs SET trashed_at = ? WHERE sha256 = ?", (then, old))
    return bench


@pytest.fixture
def archive(seeded: Bench, tmp_path: Path) -> Bench:
    shutil.copytree(seeded.root, tmp_path / "archive")
    return Bench(tmp_path / "archive", read_options({}))


def run(bench: Bench, *words: str, code: int = 0, typed: str | None = None) -> Result:
    """Run a command of the trash, or `dups` or `undo`."""
    group = [] if words[0] in {"dups", "undo"} else ["trash"]
    result = CliRunner().invoke(cli, [*group, *words, "--dir", str(bench.root)], input=typed)
    assert result.exit_code == code, result.output
    return result


def trashed(bench: Bench) -> list[dict[str, Any]]:
    return [json.loads(line) for line in run(bench, "list", "--json").stdout.splitlines()]


def test_the_list_has_the_oldest_first(seeded: Bench) -> None:
    old, new = trashed(seeded)
    assert old["trashed_at"] == "2020-01-01T00:00:00Z"
    assert list(old) == ["sha256", "kept_as", "trashed_at", "bytes", "paths"]
    assert old["kept_as"] == new["kept_as"]
    assert [(seeded.root / path).stat().st_size for path in old["paths"]] == [old["bytes"]]
    lines = run(seeded, "list").stdout.splitlines()
    assert lines[0].startswith(f"{old['sha256'][:10]}  2020-01-01 00:00 UTC  ")
    assert lines[2].startswith("2 pictures, ")


def test_what_is_restored_is_back_in_its_place_and_kept(archive: Bench) -> None:
    before = archive.dump()
    old, new = trashed(archive)
    result = run(archive, "restore", old["sha256"][:6], old["sha256"])
    assert result.stdout.startswith("1 picture restored, 1 file moved back (")
    assert trashed(archive) == [new]
    assert archive.whole() == []
    assert archive.ask("SELECT verdict FROM duplicate_members WHERE sha256 = ?", old["sha256"]) == [("keep",)]
    run(archive, "undo", "--yes")
    assert archive.dump() == before


@pytest.mark.parametrize(("word", "code"), [("12345", 64), ("gggggggg", 66)])
def test_what_is_not_there_is_refused_and_nothing_restored(archive: Bench, word: str, code: int) -> None:
    run(archive, "restore", trashed(archive)[0]["sha256"], word, code=code)
    assert len(trashed(archive)) == 2


def test_a_file_that_is_gone_from_the_trash_is_74(archive: Bench) -> None:
    old = trashed(archive)[0]
    (archive.root / old["paths"][0]).unlink()
    assert "not there any more" in run(archive, "restore", old["sha256"], code=74).stderr


def test_dry_runs_say_the_same_and_change_nothing(archive: Bench) -> None:
    for words in (["restore", trashed(archive)[0]["sha256"]], ["empty", "--yes"]):
        before = archive.dump()
        rehearsed = run(archive, *words, "--dry-run").stdout.splitlines()
        assert archive.dump() == before
        done = run(archive, *words).stdout.splitlines()
        assert rehearsed == [f"would: {line}" for line in done[:-1]]


def test_only_what_is_older_is_deleted_and_the_rest_stays(archive: Bench) -> None:
    old, new = trashed(archive)
    result = run(archive, "empty", "--older", "30d", "--yes")
    assert result.stdout.startswith("1 picture deleted, 1 file for good (")
    assert result.stdout.endswith("This cannot be undone.\n")
    assert trashed(archive) == [new]
    assert not (archive.root / old["paths"][0]).exists()
    assert (archive.root / new["paths"][0]).exists()
    assert archive.ask("SELECT state FROM blobs WHERE sha256 = ?", old["sha256"]) == [("purged",)]
    assert archive.whole() == []
    document = json.loads(run(archive, "empty", "--yes", "--json").stdout)
    assert [one["moved"] for one in document["done"]] == [[new["sha256"]]]
    assert run(archive, "empty", "--yes").stdout == "Nothing in the trash is to be deleted.\n"
    assert run(archive, "list").stdout == "The trash is empty.\n"
    before = archive.dump()
    run(archive, "undo", "1", "--yes", code=64)
    assert archive.dump() == before


def test_what_goes_into_the_trash_while_the_question_stands_is_not_deleted(
    archive: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    new = trashed(archive)[1]

    def agreed(*_: object, **__: object) -> bool:
        with archive.workplace.transaction() as connection:
            later = "2200-01-01 00:00:00.000000"
            connection.exec_driver_sql("UPDATE blobs SET trashed_at = ? WHERE sha256 = ?", (later, new["sha256"]))
        return True

    monkeypatch.setattr(_dups_outcome, "sys", SimpleNamespace(stdin=SimpleNamespace(isatty=lambda: True)))
    monkeypatch.setattr(_dups_outcome.click, "confirm", agreed)
    run(archive, "empty")
    assert [one["sha256"] for one in trashed(archive)] == [new["sha256"]]


def test_it_asks_first_and_without_a_terminal_names_the_flag(archive: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "--yes" in run(archive, "empty", code=2).stderr
    monkeypatch.setattr(_dups_outcome, "sys", SimpleNamespace(stdin=SimpleNamespace(isatty=lambda: True)))
    result = run(archive, "empty", code=130, typed="n\n")
    assert "Delete 2 pictures for good (" in result.stderr
    assert len(trashed(archive)) == 2


@pytest.mark.parametrize("age", ["30", "d", "-1d", "1y", "1.5d"])
def test_an_age_that_is_none_is_a_usage_error(archive: Bench, age: str) -> None:
    assert "is no age" in run(archive, "empty", "--older", age, "--yes", code=2).stderr
    assert len(trashed(archive)) == 2


def test_what_a_killed_emptying_left_goes_though_no_row_is_left(archive: Bench) -> None:
    run(archive, "empty", "--yes")
    left = archive.root / ".imagefap/trash/blobs/00.jpeg"
    left.parent.mkdir(parents=True, exist_ok=True)
    left.write_bytes(b"x")
    (purged,) = archive.ask("SELECT min(sha256) FROM blobs WHERE state = 'purged'")[0]
    small = archive.root / thumbnail_path(purged)
    small.parent.mkdir(exist_ok=True)
    small.write_bytes(b"x")
    assert "trash empty" in CliRunner().invoke(cli, ["verify", "--dir", str(archive.root)]).output
    assert run(archive, "empty", "--dry-run").stdout == "Nothing in the trash is to be deleted.\n"
    assert left.exists()
    assert "1 file that an emptying had left there went for good" in run(archive, "empty", "--yes").stdout
    assert not left.exists()
    assert not small.exists()

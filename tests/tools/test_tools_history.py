"""`process.py history` and `undo`, the same under `dups`."""

from __future__ import annotations

import json
import shutil
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner, Result
from review_bench import Bench, family

from imagefap_scraper.review.options import read_options
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
    """Two groups of two copies, both accepted (batch 1, actions 1 and 2); then a third one put aside (3)."""
    bench = Bench(tmp_path_factory.mktemp("seeded"), read_options({}))
    for seed in (1, 2):
        bench.add(*family(seed)[:2])
    bench.find()
    run(bench, "dups", "accept", "--class", "copy", "--yes")
    bench.add(*family(3)[:2])
    bench.find()
    (waiting,) = bench.groups("new")
    run(bench, "dups", "defer", str(waiting.group_id))
    return bench


@pytest.fixture
def archive(seeded: Bench, tmp_path: Path) -> Bench:
    shutil.copytree(seeded.root, tmp_path / "archive")
    return Bench(tmp_path / "archive", read_options({}))


def run(bench: Bench, *words: str, code: int = 0, typed: str | None = None) -> Result:
    result = CliRunner().invoke(cli, [*words, "--dir", str(bench.root)], input=typed)
    assert result.exit_code == code, result.output
    return result


def entries(bench: Bench, *words: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in run(bench, *words, "--json").stdout.splitlines()]


def test_json_has_an_object_an_action_the_latest_first(seeded: Bench) -> None:
    found = entries(seeded, "history")
    assert [(one["action"], one["batch"], one["kind"], one["actor"]) for one in found] == [
        (3, 3, "defer", "you"),
        (2, 1, "accept", "you"),
        (1, 1, "accept", "you"),
    ]
    assert [one["bytes"] > 0 for one in found] == [False, True, True]
    assert {one["undone_by"] for one in found} == {None}
    assert entries(seeded, "history", "--limit", "1") == found[:1]
    assert entries(seeded, "dups", "history") == found


def test_people_read_a_line_for_all_that_was_done_together(archive: Bench) -> None:
    def lines(*options: str) -> list[str]:
        return run(archive, "history", *options).stdout.splitlines()

    deferred, accepted = lines()
    assert deferred.split()[:1] == ["3"]
    assert deferred.endswith(": until the next search")
    assert accepted.split()[0] == "1"
    assert "  accept    2 actions, the last: group " in accepted
    assert lines("--limit", "1") == [deferred]
    run(archive, "undo", "2", "--one", "--yes")
    assert lines()[2].endswith("(1 of them undone)")
    run(archive, "undo", "1", "--yes")
    assert lines()[3].endswith("(undone)")


def test_undo_without_a_number_takes_back_the_last_batch_and_then_the_one_before(archive: Bench) -> None:
    assert run(archive, "undo", "--yes").stdout == "1 action undone\nundo: process.py undo 4\n"
    assert archive.groups("deferred") == []
    text = run(archive, "undo", "--yes").stdout
    assert text.startswith("2 actions undone, 2 files moved back (")
    assert archive.ask("SELECT count(*) FROM blobs WHERE state != 'live'") == [(0,)]
    assert archive.whole() == []
    assert "nothing to undo" in run(archive, "undo", "--yes", code=66).stderr


def test_any_action_of_a_batch_names_it_unless_one_is_meant(archive: Bench) -> None:
    run(archive, "undo", "2", "--one", "--yes")
    assert archive.ask("SELECT count(*) FROM blobs WHERE state != 'live'") == [(1,)]
    assert "undone already" in run(archive, "undo", "2", "--one", "--yes", code=64).stderr
    document = json.loads(run(archive, "dups", "undo", "2", "--yes", "--json").stdout)
    assert [(one["undoes"], one["action"]) for one in document["done"]] == [(1, 5)]
    assert archive.ask("SELECT count(*) FROM blobs WHERE state != 'live'") == [(0,)]
    assert "there is no action 99" in run(archive, "undo", "99", "--yes", code=66).stderr


def test_one_without_a_number_is_the_last_action(archive: Bench) -> None:
    run(archive, "undo", "--yes")
    run(archive, "undo", "--one", "--yes")
    assert {one["action"] for one in entries(archive, "history") if one["undone_by"] is not None} == {2, 3}


def test_an_undoing_is_undone_in_turn(archive: Bench) -> None:
    before = archive.dump()
    run(archive, "undo", "1", "--yes")
    assert archive.dump() != before
    run(archive, "undo", "4", "--yes")
    assert archive.dump() == before


def test_a_dry_run_says_the_same_and_changes_nothing(archive: Bench) -> None:
    before, known = archive.dump(), entries(archive, "history")
    rehearsed = run(archive, "undo", "1", "--dry-run").stdout.splitlines()
    assert (archive.dump(), entries(archive, "history")) == (before, known)
    done = run(archive, "undo", "1", "--yes").stdout.splitlines()
    assert rehearsed == [f"would: {line}" for line in done[:-1]]


def test_it_asks_first_and_without_a_terminal_names_the_flag(archive: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    before = archive.dump()
    assert "--yes" in run(archive, "undo", code=2).stderr
    monkeypatch.setattr(_dups_outcome, "sys", SimpleNamespace(stdin=SimpleNamespace(isatty=lambda: True)))
    result = run(archive, "undo", "1", code=130, typed="n\n")
    assert "Undo 2 actions (accept): " in result.stderr
    assert archive.dump() == before


def test_an_archive_without_decisions_has_no_history(tmp_path: Path) -> None:
    bench = Bench(tmp_path, read_options({}))
    bench.add(family(1)[0])
    assert run(bench, "history").stdout == "Nothing was decided yet.\n"
    assert entries(bench, "history") == []

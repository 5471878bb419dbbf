"""`process.py dups decide | accept | apply | defer`: what is asked first, what is done, and that it can be undone."""

from __future__ import annotations

import json
import shutil
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner, Result
from review_bench import Bench, family

from imagefap_scraper.review.options import read_options
from imagefap_scraper.storage import lock
from tools.commands import _dups_outcome
from tools.process import cli

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("IMAGEFAP_OUTPUT", "IMAGEFAP_DATABASE_URL", "IMAGEFAP_DUPS_MAX_DISTANCE"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="module")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    """Two groups of three copies."""
    bench = Bench(tmp_path_factory.mktemp("seeded"), read_options({}))
    for seed in (1, 2):
        bench.add(*family(seed)[:3])
    bench.find()
    return bench


@pytest.fixture
def archive(seeded: Bench, tmp_path: Path) -> Bench:
    shutil.copytree(seeded.root, tmp_path / "archive")
    return Bench(tmp_path / "archive", read_options({}))


def run(bench: Bench, *words: str, code: int = 0, typed: str | None = None) -> Result:
    result = CliRunner().invoke(cli, [*words, "--dir", str(bench.root)], input=typed)
    assert result.exit_code == code, result.output
    return result


def verdicts(bench: Bench, number: int = 1) -> list[str]:
    """The verdicts of a group in the order of its members' numbers."""
    shown = json.loads(run(bench, "dups", "show", str(number), "--json").stdout)
    return [member["verdict"] for member in shown["members"]]


def live(bench: Bench) -> int:
    (count,) = bench.ask("SELECT count(*) FROM blobs WHERE state = 'live'")[0]
    return int(count)


def digits(bench: Bench, position: int, number: int = 1) -> str:
    shown = json.loads(run(bench, "dups", "show", str(number), "--json").stdout)
    return str(shown["members"][position - 1]["sha256"])


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["--keep", "1"], ["keep", "skip", "skip"]),
        (["--keep", "2", "--keep", "1"], ["keep", "keep", "skip"]),
        (["--keep", "1", "--skip", "3"], ["keep", "new", "skip"]),
        (["--keep", "1", "--false", "2", "--skip", "3"], ["keep", "false", "skip"]),
        (["--keep", "1", "--variant", "2"], ["keep", "keep", "new"]),
        (["--false", "3"], ["new", "new", "false"]),
        (["--none"], ["false", "false", "false"]),
    ],
    ids=" ".join,
)
def test_each_option_gives_its_verdict(archive: Bench, options: list[str], expected: list[str]) -> None:
    before = archive.dump()
    result = run(archive, "dups", "decide", "1", *options)
    assert verdicts(archive) == expected
    assert live(archive) == 6 - expected.count("skip")
    assert archive.whole() == []
    assert result.stdout.endswith("undo: process.py undo 1\n")
    assert run(archive, "undo", "--yes").exit_code == 0
    assert archive.dump() == before


def test_the_first_one_kept_takes_the_places(archive: Bench) -> None:
    second = digits(archive, 2)
    run(archive, "dups", "decide", "1", "--keep", "2", "--keep", "1")
    assert archive.ask("SELECT kept_as FROM blobs WHERE state = 'trashed'") == [(second,)]


def test_a_member_may_be_named_by_its_first_digits(archive: Bench) -> None:
    run(archive, "dups", "decide", "1", "--keep", digits(archive, 2)[:6].upper())
    assert verdicts(archive) == ["skip", "keep", "skip"]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--keep", "4"], "no member 4"),
        (["--keep", "0"], "no member 0"),
        (["--keep", "ffffffff"], "no member begins with"),
        (["--keep", "1", "--skip", "1"], "named twice"),
        (["--skip", "1", "--skip", "2", "--skip", "3"], "last copy"),
        (["--variant", "1"], "variant"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_a_verdict_that_cannot_be_is_64_and_changes_nothing(archive: Bench, options: list[str], words: str) -> None:
    before = archive.dump()
    assert words in run(archive, "dups", "decide", "1", *options, code=64).stderr
    assert archive.dump() == before


def test_none_of_a_group_with_a_keeper_parts_what_is_new_alone(archive: Bench) -> None:
    run(archive, "dups", "decide", "1", "--keep", "1", "--skip", "2")
    assert verdicts(archive) == ["keep", "skip", "new"]
    run(archive, "dups", "decide", "1", "--none")
    assert verdicts(archive) == ["keep", "skip", "false"]
    assert "without a verdict" in run(archive, "dups", "decide", "1", "--none", code=64).stderr


@pytest.mark.parametrize("options", [[], ["--none", "--keep", "1"], ["--later"]], ids=" ".join)
def test_a_decision_says_one_thing(archive: Bench, options: list[str]) -> None:
    run(archive, "dups", "decide", "1", *options, code=2)


def test_a_dry_run_says_the_same_and_changes_nothing(archive: Bench) -> None:
    for words in (
        ["dups", "decide", "1", "--keep", "1"],
        ["dups", "accept", "--class", "copy", "--yes"],
        ["dups", "defer", "1", "2"],
    ):
        before = archive.dump()
        rehearsed = run(archive, *words, "--dry-run").stdout.splitlines()
        assert archive.dump() == before
        assert archive.ask("SELECT count(*) FROM actions WHERE undone_by IS NULL AND undoes IS NULL") == [(0,)]
        done = run(archive, *words).stdout.splitlines()
        assert rehearsed == [f"would: {line}" for line in done[:-1]]
        assert done[-1].startswith("undo: process.py undo ")
        run(archive, "undo", "--yes")


def test_accept_follows_every_suggestion_of_the_class_as_one_batch(archive: Bench) -> None:
    before = archive.dump()
    run(archive, "dups", "accept", "--class", "crop", "--yes")
    assert archive.dump() == before
    result = run(archive, "dups", "accept", "--class", "copy", "--yes", "--json")
    assert result.stderr == ""
    document = json.loads(result.stdout)
    assert (document["dry_run"], document["files"], document["refused"]) == (False, 4, [])
    assert sorted(one["group"] for one in document["done"]) == [1, 2]
    assert sum(one["bytes"] for one in document["done"]) == document["bytes"]
    assert verdicts(archive, 1) == verdicts(archive, 2) == ["keep", "skip", "skip"]
    assert live(archive) == 2
    assert run(archive, "undo", str(document["batch"]), "--yes").exit_code == 0
    assert archive.dump() == before


def test_accept_of_a_rule_takes_only_what_it_proposes(archive: Bench) -> None:
    result = run(archive, "dups", "accept", "--class", "copy", "--rule", "dominated-copy", "--yes")
    assert result.stdout.startswith("Nothing to accept")
    assert "no rule other" in run(archive, "dups", "accept", "--class", "copy", "--rule", "other", code=66).stderr


def test_a_group_whose_keeper_is_damaged_is_left_alone_and_named(archive: Bench) -> None:
    (path,) = archive.ask("SELECT path FROM files WHERE sha256 = ?", digits(archive, 1))[0]
    (archive.root / path).write_bytes(b"other bytes")
    result = run(archive, "dups", "accept", "--class", "copy", "--yes", code=3)
    assert result.stderr.startswith("group 1 was left alone: the picture to keep, ")
    assert "1 group accepted, 2 files to the trash" in result.stdout
    assert verdicts(archive, 1) == ["new", "new", "new"]
    assert "missing or damaged" in run(archive, "dups", "decide", "1", "--keep", "1", code=74).stderr


@pytest.mark.parametrize("words", [["dups", "accept", "--class", "copy"], ["dups", "apply"]], ids=" ".join)
def test_without_a_terminal_nothing_is_asked_and_the_flag_is_named(archive: Bench, words: list[str]) -> None:
    run(archive, "dups", "decide", "1", "--keep", "1", "--later")
    before = archive.dump()
    assert "--yes" in run(archive, *words, code=2).stderr
    assert archive.dump() == before


@pytest.mark.parametrize(("typed", "code", "left"), [("y\n", 0, 2), ("n\n", 130, 6), ("", 130, 6)])
def test_the_question_names_count_and_bytes(
    archive: Bench, monkeypatch: pytest.MonkeyPatch, typed: str, code: int, left: int
) -> None:
    terminal = SimpleNamespace(stdin=SimpleNamespace(isatty=lambda: True))
    monkeypatch.setattr(_dups_outcome, "sys", terminal)
    result = run(archive, "dups", "accept", "--class", "copy", code=code, typed=typed)
    assert "Accept 2 groups: 4 pictures to the trash (31.3 kB)? [y/N]" in result.stderr
    assert live(archive) == left
    assert ("Nothing was changed." in result.stderr) == (code != 0)


def test_what_is_decided_for_later_is_applied_later(archive: Bench) -> None:
    before = archive.dump()
    result = run(archive, "dups", "decide", "1", "--keep", "1", "--later")
    assert "nothing thrown out yet" in result.stdout
    assert (live(archive), verdicts(archive)) == (6, ["keep", "skip", "skip"])
    assert "nothing decided" in run(archive, "dups", "apply", "1", "2", "--yes", code=64).stderr
    rehearsed = run(archive, "dups", "apply", "--dry-run").stdout.splitlines()
    assert live(archive) == 6
    done = run(archive, "dups", "apply", "--yes").stdout.splitlines()
    assert rehearsed == [f"would: {line}" for line in done[:-1]]
    assert live(archive) == 4
    assert run(archive, "dups", "apply", "--yes").stdout.startswith("Nothing to apply")
    for _ in range(2):
        run(archive, "undo", "--yes")
    assert archive.dump() == before


def test_groups_are_put_aside_and_come_back(archive: Bench) -> None:
    run(archive, "dups", "defer", "1", "--until", "2200-01-31")
    assert [group.group_id for group in archive.groups("deferred")] == [1]
    assert "has passed" in run(archive, "dups", "defer", "2", "--until", "2020-01-31", code=64).stderr
    run(archive, "dups", "defer", "2")
    archive.find()
    assert [group.group_id for group in archive.groups("deferred")] == [1]
    run(archive, "dups", "decide", "2", "--keep", "1")
    assert "nothing to put aside" in run(archive, "dups", "defer", "2", code=64).stderr
    assert "no group 9" in run(archive, "dups", "defer", "9", code=66).stderr


def test_a_held_database_is_75(archive: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lock.write_lock.__wrapped__, "__defaults__", (0.05,))  # type: ignore[attr-defined]
    with lock.write_lock(archive.root / ".imagefap" / lock.WRITE_LOCK):
        result = run(archive, "dups", "decide", "1", "--keep", "1", code=75)
    assert "held by another process" in result.stderr

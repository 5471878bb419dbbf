"""`process.py dups`: what reads: list, show, rules; and the searches that fill it."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner, Result
from review_bench import Bench, encoded, family, picture

from imagefap_scraper.review import finding, hashing
from imagefap_scraper.review.options import read_options
from tools.process import cli

if TYPE_CHECKING:
    from pathlib import Path


def run(directory: Path, *words: str, code: int = 0) -> Result:
    result = CliRunner().invoke(cli, [*words, "--dir", str(directory)])
    assert result.exit_code == code, result.output
    return result


def objects(directory: Path, *words: str) -> list[dict[str, Any]]:
    result = run(directory, *words, "--json")
    assert result.stderr == ""
    return [json.loads(line) for line in result.stdout.splitlines()]


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("IMAGEFAP_OUTPUT", "IMAGEFAP_DATABASE_URL", "IMAGEFAP_DUPS_MAX_DISTANCE"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="module")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    """Two groups: three copies, and two files with the same pixels."""
    bench = Bench(tmp_path_factory.mktemp("seeded"), read_options({}))
    bench.add(*family(1)[:3])
    best, _, _, png = family(2)
    bench.add(best, png)
    assert run(bench.root, "dups", "find").stdout.splitlines()[-1].startswith("groups that ask: 1 new, 1 suggested")
    return bench


@pytest.fixture
def archive(seeded: Bench, tmp_path: Path) -> Bench:
    """The seeded archive, to be changed."""
    shutil.copytree(seeded.root, tmp_path / "archive")
    return Bench(tmp_path / "archive", read_options({}))


def ids(seeded: Bench) -> dict[str, int]:
    return {group.kind: group.group_id for group in seeded.groups()}


def test_json_lines_begin_with_the_promised_keys_and_are_all_of_stdout(seeded: Bench) -> None:
    first, second = objects(seeded.root, "dups", "list")
    assert first["bytes_to_win"] > second["bytes_to_win"]
    for found in (first, second):
        assert list(found)[:7] == ["id", "class", "state", "bytes_to_win", "suggestion", "margin", "members"]
        (group,) = [group for group in seeded.groups() if group.group_id == found["id"]]
        assert (found["class"], found["state"], found["margin"]) == (group.kind, group.state, group.margin)
        assert [list(member)[:3] for member in found["members"]] == [["sha256", "verdict", "suggested"]] * len(
            group.members
        )
        assert [one["sha256"] for one in found["members"] if one["suggested"]] == [group.suggestion]
        assert {one["verdict"] for one in found["members"]} == {"new"}


def test_the_list_is_filtered_sorted_and_cut(seeded: Bench) -> None:
    numbers = ids(seeded)

    def listed(*options: str) -> list[int]:
        return [found["id"] for found in objects(seeded.root, "dups", "list", *options)]

    assert listed("--class", "copy") == [numbers["copy"]]
    assert listed("--class", "copy", "--class", "pixel-identical", "--limit", "1") == [numbers["pixel-identical"]]
    assert listed("--state", "new") == [numbers["copy"]]
    assert listed("--state", "applied", "--state", "stale") == []
    assert listed("--sort", "new") == sorted(numbers.values(), reverse=True)
    assert listed("--sort", "sure") == [numbers["pixel-identical"], numbers["copy"]]
    run(seeded.root, "dups", "list", "--class", "nothing", code=2)


def test_people_read_a_line_a_group_and_a_sum(seeded: Bench) -> None:
    lines = run(seeded.root, "dups", "list", "--limit", "1").stdout.splitlines()
    assert lines[0].split()[:3] == [str(ids(seeded)["pixel-identical"]), "pixel-identical", "suggested"]
    assert "(high, 104 points ahead, rule pixel-identical)" in lines[0]
    assert lines[1].startswith("2 groups (1 shown), ")
    assert run(seeded.root, "dups", "list", "--state", "stale").stdout.startswith("No groups.")


def test_more_groups_than_are_read_at_a_time_all_come_in_order(seeded: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    from imagefap_scraper.review import queue

    whole = objects(seeded.root, "dups", "list")
    monkeypatch.setattr(queue, "_FIRST", 1)
    monkeypatch.setattr(queue, "_THEN", 1)
    assert objects(seeded.root, "dups", "list") == whole


def test_what_was_put_aside_until_a_day_that_has_come_is_listed_again(archive: Bench) -> None:
    number = str(ids(archive)["copy"])
    run(archive.root, "dups", "defer", number, "--until", "2200-01-01")
    assert [found["id"] for found in objects(archive.root, "dups", "list")] == [ids(archive)["pixel-identical"]]
    with archive.workplace.transaction() as connection:
        connection.exec_driver_sql("UPDATE duplicate_groups SET deferred_until = '2020-01-01 00:00:00.000000'")
    assert {found["id"] for found in objects(archive.root, "dups", "list")} == set(ids(archive).values())


def test_show_numbers_members_the_largest_first_and_says_what_accepting_does(seeded: Bench) -> None:
    number = ids(seeded)["copy"]
    (found,) = objects(seeded.root, "dups", "show", str(number))
    assert [(one["number"], one["width"]) for one in found["members"]] == [(1, 480), (2, 480), (3, 240)]
    best, worse, small = (one["sha256"] for one in found["members"])
    assert found["members"][0]["bytes"] > found["members"][1]["bytes"]
    assert found["accept"] == {
        "keep": best,
        "skip": [worse, small],
        "bytes": sum(one["bytes"] for one in found["members"][1:]),
        "tags": [],
        "places": ["user1/folder 10/1", "user1/folder 10/2"],
    }
    assert {(pair["kind"], pair["orientation"]) for pair in found["pairs"]} == {("copy", 0)}
    assert len(found["pairs"]) == 3
    assert found["guards"] == []
    assert {reason["member"] for reason in found["reasons"]} == {best}
    text = run(seeded.root, "dups", "show", str(number)).stdout
    assert "\n       in: user1/folder 10/0  picture 1.jpg\n" in text
    assert "\n  1 over 3: 4 times the pixels (+50)\n" in text
    assert f"`process.py dups decide {number} --keep 1`): keep 1; 2, 3 to the trash (" in text
    assert "  1 - 2    copy " in text


def test_show_of_a_group_without_a_suggestion_says_why(archive: Bench) -> None:
    number = str(ids(archive)["copy"])
    guards = json.dumps({"confidence": None, "reasons": [], "guards": ["One is a part of another."]})
    with archive.workplace.transaction() as connection:
        statement = "UPDATE duplicate_groups SET suggestion = NULL, reasons = ? WHERE group_id = ?"
        connection.exec_driver_sql(statement, (guards, int(number)))
    text = run(archive.root, "dups", "show", number).stdout
    assert "Why nothing is suggested\n  One is a part of another.\n" in text
    assert text.endswith(f"decide with `process.py dups decide {number} --keep N`.\n")
    assert objects(archive.root, "dups", "show", number)[0]["accept"] is None


def test_names_and_tags_of_others_cannot_steer_the_terminal(archive: Bench) -> None:
    with archive.workplace.transaction() as connection:
        connection.exec_driver_sql("UPDATE folders SET name = 'red \x1b[31m \u202e'")
        connection.exec_driver_sql("INSERT INTO tags VALUES (1, NULL, 'a \x9b2J', 'a')")
        connection.exec_driver_sql("INSERT INTO blob_tags SELECT sha256, 1 FROM blobs")
    for words in (["dups", "show", "1"], ["dups", "show", "1", "--json"]):
        text = run(archive.root, *words).stdout
        assert not set(text) & {"\x1b", "\x9b", "\u202e"}
        assert "a \\" in text


@pytest.mark.parametrize("words", [["show", "99"], ["decide", "99", "--keep", "1"], ["apply", "99", "--yes"]])
def test_a_group_that_is_not_there_is_66(seeded: Bench, words: list[str]) -> None:
    assert "there is no group 99" in run(seeded.root, "dups", *words, code=66).stderr


def test_rules_are_shown_and_previewed_the_same_way_each_time(seeded: Bench) -> None:
    records = {record["name"]: record for record in objects(seeded.root, "dups", "rules")}
    assert records["pixel-identical"]["mode"] == "suggest"
    assert records["pixel-identical"]["waiting"] == 1
    assert records["dominated-copy"] == {
        **records["dominated-copy"],
        "mode": "off",
        "waiting": 0,
        "approved": 0,
        "denied": 0,
    }
    (group,) = [group for group in seeded.groups() if group.kind == "copy"]
    (found,) = objects(seeded.root, "dups", "rules", "--preview", "dominated-copy")
    # Of the copies one is smaller and of finer quantisation than some: whatever the rule says, twice the same.
    assert objects(seeded.root, "dups", "rules", "--preview", "dominated-copy") == [found]
    (found,) = objects(seeded.root, "dups", "rules", "--preview", "pixel-identical")
    assert (found["groups"], found["pictures"]) == (1, 1)
    assert found["bytes"] == next(one.bytes_to_win for one in seeded.groups() if one is not group and one.rule)
    assert [one["group_id"] for one in found["random"]] == [ids(seeded)["pixel-identical"]]
    assert found["random"] == found["nearest"]
    assert "no rule nothing" in run(seeded.root, "dups", "rules", "--preview", "nothing", code=66).stderr


def test_a_rule_that_is_off_is_previewed_as_if_it_were_not(archive: Bench) -> None:
    run(archive.root, "dups", "rules", "pixel-identical", "--mode", "off")
    (found,) = objects(archive.root, "dups", "rules", "--preview", "pixel-identical")
    assert found["groups"] == 1
    assert archive.groups("suggested") == []


def test_a_rules_mode_is_rehearsed_changed_and_undone(archive: Bench) -> None:
    words = ("dups", "rules", "pixel-identical", "--mode", "off")
    assert (
        run(archive.root, *words, "--dry-run").stdout
        == "would: pixel-identical: off, proposes something for 0 groups\n"
    )
    assert len(archive.groups("suggested")) == 1
    assert run(archive.root, *words).stdout.endswith("undo: process.py undo\n")
    assert archive.groups("suggested") == []
    run(archive.root, "undo", "--yes")
    assert len(archive.groups("suggested")) == 1
    refused = run(archive.root, "dups", "rules", "pixel-identical", "--mode", "auto", code=64)
    assert "--override" in refused.stderr
    run(archive.root, "dups", "rules", "nothing", "--mode", "off", code=66)
    run(archive.root, "dups", "rules", "pixel-identical", code=2)


def test_find_says_what_it_found_and_what_has_no_hashes(archive: Bench) -> None:
    (found,) = objects(archive.root, "dups", "find")
    assert (found["pictures"], found["new"], found["looked_at"], found["pairs"]) == (5, 0, 0, {})
    (found,) = objects(archive.root, "dups", "find", "--all", "--max-distance", "4")
    assert (found["new"], found["max_distance"]) == (5, 4)
    archive.add(encoded(picture(3)))
    with archive.workplace.transaction() as connection:
        connection.exec_driver_sql("UPDATE blobs SET phash = NULL, dhash = NULL, hash_version = NULL")
    assert "6 pictures have no hashes yet: process.py dups hash\n" in run(archive.root, "dups", "find").stdout
    assert run(archive.root, "dups", "hash").stdout.startswith("6 pictures hashed, 0 over the limits")
    assert "6 of 6 pictures compared" in run(archive.root, "dups", "find").stdout


def test_hash_tells_of_a_damaged_file(archive: Bench) -> None:
    with archive.workplace.transaction() as connection:
        connection.exec_driver_sql("UPDATE blobs SET phash = NULL, dhash = NULL, hash_version = NULL")
    for path in sorted((archive.root / "blobs").rglob("*.jpeg"))[:1]:
        path.write_bytes(path.read_bytes()[:1000])
    result = run(archive.root, "dups", "hash", code=3)
    assert "1 files are missing or damaged: process.py verify" in result.stdout


@pytest.mark.parametrize(("name", "module", "work"), [("find", finding, "find"), ("hash", hashing, "hash_pictures")])
def test_an_interruption_is_130_and_says_that_it_goes_on(
    seeded: Bench, monkeypatch: pytest.MonkeyPatch, name: str, module: Any, work: str
) -> None:
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(module, work, interrupt)
    result = run(seeded.root, "dups", name, code=130)
    assert result.stderr == "Interrupted: what was looked at is on record; the same command goes on.\n"
    assert result.stdout == ""


@pytest.mark.parametrize(
    "words",
    [
        ["dups", "list"],
        ["dups", "accept", "--class", "copy", "--dry-run"],
        ["dups", "defer", "1"],
        ["dups", "find"],
        ["dups", "decide", "1", "--none"],
        ["undo", "--dry-run"],
        ["history"],
        ["trash", "list"],
        ["trash", "empty"],
    ],
    ids=" ".join,
)
def test_without_an_archive_nothing_is_made(tmp_path: Path, words: list[str]) -> None:
    result = run(tmp_path, *words, code=78)
    assert "there is no database" in result.stderr
    assert list(tmp_path.iterdir()) == []
    run(tmp_path / "away", *words, code=73)


def test_an_unknown_step_is_answered_with_the_nearest(seeded: Bench) -> None:
    assert "Did you mean 'list'?" in run(seeded.root, "dups", "lst", code=2).stderr

from __future__ import annotations

import json
import pickle
import sqlite3
from pathlib import Path

import click
import pytest
import sample_archive
from click.testing import CliRunner, Result

from imagefap_scraper.database import session
from tools.process import cli


def run(*arguments: str | Path, env: dict[str, str] | None = None) -> Result:
    settings = {"IMAGEFAP_OUTPUT": None, "IMAGEFAP_DATABASE_URL": None, **(env or {})}
    return CliRunner().invoke(cli, [str(argument) for argument in arguments], env=settings)


def database_path(result: Result) -> Path:
    assert result.exit_code == 0, result.output
    return Path(json.loads(result.stdout)["database"]["path"])


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    directory = tmp_path / "archive"
    directory.mkdir()
    sample_archive.make(directory)
    return directory


@pytest.mark.parametrize("option", ["-h", "--help"])
def test_help_says_what_it_is_for_with_examples_and_all_commands(option: str) -> None:
    result = run(option)
    assert result.exit_code == 0
    assert result.stdout.count("python tools/process.py ") == 2
    assert "  print  " in result.stdout
    assert "  stats  " in result.stdout


@pytest.mark.parametrize("name", ["print", "stats", "verify"])
def test_every_command_has_a_sentence_and_examples(name: str) -> None:
    result = run(name, "-h")
    assert result.exit_code == 0
    assert f"python tools/process.py {name}" in result.stdout


def test_the_documented_default_is_the_one_that_holds(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    directory = tmp_path / "Downloads" / "imagefap"
    directory.mkdir(parents=True)
    expected = sample_archive.make(directory)
    assert "[default: ~/Downloads/imagefap]" in " ".join(run("stats", "-h").stdout.split())
    assert database_path(run("stats", "--json")) == expected
    assert database_path(run("stats", "--json", env={"IMAGEFAP_OUTPUT": ""})) == expected


def test_no_arguments_show_the_help_and_fail() -> None:
    result = run()
    assert result.exit_code == 2
    assert "Usage:" in result.stderr
    assert result.stdout == ""


def test_an_unknown_command_is_answered_with_the_nearest() -> None:
    result = run("stat")
    assert result.exit_code == 2
    assert "Did you mean 'stats'?" in result.stderr


def test_helper_modules_are_no_commands() -> None:
    assert run("_print").exit_code == 2
    assert all(not name.startswith("_") for name in cli.list_commands(click.Context(cli)))


def test_version_is_the_projects() -> None:
    project = (Path(__file__).parents[2] / "pyproject.toml").read_text(encoding="utf-8")
    name, version = run("--version").stdout.split()
    assert f'name = "{name}"' in project
    assert f'version = "{version}"' in project


def test_the_directory_may_stand_before_or_after_the_command_or_in_the_environment(archive: Path) -> None:
    expected = archive / "imagefap.database"
    assert database_path(run("--dir", archive, "stats", "--json")) == expected
    assert database_path(run("stats", "--json", "--dir", archive)) == expected
    assert database_path(run("stats", "--json", env={"IMAGEFAP_OUTPUT": str(archive)})) == expected


def test_the_nearest_directory_holds(archive: Path, tmp_path: Path) -> None:
    away = str(tmp_path / "away")
    result = run("--dir", away, "stats", "--json", "--dir", archive, env={"IMAGEFAP_OUTPUT": away})
    assert database_path(result) == archive / "imagefap.database"
    result = run("--dir", archive, "stats", "--json", env={"IMAGEFAP_OUTPUT": away})
    assert database_path(result) == archive / "imagefap.database"


def test_a_tilde_that_the_shell_left_is_expanded(archive: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(archive.parent))
    expected = archive / "imagefap.database"
    assert database_path(run("stats", "--json", "--dir", "~/archive")) == expected
    assert database_path(run("stats", "--json", env={"IMAGEFAP_OUTPUT": "~/archive"})) == expected


@pytest.mark.parametrize("directory", ["", "~no-such-user-here/archive"])
def test_a_directory_that_cannot_be_one_is_a_usage_error(directory: str) -> None:
    result = run("stats", "--dir", directory)
    assert result.exit_code == 2
    assert "Invalid value for '--dir'" in result.stderr


def test_the_database_may_lie_elsewhere(archive: Path, tmp_path: Path) -> None:
    url = f"sqlite:///{archive / 'imagefap.database'}"
    result = run("stats", "--json", "--dir", tmp_path / "away", env={"IMAGEFAP_DATABASE_URL": url})
    assert database_path(result) == archive / "imagefap.database"
    assert run("stats", env={"IMAGEFAP_DATABASE_URL": "postgresql://host/name"}).exit_code == 78


def refused(directory: Path, exit_code: int = 78) -> str:
    """Return the one line with which every command refuses, the same from all."""
    lines = set()
    repair = ["verify", "--read-data", "--repair"]
    for command in (["stats"], ["stats", "--json"], ["print"], ["print", "--json"], ["verify", "--json"], repair):
        result = run(*command, "--dir", directory)
        assert result.exit_code == exit_code, result.output
        assert isinstance(result.exception, SystemExit)
        assert result.stdout == ""
        (line,) = result.stderr.splitlines()
        lines.add(line)
    (line,) = lines
    assert line.startswith("Error: ")
    return line


def test_a_missing_directory_is_one_line(tmp_path: Path) -> None:
    assert "there is no directory" in refused(tmp_path / "away", 73)


def test_a_name_that_the_system_refuses_is_one_line(tmp_path: Path) -> None:
    assert "File name too long" in refused(tmp_path / ("a" * 300), 73)


def test_a_missing_database_is_one_line_and_none_is_made(tmp_path: Path) -> None:
    assert "scrapy crawl favorites" in refused(tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("content", "words"),
    [
        pytest.param(pickle.dumps({"users": {}}), "original program's", id="the original's pickle"),
        pytest.param(b"", "no archive yet", id="empty"),
        pytest.param(b"words\n" * 100, "another kind", id="text"),
        pytest.param(b"SQLite format 3\0" + b"\x55" * 5000, "cannot be used", id="damaged"),
    ],
)
def test_a_file_of_another_kind_is_one_line_and_left_alone(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "imagefap.database"
    path.write_bytes(content)
    assert words in refused(tmp_path)
    assert path.read_bytes() == content


@pytest.mark.parametrize(("revision", "words"), [("9999", "newer version"), ("0000", "older version")])
def test_a_database_of_another_version_is_one_line(archive: Path, revision: str, words: str) -> None:
    _change(archive, "UPDATE alembic_version SET version_num = ?", revision)
    assert words in refused(archive)


def _change(archive: Path, statement: str, *values: object) -> None:
    connection = sqlite3.connect(archive / "imagefap.database")
    with connection:
        connection.execute(statement, values)
    connection.close()


def test_a_file_that_was_cut_is_one_line(archive: Path) -> None:
    path = archive / "imagefap.database"
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    assert "malformed" in refused(archive)


@pytest.mark.parametrize("command", ["stats", "print"])
def test_damage_that_shows_late_is_one_line(archive: Path, command: str) -> None:
    _change(archive, "ALTER TABLE blobs RENAME COLUMN size TO bytes")
    result = run(command, "--dir", archive)
    assert result.exit_code == 78
    assert "no such column" in result.stderr
    assert result.stderr.count("\n") == 1


def test_a_date_that_is_none_is_one_line(archive: Path) -> None:
    _change(archive, "UPDATE folders SET finished_blobs = 'yesterday'")
    result = run("print", "--dir", archive)
    assert result.exit_code == 78
    assert "yesterday" in result.stderr
    assert result.stderr.count("\n") == 1


def test_a_locked_database_is_one_line(archive: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "_BUSY_SECONDS", 0.02)
    holder = sqlite3.connect(archive / "imagefap.database")
    holder.execute("PRAGMA locking_mode = EXCLUSIVE")
    holder.execute("UPDATE users SET name = name")
    holder.commit()
    try:
        assert "later" in refused(archive, 75)
    finally:
        holder.close()


def test_control_characters_of_a_path_do_not_reach_the_terminal(tmp_path: Path) -> None:
    line = refused(tmp_path / "a\x1b[2J\nb", 73)
    assert "a\\x1b[2J\\nb" in line


def test_an_interrupt_ends_quietly_with_its_own_code(archive: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(_directory: Path) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("tools.commands._stats.write_json", interrupted)
    result = run("stats", "--json", "--dir", archive)
    assert (result.exit_code, result.output) == (130, "")

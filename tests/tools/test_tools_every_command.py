"""What holds for every command, also for one that is written tomorrow: help, and what is said of a bad database."""

from __future__ import annotations

import os
import pickle
import re
import shutil
import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import pytest
import sample_archive
from click.testing import CliRunner, Result
from tools_commands import paths

from imagefap_scraper.database import session
from tools.process import cli

if TYPE_CHECKING:
    from collections.abc import Callable

#: They open no archive, or tell of a bad one in a report of their own.
OPEN_NONE = {"completion", "config", "doctor"}
#: They make the archive that is not there yet.
MAKE_ONE = {"import gallery-dl", "import legacy", "import local", "import tree"}
COMMANDS = dict(paths())
OPENING = sorted(set(COMMANDS) - OPEN_NONE)
READING = sorted(set(OPENING) - MAKE_ONE)
#: What `required` cannot guess.
WORDS = {
    "dups accept": ["--class", "copy"],
    "dups decide": ["1", "--keep", "1"],
    "export": ["name:x", "--to", "{place}/out"],
    "relink": ["--template", "{{id}}.{{ext}}"],
    "trash restore": ["abcdef"],
}


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("IMAGEFAP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setattr(session, "_BUSY_SECONDS", 0.02)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("made")
    sample_archive.make(directory)
    return directory


@pytest.fixture
def archive(made: Path, tmp_path: Path) -> Path:
    """An archive of the test's own."""
    return Path(shutil.copytree(made, tmp_path / "archive"))


def words(name: str, place: Path) -> list[str]:
    """Return the command with all that it needs; files and directories that it reads are made in `place`."""
    command = COMMANDS[name]
    given = [word.format(place=place) for word in WORDS.get(name, [])]
    if not given:
        given = [required(one, place) for one in command.params if isinstance(one, click.Argument) and one.required]
        for one in command.params:
            if isinstance(one, click.Option) and one.required:
                given += [one.opts[0], required(one, place)]
    yes = ["--yes"] if any("--yes" in one.opts for one in command.params) else []
    return [*name.split(), *given, *yes]


def required(one: click.Parameter, place: Path) -> str:
    """Return a value that a parameter takes."""
    if isinstance(one.type, click.Choice):
        return str(one.type.choices[0])
    if isinstance(one.type, click.Path):
        path = place / f"{one.name}"
        if one.type.file_okay:
            connection = sqlite3.connect(path)
            connection.execute("CREATE TABLE archive (entry TEXT PRIMARY KEY) WITHOUT ROWID")
            connection.close()
        else:
            path.mkdir()
            # Something to import: without it, nothing is opened.
            (path / "imagefap_77_1234.jpg").write_bytes(b"\xff\xd8\xff\xe0 no picture")
        return str(path)
    return "1" if isinstance(one.type, click.types.IntParamType) else "name:x" if one.name == "query" else "one"


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli, list(arguments))


def refused(name: str, directory: Path, place: Path, *codes: int) -> str:
    """Return the one line with which a command refuses a directory."""
    result = run(*words(name, place), "--dir", str(directory))
    assert result.exit_code in codes, (result.output, result.exception)
    assert isinstance(result.exception, SystemExit)
    assert result.stdout == ""
    (line,) = result.stderr.splitlines()
    assert line.startswith("Error: ")
    return line


@pytest.mark.parametrize(
    ("name", "command"), paths(groups=True), ids=lambda value: value if isinstance(value, str) else ""
)
def test_help_says_what_it_is_for_with_an_example(name: str, command: click.Command) -> None:
    short, long = run(*name.split(), "-h"), run(*name.split(), "--help")
    assert (short.exit_code, short.stdout) == (0, long.stdout)
    lines = short.stdout.splitlines()
    assert re.fullmatch(r"  \S.*", lines[2]), "a sentence comes first"
    last = name.rpartition(" ")[2]
    assert any(re.match(rf" .*process\.py (.* )?{last}\b", line) for line in lines[3:]), "no example"
    assert command.help


@pytest.mark.parametrize("name", READING)
def test_a_missing_directory_is_one_line(name: str, tmp_path: Path) -> None:
    assert "there is no directory" in refused(name, tmp_path / "away", tmp_path, 73)


@pytest.mark.parametrize("name", READING)
def test_a_missing_database_is_one_line_and_none_is_made(name: str, tmp_path: Path) -> None:
    directory = tmp_path / "empty"
    directory.mkdir()
    assert "there is no database" in refused(name, directory, tmp_path, 78)
    assert list(directory.iterdir()) == []


def _newer(database: Path) -> None:
    _change(database, "UPDATE alembic_version SET version_num = '9999'")


def _older(database: Path) -> None:
    _change(database, "UPDATE alembic_version SET version_num = '0000'")


def _foreign(database: Path) -> None:
    database.write_bytes(pickle.dumps({"users": {}}))


def _damaged(database: Path) -> None:
    database.write_bytes(b"SQLite format 3\0" + b"\x55" * 5000)


def _cut(database: Path) -> None:
    content = database.read_bytes()
    database.write_bytes(content[: len(content) // 2])


def _change(database: Path, statement: str) -> None:
    connection = sqlite3.connect(database)
    with connection:
        connection.execute(statement)
    connection.close()


@pytest.mark.parametrize("spoil", [_newer, _older, _foreign, _damaged, _cut], ids=lambda value: value.__name__)
@pytest.mark.parametrize("name", READING)
def test_a_database_that_cannot_be_used_is_one_line_and_left_alone(
    name: str, spoil: Callable[[Path], None], archive: Path, tmp_path: Path
) -> None:
    database = archive / "imagefap.database"
    spoil(database)
    content = database.read_bytes()
    refused(name, archive, tmp_path, 78)
    assert database.read_bytes() == content


@pytest.mark.parametrize("spoil", [_newer, _foreign, _damaged], ids=lambda value: value.__name__)
@pytest.mark.parametrize("name", sorted(MAKE_ONE - {"import legacy"}))
def test_an_import_into_a_database_that_cannot_be_used_is_one_line(
    name: str, spoil: Callable[[Path], None], archive: Path, tmp_path: Path
) -> None:
    database = archive / "imagefap.database"
    spoil(database)
    content = database.read_bytes()
    more: list[Any] = []
    if name == "import gallery-dl":
        (tmp_path / "files").mkdir()
        (tmp_path / "files" / "imagefap_77_1234.jpg").write_bytes(b"\xff\xd8\xff\xe0 no picture")
        more = ["--files", str(tmp_path / "files")]
    result = run(*words(name, tmp_path), *more, "--dir", str(archive))
    assert result.exit_code == 78, result.output
    assert [line.startswith("Error: ") for line in result.stderr.splitlines()] == [True]
    assert database.read_bytes() == content


@pytest.mark.parametrize("name", READING)
def test_a_locked_database_is_one_line(name: str, archive: Path, tmp_path: Path) -> None:
    holder = sqlite3.connect(archive / "imagefap.database")
    holder.execute("PRAGMA locking_mode = EXCLUSIVE")
    holder.execute("UPDATE users SET name = name")
    holder.commit()
    try:
        assert "later" in refused(name, archive, tmp_path, 75)
    finally:
        holder.close()

from __future__ import annotations

import os
import pty
import select
import shutil
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import click
import pytest
import sample_archive
from click.shell_completion import BashComplete
from click.testing import CliRunner

from tools.commands import _completion
from tools.commands._complete import folder_completion, query_completion, tag_completion, user_completion
from tools.commands._options import directory_option
from tools.process import cli

ROOT = Path(__file__).parents[2]
PROGRAM = ROOT / "tools" / "process.py"

#: A program with one command that completes everything; what a command of ours does to offer names.
SAMPLE = f"""
import sys
sys.path[:0] = [{str(ROOT)!r}, {str(Path(__file__).parent)!r}]
from test_tools_completion import sample
sample(prog_name="process.py")
"""


@click.group()
@directory_option
def sample(directory: Path | None) -> None:
    """Nothing."""


@sample.command()
@directory_option
@click.option("--user", shell_complete=user_completion)
@click.option("--folder", shell_complete=folder_completion)
@click.option("--tag", shell_complete=tag_completion)
@click.argument("query", shell_complete=query_completion)
def go(**given: object) -> None:
    """Write the query."""
    click.echo(f"<{given['query']}>")


@pytest.fixture(autouse=True)
def archive(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    for name in [name for name in os.environ if name.startswith("IMAGEFAP_")]:
        monkeypatch.delenv(name)
    directory = tmp_path / "archive"
    directory.mkdir()
    sample_archive.make(directory)
    monkeypatch.setenv("IMAGEFAP_OUTPUT", str(directory))
    return directory


def completed(*words: str) -> list[str]:
    """Return what the last word may become."""
    complete = BashComplete(sample, {}, "process.py", "_PROCESS_PY_COMPLETE")
    return [item.value for item in complete.get_completions(list(words[:-1]), words[-1])]


def change(archive: Path, statement: str, *values: object) -> None:
    connection = sqlite3.connect(archive / "imagefap.database")
    with connection:
        connection.execute(statement, values)
    connection.close()


def test_names_come_from_the_database_in_any_letter_case() -> None:
    assert completed("go", "--user", "") == ["anna", "Ben", "Ärger & Söhne"]
    assert completed("go", "--user", "b") == ["Ben"]
    assert completed("go", "--folder", "TR") == ["Trees"]
    assert completed("go", "--tag", "plants/") == ["plants/bushes", "plants/Trees"]


def test_queries_go_on_after_a_field() -> None:
    assert completed("go", "f") == ["folder:"]
    assert completed("go", "folder:t") == ["folder:Trees"]
    assert completed("go", "w:>10 -tag:plants/T") == ["w:>10 -tag:plants/Trees"]
    # Two words need quotes, as the query language wants them.
    assert completed("go", "user:ä") == ['user:"Ärger & Söhne"']
    assert completed("go", "size:") == []


def test_the_directory_of_the_line_holds(archive: Path, tmp_path: Path) -> None:
    assert completed("go", "--dir", str(tmp_path), "--tag", "") == []
    assert completed("--dir", str(tmp_path), "go", "--tag", "") == []
    assert completed("--dir", str(tmp_path), "go", "--dir", str(archive), "--tag", "an") == ["Animals"]


def test_the_database_may_lie_elsewhere(archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IMAGEFAP_OUTPUT", str(tmp_path))
    monkeypatch.setenv("IMAGEFAP_DATABASE_URL", f"sqlite:///{archive / 'imagefap.database'}")
    assert completed("go", "--tag", "an") == ["Animals"]


def test_names_that_could_steer_a_terminal_are_not_offered(archive: Path) -> None:
    change(
        archive,
        "INSERT INTO folders SELECT user_id, 77, ?, kind, pages, first_seen, NULL, NULL, NULL, NULL FROM"
        " folders LIMIT 1",
        sample_archive.HOSTILE,
    )
    assert completed("go", "--folder", "") == ["Albums", "Flowers", "Trees", "Uncategorized"]


def test_it_only_reads_and_leaves_nothing(archive: Path) -> None:
    before = {path.name: path.stat().st_mtime_ns for path in archive.iterdir()}
    assert completed("go", "--tag", "an") == ["Animals"]
    assert {path.name: path.stat().st_mtime_ns for path in archive.iterdir()} == before


def test_what_a_crawl_is_writing_is_offered(archive: Path) -> None:
    crawl = sqlite3.connect(archive / "imagefap.database")
    with crawl:
        crawl.execute("UPDATE users SET name = 'new name' WHERE user_id = 1")
    assert completed("go", "--user", "n") == ["new name"]
    crawl.close()


@pytest.mark.parametrize("content", [None, b"words", b"SQLite format 3\0" + b"\x55" * 5000])
def test_without_a_usable_database_there_is_no_answer(archive: Path, content: bytes | None) -> None:
    path = archive / "imagefap.database"
    path.unlink()
    if content is not None:
        path.write_bytes(content)
    assert completed("go", "--tag", "") == []


def test_a_locked_database_is_not_waited_for(archive: Path) -> None:
    holder = sqlite3.connect(archive / "imagefap.database")
    holder.execute("PRAGMA locking_mode = EXCLUSIVE")
    holder.execute("UPDATE users SET name = name")
    holder.commit()
    started = time.monotonic()
    assert completed("go", "--tag", "") == []
    assert time.monotonic() - started < 2
    holder.close()


def script(shell: str, *words: str) -> str:
    result = CliRunner().invoke(cli, ["completion", shell, *words])
    assert result.exit_code == 0, result.output
    return result.stdout


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_scripts_name_this_program_and_leave_nothing_to_fill_in(shell: str) -> None:
    text = script(shell, "--name", "my.fap-tool")
    assert str(PROGRAM) in text
    assert sys.executable in text
    assert "my.fap-tool" in text
    assert "@" not in text.replace('"$@"', "").replace("[@]", "").replace("${(@f)", "")


def test_a_name_that_is_code_is_refused() -> None:
    result = CliRunner().invoke(cli, ["completion", "bash", "--name", "a; rm -rf x"])
    assert result.exit_code == 64
    assert result.stdout == ""


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_shells_can_read_their_scripts(shell: str, tmp_path: Path) -> None:
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed")
    path = tmp_path / "script"
    path.write_text(script(shell))
    assert subprocess.run([shell, "-n", path], capture_output=True, check=False).stderr == b""


def test_the_program_answers_as_the_scripts_ask(archive: Path) -> None:
    question = {"_PROCESS_PY_COMPLETE": "bash_complete", "COMP_WORDS": "imagefap-process\nsta", "COMP_CWORD": "1"}
    command = [sys.executable, PROGRAM]
    answer = subprocess.run(command, env=os.environ | question, capture_output=True, text=True, check=False)
    assert (answer.stdout, answer.stderr) == ("plain,stats\n", "")


needs_bash = pytest.mark.skipif(shutil.which("bash") is None, reason="bash is not installed")


@pytest.fixture
def bash_script(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The script for bash, of the sample program."""
    program = tmp_path / "sample.py"
    program.write_text(SAMPLE)
    monkeypatch.setattr(_completion, "_PROGRAM", program)
    path = tmp_path / "script"
    path.write_text(script("bash"))
    return path


def typed(bash_script: Path, line: str) -> str:
    """Return what an interactive bash writes after a line was typed that ends with a tabulator, then Enter."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.environ.update(PS1="READY> ", TERM="dumb", INPUTRC="/dev/null")
        os.execvp("bash", ["bash", "--norc", "--noprofile", "-i"])
    try:
        until(terminal, "READY> ")
        os.write(terminal, f"source {bash_script}\n".encode())
        until(terminal, "READY> ")
        os.write(terminal, line.encode())
        # The answer is a process; Enter would be read before it has ended, and be taken for the line's end.
        until(terminal, " ", after=len(line))
        os.write(terminal, b"\n")
        return until(terminal, "READY> ").replace("\r", "")
    finally:
        os.close(terminal)
        os.waitpid(pid, 0)


def until(terminal: int, end: str, after: int = 0) -> str:
    """Read until the text, behind so many characters, ends with `end`."""
    text, deadline = "", time.monotonic() + 20
    while not (len(text) > after and text.endswith(end)):
        assert select.select([terminal], [], [], max(0.0, deadline - time.monotonic()))[0], text
        text += os.read(terminal, 4096).decode(errors="replace")
    return text


@needs_bash
def test_bash_completes_a_field_of_a_query_although_it_breaks_words_at_colons(bash_script: Path) -> None:
    assert "<folder:Trees>" in typed(bash_script, "imagefap-process go folder:T\t")


@needs_bash
def test_bash_runs_nothing_that_a_name_says(bash_script: Path, archive: Path, tmp_path: Path) -> None:
    change(
        archive, "UPDATE folders SET name = ? WHERE folder_id = 20", f"Tr$(touch {tmp_path}/ran);`touch {tmp_path}/ran`"
    )
    out = typed(bash_script, "imagefap-process go Tr --folder Tr\t")
    assert "<Tr>" in out
    assert not (tmp_path / "ran").exists()

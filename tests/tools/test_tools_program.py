"""The command line as a program of its own: what only a process of its own can show."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest
import sample_archive

PROGRAM = Path(__file__).parents[2] / "tools" / "process.py"

#: What `stats` and `print` must not pay for.
SLOW = ("scrapy", "twisted", "alembic", "pydantic", "imagededup", "numpy", "PIL", "aiohttp")


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("archive")
    sample_archive.make(directory)
    return directory


def environment(**changes: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("IMAGEFAP_", "LC_", "PYTHON"))}
    return kept | changes


def run(*arguments: str, **changes: str) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, PROGRAM, *arguments]
    return subprocess.run(command, capture_output=True, cwd="/", env=environment(**changes), check=False)


def test_it_runs_from_any_directory_without_being_installed(archive: Path) -> None:
    result = run("stats", "--json", "--dir", str(archive))
    assert result.stderr == b""
    assert json.loads(result.stdout)["favorites"] == 8


def imported(*arguments: str) -> set[str]:
    """Return the packages that a command has imported when it ends."""
    script = (
        "import atexit, runpy, sys\n"
        "atexit.register(lambda: print(*{name.partition('.')[0] for name in sys.modules}, file=sys.stderr))\n"
        f"sys.argv = {[str(PROGRAM), *arguments]!r}\n"
        f"sys.path.insert(0, {str(PROGRAM.parent)!r})\n"
        f"runpy.run_path({str(PROGRAM)!r}, run_name='__main__')\n"
    )
    command = [sys.executable, "-c", script]
    result = subprocess.run(command, capture_output=True, text=True, cwd="/", env=environment(), check=False)
    # The sample archive has rows and no files, which `verify` finds.
    assert result.returncode == (os.EX_DATAERR if "verify" in arguments else 0), result.stderr
    return set(result.stderr.split())


@pytest.mark.parametrize(
    "command", [["stats"], ["stats", "--json"], ["print"], ["print", "--json"], ["verify"]], ids=" ".join
)
def test_commands_import_nothing_slow(archive: Path, command: list[str]) -> None:
    packages = imported("--dir", str(archive), *command)
    assert "sqlalchemy" in packages
    assert packages.isdisjoint(SLOW)


@pytest.mark.parametrize("command", [[], ["stats"], ["print"]], ids=" ".join)
def test_help_imports_neither_the_database_nor_rich(command: list[str]) -> None:
    packages = imported(*command, "--help")
    assert "click" in packages
    assert packages.isdisjoint({*SLOW, "sqlalchemy", "rich"})


def cpu_seconds(*arguments: str) -> float:
    """Return the least CPU time of three runs, user and system."""
    times = []
    for _ in range(3):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        assert run(*arguments).returncode == 0
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        times.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return min(times)


def test_the_budget_of_cpu_holds(archive: Path) -> None:
    assert cpu_seconds("--help") < 0.2
    assert cpu_seconds("stats", "--dir", str(archive)) < 0.6


def test_output_is_utf8_whatever_the_locale(archive: Path) -> None:
    result = run("print", "--dir", str(archive), LC_ALL="C", PYTHONCOERCECLOCALE="0", PYTHONUTF8="0")
    assert result.returncode == 0
    assert "Ärger & Söhne" in result.stdout.decode()
    assert "花" in result.stdout.decode()


def test_a_path_that_is_no_text_does_not_crash(tmp_path: Path) -> None:
    directory = os.fsdecode(os.fsencode(tmp_path) + b"/odd \xff ?#%25")
    Path(directory).mkdir()
    sample_archive.make(Path(directory))
    document = json.loads(run("stats", "--json", "--dir", directory).stdout)
    assert document["database"]["path"] == f"{directory}/imagefap.database"
    assert rb"/odd \udcff ?#%25/imagefap.database" in run("stats", "--dir", directory).stdout


@pytest.mark.parametrize("options", [[], ["--json"]], ids=["text", "json"])
def test_a_reader_that_leaves_ends_it_quietly(archive: Path, options: list[str]) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    command = [sys.executable, PROGRAM, "print", "--dir", str(archive), *options]
    with os.fdopen(writer, "wb") as stdout:
        result = subprocess.run(command, stdout=stdout, stderr=subprocess.PIPE, cwd="/", env=environment(), check=False)
    assert (result.returncode, result.stderr) == (0, b"")


def test_output_that_cannot_be_written_is_one_line(archive: Path) -> None:
    command = [sys.executable, PROGRAM, "stats", "--dir", str(archive)]
    with Path("/dev/full").open("wb") as stdout:
        result = subprocess.run(command, stdout=stdout, stderr=subprocess.PIPE, cwd="/", env=environment(), check=False)
    assert result.returncode == 74
    assert result.stderr.count(b"\n") == 1
    assert b"No space left" in result.stderr


def test_without_stdout_it_ends_all_the_same(archive: Path) -> None:
    for command in ("stats", "print --json"):
        line = f'"$0" "$1" {command} --dir "$2" >&-'
        arguments = ["sh", "-c", line, sys.executable, str(PROGRAM), str(archive)]
        result = subprocess.run(arguments, stderr=subprocess.PIPE, cwd="/", env=environment(), check=False)
        assert (result.returncode, result.stderr) == (0, b"")


def test_colours_only_where_they_are_wanted(archive: Path) -> None:
    plain = run("stats", "--dir", str(archive))
    assert b"\x1b[" not in plain.stdout
    forced = run("stats", "--dir", str(archive), FORCE_COLOR="1", TERM="xterm-256color")
    assert b"\x1b[36m" in forced.stdout
    without = run("stats", "--dir", str(archive), FORCE_COLOR="1", NO_COLOR="1", TERM="xterm-256color")
    assert b"\x1b[36m" not in without.stdout

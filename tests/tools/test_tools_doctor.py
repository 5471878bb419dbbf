from __future__ import annotations

import json
import os
import pickle
import shutil
import sqlite3
from collections import namedtuple
from pathlib import Path
from typing import Any

import pytest
import sample_archive
from click.testing import CliRunner

from imagefap_scraper.database import session
from imagefap_scraper.pace.budget import Limits
from imagefap_scraper.pace.pauses import PausePolicy
from imagefap_scraper.pace.store import PaceStore
from imagefap_scraper.storage.lock import DirectoryLock
from tools.commands import _doctor_archive, _doctor_program
from tools.process import cli

POLICY = PausePolicy(first=900.0, longest=7200.0, max_pauses=4)


@pytest.fixture(autouse=True)
def pace_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    for name in [name for name in os.environ if name.startswith("IMAGEFAP_")]:
        monkeypatch.delenv(name)
    path = tmp_path / "state" / "pace.sqlite3"
    monkeypatch.setenv("IMAGEFAP_PACE_FILE", str(path))
    return path


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("made")
    (directory / ".imagefap").mkdir()
    # Readers take it as well when they close.
    (directory / ".imagefap" / "write.lock").touch()
    sample_archive.make(directory)
    return directory


@pytest.fixture
def archive(made: Path, tmp_path: Path) -> Path:
    """An archive of the test's own."""
    return Path(shutil.copytree(made, tmp_path / "archive"))


def examined(directory: Path, *words: str, code: int = 0) -> dict[str, dict[str, str]]:
    """Return the checks by name."""
    result = CliRunner().invoke(cli, ["doctor", "--json", *words, "--dir", str(directory)])
    assert result.exit_code == code, result.output
    document = json.loads(result.stdout)
    assert document["ok"] == (code == 0)
    return {check["name"]: check for check in document["checks"]}


def test_a_sound_archive_has_nothing_bad(archive: Path) -> None:
    before = sorted(archive.rglob("*"))
    found = examined(archive)
    assert {name: check["state"] for name, check in found.items() if check["state"] != "ok"}.keys() <= {
        "sqlite",
        "disk",
    }
    assert {"program", "python", "scrapy", "packages", "sqlite", "disk", "permissions", "database"} <= set(found)
    assert "8 favorites, quick check passed" in found["database"]["message"]
    assert sorted(archive.rglob("*")) == before, "it only reads"


def test_the_text_has_a_line_each_and_a_sum(archive: Path) -> None:
    result = CliRunner().invoke(cli, ["doctor", "--dir", str(archive)])
    lines = result.stdout.splitlines()
    assert lines[0].startswith("ok    program       imagefap-scraper ")
    assert lines[-1].startswith("0 bad, ")
    assert len(lines) == 2 + len(examined(archive))


def test_before_the_first_crawl_nothing_is_bad_and_nothing_is_made(tmp_path: Path, pace_file: Path) -> None:
    found = examined(tmp_path / "away" / "deep")
    assert "the first crawl makes it" in found["archive"]["message"]
    assert "the first crawl makes it" in found["pace file"]["message"]
    assert not pace_file.parent.exists()
    assert list(tmp_path.iterdir()) == []


def test_a_file_in_the_place_of_the_directory_is_bad(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("words")
    assert "is no directory" in examined(tmp_path / "file", code=65)["archive"]["message"]


# --- program --------------------------------------------------------------------------------------------------------


def program(tmp_path: Path, requirements: str) -> dict[str, tuple[str, str]]:
    path = tmp_path / "requirements.txt"
    path.write_text(requirements)
    return {check.name: (check.state, check.message) for check in _doctor_program.checks(path)}


def test_a_missing_package_is_bad_and_another_version_is_told(tmp_path: Path) -> None:
    state, message = program(tmp_path, "no-such-package==1.0 # with words\n# commented==1\n")["packages"]
    assert (state, message) == ("bad", "missing: no-such-package; run `make`")
    state, message = program(tmp_path, "click==0.1\n")["packages"]
    assert state == "warn"
    assert "(tested: 0.1)" in message


@pytest.mark.parametrize(("version", "state"), [((3, 51, 2), "warn"), ((3, 51, 3), "ok"), ((3, 52, 0), "ok")])
def test_an_sqlite_that_can_damage_a_log_is_told(
    monkeypatch: pytest.MonkeyPatch, version: tuple[int, ...], state: str
) -> None:
    monkeypatch.setattr(sqlite3, "sqlite_version_info", version)
    (check,) = [check for check in _doctor_program.checks() if check.name == "sqlite"]
    assert check.state == state


def test_a_python_that_has_no_ready_packages_is_bad(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.version_info", (3, 13, 0, "final", 0))
    (check,) = [check for check in _doctor_program.checks() if check.name == "python"]
    assert check.state == "bad"


# --- disk and archive -----------------------------------------------------------------------------------------------

Disk = namedtuple("Disk", "f_bavail f_frsize f_files f_favail")


@pytest.mark.parametrize(
    ("disk", "states"),
    [
        (Disk(10**6, 4096, 10**6, 10**6), ("ok", "ok")),
        (Disk(10**5, 4096, 10**6, 100), ("warn", "warn")),
        (Disk(10**4, 4096, 0, 0), ("bad", None)),
    ],
)
def test_a_disk_that_gets_full_is_told(
    monkeypatch: pytest.MonkeyPatch, archive: Path, disk: Disk, states: tuple[str, str | None]
) -> None:
    monkeypatch.setattr(os, "statvfs", lambda _path: disk)
    found = {check.name: check.state for check in _doctor_archive.checks(archive)}
    assert (found["disk"], found.get("inodes")) == states


def test_a_disk_behind_a_network_is_bad(monkeypatch: pytest.MonkeyPatch, archive: Path, tmp_path: Path) -> None:
    device = archive.stat().st_dev
    mounts = tmp_path / "mountinfo"
    number = f"{os.major(device)}:{os.minor(device)}"
    mounts.write_text(f"1 0 0:999 / /elsewhere rw - ext4 /dev/x rw\n2 0 {number} / / rw a - nfs4 h:/ rw\n")
    monkeypatch.setattr(_doctor_archive, "_MOUNTS", mounts)
    found = {check.name: check for check in _doctor_archive.checks(archive)}
    assert found["file system"].state == "bad"
    assert "(nfs4)" in found["disk"].message


def test_parts_on_another_disk_are_bad(monkeypatch: pytest.MonkeyPatch, archive: Path) -> None:
    other = archive / "blobs"
    other.mkdir()
    monkeypatch.setattr(_doctor_archive, "_device", lambda place: 1 if place == other else None)
    found = {check.name: check for check in _doctor_archive.checks(archive)}
    assert found["one disk"].state == "bad"
    assert str(other) in found["one disk"].message


def test_what_may_not_be_written_is_bad(monkeypatch: pytest.MonkeyPatch, archive: Path, pace_file: Path) -> None:
    PaceStore(pace_file, "h:1", Limits(), POLICY).check()
    monkeypatch.setattr(os, "access", lambda path, _mode: "archive" not in str(path) and "pace" not in str(path))
    found = examined(archive, code=65)
    assert [found[name]["state"] for name in ("permissions", "database", "pace file")] == ["bad"] * 3


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (pickle.dumps({}), "original program's"),
        (b"SQLite format 3\0" + b"\x55" * 5000, "cannot be used"),
    ],
    ids=["foreign", "damaged"],
)
def test_a_database_that_cannot_be_used_is_bad(archive: Path, content: bytes, words: str) -> None:
    (archive / "imagefap.database").write_bytes(content)
    check = examined(archive, code=65)["database"]
    assert check["state"] == "bad"
    assert words in check["message"]


def change(archive: Path, statement: str, *values: Any) -> None:
    connection = sqlite3.connect(archive / "imagefap.database")
    with connection:
        connection.execute(statement, values)
    connection.close()


def test_a_newer_database_is_bad(archive: Path) -> None:
    change(archive, "UPDATE alembic_version SET version_num = '9999'")
    assert "newer version" in examined(archive, code=65)["database"]["message"]


def test_a_damaged_page_is_found(archive: Path) -> None:
    path = archive / "imagefap.database"
    connection = sqlite3.connect(path)
    (page,) = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'images_by_status'").fetchone()
    (size,) = connection.execute("PRAGMA page_size").fetchone()
    connection.close()
    with path.open("r+b") as file:
        file.seek((page - 1) * size + 8)
        file.write(b"\xff" * 64)
    assert "damaged" in examined(archive, code=65)["database"]["message"]


def test_a_locked_database_is_told_and_not_bad(archive: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "_BUSY_SECONDS", 0.02)
    holder = sqlite3.connect(archive / "imagefap.database")
    holder.execute("PRAGMA locking_mode = EXCLUSIVE")
    holder.execute("UPDATE users SET name = name")
    holder.commit()
    try:
        assert examined(archive)["database"]["state"] == "warn"
    finally:
        holder.close()


def test_what_a_stopped_crawl_left_is_told_unless_one_is_at_work(archive: Path) -> None:
    change(archive, "INSERT INTO intents VALUES (1, 'tmp/a', 'blobs/a', ?, 5, '{}')", "c" * 64)
    found = examined(archive)["unfinished"]
    assert found["state"] == "warn"
    assert found["message"].startswith("1 file being stored, 0 files being moved")
    with DirectoryLock(archive / ".imagefap" / "lock"):
        assert examined(archive)["unfinished"]["state"] == "ok"


def test_who_holds_the_directory_is_told(archive: Path) -> None:
    with DirectoryLock(archive / ".imagefap" / "lock"):
        found = examined(archive)["lock"]
        assert found["state"] == "warn"
        assert f"in use by process {os.getpid()}, since" in found["message"]
    assert examined(archive)["lock"]["state"] == "ok"
    # Looking must not keep a crawl out.
    DirectoryLock(archive / ".imagefap" / "lock").acquire()

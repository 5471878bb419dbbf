"""`process.py verify` on small archives made by hand: every kind of problem, what a repair does, what it leaves."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import pty
import sqlite3
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner, Result
from crawl_support import ROOT
from sqlalchemy import update

from imagefap_scraper.database import writes
from imagefap_scraper.database.migrations import upgrade
from imagefap_scraper.database.models import Folder
from imagefap_scraper.database.session import DATABASE_NAME, database_url, open_writer
from imagefap_scraper.items import FavoriteItem, FolderItem, FolderKind, ImageItem, ImageStatus, UserItem
from imagefap_scraper.storage.files import ArchiveDirectory
from imagefap_scraper.storage.lock import DirectoryLock
from tools.process import cli

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy import Connection

#: By image id; 1 and 2 have equal bytes.
CONTENT = {1: b"red" * 400, 2: b"red" * 400, 3: b"green" * 300, 4: b"blue" * 200}
#: An image that both layouts hold.
IN_BOTH = 3


def sha(image_id: int) -> str:
    return hashlib.sha256(CONTENT[image_id]).hexdigest()


def blob(image_id: int) -> str:
    return f"blobs/{sha(image_id)}.jpg"


def store(connection: Connection, directory: Path, image_id: int, path: str) -> None:
    """Store an image as a crawl does, without decoding anything."""
    target = directory / path
    target.parent.mkdir(exist_ok=True)
    target.write_bytes(CONTENT[image_id])
    item = ImageItem(image_id, ImageStatus.STORED, name=f"{image_id}.jpg", sha256=sha(image_id), path=path)
    item.format, item.size = "JPEG", len(CONTENT[image_id])
    layout = "blobs" if path.startswith("blobs/") else "straight"
    writes.record_stored(connection, item, layout, "jpg", None)


@pytest.fixture
def archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return an archive of four images in one finished folder; image 3 is there by name as well."""
    for name in ("IMAGEFAP_OUTPUT", "IMAGEFAP_DATABASE_URL"):
        monkeypatch.delenv(name, raising=False)
    directory = tmp_path / "archive"
    ArchiveDirectory(directory).prepare()
    engine = open_writer(database_url(directory))
    upgrade(engine)
    favorites = [FavoriteItem(image_id, f"{image_id}.jpg") for image_id in CONTENT]
    folder = FolderItem(7, 70, "Colours", FolderKind.IMAGES, 1, favorites, listed_through=True)
    with engine.begin() as connection:
        writes.record_user(connection, UserItem(7, "Painter"))
        writes.record_folder(connection, folder)
        for image_id in CONTENT:
            store(connection, directory, image_id, blob(image_id))
        store(connection, directory, IN_BOTH, f"{IN_BOTH}.jpg")
        connection.execute(update(Folder).values(finished_blobs=writes.now(), finished_straight=writes.now()))
    engine.dispose()
    return directory


def run(directory: Path, *options: str) -> Result:
    result = CliRunner().invoke(cli, ["verify", "--dir", str(directory), *options])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def verified(directory: Path, *options: str, exit_code: int = 65) -> dict[str, Any]:
    """Return what `--json` says, after a look at the exit code."""
    result = run(directory, "--json", *options)
    assert result.exit_code == exit_code, result.output
    assert result.stderr == ""
    document: dict[str, Any] = json.loads(result.stdout)
    assert document["ok"] is (exit_code == 0)
    return document


def problems(directory: Path, *options: str, exit_code: int = 65) -> list[tuple[str, str | None]]:
    """Return (kind, path) of every problem."""
    document = verified(directory, *options, exit_code=exit_code)
    return [(problem["kind"], problem.get("path")) for problem in document["problems"]]


def query(directory: Path, sql: str) -> list[tuple[Any, ...]]:
    connection = sqlite3.connect(directory / DATABASE_NAME)
    rows = connection.execute(sql).fetchall()
    connection.commit()
    connection.close()
    return rows


def state(directory: Path) -> dict[str, tuple[int, int]]:
    """Return size and time of every file: what must stay as it is when nothing is to be changed."""
    return {
        path.relative_to(directory).as_posix(): (path.lstat().st_size, path.lstat().st_mtime_ns)
        for path in directory.rglob("*")
        if path.is_symlink() or path.is_file()
    }


def quarantined(directory: Path) -> list[bytes]:
    return [path.read_bytes() for path in sorted((directory / ".imagefap" / "quarantine").iterdir())]


def flip(path: Path) -> bytes:
    """Damage a file without changing its size; return what it holds now."""
    damaged = bytes(byte ^ 1 for byte in path.read_bytes())
    path.write_bytes(damaged)
    return damaged


def truncate(path: Path) -> bytes:
    path.write_bytes(path.read_bytes()[:100])
    return path.read_bytes()


def test_a_whole_archive_is_fine_and_stays_untouched(archive: Path) -> None:
    before = state(archive)
    for options in ([], ["--read-data"], ["--repair", "--dry-run"]):
        assert verified(archive, *options, exit_code=0) == {
            "schema": 1,
            "ok": True,
            "read_data": "--read-data" in options,
            "database": str(archive / DATABASE_NAME),
            "folders": 1,
            "favorites": 4,
            "images": {"wanted": 0, "stored": 4, "failed": 0, "gone": 0, "skipped": 0, "filtered": 0},
            "blobs": 3,
            "files": {"blobs": {"count": 3, "bytes": 3500}, "straight": {"count": 1, "bytes": 1500}},
            "unfinished": {"intents": 0, "temporary_files": 0},
            "unknown_files": [],
            "problems": [],
        }
    text = run(archive).stdout
    assert "files, blobs          3, 3.5 kB (sizes compared; --read-data reads every byte)\n" in text
    assert text.endswith("\nNothing is wrong.\n")
    assert {name: what for name, what in state(archive).items() if name in before} == before


def test_a_missing_file_a_short_one_and_what_is_none_are_found_without_reading(archive: Path) -> None:
    (archive / blob(1)).unlink()
    truncate(archive / blob(3))
    (archive / blob(4)).rename(archive / "blue")
    (archive / blob(4)).symlink_to(archive / "blue")
    document = verified(archive)
    found = {problem["path"]: problem for problem in document["problems"]}
    assert found[blob(1)] == {
        "kind": "missing_file",
        "path": blob(1),
        "image_ids": [1, 2],
        "sha256": sha(1),
        "message": "it is not there",
    }
    assert found[blob(3)]["kind"] == "wrong_size"
    assert found[blob(3)]["message"] == "it has 100 bytes, 1500 were stored"
    assert found[blob(4)]["kind"] == "not_a_plain_file"
    assert len(found) == len(document["problems"]) == 3
    assert document["unknown_files"] == ["blue"]


def test_changed_bytes_are_found_by_reading_alone(archive: Path) -> None:
    flip(archive / blob(4))
    assert problems(archive, exit_code=0) == []
    assert problems(archive, "--read-data") == [("wrong_bytes", blob(4))]


def test_a_file_that_may_not_be_read_is_reported_and_left_alone(archive: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    open_file = os.open

    def refuse(path: Any, *more: Any) -> int:
        if str(path).endswith(blob(4)):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
        return open_file(path, *more)

    monkeypatch.setattr(os, "open", refuse)
    assert problems(archive, exit_code=0) == []
    (problem,) = verified(archive, "--read-data", "--repair")["problems"]
    assert (problem["kind"], problem["path"]) == ("unreadable_file", blob(4))
    assert "repair" not in problem
    assert (archive / blob(4)).exists()
    assert query(archive, "SELECT status FROM images WHERE image_id = 4") == [("stored",)]


def test_a_path_that_leads_out_is_never_followed(archive: Path) -> None:
    outside = archive.parent / "outside.jpg"
    outside.write_bytes(CONTENT[4])
    query(archive, f"UPDATE files SET path = '../outside.jpg' WHERE path = '{blob(4)}'")
    assert problems(archive, "--repair", "--read-data") == [
        ("path_leads_out", "../outside.jpg"),
        ("unknown_file", blob(4)),
    ]
    assert outside.read_bytes() == CONTENT[4]
    assert query(archive, "SELECT status, sha256 FROM images WHERE image_id = 4") == [("wanted", None)]


def test_unknown_files_are_listed_and_never_touched(archive: Path) -> None:
    names = ["blobs/note.txt", "blobs/deep/er/note.txt", "holiday.jpg", "deep/inside.jpg"]
    for name in names:
        (archive / name).parent.mkdir(parents=True, exist_ok=True)
        (archive / name).write_bytes(b"mine")
    (archive / "deep" / "link").symlink_to(archive)
    document = verified(archive, "--repair")
    assert document["unknown_files"] == ["holiday.jpg"]
    found = [(problem["kind"], problem["path"]) for problem in document["problems"]]
    assert found == [("unknown_file", "blobs/deep/er/note.txt"), ("unknown_file", "blobs/note.txt")]
    assert all((archive / name).read_bytes() == b"mine" for name in names)
    assert quarantined(archive) == []


def test_a_name_that_is_no_text_is_shown_as_escapes(archive: Path) -> None:
    (archive / os.fsdecode(b"blobs/\xff.jpg")).write_bytes(b"mine")
    command = [sys.executable, str(ROOT / "tools" / "process.py"), "verify", "--json", "--dir", str(archive)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 65, done.stderr
    assert [problem["path"] for problem in json.loads(done.stdout)["problems"]] == ["blobs/\udcff.jpg"]


def test_reading_shows_a_bar_on_a_terminal_and_nowhere_else(archive: Path) -> None:
    command = [sys.executable, str(ROOT / "tools" / "process.py"), "verify", "--read-data", "--dir", str(archive)]
    ours, theirs = pty.openpty()
    environment = {name: value for name, value in os.environ.items() if name != "NO_COLOR"} | {"TERM": "xterm"}
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=theirs, env=environment, text=True, check=True)
    os.close(theirs)
    seen = os.read(ours, 1 << 16)
    os.close(ours)
    assert b"reading" in seen
    assert b"5.0/5.0 kB" in seen
    assert "\x1b" not in done.stdout
    silent = subprocess.run(command, capture_output=True, check=True)
    assert silent.stderr == b""


def test_without_straight_names_the_users_files_are_no_matter(archive: Path) -> None:
    query(archive, "DELETE FROM files WHERE layout = 'straight'")
    assert verified(archive, exit_code=0)["unknown_files"] == []


def test_what_a_stopped_crawl_left_is_no_error(archive: Path) -> None:
    (archive / "blobs" / "on-its-way.jpg").write_bytes(b"new")
    (archive / ".imagefap" / "tmp" / "abc.part").write_bytes(b"new")
    intent = "1, '.imagefap/tmp/abc.part', 'blobs/on-its-way.jpg', 'ff', 3, '{}'"
    query(archive, f"INSERT INTO intents (intent_id, temporary, path, sha256, size, image) VALUES ({intent})")
    before = state(archive)
    document = verified(archive, "--repair", exit_code=0)
    assert document["unfinished"] == {"intents": 1, "temporary_files": 1}
    assert "unfinished            1 intent, 1 temporary file: a stopped crawl left them" in run(archive).stdout
    after = state(archive)
    assert all(after[name] == before[name] for name in before if "blobs" in name or "tmp" in name)


@pytest.mark.parametrize("damage", [flip, truncate])
def test_a_repair_puts_the_file_aside_and_the_images_back_on_the_list(archive: Path, damage: Any) -> None:
    damaged = damage(archive / blob(1))
    (problem,) = verified(archive, "--read-data", "--repair", exit_code=0)["problems"]
    assert problem["repaired"] is True
    assert problem["repair"].startswith("moved to .imagefap/quarantine/")
    assert problem["repair"].endswith("2 images put back on the list for the next crawl")
    assert quarantined(archive) == [damaged]
    assert not (archive / blob(1)).exists()
    assert query(
        archive, "SELECT image_id, status, sha256, reason, stored_at FROM images WHERE status != 'stored'"
    ) == [(image_id, "wanted", None, "its file was damaged", None) for image_id in (1, 2)]
    assert query(archive, "SELECT finished_blobs, finished_straight FROM folders") == [(None, None)]
    # Tags and verdicts may hang on the bytes.
    assert query(archive, f"SELECT count(*) FROM blobs WHERE sha256 = '{sha(1)}'") == [(1,)]
    assert problems(archive, "--read-data", exit_code=0) == []


def test_a_missing_file_is_wanted_again(archive: Path) -> None:
    (archive / blob(4)).unlink()
    result = run(archive, "--repair")
    assert result.exit_code == 0
    assert (
        f"missing_file: {blob(4)}: it is not there (image 4) -> taken off the list of files; 1 image" in result.stdout
    )
    assert result.stdout.endswith("\n1 problem repaired; the same crawl command gets what is wanted again.\n")
    assert query(archive, "SELECT image_id, reason FROM images WHERE status = 'wanted'") == [
        (4, "its file was missing")
    ]
    assert quarantined(archive) == []


@pytest.mark.parametrize(("bad", "layout"), [(blob(IN_BOTH), "blobs"), (f"{IN_BOTH}.jpg", "straight")])
def test_an_image_with_a_good_file_elsewhere_stays_stored(archive: Path, bad: str, layout: str) -> None:
    flip(archive / bad)
    verified(archive, "--read-data", "--repair", exit_code=0)
    assert query(archive, "SELECT count(*) FROM images WHERE status = 'stored'") == [(4,)]
    assert query(archive, f"SELECT count(*) FROM files WHERE sha256 = '{sha(IN_BOTH)}'") == [(1,)]
    other = "finished_straight" if layout == "blobs" else "finished_blobs"
    assert query(archive, f"SELECT finished_{layout} IS NULL, {other} IS NULL FROM folders") == [(1, 0)]


def test_a_copy_that_is_bad_as_well_saves_nothing(archive: Path) -> None:
    # Nothing was read: the copy has the right size, and is looked at closely before it is relied on.
    truncate(archive / blob(IN_BOTH))
    flip(archive / f"{IN_BOTH}.jpg")
    verified(archive, "--repair", exit_code=0)
    assert query(archive, f"SELECT status FROM images WHERE image_id = {IN_BOTH}") == [("wanted",)]


def test_what_the_user_put_in_the_place_of_a_straight_name_stays_there(archive: Path) -> None:
    path = archive / f"{IN_BOTH}.jpg"
    path.unlink()
    path.mkdir()
    assert problems(archive, "--repair", exit_code=0) == [("not_a_plain_file", path.name)]
    assert path.is_dir()
    assert query(archive, "SELECT path FROM files WHERE layout = 'straight'") == []


def test_a_dry_run_says_would_and_changes_nothing(archive: Path) -> None:
    flip(archive / blob(1))
    before = state(archive)
    (problem,) = verified(archive, "--read-data", "--repair", "--dry-run")["problems"]
    assert "repaired" not in problem
    assert problem["repair"] == (
        "would be moved to .imagefap/quarantine; taken off the list of files; "
        "2 images put back on the list for the next crawl"
    )
    assert {name: what for name, what in state(archive).items() if name in before} == before
    assert query(archive, "SELECT count(*) FROM images WHERE status = 'stored'") == [(4,)]
    assert problems(archive, "--read-data") == [("wrong_bytes", blob(1))]


def test_a_dry_run_without_a_repair_is_a_usage_error(archive: Path) -> None:
    assert run(archive, "--dry-run").exit_code == 2


def break_rows(directory: Path, *statements: str) -> None:
    """Change rows in ways that the tables refuse."""
    connection = sqlite3.connect(directory / DATABASE_NAME)
    connection.execute("PRAGMA ignore_check_constraints = ON")
    for statement in statements:
        connection.execute(statement)
    connection.commit()
    connection.close()


def test_rows_that_lost_their_partner_are_found_and_repaired(archive: Path) -> None:
    break_rows(
        archive,
        "DELETE FROM images WHERE image_id = 1",
        f"DELETE FROM files WHERE path = '{blob(4)}'",
    )
    assert problems(archive) == [
        ("favorite_without_image", None),
        ("stored_without_file", None),
        ("unknown_file", blob(4)),
    ]
    assert [kind for kind, _ in problems(archive, "--repair")][:2] == ["favorite_without_image", "stored_without_file"]
    assert query(archive, "SELECT image_id, reason FROM images WHERE status = 'wanted' ORDER BY 1") == [
        (1, ""),
        (4, "its file was missing"),
    ]
    assert problems(archive) == [("unknown_file", blob(4))]


def test_a_row_without_its_parent_is_reported(archive: Path) -> None:
    break_rows(archive, "DELETE FROM users", f"DELETE FROM blobs WHERE sha256 = '{sha(4)}'")
    document = verified(archive, "--repair")
    messages = [problem["message"] for problem in document["problems"] if problem["kind"] == "dangling_row"]
    assert len(messages) == 3
    assert "row 1 of folders names a row of users that is not there" in messages


def test_a_status_that_its_bytes_contradict_is_reported(archive: Path) -> None:
    break_rows(archive, "UPDATE images SET status = 'gone' WHERE image_id = 4")
    kinds = {kind for kind, _ in problems(archive)}
    # SQLite's own check of the table says so too.
    assert kinds == {"status_against_bytes", "damaged_database"}


def test_nothing_is_repaired_from_a_damaged_database(archive: Path) -> None:
    break_rows(archive, "UPDATE images SET status = 'gone' WHERE image_id = 4")
    (archive / blob(1)).unlink()
    result = run(archive, "--repair")
    assert result.exit_code == 78
    assert "is damaged, so nothing was repaired" in result.stderr
    assert query(archive, "SELECT count(*) FROM images WHERE status = 'wanted'") == [(0,)]


def test_two_favorites_in_one_place_are_reported(archive: Path) -> None:
    break_rows(
        archive,
        # Or SQLite would look for what the triggers name while it is not there.
        "PRAGMA legacy_alter_table = ON",
        "CREATE TABLE loose AS SELECT * FROM favorites",
        "DROP TABLE favorites",
        "ALTER TABLE loose RENAME TO favorites",
        "UPDATE favorites SET position = 0 WHERE image_id IN (1, 2)",
    )
    (problem,) = verified(archive)["problems"]
    assert problem["kind"] == "shared_position"
    assert problem["message"] == "2 favorites have place 0 in folder 70 of user 7"


def test_a_damaged_page_of_the_database_is_reported(archive: Path) -> None:
    page_size, pages = query(archive, "PRAGMA page_size")[0][0], query(archive, "PRAGMA page_count")[0][0]
    root = query(archive, "SELECT rootpage FROM sqlite_master WHERE name = 'favorites_by_image'")[0][0]
    assert root <= pages
    with (archive / DATABASE_NAME).open("r+b") as file:
        file.seek((root - 1) * page_size)
        file.write(b"\xff" * page_size)
    result = run(archive, "--json")
    assert result.exit_code == 65
    assert {problem["kind"] for problem in json.loads(result.stdout)["problems"]} == {"damaged_database"}


def test_people_see_the_first_problems_and_json_all(archive: Path) -> None:
    for number in range(30):
        (archive / "blobs" / f"{number:02} \x1b[31m.txt").write_bytes(b"")
    result = run(archive)
    assert result.exit_code == 65
    assert "  ... and 10 more; --json shows all\n" in result.stdout
    assert result.stdout.endswith("\n30 problems found.\n")
    assert "\x1b" not in result.stdout
    assert len(verified(archive)["problems"]) == 30


def test_a_running_crawl_refuses_the_repair_and_not_the_check(archive: Path) -> None:
    flip(archive / blob(1))
    with DirectoryLock(archive / ".imagefap" / "lock"):
        assert problems(archive, "--read-data") == [("wrong_bytes", blob(1))]
        result = run(archive, "--read-data", "--repair")
        assert result.exit_code == 75
        assert "is in use by process" in result.stderr
    assert (archive / blob(1)).exists()


def test_a_database_elsewhere_and_a_disk_that_is_not_there_lose_nothing(
    archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mount").mkdir()
    monkeypatch.setenv("IMAGEFAP_DATABASE_URL", f"sqlite:///{archive / DATABASE_NAME}")
    for options in ([], ["--repair"]):
        result = run(tmp_path / "mount", *options)
        assert result.exit_code == 73
        assert "is not where the files of" in result.stderr
    assert verified(archive, exit_code=0)["ok"]
    assert query(archive, "SELECT count(*) FROM images WHERE status = 'stored'") == [(4,)]


def test_missing_foreign_and_newer_databases_are_one_line(archive: Path, tmp_path: Path) -> None:
    def newer(directory: Path) -> None:
        query(directory, "UPDATE alembic_version SET version_num = '9999'")

    def foreign(directory: Path) -> None:
        (directory / DATABASE_NAME).write_bytes(b"\x80\x04 a pickle of old")

    for change in (newer, foreign, lambda directory: (directory / DATABASE_NAME).unlink()):
        change(archive)
        for options in ([], ["--json"], ["--repair"]):
            result = run(archive, *options)
            assert result.exit_code == 78
            assert result.stdout == ""
            (line,) = result.stderr.splitlines()
            assert line.startswith("Error: ")
    assert run(tmp_path / "away").exit_code == 73

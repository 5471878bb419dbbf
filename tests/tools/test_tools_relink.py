"""`process.py relink`: other names for straight files, undoable, surviving kills, never over the user's own."""

from __future__ import annotations

import json
import sqlite3
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner, Result
from export.collection_archive import Collection, sha

from imagefap_scraper.archive import Archive
from imagefap_scraper.database.journal import history
from imagefap_scraper.export import renaming
from imagefap_scraper.review import workplace as workplaces
from imagefap_scraper.review.options import Options
from imagefap_scraper.review.undoing import entries_of, last_batch, undo
from imagefap_scraper.review.workplace import Workplace
from imagefap_scraper.storage import trash
from imagefap_scraper.storage.files import ArchiveDirectory
from imagefap_scraper.storage.lock import DirectoryLock
from imagefap_scraper.storage.sidecars import read_sidecar, write_sidecar
from imagefap_scraper.storage.template import Template
from tools.process import cli

if TYPE_CHECKING:
    from pathlib import Path

TEMPLATE = "{folder}/{num:03}-{name}.{ext}"


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("IMAGEFAP_OUTPUT", "IMAGEFAP_DATABASE_URL"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    made = Collection(folders={(1, 10): "Flowers", (1, 11): "Trees"})
    made.add(101, b"rose", name="rose.png", path="rose.jpg", at=((1, 10, 0),))
    made.add(102, b"oak", name="oak.jpg", path="oak.jpg", at=((1, 11, 4),))
    made.add(103, b"second", name="rose.png", path=f"{sha(b'second')[:10]}-rose.jpg", at=((1, 10, 1),))
    made.make(tmp_path / "archive")
    (tmp_path / "archive" / "mine.txt").write_bytes(b"mine")
    return tmp_path / "archive"


def relink(archive: Path, *arguments: str, template: str = TEMPLATE, code: int = 0) -> Result:
    arguments = ("relink", "--dir", str(archive), "--template", template, *arguments)
    result = CliRunner().invoke(cli, arguments)
    assert result.exit_code == code, (result.output, result.exception)
    return result


def pictures(archive: Path) -> dict[str, bytes]:
    """Return the files that are not the program's own."""
    return {
        path.relative_to(archive).as_posix(): path.read_bytes()
        for path in archive.rglob("*")
        if path.is_file() and ".imagefap" not in path.parts and not path.name.startswith("imagefap.database")
    }


def rows(archive: Path, query: str) -> list[Any]:
    database = sqlite3.connect(archive / "imagefap.database")
    found = database.execute(query).fetchall()
    database.close()
    return found


def check(archive: Path) -> None:
    """Every row names a file with its bytes, and none is on its way."""
    for path, sha256 in rows(archive, "SELECT path, sha256 FROM files"):
        assert sha((archive / path).read_bytes()) == sha256
    assert rows(archive, "SELECT * FROM moves") == []


NEW = {"Flowers/001-rose.jpg": b"rose", "Flowers/002-rose.jpg": b"second", "Trees/005-oak.jpg": b"oak"}


def workplace(archive: Path) -> Workplace:
    return Workplace(ArchiveDirectory(archive), archive / "imagefap.database")


def take_back(archive: Path) -> None:
    place = workplace(archive)
    with place.reading() as connection:
        entries = entries_of(connection, last_batch(connection), whole_batch=True)
    undo(place, entries, Options())


def test_files_get_new_names_and_keep_their_bytes(archive: Path) -> None:
    inodes = {(archive / name).stat().st_ino for name in ("rose.jpg", "oak.jpg")}
    result = relink(archive, "--yes")
    assert pictures(archive) == NEW | {"mine.txt": b"mine"}
    assert {(archive / name).stat().st_ino for name in NEW} > inodes
    check(archive)
    assert result.stdout == "renamed 3 files (13 bytes); `process.py undo 1` takes it back\n"
    assert relink(archive, "--yes").stdout == "renamed 0 files (0 bytes); 3 have the right name\n"


def test_it_is_on_record_and_can_be_undone(archive: Path) -> None:
    before = pictures(archive), rows(archive, "SELECT * FROM files ORDER BY path")
    relink(archive, "--yes")
    with workplace(archive).reading() as connection:
        (entry,) = history(connection)
    assert (entry.kind, entry.actor) == ("relink", "you")
    assert entry.summary == f"3 files renamed by {TEMPLATE}"
    take_back(archive)
    assert (pictures(archive), rows(archive, "SELECT * FROM files ORDER BY path")) == before


def test_directories_that_are_left_empty_go(archive: Path) -> None:
    relink(archive, "--yes", template="{user}/{folder}/{name}")
    (archive / "anna" / "Trees" / "mine.txt").write_bytes(b"mine")
    relink(archive, "--yes", template="{id}")
    assert set(pictures(archive)) == {"101.jpg", "102.jpg", "103.jpg", "mine.txt", "anna/Trees/mine.txt"}
    assert not (archive / "anna" / "Flowers").exists()


def swap(tmp_path: Path) -> Path:
    """Make an archive whose three files have each other's names, and one whose name differs only by case."""
    made = Collection()
    for number, (name, path) in enumerate([("a", "b.jpg"), ("b", "c.jpg"), ("c", "a.jpg"), ("D", "d.jpg")]):
        made.add(number, name.encode(), name=name, path=path, at=((1, 10, number),))
    made.make(tmp_path / "archive")
    return tmp_path / "archive"


SWAPPED = {"a.jpg": b"a", "b.jpg": b"b", "c.jpg": b"c", "D.jpg": b"D"}


def test_names_that_go_round_in_a_circle(tmp_path: Path) -> None:
    archive = swap(tmp_path)
    relink(archive, "--yes", template="{name}")
    assert pictures(archive) == SWAPPED
    check(archive)
    with workplace(archive).reading() as connection:
        assert {entry.batch for entry in history(connection)} == {1}


@pytest.mark.parametrize("at", range(1, 17))
def test_a_kill_at_any_move_costs_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at: int) -> None:
    archive, calls, move = swap(tmp_path), [], trash.move_new

    def killed(source: Path, target: Path) -> None:
        calls.append(source)
        if len(calls) * 2 - 1 == at:
            raise KeyboardInterrupt
        move(source, target)
        if len(calls) * 2 == at:
            raise KeyboardInterrupt

    monkeypatch.setattr(trash, "move_new", killed)
    relink(archive, "--yes", template="{name}", code=130)
    monkeypatch.undo()
    # The next command, or crawl, that writes finishes what has begun; the rows are never wrong after that.
    workplace(archive).carry_out_moves()
    check(archive)
    relink(archive, "--yes", template="{name}")
    assert pictures(archive) == SWAPPED
    check(archive)


@pytest.mark.parametrize("phase", [1, 2])
def test_a_kill_between_rows_and_files_is_finished_by_a_crawl(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, phase: int
) -> None:
    archive, calls, carry_out = swap(tmp_path), [], workplaces.carry_out

    def killed(directory: Any, moves: Any) -> None:
        calls.append(moves)
        if len(calls) == phase:
            raise KeyboardInterrupt
        carry_out(directory, moves)

    monkeypatch.setattr(workplaces, "carry_out", killed)
    relink(archive, "--yes", template="{name}", code=130)
    monkeypatch.undo()
    Archive(archive, "straight").close()
    check(archive)
    if phase == 2:
        assert pictures(archive) == SWAPPED


def test_a_crawl_keeps_the_new_names(archive: Path) -> None:
    relink(archive, "--yes")
    crawl = Archive(archive, "straight")
    try:
        choice = crawl.store.choose(sha(b"new"), 3, extension="jpg", name="rose.jpg", image_id=9)
        assert choice.path == "rose.jpg"
    finally:
        crawl.close()
    assert set(pictures(archive)) == {*NEW, "mine.txt"}


def test_the_users_own_files_are_in_nobodys_way(archive: Path) -> None:
    (archive / "Flowers").mkdir()
    (archive / "Flowers" / "001-ROSE.jpg").write_bytes(b"mine")
    (archive / "Trees").write_bytes(b"mine too")
    for _ in range(2):
        relink(archive, "--yes")
        found = pictures(archive)
        assert found["Flowers/001-ROSE.jpg"] == b"mine"
        assert found[f"Flowers/{sha(b'rose')[:10]}-001-rose.jpg"] == b"rose"
        assert found["Trees"] == b"mine too"
        assert found["Trees (2)/005-oak.jpg"] == b"oak"
        check(archive)


def test_files_that_are_not_as_stored_are_left_alone(archive: Path) -> None:
    (archive / "rose.jpg").write_bytes(b"changed by its user")
    (archive / "oak.jpg").unlink()
    result = relink(archive, "--yes")
    assert "left alone: rose.jpg: it has 19 bytes, 4 were stored\n" in result.stdout
    assert "left alone: oak.jpg: it is not there\n" in result.stdout
    assert (archive / "rose.jpg").read_bytes() == b"changed by its user"
    assert (archive / "Flowers" / "002-rose.jpg").read_bytes() == b"second"


def test_equal_names_are_told_apart_by_their_bytes(tmp_path: Path) -> None:
    made = Collection()
    for number in range(3):
        made.add(number, b"%d" % number, name="same", path=f"{number}.jpg", at=((1, 10, number),))
    made.make(tmp_path)
    relink(tmp_path, "--yes", template="{folder}/{name}")
    names = {"Flowers/same.jpg", *(f"Flowers/{sha(one)[:10]}-same.jpg" for one in (b"1", b"2"))}
    assert set(pictures(tmp_path)) == names
    check(tmp_path)
    assert "renamed 0 files" in relink(tmp_path, "--yes", template="{folder}/{name}").stdout


def test_blobs_and_the_trash_are_not_touched(tmp_path: Path) -> None:
    made = Collection()
    made.add(1, b"blob", name="a", at=((1, 10, 0),))
    made.add(2, b"trash", name="b", path=f".imagefap/trash/{sha(b'trash')}/b.jpg", at=((1, 10, 1),))
    made.make(tmp_path)
    assert relink(tmp_path, "--yes").stdout == "renamed 0 files (0 bytes)\n"
    check(tmp_path)


def test_sidecars_of_ours_follow(archive: Path) -> None:
    directory = ArchiveDirectory(archive)
    assert write_sidecar(directory, "rose.jpg.json", "image", {"sha256": sha(b"rose")}) == "written"
    (archive / "oak.jpg.json").write_text('{"mine": 1}')
    relink(archive, "--yes")
    told = read_sidecar(directory, "Flowers/001-rose.jpg.json")
    assert told is not None
    assert told["sha256"] == sha(b"rose")
    assert not (archive / "rose.jpg.json").exists()
    assert (archive / "oak.jpg.json").read_text() == '{"mine": 1}'
    check(archive)


def test_not_while_a_crawl_runs(archive: Path) -> None:
    before = pictures(archive)
    with DirectoryLock(archive / ".imagefap" / "lock"):
        assert "is in use by" in relink(archive, "--yes", code=75).stderr
        assert "would rename 3 files" in relink(archive, "--dry-run").stdout
    assert pictures(archive) == before


def test_it_asks_and_says_how_much(archive: Path) -> None:
    result = relink(archive, code=2)
    assert "this would rename 3 files (13 bytes): give --yes" in result.stderr
    document = json.loads(relink(archive, "--dry-run", "--json").stdout)
    assert document == {
        "schema": 1,
        "dry_run": True,
        "renamed": 3,
        "bytes": 13,
        "kept": 0,
        "files": [
            {"from": "rose.jpg", "to": "Flowers/001-rose.jpg"},
            {"from": f"{sha(b'second')[:10]}-rose.jpg", "to": "Flowers/002-rose.jpg"},
            {"from": "oak.jpg", "to": "Trees/005-oak.jpg"},
        ],
        "left": [],
        "batch": None,
    }
    assert "rose.jpg -> Flowers/001-rose.jpg\n" in relink(archive, "--dry-run").stdout
    assert set(pictures(archive)) & set(NEW) == set()


@pytest.mark.parametrize(
    ("template", "words"),
    [("{tag}/{name}", "no field {tag} here"), ("../{name}", "leads out"), ("{name", "of its own")],
)
def test_templates_that_cannot_be(archive: Path, template: str, words: str) -> None:
    result = relink(archive, "--yes", template=template, code=64)
    assert words in result.stderr
    assert "^" in result.stderr.splitlines()[1]


def test_hostile_names_stay_inside(tmp_path: Path) -> None:
    hostile = ["../../x", "\uff0e\uff0e\uff0fx", "", ".", "CON", "a\u202egpj", "x" * 600, "/etc/passwd", "blobs"]
    made = Collection(users={1: "../anna"}, folders={(1, number): name for number, name in enumerate(hostile)})
    for number, name in enumerate(hostile):
        made.add(number, b"%d" % number, name=name, path=f"{number}.jpg", at=((1, number, 0),))
    made.make(tmp_path / "archive")
    relink(tmp_path / "archive", "--yes", template="{folder}/{user}/{name}")
    check(tmp_path / "archive")
    assert len(pictures(tmp_path / "archive")) == len(hostile)
    assert [path.name for path in tmp_path.iterdir()] == ["archive"]
    assert not (tmp_path / "archive" / "blobs").exists()


def test_the_plan_is_the_same_each_time(archive: Path) -> None:
    place = workplace(archive)
    with place.reading() as connection:
        plans = [renaming.plan(connection, place.directory, Template(TEMPLATE)) for _ in range(2)]
    assert plans[0] == plans[1]
    assert plans[0].bytes == 13


def test_a_circle_can_be_undone_and_redone(tmp_path: Path) -> None:
    archive = swap(tmp_path)
    before = pictures(archive), rows(archive, "SELECT * FROM files ORDER BY path")
    relink(archive, "--yes", template="{name}")
    take_back(archive)
    check(archive)
    assert (pictures(archive), rows(archive, "SELECT * FROM files ORDER BY path")) == before
    place = workplace(archive)
    with place.reading() as connection:
        entries = entries_of(connection, last_batch(connection, undone=True), whole_batch=True)
    undo(place, entries, Options())
    check(archive)
    assert pictures(archive) == SWAPPED

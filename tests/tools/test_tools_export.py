"""`process.py export`: by tag and query, only ever adding, verdicts respected, nothing outside."""

from __future__ import annotations

import json
import sqlite3
import zipfile
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner, Result
from export.collection_archive import Collection, sha

from imagefap_scraper.export import folder, sources
from imagefap_scraper.storage import files
from imagefap_scraper.storage.lock import DirectoryLock
from tools.process import cli

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("IMAGEFAP_OUTPUT", "IMAGEFAP_DATABASE_URL"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """Plants (rose, oak below trees), an image in two folders and with two tags, one without any tag."""
    made = Collection(folders={(1, 10): "Flowers", (1, 11): "Trees"})
    made.tags = {1: (None, "plants"), 2: (1, "trees"), 3: (None, "best")}
    made.add(101, b"rose", name="rose.png", at=((1, 10, 0),), tags=(1,))
    made.add(102, b"oak", name="oak.jpg", at=((1, 11, 4), (1, 10, 2)), tags=(2, 3))
    made.add(103, b"rock", name="rock.jpg", at=((1, 10, 1),))
    made.make(tmp_path / "archive")
    return tmp_path / "archive"


def export(archive: Path, *arguments: str, code: int = 0) -> Result:
    result = CliRunner().invoke(cli, ["export", "--dir", str(archive), *arguments])
    assert result.exit_code == code, (result.output, result.exception)
    return result


def pictures(directory: Path) -> dict[str, bytes]:
    return {
        path.relative_to(directory).as_posix(): path.read_bytes()
        for path in directory.rglob("*")
        if path.is_file() and path.name != "imagefap-export.json"
    }


def state(directory: Path) -> dict[str, tuple[int, int]]:
    paths = [directory, *directory.rglob("*")]
    return {str(path): (path.lstat().st_mtime_ns, path.lstat().st_ino) for path in paths}


def change(archive: Path, *statements: str) -> None:
    with sqlite3.connect(archive / "imagefap.database") as database:
        for statement in statements:
            database.execute(statement)
    database.close()


def manifest(directory: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((directory / "imagefap-export.json").read_text())
    return document


def test_a_tag_with_those_below_it(archive: Path, tmp_path: Path) -> None:
    result = export(archive, "--tag", "plants", "--to", str(tmp_path / "out"))
    assert pictures(tmp_path / "out") == {"plants/00001-rose.jpg": b"rose", "plants/trees/00003-oak.jpg": b"oak"}
    assert result.stdout == f"wrote 2 files (7 bytes) to {tmp_path / 'out'}; 0 of 2 were there\n"
    assert not (tmp_path / "out" / ".imagefap").exists()


def test_a_query_keeps_the_order_of_its_folder(archive: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    export(archive, "folder:Flowers", "--to", str(out), "--template", "{num:03}-{name}.{ext}")
    assert sorted(pictures(out)) == ["001-rose.jpg", "002-rock.jpg", "003-oak.jpg"]


def test_each_tag_and_each_folder_is_a_place(archive: Path, tmp_path: Path) -> None:
    export(archive, "", "--to", str(tmp_path / "tags"))
    oak = {"best/00003-oak.jpg", "plants/trees/00003-oak.jpg"}
    assert set(pictures(tmp_path / "tags")) == oak | {"00002-rock.jpg", "plants/00001-rose.jpg"}
    export(archive, "tag:best", "--to", str(tmp_path / "best"))
    assert set(pictures(tmp_path / "best")) == {"best/00003-oak.jpg"}
    export(archive, "id:102", "--to", str(tmp_path / "folders"), "--template", "{user}/{folder}/{num}")
    assert set(pictures(tmp_path / "folders")) == {"anna/Flowers/3.jpg", "anna/Trees/5.jpg"}
    export(archive, "folder:Trees", "--to", str(tmp_path / "one"), "--template", "{folder}/{num}")
    assert set(pictures(tmp_path / "one")) == {"Trees/5.jpg"}


@pytest.mark.parametrize("how", ["--copy", "--hardlink", "--symlink"])
def test_a_second_export_writes_nothing(archive: Path, tmp_path: Path, how: str) -> None:
    out = tmp_path / "out"
    export(archive, "", "--to", str(out), how)
    before = state(out)
    blob = archive / "blobs" / f"{sha(b'rose')}.jpg"
    rose = out / "plants" / "00001-rose.jpg"
    assert rose.is_symlink() is (how == "--symlink")
    assert rose.samefile(blob) is (how != "--copy")
    export(archive, "", "--to", str(out), how)
    assert state(out) == before
    # Nor does one that has lost the manifest write a picture again.
    (out / "imagefap-export.json").unlink()
    export(archive, "", "--to", str(out), how)
    assert {path: facts for path, facts in state(out).items() if path.endswith(".jpg")} == {
        path: facts for path, facts in before.items() if path.endswith(".jpg")
    }


def test_what_is_missing_is_added_and_nothing_else_touched(archive: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    export(archive, "", "--to", str(out))
    rose, mine = out / "plants" / "00001-rose.jpg", out / "plants" / "mine.txt"
    mine.write_text("mine")
    rose.unlink()
    before = state(out)
    del before[str(out)], before[str(rose.parent)]  # their times change with the file
    assert json.loads(export(archive, "", "--to", str(out), "--json").stdout)["written"] == 1
    assert rose.read_bytes() == b"rose"
    assert before.items() <= state(out).items()


def test_what_has_another_name_by_now_is_not_exported_again(archive: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    export(archive, "", "--to", str(out))
    export(archive, "", "--zip", str(tmp_path / "all.zip"))
    before = pictures(out)
    change(archive, "UPDATE images SET name = 'renamed.jpg' WHERE image_id = 101")
    for where in (["--to", str(out)], ["--zip", str(tmp_path / "all.zip")]):
        assert json.loads(export(archive, "", *where, "--json").stdout)["written"] == 0
    assert pictures(out) == before
    # But the manifest knows.
    assert "renamed.jpg" in (out / "imagefap-export.json").read_text()


def test_the_users_own_files_stay(archive: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    (out / "plants").mkdir(parents=True)
    (out / "plants" / "00001-ROSE.jpg").write_bytes(b"mine")
    (out / "best").write_bytes(b"mine too")
    export(archive, "", "--to", str(out))
    found = pictures(out)
    assert found["plants/00001-ROSE.jpg"] == b"mine"
    assert found[f"plants/{sha(b'rose')[:10]}-00001-rose.jpg"] == b"rose"
    assert found["best"] == b"mine too"
    assert found["best (2)/00003-oak.jpg"] == b"oak"


def test_the_manifest_says_what_came_from_where(archive: Path, tmp_path: Path) -> None:
    export(archive, "--tag", "plants/trees", "--to", str(tmp_path / "out"))
    places = [
        {"user": "anna", "user_id": 1, "folder": "Flowers", "folder_id": 10, "position": 3},
        {"user": "anna", "user_id": 1, "folder": "Trees", "folder_id": 11, "position": 5},
    ]
    document = manifest(tmp_path / "out")
    assert document == {
        "schema": 1,
        "program": "imagefap_scraper",
        "kind": "export",
        "files": [
            {
                "path": "plants/trees/00003-oak.jpg",
                "sha256": sha(b"oak"),
                "bytes": 3,
                "images": [{"id": 102, "name": "oak.jpg", "places": places}],
                "tags": ["best", "plants/trees"],
            }
        ],
    }
    # A second export to the same place adds to it.
    export(archive, "--tag", "plants", "--to", str(tmp_path / "out"))
    assert len(manifest(tmp_path / "out")["files"]) == 2


def test_a_file_of_that_name_that_is_no_manifest_is_left_alone(archive: Path, tmp_path: Path) -> None:
    for content in ("mine", "{}", '{"schema": 1, "program": "imagefap_scraper", "kind": "export", "files": [{}]}'):
        path = tmp_path / "out" / "imagefap-export.json"
        path.parent.mkdir(exist_ok=True)
        path.write_text(content)
        assert "is no manifest" in export(archive, "", "--to", str(path.parent), code=73).stderr
        assert path.read_text() == content
        assert list(path.parent.iterdir()) == [path]


def test_a_hostile_manifest_leads_nowhere(archive: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    export(archive, "--tag", "plants", "--to", str(out))
    text = (out / "imagefap-export.json").read_text()
    (out / "imagefap-export.json").write_text(text.replace("plants/00001-rose.jpg", "../plants/00001-rose.jpg"))
    assert "is no manifest" in export(archive, "--tag", "plants", "--to", str(out), code=73).stderr


def test_skipped_places_stay_out(archive: Path, tmp_path: Path) -> None:
    change(archive, "UPDATE favorites SET verdict = 'skip' WHERE image_id = 103 OR (image_id = 102 AND folder_id = 10)")
    export(archive, "", "--to", str(tmp_path / "all"), "--template", "{folder}/{name}")
    assert set(pictures(tmp_path / "all")) == {"Flowers/rose.jpg", "Trees/oak.jpg"}
    export(archive, "folder:Flowers", "--to", str(tmp_path / "one"), "--template", "{name}")
    assert set(pictures(tmp_path / "one")) == {"rose.jpg"}


@pytest.mark.parametrize("thrown_out", [True, False])
def test_for_a_skipped_copy_its_keeper_comes_once(archive: Path, tmp_path: Path, thrown_out: bool) -> None:
    rose, rock = sha(b"rose"), sha(b"rock")
    statements = [
        "INSERT INTO duplicate_groups (group_id, kind, state, rev, bytes_to_win, reasons) "
        "VALUES (1, 'copy', 'decided', '', 0, '{}')",
        f"INSERT INTO duplicate_members (group_id, sha256, verdict, asked) VALUES (1, '{rose}', 'keep', 0)",
        f"INSERT INTO duplicate_members (group_id, sha256, verdict, asked) VALUES (1, '{rock}', 'skip', 0)",
    ]
    if thrown_out:
        statements += [
            f"UPDATE images SET status = 'skipped', sha256 = NULL, skipped_sha256 = '{rock}' WHERE image_id = 103",
            f"UPDATE blobs SET state = 'trashed', kept_as = '{rose}' WHERE sha256 = '{rock}'",
        ]
    change(archive, *statements)
    export(archive, "folder:Flowers", "--to", str(tmp_path / "out"), "--template", "{num}-{name}")
    assert pictures(tmp_path / "out") == {"1-rose.jpg": b"rose", "3-oak.jpg": b"oak"}
    export(archive, "id:103", "--to", str(tmp_path / "one"), "--template", "{num}-{name}")
    assert pictures(tmp_path / "one") == {"2-rock.jpg": b"rose"}


def test_equal_bytes_are_in_one_directory_once(tmp_path: Path) -> None:
    made = Collection(folders={(1, 10): "A", (1, 11): "B"})
    for number, folder_id in enumerate((10, 10, 11)):
        made.add(number, b"same", name=f"{number}.jpg", at=((1, folder_id, number),))
    made.make(tmp_path / "archive")
    export(tmp_path / "archive", "", "--to", str(tmp_path / "out"), "--template", "{folder}/{name}")
    assert set(pictures(tmp_path / "out")) == {"A/0.jpg", "B/2.jpg"}
    assert [len(one["images"]) for one in manifest(tmp_path / "out")["files"]] == [2, 1]


HOSTILE = ["../../x", "\uff0e\uff0e\uff0fx", "", ".", "CON", "a\u202egpj", "x" * 600, "/etc/passwd", "\x1b[31m"]


@pytest.mark.parametrize("zipped", [False, True])
def test_hostile_names_in_forty_nested_tags_stay_inside(tmp_path: Path, zipped: bool) -> None:
    made = Collection(users={1: "../anna"}, folders={(1, 10): "\uff0e\uff0e\uff0fetc"})
    for number in range(40):
        # The names that `tags` itself refuses may come with an import.
        made.tags[number + 1] = (number - 3 if number >= 4 else None, f"{HOSTILE[number % 9][:99]} {number}")
    for number in range(200):
        made.add(number, b"%d" % number, name=HOSTILE[number % 9], at=((1, 10, number),), tags=(1 + number % 40,))
    made.make(tmp_path / "archive")
    before = state(tmp_path / "archive")
    out = tmp_path / "in" / "out"
    where = ["--zip", str(out / "all.zip")] if zipped else ["--to", str(out)]
    template = "{tag}/{user}/{folder}/{num:05}-{name}.{ext}"
    for _ in range(2):
        document = json.loads(export(tmp_path / "archive", "", *where, "--template", template, "--json").stdout)
        assert document["files"] == 200
    assert document["written"] == 0
    assert document["there"] == 200
    if zipped:
        with zipfile.ZipFile(out / "all.zip") as file:
            found = {name: file.read(name) for name in file.namelist() if name != "imagefap-export.json"}
            assert file.testzip() is None
    else:
        found = pictures(out)
    assert sorted(found.values()) == sorted(b"%d" % number for number in range(200))
    for path in found:
        assert all(part.strip(". ") == part and part.isprintable() and part for part in path.split("/"))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["archive", "in"]
    assert [path.name for path in (tmp_path / "in").iterdir()] == ["out"]
    assert {path: facts for path, facts in state(tmp_path / "archive").items() if "blobs" in path} == {
        path: facts for path, facts in before.items() if "blobs" in path
    }


@pytest.mark.parametrize("where", ["archive", "archive/below", "."])
def test_archive_and_target_are_apart(archive: Path, tmp_path: Path, where: str) -> None:
    assert "beside it" in export(archive, "", "--to", str(tmp_path / where), code=73).stderr
    if where != ".":
        assert "beside it" in export(archive, "", "--zip", str(tmp_path / where / "x.zip"), code=73).stderr


def test_another_archive_is_no_target(archive: Path, tmp_path: Path) -> None:
    Collection().make(tmp_path / "other")
    assert "is an archive itself" in export(archive, "", "--to", str(tmp_path / "other"), code=73).stderr


def test_a_link_to_the_archive_is_seen_through(archive: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(archive)
    assert "beside it" in export(archive, "", "--to", str(tmp_path / "link" / "out"), code=73).stderr


def test_where_there_are_no_hard_links_files_are_copied(
    archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(18, "Invalid cross-device link")

    monkeypatch.setattr(folder.os, "link", refuse)
    monkeypatch.setattr(files, "move_new", lambda source, target: source.rename(target))
    result = export(archive, "", "--to", str(tmp_path / "out"), "--hardlink")
    assert result.stderr.count("files are copied instead") == 1
    assert len(pictures(tmp_path / "out")) == 4
    assert not any(path.lstat().st_nlink > 1 for path in (tmp_path / "out").rglob("*.jpg"))


def test_damaged_and_missing_files_are_told_and_the_rest_goes_on(archive: Path, tmp_path: Path) -> None:
    (archive / "blobs" / f"{sha(b'rose')}.jpg").write_bytes(b"r0se")
    (archive / "blobs" / f"{sha(b'rock')}.jpg").unlink()
    for where in (["--to", str(tmp_path / "out")], ["--zip", str(tmp_path / "all.zip")]):
        result = export(archive, "", *where, code=3)
        assert "not exported: plants/00001-rose.jpg: its file in the archive is damaged" in result.stdout
        assert "not exported: 00002-rock.jpg: its file in the archive is missing" in result.stdout
    assert set(pictures(tmp_path / "out")) == {"best/00003-oak.jpg", "plants/trees/00003-oak.jpg"}
    assert len(manifest(tmp_path / "out")["files"]) == 2


def test_an_interrupted_export_is_completed(archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out, calls = tmp_path / "out", []
    copy = sources.Sources.copy

    def interrupted(self: Any, blob: Any, target: Path) -> None:
        calls.append(blob)
        if len(calls) == 3:
            target.write_bytes(b"half")
            raise KeyboardInterrupt
        copy(self, blob, target)

    monkeypatch.setattr(sources.Sources, "copy", interrupted)
    monkeypatch.setattr(folder, "_LARGEST_GROUP", 1)
    export(archive, "", "--to", str(out), code=130)
    first = pictures(out)
    assert len(first) == 2
    assert not (out / ".imagefap").exists()
    assert len(manifest(out)["files"]) == 2
    monkeypatch.undo()
    assert json.loads(export(archive, "", "--to", str(out), "--json").stdout)["written"] == 2
    assert len(pictures(out)) == 4


def test_what_a_kill_left_is_cleaned_up(archive: Path, tmp_path: Path) -> None:
    left = tmp_path / "out" / ".imagefap" / "tmp" / "x.part"
    left.parent.mkdir(parents=True)
    left.write_bytes(b"half")
    (tmp_path / ".all.zip.part").write_bytes(b"half")
    export(archive, "", "--to", str(tmp_path / "out"))
    export(archive, "", "--zip", str(tmp_path / "all.zip"))
    assert not (tmp_path / "out" / ".imagefap").exists()
    assert not (tmp_path / ".all.zip.part").exists()


def test_a_full_disk(archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(sources.Sources, "copy_into", full)
    for where in (["--to", str(tmp_path / "out")], ["--zip", str(tmp_path / "all.zip")]):
        assert "no space left" in export(archive, "", *where, code=74).stderr
    assert pictures(tmp_path / "out") == {}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["archive", "out"]


def test_two_exports_to_one_place(archive: Path, tmp_path: Path) -> None:
    (tmp_path / "out" / ".imagefap").mkdir(parents=True)
    with DirectoryLock(tmp_path / "out" / ".imagefap" / "lock"):
        assert "is in use" in export(archive, "", "--to", str(tmp_path / "out"), code=75).stderr


def test_a_name_that_is_taken_at_the_last_moment(
    archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out, prepare = tmp_path / "out", folder.FolderTarget._prepare

    def race(self: Any, output: Any) -> Any:
        temp = prepare(self, output)
        if output.path == "00002-rock.jpg":
            (out / output.path).write_bytes(b"mine")
        return temp

    monkeypatch.setattr(folder.FolderTarget, "_prepare", race)
    export(archive, "", "--to", str(out))
    found = pictures(out)
    assert found["00002-rock.jpg"] == b"mine"
    assert found[f"{sha(b'rock')[:10]}-00002-rock.jpg"] == b"rock"


def test_a_zip_file_grows(archive: Path, tmp_path: Path) -> None:
    out = tmp_path / "all.zip"
    export(archive, "--tag", "plants", "--zip", str(out))
    export(archive, "", "--to", str(tmp_path), "--zip", "all.zip")
    with zipfile.ZipFile(out) as file:
        names = file.namelist()
        assert len(names) == len(set(names)) == 5
        assert json.loads(file.read("imagefap-export.json"))["schema"] == 1
        assert file.read("plants/00001-rose.jpg") == b"rose"


@pytest.mark.parametrize("content", [b"mine", b""])
def test_a_file_that_is_no_export_is_left_alone(archive: Path, tmp_path: Path, content: bytes) -> None:
    out = tmp_path / "all.zip"
    out.write_bytes(content)
    assert "no whole export" in export(archive, "", "--zip", str(out), code=73).stderr
    assert out.read_bytes() == content
    with zipfile.ZipFile(out, "w") as file:
        file.writestr("mine", "mine")
    assert "no whole export" in export(archive, "", "--zip", str(out), code=73).stderr


def test_a_dry_run_says_all_and_makes_nothing(archive: Path, tmp_path: Path) -> None:
    text = export(archive, "", "--to", str(tmp_path / "out"), "--dry-run").stdout
    assert "plants/trees/00003-oak.jpg\n" in text
    assert text.endswith(f"would write 4 files (14 bytes) to {tmp_path / 'out'}; 0 of 4 are there\n")
    document = json.loads(export(archive, "id:101", "--to", str(tmp_path / "out"), "--dry-run", "--json").stdout)
    assert document == {
        "schema": 1,
        "dry_run": True,
        "to": str(tmp_path / "out"),
        "files": 1,
        "bytes": 4,
        "there": 0,
        "missing": [{"path": "plants/00001-rose.jpg", "sha256": sha(b"rose"), "bytes": 4}],
        "written": 0,
        "problems": [],
        "notes": [],
    }
    assert not (tmp_path / "out").exists()


def test_nothing_to_export_makes_nothing(archive: Path, tmp_path: Path) -> None:
    for where in (["--to", str(tmp_path / "out")], ["--zip", str(tmp_path / "all.zip")]):
        assert "wrote 0 files" in export(archive, "id:999", *where).stdout
    assert [path.name for path in tmp_path.iterdir()] == ["archive"]


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["--to", "out"], 2, "say what to export"),
        ([""], 2, "say where to"),
        (["", "--to", "out", "--copy", "--symlink"], 2, "exclude each other"),
        (["", "--zip", "x.zip", "--copy"], 2, "exclude each other"),
        (["--tag", "plants", "--zip", "folder:x"], 2, "ends with .zip"),
        (["w:x", "--to", "out"], 64, "query, character"),
        (["--tag", "nothing", "--to", "out"], 64, "there is no tag"),
        (["", "--to", "out", "--template", "a/../{name}"], 64, "template, character 3"),
    ],
)
def test_what_cannot_be_is_refused(archive: Path, arguments: list[str], code: int, words: str) -> None:
    assert words in export(archive, *arguments, code=code).stderr


def test_much_is_asked_about(archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from tools.commands import _export

    monkeypatch.setattr(_export, "_MANY", 3)
    result = export(archive, "", "--to", str(tmp_path / "out"), code=2)
    assert "this would write 4 files (14 bytes)" in result.stderr
    assert "--yes" in result.stderr
    export(archive, "", "--to", str(tmp_path / "out"), "--yes")
    assert len(pictures(tmp_path / "out")) == 4

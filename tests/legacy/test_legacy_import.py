"""A whole import: everything that the original's database holds arrives, in its order."""

from __future__ import annotations

import hashlib
import shutil
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import legacy_world as original
import pytest
from legacy_run import Imported, run

from imagefap_scraper.dedup.encoding import HASH_VERSION
from imagefap_scraper.exceptions import DatabaseError, OutputError
from imagefap_scraper.legacy.ids import LOCAL_USER

if TYPE_CHECKING:
    from pathlib import Path


def snapshot(directory: Path) -> dict[str, tuple[int, bytes]]:
    files = sorted(path for path in directory.rglob("*") if path.is_file())
    return {str(path): (path.stat().st_mtime_ns, path.read_bytes()) for path in files}


@pytest.fixture(scope="module")
def late(tmp_path_factory: pytest.TempPathFactory) -> Imported:
    place = tmp_path_factory.mktemp("late")
    database = original.write(place / "old", original.world())
    before = snapshot(place / "old")
    imported = run(database, place / "new")
    assert snapshot(place / "old") == before
    return imported


def moment(seconds: int) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M:%S.%f}"


def test_counts_are_equal(late: Imported) -> None:
    assert late.result.before == late.result.after
    assert late.result.before == {
        "users": 3,
        "folders": 4,
        "favorites": 14,
        "favorites_keep": 1,
        "favorites_skip": 1,
        "images": 13,
        "images_stored": 10,
        "images_failed": 2,
        "images_not_on_site": 1,
        "blobs": 9,
        "bytes": sum(len(content) for content in original.world().blobs.values()),
        "tags": 4,
        "tagged": 4,
        "groups": 4,
        "members_new": 3,
        "members_false": 3,
        "members_keep": 2,
        "members_skip": 1,
    }
    assert late.result.problems == []
    assert late.result.notes == []


def test_folders_keep_their_order_names_and_dates(late: Imported) -> None:
    assert late.rows("SELECT user_id, name FROM users ORDER BY user_id") == [
        (LOCAL_USER, "LOCAL DISK"),
        (20, "anna"),
        (21, "Ben"),
    ]
    listed = late.rows(
        "SELECT folder_id, image_id, listed_name FROM favorites WHERE user_id > 0 ORDER BY folder_id, position"
    )
    assert listed == [
        (200, 1003, "drei größer.jpg"),
        (200, 1001, "one.jpg"),
        (200, 1002, "two & more.jpg"),
        (200, 1900, None),
        (201, 1005, "five.jpg"),
        (201, 1001, "one.jpg"),
        (201, 1004, "four.jpg"),
        (210, 1009, "nine.gif"),
        (210, 1101, "I.jpg"),
        (210, 1006, "six.jpg"),
        (210, 1007, "花.jpg"),
        (210, 1950, None),
        (210, 1901, "late.jpg"),
    ]
    dates = dict(late.rows("SELECT folder_id, listed_at FROM folders WHERE user_id > 0"))
    assert dates == {
        200: moment(original.START + original.DAY),
        201: moment(original.START + 2 * original.DAY),
        210: None,
    }


def test_a_folder_that_lacks_an_image_is_not_finished(late: Imported) -> None:
    finished = dict(late.rows("SELECT folder_id, finished_blobs FROM folders WHERE user_id > 0"))
    assert finished == {200: None, 201: moment(original.START + 2 * original.DAY), 210: None}


def test_files_of_the_disk_get_numbers_that_the_site_never_gives(late: Imported) -> None:
    ((folder_id, image_id, name),) = late.rows(
        "SELECT folder_id, image_id, listed_name FROM favorites WHERE user_id < 0"
    )
    assert folder_id < -1
    assert image_id < -1
    assert name == "disk.jpg"
    assert late.rows(f"SELECT status FROM images WHERE image_id = {image_id}") == [("stored",)]


def test_every_picture_is_stored_as_it_was(late: Imported) -> None:
    blobs = original.world().blobs
    stored = late.rows("SELECT path, sha256 FROM files")
    assert {sha256 for _, sha256 in stored} == set(blobs)
    for path, sha256 in stored:
        assert (late.directory / path).read_bytes() == blobs[sha256]
    hashes = late.rows("SELECT hash_version, phash IS NULL, width, height FROM blobs")
    assert set(hashes) == {(HASH_VERSION, 0, 96, 72)}


def test_what_failed_and_what_is_gone(late: Imported) -> None:
    failed = late.rows(
        "SELECT image_id, reason, name, address, attempted_at FROM images WHERE status = 'failed' ORDER BY image_id"
    )
    assert failed == [
        (1900, "the original program did not get its page", None, None, moment(original.START + 5)),
        (
            1901,
            "the original program did not get its file, or could not read it",
            "late.jpg",
            "https://cdn.imagefap.com/images/full/1/late.jpg",
            moment(original.START + 7),
        ),
    ]
    when = moment(original.START + 9 * original.DAY)
    gone = late.rows("SELECT image_id, status, missing, missed_at, vanished_at FROM images WHERE missing IS NOT NULL")
    assert gone == [(1004, "stored", "address", when, when)]
    assert late.rows("SELECT image_id FROM images WHERE status = 'wanted'") == [(1950,)]


def test_tags_and_what_they_are_on(late: Imported) -> None:
    assert late.rows("SELECT tag_id, parent_id, name, key FROM tags ORDER BY tag_id") == [
        (1, None, "plants", "plants"),
        (2, 1, "Trees", "trees"),
        (3, 1, "bushes", "bushes"),
        (4, None, "moving", "moving"),
    ]
    expected = {(original.sha(1), 1), (original.sha(1), 3), (original.sha(2), 2), (original.sha(9, "GIF"), 4)}
    assert set(late.rows("SELECT sha256, tag_id FROM blob_tags")) == expected


def test_verdicts_and_what_is_known_since(late: Imported) -> None:
    sha = original.sha
    verdicts = late.rows("SELECT folder_id, image_id, verdict FROM favorites WHERE verdict != 'new'")
    assert sorted(verdicts) == [(200, 1001, "keep"), (201, 1001, "skip")]
    groups = late.rows("SELECT group_id, state FROM duplicate_groups ORDER BY group_id")
    assert groups == [(1, "decided"), (2, "applied"), (3, "reopened"), (4, "new")]
    members = {
        (group, key): verdict
        for group, key, verdict in late.rows("SELECT group_id, sha256, verdict FROM duplicate_members")
    }
    assert members[1, sha(1)] == "keep"
    assert members[1, sha(2)] == "skip"
    assert members[1, sha(3)] == "false"
    assert members[3, sha(7)] == "new"
    relations = late.rows("SELECT first, second, kind, actor FROM relations")
    assert {(frozenset(row[:2]), *row[2:]) for row in relations} == {
        (frozenset({sha(1), sha(2)}), "same", "import"),
        (frozenset({sha(1), sha(3)}), "not_same", "import"),
        (frozenset({sha(2), sha(3)}), "not_same", "import"),
        (frozenset({sha(4), sha(5)}), "not_same", "import"),
    }
    # What the original skipped it only hid.
    assert set(late.rows("SELECT state FROM blobs")) == {("live",)}


def test_a_second_run_changes_nothing(late: Imported) -> None:
    dump = late.rows("SELECT 'f', path FROM files UNION ALL SELECT 'a', summary FROM actions")
    again = run(late.directory.parent / "old" / "imagefap.database", late.directory)
    assert again.result.finished_before
    assert again.result.after == late.result.after
    assert again.rows("SELECT 'f', path FROM files UNION ALL SELECT 'a', summary FROM actions") == dump


@pytest.mark.parametrize(("packing", "schema"), [("bz2", original.early), ("plain", original.earliest)])
def test_early_schemas(tmp_path: Path, packing: str, schema: Any, late: Imported) -> None:
    imported = run(original.write(tmp_path / "old", original.world(), packing, schema), tmp_path / "new")
    assert imported.result.before == imported.result.after
    for key in ("users", "folders", "images_stored", "blobs", "bytes", "tags", "tagged", "groups", "members_skip"):
        assert imported.result.before[key] == late.result.before[key]
    places = "favorites JOIN images USING (image_id) WHERE status != 'failed'"
    order = f"SELECT image_id FROM {places} ORDER BY folder_id, position"
    assert imported.rows(order) == late.rows(order)
    same = "SELECT group_id, sha256, verdict FROM duplicate_members ORDER BY 1, 2"
    assert imported.rows(same) == late.rows(same)
    addresses = imported.rows("SELECT address FROM images WHERE image_id = 1001")
    assert addresses == [("https://cdn.imagefap.com/images/full/1/1001.jpg",)]


def test_encrypted_with_encrypted_names(tmp_path: Path, late: Imported) -> None:
    imported = run(original.write(tmp_path / "old", original.world(), "encrypted"), tmp_path / "new")
    assert imported.result.before == imported.result.after == late.result.after
    files = "SELECT path, sha256 FROM files ORDER BY path"
    assert imported.rows(files) == late.rows(files)


def test_what_is_missing_or_damaged_is_listed_and_wanted_again(tmp_path: Path) -> None:
    world = original.world()
    broken = b"\xff\xd8\xff no picture"
    key = hashlib.sha256(broken).hexdigest()
    world.database["blobs"][key] = original.blob(key, broken, {(21, 210, 1950): ("b.jpg", "new")}, {4}, 5, {})
    world.blobs[key] = broken
    database = original.write(tmp_path / "old", world)
    old = database.parent / "blobs"
    (old / f"{original.sha(1)}.jpg").unlink()
    (old / f"{original.sha(4)}.jpg").unlink()
    (old / f"{original.sha(2)}.jpg").write_bytes(original.picture(3))
    imported = run(database, tmp_path / "new")
    assert {(problem.sha256, problem.kind) for problem in imported.result.problems} == {
        (original.sha(1), "missing"),
        (original.sha(2), "differs"),
        (original.sha(4), "missing"),
        (key, "broken"),
    }
    states = dict(imported.rows("SELECT image_id, status FROM images WHERE image_id IN (1001, 1101, 1002, 1004, 1950)"))
    # What the site no longer has is not asked for again.
    assert states == {1001: "wanted", 1101: "wanted", 1002: "wanted", 1004: "gone", 1950: "failed"}
    # Tags and verdicts wait for the bytes.
    assert imported.result.after["tagged"] == imported.result.before["tagged"] == 5
    assert imported.result.after["members_skip"] == 1
    assert imported.result.after["blobs"] == 6
    # The files turn up: the same import brings them, and nothing else.
    shutil.copy(tmp_path / "new" / "blobs" / f"{original.sha(3)}.jpg", old)
    for number in (1, 2, 4):
        (old / f"{original.sha(number)}.jpg").write_bytes(original.picture(number))
    again = run(database, tmp_path / "new")
    assert [problem.kind for problem in again.result.problems] == ["broken"]
    assert again.result.after["blobs"] == 9
    assert again.rows("SELECT count(*) FROM images WHERE status = 'stored'") == [(10,)]


@pytest.mark.parametrize("output", ["old", "old/new", "old/blobs"])
def test_never_into_the_old_directory(tmp_path: Path, output: str) -> None:
    database = original.write(tmp_path / "old", original.world())
    before = snapshot(tmp_path / "old")
    with pytest.raises(OutputError, match="where the original program's files are"):
        run(database, tmp_path / output)
    (tmp_path / "link").symlink_to(tmp_path / "old")
    with pytest.raises(OutputError, match="where the original program's files are"):
        run(database, tmp_path / "link")
    assert snapshot(tmp_path / "old") == before


def test_an_archive_that_holds_something_is_refused(tmp_path: Path, late: Imported) -> None:
    world = original.world()
    world.database["users"][21]["name"] = "another"
    database = original.write(tmp_path / "old", world)
    before = late.rows("SELECT name FROM users ORDER BY user_id")
    with pytest.raises(OutputError, match="holds something already"):
        run(database, late.directory)
    assert late.rows("SELECT name FROM users ORDER BY user_id") == before
    foreign = tmp_path / "foreign"
    foreign.mkdir()
    shutil.copy(database, foreign)
    with pytest.raises(DatabaseError, match="original program's database"):
        run(database, foreign)

"""Whole imports of directories: every picture in its place, once, and nothing of the user's own touched."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from adopting_bench import SILENCE, ask, blobs_on_disk, check_whole, dump, picture, sha256, too_large, tree_state, write

from imagefap_scraper.adopting import storing
from imagefap_scraper.adopting.candidates import Candidate
from imagefap_scraper.adopting.facts import facts_of
from imagefap_scraper.adopting.local import LocalImport
from imagefap_scraper.adopting.result import Result
from imagefap_scraper.adopting.rows import Place
from imagefap_scraper.adopting.storing import GroupStore, Ready
from imagefap_scraper.archive import Archive
from imagefap_scraper.database import reads
from imagefap_scraper.exceptions import LockedError, UserInputError

_PLACES = """
    SELECT folders.name, listed_name, position, images.sha256 FROM favorites
    JOIN folders USING (user_id, folder_id) JOIN images USING (image_id) ORDER BY folders.name, position
"""
#: Names that break tables, terminals and databases: no UTF-8, line ends, bidi, markup, as long as can be.
_HOSTILE = (
    b"\xff\xfe.jpg",
    b"two\nlines\r.jpg",
    "\u202egpj.exe [bold]x[/bold].jpg".encode(),
    b"\x1b[31mred.jpg",
    b"-rf.jpg",
    b" .jpg",
    b"x" * 251 + b".jpg",
    ("\u82b1" * 83 + ".jpg").encode(),
    b"' OR 1=1 --.jpg",
    b"\\xff\\xfe.jpg",
)


def do_import(root: Path, archive: Path, **options: Any) -> Result:
    return LocalImport(root, archive, **options).run(SILENCE)


def places(archive: Path) -> list[tuple[Any, ...]]:
    return ask(archive, _PLACES)


def test_folders_in_the_order_of_names_and_equal_bytes_once(tmp_path: Path) -> None:
    root, archive = tmp_path / "my pictures", tmp_path / "out"
    for number, name in enumerate(("b.jpg", "a.jpg", "d/2.jpg", "d/10.jpg", "d/e/x.jpg")):
        write(root / name, picture(number))
    write(root / "again.jpg", picture(1))
    write(root / "d" / "e" / "again.jpg", picture(1))
    write(root / "cut.jpg", picture(9)[:-40])
    write(root / "d" / "cut too.jpg", picture(9)[:-40])
    write(root / "d" / "e" / "z.png", picture(0, "PNG"))
    (root / "d" / "link.jpg").hardlink_to(root / "b.jpg")
    before = tree_state(root)
    result = do_import(root, archive)
    assert tree_state(root) == before
    assert (result.pictures, result.stored, result.duplicates, result.known) == (11, 6, 3, 0)
    assert {(Path(one.path).name, one.reason.split(":")[0]) for one in result.problems} == {
        ("cut.jpg", "cut"),
        ("cut too.jpg", "cut"),
    }
    one = [sha256(picture(number)) for number in range(5)]
    assert places(archive) == [
        ("my pictures", "a.jpg", 0, one[1]),
        ("my pictures", "again.jpg", 1, one[1]),
        ("my pictures", "b.jpg", 2, one[0]),
        ("my pictures/d", "10.jpg", 0, one[3]),
        ("my pictures/d", "2.jpg", 1, one[2]),
        ("my pictures/d", "link.jpg", 3, one[0]),
        ("my pictures/d/e", "again.jpg", 0, one[1]),
        ("my pictures/d/e", "x.jpg", 1, one[4]),
        ("my pictures/d/e", "z.png", 2, sha256(picture(0, "PNG"))),
    ]
    check_whole(archive)
    assert ask(archive, "SELECT user_id, name FROM users") == [(-1, "LOCAL DISK")]
    assert ask(archive, "SELECT max(image_id) < -1, count(*), count(DISTINCT image_id) FROM images") == [(1, 9, 9)]
    assert ask(archive, "SELECT max(folder_id) < -1 FROM folders") == [(1,)]
    undated = "SELECT count(*) FROM folders WHERE listed_at IS NULL OR finished_blobs IS NULL OR kind <> 'images'"
    assert ask(archive, undated) == [(0,)]
    assert ask(archive, "SELECT count(*) FROM blobs WHERE phash IS NULL OR width <> 48 OR height <> 36") == [(0,)]

    rows, files = dump(archive), blobs_on_disk(archive)
    again = do_import(root, archive)
    assert (again.pictures, again.stored, again.duplicates, again.known) == (11, 0, 0, 9)
    assert (dump(archive), blobs_on_disk(archive)) == (rows, files)


def test_later_imports_only_add(tmp_path: Path) -> None:
    root, archive = tmp_path / "in", tmp_path / "out"
    for number, name in enumerate(("a.jpg", "b.jpg", "c.jpg")):
        write(root / name, picture(number))
    do_import(root, archive)
    before = dump(archive)
    write(root / "aa.jpg", picture(20))
    write(root / "b.jpg", picture(21))
    write(root / "d.jpg", picture(22))
    (root / "c.jpg").unlink()
    result = do_import(root, archive)
    assert (result.stored, result.known) == (3, 1)
    assert set(before["favorites"]) <= set(dump(archive)["favorites"])
    assert set(before["images"]) <= set(dump(archive)["images"])
    assert [(name, digest) for _, name, _, digest in places(archive)] == [
        ("a.jpg", sha256(picture(0))),
        ("b.jpg", sha256(picture(1))),
        ("c.jpg", sha256(picture(2))),
        ("d.jpg", sha256(picture(22))),
        ("aa.jpg", sha256(picture(20))),
        ("b.jpg", sha256(picture(21))),
    ]
    check_whole(archive)


def test_names_of_any_kind(tmp_path: Path) -> None:
    root, archive = tmp_path / "in", tmp_path / "out"
    for number, name in enumerate(_HOSTILE):
        write(os.fsencode(root) + b"/" + name, picture(number))
        write(os.fsencode(root) + b"/in/" + name + b"/x.jpg", picture(90))
    result = do_import(root, archive)
    assert result.problems == []
    names = {name for _, name, *_ in places(archive)}
    assert "\\xff\\xfe.jpg" in names
    assert "two\nlines\r.jpg" in names
    assert result.stored == len(_HOSTILE) + 1
    digests = {digest for *_, digest in places(archive)}
    assert digests == {sha256(picture(number)) for number in (*range(len(_HOSTILE)), 90)}
    # Two names are the same text and two files all the same.
    assert [name for _, name, *_ in places(archive)].count("\\xff\\xfe.jpg") == 2
    rows = dump(archive)
    assert do_import(root, archive).known == result.pictures
    assert dump(archive) == rows
    check_whole(archive)


def test_users_of_their_own(tmp_path: Path) -> None:
    archive = tmp_path / "out"
    write(tmp_path / "a" / "1.jpg", picture(1))
    do_import(tmp_path / "a", archive, user="Anna")
    do_import(tmp_path / "a", archive)
    do_import(tmp_path / "a", archive, user="ANNA")
    users = dict(ask(archive, "SELECT name, user_id FROM users"))
    assert set(users) == {"Anna", "LOCAL DISK"}
    assert users["Anna"] < users["LOCAL DISK"] == -1
    assert ask(archive, "SELECT count(*) FROM favorites") == [(2,)]
    assert len(blobs_on_disk(archive)) == 1
    change(archive, "INSERT INTO users VALUES (5, 'Site Person', '2024-01-01 00:00:00.000000')")
    with pytest.raises(UserInputError, match="a user of the site"):
        do_import(tmp_path / "a", archive, user="site person")


def change(archive: Path, statement: str, *parameters: Any) -> None:
    connection = sqlite3.connect(archive / "imagefap.database")
    connection.execute(statement, parameters)
    connection.commit()
    connection.close()


def test_what_was_thrown_out_is_not_stored_again_and_what_is_lost_is(tmp_path: Path) -> None:
    root, archive = tmp_path / "in", tmp_path / "out"
    for number in (1, 2, 3, 4):
        write(root / f"{number}.jpg", picture(number))
    do_import(root, archive)
    one, two, three, four = (sha256(picture(number)) for number in (1, 2, 3, 4))
    skip = "UPDATE images SET status = 'skipped', skipped_sha256 = sha256, sha256 = NULL WHERE sha256 = ?"
    change(archive, skip, one)
    change(archive, "UPDATE blobs SET state = 'purged', kept_as = ? WHERE sha256 = ?", two, one)
    change(archive, "DELETE FROM files WHERE sha256 IN (?, ?, ?)", one, three, four)
    change(archive, "UPDATE images SET status = 'wanted', sha256 = NULL WHERE sha256 = ?", four)
    for digest in (one, three, four):
        (archive / "blobs" / f"{digest}.jpg").unlink()
    write(root / "copy of 1.jpg", picture(1))
    result = do_import(root, archive)
    assert (result.stored, result.known, result.thrown_out, result.problems) == (2, 2, 1, [])
    assert set(blobs_on_disk(archive)) == {f"{two}.jpg", f"{three}.jpg", f"{four}.jpg"}
    status = "SELECT name, status, sha256, skipped_sha256 FROM images ORDER BY name"
    assert ask(archive, status) == [
        ("1.jpg", "skipped", None, one),
        ("2.jpg", "stored", two, None),
        ("3.jpg", "stored", three, None),
        ("4.jpg", "stored", four, None),
        ("copy of 1.jpg", "skipped", None, one),
    ]
    rows = dump(archive)
    do_import(root, archive)
    assert dump(archive) == rows


def test_what_is_too_large_to_decode_is_stored_all_the_same(tmp_path: Path) -> None:
    root, archive = tmp_path / "in", tmp_path / "out"
    write(root / "a.png", too_large())
    write(root / "b.png", too_large())
    result = do_import(root, archive)
    assert (result.stored, result.duplicates, result.unchecked, result.problems) == (1, 1, 1, [])
    ((reason, phash, width),) = ask(archive, "SELECT unchecked, phash, width FROM blobs")
    assert (bool(reason), phash, width) == (True, None, 10_500)
    write(root / "c.png", too_large())
    assert do_import(root, archive).duplicates == 1
    check_whole(archive)


def test_numbers_that_meet_move_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root, archive = tmp_path / "in", tmp_path / "out"
    for number in range(6):
        write(root / f"{number}.jpg", picture(number))
    monkeypatch.setattr(storing, "local_number", lambda *parts: -2 - parts[-1][0] % 2)
    do_import(root, archive)
    assert [name for _, name, *_ in places(archive)] == [f"{number}.jpg" for number in range(6)]
    rows = dump(archive)
    assert do_import(root, archive).known == 6
    assert dump(archive) == rows


def test_a_directory_on_another_device(tmp_path: Path) -> None:
    root = Path("/dev/shm") / f"adopting-{os.getpid()}"
    if not root.parent.is_dir() or root.parent.stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip("there is no other device")
    try:
        write(root / "a.jpg", picture(1))
        assert do_import(root, tmp_path / "out").stored == 1
    finally:
        (root / "a.jpg").unlink(missing_ok=True)
        root.rmdir()
    check_whole(tmp_path / "out")


def test_an_archive_in_use_is_left_alone(tmp_path: Path) -> None:
    write(tmp_path / "in" / "a.jpg", picture(1))
    archive = Archive(tmp_path / "out", "blobs")
    try:
        with pytest.raises(LockedError):
            do_import(tmp_path / "in", tmp_path / "out")
    finally:
        archive.close()


def test_a_survey_reads_no_whole_file_and_makes_nothing(tmp_path: Path) -> None:
    write(tmp_path / "in" / "a.jpg", picture(1))
    write(tmp_path / "in" / "cut.jpg", picture(1)[:600])
    write(tmp_path / "in" / "b.txt", b"words")
    result = LocalImport(tmp_path / "in", tmp_path / "out").survey()
    assert (result.pictures, result.size, result.others) == (2, len(picture(1)) + 600, 1)
    assert not (tmp_path / "out").exists()


def test_a_copy_whose_bytes_were_let_go_needs_the_archives_own(tmp_path: Path) -> None:
    write(tmp_path / "in" / "a.jpg", picture(1))
    do_import(tmp_path / "in", tmp_path / "out")
    digest = sha256(picture(1))
    result = Result()
    with closing(Archive(tmp_path / "out", "blobs")) as archive:
        facts = facts_of(archive.wait_for(partial(reads.stored_blob, sha256=digest)))
        store = GroupStore(archive, result)
        place = Place(-1, -9, "in", 0, 0)
        copies = [
            Candidate(tmp_path / f"{n}.jpg", 90 + n, place=place, sha256=digest, size=len(picture(1))) for n in range(2)
        ]
        store.store([Ready(copies[0], facts)])
        (tmp_path / "out" / "blobs" / f"{digest}.jpg").write_bytes(b"damaged")
        store.store([Ready(copies[1], facts)])
    assert result.duplicates == 1
    assert [problem.path for problem in result.problems] == [str(tmp_path / "1.jpg")]
    for table in ("images", "favorites"):
        assert ask(tmp_path / "out", f"SELECT image_id FROM {table} WHERE image_id > 0") == [(90,)]

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import text

from imagefap_scraper import archive as module
from imagefap_scraper.archive import Archive
from imagefap_scraper.database import reads, writes
from imagefap_scraper.database.session import DATABASE_NAME
from imagefap_scraper.exceptions import DatabaseError, LockedError, OutputError, StorageError
from imagefap_scraper.items import FavoriteItem, FolderItem, FolderKind, ImageItem, ImageStatus, UserItem
from imagefap_scraper.storage.layouts import BlobLayout, StraightLayout

if TYPE_CHECKING:
    from collections.abc import Callable

CONTENT = b"the bytes of a picture"
SHA = hashlib.sha256(CONTENT).hexdigest()


def _own(output: Path) -> set[str]:
    return {path.name for path in (output / ".imagefap").rglob("*")}


def test_a_new_directory_gets_a_database_and_a_place_of_its_own(tmp_path: Path) -> None:
    output = tmp_path / "a" / "b"
    archive = Archive(output, "blobs")
    assert isinstance(archive.store, BlobLayout)
    assert archive.directory.root == output
    assert archive.wait_for(reads.users) == []
    archive.close()
    assert {path.name for path in output.iterdir()} == {DATABASE_NAME, ".imagefap"}


def test_a_tilde_is_the_users_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    archive = Archive(Path("~/pictures"), "blobs")
    archive.close()
    assert (tmp_path / "pictures" / DATABASE_NAME).is_file()


def test_what_was_written_is_there_the_next_time(tmp_path: Path) -> None:
    for number in (1, 2):
        archive = Archive(tmp_path, "blobs")
        assert len(archive.wait_for(reads.users)) == number - 1
        archive.wait_for(lambda connection, number=number: writes.record_user(connection, UserItem(number, "anna")))
        archive.close()


async def test_on_the_event_loop_an_answer_is_awaited(tmp_path: Path) -> None:
    archive = Archive(tmp_path, "blobs")
    assert await archive.run(reads.status_counts) == dict.fromkeys(ImageStatus, 0)
    archive.close()


def test_the_layout_can_be_changed_before_anything_is_stored(tmp_path: Path) -> None:
    archive = Archive(tmp_path, "blobs")
    archive.use_layout("straight")
    assert archive.layout == "straight"
    assert isinstance(archive.store, StraightLayout)
    archive.close()


def test_close_may_be_called_again_and_frees_the_directory(tmp_path: Path) -> None:
    archive = Archive(tmp_path, "blobs")
    archive.close()
    archive.close()
    Archive(tmp_path, "blobs").close()


# Who may open it


@pytest.mark.parametrize("database", [True, False])
def test_a_second_opening_is_told_who_holds_it(tmp_path: Path, database: bool) -> None:
    archive = Archive(tmp_path, "straight", database=database)
    (archive.directory.tmp / "half.part").write_bytes(b"half")
    for again in (True, False):
        with pytest.raises(LockedError, match=f"process {os.getpid()}") as caught:
            Archive(tmp_path, "straight", database=again)
        assert str(tmp_path) in str(caught.value)
        assert caught.value.exit_code == 75
    assert (archive.directory.tmp / "half.part").exists()  # what the first one is writing is its own
    archive.close()
    Archive(tmp_path, "straight", database=database).close()


def test_a_killed_process_holds_nothing(tmp_path: Path) -> None:
    program = (
        "import os, sys; from pathlib import Path; from imagefap_scraper.archive import Archive\n"
        "archive = Archive(Path(sys.argv[1]), 'blobs'); print('open', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "open\n"
        with pytest.raises(LockedError, match=f"process {other.pid}"):
            Archive(tmp_path, "blobs")
        other.kill()
        other.wait(10)
    Archive(tmp_path, "blobs").close()


@pytest.mark.parametrize("content", [b"\x80\x04\x95\x00", b"BZh91AY", b"some text"])
def test_a_foreign_database_is_refused_before_anything_is_made(tmp_path: Path, content: bytes) -> None:
    (tmp_path / DATABASE_NAME).write_bytes(content)
    with pytest.raises(DatabaseError, match="left alone"):
        Archive(tmp_path, "blobs")
    assert [path.name for path in tmp_path.iterdir()] == [DATABASE_NAME]
    assert (tmp_path / DATABASE_NAME).read_bytes() == content


def test_a_foreign_database_is_no_matter_without_one(tmp_path: Path) -> None:
    (tmp_path / DATABASE_NAME).write_bytes(b"\x80\x04\x95\x00")
    Archive(tmp_path, "straight", database=False).close()
    assert [path.name for path in tmp_path.iterdir()] == [DATABASE_NAME]


def _newer(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.commit()
    connection.close()


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (_newer, "newer version"),
        (lambda path: path.write_bytes(path.read_bytes()[:100] + bytes(9000)), "cannot be used"),
    ],
)
def test_a_refused_database_leaves_the_directory_free(
    tmp_path: Path, damage: Callable[[Path], object], words: str
) -> None:
    Archive(tmp_path, "blobs").close()
    damage(tmp_path / DATABASE_NAME)
    for _ in range(2):
        with pytest.raises(DatabaseError, match=words):
            Archive(tmp_path, "blobs")


def test_a_file_in_the_way_of_the_directory_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"mine")
    with pytest.raises(OutputError) as caught:
        Archive(tmp_path / "file" / "x", "straight", database=False)
    assert caught.value.exit_code == 73
    assert (tmp_path / "file").read_bytes() == b"mine"


# Another place for the database


def test_the_database_may_lie_elsewhere(tmp_path: Path) -> None:
    output, elsewhere = tmp_path / "out", tmp_path / "else" / "where.db"
    elsewhere.parent.mkdir()
    archive = Archive(output, "blobs", url=f"sqlite:///{elsewhere}")
    archive.wait_for(lambda connection: writes.record_user(connection, UserItem(1, "anna")))
    archive.close()
    assert {path.name for path in elsewhere.parent.iterdir()} == {"where.db", "where.db.lock"}
    assert {path.name for path in output.iterdir()} == {".imagefap"}


def test_a_place_that_cannot_be_is_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="IMAGEFAP_DATABASE_URL"):
        Archive(tmp_path / "out", "blobs", url=f"sqlite:///{tmp_path / 'not there' / 'x.db'}")
    Archive(tmp_path / "out", "blobs").close()  # nothing is held
    with pytest.raises(DatabaseError, match="IMAGEFAP_DATABASE_URL"):
        Archive(tmp_path / "new", "blobs", url="postgresql://localhost/x")
    assert not (tmp_path / "new").exists()


# Without a database


def test_without_a_database_nothing_is_left(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    archive = Archive(tmp_path, "straight", database=False)
    assert archive.writer is None
    assert (tmp_path / ".imagefap").is_dir()
    archive.directory.write_temp(b"half a picture")
    archive.close()
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_without_a_database_what_others_keep_in_ours_stays(tmp_path: Path) -> None:
    Archive(tmp_path, "blobs").close()
    aside = tmp_path / ".imagefap" / "quarantine" / "x.jpg"
    aside.write_bytes(b"damaged")
    Archive(tmp_path, "straight", database=False).close()
    assert aside.read_bytes() == b"damaged"
    Archive(tmp_path, "blobs").close()


# What a killed crawl left


def _leave(
    output: Path,
    *,
    final: bytes | None = None,
    temporary: bytes | None = None,
    layout: str = "blobs",
    known_user: bool = True,
) -> str:
    """Leave an archive as a kill in the midst of storing image 5 does; return the file's final path."""
    archive = Archive(output, "blobs")
    path = f"blobs/{SHA}.jpg" if layout == "blobs" else "five.jpg"
    image = ImageItem(
        5,
        ImageStatus.STORED,
        name="five.jpg",
        url="https://cdn.example/5.jpg",
        gallery_id=77,
        sha256=SHA,
        format="JPEG",
        size=len(CONTENT),
        width=30,
        height=20,
        phash="8" + "0" * 15,
        path=path,
        outcome="downloaded",
    )
    fields = {name: getattr(image, name) for name in image.__dataclass_fields__}
    row = {
        "intent_id": 2**62,
        "temporary": ".imagefap/tmp/one.part",
        "path": path,
        "sha256": SHA,
        "size": len(CONTENT),
        "image": json.loads(json.dumps(fields | {"layout": layout, "extension": "jpg"})),
    }

    def record(connection: Any) -> None:
        if known_user:
            favorites = [FavoriteItem(5, "five..")]
            writes.record_user(connection, UserItem(1, "anna"))
            writes.record_folder(
                connection, FolderItem(1, 10, "Trees", FolderKind.IMAGES, 1, favorites, listed_through=True)
            )
        writes.add_intents(connection, [row])

    archive.wait_for(record)
    archive.close()
    if final is not None:
        (output / path).parent.mkdir(exist_ok=True)
        (output / path).write_bytes(final)
    if temporary is not None:
        (output / ".imagefap" / "tmp" / "one.part").write_bytes(temporary)
    (output / ".imagefap" / "tmp" / "other.part").write_bytes(b"another that had no intent yet")
    return path


def _ask(archive: Archive, query: str) -> list[tuple[Any, ...]]:
    return archive.wait_for(lambda connection: [tuple(row) for row in connection.execute(text(query))])


@pytest.mark.parametrize("layout", ["blobs", "straight"])
@pytest.mark.parametrize("where", ["final", "temporary", "both"])
def test_what_a_killed_crawl_had_whole_is_stored(tmp_path: Path, layout: Any, where: str) -> None:
    path = _leave(
        tmp_path,
        layout=layout,
        final=None if where == "temporary" else CONTENT,
        temporary=None if where == "final" else CONTENT,
    )
    archive = Archive(tmp_path, "blobs")
    assert (tmp_path / path).read_bytes() == CONTENT
    assert _ask(archive, "SELECT image_id, status, reason, sha256, name, gallery_id, address FROM images") == [
        (5, "stored", "", SHA, "five.jpg", 77, "https://cdn.example/5.jpg")
    ]
    assert _ask(archive, "SELECT path, sha256, layout FROM files") == [(path, SHA, layout)]
    assert _ask(archive, "SELECT sha256, extension, format, size, width, height FROM blobs") == [
        (SHA, "jpg", "JPEG", len(CONTENT), 30, 20)
    ]
    blob = archive.wait_for(lambda connection: reads.stored_blob(connection, SHA))
    assert blob is not None
    assert blob.phash == "8" + "0" * 15
    assert _ask(archive, "SELECT * FROM intents") == []
    assert list(archive.directory.tmp.iterdir()) == []
    assert archive.wait_for(lambda connection: reads.settled_ids(connection, layout)) == {5}
    archive.wait_for(lambda connection: writes.note_finished_folders(connection, layout))
    assert _ask(archive, f"SELECT count(finished_{layout}) FROM folders") == [(1,)]
    archive.close()


@pytest.mark.parametrize(("final", "temporary"), [(None, None), (None, CONTENT[:5]), (CONTENT[:5], None)])
def test_what_a_killed_crawl_had_not_whole_is_wanted_as_before(
    tmp_path: Path, final: bytes | None, temporary: bytes | None
) -> None:
    path = _leave(tmp_path, final=final, temporary=temporary)
    archive = Archive(tmp_path, "blobs")
    assert not (tmp_path / path).exists()
    assert _ask(archive, "SELECT image_id, status, sha256 FROM images") == [(5, "wanted", None)]
    for table in ("files", "blobs", "intents"):
        assert _ask(archive, f"SELECT * FROM {table}") == []
    assert list(archive.directory.tmp.iterdir()) == []
    archive.close()


def test_a_name_that_the_user_took_meanwhile_stays_the_users(tmp_path: Path) -> None:
    path = _leave(tmp_path, layout="straight", final=b"mine", temporary=CONTENT)
    archive = Archive(tmp_path, "straight")
    assert (tmp_path / path).read_bytes() == b"mine"
    assert _ask(archive, "SELECT image_id, status FROM images") == [(5, "wanted")]
    assert _ask(archive, "SELECT * FROM intents") == []
    archive.close()


def test_an_image_that_no_folder_lists_is_recovered_too(tmp_path: Path) -> None:
    _leave(tmp_path, temporary=CONTENT, known_user=False)
    archive = Archive(tmp_path, "blobs")
    assert _ask(archive, "SELECT image_id, status FROM images") == [(5, "stored")]
    archive.close()


def test_recovery_that_the_disk_refuses_can_be_repeated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise StorageError("the disk went away")

    path = _leave(tmp_path, temporary=CONTENT)
    with monkeypatch.context() as patched:
        patched.setattr(module, "roll", refuse)
        with pytest.raises(StorageError, match="went away"):
            Archive(tmp_path, "blobs")
    assert "one.part" in _own(tmp_path)  # nothing was given up
    archive = Archive(tmp_path, "blobs")
    assert (tmp_path / path).read_bytes() == CONTENT
    assert _ask(archive, "SELECT status FROM images") == [("stored",)]
    archive.close()

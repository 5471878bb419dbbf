from __future__ import annotations

import pickle
import sqlite3
import subprocess
import sys
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from database_bench import new_engine
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, OperationalError

from imagefap_scraper.database.session import (
    DATABASE_NAME,
    check_file,
    database_url,
    open_writer,
    reader,
    schema_revision,
    translate,
)
from imagefap_scraper.exceptions import (
    ArchiveError,
    DatabaseError,
    LockedError,
    OutputError,
    StorageError,
    UserInputError,
)

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

FOREIGN = {
    **{f"pickle {protocol}": pickle.dumps({"users": {}}, protocol) for protocol in range(6)},
    "pickle -1": pickle.dumps({"users": {}}, -1),
    "bz2": b"BZh91AY&SY" + bytes(20),
    "encrypted": b"\x80\0\0\0\0e\x12\x34" + bytes(40),
    "text": b"hello\n",
    "cut header": b"SQLite form",
    "one byte": b"\0",
}


@pytest.mark.parametrize("content", FOREIGN.values(), ids=FOREIGN)
def test_a_foreign_file_is_refused_and_left_as_it_is(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / DATABASE_NAME
    path.write_bytes(content)
    for open_it in (lambda: check_file(path), lambda: open_writer(database_url(tmp_path))):
        with pytest.raises(DatabaseError, match="left alone") as caught:
            open_it()
        assert str(path) in str(caught.value)
        assert "output=" in str(caught.value)
        assert "\n" not in str(caught.value)
    with pytest.raises(DatabaseError), reader(path, nullcontext()):
        pass
    assert path.read_bytes() == content
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("pickle -1", "Python pickle"),
        ("pickle 3", "Python pickle"),
        ("bz2", "compressed"),
        ("encrypted", "encrypted"),
        ("text", "another kind"),
    ],
)
def test_the_message_says_what_the_file_is(tmp_path: Path, name: str, words: str) -> None:
    path = tmp_path / DATABASE_NAME
    path.write_bytes(FOREIGN[name])
    with pytest.raises(DatabaseError, match=words):
        check_file(path)


def test_no_file_and_an_empty_one_are_new_databases(tmp_path: Path) -> None:
    path = tmp_path / DATABASE_NAME
    check_file(path)
    path.touch()
    check_file(path)
    with new_engine(tmp_path):
        pass
    check_file(path)
    assert path.read_bytes().startswith(b"SQLite format 3\0")


def test_a_directory_in_the_way_is_refused(tmp_path: Path) -> None:
    (tmp_path / DATABASE_NAME).mkdir()
    with pytest.raises(DatabaseError, match="cannot be read"):
        check_file(tmp_path / DATABASE_NAME)


def test_the_address_is_the_settings_or_the_directorys(tmp_path: Path) -> None:
    assert database_url(tmp_path).database == str(tmp_path / DATABASE_NAME)
    assert database_url(tmp_path, "sqlite:////else/where.db").database == "/else/where.db"


@pytest.mark.parametrize(
    "setting", ["nonsense", "sqlite://", "sqlite:///:memory:", "postgresql://anna:secret@localhost/x", "mysql://h/x"]
)
def test_another_address_is_refused_without_its_password(tmp_path: Path, setting: str) -> None:
    with pytest.raises(DatabaseError, match="IMAGEFAP_DATABASE_URL") as caught:
        database_url(tmp_path, setting)
    assert "secret" not in str(caught.value)


def test_an_address_with_another_driver_is_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(DatabaseError, match="no database at"):
        open_writer(database_url(tmp_path, f"sqlite+nothing:///{tmp_path / 'x.db'}"))


@pytest.mark.parametrize(("durable", "synchronous"), [(True, 2), (False, 1)])
def test_writers_use_wal_foreign_keys_and_the_durability_asked_for(
    tmp_path: Path, durable: bool, synchronous: int
) -> None:
    with new_engine(tmp_path, durable=durable) as engine, engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == synchronous


def test_a_transaction_is_a_writing_one_from_its_begin(tmp_path: Path) -> None:
    with new_engine(tmp_path) as engine, engine.begin() as connection:
        connection.execute(text("SELECT 1"))
        other = sqlite3.connect(tmp_path / DATABASE_NAME, timeout=0)
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            other.execute("BEGIN IMMEDIATE")
        other.close()


def test_a_reader_reads_and_cannot_write(tmp_path: Path) -> None:
    with new_engine(tmp_path) as engine, engine.begin() as connection:
        connection.execute(text("INSERT INTO users VALUES (1, 'anna', '2024-01-01')"))
    with reader(tmp_path / DATABASE_NAME, nullcontext()) as connection:
        assert connection.execute(text("SELECT name FROM users")).scalar() == "anna"
        assert schema_revision(connection) is not None
        with pytest.raises(OperationalError, match="readonly"):
            connection.execute(text("DELETE FROM users"))
    assert [path.name for path in tmp_path.iterdir()] == [DATABASE_NAME]


def test_where_nothing_can_be_written_a_reader_needs_no_lock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with new_engine(tmp_path):
        pass

    class Lock:
        def __enter__(self) -> None:
            raise OutputError("the file system is read-only")

        def __exit__(self, *_: object) -> None:
            pass

    monkeypatch.setattr("os.access", lambda *_: False)
    with reader(tmp_path / DATABASE_NAME, Lock()) as connection:
        assert schema_revision(connection) is not None


def test_a_reader_closes_inside_the_lock_alone(tmp_path: Path) -> None:
    with new_engine(tmp_path):
        pass
    events: list[str] = []

    class Lock:
        def __enter__(self) -> None:
            events.append(f"taken, WAL there: {(tmp_path / (DATABASE_NAME + '-wal')).exists()}")

        def __exit__(self, *_: object) -> None:
            events.append(f"given back, WAL there: {(tmp_path / (DATABASE_NAME + '-wal')).exists()}")

    lock: AbstractContextManager[None] = Lock()
    with reader(tmp_path / DATABASE_NAME, lock):
        assert events == []
    assert events == ["taken, WAL there: True", "given back, WAL there: False"]


@pytest.mark.parametrize("name", ["with space", "50% ? #1", "Bäume"])
def test_a_reader_finds_its_file_whatever_the_directory_is_called(tmp_path: Path, name: str) -> None:
    directory = tmp_path / name
    directory.mkdir()
    with new_engine(directory):
        pass
    with reader(directory / DATABASE_NAME, nullcontext()) as connection:
        assert connection.execute(text("SELECT count(*) FROM users")).scalar() == 0


def test_a_reader_says_that_there_is_no_database(tmp_path: Path) -> None:
    with pytest.raises(DatabaseError, match="there is no database"), reader(tmp_path / DATABASE_NAME, nullcontext()):
        pass
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("DELETE FROM alembic_version", "of another program"),
        ("DROP TABLE alembic_version", "of another program"),
        ("UPDATE alembic_version SET version_num = '0000'", "older version"),
        ("UPDATE alembic_version SET version_num = '9999'", "newer version.*update the program"),
    ],
)
def test_a_reader_refuses_another_schema(tmp_path: Path, change: str, words: str) -> None:
    with new_engine(tmp_path) as engine, engine.begin() as connection:
        connection.execute(text(change))
    with pytest.raises(DatabaseError, match=words), reader(tmp_path / DATABASE_NAME, nullcontext()):
        pass


def test_a_reader_says_that_an_empty_database_holds_nothing(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / DATABASE_NAME)
    connection.execute("PRAGMA user_version = 1")
    connection.commit()
    connection.close()
    with pytest.raises(DatabaseError, match="holds no archive yet"), reader(tmp_path / DATABASE_NAME, nullcontext()):
        pass


def test_a_reader_of_a_damaged_database_gets_one_clear_error(tmp_path: Path) -> None:
    path = tmp_path / DATABASE_NAME
    path.write_bytes(b"SQLite format 3\0" + b"\xa5" * 4096)
    with pytest.raises(DatabaseError, match="restore a backup"), reader(path, nullcontext()):
        pass


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("database or disk is full", StorageError),
        ("disk I/O error", StorageError),
        ("attempt to write a readonly database", StorageError),
        ("unable to open database file", StorageError),
        ("database is locked", LockedError),
        ("database table is locked", LockedError),
        ("database disk image is malformed", DatabaseError),
        ("file is not a database", DatabaseError),
        ("no such table: images", DatabaseError),
    ],
)
def test_what_sqlite_says_gets_its_place_in_the_error_tree(said: str, expected: type[ArchiveError]) -> None:
    error = translate(DBAPIError("SELECT 1", {}, sqlite3.OperationalError(said)), Path("/a/b"))
    assert type(error) is expected
    assert said in str(error)
    assert "/a/b" in str(error)


@pytest.mark.parametrize(
    "said",
    [
        "parser stack overflow",
        "Expression tree is too large (maximum depth 1000)",
        "too many SQL variables",
        "too many terms in compound SELECT",
    ],
)
def test_what_is_too_much_for_sqlite_is_no_damage(said: str) -> None:
    error = translate(DBAPIError("SELECT 1", {}, sqlite3.OperationalError(said)), Path("/a/b"))
    assert type(error) is UserInputError
    assert "backup" not in str(error)


def test_another_programs_database_is_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / DATABASE_NAME
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE theirs (x)")
    connection.commit()
    connection.close()
    before = path.read_bytes()
    with pytest.raises(DatabaseError, match="of another program"):
        open_writer(database_url(tmp_path))
    with pytest.raises(DatabaseError, match="of another program"), reader(path, nullcontext()):
        pass
    assert path.read_bytes() == before


def test_a_second_look_at_the_file_leaves_the_locks_of_the_first(tmp_path: Path) -> None:
    """A process's locks on a file end with any closing of it, and without them others take our log away."""
    with new_engine(tmp_path):
        pass
    path = tmp_path / DATABASE_NAME
    write = f"c = sqlite3.connect({str(path)!r}); c.execute('CREATE TABLE more (x)'); c.commit(); c.close()"
    with reader(path, nullcontext()) as connection:
        assert connection.execute(text("SELECT count(*) FROM users")).scalar() == 0
        with reader(path, nullcontext()):
            pass
        subprocess.run([sys.executable, "-c", f"import sqlite3; {write}"], check=True, timeout=60)
        assert path.with_name(f"{DATABASE_NAME}-wal").exists()
        assert connection.execute(text("SELECT count(*) FROM more")).scalar() == 0

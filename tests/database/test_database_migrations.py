from __future__ import annotations

import re
import sqlite3
from typing import TYPE_CHECKING, Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from database_bench import new_engine
from sqlalchemy import create_engine, text

from imagefap_scraper.database import duplicate_models, facets, migrations, models  # noqa: F401 - they fill the metadata
from imagefap_scraper.database.base import SCHEMA_REVISION, Base
from imagefap_scraper.database.session import DATABASE_NAME, database_url, open_writer, schema_revision
from imagefap_scraper.exceptions import DatabaseError, StorageError

if TYPE_CHECKING:
    from pathlib import Path


def _shape(path: Path) -> dict[str, str]:
    """The CREATE statements of a database, by name."""
    connection = sqlite3.connect(path)
    found = connection.execute(
        "SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL AND name != 'alembic_version'"
    )
    shape = dict(found)
    connection.close()
    return shape


def _lines(sql: str) -> list[str]:
    """The columns and constraints of a CREATE statement, whatever their order and spacing."""
    parts = re.split(r",\s*\n", sql.strip().removesuffix(")"))
    return sorted(" ".join(part.replace('"', "").split()) for part in parts)


def _is_ours(_thing: Any, name: str | None, kind: str, *_: Any) -> bool:
    """Alembic does not know SQLite's own full-text tables."""
    return kind != "table" or not str(name).startswith("facet_names")


def test_the_migrations_make_what_the_models_say(tmp_path: Path) -> None:
    with new_engine(tmp_path) as engine, engine.connect() as connection:
        options = {"compare_type": True, "compare_server_default": True, "include_object": _is_ours}
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, Base.metadata) == []


def test_checks_and_partial_indexes_are_the_same_too(tmp_path: Path) -> None:
    """Alembic compares neither; SQLite's own text of the tables has both."""
    with new_engine(tmp_path):
        pass
    plain = create_engine(f"sqlite:///{tmp_path / 'plain.db'}")
    Base.metadata.create_all(plain)
    plain.dispose()
    migrated, made = _shape(tmp_path / DATABASE_NAME), _shape(tmp_path / "plain.db")
    assert migrated.keys() == made.keys()
    for name, sql in made.items():
        assert _lines(migrated[name]) == _lines(sql), name


def test_the_revision_that_readers_compare_is_the_newest_migration() -> None:
    config = Config()
    config.set_main_option("script_location", str(migrations.__path__[0]))
    assert ScriptDirectory.from_config(config).get_heads() == [SCHEMA_REVISION]


def test_an_upgrade_may_be_repeated(tmp_path: Path) -> None:
    with new_engine(tmp_path) as engine:
        with engine.begin() as connection:
            connection.execute(text("INSERT INTO users VALUES (1, 'anna', '2024-01-01')"))
        migrations.upgrade(engine)
        with engine.connect() as connection:
            assert schema_revision(connection) == SCHEMA_REVISION
            assert connection.execute(text("SELECT name FROM users")).scalar() == "anna"


def test_a_newer_schema_is_refused_untouched(tmp_path: Path) -> None:
    with new_engine(tmp_path) as engine, engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    before = (tmp_path / DATABASE_NAME).read_bytes()
    engine = open_writer(database_url(tmp_path))
    with pytest.raises(DatabaseError, match="newer version of this program"):
        migrations.upgrade(engine)
    engine.dispose()
    assert (tmp_path / DATABASE_NAME).read_bytes() == before


def test_another_programs_tables_are_left_alone(tmp_path: Path) -> None:
    path = tmp_path / DATABASE_NAME
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE favorites (x)")
    connection.commit()
    connection.close()
    with pytest.raises(DatabaseError, match="of another program"):
        open_writer(database_url(tmp_path))
    assert _shape(path).keys() == {"favorites"}


def test_a_damaged_database_is_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / DATABASE_NAME).write_bytes(b"SQLite format 3\0" + b"\xa5" * 4096)
    engine = open_writer(database_url(tmp_path))
    with pytest.raises(DatabaseError, match="restore a backup"):
        migrations.upgrade(engine)
    engine.dispose()


def test_a_missing_directory_is_an_error_of_the_disk(tmp_path: Path) -> None:
    engine = open_writer(database_url(tmp_path / "not there"))
    with pytest.raises(StorageError, match="unable to open"):
        migrations.upgrade(engine)
    engine.dispose()


def test_a_directory_with_percent_signs_is_no_matter(tmp_path: Path) -> None:
    directory = tmp_path / "100%(here)s"
    directory.mkdir()
    with new_engine(directory) as engine, engine.connect() as connection:
        assert schema_revision(connection) == SCHEMA_REVISION

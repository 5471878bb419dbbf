"""Alembic's migrations, run by a crawl before it opens the database."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING

from alembic import command
from alembic.config import Config
from sqlalchemy import inspect
from sqlalchemy.exc import DBAPIError

from imagefap_scraper.database.base import SCHEMA_REVISION
from imagefap_scraper.database.session import schema_revision, translate
from imagefap_scraper.exceptions import DatabaseError

if TYPE_CHECKING:
    import sqlite3

    from sqlalchemy import Engine


def upgrade(engine: Engine) -> None:
    """Bring the database to the newest schema; a new file gets all of it. The caller holds the write lock.

    Raises:
        DatabaseError: if the database is of a newer version of this program, or damaged.
        StorageError: if the disk refuses.
    """
    path = engine.url.database or ""
    try:
        with engine.connect() as connection:
            revision = schema_revision(connection)
            tables = inspect(connection).get_table_names()
        if revision == SCHEMA_REVISION:
            return
        if revision is not None and revision > SCHEMA_REVISION:
            raise DatabaseError(f"{path} is of a newer version of this program (schema {revision}); update the program")
        if revision is None and set(tables) - {"alembic_version"}:
            raise DatabaseError(f"{path} is of another program: it was left alone; choose another output=DIR")
        # It announces each migration at INFO, which says nothing to the person who started a crawl.
        logging.getLogger("alembic").setLevel(logging.WARNING)
        config = Config()
        config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
        with engine.connect() as connection:
            # Tables are rebuilt, which for SQLite is to delete what other tables name. Within a transaction it cannot
            # be switched; the driver's own connection has none yet.
            driver: sqlite3.Connection = connection.connection.driver_connection  # type: ignore[assignment]
            driver.execute("PRAGMA foreign_keys = OFF")
            with connection.begin():
                config.attributes["connection"] = connection
                command.upgrade(config, "head")
                if broken := connection.exec_driver_sql("PRAGMA foreign_key_check").first():
                    raise DatabaseError(f"{path} names rows that are not there ({broken[0]}): restore a backup")
    except DBAPIError as error:
        raise translate(error, path) from error
    except ValueError as error:
        raise DatabaseError(f"{path} cannot be used: {error}; restore a backup if it is damaged") from error

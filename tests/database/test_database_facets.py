from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import pytest
from alembic import command
from alembic.config import Config
from database_bench import new_engine

from imagefap_scraper.database import migrations
from imagefap_scraper.database.facets import FILL
from imagefap_scraper.database.session import database_url, open_writer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlalchemy import Connection

DAY = "2024-05-06 07:08:09.000000"
BLOBS = [f"{number:x}" * 64 for number in range(8)]
IMAGES = range(1, 9)
TAGS = range(1, 5)


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[Connection]:
    """A transaction in a database with users, folders, blobs and tags, and no image."""
    with new_engine(tmp_path, durable=False) as engine, engine.connect() as connection:
        for user_id in (1, 2):
            run(connection, "INSERT INTO users VALUES (?, ?, ?)", user_id, f"user {user_id}", DAY)
            columns = "user_id, folder_id, name, pages, first_seen"
            run(connection, f"INSERT INTO folders ({columns}) VALUES (?, 7, 'Trees', 0, ?)", user_id, DAY)
        for number, sha256 in enumerate(BLOBS):
            columns = "sha256, extension, format, size, width, height, animated, unchecked, stored_at"
            values = (sha256, "jpg", "JPEG", number, 10 * number, 5, number % 2, "", DAY)
            run(connection, f"INSERT INTO blobs ({columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", *values)
        for tag_id in TAGS:
            run(connection, "INSERT INTO tags VALUES (?, NULL, ?, ?)", tag_id, f"t{tag_id}", f"t{tag_id}")
        for group_id in (1, 2):
            columns = "group_id, kind, state, rev, bytes_to_win, reasons"
            run(
                connection,
                f"INSERT INTO duplicate_groups ({columns}) VALUES (?, 'copy', 'new', '', 0, '{{}}')",
                group_id,
            )
        yield connection


def run(connection: Connection, statement: str, *values: Any) -> None:
    connection.exec_driver_sql(statement, values)


def rows(connection: Connection, statement: str) -> set[tuple[Any, ...]]:
    return {tuple(row) for row in connection.exec_driver_sql(statement)}


def check(connection: Connection) -> None:
    """What the triggers keep is what would be made anew."""
    for table, statement in zip(("facets", "facet_tags"), FILL, strict=False):
        columns = statement[statement.index("(") + 1 : statement.index(")")]
        anew = rows(connection, statement[statement.index(" SELECT ") :])
        assert rows(connection, f"SELECT {columns} FROM {table}") == anew, table
    # With 1 SQLite compares the index with the text as well.
    run(connection, "INSERT INTO facet_names (facet_names, rank) VALUES ('integrity-check', 1)")


class Hand:
    """Does anything that a crawl, a decision or an undo may do, as chance has it."""

    def __init__(self, connection: Connection, chance: random.Random) -> None:
        self.connection = connection
        self.chance = chance

    def any(self) -> None:
        moves = [self.image, self.image, self.favorite, self.favorite, self.tag, self.tag, self.blob, self.member]
        self.chance.choice([*moves, self.trash, self.forget])()

    def image(self) -> None:
        image_id, sha256 = self.chance.choice(IMAGES), self.chance.choice(BLOBS)
        live = rows(self.connection, f"SELECT 1 FROM blobs WHERE sha256 = '{sha256}' AND state = 'live'")
        name = self.chance.choice([None, "Ärger", "sunset", 'a "quoted" name', ""])
        gone = self.chance.choice([None, DAY])
        values = ("stored", sha256, None) if live else ("skipped", None, sha256)
        if self.chance.random() < 0.3:
            values = (self.chance.choice(["wanted", "failed", "gone"]), None, None)
        statement = (
            "INSERT INTO images (image_id, status, reason, attempts, sha256, skipped_sha256, name, vanished_at, added) "
            "VALUES (?, ?, '', 0, ?, ?, ?, ?, '2012-03-04 05:06:07') ON CONFLICT (image_id) DO UPDATE SET "
            "status = excluded.status, sha256 = excluded.sha256, skipped_sha256 = excluded.skipped_sha256, "
            "name = excluded.name, vanished_at = excluded.vanished_at"
        )
        run(self.connection, statement, image_id, *values, name, gone)

    def favorite(self) -> None:
        user_id, image_id = self.chance.choice((1, 2)), self.chance.choice(IMAGES)
        if not rows(self.connection, f"SELECT 1 FROM images WHERE image_id = {image_id}"):
            return
        listed = self.chance.choice([None, "listed..", "sun.jpg"])
        statement = (
            "INSERT INTO favorites (user_id, folder_id, image_id, position, listed_name, verdict, first_seen, "
            "shown_at) VALUES (?, 7, ?, ?, ?, 'new', ?, ?) ON CONFLICT DO UPDATE SET listed_name = excluded.listed_name"
        )
        run(self.connection, statement, user_id, image_id, image_id, listed, DAY, DAY)

    def tag(self) -> None:
        pair = (self.chance.choice(BLOBS), self.chance.choice(TAGS))
        if self.chance.random() < 0.6:
            run(self.connection, "INSERT OR IGNORE INTO blob_tags VALUES (?, ?)", *pair)
        elif self.chance.random() < 0.5:
            run(self.connection, "DELETE FROM blob_tags WHERE sha256 = ? AND tag_id = ?", *pair)
        else:
            target = self.chance.choice(TAGS)
            run(
                self.connection,
                "UPDATE OR IGNORE blob_tags SET tag_id = ? WHERE sha256 = ? AND tag_id = ?",
                target,
                *pair,
            )

    def blob(self) -> None:
        size, width = self.chance.randrange(100), self.chance.choice([None, 4, 5])
        run(
            self.connection,
            "UPDATE blobs SET size = ?, width = ? WHERE sha256 = ?",
            size,
            width,
            self.chance.choice(BLOBS),
        )

    def member(self) -> None:
        sha256, group_id = self.chance.choice(BLOBS), self.chance.choice((1, 2))
        statement = "INSERT OR REPLACE INTO duplicate_members VALUES (?, ?, ?, ?)"
        run(self.connection, "DELETE FROM duplicate_members WHERE group_id = ? AND sha256 = ?", group_id, sha256)
        if self.chance.random() < 0.7:
            verdict = self.chance.choice(["new", "keep", "false"])
            run(self.connection, statement, group_id, sha256, verdict, self.chance.randrange(2))

    def trash(self) -> None:
        """Throw a blob out for another one, or bring it back."""
        copy, keeper = self.chance.sample(BLOBS, 2)
        states = dict(rows(self.connection, "SELECT sha256, state FROM blobs"))
        kept = {sha for (sha,) in rows(self.connection, "SELECT kept_as FROM blobs WHERE kept_as IS NOT NULL")}
        if states[copy] != "live":
            run(self.connection, "UPDATE blobs SET state = 'live', kept_as = NULL WHERE sha256 = ?", copy)
            back = "status = 'stored', sha256 = skipped_sha256, skipped_sha256 = NULL"
            run(self.connection, f"UPDATE images SET {back} WHERE skipped_sha256 = ?", copy)
        elif states[keeper] == "live" and copy not in kept:
            run(self.connection, "UPDATE blobs SET state = 'trashed', kept_as = ? WHERE sha256 = ?", keeper, copy)
            out = "status = 'skipped', skipped_sha256 = sha256, sha256 = NULL"
            run(self.connection, f"UPDATE images SET {out} WHERE sha256 = ?", copy)

    def forget(self) -> None:
        image_id = self.chance.choice(IMAGES)
        run(self.connection, "DELETE FROM favorites WHERE image_id = ?", image_id)
        if self.chance.random() < 0.5:
            run(self.connection, "DELETE FROM images WHERE image_id = ?", image_id)


@pytest.mark.parametrize("seed", range(6))
def test_triggers_keep_what_would_be_made_anew(connection: Connection, seed: int) -> None:
    hand = Hand(connection, random.Random(seed))
    for _ in range(120):
        hand.any()
        check(connection)
    assert rows(connection, "SELECT 1 FROM facet_tags") or rows(connection, "SELECT 1 FROM facets")


def test_an_archive_of_before_can_be_searched(tmp_path: Path) -> None:
    engine = open_writer(database_url(tmp_path))
    config = Config()
    config.set_main_option("script_location", str(migrations.__path__[0]))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0002")
        statement = (
            "INSERT INTO images (image_id, status, reason, attempts, name) VALUES (7, 'wanted', '', 0, 'Sunset')"
        )
        run(connection, statement)
    migrations.upgrade(engine)
    with engine.begin() as connection:
        assert rows(connection, "SELECT image_id, name FROM facets") == {(7, "Sunset")}
        assert rows(connection, "SELECT rowid FROM facet_names WHERE facet_names MATCH 'sunset'") == {(7,)}
        check(connection)
    engine.dispose()


def test_a_copy_is_shown_as_what_was_kept(connection: Connection) -> None:
    run(
        connection,
        "INSERT INTO images (image_id, status, reason, attempts, sha256) VALUES (1, 'stored', '', 0, ?)",
        BLOBS[2],
    )
    run(connection, "INSERT INTO blob_tags VALUES (?, 3)", BLOBS[5])
    run(connection, "UPDATE blobs SET state = 'trashed', kept_as = ? WHERE sha256 = ?", BLOBS[5], BLOBS[2])
    run(connection, "UPDATE images SET status = 'skipped', skipped_sha256 = sha256, sha256 = NULL")
    assert rows(connection, "SELECT status, width, tags FROM facets") == {("skipped", 50, 1)}
    assert rows(connection, "SELECT * FROM facet_tags") == {(3, 1)}

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from database_bench import new_engine
from hypothesis import given
from hypothesis import strategies as st

from imagefap_scraper.database import reports, tags
from imagefap_scraper.database.bulk_journal import BulkJournal
from imagefap_scraper.database.journal import actions_of_batch
from imagefap_scraper.exceptions import UserInputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from sqlalchemy import Connection

FIRST, SECOND = "a" * 64, "b" * 64
_ROWS = (
    ("blobs", {"sha256": FIRST, "extension": "jpg", "format": "JPEG", "size": 1000}),
    ("blobs", {"sha256": SECOND, "extension": "gif", "format": "GIF", "size": 3000}),
    ("images", {"image_id": 101, "status": "stored", "sha256": FIRST}),
    ("images", {"image_id": 102, "status": "stored", "sha256": FIRST}),
    ("images", {"image_id": 103, "status": "stored", "sha256": SECOND}),
    ("images", {"image_id": 104, "status": "failed"}),
    ("tags", {"tag_id": 1, "name": "plants", "key": "plants"}),
    ("tags", {"tag_id": 2, "parent_id": 1, "name": "Trees", "key": "trees"}),
    ("tags", {"tag_id": 3, "parent_id": 1, "name": "bushes", "key": "bushes"}),
    ("tags", {"tag_id": 4, "name": "Animals", "key": "animals"}),
    ("blob_tags", {"sha256": FIRST, "tag_id": 2}),
    ("blob_tags", {"sha256": SECOND, "tag_id": 2}),
    ("blob_tags", {"sha256": FIRST, "tag_id": 1}),
)
_USUAL: dict[str, dict[str, Any]] = {
    "blobs": {"animated": False, "unchecked": "", "stored_at": "2024-01-01 08:00:00.000000"},
    "images": {"reason": "", "attempts": 1},
}


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[Connection]:
    """A transaction in an archive with plants (bushes, Trees) and Animals."""
    with new_engine(tmp_path, durable=False) as engine, engine.connect() as connection:
        for table, row in _ROWS:
            values = row | _USUAL.get(table, {})
            names, marks = ", ".join(values), ", ".join("?" * len(values))
            connection.exec_driver_sql(f"INSERT INTO {table} ({names}) VALUES ({marks})", tuple(values.values()))
        yield connection


def state(connection: Connection) -> list[Any]:
    """Everything that tags are, with the row numbers, and what is searched of them."""
    names = ("tags", "blob_tags", "facets", "facet_tags")
    rowid = {"facet_tags": ""}
    return [
        sorted(map(repr, connection.exec_driver_sql(f"SELECT {rowid.get(name, 'rowid,')} * FROM {name}")))
        for name in names
    ]


def journaled(connection: Connection, work: Callable[..., Any], *arguments: Any) -> Any:
    """Do it, and see that it can be taken back, and done again, exactly."""
    before = state(connection)
    journal = BulkJournal(connection, actor="you", kind="tag")
    result = work(journal, *arguments)
    after = state(connection)
    (entry,) = actions_of_batch(connection, journal.close("tagged"))
    undo = BulkJournal(connection, actor="you", kind="undo")
    for change in reversed(entry.changes):
        undo.take_back(change)
    assert state(connection) == before
    for change in reversed(undo.changes):
        BulkJournal(connection, actor="you", kind="undo").take_back(change)
    assert state(connection) == after
    return result


def paths(connection: Connection) -> set[str]:
    return {tag.path for tag in tags.TagTree(connection).tags.values()}


def test_a_tag_is_made_with_what_is_above_it(connection: Connection) -> None:
    assert journaled(connection, tags.add, tags.TagTree(connection), "PLANTS/trees/Oaks/old") == [
        "PLANTS/trees/Oaks",
        "PLANTS/trees/Oaks/old",
    ]
    assert journaled(connection, tags.add, tags.TagTree(connection), "new") == ["new"]
    assert {"plants/Trees/Oaks/old", "new"} <= paths(connection)


@pytest.mark.parametrize("twin", ["Plants/TREES", "plants/Trees", "ANIMALS", "/animals"])
def test_siblings_differ_in_more_than_case(connection: Connection, twin: str) -> None:
    journal = BulkJournal(connection, actor="you", kind="tag")
    with pytest.raises(UserInputError, match="already"):
        tags.add(journal, tags.TagTree(connection), twin)


def test_case_and_composition_are_those_of_unicode(connection: Connection) -> None:
    journal = BulkJournal(connection, actor="you", kind="tag")
    tags.add(journal, tags.TagTree(connection), "Ärger/Straße")
    with pytest.raises(UserInputError, match="already"):
        tags.add(journal, tags.TagTree(connection), "a\u0308RGER/STRASSE")
    assert tags.TagTree(connection).need("ärger/strasse").name == "Straße"


@pytest.mark.parametrize(
    "name", ["", " ", "a/b", "a\\b", "a\nb", "a\x00b", "a\x9bb", "a\u2028b", "\ud800", ".", "..", "x" * 101]
)
def test_what_cannot_be_a_name_is_refused(name: str) -> None:
    with pytest.raises(UserInputError, match="tag"):
        tags.clean(name)


@given(st.text(max_size=20))
def test_a_clean_name_stays_clean(name: str) -> None:
    try:
        tidy = tags.clean(name)
    except UserInputError:
        return
    assert tags.clean(tidy) == tidy
    assert tags.name_key(tidy) == tags.name_key(tags.name_key(tidy))


def test_a_renamed_tag_keeps_what_is_below_and_on_it(connection: Connection) -> None:
    tree = tags.TagTree(connection)
    carrying = tags.blobs_with(connection, 1)
    journaled(connection, tags.rename, tree, tree.need("plants"), "Flora")
    assert {"Flora/Trees", "Flora/bushes"} <= paths(connection)
    assert tags.blobs_with(connection, 1) == carrying
    journaled(connection, tags.rename, tags.TagTree(connection), tags.TagTree(connection).need("flora"), "FLORA")
    assert "FLORA" in paths(connection)
    with pytest.raises(UserInputError, match="already"):
        tags.rename(BulkJournal(connection, actor="you", kind="tag"), tree, tree.need("plants/trees"), "BUSHES")


def test_a_tag_is_moved_with_all_below_it(connection: Connection) -> None:
    tree = tags.TagTree(connection)
    journaled(connection, tags.move, tree, tree.need("plants"), tree.need("animals"))
    assert {"Animals/plants/Trees", "Animals/plants/bushes"} <= paths(connection)
    tree = tags.TagTree(connection)
    journaled(connection, tags.move, tree, tree.need("animals/plants/trees"), None)
    assert "Trees" in paths(connection)


@pytest.mark.parametrize("target", ["plants", "plants/trees"])
def test_nothing_is_moved_below_itself(connection: Connection, target: str) -> None:
    tree = tags.TagTree(connection)
    with pytest.raises(UserInputError, match="below itself"):
        tags.move(BulkJournal(connection, actor="you", kind="tag"), tree, tree.need("plants"), tree.need(target))


def test_a_tag_is_not_moved_beside_its_twin(connection: Connection) -> None:
    tags.add(BulkJournal(connection, actor="you", kind="tag"), tags.TagTree(connection), "trees")
    tree = tags.TagTree(connection)
    with pytest.raises(UserInputError, match="already"):
        tags.move(BulkJournal(connection, actor="you", kind="tag"), tree, tree.need("trees"), tree.need("plants"))


def test_a_tag_with_others_below_it_is_not_deleted(connection: Connection) -> None:
    tree = tags.TagTree(connection)
    with pytest.raises(UserInputError, match="has tags below it"):
        tags.delete(BulkJournal(connection, actor="you", kind="tag"), tree, tree.need("plants"))
    assert journaled(connection, tags.delete, tree, tree.need("plants/trees")) == 2
    assert paths(connection) == {"plants", "plants/bushes", "Animals"}


def test_what_has_a_tag_does_not_get_it_twice(connection: Connection) -> None:
    tree = tags.TagTree(connection)
    assert journaled(connection, tags.assign, tree.need("plants"), [FIRST, SECOND, SECOND]) == 1
    assert tags.blobs_with(connection, 1) == [FIRST, SECOND]
    assert journaled(connection, tags.remove, tree.need("plants"), [SECOND, "c" * 64]) == 1
    assert tags.blobs_with(connection, 1) == [FIRST]


def test_a_thrown_out_copy_is_tagged_as_what_was_kept(connection: Connection) -> None:
    connection.exec_driver_sql("UPDATE blobs SET state = 'trashed', kept_as = ? WHERE sha256 = ?", (SECOND, FIRST))
    change = "UPDATE images SET status = 'skipped', skipped_sha256 = sha256, sha256 = NULL WHERE sha256 = ?"
    connection.exec_driver_sql(change, (FIRST,))
    assert tags.blobs_shown(connection, [101, 104]) == {SECOND: 3000}
    # What is in the trash is neither counted nor weighed.
    assert {tag.name: (tag.blobs, tag.size) for tag in reports.tag_tree(connection)} == {
        "Animals": (0, 0),
        "plants": (0, 0),
        "bushes": (0, 0),
        "Trees": (1, 3000),
    }
    assert reports.tag_counts(connection) == (4, 1)

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Any

import pytest

from imagefap_scraper.archive import Archive
from imagefap_scraper.database.session import DATABASE_NAME
from imagefap_scraper.exceptions import DatabaseError, OutputError

if TYPE_CHECKING:
    from pathlib import Path


def test_closing_again_leaves_the_next_holder_alone(tmp_path: Path) -> None:
    first = Archive(tmp_path, "straight", database=False)
    first.close()
    second = Archive(tmp_path, "straight", database=False)
    temp = second.directory.write_temp(b"half a picture")
    first.close()
    assert temp.path.exists()
    assert second.directory.lock_path.exists()
    second.close()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("layout", ["blobs", "straight"])
def test_an_output_below_a_file_is_73(tmp_path: Path, layout: Any) -> None:
    (tmp_path / "file").write_bytes(b"mine")
    with pytest.raises(OutputError) as caught:
        Archive(tmp_path / "file" / "x", layout)
    assert caught.value.exit_code == 73


def test_a_database_of_another_program_is_refused_untouched(tmp_path: Path) -> None:
    path = tmp_path / DATABASE_NAME
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE notes (x)")
    connection.commit()
    connection.close()
    with pytest.raises(DatabaseError, match="another program"):
        Archive(tmp_path, "blobs")
    connection = sqlite3.connect(path)
    assert connection.execute("SELECT name FROM sqlite_master").fetchall() == [("notes",)]
    connection.close()

"""File names, JSON and archives of other tools: what is theirs, and what only looks so."""

from __future__ import annotations

import json
import sqlite3
from typing import TYPE_CHECKING, Any

import pytest
from adopting_bench import write

from imagefap_scraper.adopting.foreign_names import Numbers, gallery_dl_numbers, imagefap_dl_number
from imagefap_scraper.adopting.gallery_dl import read_entries
from imagefap_scraper.adopting.info_files import Described, read_information
from imagefap_scraper.exceptions import UserInputError

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("name", "numbers"),
    [
        ("imagefap_7102714_1962981893.jpg", Numbers(1962981893, 7102714)),
        ("imagefap_7102714_0001_1962981893.gif", Numbers(1962981893, 7102714)),
        ("imagefap_7102714_12345_1962981893.jpeg", Numbers(1962981893, 7102714)),
        ("imagefap_7102714_flowers.jpg", None),
        ("imagefap_7102714_1962981893.jpg.part", None),
        ("imagefap_7102714_1962981893.jpg\n", None),
        ("imagefap_0_1962981893.jpg", None),
        ("imagefap_1_٣٤٥.jpg", None),
        ("imagefap_1_1234567890123456789.jpg", None),
        ("copy of imagefap_1_2.jpg", None),
    ],
)
def test_names_of_gallery_dl(name: str, numbers: Numbers | None) -> None:
    assert gallery_dl_numbers(name) == numbers


@pytest.mark.parametrize(
    ("name", "number"),
    [
        ("flowers (1962981893).jpg", 1962981893),
        ("3 - flowers (2) (1962981893).jpg", 1962981893),
        ("two\nlines (5).jpg", 5),
        ("1962981893.jpg", 1962981893),
        ("12 - 1962981893.png", 1962981893),
        ("flowers.jpg", None),
        ("flowers (0).jpg", None),
        ("flowers (1962981893)", None),
        ("flowers (1962981893) x.jpg", None),
    ],
)
def test_names_of_imagefap_dl(name: str, number: int | None) -> None:
    assert imagefap_dl_number(name) == number


def test_information_of_a_gallery_and_of_a_folder(tmp_path: Path) -> None:
    images: list[Any] = [
        {"id": 11, "title": "first.jpg", "src": "https://example.org/11.jpg"},
        {"id": 12, "title": "a long name that was..."},
        {"id": 13},
        {"id": "14", "title": "text"},
        {"id": True},
        {"id": 10**30},
        {"id": -5},
        {"id": 15, "title": "half a pair \ud83d"},
        "no image",
        None,
    ]
    write(tmp_path / "gallery.json", json.dumps({"id": 7, "images": images}).encode())
    found = read_information(tmp_path)
    assert found.problems == []
    assert found.images == {
        11: Described("first.jpg", 7),
        12: Described(None, 7),
        13: Described(None, 7),
        15: Described("half a pair \\ud83d", 7),
    }
    write(tmp_path / "favorites.json", json.dumps({"id": 3, "images": [{"id": 21}, {"id": 11}]}).encode())
    found = read_information(tmp_path)
    assert found.images[21] == Described(None, None)
    assert found.images[11] == Described("first.jpg", 7)


@pytest.mark.parametrize(
    "content",
    [b"", b"\xff\xfe", b"{", b"[]", b"null", b'{"images": 3}', b"[" * 100_000, b'{"images": [{"id": ' + b"9" * 9999],
)
def test_json_of_others_says_nothing(content: bytes, tmp_path: Path) -> None:
    write(tmp_path / "gallery.json", content)
    found = read_information(tmp_path)
    assert found.images == {}
    assert [path.name for path, _ in found.problems] == ["gallery.json"]


def test_json_that_is_no_plain_file_is_not_opened(tmp_path: Path) -> None:
    write(tmp_path / "else", b'{"images": [{"id": 1}]}')
    (tmp_path / "gallery.json").symlink_to("else")
    (tmp_path / "favorites.json").mkdir()
    assert read_information(tmp_path).images == {}


def archive(path: Path, *entries: Any, schema: str = "CREATE TABLE archive (entry PRIMARY KEY) WITHOUT ROWID") -> Path:
    connection = sqlite3.connect(path)
    connection.execute(schema)
    connection.executemany("INSERT INTO archive VALUES (?)", [(entry,) for entry in entries])
    connection.commit()
    connection.close()
    return path


def test_entries_of_this_site_alone(tmp_path: Path) -> None:
    entries = ["imagefap7102714_11", "imagefap0_12", "imagefap13", "imagefap_14", "othersite1_15", "imagefap1_16x"]
    path = archive(tmp_path / "a #?%41.sqlite3", *entries, b"imagefap1_17", 18, "imagefap1_" + "9" * 30, "\ud83d"[:0])
    before = path.read_bytes()
    assert read_entries(path) == {11, 12, 13}
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_an_archive_that_is_being_written(tmp_path: Path) -> None:
    path = archive(tmp_path / "a", "imagefap1_11")
    other = sqlite3.connect(path)
    other.execute("PRAGMA journal_mode = WAL")
    other.execute("INSERT INTO archive VALUES ('imagefap1_12')")
    other.commit()
    assert read_entries(path) == {11, 12}
    other.close()


def test_what_is_no_archive_is_refused_in_one_line(tmp_path: Path) -> None:
    write(tmp_path / "text", b"words")
    write(tmp_path / "damaged", archive(tmp_path / "whole", *map(str, range(5000))).read_bytes()[:9000])
    other = sqlite3.connect(tmp_path / "other")
    other.execute("CREATE TABLE words (word)")
    other.close()
    endless = "WITH RECURSIVE n(entry) AS (SELECT 1 UNION ALL SELECT entry + 1 FROM n) SELECT entry FROM n"
    view = sqlite3.connect(tmp_path / "view")
    view.execute(f"CREATE VIEW archive AS {endless}")
    view.close()
    virtual = sqlite3.connect(tmp_path / "virtual")
    virtual.execute("CREATE VIRTUAL TABLE archive USING fts5(entry)")
    virtual.close()
    for name in ("text", "damaged", "other", "view", "virtual", "missing", "."):
        with pytest.raises(UserInputError) as refused:
            read_entries(tmp_path / name)
        assert "\n" not in str(refused.value)

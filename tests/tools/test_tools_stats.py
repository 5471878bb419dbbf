from __future__ import annotations

import json
import sqlite3
from typing import TYPE_CHECKING

import pytest
import sample_archive
from click.testing import CliRunner

from imagefap_scraper.database.migrations import upgrade
from imagefap_scraper.database.session import database_url, open_writer
from tools.process import cli

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("IMAGEFAP_OUTPUT", "IMAGEFAP_DATABASE_URL"):
        monkeypatch.delenv(name, raising=False)


def stats(directory: Path, *options: str) -> str:
    result = CliRunner().invoke(cli, ["stats", "--dir", str(directory), *options])
    assert result.exit_code == 0, result.output
    assert result.stderr == ""
    return result.stdout


def section(text: str, heading: str) -> dict[str, str]:
    """Return the labelled values under a heading of the human form."""
    (lines,) = [part.splitlines()[1:] for part in text.split("\n\n") if part.splitlines()[0] == heading]
    return {line[:24].strip(): line[24:] for line in lines}


def test_json_is_exactly_what_was_promised(tmp_path: Path) -> None:
    path = sample_archive.make(tmp_path)
    text = stats(tmp_path, "--json")
    assert text.count("\n") == 1
    assert json.loads(text) == {
        "schema": 1,
        "users": 3,
        "folders": 4,
        "favorites": 8,
        "images": {"wanted": 2, "stored": 3, "failed": 1, "gone": 1, "skipped": 0, "filtered": 0},
        "blobs": {"count": 2, "bytes": 4000, "animated": 1},
        "exact_duplicates": 1,
        "duplicates": {
            "groups": 1,
            "states": {"new": 1},
            "members": {"new": 1, "keep": 1, "skip": 0, "false": 0},
            "bytes_to_win": 0,
        },
        "trash": {"count": 0, "bytes": 0},
        "database": {"path": str(path), "bytes": path.stat().st_size},
    }


def test_an_archive_without_images_is_all_zeros(tmp_path: Path) -> None:
    engine = open_writer(database_url(tmp_path))
    upgrade(engine)
    engine.dispose()
    document = json.loads(stats(tmp_path, "--json"))
    assert document["images"] == dict.fromkeys(("wanted", "stored", "failed", "gone", "skipped", "filtered"), 0)
    assert document["blobs"] == {"count": 0, "bytes": 0, "animated": 0}
    text = stats(tmp_path)
    assert section(text, "File sizes")["mean"] == "0 bytes"
    assert section(text, "File sizes")["animated"] == "0"


def test_the_write_ahead_log_counts_into_the_database(tmp_path: Path) -> None:
    path = sample_archive.make(tmp_path)
    crawl = sqlite3.connect(path)
    with crawl:
        crawl.execute("UPDATE users SET name = 'anna b' WHERE user_id = 1")
    log = path.with_name("imagefap.database-wal")
    assert log.stat().st_size > 0
    assert json.loads(stats(tmp_path, "--json"))["database"]["bytes"] == path.stat().st_size + log.stat().st_size
    crawl.close()


def test_the_human_form_tells_everything(tmp_path: Path) -> None:
    path = sample_archive.make(tmp_path)
    text = stats(tmp_path)
    assert section(text, "Database") == {
        "location": str(path),
        "size": f"{path.stat().st_size / 1000:.1f} kB, {path.stat().st_size / 40:.1f}% of the images' 4.0 kB",
    }
    assert section(text, "Images") == {
        "unique images": "2",
        "favorites": "8",
        "exact duplicates": "1",
        "wanted": "2",
        "stored": "3",
        "failed": "1",
        "": "1: the file is cut short",
        "gone": "1",
        "skipped": "0",
        "filtered": "0",
    }
    assert section(text, "File sizes") == {
        "total": "4.0 kB",
        "smallest": "1.0 kB",
        "largest": "3.0 kB",
        "mean": "2.0 kB",
        "standard deviation": "1.0 kB",
        "animated": "1 (50.0%)",
    }
    assert section(text, "Pixels (width times height)") == {"smallest": "20,000", "largest": "40,000", "mean": "30,000"}
    assert section(text, "Users and folders") == {
        "users": "3",
        "folders": "4",
        "listed to the end": "2, oldest 2024-01-01 08:00 UTC, newest 2024-01-01 08:00 UTC",
        "finished as blobs": "1, oldest 2024-03-01 12:30 UTC, newest 2024-03-01 12:30 UTC",
        "finished by name": "0",
    }
    assert section(text, "Perceptual duplicates") == {"groups": "1", "members": "2 (1 new, 1 keep, 0 skip, 0 false)"}
    assert section(text, "Tags") == {"tags": "4", "tagged images": "2"}


def test_reasons_are_grouped_and_the_rare_ones_summed_up(tmp_path: Path) -> None:
    database = sqlite3.connect(sample_archive.make(tmp_path))
    reasons = ["slow"] * 3 + [f"reason {number:02}" for number in range(12)]
    with database:
        database.executemany(
            "INSERT INTO images (image_id, status, reason, attempts) VALUES (?, 'failed', ?, 1)",
            [(1000 + number, reason) for number, reason in enumerate(reasons)],
        )
    database.close()
    text = stats(tmp_path)
    shown = [line.strip() for line in text.splitlines() if ": " in line]
    assert shown[0] == "3: slow"
    # 13 reasons come once, those of the twelve and the archive's own; 9 fit below the frequent one.
    assert len(shown) == 11
    assert shown[-1] == "4: other reasons"


def test_long_lines_are_neither_wrapped_nor_cut(tmp_path: Path) -> None:
    directory = tmp_path / ("long name " * 20) / ("and more " * 20)
    directory.mkdir(parents=True)
    path = sample_archive.make(directory)
    assert f"  location              {path}\n" in stats(directory)

"""`process.py stats --plots`: what it counts, and, where matplotlib is, what it draws."""

from __future__ import annotations

import os
import sqlite3
import sys
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING
from xml.etree import ElementTree

import pytest
import sample_archive
from click.testing import CliRunner, Result
from sqlalchemy import create_engine

from imagefap_scraper.database import figures
from imagefap_scraper.pace import history
from imagefap_scraper.pace.budget import Limits, Window
from imagefap_scraper.pace.pauses import PausePolicy
from imagefap_scraper.pace.store import PaceStore
from tools.process import cli

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlalchemy import Connection

HOUR = Limits((Window(800, 3600.0),))
SENT = datetime(2024, 5, 1, 12, 0, 30, tzinfo=UTC).timestamp()


@pytest.fixture(autouse=True)
def pace_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    for name in [name for name in os.environ if name.startswith("IMAGEFAP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("MPLCONFIGDIR", str(tmp_path / "matplotlib"))
    path = tmp_path / "pace.sqlite3"
    monkeypatch.setenv("IMAGEFAP_PACE_FILE", str(path))
    return path


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    directory = tmp_path / "archive"
    directory.mkdir()
    sample_archive.make(directory)
    return directory


def change(archive: Path, statement: str, *values: object) -> None:
    connection = sqlite3.connect(archive / "imagefap.database")
    with connection:
        connection.execute(statement, values)
    connection.close()


@pytest.fixture
def connection(archive: Path) -> Iterator[Connection]:
    engine = create_engine(f"sqlite:///{archive / 'imagefap.database'}")
    with engine.connect() as opened:
        yield opened
    engine.dispose()


def test_growth_adds_up_by_day(archive: Path, connection: Connection) -> None:
    change(archive, "UPDATE blobs SET stored_at = '2024-02-03 23:59:59' WHERE size = 3000")
    growth = figures.growth(connection)
    assert growth.days == [date(2024, 1, 1), date(2024, 2, 3)]
    assert (growth.images, growth.bytes) == ([1, 2], [1000, 4000])


def test_sizes_formats_and_folders_count_what_is_there(archive: Path, connection: Connection) -> None:
    assert figures.sizes(connection) == {9: 1, 11: 1}
    assert figures.formats(connection) == {"GIF": 3000, "JPEG": 1000}
    # The same bytes twice in a folder are its space once; in another folder they count again.
    assert figures.folders(connection) == {"anna/Flowers": 4000, "Ben/Trees": 3000}
    change(archive, "UPDATE blobs SET state = 'trashed', kept_as = ? WHERE size = 3000", sample_archive.FIRST)
    assert figures.sizes(connection) == {9: 1}
    assert figures.formats(connection) == {"JPEG": 1000}


def test_small_folders_are_summed_up(connection: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(figures, "FOLDERS_SHOWN", 1)
    assert figures.folders(connection) == {"anna/Flowers": 4000, "1 smaller folders": 3000}


def keep_pace(path: Path, moments: list[float], blocked_at: float | None = None) -> None:
    clock = iter([*moments, blocked_at])
    store = PaceStore(path, "imagefap.com:443", HOUR, PausePolicy(900, 7200, 4), clock=lambda: next(clock) or 0.0)
    for _ in moments:
        store.take()
    if blocked_at is not None:
        store.blocked(moments[-1], 600.0)


def test_pages_are_counted_by_minute_with_the_block(pace_file: Path) -> None:
    assert history.pages() == history.Pages({}, [])
    keep_pace(pace_file, [SENT, SENT + 10, SENT + 60], SENT + 61)
    found = history.pages()
    minute = datetime(2024, 5, 1, 12, tzinfo=UTC)
    assert found.minutes == {minute: 2, minute.replace(minute=1): 1}
    (block,) = found.blocks
    assert (block[1] - block[0]).total_seconds() == pytest.approx(600)


def test_a_pace_file_that_is_none_spoils_no_plot(pace_file: Path) -> None:
    pace_file.write_text("words " * 100)
    assert history.pages() == history.Pages({}, [])


def stats(archive: Path, target: Path, *words: str) -> Result:
    return CliRunner().invoke(cli, ["stats", "--dir", str(archive), "--plots", str(target), *words])


def test_another_ending_is_refused_so_that_no_picture_is_replaced(archive: Path, tmp_path: Path) -> None:
    target = tmp_path / "picture.jpg"
    target.write_bytes(b"mine")
    assert stats(archive, target).exit_code == 2
    assert target.read_bytes() == b"mine"


def test_without_matplotlib_it_is_one_line_with_what_to_install(
    archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    result = stats(archive, tmp_path / "x.svg")
    assert (result.exit_code, result.stdout) == (78, "")
    (line,) = result.stderr.splitlines()
    assert "-m pip install --no-deps -r requirements-extra.txt" in line
    assert not (tmp_path / "x.svg").exists()


@pytest.fixture
def _matplotlib() -> None:
    pytest.importorskip("matplotlib", reason="matplotlib is not installed (requirements-extra.txt)")


@pytest.mark.usefixtures("_matplotlib")
def test_the_drawing_is_the_same_each_time_and_names_are_text(archive: Path, tmp_path: Path, pace_file: Path) -> None:
    change(archive, "UPDATE folders SET name = ? WHERE folder_id = 10", "a $x_1$ <script> & 花 \x1b[2J")
    keep_pace(pace_file, [SENT, SENT + 60], SENT + 61)
    for name in ("first.svg", "second.svg"):
        result = stats(archive, tmp_path / name, "--json")
        assert (result.exit_code, result.stderr) == (0, "")
        assert result.stdout.startswith('{"schema": 1')
    first = (tmp_path / "first.svg").read_bytes()
    assert first == (tmp_path / "second.svg").read_bytes()
    texts = ["".join(one.itertext()) for one in ElementTree.fromstring(first).iter("{http://www.w3.org/2000/svg}text")]
    assert "anna/a $x_1$ <script> & 花 \\x1b[2J" in texts
    assert any(text.startswith("Pages asked in the latest hour on record: 2") for text in texts)
    assert b"<dc:date>" not in first
    assert sorted(path.name for path in tmp_path.iterdir() if path.name.startswith(".plots")) == []


@pytest.mark.usefixtures("_matplotlib")
def test_an_empty_archive_is_drawn_as_well(archive: Path, tmp_path: Path) -> None:
    for table in ("blob_tags", "duplicate_members", "favorites", "images", "blobs", "folders"):
        change(archive, f"DELETE FROM {table}")
    assert stats(archive, tmp_path / "x.svg").exit_code == 0
    assert (tmp_path / "x.svg").read_text().count("nothing yet") >= 5


@pytest.mark.usefixtures("_matplotlib")
def test_a_place_that_cannot_be_written_is_one_line(archive: Path, tmp_path: Path) -> None:
    result = stats(archive, tmp_path / "away" / "x.svg")
    assert result.exit_code == 74
    assert len(result.stderr.splitlines()) == 1

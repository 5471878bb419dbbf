from __future__ import annotations

import os
import sqlite3
import stat
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from imagefap_scraper.exceptions import SettingError, StorageError
from imagefap_scraper.pace.budget import Limits, Window
from imagefap_scraper.pace.pauses import PausePolicy
from imagefap_scraper.pace.store import PaceStore

LIMITS = Limits((Window(3, 10.0),), gap=1.0)
POLICY = PausePolicy(first=100.0, longest=1000.0, max_pauses=4, jitter=lambda: 0.0)


class Clock:
    def __init__(self, now: float = 1_000_000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


def _store(path: Path, clock: Clock, limits: Limits = LIMITS, host: str = "site.example:443") -> PaceStore:
    return PaceStore(path / "pace.sqlite3", host, limits, POLICY, clock)


def _rows(path: Path, query: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(path / "pace.sqlite3")) as connection:
        return connection.execute(query).fetchall()


def test_taking_records_and_refusing_does_not(tmp_path: Path) -> None:
    clock = Clock()
    store = _store(tmp_path, clock)
    waits = []
    for moment in (0.0, 0.5, 1.0, 2.0, 3.0, 9.9, 10.0):
        clock.now = 1_000_000.0 + moment
        waits.append(round(store.take().wait, 3))
    assert waits == [0.0, 0.5, 0.0, 0.0, 7.0, 0.1, 0.0]
    assert len(_rows(tmp_path, "SELECT * FROM page")) == 4


def test_another_object_and_another_site(tmp_path: Path) -> None:
    clock = Clock()
    assert _store(tmp_path, clock).take().wait == 0.0
    assert _store(tmp_path, clock).take().wait == 1.0
    assert _store(tmp_path, clock, host="127.0.0.1:8080").take().wait == 0.0
    assert _store(tmp_path, clock).look().wait == 1.0


def test_the_answer_s_time_counts_in_the_windows(tmp_path: Path) -> None:
    clock = Clock()
    store = _store(tmp_path, clock, Limits((Window(1, 10.0),)))
    sent = store.take().now
    clock.now += 4.0
    assert store.answered(sent) == 10.0
    clock.now += 9.0
    assert store.take().wait == 1.0


def test_old_pages_are_forgotten(tmp_path: Path) -> None:
    clock = Clock()
    store = _store(tmp_path, clock)
    for _ in range(30):
        store.take()
        clock.now += 5.0
    assert len(_rows(tmp_path, "SELECT * FROM page")) <= 3


def test_a_clock_set_back_costs_one_window_at_most(tmp_path: Path) -> None:
    clock = Clock()
    store = _store(tmp_path, clock)
    for _ in range(3):
        assert not store.take().wait
        clock.now += 1.0
    clock.now -= 86_400.0
    assert store.take().wait == 10.0
    clock.now += 10.0
    assert store.take().wait == 0.0


def test_a_pause_is_shared_and_one_process_probes(tmp_path: Path) -> None:
    clock = Clock()
    mine, other = _store(tmp_path, clock), _store(tmp_path, clock)
    sent = mine.take().now
    clock.now += 1.0
    assert mine.blocked(sent, None).count == 1
    assert other.take().wait == 100.0
    clock.now += 100.0
    probe = other.take()
    assert (probe.wait, probe.pause and probe.pause.count) == (0.0, 1)
    clock.now += 50.0
    assert mine.take().wait == 5.0, "while the other one probes, no second page leaves"
    other.passed(probe.now)
    standing = mine.take()
    assert standing.wait == 0.0
    assert standing.pause is not None
    assert standing.pause.count == 0
    assert standing.pause.half_until == clock.now + 3600
    clock.now += 1.0
    assert mine.take().wait == pytest.approx(9.0), "half of three pages is one"


def test_a_probe_that_is_never_answered_ends(tmp_path: Path) -> None:
    clock = Clock()
    store = _store(tmp_path, clock)
    store.blocked(store.take().now, None)
    clock.now += 100.0
    assert store.take().wait == 0.0
    clock.now += 299.0
    assert store.take().wait == 1.0
    clock.now += 1.0
    assert store.take().wait == 0.0
    clock.now += 10.0
    assert store.take().wait == 5.0
    store.release()
    assert store.take().wait == 0.0


def test_many_processes_at_once_take_no_more_than_there_is(tmp_path: Path) -> None:
    script = (
        "import sys; from pathlib import Path\n"
        "from imagefap_scraper.pace.store import PaceStore\n"
        "from imagefap_scraper.pace.budget import Limits, Window\n"
        "from imagefap_scraper.pace.pauses import PausePolicy\n"
        "store = PaceStore(Path(sys.argv[1]), 'h:1', Limits((Window(7, 1000.0),)), PausePolicy(1, 1, 1))\n"
        "print(sum(not store.take().wait for _ in range(30)))\n"
    )
    command = [sys.executable, "-c", script, str(tmp_path / "pace.sqlite3")]
    root = Path(__file__).parents[2]
    children = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=root) for _ in range(4)]
    assert sum(int(child.communicate(timeout=20)[0]) for child in children) == 7


def test_while_another_process_holds_the_file_a_page_waits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("imagefap_scraper.pace.store.BUSY_TIMEOUT", 0.05)
    store = _store(tmp_path, Clock())
    store.check()
    with closing(sqlite3.connect(store.path, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        standing = store.take()
    assert (standing.wait, standing.pause) == (0.5, None)
    assert store.take().wait == 0.0


def _foreign_database(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE blobs (x)")
        connection.commit()


def _newer(path: Path) -> None:
    PaceStore(path, "h:1", LIMITS, POLICY).take()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 99")


def _damaged(path: Path) -> None:
    PaceStore(path, "h:1", LIMITS, POLICY).take()
    content = bytearray(path.read_bytes())
    content[4096:] = b"\x55" * (len(content) - 4096)
    path.write_bytes(content)


@pytest.mark.parametrize(
    "spoil",
    [lambda path: path.write_bytes(b"hello" * 500), _foreign_database, _newer, _damaged, lambda path: path.mkdir()],
    ids=["text", "foreign", "newer", "damaged", "directory"],
)
def test_a_file_that_cannot_be_used_is_said_and_left_alone(tmp_path: Path, spoil) -> None:
    path = tmp_path / "pace.sqlite3"
    spoil(path)
    before = path.read_bytes() if path.is_file() else None
    with pytest.raises(SettingError, match="IMAGEFAP_PACE_FILE") as caught:
        _store(tmp_path, Clock()).check()
    assert caught.value.exit_code == 78
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)
    assert before is None or path.read_bytes() == before


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes everywhere")
def test_a_directory_that_cannot_be_written(tmp_path: Path) -> None:
    tmp_path.chmod(stat.S_IRUSR | stat.S_IXUSR)
    try:
        with pytest.raises(SettingError):
            _store(tmp_path, Clock()).check()
    finally:
        tmp_path.chmod(stat.S_IRWXU)


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes everywhere")
def test_a_file_that_cannot_be_written(tmp_path: Path) -> None:
    store = _store(tmp_path, Clock())
    store.take()
    store.path.chmod(stat.S_IRUSR)
    with pytest.raises(SettingError, match="readonly"):
        store.check()


def test_a_directory_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(SettingError, match="cannot be used"):
        _store(tmp_path / "file", Clock()).check()


def test_an_empty_file_and_no_file_become_ours(tmp_path: Path) -> None:
    (tmp_path / "pace.sqlite3").touch()
    _store(tmp_path, Clock()).check()
    _store(tmp_path, Clock()).take()
    _store(tmp_path, Clock()).check()
    _store(tmp_path / "new" / "directory", Clock()).check()


def test_a_file_that_breaks_later_is_a_storage_error(tmp_path: Path) -> None:
    store = _store(tmp_path, Clock())
    store.take()
    store.path.write_bytes(b"hello" * 500)
    with pytest.raises(StorageError, match="run the same command again"):
        store.take()

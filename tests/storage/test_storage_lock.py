"""Locks between processes and threads."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING

import pytest

from imagefap_scraper.exceptions import LockedError, OutputError
from imagefap_scraper.storage.files import ArchiveDirectory
from imagefap_scraper.storage.lock import DirectoryLock, is_awaited, write_lock

if TYPE_CHECKING:
    from pathlib import Path

HOLD = """
import sys, time
from pathlib import Path
from imagefap_scraper.storage.lock import DirectoryLock
lock = DirectoryLock(Path(sys.argv[1]))
lock.acquire()
print("held", flush=True)
time.sleep(60)
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    directory = ArchiveDirectory(tmp_path / "out")
    directory.prepare()
    return directory.lock_path


def test_a_second_process_is_told_who_holds_it_and_a_kill_frees_it(path: Path) -> None:
    holder = subprocess.Popen([sys.executable, "-c", HOLD, str(path), "a\nb"], stdout=subprocess.PIPE)
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(LockedError) as caught:
            DirectoryLock(path).acquire()
    finally:
        holder.send_signal(signal.SIGKILL)
        holder.communicate()
    message = str(caught.value)
    assert caught.value.exit_code == 75
    assert f"{path.parent.parent} is in use by process {holder.pid}, since " in message
    assert str(path) in message
    assert "\n" not in message
    with DirectoryLock(path):
        assert f"process {os.getpid()}," in path.read_text()


def test_it_is_held_once_also_within_a_process(path: Path) -> None:
    lock = DirectoryLock(path)
    lock.acquire()
    lock.acquire()
    with pytest.raises(LockedError):
        DirectoryLock(path).acquire()
    lock.release()
    lock.release()
    with DirectoryLock(path):
        pass


def test_a_holder_without_a_note_is_another_process(path: Path) -> None:
    with DirectoryLock(path):
        path.write_text("")
        with pytest.raises(LockedError, match="in use by another process"):
            DirectoryLock(path).acquire()


def test_a_lock_file_that_was_removed_locks_nobody_out_and_nobody_in(path: Path) -> None:
    first = DirectoryLock(path)
    first.acquire()
    path.unlink()
    second = DirectoryLock(path)
    second.acquire()
    assert path.exists()
    with pytest.raises(LockedError):
        DirectoryLock(path).acquire()
    first.release()
    second.release()


def test_the_lock_of_a_removed_file_is_not_taken_for_the_lock(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Between open and flock, the last holder removes the file and another process makes a new one.
    from imagefap_scraper.storage import lock as module

    real = module.fcntl.flock
    calls = []

    def flock(descriptor: int, operation: int) -> None:
        if not calls:
            path.unlink()
            path.touch()
        calls.append(descriptor)
        real(descriptor, operation)

    monkeypatch.setattr(module.fcntl, "flock", flock)
    with DirectoryLock(path):
        assert len(calls) == 2
        with pytest.raises(LockedError):
            DirectoryLock(path).acquire()


def test_a_lock_file_that_cannot_be_opened(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="cannot open the lock file"):
        DirectoryLock(tmp_path / "missing" / "lock").acquire()


def test_a_file_system_without_locks_is_named(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from imagefap_scraper.storage import lock as module

    def refuse(*_: object) -> None:
        raise OSError(37, "No locks available")

    monkeypatch.setattr(module.fcntl, "flock", refuse)
    with pytest.raises(OutputError, match="No locks available"):
        DirectoryLock(path).acquire()


def test_the_write_lock_excludes_threads(tmp_path: Path) -> None:
    inside = 0
    most = 0

    def work() -> None:
        nonlocal inside, most
        for _ in range(5):
            with write_lock(tmp_path / "write.lock", timeout=10):
                inside += 1
                most = max(most, inside)
                time.sleep(0.001)
                inside -= 1

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == 1


def test_the_write_lock_gives_up_in_time_and_is_free_after_an_error(tmp_path: Path) -> None:
    path = tmp_path / "write.lock"
    start = time.monotonic()
    with write_lock(path), pytest.raises(LockedError, match=r"more than 0\.1 seconds"), write_lock(path, timeout=0.1):
        pass
    assert 0.1 <= time.monotonic() - start < 5
    with pytest.raises(ZeroDivisionError), write_lock(path):
        _ = 1 / 0
    with write_lock(path, timeout=0):
        pass


def test_one_that_wants_it_again_at_once_comes_after_one_that_waits(tmp_path: Path) -> None:
    database = tmp_path / "imagefap.database"
    (tmp_path / ".imagefap").mkdir()
    path = tmp_path / ".imagefap" / "write.lock"
    waited: list[float] = []

    def wait() -> None:
        began = time.monotonic()
        with write_lock(path):
            waited.append(time.monotonic() - began)

    assert not is_awaited(database)
    threads = [threading.Thread(target=wait) for _ in range(3)]
    turns = 0
    with write_lock(path):
        for thread in threads:
            thread.start()
        time.sleep(0.05)
    while any(thread.is_alive() for thread in threads):
        # As a batch: held for long, free for no time at all.
        with write_lock(path):
            time.sleep(0.05)
            turns += 1
    assert len(waited) == 3
    assert turns < 10
    assert not is_awaited(database)


def test_who_holds_it_is_told_that_somebody_waits(tmp_path: Path) -> None:
    (tmp_path / ".imagefap").mkdir()
    path = tmp_path / ".imagefap" / "write.lock"
    with write_lock(path):
        assert not is_awaited(tmp_path / "imagefap.database")
        waiting = threading.Thread(target=lambda: write_lock(path).__enter__())
        waiting.start()
        deadline = time.monotonic() + 5
        while not is_awaited(tmp_path / "imagefap.database"):
            assert time.monotonic() < deadline
            time.sleep(0.001)
    waiting.join()

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest
from adopting_bench import picture, write

from imagefap_scraper.adopting import reading
from imagefap_scraper.adopting.reading import UnreadableError, read_head, read_whole


def test_a_plain_file_is_read_whole(tmp_path: Path) -> None:
    write(tmp_path / "a", picture(1))
    write(tmp_path / "empty", b"")
    assert read_whole(tmp_path / "a") == picture(1)
    assert read_whole(tmp_path / "empty") == b""
    assert read_head(tmp_path / "a") == (picture(1)[:512], len(picture(1)))


def test_what_is_no_plain_file_is_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.jpg")
    write(tmp_path / "a", b"x")
    (tmp_path / "link.jpg").symlink_to("a")
    for path in (tmp_path / "pipe.jpg", tmp_path / "link.jpg", tmp_path, tmp_path / "missing", Path("/dev/zero")):
        for read in (read_whole, read_head):
            with pytest.raises(UnreadableError):
                read(path)
    with socket.socket(socket.AF_UNIX) as bound:
        bound.bind(str(tmp_path / "s"))
        with pytest.raises(UnreadableError):
            read_whole(tmp_path / "s")


def test_a_file_that_is_too_large_is_not_read(tmp_path: Path) -> None:
    with (tmp_path / "huge").open("wb") as file:
        file.truncate(reading.LARGEST + 1)
    with pytest.raises(UnreadableError, match="larger than 64 MiB"):
        read_whole(tmp_path / "huge")


@pytest.mark.parametrize("change", ["grows", "shrinks", "rewritten"])
def test_a_file_that_changes_all_the_time_is_refused(
    change: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a"
    write(path, b"0" * 1000)
    original = os.read
    calls = 0

    def meddling(descriptor: int, size: int) -> bytes:
        nonlocal calls
        calls += 1
        with path.open("r+b") as file:
            if change == "shrinks":
                file.truncate(1000 - calls)
            else:
                file.seek(0, os.SEEK_END if change == "grows" else os.SEEK_SET)
                file.write(b"%04d" % calls)
        os.utime(path, ns=(calls * 10**9, calls * 10**9))
        return original(descriptor, size)

    monkeypatch.setattr(reading.os, "read", meddling)
    with pytest.raises(UnreadableError, match="changes while it is read"):
        read_whole(path)


def test_a_file_that_has_just_been_finished_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a"
    write(path, b"half")
    original = os.read

    def finished(descriptor: int, size: int) -> bytes:
        if path.read_bytes() == b"half":
            write(path, b"whole")
        return original(descriptor, size)

    monkeypatch.setattr(reading.os, "read", finished)
    assert read_whole(path) == b"whole"

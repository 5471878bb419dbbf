"""What reaches the disk, in which order, and what a disk that refuses is called."""

from __future__ import annotations

import errno
import os
import stat
from typing import TYPE_CHECKING

import pytest

from imagefap_scraper.exceptions import StorageError
from imagefap_scraper.storage import disk
from imagefap_scraper.storage.files import ArchiveDirectory, disk_error

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def directory(tmp_path: Path) -> ArchiveDirectory:
    archive = ArchiveDirectory(tmp_path / "out")
    archive.prepare()
    return archive


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.ENOSPC, "no space left"),
        (errno.EDQUOT, "quota"),
        (errno.EROFS, "read-only"),
        (errno.EIO, "input/output error"),
        (errno.EACCES, "permission"),
        (errno.EPERM, "not permitted"),
        (errno.EXDEV, "another file system"),
        (errno.ENAMETOOLONG, "run the same command again"),
    ],
)
def test_disk_errors_say_what_to_do(number: int, words: str) -> None:
    error = disk_error(OSError(number, os.strerror(number)), "cannot write /a/b")
    assert error.exit_code == 74
    assert str(error).startswith("cannot write /a/b: ")
    assert words in str(error).lower()
    assert "\n" not in str(error)


def test_a_short_write_is_continued(directory: ArchiveDirectory, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.write
    monkeypatch.setattr(disk.os, "write", lambda descriptor, data: real(descriptor, data[:3]))
    assert directory.write_temp(b"0123456789").path.read_bytes() == b"0123456789"


def test_a_disk_that_fills_up_leaves_no_temporary_file(
    directory: ArchiveDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.write

    def fill(descriptor: int, data: bytes) -> int:
        if len(data) < 8:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return real(descriptor, data[:3])

    monkeypatch.setattr(disk.os, "write", fill)
    with pytest.raises(StorageError, match="no space left"):
        directory.write_temp(b"0123456789")
    assert list(directory.tmp.iterdir()) == []


def test_directories_that_cannot_be_synced_are_passed_over_and_files_are_not(
    directory: ArchiveDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: int) -> None:
        raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))

    temp = directory.write_temp(b"x")
    monkeypatch.setattr(disk.os, "fsync", refuse)
    directory.sync_batch([directory.root])
    with pytest.raises(StorageError):
        directory.sync_batch([temp.path])


def test_grouped_writing_syncs_only_on_demand(directory: ArchiveDirectory, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[int] = []
    real = os.fsync
    monkeypatch.setattr(
        disk.os, "fsync", lambda descriptor: (synced.append(os.fstat(descriptor).st_ino), real(descriptor))
    )
    temps = [directory.write_temp(bytes([n]), fsync=False) for n in range(3)]
    assert synced == []
    directory.sync_batch(temp.path for temp in temps)
    inodes = [temp.path.stat().st_ino for temp in temps]
    assert synced == inodes
    synced.clear()
    for number, temp in enumerate(temps):
        directory.publish(temp, f"{number}.jpg", fsync=False)
    assert synced == []
    directory.sync_batch([directory.root])
    assert synced == [directory.root.stat().st_ino]


def test_durable_writing_syncs_the_file_before_its_name_and_the_name_after(
    directory: ArchiveDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps: list[str] = []
    fsync, link = os.fsync, os.link

    def note_fsync(descriptor: int) -> None:
        steps.append("sync directory" if stat.S_ISDIR(os.fstat(descriptor).st_mode) else "sync file")
        fsync(descriptor)

    def note_link(*args: Path, **kwargs: bool) -> None:
        steps.append("name")
        link(*args, **kwargs)

    monkeypatch.setattr(disk.os, "fsync", note_fsync)
    monkeypatch.setattr(disk.os, "link", note_link)
    directory.publish(directory.write_temp(b"x"), "blobs/a.jpg")
    assert steps == ["sync file", "sync directory", "name", "sync directory"]

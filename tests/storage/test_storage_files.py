"""The output directory: whole files or none, nothing overwritten, nothing outside."""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from typing import TYPE_CHECKING

import pytest

from imagefap_scraper.exceptions import OutputError, StorageError
from imagefap_scraper.storage import disk
from imagefap_scraper.storage.files import AlreadyThere, ArchiveDirectory, TempFile

if TYPE_CHECKING:
    from pathlib import Path


def sha(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@pytest.fixture
def directory(tmp_path: Path) -> ArchiveDirectory:
    archive = ArchiveDirectory(tmp_path / "out")
    archive.prepare()
    return archive


def temp_files(directory: ArchiveDirectory) -> list[Path]:
    return list(directory.tmp.iterdir())


def test_prepare_creates_parents_and_leaves_no_probe(tmp_path: Path) -> None:
    archive = ArchiveDirectory(tmp_path / "a" / "b")
    archive.prepare()
    archive.prepare()
    assert sorted(path.name for path in archive.own.iterdir()) == ["quarantine", "tmp"]
    assert temp_files(archive) == []
    assert [path.name for path in archive.root.iterdir()] == [".imagefap"]


def test_a_home_directory_is_expanded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    from pathlib import Path as RealPath

    assert ArchiveDirectory(RealPath("~/pictures")).root == tmp_path.resolve() / "pictures"


@pytest.mark.parametrize("in_the_way", ["out", "out/.imagefap", "out/.imagefap/tmp"])
def test_a_file_in_the_way_is_refused_in_one_line(tmp_path: Path, in_the_way: str) -> None:
    path = tmp_path / in_the_way
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"the user's")
    with pytest.raises(OutputError) as caught:
        ArchiveDirectory(tmp_path / "out" / "").prepare()
    assert caught.value.exit_code == 73
    assert "\n" not in str(caught.value)
    assert "take another output directory" in str(caught.value)
    assert path.read_bytes() == b"the user's"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_directory_without_write_permission_is_refused(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir(mode=0o555)
    with pytest.raises(OutputError, match="permission denied"):
        ArchiveDirectory(tmp_path / "out").prepare()


def test_a_read_only_file_system_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> int:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    archive = ArchiveDirectory(tmp_path / "out")
    archive.prepare()
    monkeypatch.setattr(disk.os, "open", refuse)
    with pytest.raises(OutputError, match="read-only"):
        archive.prepare()


def test_own_directory_may_not_be_a_link_out(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "out" / ".imagefap").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OutputError, match="leads out"):
        ArchiveDirectory(tmp_path / "out").prepare()
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_the_root_itself_may_be_a_link(tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    (tmp_path / "out").symlink_to(tmp_path / "disk")
    archive = ArchiveDirectory(tmp_path / "out")
    archive.prepare()
    archive.publish(archive.write_temp(b"x"), "a.jpg")
    assert (tmp_path / "disk" / "a.jpg").read_bytes() == b"x"


@pytest.mark.parametrize("relative", ["", "/etc/passwd", "../x", "a/../../x", "..", "a\0b", "."])
def test_paths_that_lead_out_are_refused(directory: ArchiveDirectory, relative: str) -> None:
    with pytest.raises(StorageError, match="refused"):
        directory.resolve(relative)


def test_a_linked_subdirectory_that_leads_out_is_refused(directory: ArchiveDirectory, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (directory.root / "blobs").symlink_to(tmp_path / "elsewhere")
    temp = directory.write_temp(b"x")
    for action in (directory.publish, directory.replace):
        with pytest.raises(StorageError, match="leads out"):
            action(temp, "blobs/a.jpg")
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_publish_moves_the_bytes_and_takes_the_umask(directory: ArchiveDirectory) -> None:
    old = os.umask(0o027)
    try:
        temp = directory.write_temp(b"bytes" * 1000)
    finally:
        os.umask(old)
    assert temp.size == 5000
    assert directory.root / temp.relative == temp.path
    directory.publish(temp, "deep/er/a.jpg")
    path = directory.root / "deep/er/a.jpg"
    assert path.read_bytes() == b"bytes" * 1000
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert path.stat().st_nlink == 1
    assert temp_files(directory) == []


@pytest.fixture(params=["hard links", "no hard links"])
def links(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.EPERM, os.strerror(errno.EPERM))

    if request.param == "no hard links":
        monkeypatch.setattr(disk.os, "link", refuse)


@pytest.mark.usefixtures("links")
@pytest.mark.parametrize("kind", ["file", "empty file", "directory", "link", "dangling link"])
def test_publish_never_overwrites(directory: ArchiveDirectory, tmp_path: Path, kind: str) -> None:
    path, other = directory.root / "a.jpg", tmp_path / "other"
    if kind.endswith("file"):
        path.write_bytes(b"" if kind == "empty file" else b"the user's")
    elif kind == "directory":
        path.mkdir()
    else:
        path.symlink_to(other)
        if kind == "link":
            other.write_bytes(b"the user's")
    before = path.lstat()
    temp = directory.write_temp(b"ours")
    with pytest.raises(AlreadyThere):
        directory.publish(temp, "a.jpg")
    assert path.lstat().st_ino == before.st_ino
    assert path.lstat().st_mtime_ns == before.st_mtime_ns
    assert temp.path.read_bytes() == b"ours"
    assert other.exists() is (kind == "link")


@pytest.mark.usefixtures("links")
def test_publish_works_with_and_without_hard_links(directory: ArchiveDirectory) -> None:
    directory.publish(directory.write_temp(b"ours"), "a.jpg")
    assert (directory.root / "a.jpg").read_bytes() == b"ours"
    assert temp_files(directory) == []


def test_a_failed_replacement_leaves_no_reservation(
    directory: ArchiveDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.EPERM, os.strerror(errno.EPERM))

    monkeypatch.setattr(disk.os, "link", refuse)
    monkeypatch.setattr(disk.os, "replace", refuse)
    with pytest.raises(StorageError):
        directory.publish(directory.write_temp(b"ours"), "a.jpg")
    assert not (directory.root / "a.jpg").exists()


def test_same_bytes(directory: ArchiveDirectory) -> None:
    content = b"content"
    path = directory.root / "a.jpg"
    assert not directory.same_bytes("a.jpg", sha(content), 7)
    path.write_bytes(content)
    assert directory.same_bytes("a.jpg", sha(content), 7)
    assert not directory.same_bytes("a.jpg", sha(b"c0ntent"), 7)
    assert not directory.same_bytes("a.jpg", sha(content), 8)
    assert not directory.same_bytes("a.jpg/b.jpg", sha(content), 7)
    (directory.root / "link.jpg").symlink_to(path)
    assert not directory.same_bytes("link.jpg", sha(content), 7)
    (directory.root / "dir.jpg").mkdir()
    assert not directory.same_bytes("dir.jpg", sha(content), 7)
    os.mkfifo(directory.root / "pipe.jpg")
    assert not directory.same_bytes("pipe.jpg", sha(b""), 0)


def test_clean_tmp_counts_what_it_removes(directory: ArchiveDirectory, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.write_bytes(b"the user's")
    (directory.tmp / "link").symlink_to(outside)
    directory.write_temp(b"x")
    assert directory.clean_tmp() == 2
    assert directory.clean_tmp() == 0
    assert outside.exists()


def test_remove_if_empty_leaves_nothing_of_ours(directory: ArchiveDirectory) -> None:
    directory.lock_path.touch()
    directory.write_lock_path.touch()
    directory.write_temp(b"x")
    (directory.root / "a.jpg").write_bytes(b"the user's")
    directory.remove_if_empty()
    assert [path.name for path in directory.root.iterdir()] == ["a.jpg"]
    directory.remove_if_empty()


def test_remove_if_empty_keeps_what_is_in_quarantine(directory: ArchiveDirectory) -> None:
    (directory.root / "a.jpg").write_bytes(b"torn")
    aside = directory.put_aside("a.jpg")
    directory.remove_if_empty()
    assert aside.read_bytes() == b"torn"
    assert aside.parent == directory.quarantine
    assert not (directory.root / "a.jpg").exists()


def test_discard_is_quiet_about_a_file_that_is_gone(directory: ArchiveDirectory) -> None:
    temp = directory.write_temp(b"x")
    directory.discard(temp)
    directory.discard(temp)
    directory.discard(TempFile(directory.tmp / "never", 1))
    assert temp_files(directory) == []

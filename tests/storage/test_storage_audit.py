from __future__ import annotations

import errno
import hashlib
import os
from pathlib import Path

import pytest

from imagefap_scraper.exceptions import StorageError
from imagefap_scraper.storage import audit
from imagefap_scraper.storage.audit import Fault, Finding, examine, files_below, temporary_files
from imagefap_scraper.storage.files import ArchiveDirectory

CONTENT = bytes(range(256)) * 10_000
SHA256 = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def directory(tmp_path: Path) -> ArchiveDirectory:
    archive = ArchiveDirectory(tmp_path / "out")
    archive.prepare()
    (archive.root / "one.jpg").write_bytes(CONTENT)
    return archive


def fault(finding: Finding | None) -> Fault | None:
    return None if finding is None else finding.fault


def test_a_whole_file_has_no_fault_and_tells_every_byte_once(directory: ArchiveDirectory) -> None:
    told: list[int] = []
    assert examine(directory, "one.jpg", len(CONTENT), SHA256, told.append) is None
    assert sum(told) == len(CONTENT)
    assert len(told) > 1
    assert examine(directory, "one.jpg", None, SHA256) is None


def test_bytes_are_read_only_if_their_digest_is_asked_for(
    directory: ArchiveDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> int:
        raise AssertionError("opened")

    monkeypatch.setattr(audit.os, "open", refuse)
    assert examine(directory, "one.jpg", len(CONTENT)) is None


@pytest.mark.parametrize("relative", ["away.jpg", "one.jpg/below.jpg", "a" * 300])
def test_what_is_not_there_is_missing(directory: ArchiveDirectory, relative: str) -> None:
    assert fault(examine(directory, relative, 1)) is Fault.MISSING


def test_other_sizes_and_other_bytes_are_told_apart(directory: ArchiveDirectory) -> None:
    assert fault(examine(directory, "one.jpg", len(CONTENT) - 1, SHA256)) is Fault.SIZE
    assert fault(examine(directory, "one.jpg", len(CONTENT), "0" * 64)) is Fault.BYTES


@pytest.mark.parametrize("kind", ["link", "directory", "pipe"])
def test_what_is_no_plain_file_is_not_opened(directory: ArchiveDirectory, kind: str) -> None:
    path = directory.root / "two.jpg"
    if kind == "link":
        path.symlink_to("one.jpg")
    elif kind == "directory":
        path.mkdir()
    else:
        os.mkfifo(path)
    assert fault(examine(directory, "two.jpg", len(CONTENT), SHA256)) is Fault.NOT_PLAIN


@pytest.mark.parametrize("relative", ["../one.jpg", "/one.jpg", "", "out/one.jpg", "a\0b"])
def test_a_path_that_leads_out_is_named_so(directory: ArchiveDirectory, relative: str) -> None:
    (directory.root / "out").symlink_to(directory.root.parent)
    assert fault(examine(directory, relative, 1)) is Fault.OUTSIDE


@pytest.mark.parametrize(
    ("number", "expected"),
    [(errno.EACCES, Fault.UNREADABLE), (errno.EIO, Fault.BYTES), (errno.ENOENT, Fault.MISSING)],
)
def test_what_the_system_refuses_is_told_apart(
    directory: ArchiveDirectory, monkeypatch: pytest.MonkeyPatch, number: int, expected: Fault
) -> None:
    def refuse(path: Path, _flags: int) -> int:
        raise OSError(number, os.strerror(number), str(path))

    monkeypatch.setattr(audit.os, "open", refuse)
    assert fault(examine(directory, "one.jpg", len(CONTENT), SHA256)) is expected


def test_files_are_listed_with_links_but_never_through_them(directory: ArchiveDirectory) -> None:
    (directory.root / "blobs" / "deep").mkdir(parents=True)
    for name in ("a.jpg", "deep/b.jpg"):
        (directory.root / "blobs" / name).write_bytes(b"")
    (directory.root / "blobs" / "link").symlink_to(directory.root)
    assert set(files_below(directory, "blobs", deep=True)) == {"blobs/a.jpg", "blobs/deep/b.jpg", "blobs/link"}
    assert set(files_below(directory, "blobs", deep=False)) == {"blobs/a.jpg", "blobs/link"}
    assert set(files_below(directory, "", deep=False)) == {"one.jpg"}
    assert set(files_below(directory, "away", deep=True)) == set()


def test_a_directory_that_cannot_be_listed_is_an_error(
    directory: ArchiveDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path) -> object:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))

    monkeypatch.setattr(audit.os, "scandir", refuse)
    with pytest.raises(StorageError, match="permission denied"):
        list(files_below(directory, "", deep=False))


def test_temporary_files_are_counted(directory: ArchiveDirectory) -> None:
    assert temporary_files(directory) == 0
    directory.write_temp(b"half")
    assert temporary_files(directory) == 1
    assert temporary_files(ArchiveDirectory(Path("/nonexistent-place"))) == 0

from __future__ import annotations

import asyncio
import hashlib
import io
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from PIL import Image

from imagefap_scraper.exceptions import StorageError
from imagefap_scraper.inspection.pool import InspectionPool
from imagefap_scraper.inspection.result import Outcome, ReadFailure
from imagefap_scraper.storage.files import ArchiveDirectory
from imagefap_scraper.storage.thumbs import forget
from imagefap_scraper.web.pictures.thumbnails import Thumbnails

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


def jpeg(red: int = 200, size: tuple[int, int] = (800, 600)) -> bytes:
    stream = io.BytesIO()
    Image.new("RGB", size, (red, 90, 40)).save(stream, "JPEG")
    return stream.getvalue()


def named(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


class Reads:
    """A source of bytes that counts how often it was asked."""

    def __init__(self, content: bytes) -> None:
        self.content = content
        self.count = 0
        self._lock = threading.Lock()

    def __call__(self) -> bytes:
        with self._lock:
            self.count += 1
        return self.content


@pytest.fixture
def directory(tmp_path: Path) -> ArchiveDirectory:
    one = ArchiveDirectory(tmp_path / "archive")
    one.prepare()
    return one


@pytest.fixture
async def pool() -> AsyncIterator[InspectionPool]:
    one = InspectionPool(2)
    yield one
    await one.close()


@pytest.fixture
def thumbnails(directory: ArchiveDirectory, pool: InspectionPool) -> Thumbnails:
    return Thumbnails(directory, pool)


def size_of(found: bytes | ReadFailure) -> tuple[int, int]:
    assert isinstance(found, bytes), found
    with Image.open(io.BytesIO(found), formats=["WEBP"]) as image:
        return image.size


def in_cache(directory: ArchiveDirectory) -> list[str]:
    return sorted(path.name for path in (directory.root / "thumbs").glob("*"))


async def test_it_is_made_once_for_all_who_ask_and_kept(
    directory: ArchiveDirectory, pool: InspectionPool, thumbnails: Thumbnails
) -> None:
    content = jpeg()
    read, name = Reads(content), named(content)
    found = await asyncio.gather(*(thumbnails.thumbnail(name, read) for _ in range(8)))
    assert size_of(found[0]) == (384, 288)
    assert len(set(map(str, found))) == 1
    assert read.count == 1
    assert in_cache(directory) == [f"{name}.webp"]
    assert (directory.root / "thumbs" / f"{name}.webp").read_bytes() == found[0]
    assert list(directory.tmp.iterdir()) == []
    assert await Thumbnails(directory, pool).thumbnail(name, read) == found[0]
    assert read.count == 1


async def test_a_preview_is_another_file(directory: ArchiveDirectory, thumbnails: Thumbnails) -> None:
    content = jpeg(size=(3000, 1500))
    name = named(content)
    assert size_of(await thumbnails.preview(name, Reads(content))) == (2048, 1024)
    assert size_of(await thumbnails.thumbnail(name, Reads(content))) == (384, 192)
    assert in_cache(directory) == [f"{name}.large.webp", f"{name}.webp"]


async def test_those_of_a_picture_that_is_gone_for_good_are_deleted(
    directory: ArchiveDirectory, thumbnails: Thumbnails
) -> None:
    gone, other = jpeg(10), jpeg(200)
    for content in (gone, other):
        for make in (thumbnails.thumbnail, thumbnails.preview):
            await make(named(content), Reads(content))
    forget(directory, named(gone))
    forget(directory, named(gone))
    assert in_cache(directory) == [f"{named(other)}.large.webp", f"{named(other)}.webp"]


async def test_what_cannot_be_made_is_not_tried_again_and_not_kept(
    directory: ArchiveDirectory, pool: InspectionPool, thumbnails: Thumbnails
) -> None:
    content = jpeg()[:-5]
    read, name = Reads(content), named(content)
    for _ in range(2):
        assert await thumbnails.thumbnail(name, read) == ReadFailure("cut: JPEG without its end", Outcome.BROKEN)
    assert read.count == 1
    assert in_cache(directory) == []
    await Thumbnails(directory, pool).thumbnail(name, read)
    assert read.count == 2


async def test_other_bytes_than_the_names_are_neither_shown_nor_remembered(
    directory: ArchiveDirectory, thumbnails: Thumbnails
) -> None:
    right, name = jpeg(10), named(jpeg(10))
    found = await thumbnails.thumbnail(name, Reads(jpeg(20)))
    assert isinstance(found, ReadFailure)
    assert found.outcome is None
    assert in_cache(directory) == []
    assert size_of(await thumbnails.thumbnail(name, Reads(right))) == (384, 288)


async def test_a_disk_that_does_not_give_the_original_is_asked_again(thumbnails: Thumbnails) -> None:
    content = jpeg()

    def refuse() -> bytes:
        raise PermissionError(13, "Permission denied")

    def missing() -> bytes:
        raise StorageError("it is missing")

    assert await thumbnails.thumbnail(named(content), refuse) == ReadFailure("cannot be read: Permission denied")
    assert await thumbnails.thumbnail(named(content), missing) == ReadFailure("it is missing")
    assert size_of(await thumbnails.thumbnail(named(content), Reads(content))) == (384, 288)


@pytest.mark.parametrize("damage", ["empty", "cut", "html", "link", "directory", "pipe"])
async def test_a_damaged_file_of_the_cache_is_made_anew(
    damage: str, directory: ArchiveDirectory, thumbnails: Thumbnails, tmp_path: Path
) -> None:
    content = jpeg()
    name = named(content)
    kept = directory.root / "thumbs" / f"{name}.webp"
    kept.parent.mkdir()
    whole = await Thumbnails(ArchiveDirectory(tmp_path / "other"), thumbnails._pool).thumbnail(name, Reads(content))
    assert isinstance(whole, bytes)
    outside = tmp_path / "outside.webp"
    outside.write_bytes(whole[:-8] + b"elsewhere"[:8])
    if damage == "link":
        kept.symlink_to(outside)
    elif damage == "directory":
        kept.mkdir()
    elif damage == "pipe":
        os.mkfifo(kept)
    else:
        kept.write_bytes({"empty": b"", "cut": whole[:-20], "html": b"<html><script>1</script>"}[damage])
    async with asyncio.timeout(10):
        assert await thumbnails.thumbnail(name, Reads(content)) == whole
    if damage != "directory":
        assert not kept.is_symlink()
        assert kept.read_bytes() == whole
    assert outside.read_bytes() != whole
    assert list(directory.tmp.iterdir()) == []


async def test_without_a_place_to_keep_them_they_are_shown_all_the_same(
    directory: ArchiveDirectory, thumbnails: Thumbnails, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (directory.root / "thumbs").write_bytes(b"somebody's file")
    content = jpeg()
    read = Reads(content)
    for _ in range(2):
        assert size_of(await thumbnails.thumbnail(named(content), read)) == (384, 288)
    assert read.count == 2
    assert (directory.root / "thumbs").read_bytes() == b"somebody's file"
    (directory.root / "thumbs").unlink()
    (directory.root / "thumbs").symlink_to(tmp_path, target_is_directory=True)
    assert size_of(await thumbnails.thumbnail(named(content), read)) == (384, 288)
    assert not list(tmp_path.glob("*.webp"))
    assert list(directory.tmp.iterdir()) == []

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    (directory.root / "thumbs").unlink()
    monkeypatch.setattr("imagefap_scraper.storage.files.write_new", full)
    assert size_of(await thumbnails.thumbnail(named(content), read)) == (384, 288)
    assert in_cache(directory) == []


async def test_an_archive_copied_without_its_hidden_directory(tmp_path: Path, pool: InspectionPool) -> None:
    content = jpeg()
    bare = ArchiveDirectory(tmp_path)
    assert size_of(await Thumbnails(bare, pool).thumbnail(named(content), Reads(content))) == (384, 288)
    assert in_cache(bare) == [f"{named(content)}.webp"]


async def test_one_who_goes_takes_nothing_from_the_others(
    directory: ArchiveDirectory, pool: InspectionPool, thumbnails: Thumbnails
) -> None:
    content = jpeg()
    await pool.inspect(content)
    first = asyncio.create_task(thumbnails.thumbnail(named(content), Reads(content)))
    second = asyncio.create_task(thumbnails.thumbnail(named(content), Reads(content)))
    await asyncio.sleep(0)
    first.cancel()
    assert size_of(await second) == (384, 288)
    with pytest.raises(asyncio.CancelledError):
        await first
    other = jpeg(7)
    alone = asyncio.create_task(thumbnails.thumbnail(named(other), Reads(other)))
    await asyncio.sleep(0)
    alone.cancel()
    for _ in range(100):
        await asyncio.sleep(0.02)
        if f"{named(other)}.webp" in in_cache(directory):
            break
    assert f"{named(other)}.webp" in in_cache(directory)


async def test_a_closed_pool_is_said_and_leaves_nothing_behind(pool: InspectionPool, thumbnails: Thumbnails) -> None:
    await pool.close()
    content = jpeg()
    for _ in range(2):
        with pytest.raises(StorageError, match="closed"):
            await thumbnails.thumbnail(named(content), Reads(content))
    assert not thumbnails._under_way


KILLED = """
import os, signal, sys
from pathlib import Path
from imagefap_scraper.storage.files import ArchiveDirectory
from imagefap_scraper.storage.thumbs import forget
from imagefap_scraper.web.pictures.thumbnails import Thumbnails

class Pool:
    workers = 1

def kill(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)

if sys.argv[2] == "written":
    ArchiveDirectory.replace = kill
else:
    write = os.write
    os.write = lambda descriptor, data: kill() if write(descriptor, data[:100]) else 0
Thumbnails(ArchiveDirectory(Path(sys.argv[1])), Pool())._keep("thumbs/" + "a" * 64 + ".webp", bytes(5000))
"""


@pytest.mark.parametrize("moment", ["writing", "written"])
def test_a_kill_leaves_no_half_file(moment: str, directory: ArchiveDirectory) -> None:
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", KILLED, str(directory.root), moment], cwd=root, check=False, timeout=30
    )
    assert done.returncode == -9
    assert in_cache(directory) == []
    assert directory.clean_tmp() == 1

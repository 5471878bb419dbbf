"""Blobs and straight names: equal bytes once, other bytes beside, nothing of the user's touched."""

from __future__ import annotations

import hashlib
import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imagefap_scraper.exceptions import StorageError
from imagefap_scraper.storage import layouts
from imagefap_scraper.storage.files import AlreadyThere, ArchiveDirectory, TempFile
from imagefap_scraper.storage.layouts import BlobLayout, Choice, ImageStore, Placement, StraightLayout
from imagefap_scraper.storage.names import collision_key

if TYPE_CHECKING:
    from pathlib import Path


def sha(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@pytest.fixture
def directory(tmp_path: Path) -> ArchiveDirectory:
    archive = ArchiveDirectory(tmp_path / "out")
    archive.prepare()
    return archive


def put(store: ImageStore, content: bytes, name: str | None = "a.png", image_id: int = 7) -> Placement:
    return store.place(content, sha(content), extension="jpg", name=name, image_id=image_id)


def pictures(directory: ArchiveDirectory) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in directory.root.iterdir() if path.is_file()}


def test_a_blob_is_stored_once(directory: ArchiveDirectory) -> None:
    store = BlobLayout(directory)
    path = f"blobs/{sha(b'x')}.jpg"
    assert put(store, b"x") == Placement(path, "downloaded")
    before = (directory.root / path).stat()
    assert put(store, b"x", "other", 8) == Placement(path, "uptodate")
    assert (directory.root / path).stat().st_ino == before.st_ino
    assert list(directory.tmp.iterdir()) == []


@pytest.mark.parametrize("torn", [b"", b"half", b"same size!"])
def test_a_torn_blob_is_replaced(directory: ArchiveDirectory, torn: bytes) -> None:
    content = b"0123456789"
    path = directory.root / "blobs" / f"{sha(content)}.jpg"
    path.parent.mkdir()
    path.write_bytes(torn)
    assert put(BlobLayout(directory), content).outcome == "downloaded"
    assert path.read_bytes() == content
    assert list(directory.tmp.iterdir()) == []


def test_one_blob_from_many_threads(directory: ArchiveDirectory) -> None:
    store = BlobLayout(directory)
    barrier = threading.Barrier(6)

    def work(number: int) -> Placement:
        barrier.wait()
        return put(store, b"x" * 100_000, image_id=number)

    with ThreadPoolExecutor(6) as pool:
        paths = {placement.path for placement in pool.map(work, range(6))}
    assert len(paths) == 1
    assert [path.read_bytes() for path in (directory.root / "blobs").iterdir()] == [b"x" * 100_000]
    assert list(directory.tmp.iterdir()) == []


def test_straight_names(directory: ArchiveDirectory) -> None:
    store = StraightLayout(directory)
    assert put(store, b"one") == Placement("a.jpg", "downloaded")
    assert put(store, b"one") == Placement("a.jpg", "uptodate")
    assert put(store, b"two") == Placement(f"{sha(b'two')[:10]}-a.jpg", "downloaded")
    assert put(store, b"two") == Placement(f"{sha(b'two')[:10]}-a.jpg", "uptodate")
    assert put(store, b"one", "another name") == Placement("a.jpg", "uptodate")
    assert put(store, b"three", None, 9) == Placement("9.jpg", "downloaded")


def test_a_second_run_writes_nothing(directory: ArchiveDirectory) -> None:
    for content in (b"one", b"two", b"three"):
        put(StraightLayout(directory), content)
    before = {path.name: path.stat().st_ino for path in directory.root.iterdir()}
    for content in (b"three", b"two", b"one"):
        assert put(StraightLayout(directory), content).outcome == "uptodate"
    assert {path.name: path.stat().st_ino for path in directory.root.iterdir()} == before


def test_the_users_own_files_are_never_touched(directory: ArchiveDirectory, tmp_path: Path) -> None:
    content, digest = b"ours", sha(b"ours")
    own = {"a.jpg": b"mine", f"{digest[:10]}-a.jpg": b"mine too", f"{digest}-a.jpg": b"and mine"}
    for name, bytes_ in own.items():
        (directory.root / name).write_bytes(bytes_)
    placement = put(StraightLayout(directory), content)
    assert placement == Placement(f"{digest}-2-a.jpg", "downloaded")
    assert pictures(directory) == own | {placement.path: content}


@pytest.mark.parametrize("kind", ["link", "dangling link", "directory", "pipe"])
def test_what_is_no_plain_file_is_another_file(directory: ArchiveDirectory, tmp_path: Path, kind: str) -> None:
    path, target = directory.root / "a.jpg", tmp_path / "target"
    if kind == "directory":
        path.mkdir()
    elif kind == "pipe":
        os.mkfifo(path)
    else:
        path.symlink_to(target)
        if kind == "link":
            target.write_bytes(b"x")
    assert put(StraightLayout(directory), b"x").path == f"{sha(b'x')[:10]}-a.jpg"
    assert target.exists() is (kind == "link")


@pytest.mark.parametrize(
    ("present", "coming"),
    [
        ("Foo.jpg", "foo"),
        ("e\u0301.jpg", "\u00e9"),
        ("stra\u00dfe.JPG", "STRASSE"),
        ("x.jpg.", "x"),
        ("\ufb01.jpg", "FI"),
    ],
)
def test_names_that_another_file_system_confuses(directory: ArchiveDirectory, present: str, coming: str) -> None:
    (directory.root / present).write_bytes(b"mine")
    store = StraightLayout(directory)
    placement = put(store, b"ours", coming)
    assert placement.path.startswith(sha(b"ours")[:10] + "-")
    # The same bytes under a name that is the same to such a file system are there already.
    assert put(store, b"mine", coming) == Placement(present, "uptodate")
    assert pictures(directory)[present] == b"mine"


def test_a_file_that_appears_during_the_run(directory: ArchiveDirectory) -> None:
    store = StraightLayout(directory)
    put(store, b"first", "first")
    (directory.root / "a.jpg").write_bytes(b"mine")
    assert put(store, b"ours").path == f"{sha(b'ours')[:10]}-a.jpg"


def test_a_file_that_appears_at_the_last_moment(directory: ArchiveDirectory) -> None:
    seen: list[str] = []

    def intend(choice: Choice, temp: TempFile) -> None:
        assert temp.path.read_bytes() == b"ours"
        if not seen:
            (directory.root / choice.path).write_bytes(b"mine")
        seen.append(choice.path)

    store = StraightLayout(directory)
    placement = store.place(b"ours", sha(b"ours"), extension="jpg", name="a", image_id=7, intend=intend)
    assert seen == ["a.jpg", f"{sha(b'ours')[:10]}-a.jpg"]
    assert pictures(directory) == {"a.jpg": b"mine", placement.path: b"ours"}
    assert list(directory.tmp.iterdir()) == []


def test_two_images_in_flight_never_share_a_name(directory: ArchiveDirectory) -> None:
    store = StraightLayout(directory)
    one = store.choose(sha(b"one"), 3, extension="jpg", name="A", image_id=1)
    two = store.choose(sha(b"two"), 3, extension="jpg", name="a", image_id=2)
    assert (one.path, two.path) == ("A.jpg", f"{sha(b'two')[:10]}-a.jpg")
    store.release(one)
    store.release(one)
    assert store.choose(sha(b"six"), 3, extension="jpg", name="a", image_id=3).path == "a.jpg"


def test_many_threads_choose_different_names(directory: ArchiveDirectory, monkeypatch: pytest.MonkeyPatch) -> None:
    def slow(path: Path) -> bool:
        time.sleep(0.002)
        return path.is_symlink() or path.exists()

    monkeypatch.setattr(layouts.os.path, "lexists", slow)
    store = StraightLayout(directory)
    barrier = threading.Barrier(6)

    def work(number: int) -> str:
        barrier.wait()
        return store.choose(sha(bytes([number])), 1, extension="jpg", name="a", image_id=number).path

    with ThreadPoolExecutor(6) as pool:
        assert len(set(pool.map(work, range(6)))) == 6


def test_a_failure_releases_name_and_temporary_file(directory: ArchiveDirectory) -> None:
    def fail(*_: object) -> None:
        raise KeyboardInterrupt

    store = StraightLayout(directory)
    with pytest.raises(KeyboardInterrupt):
        store.place(b"x", sha(b"x"), extension="jpg", name="a", image_id=1, intend=fail)
    assert list(directory.tmp.iterdir()) == []
    assert put(store, b"y").path == "a.jpg"


def test_a_taken_name_is_told_to_who_publishes(directory: ArchiveDirectory) -> None:
    store = StraightLayout(directory)
    choice = store.choose(sha(b"x"), 1, extension="jpg", name="a", image_id=1)
    (directory.root / "a.jpg").write_bytes(b"mine")
    with pytest.raises(AlreadyThere):
        store.publish(choice, directory.write_temp(b"x"))


def test_equal_bytes_of_an_earlier_run_are_found_by_content_on_demand(directory: ArchiveDirectory) -> None:
    put(StraightLayout(directory), b"one", "first")
    assert put(StraightLayout(directory, match_content=True), b"one", "second") == Placement("first.jpg", "uptodate")
    assert put(StraightLayout(directory), b"one", "second") == Placement("second.jpg", "downloaded")


def test_a_stored_file_that_vanished_is_written_again(directory: ArchiveDirectory) -> None:
    store = StraightLayout(directory)
    put(store, b"one")
    (directory.root / "a.jpg").unlink()
    assert put(store, b"one", "b") == Placement("b.jpg", "downloaded")


def test_the_directory_is_listed_once(directory: ArchiveDirectory, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []
    real = os.scandir
    monkeypatch.setattr(layouts.os, "scandir", lambda path: (calls.append(path), real(path))[1])
    store = StraightLayout(directory)
    for number in range(5):
        put(store, bytes([number]), "same")
    assert calls == [directory.root]


def test_a_directory_that_cannot_be_listed(directory: ArchiveDirectory) -> None:
    directory.remove_if_empty()
    directory.root.rmdir()
    with pytest.raises(StorageError, match="cannot list"):
        StraightLayout(directory).choose(sha(b"x"), 1, extension="jpg", name="a", image_id=1)


def test_many_threads_and_few_names(directory: ArchiveDirectory) -> None:
    store = StraightLayout(directory)
    own = {"name 0.jpg": b"mine", "NAME 1.jpg": b"mine as well"}
    for name, content in own.items():
        (directory.root / name).write_bytes(content)
    contents = [b"content %d" % number for number in range(60)]

    def work(number: int) -> Placement:
        return put(store, contents[number], f"Name {number % 4}" if number % 2 else f"name {number % 4}", number)

    with ThreadPoolExecutor(8) as pool:
        placements = list(pool.map(work, range(60)))
    found = pictures(directory)
    assert {name: found[name] for name in own} == own
    assert [found[placement.path] for placement in placements] == contents
    assert len(found) == 62
    assert len({collision_key(name) for name in found}) == 62
    assert list(directory.tmp.iterdir()) == []


@settings(max_examples=25, deadline=None)
@given(images=st.lists(st.tuples(st.text(max_size=12), st.binary(min_size=1, max_size=2)), max_size=12))
def test_any_images_are_all_there_once(
    tmp_path_factory: pytest.TempPathFactory, images: list[tuple[str, bytes]]
) -> None:
    directory = ArchiveDirectory(tmp_path_factory.mktemp("any"))
    directory.prepare()
    store = StraightLayout(directory)
    placed = [put(store, content, name, number) for number, (name, content) in enumerate(images)]
    found = pictures(directory)
    assert [found[placement.path] for placement in placed] == [content for _, content in images]
    assert sorted(found.values()) == sorted({content for _, content in images})
    assert len({collision_key(name) for name in found}) == len(found)

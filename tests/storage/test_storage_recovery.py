"""Kills and failing disks at every single system call of storing and recovering."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from imagefap_scraper.exceptions import StorageError
from imagefap_scraper.storage.files import ArchiveDirectory
from imagefap_scraper.storage.layouts import BlobLayout, ImageStore, StraightLayout
from imagefap_scraper.storage.recovery import Intent, roll

CONTENT = b"0123456789" * 10
SHA256 = hashlib.sha256(CONTENT).hexdigest()
#: System calls that change the disk or settle it: a kill comes before, and a fault instead of, the n-th of them.
CALLS = ("open", "write", "fsync", "link", "unlink", "replace", "rename", "mkdir")
LAYOUTS = {"blobs": BlobLayout, "straight": StraightLayout}

#: Runs a job again and again in a child each, which kills itself before call 1, 2, 3... until one gets through.
KILLER = """
import json, os, shutil, signal, sys
from pathlib import Path
from tests_recovery_jobs import store, recover

base, job, layout, links, source = Path(sys.argv[1]), *sys.argv[2:6]
number = 0
while True:
    number += 1
    root = base / str(number)
    if source != "-":
        shutil.copytree(source, root)
    child = os.fork()
    if child == 0:
        left = number
        def killing(real):
            def call(*args, **kwargs):
                global left
                left -= 1
                if left == 0:
                    os.kill(os.getpid(), signal.SIGKILL)
                return real(*args, **kwargs)
            return call
        for name in CALLS:
            setattr(os, name, killing(getattr(os, name)))
        {"store": store, "recover": recover}[job](root, layout, links == "links")
        os._exit(0)
    if os.waitpid(child, 0)[1] == 0:
        break
print(number)
"""


def new_store(root: Path, layout: str) -> ImageStore:
    directory = ArchiveDirectory(root)
    directory.prepare()
    return LAYOUTS[layout](directory)


def refuse_links(*_: object, **__: object) -> None:
    raise OSError(errno.EPERM, os.strerror(errno.EPERM))


def store(root: Path, layout: str, links: bool) -> None:
    """Store one image; the intent and the row are files, which stand in for the database."""
    if not links:
        os.link = refuse_links  # type: ignore[assignment]
    images = new_store(root, layout)

    def intend(choice, temp) -> None:  # type: ignore[no-untyped-def]
        (root.parent / f"{root.name}.tmp").write_text(json.dumps([temp.relative, choice.path]))
        (root.parent / f"{root.name}.tmp").rename(root.parent / f"{root.name}.intent")

    images.place(CONTENT, SHA256, extension="jpg", name="name", image_id=1, intend=intend)


def recover(root: Path, layout: str, links: bool) -> str | None:
    """Do what a start does; the intent is dropped by the caller."""
    if not links:
        os.link = refuse_links  # type: ignore[assignment]
    directory = new_store(root, layout).directory
    note = root.parent / f"{root.name.partition('-')[0]}.intent"
    result = None
    if note.exists():
        temp, path = json.loads(note.read_text())
        result = roll(directory, Intent(temp, path, SHA256, len(CONTENT)))
    directory.clean_tmp()
    return result


def run_killer(base: Path, job: str, layout: str, links: str, source: str = "-") -> int:
    base.mkdir(exist_ok=True)
    code = KILLER.replace("from tests_recovery_jobs", f"from {Path(__file__).stem}").replace("CALLS", repr(CALLS))
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(Path(__file__).parent), *sys.path])}
    done = subprocess.run(
        [sys.executable, "-c", code, str(base), job, layout, links, source],
        check=True, capture_output=True, text=True, env=environment, timeout=60,
    )  # fmt: skip
    return int(done.stdout)


def files(root: Path) -> dict[str, bytes]:
    """Return all files that are not the program's own."""
    return {
        str(path.relative_to(root)): path.read_bytes()
        for path in root.rglob("*")
        if path.is_file() and ".imagefap" not in path.parts
    }


@pytest.fixture(autouse=True)
def _real_link(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "link", os.link)


@pytest.mark.parametrize("links", ["links", "no links"])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_killed_at_every_call_and_again_at_every_call_of_the_recovery(tmp_path: Path, layout: str, links: str) -> None:
    first = tmp_path / "first"
    count = run_killer(first, "store", layout, links)
    assert count > 12
    rolled = []
    for number in range(1, count + 1):
        root = first / str(number)
        note = first / f"{number}.intent"
        for content in files(root).values() if root.exists() else ():
            # Never a torn file under a final name; empty only as the reservation where there are no hard links.
            assert content == CONTENT or (content == b"" and links == "no links")
        if note.exists():
            again = tmp_path / f"again{number}"
            # The recovery of the same state, killed in its turn before each of its calls.
            again.mkdir()
            copies = run_copies(again, note, root, layout, links)
            for copy in copies:
                result = recover(copy, layout, links == "links")
                assert result == "stored"
                assert list(files(copy).values()) == [CONTENT]
                assert list((copy / ".imagefap/tmp").iterdir()) == []
            rolled.append(len(copies))
        result = recover(root, layout, links == "links")
        assert result == ("stored" if note.exists() else None)
        # The quiet run: downloaded again if there was no intent, known otherwise; once in any case.
        placed = new_store(root, layout).place(CONTENT, SHA256, extension="jpg", name="name", image_id=1)
        assert placed.outcome == ("uptodate" if note.exists() else "downloaded")
        assert files(root) == {placed.path: CONTENT}
        assert list((root / ".imagefap/tmp").iterdir()) == []
    assert len(rolled) >= 3
    assert max(rolled) >= 8


def run_copies(again: Path, note: Path, root: Path, layout: str, links: str) -> list[Path]:
    """Kill the recovery of copies of `root` before each call; return the copies as the kills left them."""
    for number in range(1, 40):
        (again / f"{number}.intent").write_text(note.read_text())
    count = run_killer(again, "recover", layout, links, str(root))
    return [again / str(number) for number in range(1, count + 1)]


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO, errno.EROFS])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_fault_at_every_call_is_one_error_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, layout: str, number: int
) -> None:
    for nth in range(1, 100):
        images = new_store(tmp_path / str(nth), layout)
        left = [nth]
        with monkeypatch.context() as patch:
            for name in CALLS:
                patch.setattr(os, name, failing(getattr(os, name), left, number))
            outcome: object = None
            try:
                images.place(CONTENT, SHA256, extension="jpg", name="name", image_id=1)
            except StorageError as err:
                outcome = err
        if outcome is None and left[0] > 0:
            break
        # A few faults cost nothing (a temporary file that was published in spite of them), all others are one line.
        assert outcome is None or "\n" not in str(outcome)
        assert list(images.directory.tmp.iterdir()) == []
        placed = images.place(CONTENT, SHA256, extension="jpg", name="name", image_id=1)
        assert files(images.directory.root) == {placed.path: CONTENT}
    assert nth > 5


def failing(real, left: list[int], number: int):  # type: ignore[no-untyped-def]
    def call(*args, **kwargs):  # type: ignore[no-untyped-def]
        left[0] -= 1
        if left[0] == 0:
            raise OSError(number, os.strerror(number))
        return real(*args, **kwargs)

    return call


@pytest.fixture
def directory(tmp_path: Path) -> ArchiveDirectory:
    archive = ArchiveDirectory(tmp_path / "out")
    archive.prepare()
    return archive


def intent_of(directory: ArchiveDirectory, path: str, content: bytes | None = CONTENT) -> Intent:
    temp = directory.write_temp(content or b"")
    if content is None:
        directory.discard(temp)
    return Intent(temp.relative, path, SHA256, len(CONTENT))


@pytest.mark.parametrize("content", [None, b"", CONTENT[:50], b"x" * 100])
def test_without_a_whole_file_an_image_is_lost_and_leaves_no_trace(
    directory: ArchiveDirectory, content: bytes | None
) -> None:
    assert roll(directory, intent_of(directory, "a.jpg", content)) == "lost"
    assert files(directory.root) == {}
    assert list(directory.tmp.iterdir()) == []


@pytest.mark.parametrize("torn", [b"", b"torn", b"x" * 100])
def test_a_torn_blob_is_replaced_or_put_aside(directory: ArchiveDirectory, torn: bytes) -> None:
    path = f"blobs/{SHA256}.jpg"
    (directory.root / "blobs").mkdir()
    (directory.root / path).write_bytes(torn)
    assert roll(directory, intent_of(directory, path)) == "stored"
    assert files(directory.root) == {path: CONTENT}
    (directory.root / path).write_bytes(torn)
    assert roll(directory, intent_of(directory, path, None)) == "lost"
    assert files(directory.root) == {}
    assert [aside.read_bytes() for aside in directory.quarantine.iterdir()] == [torn]


@pytest.mark.parametrize("whole", [True, False])
@pytest.mark.parametrize("mine", [b"mine", b"x" * 100])
def test_a_straight_file_with_other_bytes_is_left_alone(directory: ArchiveDirectory, mine: bytes, whole: bool) -> None:
    (directory.root / "a.jpg").write_bytes(mine)
    assert roll(directory, intent_of(directory, "a.jpg", CONTENT if whole else None)) == "lost"
    assert files(directory.root) == {"a.jpg": mine}
    assert list(directory.tmp.iterdir()) == []


def test_an_empty_straight_file_is_a_reservation_only_while_the_bytes_are_there(directory: ArchiveDirectory) -> None:
    (directory.root / "a.jpg").touch()
    assert roll(directory, intent_of(directory, "a.jpg", None)) == "lost"
    assert files(directory.root) == {"a.jpg": b""}
    assert roll(directory, intent_of(directory, "a.jpg")) == "stored"
    assert files(directory.root) == {"a.jpg": CONTENT}


def test_a_link_in_the_place_of_the_file_is_left_alone(directory: ArchiveDirectory, tmp_path: Path) -> None:
    target = tmp_path / "target"
    target.touch()
    (directory.root / "a.jpg").symlink_to(target)
    assert roll(directory, intent_of(directory, "a.jpg")) == "lost"
    assert (directory.root / "a.jpg").is_symlink()
    assert target.read_bytes() == b""


def test_it_may_be_repeated(directory: ArchiveDirectory) -> None:
    intent = intent_of(directory, "a.jpg")
    assert [roll(directory, intent) for _ in range(3)] == ["stored"] * 3


@pytest.mark.parametrize("temp", ["victim.jpg", "../victim.jpg", ".imagefap/tmp/../../victim.jpg", "/victim.jpg", ""])
def test_an_intent_removes_nothing_but_temporary_files(directory: ArchiveDirectory, temp: str) -> None:
    (directory.root / "victim.jpg").write_bytes(CONTENT)
    assert roll(directory, Intent(temp, "a.jpg", SHA256, len(CONTENT))) == "lost"
    assert files(directory.root) == {"victim.jpg": CONTENT}


def test_an_intent_that_leads_out_is_refused(directory: ArchiveDirectory) -> None:
    with pytest.raises(StorageError, match="refused"):
        roll(directory, intent_of(directory, "../a.jpg"))

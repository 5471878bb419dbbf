"""`process.py import local`, `tree` and `gallery-dl` as people run them: exit codes, asking, JSON; killed and again."""

from __future__ import annotations

import io
import json
import os
import pty
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from rich.filesize import decimal

ROOT = Path(__file__).resolve().parents[2]
COMMAND = (sys.executable, str(ROOT / "tools" / "process.py"), "import")
_COUNTS = {
    "directories",
    "pictures",
    "size",
    "stored",
    "bytes_stored",
    "duplicates",
    "known",
    "thrown_out",
    "unchecked",
    "others",
    "passed_over",
}


def picture(number: int) -> bytes:
    stream = io.BytesIO()
    Image.linear_gradient("L").resize((40, 30)).save(stream, "JPEG")
    return stream.getvalue()[:-2] + b"\xff\xfe\x00\x0a%08d" % number + b"\xff\xd9"


def environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("IMAGEFAP_")}


def process(*arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *map(str, arguments)],
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        env=environment(),
        timeout=120,
        check=False,
    )


def make(root: Path, count: int) -> Path:
    for number in range(count):
        path = root / f"{number // 50:03}" / f"imagefap_7_{number + 1}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(picture(number))
    return root


def ask(archive: Path, query: str) -> list[tuple[Any, ...]]:
    connection = sqlite3.connect(f"file:{archive / 'imagefap.database'}?mode=ro", uri=True)
    try:
        return connection.execute(query).fetchall()
    finally:
        connection.close()


def test_json_and_exit_codes(tmp_path: Path) -> None:
    root, archive = make(tmp_path / "in", 2), tmp_path / "out"
    rehearsed = process("local", root, "--dir", archive, "--dry-run", "--json")
    assert (rehearsed.returncode, rehearsed.stderr) == (0, "")
    answer = json.loads(rehearsed.stdout)
    assert set(answer) == _COUNTS | {"schema", "dry_run", "problems", "unnamed"}
    assert (answer["schema"], answer["dry_run"], answer["pictures"], answer["stored"]) == (1, True, 2, 0)
    assert not archive.exists()
    (root / "two\nlines\u202e.jpg").write_bytes(b"text")
    (root / os.fsdecode(b"\xff.jpg")).write_bytes(b"")
    done = process("local", root, "--dir", archive, "--yes", "--json")
    assert (done.returncode, done.stderr) == (3, "")
    answer = json.loads(done.stdout)
    assert (answer["dry_run"], answer["stored"], answer["directories"]) == (False, 2, 1)
    assert [problem["reason"] for problem in answer["problems"]] == ["not a picture", "empty"]
    names = [problem["path"].rpartition("/")[2] for problem in answer["problems"]]
    assert names == ["two\nlines\u202e.jpg", "\\xff.jpg"]
    again = process("local", root, "--dir", archive, "--yes")
    assert again.returncode == 3
    assert "two\\nlines\\u202e.jpg: not a picture" in again.stdout
    assert "known before          2" in again.stdout


def test_what_is_wrong_is_one_line(tmp_path: Path) -> None:
    root = make(tmp_path / "in", 1)
    words = tmp_path / "words"
    words.write_text("words")
    archive = ("--dir", tmp_path / "out")
    for code, arguments in (
        (64, ("local", tmp_path / "missing", *archive, "--yes")),
        (64, ("local", root, "--dir", root, "--yes")),
        (64, ("tree", tmp_path / "missing", *archive, "--yes")),
        (64, ("gallery-dl", words, *archive)),
        (64, ("gallery-dl", tmp_path / "missing", *archive)),
    ):
        refused = process(*arguments)
        assert refused.returncode == code, refused.stderr
        assert refused.stderr.startswith("Error: ")
        assert refused.stderr.count("\n") == 1
    asked = process("local", root, *archive)
    assert asked.returncode == 2
    assert "--yes" in asked.stderr
    assert not (tmp_path / "out").exists()
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "imagefap.database").write_text("not a database, but long enough to be looked at")
    foreign = process("local", root, *archive, "--yes")
    assert (foreign.returncode, foreign.stderr.count("\n")) == (78, 1)


def test_trees_and_entries(tmp_path: Path) -> None:
    root, archive = make(tmp_path / "in", 2), tmp_path / "out"
    (root / "photo (2).jpg").write_bytes(picture(9))
    connection = sqlite3.connect(tmp_path / "entries")
    connection.execute("CREATE TABLE archive (entry TEXT PRIMARY KEY)")
    connection.executemany("INSERT INTO archive VALUES (?)", [("imagefap7_1",), ("imagefap7_99",)])
    connection.commit()
    connection.close()
    only = process("gallery-dl", tmp_path / "entries", "--dir", archive)
    assert only.returncode == 0
    assert "2 entries without a file: not recorded as stored" in only.stdout
    assert not archive.exists()
    done = process("gallery-dl", tmp_path / "entries", "--files", root, "--dir", archive, "--yes", "--json")
    answer = json.loads(done.stdout)
    assert set(answer) == _COUNTS | {"schema", "dry_run", "problems", "unnamed", "entries", "entries_without_file"}
    assert (answer["entries"], answer["entries_without_file"], answer["stored"]) == (2, 1, 2)
    tree = process("tree", root, "--dir", archive, "--yes")
    assert tree.returncode == 0
    assert "known before          2" in tree.stdout
    assert "photo (2).jpg" in tree.stdout
    assert "import local" in tree.stdout
    assert ask(archive, "SELECT image_id, gallery_id, status FROM images ORDER BY 1") == [
        (1, 7, "stored"),
        (2, 7, "stored"),
    ]


def blobs(archive: Path) -> int:
    try:
        return len(list((archive / "blobs").iterdir()))
    except FileNotFoundError:
        return 0


def stop_midway(root: Path, archive: Path, beyond: int, number: signal.Signals) -> int:
    """Start an import, send it a signal once it has stored more; return its exit code."""
    words = ("local", str(root), "--dir", str(archive), "--yes")
    running = subprocess.Popen(
        [*COMMAND, *words], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment()
    )
    deadline = time.monotonic() + 60
    while blobs(archive) < beyond and running.poll() is None and time.monotonic() < deadline:
        time.sleep(0.005)
    assert running.poll() is None, "it was over before it could be stopped"
    running.send_signal(number)
    return running.wait(timeout=60)


def test_killed_and_interrupted_it_ends_complete_and_nothing_twice(tmp_path: Path) -> None:
    count = 1200
    root, archive = make(tmp_path / "in", count), tmp_path / "out"
    assert stop_midway(root, archive, 60, signal.SIGKILL) == -signal.SIGKILL
    first = blobs(archive)
    assert stop_midway(root, archive, first + 60, signal.SIGINT) == 130
    second = blobs(archive)
    assert first < second < count
    done = process("local", root, "--dir", archive, "--yes", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    answer = json.loads(done.stdout)
    assert answer["stored"] + answer["known"] == count
    assert answer["known"] >= second - 32
    assert blobs(archive) == count
    order = "SELECT listed_name FROM favorites JOIN folders USING (user_id, folder_id) ORDER BY folders.name, position"
    assert [name for (name,) in ask(archive, order)] == [
        path.name for folder in sorted(root.iterdir()) for path in sorted(folder.iterdir())
    ]
    assert ask(archive, "SELECT count(*) FROM images") == [(count,)]
    assert ask(archive, "SELECT count(*) FROM folders WHERE finished_blobs IS NULL") == [(0,)]
    assert list((archive / ".imagefap" / "tmp").iterdir()) == []


@pytest.mark.parametrize("name", ["local", "tree", "gallery-dl"])
def test_help_is_light_and_has_examples(name: str) -> None:
    command = [sys.executable, "-X", "importtime", *COMMAND[1:], name, "--help"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True, env=environment())
    assert done.stdout.count(f"python tools/process.py import {name}") == 2
    for heavy in ("alembic", "numpy", "PIL", "scrapy", "imagededup"):
        assert f" {heavy}\n" not in done.stderr


@pytest.mark.parametrize(("answer", "code", "stored"), [("n", 130, 0), ("y", 0, 2)])
def test_it_asks_on_a_terminal_with_counts_and_bytes(answer: str, code: int, stored: int, tmp_path: Path) -> None:
    root, archive = make(tmp_path / "in", 2), tmp_path / "out"
    ours, theirs = pty.openpty()
    try:
        os.write(ours, answer.encode() + b"\n")
        done = subprocess.run(
            [*COMMAND, "local", str(root), "--dir", str(archive)],
            stdin=theirs,
            capture_output=True,
            text=True,
            env=environment(),
            timeout=60,
            check=False,
        )
    finally:
        os.close(ours)
        os.close(theirs)
    assert done.returncode == code
    size = sum(path.stat().st_size for path in root.rglob("*.jpg"))
    assert f"Import 2 pictures ({decimal(size)})?" in done.stderr
    assert blobs(archive) == stored
    assert archive.exists() == bool(stored)

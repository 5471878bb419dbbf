"""`process.py import legacy` as people run it: passwords, counts, exit codes; killed and run again."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import legacy_world as original
import pytest
from sqlalchemy import create_engine, text

ROOT = Path(__file__).resolve().parents[2]
COMMAND = (sys.executable, str(ROOT / "tools" / "process.py"), "import", "legacy")


def process(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("IMAGEFAP_")}
    return subprocess.run(
        [*COMMAND, *map(str, arguments)],
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        env={**clean, **environment},
        timeout=120,
        check=False,
    )


def test_an_encrypted_database_by_way_of_a_password_file(tmp_path: Path) -> None:
    database = original.write(tmp_path / "old", original.world(), "encrypted")
    asked = process(database, "--dir", tmp_path / "new")
    assert asked.returncode == 2
    assert "--password-file" in asked.stderr
    secret = tmp_path / "password"
    secret.write_text("other words\n")
    wrong = process(database, "--dir", tmp_path / "new", "--password-file", secret)
    assert wrong.returncode == 64
    assert wrong.stderr.count("\n") == 1
    assert "password is wrong" in wrong.stderr
    assert not (tmp_path / "new").exists()
    secret.write_text(original.PASSWORD + "\n")
    done = process(database, "--dir", tmp_path / "new", "--password-file", secret, "--json")
    assert (done.returncode, done.stderr) == (0, "")
    answer = json.loads(done.stdout)
    assert answer["schema"] == 1
    assert answer["before"] == answer["after"]
    assert answer["problems"] == answer["notes"] == []


def test_a_rehearsal_makes_nothing(tmp_path: Path) -> None:
    database = original.write(tmp_path / "old", original.world(), "encrypted")
    (database.parent / "blobs" / f"{original.encrypted_name(original.sha(1))}.jpg").unlink()
    done = process(database, "--dir", tmp_path / "new", "--dry-run", IMAGEFAP_LEGACY_PASSWORD=original.PASSWORD)
    assert done.returncode == 3
    assert done.stdout.startswith("would import\n")
    assert f"{original.sha(1)}  missing" in done.stdout
    assert not (tmp_path / "new").exists()


def test_counts_before_and_after_for_people(tmp_path: Path) -> None:
    database = original.write(tmp_path / "old", original.world())
    (database.parent / "blobs" / f"{original.sha(1)}.jpg").unlink()
    database = database.rename(tmp_path / "elsewhere")
    done = process(database, "--dir", tmp_path / "new", "--blobs", tmp_path / "old" / "blobs")
    assert done.returncode == 3
    lines = {" ".join(line.split()) for line in done.stdout.splitlines()}
    assert {"original archive", "users 3 3", "blobs 9 8 differs", "1 picture did not arrive"} <= lines
    assert f"{original.sha(1)} missing: the original's file is missing" in lines


def test_the_old_directory_and_hostile_files_are_refused(tmp_path: Path) -> None:
    database = original.write(tmp_path / "old", original.world())
    refused = process(database, IMAGEFAP_OUTPUT=str(tmp_path / "old"))
    assert refused.returncode == 73
    assert refused.stderr.count("\n") == 1
    database.write_bytes(b"\x80\x04cposix\nsystem\n(S'true'\ntR.")
    hostile = process(database, "--dir", tmp_path / "new")
    assert hostile.returncode == 64
    assert "refused by name: posix.system" in hostile.stderr
    assert not (tmp_path / "new").exists()


def many(count: int) -> original.World:
    """Return a world of one folder of so many pictures, every tenth twice."""
    made = original.world()
    made.blobs.clear()
    blobs: dict[str, Any] = {}
    for number in range(count):
        content = original.picture(1)[:-2] + b"\xff\xfe\x00\x06%04d" % number + b"\xff\xd9"
        key = original.hashlib.sha256(content).hexdigest()
        places = {(20, 200, 5000 + number): (f"{number}.jpg", "new")}
        if number % 10 == 0:
            places[(20, 201, 9000 + number)] = (f"{number}.jpg", "keep")
        blobs[key] = original.blob(key, content, places, {1}, original.START, {})
        made.blobs[key] = content
    made.database.update(blobs=blobs, image_ids_index={}, duplicates_registry={})
    made.database["favorites"] = {
        20: {
            200: original.folder("Many", [5000 + number for number in reversed(range(count))], original.START),
            201: original.folder("Some", [9000 + number for number in range(0, count, 10)], original.START),
        }
    }
    return made


def test_killed_twice_it_ends_complete_and_nothing_twice(tmp_path: Path) -> None:
    count = 400
    database = original.write(tmp_path / "old", many(count))
    new = tmp_path / "new"
    seen = 0
    for sent, code in ((signal.SIGKILL, -signal.SIGKILL), (signal.SIGINT, 130)):
        running = subprocess.Popen(
            [*COMMAND, str(database), "--dir", str(new)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and (stored := files_of(new)) < seen + 100 and running.poll() is None:
            time.sleep(0.01)
        assert running.poll() is None, "it was over before it could be killed"
        running.send_signal(sent)
        assert running.wait(30) == code
        assert seen < stored < count
        seen = files_of(new)
    done = process(database, "--dir", new, "--json")
    assert (done.returncode, done.stderr) == (0, "")
    answer = json.loads(done.stdout)
    assert answer["before"] == answer["after"]
    assert answer["after"]["images_stored"] == count + count // 10
    assert files_of(new) == count
    assert list((new / ".imagefap" / "tmp").iterdir()) == []
    engine = create_engine(f"sqlite:///{new / 'imagefap.database'}")
    with engine.connect() as connection:
        order = connection.execute(text("SELECT image_id FROM favorites WHERE folder_id = 200 ORDER BY position"))
        assert list(order.scalars()) == [5000 + number for number in reversed(range(count))]
        assert connection.execute(text("SELECT count(*) FROM actions")).scalar() == 1
        assert connection.execute(text("SELECT count(*) FROM folders WHERE finished_blobs IS NULL")).scalar() == 0
    engine.dispose()


def files_of(directory: Path) -> int:
    try:
        return len(list((directory / "blobs").iterdir()))
    except FileNotFoundError:
        return 0


@pytest.mark.parametrize("arguments", [("--help",), ("legacy", "--help")])
def test_help_has_examples(arguments: tuple[str, ...]) -> None:
    done = subprocess.run([*COMMAND[:3], *arguments], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.count("python tools/process.py import legacy") >= 2

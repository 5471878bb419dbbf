"""Runs real crawls in processes of their own against the demo site, and compares what they leave with its truth."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import sqlite3
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tools.demo.client import DemoSite

ROOT = Path(__file__).parent.parent
#: Nothing waits: pages without limits, image files without throttle.
NO_WAITING = {
    "IMAGEFAP_PAGE_LIMITS": "",
    "IMAGEFAP_PAGE_GAP": "0",
    "AUTOTHROTTLE_ENABLED": "False",
    "IMAGEFAP_RETRY_WAIT": "0.05",
    "IMAGEFAP_PROGRESS": "off",
    # Each process that decodes takes a second of CPU to start, and a test has few pictures.
    "IMAGEFAP_INSPECT_WORKERS": "1",
    # The search that follows a crawl costs half a second of CPU; whoever tests it, or all of a crawl, wants it.
    "IMAGEFAP_DUPS_AFTER_CRAWL": "off",
}
#: By content, whatever the address says.
EXTENSION = {
    "JPEG": "jpg",
    "MPO": "jpg",
    "PNG": "png",
    "GIF": "gif",
    "WEBP": "webp",
    "BMP": "bmp",
    "TIFF": "tiff",
    "AVIF": "avif",
}
#: With the search for look-alikes behind it, as everybody has it.
WHOLE = {"IMAGEFAP_DUPS_AFTER_CRAWL": "on"}
LONGEST_CRAWL = 120.0


@dataclass(frozen=True)
class Outcome:
    """How a crawl ended: exit code and what it said."""

    code: int
    out: str
    err: str


def crawl_command(site: str, output: Path | None, spider: str, *words: str, **settings: str) -> list[str]:
    """Return the command line of a crawl; `words` are spider arguments like `user=NAME`, or options with a dash."""
    command = [sys.executable, "-m", "scrapy", "crawl", spider]
    for word in words:
        command += [word] if word.startswith("-") else ["-a", word]
    if output is not None:
        command += ["-a", f"output={output}"]
    for name, value in {**NO_WAITING, "IMAGEFAP_SITE_URL": site, **settings}.items():
        command += ["-s", f"{name}={value}"]
    return command


def crawl_environment(tmp: Path) -> dict[str, str]:
    """Return an environment whose home and state are the test's own."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "TMPDIR") if name in os.environ}
    return kept | {"HOME": str(tmp / "home"), "XDG_STATE_HOME": str(tmp / "state"), "PYTHONWARNINGS": "default"}


def crawl(site: DemoSite, output: Path, spider: str, *words: str, **settings: str) -> Outcome:
    """Run a crawl to its end."""
    command = crawl_command(site.url, output, spider, *words, **settings)
    done = subprocess.run(
        command,
        cwd=ROOT,
        env=crawl_environment(output.parent),
        capture_output=True,
        text=True,
        timeout=LONGEST_CRAWL,
        check=False,
    )
    return Outcome(done.returncode, done.stdout, done.stderr)


def start_crawl(site: DemoSite, output: Path, spider: str, *words: str, **settings: str) -> subprocess.Popen[str]:
    """Start a crawl in a process group of its own."""
    return subprocess.Popen(
        crawl_command(site.url, output, spider, *words, **settings),
        cwd=ROOT,
        env=crawl_environment(output.parent),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def interrupt(process: subprocess.Popen[str], seconds: float = 60) -> Outcome:
    """Press Ctrl-C: the signal goes to the whole process group, as a terminal's does."""
    os.killpg(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=seconds)
    return Outcome(process.returncode, out, err)


def rows(output: Path, query: str, *parameters: Any) -> list[tuple[Any, ...]]:
    """Return what the archive's database answers."""
    with sqlite3.connect(f"file:{output / 'imagefap.database'}?immutable=1", uri=True) as connection:
        found = connection.execute(query, parameters).fetchall()
    connection.close()
    return found


def folder_of(truth: dict[str, Any], user: str, folder: str) -> dict[str, Any]:
    """Return a folder of the truth by names."""
    (found,) = [
        entry
        for owner in truth["users"]
        if owner["name"] == user
        for entry in owner["folders"]
        if entry["name"] == folder
    ]
    return found


def user_of(truth: dict[str, Any], user: str) -> dict[str, Any]:
    """Return a user of the truth by name."""
    (found,) = [owner for owner in truth["users"] if owner["name"] == user]
    return found


def image_folders(owner: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the folders of a user that hold images, or nothing."""
    return [folder for folder in owner["folders"] if folder["kind"] in ("images", "empty")]


def distinct(ids: list[int]) -> list[int]:
    """Return ids in order, each once."""
    return list(dict.fromkeys(ids))


def available(truth: dict[str, Any], ids: list[int]) -> dict[int, str]:
    """Return the SHA-256 of those images that the site can give."""
    images = truth["images"]
    return {i: images[str(i)]["sha256"] for i in ids if images[str(i)]["status"] == "available"}


def files_in(output: Path) -> set[str]:
    """Return every file of an output directory that is not the program's own."""
    return {
        path.relative_to(output).as_posix()
        for path in output.rglob("*")
        if path.is_file() and ".imagefap" not in path.relative_to(output).parts
    }


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def check_blobs(output: Path, truth: dict[str, Any], folders: list[dict[str, Any]]) -> None:
    """Compare a read-mode archive with the truth: every image that can be had, its bytes, and nothing else."""
    wanted = available(truth, [i for folder in folders for i in folder["favorites"]])
    stored = dict(rows(output, "SELECT image_id, sha256 FROM images WHERE status = 'stored'"))
    assert stored == wanted
    extension = {image["sha256"]: EXTENSION[image["format"]] for image in truth["images"].values()}
    expected = {f"blobs/{sha}.{extension[sha]}" for sha in wanted.values()}
    assert files_in(output) == expected | {"imagefap.database"}
    for name in expected:
        assert sha256_of(output / name) == Path(name).stem


def check_order(output: Path, user_id: int, folders: list[dict[str, Any]]) -> None:
    """Compare the favorites' order with the truth."""
    for folder in folders:
        listed = rows(
            output,
            "SELECT image_id FROM favorites WHERE user_id = ? AND folder_id = ? ORDER BY position",
            user_id,
            folder["folder_id"],
        )
        assert [row[0] for row in listed] == distinct(folder["favorites"]), folder["name"]


def printed(output: Path) -> list[dict[str, Any]]:
    """Return what `process.py print --json` says."""
    done = subprocess.run(
        [sys.executable, str(ROOT / "tools" / "process.py"), "print", "--json", "--dir", str(output)],
        capture_output=True,
        text=True,
        check=True,
    )
    return [json.loads(line) for line in done.stdout.splitlines()]

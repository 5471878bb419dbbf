"""The duplicates' command line at 2,000 groups: when the first lines are there, a class accepted, and taken back.

The groups are seeded directly: rows of users, images, blobs, looks and pairs as a search leaves them, small files with
bytes of their own in place of pictures (no command measured here decodes any). 500 of the groups are pixel-identical,
the rest copies of two or three. Every command is a process of its own, the whole of which is measured.

    python benchmarks/dups_commands.py [--groups 2000] [--accept 500] [--runs 7]

Exit code 1: a limit was missed.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import resource
import sqlite3
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from imagefap_scraper.archive import Archive
from imagefap_scraper.database.journal import Rows
from imagefap_scraper.database.session import DATABASE_NAME
from imagefap_scraper.review.grouping import regroup
from imagefap_scraper.review.options import read_options
from imagefap_scraper.review.workplace import Workplace
from imagefap_scraper.storage.files import ArchiveDirectory

if TYPE_CHECKING:
    from sqlalchemy import Connection

#: What is promised, seconds.
FIRST_LINE, ACCEPT = 0.5, 10.0
#: Bytes of the files: of the best of a group, and of its copies.
_BEST, _COPY = 6_000, 2_500
_NOW = f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S.%f}"
_FACTS = {"quantization": 592, "subsampling": "4:2:0", "alpha": False, "grey": False, "icc": False, "exif": False}
_FACTS |= {"detail": 1.0, "flat": False}


class Seed:
    """Rows and files of groups, written in one go.

    Args:
        directory: an output directory that a read crawl has made.
        seed: of the bytes.
    """

    def __init__(self, directory: Path, seed: int) -> None:
        self._directory = directory
        self._random = random.Random(seed)
        self._number = 0
        self.rows: dict[str, list[dict[str, Any]]] = {
            name: [] for name in ("blobs", "files", "images", "favorites", "looks", "pairs")
        }

    def group(self, kind: str, copies: int) -> None:
        """Add a picture and its copies, each pair of which is of this kind."""
        forms = ["PNG"] * copies if kind == "pixel-identical" else ["JPEG"] * copies
        sizes = [_BEST, *(_COPY + number for number in range(copies))]
        members = [self._picture(size, form) for size, form in zip(sizes, ["JPEG", *forms], strict=True)]
        for index, one in enumerate(members):
            for other in members[index + 1 :]:
                first, second = sorted((one, other))
                pair = {"first": first, "second": second, "distance": 0, "dhash_distance": 0, "orientation": 0}
                self.rows["pairs"].append(
                    {**pair, "kind": kind, "peak": 3.0, "details": "{}", "hash_version": 1, "look_version": 1}
                )

    def _picture(self, size: int, form: str) -> str:
        content = self._random.randbytes(size)
        sha256 = hashlib.sha256(content).hexdigest()
        extension = form.lower()
        path = f"blobs/{sha256}.{extension}"
        (self._directory / path).write_bytes(content)
        self._number += 1
        number = self._number
        blob = {"sha256": sha256, "extension": extension, "format": form, "size": size, "width": 800, "height": 600}
        hashes = {"phash": number, "dhash": number, "hash_version": 1, "searched": 10}
        self.rows["blobs"].append({**blob, "frames": 1, "animated": 0, "unchecked": "", **hashes, "stored_at": _NOW})
        self.rows["files"].append({"path": path, "sha256": sha256, "layout": "blobs"})
        image = {"image_id": number, "status": "stored", "reason": "", "attempts": 1, "sha256": sha256}
        self.rows["images"].append({**image, "name": f"picture {number}.{extension}"})
        place = {"user_id": 1, "folder_id": 1 + number % 20, "image_id": number, "position": number}
        self.rows["favorites"].append({**place, "verdict": "new", "first_seen": _NOW, "shown_at": _NOW})
        quantization = 592 if size == _BEST else 2952
        facts = {**_FACTS, "quantization": quantization if form == "JPEG" else None}
        self.rows["looks"].append({"sha256": sha256, "look_version": 1, "facts": json.dumps(facts)})
        return sha256

    def write(self, connection: Connection) -> None:
        """Write the rows."""
        connection.exec_driver_sql("INSERT INTO users (user_id, name, first_seen) VALUES (1, 'anna', ?)", (_NOW,))
        for number in range(1, 21):
            connection.exec_driver_sql(
                "INSERT INTO folders (user_id, folder_id, name, kind, pages, first_seen) "
                "VALUES (1, ?, ?, 'images', 1, ?)",
                (number, f"folder {number}", _NOW),
            )
        for table, rows in self.rows.items():
            names = list(rows[0])
            statement = f"INSERT INTO {table} ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})"
            connection.exec_driver_sql(statement, [tuple(row[name] for name in names) for row in rows])


def make(directory: Path, groups: int, identical: int) -> None:
    """Make an archive with so many groups, of which some are pixel-identical."""
    Archive(directory, "blobs").close()
    (directory / "blobs").mkdir(exist_ok=True)
    seed = Seed(directory, 1)
    for number in range(groups):
        seed.group("pixel-identical" if number < identical else "copy", 1 + number % 2)
    workplace = Workplace(ArchiveDirectory(directory), directory / DATABASE_NAME)
    with workplace.transaction() as connection:
        seed.write(connection)
        regroup(Rows(connection), read_options({}), new_run=True)


def command(directory: Path, *words: str) -> list[str]:
    """Return the words of a command on the archive."""
    return [sys.executable, str(ROOT / "tools" / "process.py"), *words, "--dir", str(directory)]


def processor_seconds() -> float:
    """Return what all children that have ended have used."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def timed(directory: Path, *words: str) -> tuple[float, float]:
    """Run a command to its end; return its seconds of wall time and of processor time."""
    begin, used = time.perf_counter(), processor_seconds()
    done = subprocess.run(command(directory, *words), capture_output=True, text=True, check=False)
    seconds = time.perf_counter() - begin
    if done.returncode:
        raise RuntimeError(f"{' '.join(words)} ended with {done.returncode}: {done.stderr}")
    return seconds, processor_seconds() - used


def first_line(directory: Path, *words: str) -> tuple[float, float, int]:
    """Run a command; return the seconds until its first line and until its end, and how many lines it wrote."""
    begin = time.perf_counter()
    with subprocess.Popen(command(directory, *words), stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        first = time.perf_counter() - begin
        lines = 1 + sum(1 for _ in process.stdout)
    if process.returncode:
        raise RuntimeError(f"{' '.join(words)} ended with {process.returncode}")
    return first, time.perf_counter() - begin, lines


def content(directory: Path) -> tuple[list[str], dict[str, str]]:
    """Return the dump of the database without the journal, and the SHA-256 of every file that is the archive's."""
    connection = sqlite3.connect(directory / DATABASE_NAME)
    dump = [line for line in connection.iterdump() if not line.startswith('INSERT INTO "actions"')]
    connection.close()
    files = {
        str(path.relative_to(directory)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(directory.rglob("*"))
        if path.is_file() and not path.name.startswith(DATABASE_NAME) and "lock" not in path.name
    }
    return dump, files


def row(what: str, measured: str, promised: str, *, kept: bool | None) -> bool:
    """Print a line of the table; return whether the promise was kept."""
    print(f"{what:<52}{measured:>28}  {promised:<14}{'' if kept is None else 'yes' if kept else 'NO'}")
    return kept is not False


def measure(directory: Path, accepted: int, runs: int) -> bool:
    """Run the commands and print the table; return whether every promise was kept."""
    print(f"{os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}; least of {runs} runs (median)\n")
    kept = True
    for words in (["dups", "list"], ["dups", "list", "--json"], ["dups", "list", "--sort", "sure", "--limit", "20"]):
        found = sorted(first_line(directory, *words) for _ in range(runs))
        (first, _, lines), (median, _, _) = found[0], found[runs // 2]
        whole = min(end for _, end, _ in found)
        used = processor_seconds()
        first_line(directory, *words)
        used = processor_seconds() - used
        kept &= row(
            f"{' '.join(words)}: first line", f"{first:.2f} s ({median:.2f} s)", "< 0.5 s", kept=first < FIRST_LINE
        )
        row(f"  all {lines:,} lines", f"{whole:.2f} s (processor {used:.2f} s)", "", kept=None)
    before = content(directory)
    seconds, used = timed(directory, "dups", "accept", "--class", "pixel-identical", "--yes")
    kept &= row(
        f"accept of {accepted:,} groups", f"{seconds:.2f} s (processor {used:.2f} s)", "< 10 s", kept=seconds < ACCEPT
    )
    gone = len(list((directory / ".imagefap" / "trash").rglob("*.png")))
    kept &= row("  files in the trash", f"{gone:,}", f">= {accepted:,}", kept=gone >= accepted)
    seconds, used = timed(directory, "undo", "--yes")
    row("undo of the batch", f"{seconds:.2f} s (processor {used:.2f} s)", "", kept=None)
    after = content(directory)
    kept &= row(
        "  dump of the database byte for byte as before", f"{len(after[0]):,} lines", "", kept=after[0] == before[0]
    )
    kept &= row("  files byte for byte as before", f"{len(after[1]):,} files", "", kept=after[1] == before[1])
    return kept


def main() -> None:
    """Seed, measure, print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--groups", type=int, default=2000)
    parser.add_argument("--accept", type=int, default=500, help="how many of them are pixel-identical")
    parser.add_argument("--runs", type=int, default=7)
    arguments = parser.parse_args()
    for name in ("IMAGEFAP_OUTPUT", "IMAGEFAP_DATABASE_URL"):
        os.environ.pop(name, None)
    with tempfile.TemporaryDirectory() as place:
        directory = Path(place)
        make(directory, arguments.groups, arguments.accept)
        if not measure(directory, arguments.accept, arguments.runs):
            sys.exit(1)


if __name__ == "__main__":
    main()

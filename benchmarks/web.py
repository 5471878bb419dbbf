"""The pages at 2,000 groups and 100,000 pictures: how long the server takes for each, a decision, and its memory.

The archive is seeded directly, as for `dups_commands.py`: 2,000 groups of small files, and rows of further pictures
without files (no page measured here decodes any). The server is `process.py run`, a process of its own; what is
measured is from the request to the last byte of the answer, over a connection that stays open, as a browser's does.

    python benchmarks/web.py [--groups 2000] [--pictures 100000] [--runs 7]

Exit code 1: a limit was missed.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

sys.path.insert(0, str(Path(__file__).resolve().parent))

from dups_commands import ROOT, command, make, row

from imagefap_scraper.database.session import DATABASE_NAME
from imagefap_scraper.review.workplace import Workplace
from imagefap_scraper.storage.files import ArchiveDirectory

if TYPE_CHECKING:
    from collections.abc import Iterator

#: What is promised: seconds for the first paint of a page and for a decision, bytes of memory.
FIRST_PAINT, DECISION, MEMORY = 0.300, 0.050, 300_000_000
#: Decisions that are taken one after the other.
_DECISIONS = 50
#: Searches of different shapes, each another statement; asked over so many connections at once.
_SEARCHES, _THREADS = 1200, 8
_TERMS = (
    *("user:ben", "folder:shelf*", "type:jpg", "type:png,gif", "w:>1000", "h:<900", "size:>100KB", "dup:yes"),
    *("status:stored", "animated:no", "tagged:no", "pixels:>1MP", "added:2026", "picture", "id:1..2000", "gone:no"),
)
_STORED = "2026-01-01 00:00:00.000000"
#: Numbers of the further pictures begin behind those of the groups.
_FIRST_IMAGE = 1_000_000


def fill(directory: Path, pictures: int) -> None:
    """Add rows of pictures without files: a fifth of them in one folder, the others in 40."""
    chance = random.Random(2)
    workplace = Workplace(ArchiveDirectory(directory), directory / DATABASE_NAME)
    names = [f"{chance.getrandbits(256):064x}" for _ in range(pictures)]
    sizes = [(chance.randrange(50_000, 900_000), chance.randrange(400, 4000), 1000) for _ in names]
    numbers = range(_FIRST_IMAGE, _FIRST_IMAGE + pictures)
    with workplace.transaction() as connection:
        connection.exec_driver_sql("INSERT INTO users (user_id, name, first_seen) VALUES (2, 'ben', ?)", (_STORED,))
        connection.exec_driver_sql(
            "INSERT INTO folders (user_id, folder_id, name, kind, pages, first_seen) VALUES (2, ?, ?, 'images', 1, ?)",
            [(number, f"shelf {number}", _STORED) for number in range(41)],
        )
        connection.exec_driver_sql(
            "INSERT INTO blobs (sha256, extension, format, size, width, height, frames, animated, unchecked, stored_at)"
            " VALUES (?, 'jpg', 'JPEG', ?, ?, ?, 1, 0, '', ?)",
            [(name, *size, _STORED) for name, size in zip(names, sizes, strict=True)],
        )
        connection.exec_driver_sql(
            "INSERT INTO images (image_id, status, reason, attempts, sha256, name, stored_at) "
            "VALUES (?, 'stored', '', 1, ?, ?, ?)",
            [(number, name, f"picture {number}.jpg", _STORED) for number, name in zip(numbers, names, strict=True)],
        )
        connection.exec_driver_sql(
            "INSERT INTO favorites (user_id, folder_id, image_id, position, verdict, first_seen, shown_at) "
            "VALUES (2, ?, ?, ?, 'new', ?, ?)",
            [(0 if n % 5 == 0 else 1 + n % 40, n, n, _STORED, _STORED) for n in numbers],
        )


@contextmanager
def served(directory: Path) -> Iterator[tuple[Server, subprocess.Popen[str]]]:
    """Run the server over an archive."""
    words = command(directory, "run", "--port", "0")
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        assert process.stdout is not None
        address = process.stdout.readline().split()[0].removeprefix("http://").rstrip("/")
        try:
            yield Server(address), process
        finally:
            process.terminate()


class Server:
    """What a browser does, over one connection."""

    def __init__(self, address: str) -> None:
        self.address = address
        self._headers = {"Host": address, "Origin": f"http://{address}", "Content-Type": "application/json"}
        self._connection = http.client.HTTPConnection(address)

    def ask(self, method: str, path: str, body: Any = None) -> tuple[float, bytes]:
        """Return the seconds that an answer took, and the answer."""
        content = None if body is None else json.dumps(body)
        begin = time.perf_counter()
        self._connection.request(method, path, content, self._headers)
        answer = self._connection.getresponse()
        text = answer.read()
        seconds = time.perf_counter() - begin
        if answer.status >= 400:
            raise RuntimeError(f"{method} {path} was answered with {answer.status}: {text[:500]!r}")
        return seconds, text

    def json(self, path: str) -> Any:
        """Return the JSON at a path."""
        return json.loads(self.ask("GET", path)[1])


def paints(server: Server, runs: int) -> bool:
    """Measure the pages; the first answer of each is the coldest, and counts."""
    kept = True
    paths = {
        "start page, first of all": "/",
        "queue": "/duplicates",
        "queue, its next 50": "/api/groups?limit=50",
        "review, a group with all of it": "/duplicates/review",
        "folder of 20,000": "/folders/2/0",
        "its grid, 120 in the middle": "/api/images?q=user:%232+folder:%230&offset=10000&limit=120",
        "all pictures": "/images",
        "a search": "/images?q=w:%3E2000+folder:shelf*",
        "users": "/users",
        "tags": "/tags",
        "history": "/history",
        "status, asked every few seconds": "/api/status",
    }
    for name, path in paths.items():
        found = [server.ask("GET", path)[0] for _ in range(runs)]
        text = f"{1000 * found[0]:.0f} ms ({1000 * statistics.median(found):.0f} ms)"
        kept &= row(
            name, text, f"< {1000 * FIRST_PAINT:.0f} ms", kept=max(found[0], statistics.median(found)) < FIRST_PAINT
        )
    return kept


def decisions(server: Server) -> bool:
    """Follow the suggestions of groups one by one, and measure each."""
    waiting = server.json(f"/api/groups?limit={_DECISIONS}")["groups"]
    found = []
    for group in waiting:
        asked = [member["sha256"] for member in group["members"] if member["asked"]]
        verdicts = {sha256: "keep" if sha256 == group["suggestion"] else "skip" for sha256 in asked}
        body = {"rev": group["rev"], "verdicts": verdicts, "variants": []}
        found.append(server.ask("POST", f"/api/groups/{group['id']}/decide", body)[0])
    middle, worst = statistics.median(found), statistics.quantiles(found, n=20)[-1]
    text = f"{1000 * middle:.0f} ms (95%: {1000 * worst:.0f} ms)"
    return row(f"a decision, of {len(found)}", text, f"< {1000 * DECISION:.0f} ms", kept=middle < DECISION)


def searches(address: str) -> bool:
    """Ask many different things at once, as often as there are threads that answer, and measure each."""
    chance = random.Random(4)
    local = threading.local()

    def query() -> str:
        words = (f"{'-' * (chance.random() < 0.3)}{chance.choice(_TERMS)}" for _ in range(chance.randint(1, 6)))
        return " ".join(f"{word}{' or' * (chance.random() < 0.3)}" for word in words) + f" {chance.choice(_TERMS)}"

    def ask(number: int) -> float:
        if not hasattr(local, "server"):
            local.server = Server(address)
        page = ("/images", "/duplicates")[number % 2]
        seconds: float = local.server.ask("GET", f"{page}?{urlencode({'q': queries[number]})}")[0]
        return seconds

    queries = [query() for _ in range(_SEARCHES)]
    with ThreadPoolExecutor(_THREADS) as threads:
        found = list(threads.map(ask, range(_SEARCHES)))
    text = f"{1000 * statistics.median(found):.0f} ms (longest {1000 * max(found):.0f} ms)"
    return row(f"{_SEARCHES} different searches, {_THREADS} at once", text, "-", kept=True)


def memory(process: subprocess.Popen[str]) -> bool:
    """Read the most memory that the server has held."""
    status = Path(f"/proc/{process.pid}/status").read_text()
    most = 1024 * int(status.partition("VmHWM:")[2].split()[0])
    return row("memory of the server at the most", f"{most / 1e6:.0f} MB", "< 300 MB", kept=most < MEMORY)


def main() -> None:
    """Seed, measure, print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--groups", type=int, default=2000)
    parser.add_argument("--pictures", type=int, default=100_000)
    parser.add_argument("--runs", type=int, default=7)
    arguments = parser.parse_args()
    for name in ("IMAGEFAP_OUTPUT", "IMAGEFAP_DATABASE_URL"):
        os.environ.pop(name, None)
    with tempfile.TemporaryDirectory() as place:
        directory = Path(place)
        make(directory, arguments.groups, arguments.groups // 4)
        fill(directory, arguments.pictures)
        print(
            f"{os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}; first answer (median of {arguments.runs})\n"
        )
        with served(directory) as (server, process):
            kept = paints(server, arguments.runs)
            kept &= decisions(server)
            kept &= searches(server.address)
            kept &= memory(process)
    if not kept:
        sys.exit(1)


if __name__ == "__main__":
    main()

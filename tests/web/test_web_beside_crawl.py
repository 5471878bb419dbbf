"""A crawl and a person at work in one archive: both end well, and nothing of either is lost."""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, Any

import web_bench
from crawl_support import available, image_folders, start_crawl, user_of

from tools.demo.client import DemoSite

if TYPE_CHECKING:
    from web_bench import Bench

USER = "MeadowFan"
_PROCESS = Path(__file__).resolve().parents[2] / "tools" / "process.py"


class Person:
    """Looks at pages of a server and decides, by the API that the pages use."""

    def __init__(self, home: str) -> None:
        self.home = home.rstrip("/")

    def ask(self, path: str, body: object = None) -> Any:
        headers = {"Origin": self.home, "Content-Type": "application/json"}
        content = None if body is None else json.dumps(body).encode()
        with urllib.request.urlopen(urllib.request.Request(self.home + path, content, headers)) as answer:
            return json.loads(answer.read()) if path.startswith("/api/") else answer.read()

    def decide(self) -> int | None:
        """Decide the first group of the queue by hand; None once nothing is left."""
        found = self.ask("/api/groups?limit=1&state=new")["groups"]
        if not found:
            return None
        group = self.ask(f"/api/groups/{found[0]['id']}")
        hashes = [member["sha256"] for member in group["members"]]
        verdicts = {**dict.fromkeys(hashes, "skip"), hashes[0]: "keep"}
        return int(self.ask(f"/api/groups/{group['id']}/decide", {"rev": group["rev"], "verdicts": verdicts})["batch"])


def archive(root: Path) -> Bench:
    made = web_bench.bench(root)
    # Far from the numbers of the demo site.
    made.next_id = 900_000_001
    for seed in range(8):
        made.add(*web_bench.family(seed)[:2], folder=900_000, user=900_000)
    made.find()
    return made


def test_a_crawl_and_decisions_do_not_disturb_each_other(tmp_path: Path) -> None:
    bench = archive(tmp_path / "out")
    batches, looked, crawling = [], 0, 0
    with DemoSite.start() as site, web_bench.serving(bench.root) as home:
        person = Person(home)
        truth = site.truth()
        with start_crawl(site, bench.root, "favorites", "mode=read", f"user={USER}") as crawl:
            while crawl.poll() is None:
                crawling += bool(person.ask("/api/status")["crawl"])
                if looked % 4 == 0 and (batch := person.decide()) is not None:
                    batches.append(batch)
                for path in ("/", "/images", "/duplicates"):
                    person.ask(path)
                looked += 1
            said = crawl.stderr.read() if crawl.stderr is not None else ""
            # One photo page of the demo site has no address.
            assert crawl.returncode == 3, said
        assert crawling
        assert len(set(batches)) == len(batches) > 2
        owner = user_of(truth, USER)
        wanted = available(truth, [i for folder in image_folders(owner) for i in folder["favorites"]])
        # What the crawl found to look alike was decided as well: then it is in the trash, and known.
        query = "SELECT image_id, coalesce(sha256, skipped_sha256) FROM images WHERE image_id < 900000000 AND status IN"
        assert dict(bench.ask(f"{query} ('stored', 'skipped')")) == wanted
    assert bench.whole() == []
    command = [sys.executable, str(_PROCESS), "verify", "--read-data", "--dir", str(bench.root)]
    assert subprocess.run(command, capture_output=True, check=False).returncode == 0

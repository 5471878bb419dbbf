"""A server killed in the midst of a batch: nothing is lost, and the next one says where it stopped."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path
from urllib.request import Request, urlopen

import pytest
import web_bench
from jobs_bench import archive_alone, ended
from seeded_groups import seeded

from imagefap_scraper.database import groups as stored
from imagefap_scraper.review import deciding

_SCRIPT = Path(__file__).with_name("crashing_server.py")
_GROUPS = 60


def _kill(root: Path, point: str, nth: int) -> None:
    """Start a batch on a server that ends by SIGKILL at a point."""
    command = [sys.executable, str(_SCRIPT), str(root), point, str(nth)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={"PATH": "/usr/bin:/bin"}) as server:
        try:
            assert server.stdout is not None
            home = server.stdout.readline().strip().rstrip("/")
            body = json.dumps({"class": "pixel-identical"}).encode()
            headers = {"Origin": home, "Content-Type": "application/json"}
            with urlopen(Request(f"{home}/api/batch", body, headers), timeout=20) as answer:
                assert json.load(answer)["job"] == 1
            assert server.wait(timeout=60) == -signal.SIGKILL
        finally:
            server.kill()


@pytest.mark.parametrize(
    ("point", "nth", "decided"),
    [
        # Between two portions; in the rows of one, which are then not there; with rows that no file has followed yet.
        ("moves_dropped", 1, 25),
        ("action_written", 30, 25),
        ("committed", 2, 50),
        ("moved", 30, 50),
    ],
)
def test_a_killed_batch_is_told_of_and_can_be_taken_back(tmp_path: Path, point: str, nth: int, decided: int) -> None:
    bench = seeded(tmp_path, *["pixel-identical"] * _GROUPS)
    before = bench.dump()
    _kill(tmp_path, point, nth)
    with web_bench.client(bench) as asking:
        # The files have followed their rows as soon as the server is there.
        assert bench.whole() == []
        assert bench.ask("SELECT count(*) FROM actions") == [(decided,)]
        job = asking.get("/api/jobs/1").json()
        assert (job["state"], job["done"], job["total"]) == ("stopped", decided, _GROUPS)
        told = f"The server ended while this ran. {_GROUPS} groups asked for, {decided} decided"
        for page in ("/jobs/1", "/duplicates"):
            assert told in asking.get(page).text
        assert asking.post(f"/undo/{job['batch']}", data={"back": "/jobs/1"}).status_code == 303
        assert archive_alone(bench.dump()) == before
        assert "This is undone" in asking.get("/jobs/1").text
        assert "Look at the rest" in asking.get("/jobs/1").text
        assert asking.post("/jobs/1/resume").headers["location"] == "/duplicates/batch?class=pixel-identical"
        rest = ended(asking, asking.post("/duplicates/batch", data={"class": "pixel-identical"}).headers["location"])
        assert (rest["state"], rest["done"]) == ("done", _GROUPS)
    assert bench.whole() == []


@pytest.mark.parametrize(("point", "nth"), [("action_written", 5), ("moves_dropped", 1)])
def test_what_another_command_did_since_is_not_the_jobs(tmp_path: Path, point: str, nth: int) -> None:
    bench = seeded(tmp_path, *["pixel-identical"] * 30, "copy")
    _kill(tmp_path, point, nth)
    (mine,) = bench.ask("SELECT count(*) FROM actions")[0]
    assert mine == (0 if point == "action_written" else 25)
    with bench.workplace.reading() as connection:
        theirs = stored.groups(connection, stored.group_ids(connection, kinds=["copy"]))
    report = deciding.decide(bench.workplace, [deciding.follow(one) for one in theirs], bench.options, kind="accept")
    with web_bench.client(bench) as asking:
        job = asking.get("/api/jobs/1").json()
        assert job["done"] == mine
        assert job["batch"] != report.batch
        assert (job["batch"] is None) == (mine == 0)


def test_a_number_that_was_noted_and_never_committed_may_be_anothers(tmp_path: Path) -> None:
    bench = seeded(tmp_path, *["pixel-identical"] * 30)
    _kill(tmp_path, "noted", 1)
    record = json.loads((tmp_path / ".imagefap/job.json").read_text())
    with bench.workplace.reading() as connection:
        theirs = stored.groups(connection, stored.group_ids(connection))[:2]
    choices = [deciding.follow(one) for one in theirs]
    assert deciding.decide(bench.workplace, choices, bench.options, kind="accept").batch == record["batch"] == 1
    with web_bench.client(bench) as asking:
        job = asking.get("/api/jobs/1").json()
        assert (job["done"], job["batch"]) == (0, None)
        assert "Nothing was changed" in job["message"]

"""Jobs: one at a time, stopped between two portions, taken back as a whole, and known to the next server."""

from __future__ import annotations

import json
import time
from threading import Timer
from typing import TYPE_CHECKING, Any

import pytest
import web_bench
from jobs_bench import archive_alone, ended, held_up
from seeded_groups import seeded

from imagefap_scraper.exceptions import DatabaseError, LockedError
from imagefap_scraper.review import deciding, throwing_out
from imagefap_scraper.web.work import job_record, jobs

if TYPE_CHECKING:
    from pathlib import Path

    from starlette.testclient import TestClient

    from imagefap_scraper.storage.files import ArchiveDirectory

_SIXTY = ("pixel-identical",) * 60
_IDENTICAL = {"class": "pixel-identical"}


def _start(asking: TestClient, **form: str) -> str:
    answer = asking.post("/duplicates/batch", data={**_IDENTICAL, **form})
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"])


def test_a_batch_is_done_and_taken_back_byte_for_byte(tmp_path: Path) -> None:
    bench = seeded(tmp_path, *_SIXTY)
    before = bench.dump()
    with web_bench.client(bench) as asking:
        job = ended(asking, _start(asking))
        assert (job["state"], job["done"], job["total"]) == ("done", 60, 60)
        assert len(list((tmp_path / ".imagefap/trash").rglob("*.png"))) == 60
        page = asking.get(job["address"]).text
        assert "60 groups decided" in page
        assert f'action="/undo/{job["batch"]}"' in page
        taken_back = asking.post(f"/undo/{job['batch']}", data={"back": job["address"]})
        assert taken_back.headers["location"].startswith(job["address"])
        assert "This is undone" in asking.get(job["address"]).text
    assert bench.whole() == []
    assert archive_alone(bench.dump()) == before


def test_one_that_is_stopped_ends_between_two_portions_and_the_rest_can_follow(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = seeded(tmp_path, *_SIXTY)
    with web_bench.client(bench) as asking, held_up(monkeypatch, 30) as (waits, go_on):
        address = _start(asking)
        assert waits.wait(20)
        assert asking.get(f"/api{address}").json()["done"] == 25
        assert 'value="25"' in asking.get(address).text
        assert asking.post(f"{address}/stop").headers["location"] == address
        assert asking.get(f"/api{address}").json()["state"] == "stopping"
        go_on.set()
        job = ended(asking, address)
        assert (job["state"], job["done"]) == ("stopped", 50)
        assert "60 groups asked for, 50 decided" in asking.get(address).text
        assert "60 groups asked for, 50 decided" in asking.get("/duplicates").text
        assert bench.whole() == []
        # Those that are left may be others by then: they are looked at first.
        assert asking.post(f"{address}/resume").headers["location"] == "/duplicates/batch?class=pixel-identical"
        rest = ended(asking, _start(asking))
        assert (rest["state"], rest["done"], rest["total"]) == ("done", 10, 10)
    assert bench.whole() == []


def test_who_is_told_of_the_end_finds_it_on_record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bench = seeded(tmp_path, "pixel-identical")
    write = job_record.write

    def slow(directory: ArchiveDirectory, job: job_record.Job) -> None:
        if job.ended is not None:
            time.sleep(0.3)
        write(directory, job)

    monkeypatch.setattr(job_record, "write", slow)
    with web_bench.client(bench) as asking:
        ended(asking, _start(asking))
        # The next job's record would be written over by one that comes too late.
        left = job_record.read(bench.workplace.directory)
        assert left is not None
        assert left.state == "done"


def test_there_is_one_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bench = seeded(tmp_path, *_SIXTY, "copy")
    with web_bench.client(bench) as asking, held_up(monkeypatch, 2) as (waits, go_on):
        address = _start(asking)
        assert waits.wait(20)
        assert asking.post("/duplicates/batch", data={"class": "copy"}).status_code == 409
        assert asking.post("/api/batch", json={"class": "copy"}).json()["error"].startswith("“Follow")
        go_on.set()
        ended(asking, address)
        assert asking.post("/api/batch", json={"class": "copy"}).status_code == 200


def test_what_changes_while_a_batch_runs_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bench = seeded(tmp_path, *_SIXTY)
    original = throwing_out.check_keeper
    gone: list[str] = []

    def lose_one(connection: Any, directory: Any, keeper: Any) -> None:
        if not gone:
            gone.append(keeper.sha256)
            (tmp_path / f"blobs/{keeper.sha256}.jpeg").unlink()
        original(connection, directory, keeper)

    monkeypatch.setattr(deciding, "check_keeper", lose_one)
    with web_bench.client(bench) as asking:
        job = ended(asking, _start(asking))
        assert (job["state"], job["done"], len(job["refused"])) == ("done", 59, 1)
        page = asking.get(job["address"]).text
        assert "1 group left alone" in page
        assert gone[0][:10] in page


def test_the_end_of_the_server_stops_a_job_between_two_portions(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = seeded(tmp_path, *_SIXTY)
    with held_up(monkeypatch, 30) as (waits, go_on), web_bench.client(bench) as asking:
        address = _start(asking)
        assert waits.wait(20)
        Timer(0.3, go_on.set).start()
    assert bench.ask("SELECT count(*) FROM actions") == [(50,)]
    with web_bench.client(bench) as asking:
        page = asking.get(address).text
        assert "The server was ended while this ran. 60 groups asked for, 50 decided" in page
        assert "50 decided" in asking.get("/duplicates").text
    assert bench.whole() == []


def test_a_lock_that_is_not_free_ends_a_job_with_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bench = seeded(tmp_path, "pixel-identical")

    def locked(*_: Any, **__: Any) -> None:
        raise LockedError("the write lock was held by another process")

    monkeypatch.setattr(deciding, "decide", locked)
    with web_bench.client(bench) as asking:
        job = ended(asking, _start(asking))
        assert job["state"] == "failed"
        assert "held by another process. Nothing was changed." in job["message"]
        assert "Look at the rest" in asking.get(job["address"]).text


def test_a_fault_ends_a_job_with_words_and_is_on_the_terminal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    bench = seeded(tmp_path, "pixel-identical")
    monkeypatch.setattr(deciding, "decide", lambda *_, **__: 1 / 0)
    with web_bench.client(bench) as asking:
        job = ended(asking, _start(asking))
        assert job["state"] == "failed"
        assert "mistake in the program" in job["message"]
    assert "ZeroDivisionError" in caplog.text


_RECORD: dict[str, Any] = {
    "id": 1,
    "title": "Work",
    "spec": {"kind": "accept", "class": "copy"},
    "total": 5,
    "batch": None,
    "noted": None,
    "started": "2026-01-01T00:00:00+00:00",
    "state": "stopped",
    "message": "",
    "refused": [],
    "ended": None,
}
_NO_RECORDS = [
    *["", "[]", "{", '{"id": 1}', "null", '{"id": "x", "title": 1}', "[" * 200_000, '{"id": 1e999}'],
    *(
        json.dumps({**_RECORD, **odd})
        for odd in (
            {"started": "0001-01-01T00:00:00+14:00"},
            {"ended": "9999-12-31T23:59:59-14:00"},
            {"batch": 10**30, "noted": "2026-01-01T00:00:00+00:00"},
            {"id": -(10**30)},
            {"total": 10**30},
            {"refused": [[10**30, "x"]]},
        )
    ),
]


@pytest.mark.parametrize("content", _NO_RECORDS)
def test_a_record_that_cannot_be_read_is_none(tmp_path: Path, content: str) -> None:
    bench = seeded(tmp_path, "pixel-identical")
    (tmp_path / ".imagefap/job.json").write_text(content)
    with web_bench.client(bench) as asking:
        assert asking.get("/duplicates").status_code == 200
        assert ended(asking, _start(asking))["id"] == 1


@pytest.mark.parametrize(
    "spec",
    [
        *[{}, {"kind": "x"}, {"kind": "undo"}, {"kind": "undo", "batch": "x"}, {"kind": "undo", "batch": 10**30}],
        *[{"kind": "search"}, {"kind": "search", "distance": "x"}, {"kind": "search", "distance": 65}],
        *[{"kind": "empty"}, {"kind": "empty", "before": "x"}, {"kind": "accept"}, {"kind": "accept", "class": "x"}],
    ],
)
def test_work_that_cannot_be_read_is_refused(tmp_path: Path, spec: dict[str, Any]) -> None:
    bench = seeded(tmp_path, "copy")
    (tmp_path / ".imagefap/job.json").write_text(json.dumps({**_RECORD, "spec": spec}))
    with web_bench.client(bench) as asking:
        assert asking.get("/jobs/1").status_code == 200
        assert asking.post("/jobs/1/resume").status_code == 400


def test_a_change_makes_no_database_in_place_of_one_that_is_gone(tmp_path: Path) -> None:
    bench = seeded(tmp_path, "copy")
    database = tmp_path / "imagefap.database"
    with web_bench.client(bench) as asking:
        assert asking.post("/tags/add", data={"path": "a"}).status_code == 303
        moved = database.rename(tmp_path / "aside")
        assert asking.post("/tags/add", data={"path": "b"}).status_code == 503
        with pytest.raises(DatabaseError, match="there is no database"), bench.workplace.transaction():
            pass
        assert not database.exists()
        moved.rename(database)
        assert asking.post("/tags/add", data={"path": "b"}).status_code == 303


def test_two_servers_on_one_archive_know_of_each_others_job(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bench = seeded(tmp_path, *_SIXTY, "copy")
    with web_bench.client(bench) as asking, held_up(monkeypatch, 30) as (waits, go_on):
        address = _start(asking)
        assert waits.wait(20)
        record = (tmp_path / ".imagefap/job.json").read_text()
        with web_bench.client(bench) as other:
            # Neither is it declared dead, nor is its record written over.
            job = other.get(f"/api{address}").json()
            assert (job["state"], job["done"]) == ("running", 25)
            assert other.get("/api/status").json()["job"]["id"] == 1
            refused = other.post("/api/batch", json={"class": "copy"})
            assert refused.status_code == 409
            assert other.post(f"{address}/stop").status_code == 409
            assert json.loads((tmp_path / ".imagefap/job.json").read_text()) == json.loads(record)
            go_on.set()
            assert ended(asking, address)["done"] == 60
            job = ended(other, address)
            assert (job["state"], job["done"]) == ("done", 60)
            # Of one that was started since, the second knows once it wants to start one.
            assert ended(other, f"/jobs/{other.post('/api/batch', json={'class': 'copy'}).json()['job']}")["id"] == 2
            third = asking.post(f"/undo/{job['batch']}").headers["location"]
            assert third == "/jobs/3" or "done=" in third


def test_numbers_go_on_after_the_server_has_ended(tmp_path: Path) -> None:
    bench = seeded(tmp_path, "pixel-identical", "copy")
    with web_bench.client(bench) as asking:
        ended(asking, _start(asking))
    record = json.loads((tmp_path / ".imagefap/job.json").read_text())
    assert (record["id"], record["state"], "done" in record) == (1, "done", False)
    with web_bench.client(bench) as asking:
        assert asking.get("/jobs/1").status_code == 200
        started = asking.post("/api/batch", json={"class": "copy"}).json()
        assert started["job"] == 2
        assert ended(asking, "/jobs/2")["done"] == 1
        assert asking.get("/jobs/3").status_code == 404


def test_a_long_undoing_is_a_job_and_can_be_stopped_before_anything_is_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = seeded(tmp_path, *["pixel-identical"] * 101)
    with web_bench.client(bench) as asking:
        batch = ended(asking, _start(asking))["batch"]
        after = archive_alone(bench.dump())
        told = jobs.Reach.__call__

        def stopping(reach: jobs.Reach, done: int) -> None:
            asking.post("/jobs/2/stop")
            told(reach, done)

        with monkeypatch.context() as patch:
            patch.setattr(jobs.Reach, "__call__", stopping)
            answer = asking.post(f"/undo/{batch}", data={"back": "/history"})
            assert answer.headers["location"] == "/jobs/2"
            job = ended(asking, "/jobs/2")
        assert (job["state"], job["message"]) == ("stopped", "Nothing was changed.")
        assert archive_alone(bench.dump()) == after
        started = asking.post(f"/api/undo/{batch}").json()
        assert (started["batch"], started["job"]) == (None, 3)
        assert ended(asking, "/jobs/3")["done"] == 101
    assert bench.whole() == []

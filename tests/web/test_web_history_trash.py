"""History and trash: everything can be taken back, but for what is deleted, which is asked for twice."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import web_bench
from jobs_bench import archive_alone, ended
from seeded_groups import HOSTILE, seeded

from imagefap_scraper.exceptions import StorageError
from imagefap_scraper.review import trashing
from imagefap_scraper.review.workplace import Workplace
from imagefap_scraper.storage import trash as stored_trash
from imagefap_scraper.web.routes import history, trash

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager
    from pathlib import Path

    from sqlalchemy import Connection
    from starlette.testclient import TestClient
    from web_bench import Bench


def _accepted(asking: TestClient, section: str = "pixel-identical") -> int:
    job = asking.post("/api/batch", json={"class": section}).json()["job"]
    return int(ended(asking, f"/jobs/{job}")["batch"])


def _thrown_out(bench: Bench) -> list[str]:
    return [sha256 for (sha256,) in bench.ask("SELECT sha256 FROM blobs WHERE state = 'trashed' ORDER BY sha256")]


def _question(asking: TestClient) -> dict[str, str]:
    """What the form of the question sends, without the tick."""
    page = asking.get("/trash/empty").text
    return {name: page.split(f'name="{name}" value="')[1].split('"')[0] for name in ("before", "count")}


def test_the_history_undoes_and_does_again(tmp_path: Path) -> None:
    bench = seeded(tmp_path, *["pixel-identical"] * 3, name=HOSTILE)
    before = bench.dump()
    with web_bench.client(bench) as asking:
        assert "Nothing was decided yet" in asking.get("/history").text
        batch = _accepted(asking)
        after = archive_alone(bench.dump())
        page = asking.get("/history").text
        assert "suggestions followed" in page
        assert page.count("<summary>3 actions") == 1
        undone = asking.post(f"/undo/{batch}", data={"back": "/history"}).headers["location"]
        assert archive_alone(bench.dump()) == before
        page = asking.get(undone).text
        assert f'undone by <a href="/history?before={batch + 4}#b-{batch + 3}">' in page
        assert ">Redo<" in page
        asking.post(f"/undo/{batch + 3}", data={"back": "/history"})
        assert archive_alone(bench.dump()) == after
        assert "<script>alert" not in asking.get("/history").text


def test_the_history_goes_back_page_by_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "_PAGE", 2)
    bench = seeded(tmp_path, "pixel-identical", "copy")
    with web_bench.client(bench) as asking:
        first = _accepted(asking)
        _accepted(asking, "copy")
        asking.post(f"/undo/{first}")
        page = asking.get("/history").text
        assert f'id="b-{first}"' not in page
        older = page.split('rel="next" href="')[1].split('"')[0]
        assert f'id="b-{first}"' in asking.get(older).text


def test_pictures_come_back_one_several_or_all(tmp_path: Path) -> None:
    bench = seeded(tmp_path, *["pixel-identical"] * 4, name=HOSTILE)
    with web_bench.client(bench) as asking:
        assert "The trash is empty" in asking.get("/trash").text
        _accepted(asking)
        gone = _thrown_out(bench)
        page = asking.get("/trash").text
        assert "4 pictures" in page
        assert "<script>alert" not in page
        assert asking.post("/trash/restore").status_code == 400
        answer = asking.post("/trash/restore", data={"picture": gone[:2], "back": "/trash?page=1"})
        assert answer.headers["location"].startswith("/trash?page=1&done=")
        assert _thrown_out(bench) == gone[2:]
        assert asking.post("/trash/restore", data={"picture": gone[:1]}).status_code == 409
        job = ended(asking, asking.post("/trash/restore", data={"all": "1"}).headers["location"])
        assert job["message"].startswith("2 pictures brought back")
    assert _thrown_out(bench) == []
    assert bench.whole() == []


def test_deleting_for_good_is_asked_for_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bench = seeded(tmp_path, *["pixel-identical"] * 3)
    monkeypatch.setattr(trash, "MANY_FILES", 2)
    with web_bench.client(bench) as asking:
        batch = _accepted(asking)
        form = _question(asking)
        assert asking.post("/trash/empty", data=form).status_code == 400
        assert asking.post("/trash/empty", data={**form, "sure": "1"}).status_code == 400
        said = {**form, "sure": "1", "word": "delete"}
        assert asking.post("/trash/empty", data={**said, "count": "2"}).status_code == 409
        assert asking.post("/trash/empty", data={**said, "before": "x"}).status_code == 400
        assert len(_thrown_out(bench)) == 3
        job = ended(asking, asking.post("/trash/empty", data=said).headers["location"])
        assert job["message"].startswith("3 pictures deleted for good")
        assert "/undo/" not in asking.get(job["address"]).text
        assert "Nothing in the trash is left" in asking.get("/trash/empty").text
        refused = asking.post(f"/undo/{batch}")
        assert refused.status_code == 400
        assert "emptied" in refused.text
    assert bench.whole() == []
    assert not list((tmp_path / ".imagefap/trash").rglob("*.png"))


def test_only_what_is_old_enough_goes(tmp_path: Path) -> None:
    bench = seeded(tmp_path, *["pixel-identical"] * 2)
    with web_bench.client(bench) as asking:
        _accepted(asking)
        with bench.workplace.transaction() as connection:
            old = "UPDATE blobs SET trashed_at = '2020-01-01 00:00:00.000000' WHERE sha256 = ?"
            connection.exec_driver_sql(old, (_thrown_out(bench)[0],))
        assert "older than 30 days: 1 picture" in asking.get("/trash").text
        assert "1 picture that went to the trash more than 30 days ago" in asking.get("/trash/empty?days=30").text


@pytest.mark.parametrize("path", ["/trash?page=0", "/trash?page=x", "/trash/empty?days=-1", "/history?before=x"])
def test_what_cannot_be_is_refused(tmp_path: Path, path: str) -> None:
    with web_bench.client(seeded(tmp_path)) as asking:
        assert asking.get(path).status_code == 422


def test_what_a_killed_emptying_left_is_seen_and_goes_with_the_next(tmp_path: Path) -> None:
    bench = seeded(tmp_path, "pixel-identical")
    left = tmp_path / ".imagefap/trash/blobs/00.png"
    with web_bench.client(bench) as asking:
        _accepted(asking)
        form = {**_question(asking), "sure": "1"}
        ended(asking, asking.post("/trash/empty", data=form).headers["location"])
        assert "The trash is empty" in asking.get("/trash").text
        left.parent.mkdir(parents=True, exist_ok=True)
        left.write_bytes(b"rows first, then this")
        page = asking.get("/trash").text
        assert "files of an emptying that ended too early" in page
        form = {"before": page.split('name="before" value="')[1].split('"')[0], "count": "0", "sure": "1"}
        job = ended(asking, asking.post("/trash/empty", data=form).headers["location"])
        assert job["state"] == "done"
        assert not left.exists()
        assert "The trash is empty" in asking.get("/trash").text


def test_a_file_that_the_disk_keeps_is_not_called_deleted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bench = seeded(tmp_path, *["pixel-identical"] * 3)
    with web_bench.client(bench) as asking:
        _accepted(asking)
        with monkeypatch.context() as patched:
            patched.setattr(stored_trash, "remove", _refuse)
            job = ended(
                asking, asking.post("/trash/empty", data={**_question(asking), "sure": "1"}).headers["location"]
            )
        assert job["state"] == "failed"
        assert "deleted for good" not in job["message"]
        assert "3 files still lie in .imagefap/trash" in job["message"]
    with web_bench.client(bench):
        assert bench.whole() == []
        assert bench.ask("SELECT count(*) FROM moves") == [(0,)]


def _refuse(*_: object) -> None:
    raise StorageError("the disk is read-only")


def test_what_somebody_else_brought_back_meanwhile_is_not_deleted(tmp_path: Path) -> None:
    bench = seeded(tmp_path, *["pixel-identical"] * 30)
    with web_bench.client(bench) as asking:
        _accepted(asking)
    with bench.workplace.reading() as connection:
        wanted = [one.sha256 for one in trashing.in_trash(connection)]

    def bring_back(reached: int) -> None:
        if reached == 25:
            assert len(trashing.restore(bench.workplace, [wanted[-1]], bench.options).done) == 1

    report = trashing.empty(bench.workplace, None, on_progress=bring_back)
    assert (len(report.done), len(report.refused)) == (29, 1)
    assert bench.ask("SELECT state FROM blobs WHERE sha256 = ?", wanted[-1]) == [("live",)]
    assert bench.whole() == []


def test_bringing_all_back_lets_others_write_in_between(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bench = seeded(tmp_path, *["pixel-identical"] * 60)
    with web_bench.client(bench) as asking:
        _accepted(asking)
        after = archive_alone(bench.dump())
        gone = _thrown_out(bench)
        # One cannot come back: its file was taken away by hand.
        (path,) = bench.ask("SELECT path FROM files WHERE sha256 = ?", gone[40])[0]
        aside = (tmp_path / path).rename(tmp_path / "aside")
        with monkeypatch.context() as patched:
            transactions = _counted(patched)
            job = ended(asking, asking.post("/trash/restore", data={"all": "1"}).headers["location"])
        assert job["message"].startswith("60 pictures asked for, 59 brought back")
        assert "1 picture left alone" in asking.get(job["address"]).text
        # Three portions, and their files.
        assert transactions() >= 6
        assert bench.ask("SELECT count(DISTINCT batch) FROM actions WHERE kind = 'restore'") == [(1,)]
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        aside.rename(tmp_path / path)
        asking.post(f"/undo/{job['batch']}")
        assert archive_alone(bench.dump()) == after


def _counted(monkeypatch: pytest.MonkeyPatch) -> Callable[[], int]:
    """Count write transactions from here on."""
    calls: list[None] = []
    original = Workplace.transaction

    def transaction(self: Workplace) -> AbstractContextManager[Connection]:
        calls.append(None)
        return original(self)

    monkeypatch.setattr(Workplace, "transaction", transaction)
    return lambda: len(calls)

"""History and trash: everything can be taken back, but for what is deleted, which is asked for twice."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import web_bench
from jobs_bench import archive_alone, ended
from seeded_groups import HOSTILE, seeded

from imagefap_scraper.web.routes import history, trash

if TYPE_CHECKING:
    from pathlib import Path

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

"""The batch sheet: what would be done, and what has to be said before it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import web_bench
from jobs_bench import archive_alone, ended
from seeded_groups import seeded

from imagefap_scraper.review import deciding
from imagefap_scraper.web.duplicates import batch_plan

if TYPE_CHECKING:
    from pathlib import Path

_CLASS = {"class": "pixel-identical"}


def test_looking_changes_nothing_and_tells_what_would_be(tmp_path: Path) -> None:
    bench = seeded(tmp_path, *["pixel-identical"] * 3, copies=2)
    with bench.workplace.transaction() as connection:
        connection.exec_driver_sql("INSERT INTO tags (tag_id, name, key) VALUES (1, 'red', 'red')")
        copy = connection.exec_driver_sql("SELECT sha256 FROM blobs WHERE format = 'PNG' LIMIT 1").scalar_one()
        connection.exec_driver_sql("INSERT INTO blob_tags (sha256, tag_id) VALUES (?, 1)", (copy,))
    before = bench.dump()
    with web_bench.client(bench) as asking:
        plan = asking.post("/api/batch", json={**_CLASS, "dry_run": True}).json()
        assert (plan["groups"], plan["pictures"], plan["files"]) == (3, 6, 6)
        assert (plan["tags"], plan["places"]) == (1, 6)
        page = asking.get("/duplicates/batch", params=_CLASS).text
        assert "6 pictures, 6 files" in page
        assert page.count('class="sample"') == 6
    assert archive_alone(bench.dump()) == before


def test_groups_that_were_not_seen_are_not_decided(tmp_path: Path) -> None:
    bench = seeded(tmp_path, *["pixel-identical"] * 2)
    with web_bench.client(bench) as asking:
        seen = asking.post("/api/batch", json={**_CLASS, "dry_run": True}).json()["seen"]
        with bench.workplace.transaction() as connection:
            connection.exec_driver_sql("UPDATE duplicate_groups SET rev = 'other' WHERE group_id = 1")
        assert asking.post("/duplicates/batch", data={**_CLASS, "seen": seen}).status_code == 409
        assert asking.post("/api/batch", json={**_CLASS, "seen": seen}).status_code == 409
    assert bench.ask("SELECT count(*) FROM actions") == [(0,)]


def test_many_files_want_a_word(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch_plan, "MANY_FILES", 2)
    bench = seeded(tmp_path, *["pixel-identical"] * 3)
    with web_bench.client(bench) as asking:
        assert "<b>APPLY</b>" in asking.get("/duplicates/batch", params=_CLASS).text
        assert asking.post("/duplicates/batch", data=_CLASS).status_code == 400
        assert asking.post("/duplicates/batch", data={**_CLASS, "word": "yes"}).status_code == 400
        started = asking.post("/duplicates/batch", data={**_CLASS, "word": "apply "})
        assert ended(asking, started.headers["location"])["done"] == 3


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 400),
        ({"class": "pixel-identical", "rule": "pixel-identical"}, 400),
        ({"class": "eyes"}, 400),
        ({"class": "../x"}, 400),
        ({"rule": "none"}, 404),
        ({"class": "copy"}, 400),
        ({"class": "copy", "more": 1}, 422),
    ],
)
def test_what_is_no_batch_is_refused(tmp_path: Path, body: dict[str, str], status: int) -> None:
    with web_bench.client(seeded(tmp_path, "pixel-identical")) as asking:
        assert asking.post("/api/batch", json=body).status_code == status


def test_a_rule_is_followed_where_it_proposes(tmp_path: Path) -> None:
    bench = seeded(tmp_path, "pixel-identical", "copy")
    with web_bench.client(bench) as asking:
        job = asking.post("/api/batch", json={"rule": "pixel-identical"}).json()["job"]
        assert ended(asking, f"/jobs/{job}")["done"] == 1
        assert "This rule is off" in asking.get("/duplicates/batch?rule=tiny-thumbnail").text


def test_what_was_decided_to_go_later_goes_as_a_job(tmp_path: Path) -> None:
    bench = seeded(tmp_path, "pixel-identical")

    with bench.workplace.reading() as connection:
        choices = deciding.accept_choices(connection, ())
    deciding.decide(bench.workplace, choices, bench.options, apply=False)
    with web_bench.client(bench) as asking:
        assert "Throw out what is decided (1 group)" in asking.get("/duplicates").text
        job = ended(asking, asking.post("/duplicates/apply").headers["location"])
        assert (job["state"], job["message"][:20]) == ("done", "1 group carried out ")
        assert asking.post("/duplicates/apply").status_code == 400

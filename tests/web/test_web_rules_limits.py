"""Rules with their records and previews, and the limits of the search."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import web_bench
from jobs_bench import ended
from seeded_groups import seeded
from web_bench import Bench

from imagefap_scraper.database import members
from imagefap_scraper.review import previewing

if TYPE_CHECKING:
    from pathlib import Path


def test_a_rule_gets_another_mode_and_that_can_be_undone(tmp_path: Path) -> None:
    bench = seeded(tmp_path, "copy")
    with web_bench.client(bench) as asking:
        assert "See what it would do" in asking.get("/duplicates/rules").text
        answer = asking.post("/duplicates/rules/dominated-copy", data={"mode": "suggest"})
        assert answer.headers["location"].startswith("/duplicates/rules?done=")
        assert bench.ask("SELECT rule, state FROM duplicate_groups") == [("dominated-copy", "suggested")]
        assert "1 group</a>" in asking.get("/duplicates/rules").text
        asking.post("/undo/1")
        assert bench.ask("SELECT count(*) FROM rule_modes") == [(0,)]


def test_a_rule_decides_alone_only_by_its_record_or_the_box(tmp_path: Path) -> None:
    bench = seeded(tmp_path, "copy")
    with web_bench.client(bench) as asking:
        path = "/duplicates/rules/pixel-identical"
        refused = asking.post(path, data={"mode": "auto"})
        assert refused.status_code == 400
        assert "may not decide alone yet" in refused.text
        assert asking.post(path, data={"mode": "auto", "override": "1"}).status_code == 303
        assert bench.ask("SELECT mode FROM rule_modes") == [("auto",)]
        assert asking.post(path, data={"mode": "x"}).status_code == 400
        assert asking.post("/duplicates/rules/none", data={"mode": "off"}).status_code == 404


def test_the_preview_shows_samples_and_the_denials(tmp_path: Path) -> None:
    bench = seeded(tmp_path, *["pixel-identical"] * 14)
    with web_bench.client(bench) as asking:
        page = asking.get("/duplicates/rules/pixel-identical").text
        assert "14 groups" in page
        assert page.count('class="sample"') == 24
        group = asking.get("/api/groups?limit=1").json()["groups"][0]
        verdicts = {member["sha256"]: "keep" for member in group["members"]}
        body = {"rev": group["rev"], "verdicts": verdicts, "variants": []}
        assert asking.post(f"/api/groups/{group['id']}/decide", json=body).status_code == 200
        page = asking.get("/duplicates/rules/pixel-identical").text
        assert "against the rule" in page
        assert "1 denied" in asking.get("/duplicates/rules").text


def test_distances_are_counted_by_kind(tmp_path: Path) -> None:
    bench = seeded(tmp_path, "copy", "copy", "crop", distance=4)
    with web_bench.client(bench) as asking:
        found = asking.get("/api/pairs?distance=4").json()
        assert (found["pairs"], found["groups"], found["at"]) == (3, 3, {"copy": 2, "crop": 1})
        assert len(found["samples"]) == 3
        nearer = asking.get("/api/pairs?distance=3").json()
        assert (nearer["pairs"], nearer["groups"], nearer["samples"]) == (0, 0, [])
        page = asking.get("/duplicates/limits?distance=4").text
        assert "Within 4 bits: 3 pairs in 3 groups" in page
        assert page.count("<rect") == 2
        assert "No pair is just that far apart" in asking.get("/duplicates/limits?distance=0").text


@pytest.mark.parametrize("distance", ["-1", "13", "x", ""])
def test_no_other_distance_is_searched(tmp_path: Path, distance: str) -> None:
    with web_bench.client(seeded(tmp_path)) as asking:
        assert asking.get(f"/api/pairs?distance={distance}").status_code == 422
        assert asking.post("/duplicates/limits", data={"distance": distance}).status_code == 422


def test_searching_again_keeps_decisions_and_counts_from_then_on(tmp_path: Path) -> None:
    bench: Bench = web_bench.bench(tmp_path)
    for seed in (1, 2):
        bench.add(*web_bench.family(seed)[:2])
    bench.find()
    with web_bench.client(bench) as asking:
        group = asking.get("/api/groups?limit=1").json()["groups"][0]
        verdicts = {member["sha256"]: "false" for member in group["members"]}
        body = {"rev": group["rev"], "verdicts": verdicts, "variants": []}
        assert asking.post(f"/api/groups/{group['id']}/decide", json=body).status_code == 200
        job = ended(asking, asking.post("/duplicates/limits", data={"distance": "12"}).headers["location"])
        assert job["state"] == "done"
        assert "within 12 bits" in job["message"]
        assert len(asking.get("/api/groups").json()["groups"]) == 1
        assert "The limit is <b>12 bits</b>" in asking.get("/duplicates/limits").text


def test_a_preview_looks_only_at_groups_that_the_rule_can_be_about(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = seeded(tmp_path, *["pixel-identical", "copy", "edited", "look-alike"] * 3)
    asked: list[set[str]] = []
    original = members.blob_facts

    def note(connection: Any, sha256s: set[str], *rest: Any) -> Any:
        asked.append(set(sha256s))
        return original(connection, sha256s, *rest)

    monkeypatch.setattr(members, "blob_facts", note)
    with bench.workplace.reading() as connection:
        for rule, groups, blobs in (("pixel-identical", 3, 6), ("dominated-copy", 3, 12), ("tiny-thumbnail", 0, 12)):
            asked.clear()
            assert previewing.preview(connection, rule, bench.options).groups == groups
            assert [len(some) for some in asked] == [blobs]

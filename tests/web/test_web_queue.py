"""The queue: what asks by class, the list behind every number, its pages and its filter."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import web_bench
from jobs_bench import ended
from seeded_groups import HOSTILE, seeded

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from starlette.testclient import TestClient

_KINDS = ("pixel-identical", "pixel-identical", "copy", "crop", "turned", "look-alike")


@pytest.fixture
def asking(tmp_path: Path) -> Iterator[TestClient]:
    with web_bench.client(seeded(tmp_path, *_KINDS, name=HOSTILE)) as client:
        yield client


def _ids(asking: TestClient, query: str) -> list[int]:
    return [group["id"] for group in asking.get(f"/api/groups?{query}").json()["groups"]]


def test_every_class_has_its_groups(asking: TestClient) -> None:
    found = {
        section: len(_ids(asking, f"class={section}"))
        for section in ("pixel-identical", "copy", "eyes", "variants", "look-alike")
    }
    assert found == {"pixel-identical": 2, "copy": 1, "eyes": 0, "variants": 2, "look-alike": 1}
    page = asking.get("/duplicates").text
    assert "5 groups to do" in page
    assert "1 group that only look alike" in page
    assert "Apply 2" in page


def test_what_is_boring_and_what_is_not_differs_by_the_lead(tmp_path: Path) -> None:
    bench = seeded(tmp_path, "copy", "copy")
    with bench.workplace.transaction() as connection:
        connection.exec_driver_sql("UPDATE duplicate_groups SET margin = 12 WHERE group_id = 1")
    with web_bench.client(bench) as asking:
        assert _ids(asking, "class=eyes") == [1]
        assert _ids(asking, "class=copy") == [2]
        plan = asking.post("/api/batch", json={"class": "copy", "dry_run": True}).json()
        assert plan["groups"] == 1
        assert plan["left_out"] == [{"reason": "The suggested copy is ahead by little.", "groups": 1}]


@pytest.mark.parametrize("sort", ["gain", "sure", "new"])
def test_pages_hold_each_group_once_also_when_some_are_decided_meanwhile(tmp_path: Path, sort: str) -> None:
    bench = seeded(tmp_path, *["copy", "crop", "pixel-identical"] * 5)
    with web_bench.client(bench) as asking:
        whole = _ids(asking, f"sort={sort}")
        assert len(whole) == 15
        first = asking.get(f"/api/groups?sort={sort}&limit=6").json()
        ended(asking, f"/jobs/{asking.post('/api/batch', json={'class': 'copy'}).json()['job']}")
        left = _ids(asking, f"sort={sort}")
        shown, cursor = [group["id"] for group in first["groups"]], first["next"]
        while cursor is not None:
            answer = asking.get(f"/api/groups?sort={sort}&limit=3&cursor={cursor}").json()
            shown += [group["id"] for group in answer["groups"]]
            cursor = answer["next"]
        assert shown == [number for number in whole if number in whole[:6] or number in left]


def test_the_filter_takes_size_kind_and_the_query_language(asking: TestClient) -> None:
    assert len(_ids(asking, "kind=crop")) == 1
    assert _ids(asking, "least=1 GB") == []
    assert _ids(asking, "distance=0") == _ids(asking, "")
    assert len(_ids(asking, "least=1kB")) == 5
    assert len(_ids(asking, "q=id:1")) == 1
    assert _ids(asking, "q=name:not-there") == []
    assert "No group is like that" in asking.get("/duplicates?least=1GB").text


@pytest.mark.parametrize(
    "query",
    [
        "class=x",
        "kind=x",
        "state=x",
        "least=much",
        "distance=far",
        "distance=65",
        "distance=000099",
        f"distance={'0' * 5000}",
        "distance=-1",
        "q=id:",
        "cursor=x",
        "cursor=1",
        "cursor=99999999999999999999.1",
    ],
)
def test_what_cannot_be_asked_is_refused_with_words(asking: TestClient, query: str) -> None:
    for path in ("/duplicates", "/api/groups"):
        assert asking.get(f"{path}?{query}").status_code == 400


def test_a_filter_with_a_mistake_is_shown_with_the_mistake(asking: TestClient) -> None:
    answer = asking.get("/duplicates", params={"q": 'folder:"'})
    assert "The list cannot be filtered like that" in answer.text
    assert 'value="folder:&#34;"' in answer.text
    assert "Pixel-identical" in answer.text


def test_no_name_gets_into_the_markup(asking: TestClient) -> None:
    for path in (
        "/duplicates",
        f"/duplicates?q={HOSTILE}",
        f"/duplicates?rule={HOSTILE}",
        f"/duplicates?least={HOSTILE}",
    ):
        answer = asking.get(path)
        assert "<script>alert" not in answer.text
        assert "<b onmouseover" not in answer.text


def test_an_empty_queue_says_so(tmp_path: Path) -> None:
    with web_bench.client(seeded(tmp_path)) as asking:
        assert "Nothing to do." in asking.get("/duplicates").text


def test_groups_are_found_by_how_far_apart_their_pictures_are(tmp_path: Path) -> None:
    bench = seeded(tmp_path, "copy", "copy", copies=2, distance=4)
    near, far = (group.group_id for group in bench.groups())
    with bench.workplace.transaction() as connection:
        sql = (
            "UPDATE pairs SET distance = 7 WHERE first = (SELECT min(sha256) FROM duplicate_members WHERE group_id = ?)"
        )
        connection.exec_driver_sql(sql, (far,))
    with web_bench.client(bench) as asking:
        assert _ids(asking, "distance=3") == []
        assert _ids(asking, "distance=6") == [near]
        assert sorted(_ids(asking, "distance=7")) == [near, far]
        assert 'name="distance" value="6"' in asking.get("/duplicates?distance=6").text
        assert (
            "distance=6" in asking.get("/duplicates?distance=6").text.split('id="review-first" href="')[1].split('"')[0]
        )

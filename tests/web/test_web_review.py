"""The review without scripts, and the API behind the one with them."""

from __future__ import annotations

import html
import io
import re
import sqlite3
from typing import TYPE_CHECKING, Any

import pytest
import web_bench
from jobs_bench import ended
from PIL import Image
from seeded_groups import seeded
from web_bench import encoded, family, picture

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from starlette.testclient import TestClient
    from web_bench import Bench

HOSTILE = "<script>alert('x')</script>\"'&\u202egnp"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An archive with four groups: three of copies, one of a mirrored picture."""
    bench = web_bench.bench(tmp_path_factory.mktemp("made"))
    for seed in (1, 2, 3):
        bench.add(*family(seed)[:2], folder=10 + seed)
    turned = picture(4)
    bench.add(encoded(turned, quality=90), encoded(turned.transpose(Image.Transpose.ROTATE_90), quality=80))
    bench.find()
    return bench.root


@pytest.fixture
def asking(bench: Bench) -> Iterator[TestClient]:
    with web_bench.client(bench) as client:
        yield client


def change(bench: Bench, sql: str, *values: Any) -> None:
    connection = sqlite3.connect(bench.root / "imagefap.database")
    with connection:
        connection.execute(sql, values)
    connection.close()


def copies(asking: TestClient) -> list[dict[str, Any]]:
    """The groups of copies, in the order in which their pictures were stored."""
    groups = [asking.get(f"/api/groups/{number}").json() for number in (1, 2, 3, 4)]
    return sorted(
        (group for group in groups if group["kind"] == "copy"), key=lambda group: group["members"][0]["images"]
    )


def verdicts(group: dict[str, Any], *given: str) -> dict[str, str]:
    return {one["sha256"]: verdict for one, verdict in zip(group["members"], given, strict=True) if verdict}


def accepting(group: dict[str, Any]) -> dict[str, Any]:
    return {"rev": group["rev"], "verdicts": group["accept"]["verdicts"]}


def form(group: dict[str, Any], *given: str) -> dict[str, str]:
    fields = {f"verdict-{one['sha256']}": verdict for one, verdict in zip(group["members"], given, strict=True)}
    return {"rev": group["rev"], **fields}


def text_of(page: str) -> str:
    return html.unescape(re.sub(r"<[^>]*>", " ", page))


def test_a_group_has_all_that_a_decision_depends_on(asking: TestClient) -> None:
    group = copies(asking)[0]
    best, worse = group["members"]
    assert group["suggestion"] == best["number"] == 1
    facts = {fact["label"]: fact for fact in best["facts"]}
    assert facts["Size"]["better"] == "more bytes"
    assert facts["JPEG quality"]["text"] == "about 92"
    assert facts["Format"] == {"label": "Format", "text": "JPEG", "short": "JPEG", "differs": False, "better": ""}
    assert [fact["label"] for fact in worse["facts"]] == list(facts)
    assert group["pairs"][0]["difference"] == "re-encoded only"
    assert group["accept"]["verdicts"] == verdicts(group, "keep", "skip")
    assert group["accept"]["text"].startswith("keep 1; 2 to the trash (")
    assert "1 is then also shown in user1/folder 11/1" in group["accept"]["text"]
    assert group["position"]["total"] == 4


def test_a_turned_copy_says_how_the_first_is_turned_and_that_nothing_is_suggested(asking: TestClient) -> None:
    group = next(one for one in (asking.get(f"/api/groups/{n}").json() for n in range(1, 5)) if one["kind"] == "turned")
    pair = group["pairs"][0]
    assert (pair["first"], pair["second"]) == (1, 2)
    portrait = group["members"][0]["height"] > group["members"][0]["width"]
    # The second was made by a quarter turn to the left; it is smaller in bytes, so it has the number 2.
    assert not portrait
    assert pair["turn_text"] == "turned a quarter to the left"
    assert group["accept"] is None
    assert group["guards"]


def test_the_page_works_without_scripts(asking: TestClient, bench: Bench) -> None:
    group = copies(asking)[0]
    page = asking.get(f"/duplicates/review?g={group['id']}")
    assert page.status_code == 200
    assert page.text.count('type="radio"') == 10
    assert page.text.count(" checked") == 2
    assert "<title>Review · Archive</title>" in page.text
    answer = asking.post(f"/duplicates/{group['id']}/decide?class=copy", data=form(group, "keep", "skip"))
    assert answer.status_code == 303
    target = answer.headers["location"]
    assert re.fullmatch(r"/duplicates/review\?class=copy&g=\d+&done=\d+", target)
    assert "Undo" in asking.get(target).text
    assert bench.ask("SELECT count(*) FROM blobs WHERE state = 'trashed'") == [(1,)]
    assert bench.whole() == []


def test_putting_aside_needs_no_scripts(asking: TestClient, bench: Bench) -> None:
    group = copies(asking)[0]
    answer = asking.post(f"/duplicates/{group['id']}/decide", data={**form(group, "keep", "skip"), "later": "month"})
    assert answer.status_code == 303
    rows = bench.ask("SELECT state, deferred_until FROM duplicate_groups WHERE group_id = ?", group["id"])
    assert rows[0][0] == "deferred"
    assert rows[0][1] is not None
    assert asking.get(f"/api/groups/{group['id']}").json()["position"]["number"] is None


def test_what_goes_can_wait_for_the_end(asking: TestClient, bench: Bench) -> None:
    first, second = copies(asking)[:2]
    assert first["accept"]["text_later"].startswith("keep 1; at the end: 2 to the trash (")
    foretold = asking.post(f"/api/groups/{first['id']}/preview", json={**accepting(first), "later": True}).json()
    assert foretold["text"] == first["accept"]["text_later"]
    answer = asking.post(f"/api/groups/{first['id']}/decide", json={**accepting(first), "later": True}).json()
    assert answer["text"] == f"Done: {first['accept']['text_later']}"
    fields = {**form(second, "keep", "skip"), "collect": "1"}
    assert asking.post(f"/duplicates/{second['id']}/decide", data=fields).status_code == 303
    refused = asking.post(f"/duplicates/{second['id']}/decide", data={**fields, "rev": "other"})
    assert refused.status_code == 409
    assert bench.ask("SELECT count(*) FROM blobs WHERE state = 'trashed'") == [(0,)]
    assert len(bench.groups("decided")) == 2
    assert "Throw out what is decided (2 groups)" in asking.get("/duplicates/review?class=pixel-identical").text
    before = asking.get("/duplicates/review?class=pixel-identical").text
    assert "Today: 2 decisions, 0 bytes won" in before
    job = ended(asking, asking.post("/duplicates/apply").headers["location"])
    assert job["done"] == 2
    assert bench.ask("SELECT count(*) FROM blobs WHERE state = 'trashed'") == [(2,)]
    after = asking.get("/duplicates/review?class=pixel-identical").text
    assert "Today: 2 decisions," in after
    assert "0 bytes won" not in after
    assert bench.whole() == []


def test_all_to_the_trash_is_refused_and_the_choices_are_kept(asking: TestClient, bench: Bench) -> None:
    group = copies(asking)[0]
    before = bench.dump()
    answer = asking.post(f"/duplicates/{group['id']}/decide", data=form(group, "skip", "skip"))
    assert answer.status_code == 400
    assert "would lose its last copy" in text_of(answer.text)
    assert re.findall(r'value="(\w*)" checked', answer.text) == ["skip", "skip"]
    body = {"rev": group["rev"], "verdicts": verdicts(group, "skip", "skip")}
    for what in ("preview", "decide"):
        answer = asking.post(f"/api/groups/{group['id']}/{what}", json=body)
        assert answer.status_code == 400
        assert "last copy" in answer.json()["error"]
    assert bench.dump() == before


def test_nothing_chosen_is_said(asking: TestClient) -> None:
    group = copies(asking)[0]
    answer = asking.post(f"/duplicates/{group['id']}/decide", data=form(group, "", ""))
    assert answer.status_code == 400
    assert "Nothing was chosen" in answer.text


def test_who_looked_at_something_else_is_told(asking: TestClient, bench: Bench) -> None:
    group = copies(asking)[0]
    asking.post(
        f"/api/groups/{group['id']}/decide", json={"rev": group["rev"], "verdicts": verdicts(group, "keep", "skip")}
    )
    before = bench.dump()
    answer = asking.post(f"/duplicates/{group['id']}/decide", data=form(group, "skip", "keep"))
    assert answer.status_code == 409
    assert f"/duplicates/review?g={group['id']}" in answer.text
    for what in ("preview", "decide"):
        body = {"rev": group["rev"], "verdicts": verdicts(group, "skip", "keep")}
        assert asking.post(f"/api/groups/{group['id']}/{what}", json=body).status_code == 409
    assert bench.dump() == before


def test_a_decision_names_the_next_group_and_can_be_undone(asking: TestClient, bench: Bench) -> None:
    before = bench.dump()
    ids = [group["id"] for group in copies(asking)]
    seen, batches = [], []
    answer: dict[str, Any] = {"next": ids[0]}
    while answer["next"] is not None:
        group = asking.get(f"/api/groups/{answer['next']}?class=copy").json()
        seen.append(group["id"])
        answer = asking.post(f"/api/groups/{group['id']}/decide?class=copy", json=accepting(group)).json()
        assert answer["text"] == f"Done: {group['accept']['text']}"
        batches.append(answer["batch"])
    assert sorted(seen) == sorted(ids)
    for batch in reversed(batches):
        assert asking.post(f"/api/undo/{batch}").status_code == 200
    assert bench.dump() == before


@pytest.mark.parametrize(
    ("given", "variants", "text"),
    [
        (("skip", "keep"), (), "keep 2; 1 to the trash ("),
        (("keep", "keep"), (), "keep 1 and 2; remember that they are the same picture."),
        (("keep", "keep"), (2,), "keep 1; keep 2 as a variant."),
        (("false", "false"), (), "keep all: none of these are the same picture."),
        (("keep", "false"), (), "keep 1; 2 is another picture and stays."),
        (("", "false"), (), "keep all: none of these are the same picture."),
        (("keep", ""), (), "keep 1; 2 is still to be judged."),
    ],
)
def test_the_line_says_what_verdicts_do(
    asking: TestClient, bench: Bench, given: tuple[str, str], variants: tuple[int, ...], text: str
) -> None:
    group = copies(asking)[0]
    named = [group["members"][number - 1]["sha256"] for number in variants]
    body = {"rev": group["rev"], "verdicts": verdicts(group, *given), "variants": named}
    before = bench.dump()
    said = asking.post(f"/api/groups/{group['id']}/preview", json=body).json()["text"]
    assert said.startswith(text)
    assert bench.dump() == before
    done = asking.post(f"/api/groups/{group['id']}/decide", json=body).json()
    assert done["text"] == f"Done: {said}"
    trashed = [row[0] for row in bench.ask("SELECT sha256 FROM blobs WHERE state = 'trashed'")]
    expected = [sha256 for sha256, verdict in body["verdicts"].items() if verdict == "skip"]
    assert trashed == expected


def test_the_line_says_what_is_left_open_and_so_it_is(bench: Bench) -> None:
    three = [encoded(picture(77), quality=quality) for quality in (92, 70, 50)]
    with web_bench.client(bench) as asking:
        shas = bench.add(*three)
        bench.find()
        [(number,)] = bench.ask("SELECT group_id FROM duplicate_members WHERE sha256 = ?", shas[0])
        group = asking.get(f"/api/groups/{number}").json()
        assert group["state_text"] == ""
        done = asking.post(
            f"/api/groups/{number}/decide", json={"rev": group["rev"], "verdicts": verdicts(group, "", "", "false")}
        ).json()
        assert done["text"] == "Done: 3 is another picture and stays; 1 and 2 are still to be judged."
        group = asking.get(f"/api/groups/{number}").json()
        assert [one["asked"] for one in group["members"]] == [True, True, False]
        assert group["state"] == "new"
        assert group["state_text"] == "judged in part; the rest is still asked"
        assert group["accept"]["text"].startswith("keep 1; 2 to the trash (")
        body = {"rev": group["rev"], "verdicts": verdicts(group, "keep", "", "")}
        said = asking.post(f"/api/groups/{number}/preview", json=body).json()["text"]
        assert said == "keep 1; 2 is still to be judged."
        body = {"rev": group["rev"], "verdicts": verdicts(group, "false", "", "")}
        said = asking.post(f"/api/groups/{number}/preview", json=body).json()["text"]
        assert said == "keep all: none of these are the same picture."
        asking.post(f"/api/groups/{number}/decide", json=body)
        assert asking.get(f"/api/groups/{number}").json()["state"] == "applied"


def test_names_and_tags_are_shown_as_they_are_and_do_nothing(asking: TestClient, bench: Bench) -> None:
    change(bench, "UPDATE users SET name = ?", HOSTILE)
    change(bench, "UPDATE folders SET name = ?", HOSTILE)
    change(bench, "UPDATE images SET name = ?", HOSTILE)
    change(bench, "UPDATE favorites SET listed_name = ?", HOSTILE)
    group = copies(asking)[0]
    worse = group["members"][1]["sha256"]
    change(bench, "INSERT INTO tags (tag_id, name, key) VALUES (900, ?, 'x')", HOSTILE)
    change(bench, "INSERT INTO blob_tags (sha256, tag_id) VALUES (?, 900)", worse)
    page = asking.get(f"/duplicates/review?g={group['id']}").text
    assert "<script>alert" not in page
    assert "<bdi>&lt;script&gt;" in page
    # In the middle of a sentence nothing may turn the rest around.
    accept = asking.get(f"/api/groups/{group['id']}").json()["accept"]["text"]
    assert "\u202e" not in accept
    assert "gets the tag" in accept
    refused = asking.post(f"/duplicates/{group['id']}/decide", data=form(group, "skip", "skip"))
    assert "<script>alert" not in refused.text


def test_an_empty_queue_says_what_was_won_and_what_is_left(asking: TestClient) -> None:
    for group in copies(asking):
        asking.post(f"/api/groups/{group['id']}/decide", json=accepting(group))
    page = asking.get("/duplicates/review?class=copy")
    assert page.status_code == 200
    said = " ".join(text_of(page.text).split())
    assert "All done" in said
    assert "3 decisions" in said
    assert "Variants and series : 1 group" in said


def test_a_group_asked_again_asks_for_what_is_new_alone(bench: Bench) -> None:
    with web_bench.client(bench) as asking:
        group = copies(asking)[0]
        asking.post(f"/api/groups/{group['id']}/decide", json=accepting(group))
        small = Image.open(io.BytesIO(family(1)[0])).resize((240, 180))
        bench.add(encoded(small, quality=85), folder=30)
        bench.find()
        again = asking.get(f"/api/groups/{group['id']}").json()
        assert again["state"] == "reopened"
        judged = {one["number"]: (one["verdict"], one["asked"], one["state"]) for one in again["members"]}
        assert judged[1] == ("keep", True, "live")
        assert ("skip", False, "trashed") in judged.values()
        assert ("new", True, "live") in judged.values()
        page = asking.get(f"/duplicates/review?g={group['id']}").text
        assert "In the trash" in page
        assert again["accept"] is not None
        body = accepting(again)
        assert asking.post(f"/api/groups/{group['id']}/decide", json=body).status_code == 200
        assert bench.whole() == []


def test_a_group_with_a_missing_file_suggests_nothing_and_refuses_to_lose_the_rest(
    asking: TestClient, bench: Bench
) -> None:
    group = copies(asking)[0]
    best = group["members"][0]["sha256"]
    [(path,)] = bench.ask("SELECT path FROM files WHERE sha256 = ?", best)
    (bench.root / path).unlink()
    body = accepting(group)
    answer = asking.post(f"/api/groups/{group['id']}/decide", json=body)
    assert answer.status_code == 507
    assert "missing or damaged" in answer.json()["error"]
    change(bench, "UPDATE duplicate_groups SET state = 'stale' WHERE group_id = ?", group["id"])
    stale = asking.get(f"/api/groups/{group['id']}").json()
    assert stale["accept"] is None
    assert "a file is missing" in stale["state_text"]


@pytest.mark.parametrize("path", ["/api/groups/999", "/duplicates/review?g=999", "/duplicates/review?g=-1"])
def test_a_group_that_is_not_there(asking: TestClient, path: str) -> None:
    assert asking.get(path).status_code == 404


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 422),
        ({"rev": "x", "verdicts": {"a": "explode"}}, 422),
        ({"rev": "x", "verdicts": {"a": "keep"}}, 409),
    ],
)
def test_a_decision_that_says_nothing_known_is_refused(asking: TestClient, body: dict[str, Any], status: int) -> None:
    assert asking.post("/api/groups/1/decide", json=body).status_code == status


def test_a_verdict_on_a_stranger_is_refused(asking: TestClient) -> None:
    group = copies(asking)[0]
    body = {"rev": group["rev"], "verdicts": {"f" * 64: "keep"}}
    assert asking.post(f"/api/groups/{group['id']}/decide", json=body).status_code == 400
    fields = {"rev": group["rev"], f"verdict-{'f' * 64}": "keep", "verdict-": "explode"}
    assert asking.post(f"/duplicates/{group['id']}/decide", data=fields).status_code == 400


def test_an_animation_is_shown_by_its_first_frame(tmp_path: Path) -> None:
    bench = web_bench.bench(tmp_path)
    frames = [picture(seed, 200, 150).convert("P") for seed in (1, 2, 3)]
    files = []
    for duration in (100, 200):
        buffer = io.BytesIO()
        frames[0].save(buffer, "GIF", save_all=True, append_images=frames[1:], duration=duration)
        files.append(buffer.getvalue())
    bench.add(*files)
    bench.find()
    with web_bench.client(bench) as asking:
        group = asking.get("/api/groups/1").json()
        assert [one["animated"] for one in group["members"]] == [True, True]
        one = group["members"][0]
        assert one["poster"] == f"/previews/{one['sha256']}"
        assert one["source"] == f"/blobs/{one['sha256']}"
        assert {fact["label"]: fact["text"] for fact in one["facts"]}["Frames"] == "3 frames"


def test_with_nothing_to_undo_there_is_no_last_batch(tmp_path: Path) -> None:
    with web_bench.client(seeded(tmp_path, "copy")) as asking:
        answer = asking.get("/api/undo/last")
        assert (answer.status_code, answer.json()) == (200, {"batch": None})

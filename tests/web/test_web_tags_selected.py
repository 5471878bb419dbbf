"""Tags on selected pictures, as the page's scripts and other programs ask for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import web_bench

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from starlette.testclient import TestClient


class Seat:
    """An archive of four pictures: two alike, one copy thrown out, one without a file; and its API."""

    def __init__(self, bench: web_bench.Bench, asking: TestClient) -> None:
        self.bench = bench
        self.asking = asking
        self.shas = dict(bench.ask("SELECT image_id, sha256 FROM images"))

    def tagging(self, **wanted: Any) -> dict[str, Any]:
        answer = self.asking.post("/api/tagging", json=wanted)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def refusal(self, **wanted: Any) -> tuple[int, str]:
        answer = self.asking.post("/api/tagging", json=wanted)
        return answer.status_code, answer.json()["error"]

    def selection(self, **chosen: Any) -> dict[str, Any]:
        found: dict[str, Any] = self.asking.post("/api/selection", json=chosen).json()
        return found

    def carrying(self) -> set[tuple[str, str]]:
        return set(self.bench.ask("SELECT sha256, name FROM blob_tags JOIN tags USING (tag_id)"))

    def size(self, *images: int) -> int:
        return sum(self.bench.ask("SELECT size FROM blobs WHERE sha256 = ?", self.shas[one])[0][0] for one in images)


@pytest.fixture
def seat(tmp_path: Path) -> Iterator[Seat]:
    bench = web_bench.bench(tmp_path)
    bench.add(*[web_bench.encoded(web_bench.picture(seed, 80, 60)) for seed in (1, 2, 3)])
    with bench.workplace.transaction() as connection:
        connection.exec_driver_sql("INSERT INTO images (image_id, status, reason, attempts) VALUES (4, 'gone', '', 1)")
    with web_bench.client(bench) as asking:
        yield Seat(bench, asking)


def test_the_answer_says_what_was_done_and_undo_gives_everything_back(seat: Seat) -> None:
    before = seat.bench.dump()
    found = seat.tagging(images=[1, 2], add=["plants/trees"], create=True)
    kilobytes = seat.size(1, 2) / 1000
    assert found["text"] == f"made plants/trees; put plants/trees on 2 pictures ({kilobytes:.1f} kB)"
    assert found["images"] == 2
    assert seat.carrying() == {(seat.shas[1], "trees"), (seat.shas[2], "trees")}
    undone = seat.asking.post(f"/api/undo/{found['batch']}")
    assert undone.status_code == 200
    assert seat.bench.dump() == before


def test_whatever_is_put_on_and_taken_off_is_one_action(seat: Seat) -> None:
    seat.tagging(images=[1, 2, 3], add=["red"], create=True)
    before, actions = seat.bench.dump(), seat.bench.ask("SELECT count(*) FROM actions")[0][0]
    found = seat.tagging(images=[1, 2], add=["a", "b"], remove=["red"], create=True)
    assert found["text"].startswith("made a, b; put a, b on 2 pictures (")
    assert "; took red off 2 pictures (" in found["text"]
    assert seat.carrying() == {(seat.shas[3], "red")} | {(seat.shas[one], tag) for one in (1, 2) for tag in "ab"}
    assert seat.bench.ask("SELECT count(*) FROM actions")[0][0] == actions + 1
    seat.asking.post(f"/api/undo/{found['batch']}")
    assert seat.bench.dump() == before


def test_a_tag_that_is_moved_from_is_taken_off_and_the_other_put_on(seat: Seat) -> None:
    seat.tagging(images=[1, 2], add=["from", "to"], create=True)
    seat.tagging(images=[1], remove=["to"])
    found = seat.tagging(images=[1, 2], add=["To"], remove=["From"])
    assert seat.carrying() == {(seat.shas[1], "to"), (seat.shas[2], "to")}
    # Only one of them had still to get it.
    assert "put to on 1 picture (" in found["text"]
    assert "took from off 2 pictures (" in found["text"]
    assert found["images"] == 2


def test_the_same_tag_on_and_off_stays_on(seat: Seat) -> None:
    seat.tagging(images=[1], add=["red"], create=True)
    assert seat.tagging(images=[1, 2], add=["red"], remove=["RED"])["images"] == 1
    assert seat.carrying() == {(seat.shas[1], "red"), (seat.shas[2], "red")}


def test_a_query_stands_for_its_pictures(seat: Seat) -> None:
    assert seat.tagging(query="id:2..4", add=["red"], create=True)["images"] == 2
    assert seat.carrying() == {(seat.shas[2], "red"), (seat.shas[3], "red")}
    assert seat.tagging(query="", remove=["red"])["images"] == 2


def test_pictures_without_a_file_are_told_of(seat: Seat) -> None:
    found = seat.tagging(images=[1, 4, 99], add=["red"], create=True)
    assert found["text"].endswith("; without a stored file, and so without tags: 2 pictures")
    none = seat.tagging(images=[4], add=["blue"], create=True)
    assert none["batch"] is None
    assert none["text"] == "nothing to change; without a stored file, and so without tags: 1 picture"
    assert seat.bench.ask("SELECT name FROM tags") == [("red",)]


def test_a_copy_that_was_thrown_out_tags_the_one_that_is_kept(seat: Seat) -> None:
    with seat.bench.workplace.transaction() as connection:
        connection.exec_driver_sql(
            "UPDATE blobs SET state = 'trashed', kept_as = ?, trashed_at = stored_at WHERE sha256 = ?",
            (seat.shas[1], seat.shas[2]),
        )
        connection.exec_driver_sql(
            "UPDATE images SET status = 'skipped', skipped_sha256 = sha256, sha256 = NULL WHERE image_id = 2"
        )
    assert seat.tagging(images=[1, 2], add=["red"], create=True)["images"] == 1
    assert seat.carrying() == {(seat.shas[1], "red")}
    assert seat.selection(images=[1, 2]) == {
        "images": 2,
        "pictures": 1,
        "without_file": 0,
        "bytes": seat.size(1),
        "text": f"2 pictures selected, {seat.size(1) / 1000:.1f} kB",
        "tags": [{"id": 1, "path": "red", "pictures": 1}],
    }


def test_a_selection_says_what_some_and_all_of_it_carries(seat: Seat) -> None:
    seat.tagging(images=[1, 2], add=["b", "A/x"], create=True)
    seat.tagging(images=[1], remove=["b"])
    found = seat.selection(query="")
    assert [(tag["path"], tag["pictures"]) for tag in found["tags"]] == [("A/x", 2), ("b", 1)]
    assert (found["images"], found["pictures"], found["without_file"]) == (4, 3, 1)


def test_what_cannot_be_is_refused_and_nothing_changed(seat: Seat) -> None:
    before = seat.bench.dump()
    assert seat.refusal(images=[1], add=["red"]) == (400, "there is no tag 'red' yet")
    assert seat.refusal(images=[1], add=["new"], remove=["red"], create=True) == (400, "there is no tag 'red' yet")
    assert seat.refusal(images=[1], add=["a//b"], create=True)[0] == 400
    assert seat.refusal(add=["red"])[0] == 400
    assert seat.refusal(images=[1], query="", add=["red"])[0] == 400
    status, text = seat.refusal(query="folder:", add=["red"])
    assert (status, "query, character" in text) == (400, True)
    assert seat.refusal(images=[2**63], add=["red"])[0] == 422
    assert seat.refusal(images=[1], add=["red"], sudo=True)[0] == 422
    assert seat.bench.dump() == before


def test_nothing_is_changed_by_asking(seat: Seat) -> None:
    assert seat.asking.get("/api/tagging").status_code == 405
    before = seat.bench.dump()
    seat.selection(query="")
    assert seat.bench.dump() == before

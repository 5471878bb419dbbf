"""The tags as pages and as a program's API: what each change says, refuses and can be undone to."""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest
import web_bench

from imagefap_scraper import query
from imagefap_scraper.database.tags import TagTree
from imagefap_scraper.web.browse.tag_lines import query_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from starlette.testclient import TestClient

SCRIPT = "<script>alert(1)<"
NAMES = [
    SCRIPT,
    "\"quoted\" and 'so'",
    "\u202egnp.exe",
    "%2f..%2f",
    "n" * 100,
    "🌲🌲",
    "{{ 7*7 }}",
    "a&amp;b",
    "* or (",
    "יער",
    "-not",
    "' OR 1=1 --",
]


class Seat:
    """An archive of three pictures, and its page."""

    def __init__(self, bench: web_bench.Bench, asking: TestClient) -> None:
        self.bench = bench
        self.asking = asking

    def tag(self, path: str) -> int:
        answer = self.asking.post("/tags/add", data={"path": path})
        assert answer.status_code == 303, answer.text
        return self.number(path)

    def number(self, path: str) -> int:
        with self.bench.workplace.reading() as connection:
            found = TagTree(connection).at(path)
        assert found is not None, path
        return found.tag_id

    def paths(self) -> list[str]:
        with self.bench.workplace.reading() as connection:
            return sorted(tag.path for tag in TagTree(connection).tags.values())

    def change(self, **wanted: Any) -> dict[str, Any]:
        answer = self.asking.post("/api/tagging", json=wanted)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def shown(self, path: str) -> str:
        answer = self.asking.get(path)
        assert answer.status_code == 200, answer.text
        return answer.text

    def carrying(self) -> list[tuple[str, int]]:
        return sorted(self.bench.ask("SELECT sha256, tag_id FROM blob_tags"))


@pytest.fixture(scope="module")
def pictures() -> list[bytes]:
    return [web_bench.encoded(web_bench.picture(seed, 80, 60)) for seed in (1, 2, 3)]


@pytest.fixture
def seat(tmp_path: Path, pictures: list[bytes]) -> Iterator[Seat]:
    bench = web_bench.bench(tmp_path)
    bench.add(*pictures)
    with web_bench.client(bench) as asking:
        yield Seat(bench, asking)


def test_an_archive_without_tags_says_how_to_begin(seat: Seat) -> None:
    assert "There are no tags yet." in seat.shown("/tags")


def test_the_tree_is_shown_in_order_with_what_carries_each(seat: Seat) -> None:
    for path in ("plants/trees/oaks", "animals", "plants/flowers"):
        seat.tag(path)
    seat.change(images=[1, 2], add=["plants/trees"])
    text = seat.shown("/tags")
    names = re.findall(r'class="tag-name" href="[^"]+"><bdi>(.*?)</bdi>', text)
    assert names == ["animals", "plants", "flowers", "trees", "oaks"]
    assert text.count("<ul>") == text.count("</ul></details></li>")
    assert text.count("<li>") == text.count("</li>")
    size = sum(
        size for (size,) in seat.bench.ask("SELECT size FROM blobs JOIN images USING (sha256) WHERE image_id < 3")
    )
    trees = text[text.index("<bdi>trees") :]
    assert f"2 pictures, {size / 1000:.1f} kB" in trees[: trees.index("</span>")]


@pytest.mark.parametrize("name", NAMES)
def test_hostile_names_are_text_on_every_page_and_found_by_their_own_query(seat: Seat, name: str) -> None:
    path = f"plants/{name}"
    number = seat.tag(path)
    assert seat.change(images=[1], add=[path])["images"] == 1
    for page in ("/tags", f"/tags/{number}", f"/tags/{number}?edit=1"):
        text = seat.shown(page)
        assert SCRIPT not in text
        title = re.search(r"<title>(.*?)</title>", text)
        assert title is not None
        assert title[1] == "Tags · Archive"
        assert name in [html.unescape(found) for found in re.findall(r"<bdi>(.*?)</bdi>", text)]
    with seat.bench.workplace.reading() as connection:
        assert query.image_ids(connection, query_of(path)) == [1]
    completed = seat.asking.get("/api/tags", params={"q": path}).json()
    assert completed["exact"] == path


def test_the_query_of_a_tag_is_of_no_other_of_that_name(seat: Seat) -> None:
    seat.tag("a/b")
    seat.tag("x/a/b")
    seat.change(images=[1], add=["a/b"])
    seat.change(images=[2], add=["x/a/b"])
    with seat.bench.workplace.reading() as connection:
        assert query.image_ids(connection, query_of("a/b")) == [1]
        assert query.image_ids(connection, 'tag:"a/b"') == [1, 2]


def test_what_cannot_be_is_said_beside_the_form_and_changes_nothing(seat: Seat) -> None:
    number = seat.tag("plants/trees")
    other = seat.tag("plants/flowers")
    before = seat.bench.dump()
    refused = [
        ("/tags/add", {"path": "PLANTS/Trees"}, "there is a tag 'plants/trees' already"),
        ("/tags/add", {"path": " "}, "cannot be empty"),
        ("/tags/add", {"path": "a\\b"}, "cannot hold"),
        ("/tags/add", {"path": "a/../b"}, "cannot be called"),
        ("/tags/add", {"path": "n" * 101}, "at most 100"),
        (f"/tags/{other}/rename", {"name": "TREES"}, "already"),
        (f"/tags/{number}/move", {"parent": "plants/trees"}, "below itself"),
        (f"/tags/{number}/move", {"parent": "nowhere"}, "there is no tag 'nowhere'"),
        (f"/tags/{seat.number('plants')}/delete", {}, "has tags below it"),
    ]
    for address, form, reason in refused:
        answer = seat.asking.post(address, data=form)
        assert answer.status_code == 400, address
        (problem,) = re.findall(r'<p class="problem" role="alert">(.*?)</p>', answer.text)
        assert reason in html.unescape(problem)
        assert form.get("path", "") in html.unescape(answer.text)
    assert seat.bench.dump() == before


@pytest.mark.parametrize("address", ["/tags/99", "/tags/99999999999999999999999"])
def test_a_tag_that_is_not_there(seat: Seat, address: str) -> None:
    assert seat.asking.get(address).status_code == 404
    assert seat.asking.post(f"{address}/delete").status_code == 404


@pytest.mark.parametrize("address", ["/tags/..%2f..%2fetc", "/tags/x", "/tags/1/../../x", "/tags/-1", "/tags/1%00"])
def test_a_path_leads_nowhere(seat: Seat, address: str) -> None:
    assert seat.asking.get(address).status_code in (404, 422)


def test_forms_change_the_tree_and_each_can_be_undone(seat: Seat) -> None:
    number = seat.tag("plants/trees")
    seat.tag("animals")
    seat.change(images=[1, 2, 3], add=["plants/trees"])
    steps: list[tuple[str, dict[str, str], str, list[str]]] = [
        (
            f"/tags/{number}/rename",
            {"name": "woods"},
            "renamed plants/trees to woods",
            ["animals", "plants", "plants/woods"],
        ),
        (
            f"/tags/{number}/move",
            {"parent": "Animals"},
            "moved plants/woods below animals",
            ["animals", "animals/woods", "plants"],
        ),
        (f"/tags/{number}/move", {"parent": ""}, "moved animals/woods to the top", ["animals", "plants", "woods"]),
        (f"/tags/{number}/delete", {}, "deleted woods, taken off 3 pictures", ["animals", "plants"]),
    ]
    dumps = []
    batches = []
    for address, form, words, paths in steps:
        dumps.append(seat.bench.dump())
        answer = seat.asking.post(address, data=form)
        assert answer.status_code == 303
        target = urlsplit(answer.headers["location"])
        assert target.path in (f"/tags/{number}", "/tags")
        batches.append(parse_qs(target.query)["done"][0])
        assert seat.paths() == paths
        assert f"<p>{words}</p>" in seat.shown(answer.headers["location"])
    for batch, dump in zip(reversed(batches), reversed(dumps), strict=True):
        assert seat.asking.post(f"/api/undo/{batch}").status_code == 200
        assert seat.bench.dump() == dump


def test_a_change_that_changes_nothing_leaves_no_trace(seat: Seat) -> None:
    number = seat.tag("plants")
    before = seat.bench.ask("SELECT count(*) FROM actions")
    answer = seat.asking.post(f"/tags/{number}/rename", data={"name": "plants"})
    assert answer.headers["location"] == f"/tags/{number}"
    seat.change(images=[1], add=["plants"])
    found = seat.change(images=[1], add=["PLANTS"])
    assert found == {"batch": None, "text": "nothing to change", "images": 0}
    assert seat.bench.ask("SELECT count(*) FROM actions")[0][0] == before[0][0] + 1


def test_one_picture_is_tagged_by_a_plain_form(seat: Seat) -> None:
    before = seat.bench.dump()
    answer = seat.asking.post("/tags/images/2/add", data={"path": "plants/trees", "back": "/images/2?x=1"})
    assert answer.status_code == 303
    target = urlsplit(answer.headers["location"])
    assert (target.path, target.query.startswith("x=1&done=")) == ("/images/2", True)
    assert seat.carrying() == [
        (seat.bench.ask("SELECT sha256 FROM images WHERE image_id = 2")[0][0], seat.number("plants/trees"))
    ]
    batch = parse_qs(target.query)["done"][0]
    off = seat.asking.post("/tags/images/2/remove", data={"path": "plants/trees", "back": "//evil.example/"})
    assert off.headers["location"].startswith("/?done=")
    assert seat.carrying() == []
    seat.asking.post(f"/api/undo/{parse_qs(urlsplit(off.headers['location']).query)['done'][0]}")
    assert seat.asking.post(f"/api/undo/{batch}").status_code == 200
    assert seat.bench.dump() == before


def test_what_is_undone_and_done_again_by_forms_is_said_so(seat: Seat) -> None:
    answer = seat.asking.post("/tags/images/2/add", data={"path": "plants", "back": "/images/2"})
    said = []
    for _ in range(3):
        address = answer.headers["location"]
        shown = seat.asking.get(address).text
        said.append(re.search(r"<p>(.*?): made plants|<p>made plants", shown)[1])
        answer = seat.asking.post(f"/undo/{parse_qs(urlsplit(address).query)['done'][0]}", data={"back": "/images/2"})
    assert said == [None, "Undone", "Done again"]


def test_a_picture_without_a_file_cannot_be_tagged(seat: Seat) -> None:
    for image_id in (77, 2**63 - 1):
        answer = seat.asking.post(f"/tags/images/{image_id}/add", data={"path": "plants", "back": "/"})
        assert answer.status_code == 400
    assert seat.asking.post(f"/tags/images/{2**63}/add", data={"path": "plants"}).status_code == 422
    assert seat.paths() == []

"""What may be typed next, at any place of a query."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import web_bench

from imagefap_scraper import query
from imagefap_scraper.query.completing import OFFERED, complete, matching, quoted
from imagefap_scraper.query.nodes import Term

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from starlette.testclient import TestClient

NAMES = {
    "tag": lambda: ["plants", "plants/trees", "two words", 'a "b"', "Red", "Éclair"],
    "folder": lambda: ["Flowers", "My trees", "My trees", "flat"],
    "user": lambda: ["Anna", "a(b)c", "back\\slash"],
    "gallery": lambda: ["Garten"],
}
CHOICES = "wanted stored failed gone skipped filtered"


def completed(marked: str) -> list[str]:
    """Return what the text with a | for the cursor would be with each offer taken."""
    at = marked.index("|")
    text = marked.replace("|", "")
    found = complete(text, at, NAMES)
    return [text[: found.start] + item.text + text[found.end :] for item in found.items]


@pytest.mark.parametrize(
    ("marked", "wanted"),
    [
        ("fo|", ["folder:", "format:"]),
        ("FO|", ["folder:", "format:"]),
        ("red fol|", ["red folder:"]),
        ("fol|der:x", ["folder:x"]),
        ("(us|", ["(user:"]),
        ("(red or us|)", ["(red or user:)"]),
        ("-us|", ["-user:"]),
        ("not(us|)", ["not(user:)"]),
        ("tag:pl|", ["tag:plants", "tag:plants/trees"]),
        ("tag:PL|", ["tag:plants", "tag:plants/trees"]),
        ("-tag:tr|", ["-tag:plants/trees"]),
        ("tag: re|", ["tag: Red", "tag: plants/trees"]),
        ("tag:/pl|", ["tag:/plants", "tag:/plants/trees"]),
        ("tag:e\u0301|", ["tag:Éclair"]),
        ("tag:two|", ['tag:"two words"']),
        ('tag:"two w|', ['tag:"two words"']),
        ('tag:"two w|"', ['tag:"two words"']),
        ('tag:"two words"|', ['tag:"two words"']),
        ('tag:"two w| user:Anna', ['tag:"two words" user:Anna']),
        ('tag:"two w| user:"Anna"', ['tag:"two words" user:"Anna"']),
        ('(tag:"two w|" or w:>2) x', ['(tag:"two words" or w:>2) x']),
        ('tag:"a \\"|', ['tag:"a \\"b\\""']),
        ("tag:pl|ants x", ["tag:plants x", "tag:plants/trees x"]),
        ("folder:|", ["folder:Flowers", 'folder:"My trees"', "folder:flat"]),
        ("folder:fl| w:>1", ["folder:Flowers w:>1", "folder:flat w:>1"]),
        ("folder:tr|", ['folder:"My trees"']),
        ('user:"a(|', ['user:"a(b)c"']),
        ("user:back|", ["user:back\\slash"]),
        ("gallery:g|", ["gallery:Garten"]),
        ("type:gif,w|", ["type:gif,webp"]),
        ("type:g|,png", ["type:gif,png"]),
        ("format:j|", ["format:jpg", "format:jpeg"]),
        ("status:|", [f"status:{one}" for one in CHOICES.split()]),
        ("status:wanted,g|", ["status:wanted,gone"]),
        ("gone:|", ["gone:yes", "gone:no"]),
        ("dup:o|", ["dup:open"]),
        ("tr|", ["tag:plants/trees", 'folder:"My trees"']),
        ("ann|", ["user:Anna"]),
        ("w:>2|", []),
        ("nofield:x|", []),
        ('"tr|', []),
        ('"tr|"', []),
        ("zzz|", []),
    ],
)
def test_what_is_offered(marked: str, wanted: list[str]) -> None:
    assert completed(marked) == wanted


@pytest.mark.parametrize("marked", ["|", "red |", "a |  b", "|red", "( |)", "|-tag:x"])
def test_where_nothing_is_written_fields_are_offered_and_nothing_is_lost(marked: str) -> None:
    found = completed(marked)
    assert found[:2] == [marked.replace("|", "name:"), marked.replace("|", "folder:")]
    assert len(found) <= OFFERED


@pytest.mark.parametrize(
    "text", ["", '"', "-", "tag:", 'tag:"a\\', "((((", "-(-", "\n\t", "a:b:c", 'x"y"z', "\\", "é:"]
)
def test_no_text_is_too_strange(text: str) -> None:
    for at in range(-1, len(text) + 2):
        found = complete(text, at, NAMES)
        assert 0 <= found.start <= found.end <= len(text)


@pytest.mark.parametrize(
    "name", ['a"b', "a\\b", '\\"', "x y", "a\\", "(x)", "-x", "or", "a,b", "Ünal", "x:y", "\u202ea"]
)
def test_a_name_means_itself_as_it_is_put_in(name: str) -> None:
    read = query.parse(f"tag:{quoted(name)}").root
    assert isinstance(read, Term)
    assert read.value == name


def test_beginnings_go_before_words_and_words_before_other_parts() -> None:
    assert matching(["retreat", "my tree", "a/trees", "Tree"], "tre") == ["Tree", "my tree", "a/trees", "retreat"]


def test_names_that_no_line_can_hold_are_not_offered() -> None:
    assert matching(["", "a\nb", "a\0", "a\x7f", "a\u2028b", "ab", "a\u200db"], "a") == ["ab", "a\u200db"]


def test_a_name_that_would_mean_a_number_is_not_offered_but_a_tag_is() -> None:
    names = dict.fromkeys(NAMES, lambda: ["#10", "#ten"])
    assert [item.text for item in complete("folder:#", 8, names).items] == ["#ten"]
    assert [item.text for item in complete("tag:#", 5, names).items] == ["#10", "#ten"]


def test_names_are_not_read_where_none_are_needed() -> None:
    def unread() -> list[str]:
        raise AssertionError

    assert complete("gone:y", 6, dict.fromkeys(NAMES, unread)).items[0].text == "yes"
    assert complete("t", 1, dict.fromkeys(NAMES, unread)).items[0].text == "tag:"


@pytest.fixture
def asking(tmp_path: Path) -> Iterator[TestClient]:
    bench = web_bench.bench(tmp_path)
    for folder, user in ((10, 1), (11, 1), (11, 2)):
        bench.add(web_bench.encoded(web_bench.picture(folder + user, 80, 60)), folder=folder, user=user)
    with web_bench.client(bench) as client:
        for path in ("plants/trees", "<b>plants</b>", "animals"):
            client.post("/tags/add", data={"path": path})
        yield client


def test_the_archives_names_are_offered_once(asking: TestClient) -> None:
    def texts(text: str) -> list[str]:
        return [item["text"] for item in asking.get("/api/complete", params={"q": text}).json()["items"]]

    assert texts("folder:f") == ['"folder 10"', '"folder 11"']
    assert texts("user:") == ["user1", "user2"]
    assert texts("tag:pl") == ["plants", "plants/trees", "<b>plants<", "<b>plants</b>"]
    asked = asking.get("/api/complete", params={"q": "🌲 tag:ani x", "at": 9}).json()
    assert asked == {"from": 6, "to": 9, "items": [{"text": "animals", "hint": "tag"}]}


def test_every_offer_for_a_name_can_be_searched_for(asking: TestClient) -> None:
    for field in ("tag", "folder", "user"):
        for item in asking.get("/api/complete", params={"q": f"{field}:"}).json()["items"]:
            answer = asking.get("/api/images", params={"q": f"{field}:{item['text']}"})
            assert answer.status_code == 200, item


def test_tags_are_offered_with_the_one_that_is_meant(asking: TestClient) -> None:
    asked = {text: asking.get("/api/tags", params={"q": text}).json() for text in ("Plants/TREES", "tre", "", "a//b")}
    assert asked["Plants/TREES"]["exact"] == "plants/trees"
    assert [item["text"] for item in asked["tre"]["items"]] == ["plants/trees"]
    assert asked["tre"]["exact"] is None
    assert len(asked[""]["items"]) == 5
    assert asked["a//b"]["exact"] is None


@pytest.mark.parametrize("params", [{"q": "x" * 4001}, {"q": "x", "at": "y"}])
def test_what_is_no_question_is_refused(asking: TestClient, params: dict[str, str]) -> None:
    assert asking.get("/api/complete", params=params).status_code == 422


def test_a_place_outside_the_text_is_its_end(asking: TestClient) -> None:
    assert asking.get("/api/complete", params={"q": "tag:an", "at": 99}).json()["items"][0]["text"] == "animals"

from __future__ import annotations

import random
import re
import time
from typing import TYPE_CHECKING

import pytest
import query_archive
from query_archive import sha

from imagefap_scraper import query
from imagefap_scraper.exceptions import UserInputError
from imagefap_scraper.query import counting, places, rows, sql
from imagefap_scraper.review import sections

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection

STORED = {number for number in range(40) if number % 10 != 9}


@pytest.fixture(scope="module")
def connection(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connection]:
    """The archive, for reading."""
    with query_archive.archive(tmp_path_factory.mktemp("archive")) as connection:
        yield connection


def tagged(*tag_ids: int) -> set[int]:
    found = {number for number in STORED for tag_id in tag_ids if number % (tag_id + 1) == 0}
    # The copy 1 is shown as 2, with the tags of that.
    return (found - {1}) | ({1} if 2 in found else set())


def like(number: int) -> int:
    return 2 if number == 1 else number


EXPECTED = {
    "": set(range(40)),
    "folder:flowers": set(range(0, 40, 2)) | set(range(0, 40, 5)),
    "folder:FLOWERS user:anna": set(range(0, 40, 2)),
    "folder:11": set(range(0, 40, 3)),
    "folder:fl*": set(range(0, 40, 2)) | set(range(0, 40, 5)),
    "folder:x*": set(),
    "user:ÜNAL": set(range(0, 40, 5)),
    "user:2": set(range(0, 40, 5)),
    "user:*": {n for n in range(40) if n % 2 == 0 or n % 3 == 0 or n % 5 == 0},
    "user:anna user:ünal": {n for n in range(0, 40, 5) if n % 2 == 0 or n % 3 == 0},
    "-user:anna": {n for n in range(40) if n % 2 and n % 3},
    "gallery:garten": set(range(5)),
    "gallery:900": set(range(5)),
    "tag:plants": tagged(1, 2, 5),
    "tag:TREES": tagged(2, 4, 5),
    "tag:plants/trees": tagged(2, 5),
    "tag:trees/oaks": tagged(5),
    "tag:/animals": tagged(3, 4),
    "-tag:plants": set(range(40)) - tagged(1, 2, 5),
    "tagged:no": set(range(40)) - tagged(1, 2, 3, 4, 5),
    "tagged:yes": tagged(1, 2, 3, 4, 5),
    "type:gif": {n for n in STORED if like(n) % 4 == 2},
    "type:jpeg,png": {n for n in STORED if like(n) % 4 in (0, 1)},
    "animated:no": set(range(40)) - {n for n in STORED if like(n) % 4 == 2},
    "w:>2000": {n for n in STORED if n > 20},
    "-w:>2000": set(range(40)) - {n for n in STORED if n > 20},
    "w:200": {1, 2},
    "h:..50": STORED,
    "pixels:<640x480": STORED,
    "pixels:>0.1MP": {n for n in STORED if 5000 * n > 100_000},
    "size:3KB..5000": {3, 4, 5},
    "added:2026-10..": {n for n in STORED if n % 12 >= 9},
    "added:2026-02": {n for n in STORED if n % 12 == 1},
    "uploaded:<2012": {n for n in range(40) if n % 5 < 2},
    "status:wanted,skipped": (set(range(40)) - STORED) | {1},
    "gone:yes": {n for n in range(40) if n % 7 == 3},
    "dup:yes": {n for n in STORED if n % 6 == 1 and n not in (1, 31)},
    "dup:open": {n for n in STORED if n % 12 == 1 and n != 1},
    "id:3,7..9": {3, 7, 8, 9},
    "sha:0001": {1},
    "sha:0002": {1, 2},
    "sha:000a": {10},
    "sunset": {n for n in range(40) if n % 8 == 0},
    "SUN": {n for n in range(40) if n % 8 == 0},
    "t b": {n for n in range(40) if n % 8 == 0},
    "ärger": {n for n in range(40) if n % 8 == 1},
    "огород": {n for n in range(40) if n % 8 == 3},
    "\u0433\u043e": {n for n in range(40) if n % 8 == 3},
    "花": {n for n in range(40) if n % 8 == 4},
    '"花園."': {n for n in range(40) if n % 8 == 4},
    "100%_x": {n for n in range(40) if n % 8 == 2},
    "%_": {n for n in range(40) if n % 8 == 2},
    "[1]*?": {n for n in range(40) if n % 8 == 6},
    "rose": {n for n in range(40) if n % 8 >= 6},
    "-rose": {n for n in range(40) if n % 8 < 6},
    "listed": {n for n in range(5, 40, 8) if n % 2 == 0 or n % 3 == 0 or n % 5 == 0},
    "sunset or tag:animals": {n for n in range(40) if n % 8 == 0} | tagged(3, 4),
    "(ärger or огород) gone:yes": {n for n in range(40) if n % 8 in (1, 3) and n % 7 == 3},
    "rose jpg [1]": {n for n in range(40) if n % 8 == 6},
    "folder:trees -tag:plants w:>100": {n for n in range(0, 40, 3) if n in STORED and n > 1} - tagged(1, 2, 5),
    "-(tag:plants or rose or user:ünal)": {n for n in range(40) if n % 8 < 6 and n % 5} - tagged(1, 2, 5),
}


@pytest.mark.parametrize("large", [False, True])
@pytest.mark.parametrize("text", EXPECTED)
def test_a_query_finds_what_it_says_and_counts_it(
    connection: Connection, text: str, large: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where the lists are too long to be walked along: every way has the same answer."""
    expected = EXPECTED[text]
    if large:
        monkeypatch.setattr(sql, "LARGE", 1)
        monkeypatch.setattr(counting, "LARGE", 1)
    found = [row.image_id for row in query.run(connection, text)]
    assert sorted(found) == sorted(expected)
    assert query.count(connection, text) == len(expected)


#: Terms that are much in SQL, each in its way.
MUCH = ["tag:plants", "user:a*", "folder:fl*", "sha:0001", "ärgerÄÖÜ", "w:>3"]
#: As deep and as wide as the parser lets them be.
LARGEST = {
    "deep": lambda term: f"-({term} or -({term} " * 3 + term + "))" * 3,
    "deep and wide": lambda term: f"-({f'{term} or ' * 20} -({f'-{term} ' * 20}" * 2 + term + "))" * 2,
    "any": lambda term: " or ".join([term] * 100),
    "not any": lambda term: " or ".join([f"-{term}"] * 100),
    "all": lambda term: " ".join([term] * 100),
    "numbers": lambda _: "id:" + ",".join(["1"] * 1900),
    "ranges": lambda _: "id:" + ",".join(["1..2"] * 100),
}


@pytest.mark.parametrize("term", MUCH)
@pytest.mark.parametrize("shape", LARGEST)
def test_what_the_parser_lets_through_the_database_takes(connection: Connection, shape: str, term: str) -> None:
    text = LARGEST[shape](term)
    assert query.count(connection, text) == len(query.image_ids(connection, text))
    groups = sections.read_filter(query=text)
    assert sections.total(connection, groups).groups == len(sections.listed(connection, groups, "gain"))


def test_a_star_stands_for_anything_and_costs_no_more_than_the_name_is_long() -> None:
    chance = random.Random(5)
    for _ in range(3000):
        wanted = "".join(chance.choices("ab*", k=chance.randrange(1, 7)))
        name = "".join(chance.choices("ab\n", k=chance.randrange(7)))
        pattern = ".*".join(map(re.escape, wanted.split("*")))
        assert places._called(wanted)(name, 7) == bool(re.fullmatch(pattern, name, re.DOTALL)), (wanted, name)
    began = time.process_time()
    assert not places._called("*" * 6 + "b")("a" * 60, 7)
    assert not places._called("*a*" * 1000 + "b")("a" * 3000, 7)
    assert time.process_time() - began < 0.5


@pytest.mark.parametrize(("wanted", "number"), [("#10", True), ("10", True), ("1*", False), ("#1*", False)])
def test_a_number_is_no_pattern(wanted: str, number: bool) -> None:
    assert places._called(wanted)("flowers", 10) == number


ATOMS = [text for text in EXPECTED if text and " " not in text and text not in ("folder:x*",)]


@pytest.mark.parametrize("seed", range(40))
def test_any_combination_is_what_its_parts_are(connection: Connection, seed: int) -> None:
    chance = random.Random(seed)

    def make(depth: int) -> tuple[str, set[int]]:
        if depth == 0 or chance.random() < 0.3:
            text = chance.choice(ATOMS)
            return (text, EXPECTED[text])
        (one, left), (other, right) = make(depth - 1), make(depth - 1)
        kind = chance.choice(["and", "or", "not"])
        if kind == "not":
            return f"-({one})", set(range(40)) - left
        return (f"({one} {other})", left & right) if kind == "and" else (f"({one} or {other})", left | right)

    text, expected = make(3)
    assert {row.image_id for row in query.run(connection, text)} == expected, text
    assert query.count(connection, text) == len(expected), text


def test_rows_come_in_the_order_of_the_folder_that_is_asked_for(connection: Connection) -> None:
    assert list(query.image_ids(connection, "folder:trees")) == list(range(39, -1, -3))
    assert list(query.image_ids(connection, "folder:trees w:>3000")) == [36, 33]
    assert list(query.image_ids(connection, "folder:trees", 2, 3)) == [30, 27]
    # One folder after the other, an image in both where it comes first.
    flowers = [*range(38, -1, -2), *range(35, 0, -10)]
    assert list(query.image_ids(connection, "folder:flowers")) == flowers


def test_other_rows_come_by_number_in_pages(connection: Connection) -> None:
    everything = list(query.image_ids(connection, "gone:no tag:plants"))
    assert everything == sorted(everything)
    pages = [query.image_ids(connection, "gone:no tag:plants", 5, offset) for offset in range(0, 40, 5)]
    assert [image_id for page in pages for image_id in page] == everything


def test_a_row_tells_what_is_shown(connection: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    copy, _ = query.run(connection, "id:1,2")
    assert (copy.status, copy.sha256, copy.trashed, copy.width) == ("skipped", sha(2), sha(1), 200)
    (row,) = query.run(connection, "id:7")
    assert row.document() == {
        "image_id": 7,
        "name": "rose.JPG",
        "status": "stored",
        "reason": "",
        "sha256": sha(7),
        "trashed": None,
        "extension": "jpg",
        "format": "WEBP",
        "size": 7000,
        "width": 700,
        "height": 50,
        "frames": None,
        "animated": False,
        "gone": False,
        "duplicates": "yes",
        "gallery_id": None,
        "added": "2026-08-05T10:00:00Z",
        "uploaded": "2012-03-04 05:06:07",
    }
    monkeypatch.setattr(rows, "in_parts", lambda ids: (ids[at : at + 3] for at in range(0, len(ids), 3)))
    assert [row.image_id for row in query.every(connection, "folder:trees")] == list(range(39, -1, -3))


@pytest.mark.parametrize(
    "text", ["w:>5 folder:nowhere", "user:nobody", "tag:plants/animals", "-tag:oak", "gallery:901"]
)
def test_names_that_there_are_not_are_pointed_at(connection: Connection, text: str) -> None:
    for ask in (query.run, query.count):
        with pytest.raises(UserInputError, match="query, character ") as caught:
            ask(connection, text)
        assert caught.value.__notes__[1].strip() == "^" * len(text.rsplit(maxsplit=1)[-1].removeprefix("-"))


PLANS = {
    "folder:trees": ["SEARCH favorites USING INDEX ", "SEARCH facets USING INTEGER PRIMARY KEY"],
    "tag:oaks": ["SEARCH facet_tags USING PRIMARY KEY (tag_id=?)"],
    "tag:oaks w:>100": ["SEARCH facets USING INTEGER PRIMARY KEY", "SEARCH facet_tags USING PRIMARY KEY (tag_id=?)"],
    "user:anna": ["SEARCH facets USING COVERING INDEX facets_by_user"],
    "gallery:900 gone:yes": ["SEARCH facets USING INTEGER PRIMARY KEY", "SEARCH gallery_images USING "],
    "sunset": ["SCAN facet_names VIRTUAL TABLE"],
    "sunset tag:oaks": ["SEARCH facets USING INTEGER PRIMARY KEY"],
    "id:3..7": ["SEARCH facets USING INTEGER PRIMARY KEY"],
    "sha:0001": ["SEARCH images USING "],
}


def plan_of(connection: Connection, text: str) -> list[str]:
    """How SQLite would look for the first rows; tables by their own names."""
    statement = rows.select_ids(connection, query.parse(text)).limit(100)
    compiled = statement.compile(connection.engine, compile_kwargs={"render_postcompile": True})
    values = tuple(compiled.params[name] for name in compiled.positiontup or ())
    plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {compiled}", values)
    return [re.sub(r"^(SEARCH|SCAN) (\w+?)_\d+ ", r"\1 \2 ", row[3]) for row in plan]


@pytest.mark.parametrize("text", PLANS)
def test_where_an_index_is_meant_no_table_is_read_through(connection: Connection, text: str) -> None:
    plan = plan_of(connection, text)
    for step in PLANS[text]:
        assert any(step in line for line in plan), plan
    tables = ("facets", "favorites", "images", "blobs", "facet_tags", "gallery_images", "folders")
    read_through = [line for line in plan if line.startswith("SCAN") and line.split()[1] in tables]
    assert not read_through, plan


def test_a_question_of_facts_reads_the_narrow_table_alone(connection: Connection) -> None:
    assert plan_of(connection, "w:>100 gone:no type:gif") == ["SCAN facets"]


@pytest.mark.parametrize("text", ["user:anna w:>100", "rose w:>100", "-rose", "-user:2 gone:no"])
def test_a_list_that_is_too_long_is_not_walked_along(
    connection: Connection, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sql, "LARGE", 1)
    assert "SCAN facets" in plan_of(connection, text)

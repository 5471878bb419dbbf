from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagefap_scraper.exceptions import UserInputError
from imagefap_scraper.query import HELP, parse
from imagefap_scraper.query.nodes import Any as AnyOf
from imagefap_scraper.query.nodes import Node, Not, Term


def shape(node: Node) -> object:
    """The node as plain values."""
    if isinstance(node, Term):
        return f"{node.field}={node.value}"
    if isinstance(node, Not):
        return ["not", shape(node.node)]
    return ["any" if isinstance(node, AnyOf) else "all", *(shape(one) for one in node.nodes)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ["all"]),
        ("  \t ", ["all"]),
        ("rose", "name=rose"),
        ('"two words"', "name=two words"),
        ('name:"two words"', "name=two words"),
        (r'"a \"b\" \\"', 'name=a "b" \\'),
        ("tag:a -tag:b", ["all", "tag=a", ["not", "tag=b"]]),
        ("tag:a and not tag:b", ["all", "tag=a", ["not", "tag=b"]]),
        ("a b or c", ["any", ["all", "name=a", "name=b"], "name=c"]),
        ("a (b OR c)", ["all", "name=a", ["any", "name=b", "name=c"]]),
        ("-(a b)", ["not", ["all", "name=a", "name=b"]]),
        ("or", "name=or"),
        ("not not a", "name=a"),
        ("-" * 3001 + "a", ["not", "name=a"]),
        ("-(-(-(a b)))", ["not", ["all", "name=a", "name=b"]]),
        ("order nothing android", ["all", "name=order", "name=nothing", "name=android"]),
        ("folder:or", "folder=or"),
        ("folder:-x", "folder=-x"),
        ("tag:plants/trees", "tag=plants/trees"),
        ("Width:>2000 sha256:ABCD", ["all", "w=>2000", "sha=ABCD"]),
        ("a-b 12:30", ["all", "name=a-b", "name=12:30"]),
        ("tag: a", "tag=a"),
        ("(" * 500 + "a" + ")" * 500, "name=a"),
        ("花 -ärger", ["all", "name=花", ["not", "name=ärger"]]),
    ],
)
def test_what_is_written_is_what_is_asked(text: str, expected: object) -> None:
    assert shape(parse(text).root) == expected


@pytest.mark.parametrize(
    ("text", "place", "reason"),
    [
        ("tag:a w:>x", "w:>x", "w: cannot be '>x'; write w:>2000"),
        ("colour:red", "colour:red", "there is no field colour:"),
        ("a fodler:x", "fodler:x", "did you mean folder:"),
        ('a "b', '"', "this quote is not closed"),
        ("a)", ")", "this bracket was not opened"),
        ("a ()", ")", "something is missing before this bracket"),
        ("(a", "", "something is missing at the end"),
        ("tag:", "", "something is missing at the end"),
        ('tag:""', 'tag:""', "tag: needs a value"),
        ("size:2MP", "size:2MP", "size: cannot be '2MP'"),
        ("added:2026-13", "added:2026-13", "added: cannot be"),
        ("type:jpg,gifs", "type:jpg,gifs", "cannot be 'gifs'; one of jpg, jpeg, png, gif"),
        ("gone:perhaps", "gone:perhaps", "one of yes, no"),
        ("dup:maybe", "dup:maybe", "one of yes, no, open"),
        ("sha:xyz1", "sha:xyz1", "hexadecimal"),
        ("id:1,,2", "id:1,,2", "id: cannot be"),
        ("name:a\0b", "name:a\0b", "null character"),
    ],
)
def test_errors_point_at_the_place(text: str, place: str, reason: str) -> None:
    with pytest.raises(UserInputError) as caught:
        parse(text)
    assert reason in str(caught.value)
    assert "\n" not in str(caught.value)
    start = text.index(place) if place else len(text)
    assert str(caught.value).startswith(f"query, character {start + 1}: ")
    line, carets = caught.value.__notes__
    assert line == text.replace("\0", " ")
    assert carets == " " * start + "^" * max(1, len(place))


def test_a_long_query_is_shown_around_the_place() -> None:
    text = "rose " * 40 + "w:x" + " tulip" * 40
    with pytest.raises(UserInputError) as caught:
        parse(text)
    line, carets = caught.value.__notes__
    assert len(line) < 70
    assert line[carets.index("^") : len(carets)] == "w:x"
    assert line.startswith("...")
    assert line.endswith("...")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("a" * 5000, "longer than 4000"),
        ("(a or b (" * 60 + "a" + "))" * 60, "nests deeper"),
        ("-(a or -(b " * 9 + "a" + "))" * 9, "nests deeper"),
        ("a " * 300, "more than 100 conditions"),
        ("id:" + ",".join(["1..2"] * 101), "more than 100 conditions"),
    ],
)
def test_what_no_person_writes_is_refused(text: str, reason: str) -> None:
    with pytest.raises(UserInputError, match=reason):
        parse(text)


@given(st.text(st.sampled_from('ab:"()- \\\t\n<>.,or*花\0'), max_size=40))
def test_anything_is_either_understood_or_refused(text: str) -> None:
    try:
        parse(text)
    except UserInputError as error:
        line, carets = error.__notes__
        assert carets.strip("^ ") == ""
        assert line.isprintable()


def test_every_field_is_explained_with_an_example() -> None:
    for field, text in HELP.items():
        assert text, field


def test_the_parser_is_loaded_when_a_query_is_read_and_not_before() -> None:
    code = "import sys, imagefap_scraper.query; assert 'lark' not in sys.modules"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0

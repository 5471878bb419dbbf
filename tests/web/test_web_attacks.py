"""Every route of the application, asked what no page of ours asks: no change, no fault, no markup out of data."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import every_route
import pytest
import web_bench
from every_route import OTHERS, Way
from jobs_bench import archive_alone
from starlette.testclient import TestClient
from web_bench import HOME, OWN, PORT

from imagefap_scraper.web.app import create_app
from imagefap_scraper.web.archive import WebArchive

if TYPE_CHECKING:
    from collections.abc import Iterator

    from web_bench import Bench

WAYS = every_route.ways()
READING = [way for way in WAYS if way.method == "GET"]
CHANGING = [way for way in WAYS if way.method not in ("GET", "HEAD")]
#: What no parameter means, as it stands in an address.
ODD = {
    "way up": "..%2F..%2Fetc%2Fpasswd",
    "dots": "%2e%2e",
    "nul": "1%00",
    "no utf-8": "%ff%ed%b2%80",
    "too large": "1" + 30 * "0",
    "63 bits": str((1 << 63) - 1),
    "below": "-1" + 30 * "0",
    "negative": "-1",
    "empty": "",
    "long": 9000 * "x",
    "long number": 5000 * "9",
    "other digits": quote("١٢"),
    "no number": "nan",
    "infinite": "1e400g",
    "markup": quote("'\"></title><script>alert(1)</script>\u202e"),
    "nested": 600 * "(",
    "year one": quote("0001-01-01T00:00:00+23:59"),
}
BODIES = {
    "nothing": (b"", "application/json"),
    "half": (b'{"rev":', "application/json"),
    "list": (b"[]", "application/json"),
    "deep": (b"[" * 100_000, "application/json"),
    "no utf-8": (b"\xff\xfe{", "application/json"),
    "surrogates": (b'{"rev": "\\ud800", "verdicts": {"\\udfff": "keep"}, "query": "\\ud800"}', "application/json"),
    "plain": (b"{}", "text/plain"),
    "no kind": (b"{}", ""),
    "no parts": (b"x", "multipart/form-data"),
    "broken parts": (b"--a\r\nx", "multipart/form-data; boundary=a"),
    "many fields": (b"a=1&" * 5000, "application/x-www-form-urlencoded"),
    "bytes": (b"%00=%ff&rev=%ff", "application/x-www-form-urlencoded"),
}


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    made = web_bench.bench(tmp_path_factory.mktemp("archive"))
    made.add(*web_bench.family(1))
    made.find()
    return made


@pytest.fixture(scope="module")
def asking(bench: Bench) -> Iterator[TestClient]:
    app = create_app(WebArchive(bench.workplace, bench.options), PORT)
    # A fault is an answer here, as it is for a browser.
    with TestClient(app, base_url=HOME, headers=OWN, follow_redirects=False, raise_server_exceptions=False) as client:
        yield client


def check(answer: Any) -> None:
    assert answer.status_code < 500, answer.text
    assert "Traceback" not in answer.text
    assert not answer.headers.get("content-type", "").startswith("text/html") or "<script>alert" not in answer.text
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_all_routes_are_known(asking: TestClient) -> None:
    described = {
        (method.upper(), path)
        for path, ways in asking.get("/api/openapi.json").json()["paths"].items()
        for method in ways
    }
    assert described <= {(way.method, way.path) for way in WAYS}
    assert len(READING) > 20
    assert len(CHANGING) > 20


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.name)
def test_strangers_are_refused_everywhere(asking: TestClient, bench: Bench, way: Way) -> None:
    before = archive_alone(bench.dump())
    strange = [
        ({"Host": f"evil.example:{PORT}"}, 421),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null", "Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
    ]
    for headers, status in strange:
        assert asking.request(way.method, way.address(), headers=headers).status_code == status
    assert archive_alone(bench.dump()) == before


@pytest.mark.parametrize("path", OTHERS)
def test_strangers_get_no_file_of_ours(asking: TestClient, path: str) -> None:
    assert asking.get(path).status_code == 200
    assert asking.get(path, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403


@pytest.mark.parametrize("odd", ODD.values(), ids=ODD)
def test_nothing_that_is_read_changes_or_breaks_anything(asking: TestClient, bench: Bench, odd: str) -> None:
    before = archive_alone(bench.dump())
    for way in READING:
        for place in way.places:
            check(asking.get(way.address(**{place: odd})))
        for name in way.query:
            check(asking.get(f"{way.address()}?{quote(name)}={odd}"))
    for path in ("/static/", "/", "/api/"):
        check(asking.get(path + odd))
    assert archive_alone(bench.dump()) == before


@pytest.mark.parametrize("odd", ODD.values(), ids=ODD)
def test_no_parameter_of_a_change_breaks_anything(asking: TestClient, odd: str) -> None:
    document = {"rev": "x", "verdicts": {}}
    for way in CHANGING:
        for place in way.places:
            check(asking.request(way.method, way.address(**{place: odd}), json=document))
        for name in way.query:
            check(asking.request(way.method, f"{way.address()}?{quote(name)}={odd}", json=document))
        for name in way.body if way.is_form else ():
            form = "&".join([f"{quote(name)}={odd}", *(f"{other}=1" for other in way.body if other != name)])
            headers = {"Content-Type": "application/x-www-form-urlencoded"}
            check(asking.request(way.method, way.address(), content=form, headers=headers))


@pytest.mark.parametrize("value", [None, 5, -1e308, 10**30, True, [], {}, ["\x00"], {"x": "keep"}, [[1]]], ids=repr)
def test_no_kind_of_value_breaks_anything(asking: TestClient, value: object) -> None:
    for way in CHANGING:
        for name in () if way.is_form else way.body:
            body = json.dumps({**dict.fromkeys(way.body, "x"), name: value})
            headers = {"Content-Type": "application/json"}
            check(asking.request(way.method, way.address(), content=body, headers=headers))


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_no_body_breaks_anything(asking: TestClient, body: tuple[bytes, str]) -> None:
    content, kind = body
    for way in CHANGING:
        check(asking.request(way.method, way.address(), content=content, headers={"Content-Type": kind}))


def test_a_request_without_end_is_refused(asking: TestClient) -> None:
    for way in CHANGING:
        if not way.body and "decide" not in way.path:
            # It reads nothing.
            continue
        kind = "application/x-www-form-urlencoded" if way.is_form else "application/json"
        answer = asking.request(
            way.method, way.address(), content=b"a=" + bytes(9_000_000), headers={"Content-Type": kind}
        )
        assert answer.status_code == 413, way.name

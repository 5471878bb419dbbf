"""No request to anywhere but the site; robots.txt; signatures are seen by nobody."""

from __future__ import annotations

import socket
import threading
from typing import TYPE_CHECKING

import pytest
from crawl_support import check_blobs, crawl, image_folders, rows, user_of
from faults_support import USER, WORDS, separate_world, small_world, statuses

from tools.demo.addresses import Signer
from tools.demo.client import DemoSite
from tools.demo.world import Folder, User

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class Listener:
    """A foreign host on loopback: remembers who came and answers nothing."""

    def __init__(self) -> None:
        self.visits: list[bytes] = []
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            with connection:
                connection.settimeout(2)
                try:
                    self.visits.append(connection.recv(200))
                except OSError:
                    self.visits.append(b"")

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def foreign() -> Iterator[Listener]:
    listener = Listener()
    yield listener
    listener.close()


@pytest.fixture(scope="module")
def site() -> Iterator[DemoSite]:
    with DemoSite.start(world=separate_world(count=16)) as demo:
        yield demo


@pytest.fixture(autouse=True)
def calm(site: DemoSite) -> None:
    site.set_fault(reset=True)
    site.reset_log()


def favorites(site: DemoSite) -> list[int]:
    return [image for folder in user_of(site.truth(), USER)["folders"] for image in folder["favorites"]]


def check_complete(site: DemoSite, output: Path) -> None:
    truth = site.truth()
    check_blobs(output, truth, image_folders(user_of(truth, USER)))


def elsewhere(site: DemoSite, foreign: Listener) -> list[str]:
    """Return where a redirect must not lead; every second one would even be answered."""
    host, port = site.url.removeprefix("http://"), site.url.rpartition(":")[2]
    return [
        f"http://127.0.0.1:{foreign.port}/images/full/1/1/1.jpg",
        f"//127.0.0.1:{foreign.port}/images/full/1/1/1.jpg",
        f"http://localhost:{port}/",
        f"http://somebody:secret@{host}/",
        f"http://{host}@127.0.0.1:{foreign.port}/",
        f"http://127.0.0.1:{foreign.port}\\@{host}/",
        f"https://{host}/",
        "file:///etc/passwd",
        "ftp://127.0.0.1/",
        "data:image/png;base64,AAAA",
        "http://169.254.169.254/latest/meta-data/",
        "http://[::1]:1/",
        f"http://2130706433:{foreign.port}/",
        f"http://127.1:{foreign.port}/",
    ]


@pytest.mark.parametrize("kind", ["image", "photo"])
def test_a_redirect_never_leaves_the_site(site: DemoSite, foreign: Listener, tmp_path: Path, kind: str) -> None:
    ids, places = favorites(site), elsewhere(site, foreign)
    # Not in a row: many pages that look odd one after the other would end the crawl.
    limited = dict(zip(ids, places, strict=False))
    rules = [{"do": "redirect", "kind": kind, "ids": [i], "location": place} for i, place in limited.items()]
    if kind == "photo":
        struck = set(list(limited)[::3])
        rules = [rule for rule in rules if set(rule["ids"]) <= struck]
    else:
        struck = set(limited)
    site.set_fault(rules=rules)
    outcome = crawl(site, tmp_path / "out", "favorites", *WORDS)
    assert not foreign.visits
    assert outcome.code == 76, outcome.err
    found = statuses(tmp_path / "out")
    assert {image for image, (status, _) in found.items() if status != "stored"} == struck
    assert {found[image][0] for image in struck} == {"failed"}
    assert all(found[image][1] for image in struck)
    assert {entry["host"] for entry in site.requests()} == {site.url.removeprefix("http://")}
    assert "secret" not in outcome.err
    assert "Traceback" not in outcome.err


def test_a_redirect_to_another_image_is_not_stored_under_this_number(site: DemoSite, tmp_path: Path) -> None:
    ids = favorites(site)
    world = separate_world(count=16)
    other = Signer(world.seed).address(site.url, world.images[ids[5]], "full", 4e9)
    site.set_fault(rules=[{"do": "redirect", "kind": "image", "ids": [ids[1]], "location": other}])
    outcome = crawl(site, tmp_path / "out", "favorites", *WORDS)
    assert outcome.code == 3, outcome.err
    found = statuses(tmp_path / "out")
    assert found[ids[1]][0] == "failed"
    assert found[ids[5]][0] == "stored"


def test_pages_of_every_kind_that_redirect_away_are_not_followed(
    site: DemoSite, foreign: Listener, tmp_path: Path
) -> None:
    for kind in ("robots", "profile", "folder"):
        site.set_fault(rules=[{"do": "redirect", "kind": kind, "location": f"http://127.0.0.1:{foreign.port}/"}])
        outcome = crawl(site, tmp_path / kind / "out", "favorites", *WORDS)
        assert outcome.code == (0 if kind == "robots" else 76), outcome.err
        assert not foreign.visits, kind
        assert "gone" not in {status for status, _ in statuses(tmp_path / kind / "out").values()}


def test_a_profile_that_leads_to_another_user_is_not_taken_for_the_one_that_was_named(tmp_path: Path) -> None:
    world = separate_world(count=3)
    world.users.append(User(99, "Somebody", [Folder(888, "Theirs", ids=list(world.images)[:2])]))
    with DemoSite.start(world=world) as site:
        site.set_fault(rules=[{"do": "redirect", "kind": "profile", "location": "/profile/Somebody", "first": 1}])
        outcome = crawl(site, tmp_path / "out", "favorites", *WORDS)
        assert outcome.code != 0, outcome.err
        assert not rows(tmp_path / "out", "SELECT 1 FROM favorites WHERE user_id = 99")


def test_a_meta_refresh_is_not_followed(site: DemoSite, foreign: Listener, tmp_path: Path) -> None:
    image = favorites(site)[2]
    page = f'<html><head><meta http-equiv="refresh" content="0;url=http://127.0.0.1:{foreign.port}/"></head></html>'
    site.set_fault(rules=[{"do": "body", "body": page, "kind": "photo", "ids": [image]}])
    outcome = crawl(site, tmp_path / "out", "favorites", *WORDS)
    assert outcome.code == 76, outcome.err
    assert not foreign.visits
    assert statuses(tmp_path / "out")[image][0] == "failed"


@pytest.mark.parametrize(
    ("rules", "asked"),
    [
        ("User-agent: *\nDisallow: /\n", set()),
        ("User-agent: *\nDisallow: /photo/\n", {"profile", "root", "folder"}),
        ("User-agent: *\nDisallow: /images/\n", {"profile", "root", "folder", "photo"}),
    ],
)
def test_a_refusal_by_robots_is_told_and_fails_no_image(
    site: DemoSite, tmp_path: Path, rules: str, asked: set[str]
) -> None:
    output = tmp_path / "out"
    site.set_fault(robots=rules)
    outcome = crawl(site, output, "favorites", *WORDS)
    assert outcome.code == 66, outcome.err
    assert "robots.txt of the site refuses" in " ".join(outcome.err.split())
    assert "secure=" not in outcome.err
    assert {entry["kind"] for entry in site.requests()} == asked | {"robots"}
    assert {status for status, _ in statuses(output).values()} <= {"wanted"}
    assert len(site.requests("photo")) <= 3
    site.set_fault(robots=None)
    outcome = crawl(site, output, "favorites", *WORDS)
    assert outcome.code == 0, outcome.err
    check_complete(site, output)


def test_signatures_are_seen_by_nobody(tmp_path: Path) -> None:
    output, feed, log = tmp_path / "out", tmp_path / "feed.jsonl", tmp_path / "crawl.log"
    with DemoSite.start(world=small_world(32)) as site:
        ids = favorites(site)
        images: list[dict[str, object]] = [
            {"do": "status", "status": 403, "first": 1},
            {"do": "status", "status": 500, "first": 1},
            {"do": "status", "status": 500},
            {"do": "reset"},
            {"do": "cut"},
            {"do": "html_as_image"},
            {"do": "redirect_thumb"},
            {"do": "redirect", "location": "http://127.0.0.1:1/images/full/1.jpg?secure=elsewhere"},
            {"do": "stall", "seconds": 1.5},
            {"do": "status", "status": 429, "first": 1},
            {"do": "status", "status": 404},
        ]
        rules = [{**rule, "kind": "image", "ids": [i]} for rule, i in zip(images, ids, strict=False)]
        site.set_fault(rules=[*rules, {"do": "layout", "kind": "photo", "ids": [ids[-1]], "first": 1}])
        words = (*WORDS, "-LDEBUG", f"-O{feed}:jsonlines", f"--logfile={log}")
        settings = {"DOWNLOAD_TIMEOUT": "0.7", "IMAGEFAP_BLOCK_PAUSE": "0.2", "STATS_DUMP": "1"}
        outcome = crawl(site, output, "favorites", *words, JOBDIR=str(tmp_path / "job"), **settings)
        assert outcome.code == 76, outcome.err  # one address leads away
        signed = {entry["query"] for entry in site.requests("image")}
    tokens = {query.partition("=")[2].partition(",")[0].encode() for query in signed} | {b"elsewhere", b"secure="}
    assert len(tokens) > 30
    assert feed.stat().st_size > 1000
    assert log.stat().st_size > 10_000
    seen = {"output": (outcome.out + outcome.err).encode()}
    seen |= {str(path): path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    assert not [(place, token) for place, content in seen.items() for token in tokens if token in content]
    assert b'"content"' not in seen[str(feed)]
    assert rows(output, "SELECT count(*) FROM images WHERE address LIKE '%?%'") == [(0,)]

"""`process.py doctor`: settings, pace file, clock, and the site when it is asked for."""

from __future__ import annotations

import json
import os
import sqlite3
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from imagefap_scraper.pace.budget import Limits
from imagefap_scraper.pace.pauses import PausePolicy
from imagefap_scraper.pace.store import PaceStore
from tools.commands import _doctor_pace
from tools.demo.client import DemoSite
from tools.process import cli

if TYPE_CHECKING:
    from collections.abc import Iterator

POLICY = PausePolicy(first=900.0, longest=7200.0, max_pauses=4)


@pytest.fixture(autouse=True)
def pace_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    for name in [name for name in os.environ if name.startswith("IMAGEFAP_")]:
        monkeypatch.delenv(name)
    path = tmp_path / "state" / "pace.sqlite3"
    monkeypatch.setenv("IMAGEFAP_PACE_FILE", str(path))
    return path


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """A directory that is not there yet, which is no fault."""
    return tmp_path / "archive"


def examined(directory: Path, *words: str, code: int = 0) -> dict[str, dict[str, str]]:
    """Return the checks by name."""
    result = CliRunner().invoke(cli, ["doctor", "--json", *words, "--dir", str(directory)])
    assert result.exit_code == code, result.output
    document = json.loads(result.stdout)
    assert document["ok"] == (code == 0)
    return {check["name"]: check for check in document["checks"]}


def test_a_setting_that_cannot_be_right_is_bad(archive: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IMAGEFAP_PAGE_GAP", "soon")
    found = examined(archive, "--site", code=65)
    assert "IMAGEFAP_PAGE_GAP is 'soon'" in found["settings"]["message"]
    assert found["site"]["message"].startswith("not asked: IMAGEFAP_PAGE_GAP")


@pytest.mark.parametrize("content", [b"words" * 1000, b"SQLite format 3\0" + b"\x55" * 5000], ids=["text", "damaged"])
def test_a_pace_file_that_cannot_be_used_is_bad(archive: Path, pace_file: Path, content: bytes) -> None:
    pace_file.parent.mkdir()
    pace_file.write_bytes(content)
    assert examined(archive, code=65)["pace file"]["state"] == "bad"
    assert pace_file.read_bytes() == content


def test_a_pace_file_of_another_program_is_bad(archive: Path, pace_file: Path) -> None:
    pace_file.parent.mkdir()
    connection = sqlite3.connect(pace_file)
    connection.execute("CREATE TABLE words (word)")
    connection.close()
    assert "belongs to another program" in examined(archive, code=65)["pace file"]["message"]


def store(path: Path, host: str, clock: Any = time.time) -> PaceStore:
    return PaceStore(path, host, Limits(), POLICY, clock)


def test_a_clock_that_was_set_back_is_told(archive: Path, pace_file: Path) -> None:
    store(pace_file, "imagefap.com:443", lambda: time.time() + 7200).take()
    found = examined(archive)
    assert found["clock"]["state"] == "warn"
    assert found["pace file"]["message"] == "1 page of imagefap.com:443 on record, no block"


def test_a_pause_is_told(archive: Path, pace_file: Path) -> None:
    pace = store(pace_file, "imagefap.com:443")
    pace.blocked(pace.take().now, 600.0)
    found = examined(archive)
    assert found["pace file"]["state"] == "warn"
    assert "no page is asked for before" in found["pace file"]["message"]
    assert found["clock"]["state"] == "ok"


@pytest.fixture(scope="module")
def demo() -> Iterator[DemoSite]:
    with DemoSite.start("--users", "1") as site:
        yield site


@pytest.fixture
def site(demo: DemoSite, monkeypatch: pytest.MonkeyPatch) -> DemoSite:
    monkeypatch.setenv("IMAGEFAP_SITE_URL", demo.url)
    demo.reset_log()
    return demo


def host(site: DemoSite) -> str:
    return site.url.removeprefix("http://")


def sent(path: Path) -> list[tuple[Any, ...]]:
    connection = sqlite3.connect(path)
    rows = connection.execute("SELECT host, answered IS NOT NULL FROM page").fetchall()
    connection.close()
    return rows


def test_the_site_is_asked_only_when_asked_for(archive: Path, site: DemoSite, pace_file: Path) -> None:
    assert "site" not in examined(archive)
    assert site.requests() == []
    found = examined(archive, "--site")["site"]
    assert found["state"] == "ok"
    assert [request["kind"] for request in site.requests()] == ["robots"]
    assert sent(pace_file) == [(host(site), 1)], "it counts as a page"


def test_the_site_is_left_alone_when_the_pace_has_no_room(
    archive: Path, site: DemoSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IMAGEFAP_PAGE_LIMITS", "1/60")
    examined(archive, "--site")
    found = examined(archive, "--site")["site"]
    assert found["state"] == "warn"
    assert found["message"].startswith("not asked: the next page may leave in ")
    assert len(site.requests()) == 1


@pytest.mark.parametrize("ago", [0.0, 700.0], ids=["running", "over, and nobody has tried since"])
def test_the_site_is_left_alone_after_a_block(archive: Path, site: DemoSite, pace_file: Path, ago: float) -> None:
    pace = store(pace_file, host(site), lambda: time.time() - ago)
    pace.blocked(pace.take().now, 600.0)
    assert examined(archive, "--site")["site"]["state"] == "warn"
    assert site.requests() == []


@pytest.mark.parametrize(
    ("answer", "state"),
    [
        ((429, {"Retry-After": "120"}, ""), "warn"),
        ((302, {"Location": "/human-verification?url=x"}, ""), "warn"),
        ((500, {}, ""), "bad"),
        ((404, {}, ""), "ok"),
        ((302, {"Location": "/elsewhere"}, ""), "ok"),
    ],
    ids=["429", "check page", "trouble", "no robots.txt", "redirect"],
)
def test_what_the_site_answers_is_noted_as_a_crawl_would(
    archive: Path, site: DemoSite, monkeypatch: pytest.MonkeyPatch, answer: Any, state: str
) -> None:
    monkeypatch.setattr(_doctor_pace, "_get", lambda _url: _doctor_pace._Answer(*answer))
    found = examined(archive, "--site", code=65 if state == "bad" else 0)["site"]
    assert found["state"] == state
    pause = store(Path(os.environ["IMAGEFAP_PACE_FILE"]), host(site)).look().pause
    assert pause is not None
    assert bool(pause.count) == (state == "warn")
    if answer[0] == 429:
        assert pause.until - pause.began == pytest.approx(120)


def test_no_redirect_is_followed(site: DemoSite) -> None:
    gallery_id = next(iter(site.truth()["galleries"]))
    assert _doctor_pace._get(f"{site.url}/gallery/{gallery_id}").status in {301, 302}
    assert len(site.requests()) == 1


def test_a_site_that_is_not_there_is_bad(archive: Path, monkeypatch: pytest.MonkeyPatch, pace_file: Path) -> None:
    monkeypatch.setenv("IMAGEFAP_SITE_URL", "http://127.0.0.1:9")
    found = examined(archive, "--site", code=65)["site"]
    assert "cannot be reached: [Errno 111] Connection refused" in found["message"]
    assert sent(pace_file) == [("127.0.0.1:9", 1)]

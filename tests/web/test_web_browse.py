"""Browsing without scripts: what the pages say of an archive with every status, and with names that mean harm."""

from __future__ import annotations

import html
import sqlite3
import time
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest
import web_bench

from imagefap_scraper.database.session import DATABASE_NAME
from imagefap_scraper.pace import history
from imagefap_scraper.storage.lock import DirectoryLock
from imagefap_scraper.web.browse import retrying
from imagefap_scraper.web.browse.crawl_status import duration, find_holder

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from starlette.testclient import TestClient

HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)> \u202egpj.exe {{ 7*7 }}"
DAY = "2026-01-01 00:00:00"


def change(root: Path, sql: str, *values: Any) -> None:
    with closing(sqlite3.connect(root / DATABASE_NAME)) as connection, connection:
        connection.execute(sql, values)


@pytest.fixture
def bench(tmp_path: Path) -> web_bench.Bench:
    """Three pictures, the first in two folders, then one image of each other status in the first folder."""
    bench = web_bench.bench(tmp_path)
    first, *_ = (web_bench.encoded(web_bench.picture(seed)) for seed in (1, 2, 3))
    bench.add(first, web_bench.encoded(web_bench.picture(2)), web_bench.encoded(web_bench.picture(3)))
    bench.add(first, folder=11)
    rows = {
        101: ("wanted", ""),
        102: ("failed", "the file is cut <b>short</b>"),
        103: ("gone", "the site has no such image"),
        104: ("filtered", "smaller than wanted"),
    }
    for position, (image_id, (status, reason)) in enumerate(rows.items()):
        change(
            tmp_path,
            "INSERT INTO images (image_id, status, reason, attempts) VALUES (?, ?, ?, 1)",
            image_id,
            status,
            reason,
        )
        change(
            tmp_path,
            "INSERT INTO favorites (user_id, folder_id, image_id, position, listed_name, verdict, first_seen, "
            "shown_at) VALUES (1, 10, ?, ?, ?, 'new', ?, ?)",
            image_id, 50 + position, f"{status}.jpg", DAY, DAY,
        )  # fmt: skip
    return bench


@pytest.fixture
def asking(bench: web_bench.Bench) -> Iterator[TestClient]:
    with web_bench.client(bench) as client:
        yield client


def test_counts_on_the_start_page(asking: TestClient) -> None:
    page = " ".join(asking.get("/").text.split())
    for label, count in {
        "Pictures": '<a href="/images">8</a>',
        "Stored files": "3",
        "To go": '<a href="/images?q=status%3Awanted">1</a>',
        "Failed": '<a href="/images?q=status%3Afailed">1</a>',
        "Exact copies, stored once": "1",
    }.items():
        assert f"<dt>{label}</dt><dd>{count}</dd>" in page, label
    assert "<title>Start · Archive</title>" in page
    assert "the file is cut &lt;b&gt;short&lt;/b&gt;" in page


def test_users_and_folders_count_each_blob_once(asking: TestClient, bench: web_bench.Bench) -> None:
    ((size,),) = bench.ask("SELECT sum(size) FROM blobs")
    users = asking.get("/users").text
    assert '<a href="/users/1"><bdi>user1</bdi></a>' in users
    from imagefap_scraper.web.render import bytes_text

    assert f'<td class="number">{bytes_text(size)}</td>' in users
    assert '<td class="number">8</td>' in users
    folders = asking.get("/users/1").text
    assert '<td class="number">7</td>' in folders
    assert "1 failed" in folders
    assert "1 to go" in folders


def test_a_folder_is_in_its_order_and_says_what_is_not_there(asking: TestClient) -> None:
    page = asking.get("/folders/1/10").text
    places = [page.index(f'data-image="{image_id}"') for image_id in (1, 2, 3, 101, 102, 103, 104)]
    assert places == sorted(places)
    for words in (
        "Not fetched yet",
        "Failed",
        "Gone from the site",
        "Left out by a filter",
        "also in <bdi>folder 11</bdi>",
    ):
        assert words in page, words
    assert page.count('class="retry"') == 2
    assert 'data-query="user:#1 folder:#10"' in page


def test_a_folder_is_not_another_one_that_is_called_like_its_number(bench: web_bench.Bench) -> None:
    change(bench.root, "UPDATE folders SET name = '10' WHERE folder_id = 11")
    change(bench.root, "INSERT INTO users (user_id, name, first_seen) VALUES (2, '1', ?)", DAY)
    change(
        bench.root,
        "INSERT INTO folders (user_id, folder_id, name, pages, first_seen) VALUES (2, 10, 'other', 1, ?)",
        DAY,
    )
    change(
        bench.root,
        "INSERT INTO favorites (user_id, folder_id, image_id, position, verdict, first_seen, shown_at) "
        "VALUES (2, 10, 4, 1, 'new', ?, ?)",
        DAY,
        DAY,
    )
    with web_bench.client(bench) as asking:
        page = asking.get("/folders/1/10").text
        asked = html.unescape(page.split('data-query="')[1].split('"')[0])
        ids = asking.get("/api/images/ids", params={"q": asked}).json()["ids"]
        assert ids == [1, 2, 3, 101, 102, 103, 104]
        assert [int(part.split('"')[0]) for part in page.split('data-image="')[1:]] == ids
        beside = asking.get("/api/images/ids", params={"q": "user:#2 folder:#10"}).json()["ids"]
        assert beside == [4]
        assert "q=user%3A%231" in asking.get("/users/1").text


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/users/99", 404),
        ("/folders/1/99", 404),
        ("/folders/99/10", 404),
        ("/images/99", 404),
        ("/api/images/99", 404),
        ("/images/x", 422),
        ("/images/99999999999999999999999", 422),
        ("/api/images?limit=501", 422),
        ("/api/images?offset=-1", 422),
        ("/images?q=nofield:x", 400),
        ("/api/images?q=folder:none-such", 400),
    ],
)
def test_what_there_is_not_is_said(asking: TestClient, path: str, status: int) -> None:
    assert asking.get(path).status_code == status


def test_a_query_that_cannot_be_read_points_at_the_place(asking: TestClient) -> None:
    page = asking.get("/images", params={"q": "tag:x ("})
    assert page.status_code == 400
    assert 'role="alert"' in page.text
    assert "^" in page.text
    assert "data-image" not in page.text


@pytest.mark.parametrize(
    "query", ["page=0", "page=99", "page=x", "at=99999999999999999999", "at=7", "show=3", "show=-1", "show=777"]
)
def test_odd_places_lead_to_a_page(asking: TestClient, query: str) -> None:
    page = asking.get(f"/images?{query}")
    assert page.status_code == 200
    assert 'data-image="1"' in page.text
    assert ('data-shown="2"' in page.text) == (query == "show=3")


def test_hostile_names_stay_text_in_every_page(bench: web_bench.Bench) -> None:
    change(bench.root, "UPDATE images SET name = ?, reason = ?", HOSTILE, HOSTILE)
    change(bench.root, "UPDATE users SET name = ?", HOSTILE)
    change(bench.root, "UPDATE folders SET name = ?", HOSTILE)
    with web_bench.client(bench) as asking:
        for path in ("/", "/users", "/users/1", "/folders/1/10", "/images", "/images/1", "/images/102"):
            page = asking.get(path).text
            assert "alert(1)" in page, path
            assert "<script>alert" not in page, path
            assert "<img src=x" not in page, path
            assert html.unescape(page.split("<title>")[1].split("</title>")[0]).endswith("· Archive")
            assert "alert" not in page.split("<title>")[1].split("</title>")[0], path
        assert asking.get("/api/images/1").json()["name"] == HOSTILE
        sought = asking.get("/images", params={"q": f'name:"{HOSTILE}'}).text
        assert "<script>alert" not in sought


def test_the_page_of_a_picture_tells_all(asking: TestClient) -> None:
    page = asking.get("/images/2").text
    assert 'href="https://www.imagefap.com/photo/2/' in page
    assert 'rel="noreferrer noopener"' in page
    assert '<a href="/images/1" rel="prev"' in page
    assert '<a href="/images/3" rel="next"' in page
    assert 'action="/tags/images/2/add"' in page
    known = asking.get("/api/images/1").json()
    assert [(spot["name"], spot["copy_of"]) for spot in known["where"]] == [("folder 10", None), ("folder 11", 4)]
    assert known["places"] == 2
    assert "so there is no Retry" in asking.get("/images/103").text
    assert "A filter of yours" in asking.get("/images/104").text


def test_the_list_of_the_api_is_the_one_of_the_page(asking: TestClient) -> None:
    answer = asking.get("/api/images", params={"q": "user:#1 folder:#10", "offset": 1, "limit": 3}).json()
    assert answer["total"] == 7
    assert [one["id"] for one in answer["images"]] == [2, 3, 101]
    ids = asking.get("/api/images/ids", params={"q": "user:#1 folder:#10", "offset": 5, "limit": 10}).json()
    assert ids == {"ids": [103, 104]}


def test_an_empty_archive_says_what_to_do(tmp_path: Path) -> None:
    bench = web_bench.bench(tmp_path)
    bench.add(web_bench.encoded(web_bench.picture(1)))
    for table in ("favorites", "folders", "users", "files", "images", "blobs"):
        change(tmp_path, f"DELETE FROM {table}")
    with web_bench.client(bench) as asking:
        assert "Nothing is here yet" in asking.get("/").text
        assert "scrapy crawl favorites" in asking.get("/users").text
        assert "No pictures are known yet" in asking.get("/images").text


@pytest.mark.parametrize("program", ["/some/where/scrapy", "/some where/scrapy", "/lib/scrapy/__main__.py"])
def test_a_running_crawl_is_seen_and_not_disturbed(
    asking: TestClient, bench: web_bench.Bench, monkeypatch: pytest.MonkeyPatch, program: str
) -> None:
    monkeypatch.setattr(history, "pages", lambda: history.Pages({}, []))
    # Scrapy has taken the word `crawl` out by then.
    monkeypatch.setattr("sys.argv", [program, "favorites", "-a", "user=anna"])
    path = bench.workplace.directory.lock_path
    assert asking.get("/api/status").json()["crawl"] is None
    with DirectoryLock(path):
        holder = find_holder(path)
        assert holder is not None
        assert holder.command == "scrapy favorites -a user=anna"
        crawl = asking.get("/api/status").json()["crawl"]
        assert crawl["wanted"] == 1
        assert crawl["known"] == bench.ask("SELECT count(*) FROM images")[0][0]
        assert crawl["text"] == f"fetching: {crawl['stored']} stored, 1 to go"
        assert "A crawl is running" in asking.get("/").text
        refused = asking.post("/api/images/102/retry")
        assert refused.status_code == 409
        assert "A crawl is running" in refused.json()["error"]
    assert asking.get("/api/status").json()["crawl"] is None
    with DirectoryLock(path):
        pass


def test_another_command_is_not_called_a_crawl(
    asking: TestClient, bench: web_bench.Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.argv", ["tools/process.py", "verify", "--dir", "crawl"])
    with DirectoryLock(bench.workplace.directory.lock_path):
        assert asking.get("/api/status").json()["crawl"]["text"] == "another command works on the archive"
        page = asking.get("/").text
    assert "A crawl is running" not in page
    assert "Another command works on the archive" in page


def test_the_version_changes_with_the_archive(asking: TestClient, bench: web_bench.Bench) -> None:
    before = asking.get("/api/status").json()["version"]
    assert asking.get("/api/status").json()["version"] == before
    change(bench.root, "UPDATE images SET reason = 'other' WHERE image_id = 102")
    assert asking.get("/api/status").json()["version"] != before


@pytest.mark.parametrize(
    ("seconds", "words"), [(3, "3 s"), (0, "1 s"), (700, "12 min"), (7200, "2 h"), (400_000, "5 days")]
)
def test_durations(seconds: float, words: str) -> None:
    assert duration(seconds) == words


FAKE = """
import sqlite3, sys
from pathlib import Path
root = next(one for one in sys.argv if one.startswith("output=")).removeprefix("output=")
Path(root, "asked").write_text(" ".join(sys.argv[1:]))
code, status = {code}, {status!r}
if status:
    connection = sqlite3.connect(Path(root, "imagefap.database"))
    connection.execute("UPDATE images SET status = ? WHERE image_id = 102", (status,))
    connection.commit()
print({said!r})
sys.exit(code)
"""


@pytest.mark.parametrize(
    ("code", "status", "said", "words"),
    [
        (0, "gone", "", "The site no longer has picture 102."),
        (3, "", "", "Picture 102 failed again: the file is cut <b>short</b>."),
        (75, "", "DIR is in use by process 1", "A crawl is running."),
        (75, "", "blocked", "The site asks for a pause."),
        (69, "", "", "The site could not be reached."),
        (9, "", "", "The retry ended with code 9: .imagefap/retry.log says why."),
    ],
)
def test_what_came_of_a_retry_is_said_in_words(  # noqa: PLR0917 - a row of the table, and fixtures
    code: int,
    status: str,
    said: str,
    words: str,
    bench: web_bench.Bench,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    project = tmp_path / "project"
    project.mkdir()
    (project / "scrapy.py").write_text(FAKE.format(code=code, status=status, said=said))
    monkeypatch.setattr(retrying, "PROJECT", project)
    with web_bench.client(bench) as asking:
        assert asking.post("/images/102/retry").headers["location"] == "/images/102"
        deadline = time.monotonic() + 20
        while (retry := asking.get("/api/status").json()["retry"])["running"] and time.monotonic() < deadline:
            time.sleep(0.05)
        assert retry["text"].startswith(words)
        assert "retry.log" in str(list((tmp_path / ".imagefap").iterdir()))
        assert (tmp_path / "asked").read_text().startswith(f"crawl images -a ids=102 -a output={tmp_path}")


@pytest.mark.parametrize("image_id", [1, 103, 104, 999])
def test_what_a_retry_would_not_help_has_none(image_id: int, asking: TestClient) -> None:
    assert asking.post(f"/images/{image_id}/retry").status_code in (404, 409)
    assert asking.get("/api/status").json()["retry"] is None


def test_the_end_of_the_server_ends_a_retry(
    bench: web_bench.Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = tmp_path / "project"
    project.mkdir()
    (project / "scrapy.py").write_text(
        "import sys, time\nfrom pathlib import Path\n"
        "mark = Path('began')\ntry:\n    mark.touch()\n    time.sleep(30)\n"
        "except KeyboardInterrupt:\n    Path('told').touch()\n    sys.exit(130)\n"
    )
    monkeypatch.setattr(retrying, "PROJECT", project)
    began = time.monotonic()
    with web_bench.client(bench) as asking:
        assert asking.post("/api/images/retry").json()["text"] == "Fetching every failed picture again."
        assert asking.post("/api/images/retry").status_code == 409
        while not (project / "began").exists() and time.monotonic() - began < 10:
            time.sleep(0.02)
    assert (project / "told").exists()
    assert time.monotonic() - began < 15

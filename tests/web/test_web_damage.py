"""Pictures that the database has and the disk has lost: what is said of them, and what a retry does."""

from __future__ import annotations

import errno
import os
import shutil
import sqlite3
import time
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import web_bench
from click.testing import CliRunner
from crawl_support import NO_WAITING, crawl, files_in, sha256_of

from imagefap_scraper.database.session import DATABASE_NAME
from imagefap_scraper.exceptions import ConflictError, LockedError
from imagefap_scraper.storage.lock import DirectoryLock, write_lock
from imagefap_scraper.verifying import blobs
from imagefap_scraper.web.browse import retrying
from imagefap_scraper.web.browse.crawl_status import find_holder
from tools.demo.build import WorldBuilder, WorldOptions
from tools.demo.client import DemoSite
from tools.process import cli

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from starlette.testclient import TestClient
    from web_bench import Bench

#: The image that is damaged; number 5 has the same bytes, in another folder.
LOST, COPY, WHOLE = 2, 5, 1
MISSING = "File missing", "It is no longer where it was stored."
SIZE = "File damaged", "It has another size than what was stored."
BYTES = "File damaged", "Its bytes have changed since it was stored."
IN_THE_WAY = "File damaged", "Something else has taken its place."
HERE = "This picture is here already."
GONE = "The site no longer has this picture, so it cannot be fetched again."
DAY = "2026-01-01 00:00:00"


def change(root: Path, sql: str, *values: Any) -> None:
    with closing(sqlite3.connect(root / DATABASE_NAME)) as connection, connection:
        connection.execute(sql, values)


def file_of(bench: Bench, image_id: int = LOST) -> Path:
    query = "SELECT path FROM files JOIN images USING (sha256) WHERE layout = 'blobs' AND image_id = ?"
    ((path,),) = bench.ask(query, image_id)
    return bench.root / path


def sha_of(bench: Bench, image_id: int = LOST) -> str:
    return file_of(bench, image_id).stem


def delete(path: Path) -> None:
    path.unlink()


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-100])


def overwrite(path: Path) -> None:
    """Leave the first half, and the size."""
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2].ljust(len(content), b"\0"))


def replace(path: Path) -> None:
    """Leave the size alone."""
    path.write_bytes(b"<!doctype html>".ljust(path.stat().st_size))


def link(path: Path) -> None:
    other = path.rename(path.parent.parent / "elsewhere")
    path.symlink_to(other)


def put_directory(path: Path) -> None:
    path.unlink()
    path.mkdir()


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    """Four pictures in a finished folder, and the bytes of the second once more in another one."""
    bench = web_bench.bench(tmp_path / "archive")
    contents = [web_bench.encoded(web_bench.picture(seed, 160, 120)) for seed in range(4)]
    bench.add(*contents)
    bench.add(contents[LOST - 1], folder=11)
    change(bench.root, "UPDATE folders SET finished_blobs = ?", DAY)
    return bench


@pytest.fixture
def asking(bench: Bench) -> Iterator[TestClient]:
    with web_bench.client(bench) as client:
        yield client


@pytest.fixture
def crawls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the words are noted with which a retry starts a crawl, which does nothing else."""
    project = tmp_path / "project"
    project.mkdir()
    (project / "scrapy.py").write_text(
        "import sys\nfrom pathlib import Path\nPath('asked').write_text(' '.join(sys.argv[1:]))\n"
    )
    monkeypatch.setattr(retrying, "PROJECT", project)
    return project / "asked"


def retry(asking: TestClient, image_id: int = LOST) -> str:
    """Retry a picture, wait for the end, return what came of it."""
    answer = asking.post(f"/api/images/{image_id}/retry")
    assert answer.status_code == 200, answer.text
    assert answer.json()["text"] == f"Fetching picture {image_id} again."
    deadline = time.monotonic() + 20
    while (outcome := asking.get("/api/status").json()["retry"])["running"] and time.monotonic() < deadline:
        time.sleep(0.02)
    return str(outcome["text"])


def refused(asking: TestClient, image_id: int = LOST) -> str:
    answer = asking.post(f"/api/images/{image_id}/retry")
    assert answer.status_code == 409, answer.text
    return str(answer.json()["error"])


def said(asking: TestClient, image_id: int = LOST) -> tuple[str, str]:
    known = asking.get(f"/api/images/{image_id}").json()
    return known["damage"], known["damage_reason"]


@pytest.mark.parametrize(
    ("damage", "words", "sent"),
    [
        (delete, MISSING, False),
        (cut, SIZE, False),
        (overwrite, BYTES, True),
        (replace, BYTES, False),
        (link, IN_THE_WAY, False),
        (put_directory, IN_THE_WAY, False),
    ],
)
def test_a_lost_file_is_said_in_words_and_a_retry_is_offered(
    bench: Bench, asking: TestClient, damage: Callable[[Path], None], words: tuple[str, str], sent: bool
) -> None:
    sha256 = sha_of(bench)
    damage(file_of(bench))
    for image_id in (LOST, COPY):
        page = asking.get(f"/images/{image_id}").text
        assert f'<strong class="bad">{words[0]}.</strong> {words[1]}' in page
        assert page.count(f'action="/images/{image_id}/retry"') == 1
        assert (f'<img src="/blobs/{sha256}"' in page) == sent
        assert (f'<p class="nothing"><span>{words[0]}</span></p>' in page) != sent
        known = asking.get(f"/api/images/{image_id}").json()
        assert (known["damage"], known["damage_reason"], known["retry"]) == (*words, True)
        assert known["status"] == "stored"
    for route in ("thumbs", "previews"):
        small = asking.get(f"/{route}/{sha256}")
        assert (small.status_code, small.text) == (404, f"{words[0]}. {words[1]}\n")
    blob = asking.get(f"/blobs/{sha256}")
    assert blob.status_code == (200 if sent else 404)
    # What the browser keeps must not stand in the way of what is fetched in its place.
    assert blob.headers["cache-control"] == "no-store"
    assert "etag" not in blob.headers


def test_of_a_whole_file_nothing_is_said(asking: TestClient) -> None:
    known = asking.get(f"/api/images/{WHOLE}").json()
    assert (known["damage"], known["damage_reason"], known["retry"]) == ("", "", False)
    page = asking.get(f"/images/{WHOLE}").text
    assert "Retry" not in page
    assert "<img src=" in page


def test_a_picture_without_any_file_in_the_database_is_missing(bench: Bench, asking: TestClient, crawls: Path) -> None:
    sha256 = sha_of(bench)
    change(bench.root, "DELETE FROM files WHERE sha256 = ?", sha256)
    assert said(asking) == ("File missing", "No file with its bytes is known.")
    assert asking.get(f"/thumbs/{sha256}").text.startswith("File missing. ")
    retry(asking)
    assert crawls.read_text().startswith("crawl images -a ids=2,5 ")


def second_file(bench: Bench, image_id: int = LOST) -> Path:
    """Give a picture one more file, under its name."""
    other = bench.root / "by name.jpg"
    shutil.copyfile(file_of(bench, image_id), other)
    sha256 = sha_of(bench, image_id)
    change(bench.root, "INSERT INTO files (path, sha256, layout) VALUES (?, ?, 'straight')", other.name, sha256)
    return other


def test_with_another_whole_file_nothing_is_lost(bench: Bench, asking: TestClient) -> None:
    sha256, path, content = sha_of(bench), file_of(bench), file_of(bench).read_bytes()
    second_file(bench)
    overwrite(path)
    before = bench.dump()
    assert said(asking) == ("", "")
    blob = asking.get(f"/blobs/{sha256}")
    assert (blob.content, blob.headers["etag"]) == (content, f'"{sha256}"')
    assert asking.get(f"/thumbs/{sha256}").status_code == 200
    assert refused(asking) == HERE
    after = bench.dump()
    del after[1][f"thumbs/{sha256}.webp"]
    assert after == before


def rows(root: Path) -> list[list[tuple[Any, ...]]]:
    with closing(sqlite3.connect(root / DATABASE_NAME)) as connection:
        tables = ("images", "files", "blobs", "folders", "favorites", "facets", "moves")
        return [connection.execute(f"SELECT * FROM {table} ORDER BY 1, 2, 3").fetchall() for table in tables]


def contents(root: Path) -> list[tuple[str, bytes | str]]:
    """Every file but those of databases, locks and logs, those in the quarantine without their own names."""
    found = []
    for path in root.rglob("*"):
        name = str(path.relative_to(root))
        if name.startswith((DATABASE_NAME, ".imagefap/lock", ".imagefap/write.lock", ".imagefap/retry.log")):
            continue
        if "quarantine/" in name:
            name = name.partition("quarantine/")[0] + name.rpartition("-")[2]
        found.append((name, str(path.readlink()) if path.is_symlink() else path.read_bytes() if path.is_file() else ""))
    return sorted(found)


@pytest.mark.parametrize("second", [None, delete, overwrite])
@pytest.mark.parametrize("damage", [delete, cut, overwrite, replace, link, put_directory])
def test_a_retry_does_what_a_repair_does(
    bench: Bench,
    crawls: Path,
    tmp_path: Path,
    damage: Callable[[Path], None],
    second: Callable[[Path], None] | None,
) -> None:
    if second is not None:
        second(second_file(bench))
    damage(file_of(bench))
    shutil.copytree(bench.root, tmp_path / "repaired", symlinks=True)
    assert (
        CliRunner().invoke(cli, ["verify", "--read-data", "--repair", "--dir", str(tmp_path / "repaired")]).exit_code
        == 0
    )
    with web_bench.client(bench) as asking:
        assert retry(asking) == "Picture 2 could not be fetched yet."
    assert rows(bench.root) == rows(tmp_path / "repaired")
    assert contents(bench.root) == contents(tmp_path / "repaired")
    wanted = bench.ask("SELECT image_id FROM images WHERE status = 'wanted' AND sha256 IS NULL ORDER BY 1")
    assert wanted == [(LOST,), (COPY,)]
    assert crawls.read_text() == f"crawl images -a ids=2,5 -a output={bench.root}"


def test_the_picture_that_was_asked_for_comes_first(bench: Bench, asking: TestClient, crawls: Path) -> None:
    delete(file_of(bench))
    assert retry(asking, COPY) == "Picture 5 could not be fetched yet."
    assert crawls.read_text().startswith("crawl images -a ids=5,2 ")


def test_without_scripts_a_form_leads_back_to_the_page_that_says_how_it_goes(
    bench: Bench, asking: TestClient, crawls: Path
) -> None:
    delete(file_of(bench))
    answer = asking.post(f"/images/{LOST}/retry")
    assert (answer.status_code, answer.headers["location"]) == (303, f"/images/{LOST}")
    page = asking.get(answer.headers["location"]).text
    assert "Fetching picture 2 again." in page or "Picture 2 could not be fetched yet." in page
    assert "<strong>Not fetched yet</strong>: <bdi>its file was missing</bdi>" in page


@pytest.mark.parametrize("whose", ["of this picture", "of all"])
def test_a_file_comes_back_under_the_name_that_it_had(
    bench: Bench, asking: TestClient, crawls: Path, whose: str
) -> None:
    sha256 = sha_of(bench)
    delete(second_file(bench))
    change(bench.root, "DELETE FROM files WHERE layout = 'blobs' AND (sha256 = ? OR ?)", sha256, whose == "of all")
    retry(asking)
    assert crawls.read_text().endswith(" -a mode=get")


def test_a_file_that_is_whole_again_is_here_already(bench: Bench, asking: TestClient) -> None:
    path, content = file_of(bench), file_of(bench).read_bytes()
    overwrite(path)
    assert said(asking) == BYTES
    path.write_bytes(content)
    before = bench.dump()
    assert refused(asking) == HERE
    assert bench.dump() == before
    assert said(asking) == ("", "")


@pytest.mark.parametrize("late", [False, True])
def test_beside_a_crawl_nothing_is_changed(
    bench: Bench, asking: TestClient, monkeypatch: pytest.MonkeyPatch, late: bool
) -> None:
    overwrite(file_of(bench))
    before = bench.dump()
    if late:
        # It begins behind the first look.
        looks = iter([None])
        monkeypatch.setattr(retrying, "find_holder", lambda path: next(looks, find_holder(path)))
    with DirectoryLock(bench.workplace.directory.lock_path):
        assert refused(asking).startswith("A crawl is running.")
        assert bench.dump() == before
        assert said(asking) == BYTES


def test_while_somebody_else_writes_nothing_is_changed(bench: Bench, asking: TestClient) -> None:
    overwrite(file_of(bench))
    before = bench.dump()
    with write_lock(bench.workplace.directory.write_lock_path):
        answer = asking.post(f"/api/images/{LOST}/retry")
    assert answer.status_code == 503
    assert "nothing was done" in answer.json()["error"]
    assert bench.dump() == before


def test_nobody_moves_the_files_between_the_look_and_the_repair(
    bench: Bench, asking: TestClient, crawls: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    directory, look = bench.workplace.directory, blobs.lost_files
    held = []

    def look_and_try(*arguments: Any) -> Any:
        found = look(*arguments)
        with pytest.raises(LockedError), write_lock(directory.write_lock_path, timeout=0):
            pass
        with pytest.raises(LockedError), DirectoryLock(directory.lock_path):
            pass
        held.append(found)
        return found

    monkeypatch.setattr(blobs, "lost_files", look_and_try)
    delete(file_of(bench))
    retry(asking)
    assert len(held) == 1
    with DirectoryLock(directory.lock_path), write_lock(directory.write_lock_path, timeout=0):
        pass


def test_what_has_vanished_from_the_site_is_left_as_it_is(bench: Bench, asking: TestClient) -> None:
    overwrite(file_of(bench))
    change(bench.root, "UPDATE images SET missing = 'page', missed_at = ?, vanished_at = ?", DAY, DAY)
    before = bench.dump()
    assert said(asking) == (BYTES[0], f"{BYTES[1]} {GONE}")
    page = asking.get(f"/images/{LOST}").text
    assert GONE in page
    assert "/retry" not in page
    assert refused(asking) == f"{GONE} All was left as it is."
    assert bench.dump() == before


def test_one_image_that_the_site_still_has_is_enough(bench: Bench, asking: TestClient, crawls: Path) -> None:
    overwrite(file_of(bench))
    change(bench.root, "UPDATE images SET missing = 'page', vanished_at = ? WHERE image_id = ?", DAY, LOST)
    assert asking.get(f"/api/images/{LOST}").json()["retry"]
    retry(asking)
    assert crawls.exists()


def test_what_never_was_on_the_site_is_left_as_it_is(tmp_path: Path) -> None:
    bench = web_bench.bench(tmp_path)
    bench.next_id = -7
    bench.add(web_bench.encoded(web_bench.picture(1, 160, 120)))
    delete(file_of(bench, -7))
    before = bench.dump()
    with web_bench.client(bench) as asking:
        assert said(asking, -7)[1].endswith("did not come from the site, so it cannot be fetched again.")
        assert "did not come from the site" in refused(asking, -7)
    assert bench.dump() == before


def test_a_file_that_may_not_be_read_is_left_as_it_is(
    bench: Bench, asking: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_file, path = os.open, file_of(bench)

    def refuse(asked: Any, *more: Any, **other: Any) -> int:
        if str(asked) == str(path):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(asked))
        return open_file(asked, *more, **other)

    before = bench.dump()
    monkeypatch.setattr(os, "open", refuse)
    words = "Its file may be whole: change its permissions."
    assert said(asking) == ("File cannot be read", f"The system does not give it. {words}")
    assert "/retry" not in asking.get(f"/images/{LOST}").text
    assert refused(asking) == f"{words} All was left as it is."
    monkeypatch.undo()
    assert bench.dump() == before


def throw_out(bench: Bench, image_id: int, kept: int) -> Path:
    """Send a picture to the trash as a copy of another; return where its file is now."""
    path, sha256, keeper = file_of(bench, image_id), sha_of(bench, image_id), sha_of(bench, kept)
    target = Path(".imagefap/trash/blobs") / path.name
    (bench.root / target).parent.mkdir(parents=True)
    path.rename(bench.root / target)
    change(
        bench.root,
        "UPDATE blobs SET state = 'trashed', kept_as = ?, trashed_at = ? WHERE sha256 = ?",
        keeper,
        DAY,
        sha256,
    )
    change(bench.root, "UPDATE files SET path = ? WHERE sha256 = ?", str(target), sha256)
    change(
        bench.root,
        "UPDATE images SET status = 'skipped', sha256 = NULL, skipped_sha256 = ? WHERE image_id = ?",
        sha256,
        image_id,
    )
    return bench.root / target


def test_for_what_was_thrown_out_the_kept_copy_counts(bench: Bench, asking: TestClient, crawls: Path) -> None:
    trashed = throw_out(bench, 3, kept=LOST)
    delete(trashed)
    before = bench.dump()
    assert said(asking, 3) == ("", "")
    assert refused(asking, 3) == HERE
    with pytest.raises(ConflictError, match="was thrown out"):
        blobs.put_back(bench.workplace, trashed.stem)
    assert bench.dump() == before

    overwrite(file_of(bench))
    assert said(asking, 3) == BYTES
    assert retry(asking, 3) == "Picture 2 could not be fetched yet."
    assert crawls.read_text().startswith("crawl images -a ids=2,5 ")
    assert bench.ask("SELECT status FROM images WHERE image_id = 3") == [("skipped",)]
    # Now its kept copy is on the list, under numbers of its own.
    assert said(asking, 3)[0] == "File missing"
    assert "The next crawl" in refused(asking, 3)


def test_a_file_on_its_way_is_not_lost(bench: Bench, asking: TestClient) -> None:
    path = file_of(bench)
    path.rename(bench.root / "still here")
    change(
        bench.root,
        "INSERT INTO moves (source, target) VALUES ('still here', ?)",
        str(path.relative_to(bench.root)),
    )
    assert said(asking) == ("", "")
    assert refused(asking) == HERE


@pytest.mark.parametrize("mode", ["read", "get"])
def test_the_crawl_of_a_retry_brings_the_file_back_where_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: str
) -> None:
    builder = WorldBuilder(WorldOptions(image_width=48, image_height=36))
    builder.folder(builder.user("MeadowFan"), "Fields", builder.gallery(3).ids)
    root = tmp_path / "archive"
    with DemoSite.start(world=builder.world) as site:
        assert crawl(site, root, "favorites", f"mode={mode}", "user=MeadowFan").code == 0
        whole = {name: sha256_of(root / name) for name in files_in(root) - {DATABASE_NAME}}
        bench = web_bench.bench(root)
        image_id, name = bench.ask("SELECT image_id, path FROM images JOIN files USING (sha256) ORDER BY 1")[0]
        overwrite(root / name)
        for setting, value in {**NO_WAITING, "IMAGEFAP_SITE_URL": site.url}.items():
            monkeypatch.setenv(setting, value)
        monkeypatch.setenv("IMAGEFAP_PACE_FILE", str(tmp_path / "pace"))
        site.reset_log()
        with web_bench.client(bench) as asking:
            assert retry(asking, image_id) == f"Picture {image_id} is stored now."
            assert said(asking, image_id) == ("", "")
            assert refused(asking, image_id) == HERE
        assert len(site.requests("image")) == 1
    kept = {file: sha256_of(root / file) for file in files_in(root) if not file.startswith((DATABASE_NAME, "thumbs/"))}
    assert kept == whole
    assert len(list((root / ".imagefap" / "quarantine").iterdir())) == 1

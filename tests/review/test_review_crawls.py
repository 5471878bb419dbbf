"""Crawls and the duplicates workflow beside each other: what was thrown out stays out, what was killed is finished."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

from crawl_support import WHOLE, crawl, rows
from review_bench import Bench, encoded, picture

from imagefap_scraper.archive import Archive
from imagefap_scraper.dedup.kinds import Verdict
from imagefap_scraper.review.deciding import Choice, decide
from imagefap_scraper.review.options import read_options
from imagefap_scraper.storage.files import ArchiveDirectory
from tools.demo.client import DemoSite

_SCRIPT = Path(__file__).with_name("crashing_review.py")
_ROOT = Path(__file__).parents[2]


def test_the_start_of_a_crawl_finishes_what_a_killed_command_was_moving(tmp_path: Path) -> None:
    bench = Bench(tmp_path, read_options({}))
    image = picture(1)
    bench.add(encoded(image, quality=92), encoded(image, quality=50))
    bench.find()
    command = [sys.executable, str(_SCRIPT), str(tmp_path), "accept", "committed", "1"]
    killed = subprocess.run(command, env={"PYTHONPATH": str(_ROOT), "PATH": "/usr/bin:/bin"}, check=False)
    assert killed.returncode == -signal.SIGKILL
    assert bench.whole() != []
    Archive(tmp_path, "blobs").close()
    assert bench.whole() == []
    assert bench.ask("SELECT * FROM moves") == []


def test_what_a_crawl_stored_of_a_blob_that_was_thrown_out_meanwhile_follows_it(tmp_path: Path) -> None:
    bench = Bench(tmp_path, read_options({}))
    image = picture(2)
    keeper, copy = bench.add(encoded(image, quality=92), encoded(image, quality=50))
    bench.find()
    (group,) = bench.groups()
    decide(bench.workplace, [Choice(group.group_id, {keeper: Verdict.KEEP, copy: Verdict.SKIP})], bench.options)
    # The crawl had looked the blob up before, and wrote a file under a straight name.
    (tmp_path / "late.jpg").write_bytes(encoded(image, quality=50))
    with bench.workplace.transaction() as connection:
        connection.exec_driver_sql(
            "INSERT INTO files (path, sha256, layout) VALUES ('late.jpg', ?, 'straight')", (copy,)
        )
    Archive(tmp_path, "blobs").close()
    assert not (tmp_path / "late.jpg").exists()
    assert bench.whole() == []


def test_a_read_crawl_is_followed_by_a_search_and_never_stores_again_what_was_thrown_out(tmp_path: Path) -> None:
    with DemoSite.start() as site:
        outcome = crawl(site, tmp_path, "favorites", "mode=read", "user=MeadowFan", "folder=Doubles", **WHOLE)
        assert outcome.code in (0, 3)
        assert "Look-alikes" in outcome.err
        options = read_options({})
        bench = Bench(tmp_path, options)
        group = bench.groups("new", "suggested")[0]
        asked = [sha256 for sha256, _, asked in group.members if asked]
        verdicts = {asked[0]: Verdict.KEEP, **dict.fromkeys(asked[1:], Verdict.SKIP)}
        choices = [Choice(group.group_id, verdicts)]
        report = decide(bench.workplace, choices, options)
        assert report.files > 0
        skipped = rows(tmp_path, "SELECT count(*) FROM images WHERE status = 'skipped'")[0][0]
        assert skipped > 0
        before = sorted((tmp_path / "blobs").iterdir())
        site.reset_log()
        again = crawl(site, tmp_path, "favorites", "mode=read", "user=MeadowFan", "folder=Doubles", "full=1", "force=1")
        assert again.code == outcome.code
        assert site.requests("image") == []
        assert sorted((tmp_path / "blobs").iterdir()) == before
        assert rows(tmp_path, "SELECT count(*) FROM images WHERE status = 'skipped'")[0][0] == skipped


def test_the_search_after_a_crawl_can_be_switched_off(tmp_path: Path) -> None:
    with DemoSite.start() as site:
        outcome = crawl(
            site,
            tmp_path,
            "favorites",
            "mode=read",
            "user=MeadowFan",
            "folder=Doubles",
            IMAGEFAP_DUPS_AFTER_CRAWL="off",
        )
        assert "Look-alikes" not in outcome.err
        assert rows(tmp_path, "SELECT count(*) FROM pairs")[0][0] == 0
        refused = crawl(site, tmp_path, "favorites", "mode=read", "user=MeadowFan", IMAGEFAP_DUPS_AFTER_CRAWL="perhaps")
        assert refused.code == 78
        assert refused.err.count("\n") == 1
    assert ArchiveDirectory(tmp_path).own.is_dir()

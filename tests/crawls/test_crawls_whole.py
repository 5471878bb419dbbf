"""Whole crawls of the demo site, in both modes, against the truth that it was built from."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest
from crawl_support import (
    WHOLE,
    available,
    check_blobs,
    check_order,
    crawl,
    files_in,
    image_folders,
    rows,
    sha256_of,
    user_of,
)

from tools.demo.client import DemoSite

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

USER = "MeadowFan"


@pytest.fixture(scope="module")
def site() -> Iterator[DemoSite]:
    with DemoSite.start() as demo:
        yield demo


def test_read_mode_stores_everything_that_the_site_can_give(site: DemoSite, tmp_path: Path) -> None:
    truth = site.truth()
    owner = user_of(truth, USER)
    folders = image_folders(owner)
    outcome = crawl(site, tmp_path / "out", "favorites", "mode=read", f"user={USER.swapcase()}", **WHOLE)
    assert outcome.code == 3, outcome.err  # one photo page has no address
    check_blobs(tmp_path / "out", truth, folders)
    check_order(tmp_path / "out", owner["user_id"], folders)


def test_get_mode_stores_the_same_bytes_under_names(site: DemoSite, tmp_path: Path) -> None:
    truth = site.truth()
    owner = user_of(truth, USER)
    folders = image_folders(owner)
    output = tmp_path / "out"
    outcome = crawl(site, output, "favorites", f"user={USER}")
    assert outcome.code == 3, outcome.err
    wanted = available(truth, [i for folder in folders for i in folder["favorites"]])
    files = files_in(output) - {"imagefap.database"}
    assert Counter(sha256_of(output / name) for name in files) == Counter(set(wanted.values()))
    assert all("/" not in name for name in files)
    check_order(output, owner["user_id"], folders)
    assert {path for (path,) in rows(output, "SELECT path FROM files")} == files


def test_second_run_asks_only_for_listing_pages(site: DemoSite, tmp_path: Path) -> None:
    output = tmp_path / "out"
    owner = user_of(site.truth(), "Jürgen & Söhne")
    crawl(site, output, "favorites", "mode=read", f"id={owner['user_id']}")
    before = rows(output, "SELECT * FROM images ORDER BY image_id")
    site.reset_log()
    outcome = crawl(site, output, "favorites", "mode=read", f"id={owner['user_id']}", "force=1")
    assert outcome.code == 0, outcome.err
    kinds = Counter(entry["kind"] for entry in site.requests())
    assert set(kinds) <= {"robots", "root", "folder"}
    assert rows(output, "SELECT * FROM images ORDER BY image_id") == before


def test_sixteen_and_one_at_a_time_give_the_same_database(site: DemoSite, tmp_path: Path) -> None:
    query = "SELECT image_id, status, reason, sha256, name, gallery_id, address, added FROM images ORDER BY image_id"
    tables = []
    for name, concurrent in (("many", "16"), ("one", "1")):
        words = ("mode=read", f"user={USER}")
        crawl(site, tmp_path / name / "out", "favorites", *words, CONCURRENT_REQUESTS=concurrent)
        favorites = "SELECT user_id, folder_id, image_id, position, listed_name FROM favorites ORDER BY 1, 2, 4"
        tables.append([rows(tmp_path / name / "out", query), rows(tmp_path / name / "out", favorites)])
    assert tables[0] == tables[1]

"""How soon the pages are there: what is made before anybody asks, and answers that do not wait for receipts."""

from __future__ import annotations

import asyncio
import http.client
import time
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import web_bench

from imagefap_scraper.database.session import DATABASE_NAME
from imagefap_scraper.web.archive import WebArchive
from imagefap_scraper.web.browse import overview

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_the_overview_is_made_before_anybody_asks_for_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bench = web_bench.bench(tmp_path)
    bench.add(web_bench.encoded(web_bench.picture(1)))
    archive = WebArchive(bench.workplace, bench.options)
    archive.browsing.prepare()
    asyncio.run(archive.close())
    monkeypatch.setattr(overview, "make", None)
    with archive.reading() as connection:
        assert archive.browsing.overviews.get(connection).images("stored") == 1


def test_an_archive_without_a_database_does_not_stop_the_server(tmp_path: Path) -> None:
    bench = web_bench.bench(tmp_path)
    (tmp_path / DATABASE_NAME).unlink(missing_ok=True)
    archive = WebArchive(bench.workplace, bench.options)
    archive.browsing.prepare()
    asyncio.run(archive.close())


def test_the_end_of_an_answer_does_not_wait_for_the_browsers_receipt(tmp_path: Path) -> None:
    bench = web_bench.bench(tmp_path)
    bench.add(web_bench.encoded(web_bench.picture(1)))
    with web_bench.serving(bench.root) as address:
        connection = http.client.HTTPConnection(urlsplit(address).netloc)
        times = []
        for _ in range(10):
            begin = time.perf_counter()
            connection.request("GET", "/api/status", headers={"Host": urlsplit(address).netloc})
            assert connection.getresponse().read()
            times.append(time.perf_counter() - begin)
        connection.close()
    # Without TCP_NODELAY, all but the first few take 40 ms.
    assert sorted(times)[3] < 0.035

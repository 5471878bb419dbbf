"""Faults of this program: they end the crawl soon, ask no page again and again, and cost nothing that is stored."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from typing import TYPE_CHECKING

import pytest
from crawl_support import ROOT, Outcome, crawl, crawl_command, crawl_environment, rows
from faults_support import WORDS, is_page, small_world

from tools.demo.client import DemoSite

if TYPE_CHECKING:
    from pathlib import Path

#: More than a crawl of a world this small takes; one that asks for ever is stopped by it.
_LONGEST = 30.0
#: Installs one fault, then runs the command line: what a release with a mistake in it would do.
_FAULTY = """
import os
os.environ.setdefault("SCRAPY_SETTINGS_MODULE", "imagefap_scraper.settings")
from scrapy.cmdline import execute
{fault}
if __name__ == "__main__":
    execute()
"""
#: The second page of a listing: something is stored and on its way by then, and the listing gets no further.
_STEP = """
from imagefap_scraper.spiders.listing import FolderStep
real = FolderStep.read
def read(step, text, url):
    if step._listing.walk.page:
        raise TypeError("planted")
    yield from real(step, text, url)
FolderStep.read = read
"""
_MISSED = """
from imagefap_scraper.exceptions import PageNotFound
from imagefap_scraper.spiders.listing import FolderStep
def read(step, text, url):
    raise PageNotFound("planted")
def missed(step, error):
    raise TypeError("planted")
FolderStep.read, FolderStep.missed = read, missed
"""
#: Every image file that arrives.
_IMAGE = """
from imagefap_scraper.spiders.sieve import Sieve
def reason_of(sieve, response):
    raise TypeError("planted")
Sieve.reason_of = reason_of
"""
#: What is to be asked next cannot be told, once nothing is on its way.
_NEXT = """
from imagefap_scraper.spiders.base import ArchiveSpider
from imagefap_scraper.spiders.favorites import FavoritesSpider
idle, real = ArchiveSpider._on_idle, FavoritesSpider.next_step
def next_step(spider):
    if spider.stats.get_value("is idle"):
        raise TypeError("planted")
    return real(spider)
def on_idle(spider):
    spider.stats.set_value("is idle", 1)
    idle(spider)
FavoritesSpider.next_step, ArchiveSpider._on_idle = next_step, on_idle
"""
#: Scrapy never tells that the second page of the listing has come.
_LOST = """
from imagefap_scraper.spiders.base import ArchiveSpider
real = ArchiveSpider.parse_page
def parse_page(spider, response, step):
    return () if step.kind == "folder" else real(spider, response, step)
ArchiveSpider.parse_page = parse_page
"""


def run(fault: str, site: DemoSite, output: Path) -> Outcome:
    """Run a crawl of a program that has this fault."""
    script = output.parent / "faulty.py"
    script.write_text(_FAULTY.format(fault=fault))
    words = crawl_command(site.url, output, "favorites", *WORDS)[3:]
    environment = crawl_environment(output.parent) | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, str(script), *words],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=_LONGEST,
        check=False,
    )
    return Outcome(done.returncode, done.stdout, done.stderr)


def stored(output: Path) -> set[int]:
    return {row[0] for row in rows(output, "SELECT image_id FROM images WHERE status = 'stored'")}


def asked(site: DemoSite) -> Counter[str]:
    return Counter(f"{entry['path']}?{entry['query']}" for entry in site.requests() if is_page(entry))


@pytest.mark.parametrize(
    ("fault", "times"),
    [
        pytest.param(_STEP, 1, id="reading a page"),
        pytest.param(_MISSED, 1, id="what a missing page means"),
        pytest.param(_IMAGE, 1, id="reading an image file"),
        pytest.param(_NEXT, 1, id="what to ask next"),
        pytest.param(_LOST, 2, id="a page that gets lost"),
    ],
)
def test_a_fault_ends_the_crawl_and_asks_for_nothing_again(fault: str, times: int, tmp_path: Path) -> None:
    output = tmp_path / "out"
    with DemoSite.start(world=small_world(40, folders=1)) as site:
        outcome = run(fault, site, output)
        assert outcome.code == 1, outcome.err
        assert max(asked(site).values()) == times
        assert outcome.err.count("\nTypeError: planted\n") == (times == 1), outcome.err
        assert "fault of this program" in outcome.err
        before = stored(output)
        again = crawl(site, output, "favorites", *WORDS)
        assert again.code == 0, again.err
        assert before <= stored(output)
        assert len(stored(output)) == 40


def test_a_crawl_whose_reader_has_left_ends(tmp_path: Path) -> None:
    """A lost connection, or `2>&1 | head`: the log cannot be written, and nothing waits for ever."""
    with DemoSite.start() as site:
        command = crawl_command(site.url, tmp_path, "favorites", "mode=read", "user=MeadowFan")
        environment = crawl_environment(tmp_path)
        process = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, env=environment)
        assert process.stderr is not None
        assert process.stderr.readline()
        process.stderr.close()
        assert process.wait(60) != 0
        again = crawl(site, tmp_path, "favorites", "mode=read", "user=MeadowFan")
        assert again.code == 3

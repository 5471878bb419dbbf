from __future__ import annotations

import argparse
import itertools
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from scrapy.crawler import Crawler
from scrapy.exceptions import UsageError
from scrapy.settings import Settings
from scrapy.spiderloader import get_spider_loader
from scrapy.utils.test import get_crawler

from imagefap_scraper import exceptions
from imagefap_scraper import settings as module
from imagefap_scraper.archive import Archive
from imagefap_scraper.commands.crawl import Command, exit_code
from imagefap_scraper.spiders.arguments import Arguments
from imagefap_scraper.spiders.base import ITEM_ERRORS, ArchiveSpider

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SETTINGS = {name: getattr(module, name) for name in dir(module) if name.isupper()}

ERRORS = {
    74: exceptions.StorageError("x"),
    75: exceptions.RateBlockedError("x"),
    76: exceptions.LayoutChanged("x"),
    69: exceptions.SiteError("x"),
    66: exceptions.NotFoundError("x"),
    64: exceptions.UserInputError("x"),
    78: exceptions.SettingError("x"),
}


class StillSpider(ArchiveSpider):
    """Asks for nothing."""

    name = "still"

    @classmethod
    def open_archive(cls, arguments: Any, settings: Any) -> None:
        return None

    def next_step(self) -> None:
        return None


def _crawler(**stats: Any) -> Crawler:
    crawler = get_crawler(StillSpider, {"TWISTED_REACTOR_ENABLED": False, **SETTINGS, "EXTENSIONS": {}})
    crawler.spider = StillSpider(crawler=crawler, arguments=Arguments(), archive=None)
    assert crawler.stats is not None
    for name, value in {"finish_reason": "finished", **stats}.items():
        crawler.stats.set_value(name, value)
    return crawler


def _give(crawler: Crawler, code: int) -> None:
    """Make one thing true of a crawl that has this exit code by itself."""
    assert isinstance(crawler.spider, StillSpider)
    assert crawler.stats is not None
    if code in ERRORS:
        crawler.spider.errors.append(ERRORS[code])
    elif code == 73:
        crawler.spider.errors.append(exceptions.OutputError("x"))
    elif code == 130:
        crawler.stats.set_value("finish_reason", "shutdown")
    elif code == 3:
        crawler.stats.set_value("imagefap/images/failed", 2)


# The exit code of a crawl that ran

#: As users know it: the first of these that holds.
ORDER = (130, 73, 74, 75, 76, 69, 66, 64, 78, 3)


def test_a_crawl_to_its_end_is_0() -> None:
    assert exit_code(_crawler()) == 0
    assert exit_code(_crawler(**{"imagefap/images/gone": 5, "imagefap/images/failed": 0})) == 0


@pytest.mark.parametrize("code", ORDER)
def test_each_outcome_has_its_own_code(code: int) -> None:
    crawler = _crawler()
    _give(crawler, code)
    assert exit_code(crawler) == code


@pytest.mark.parametrize(("first", "second"), list(itertools.combinations(ORDER, 2)))
@pytest.mark.parametrize("backwards", [False, True])
def test_of_two_the_more_urgent_one_counts(first: int, second: int, backwards: bool) -> None:
    crawler = _crawler()
    for code in (second, first) if backwards else (first, second):
        _give(crawler, code)
    assert exit_code(crawler) == first


def test_all_at_once_is_interrupted() -> None:
    crawler = _crawler()
    for code in ORDER:
        _give(crawler, code)
    assert exit_code(crawler) == 130


@pytest.mark.parametrize(
    ("reason", "code"),
    [
        ("shutdown", 130),
        ("rate_blocked", 75),
        ("pace_file_failed", 74),
        ("start_error", 1),
        ("finished", 0),
        ("not_found", 0),
    ],
)
def test_close_reasons_that_are_no_errors_of_the_spider(reason: str, code: int) -> None:
    assert exit_code(_crawler(finish_reason=reason)) == code


def test_an_error_that_nobody_expected_is_1() -> None:
    assert exit_code(_crawler(**{"spider_exceptions/KeyError": 1, "spider_exceptions/count": 1})) == 1
    assert exit_code(_crawler(**{ITEM_ERRORS: 1})) == 1
    blocked = _crawler(**{"spider_exceptions/KeyError": 1})
    _give(blocked, 75)
    assert exit_code(blocked) == 75


def test_every_error_of_the_tree_has_a_place_in_the_order() -> None:
    codes = {
        value.exit_code
        for value in vars(exceptions).values()
        if isinstance(value, type) and issubclass(value, exceptions.ArchiveError)
    }
    assert codes - {1} <= set(ORDER)


# What is refused before the crawl starts


@pytest.fixture
def run(tmp_path: Path) -> Callable[..., tuple[int, list[Crawler]]]:
    """Run the command with a process that starts no crawl; return the exit code and the crawlers it would run."""

    def run(*args: str, settings: dict[str, Any] | None = None, **values: str) -> tuple[int, list[Crawler]]:
        merged = Settings(SETTINGS | {"IMAGEFAP_OUTPUT": str(tmp_path / "out")} | (settings or {}))
        started: list[Crawler] = []

        def crawl(crawler: Crawler, **_values: str) -> Any:
            started.append(crawler)
            crawler.stats = SimpleNamespace(get_value=lambda name, default=None: default, get_stats=dict)
            crawler.spider = StillSpider(crawler=_crawler(), arguments=Arguments(), archive=None)
            return SimpleNamespace(add_done_callback=lambda _callback: None)

        command = Command()
        command.settings = merged
        command.crawler_process = SimpleNamespace(  # type: ignore[assignment]
            spider_loader=get_spider_loader(merged),
            create_crawler=lambda spider_class: Crawler(spider_class, merged),
            crawl=crawl,
            start=lambda: None,
        )
        command.run(list(args), argparse.Namespace(spargs=values))
        return command.exitcode, started

    return run


Run = "Callable[..., tuple[int, list[Crawler]]]"


def _nothing(tmp_path: Path) -> bool:
    return list(tmp_path.iterdir()) == []


def test_a_crawl_is_run_with_its_archive_open_and_closed_after_it(run: Run, tmp_path: Path) -> None:
    code, started = run("favorites", user="anna", mode="read")
    assert (code, len(started)) == (0, 1)
    Archive(tmp_path / "out", "blobs").close()


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (("favourites", {"user": "anna"}), "did you mean favorites?"),
        (("zzz", {}), "there are favorites, images, users"),
        (("favorites", {}), "no user"),
        (("favorites", {"user": "anna", "mode": "x"}), "mode=x"),
        (("favorites", {"user": "anna", "foldr": "x"}), "did you mean folder?"),
        (("images", {"ids": "x"}), "ids=x"),
        (("users", {}), "no user"),
    ],
)
def test_bad_arguments_are_one_line_and_no_file(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str], words: str, command: tuple[str, dict[str, str]]
) -> None:
    spider, values = command
    assert run(spider, **values) == (64, [])
    shown = capsys.readouterr()
    assert words in shown.err
    assert (shown.err.count("\n"), shown.out) == (1, "")
    assert _nothing(tmp_path)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"IMAGEFAP_DURABILITY": "fast"}, "IMAGEFAP_DURABILITY=fast"),
        ({"IMAGEFAP_SITE_URL": "nonsense"}, "IMAGEFAP_SITE_URL"),
        ({"IMAGEFAP_PAGE_LIMITS": "many"}, "IMAGEFAP_PAGE_LIMITS"),
        ({"IMAGEFAP_DATABASE_URL": "postgresql://h/x"}, "IMAGEFAP_DATABASE_URL"),
    ],
)
def test_bad_settings_are_one_line_and_no_file(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str], settings: dict[str, str], words: str
) -> None:
    assert run("favorites", settings=settings, user="anna") == (78, [])
    shown = capsys.readouterr()
    assert words in shown.err
    assert shown.err.count("\n") == 1
    assert _nothing(tmp_path)


def test_a_directory_in_use_is_75_and_names_who_has_it(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    archive = Archive(tmp_path / "out", "blobs")
    assert run("favorites", user="anna") == (75, [])
    assert "is in use by process" in capsys.readouterr().err
    archive.close()
    assert run("favorites", user="anna")[0] == 0


def test_a_foreign_database_is_78_and_left_alone(run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "out" / "imagefap.database"
    path.parent.mkdir()
    path.write_bytes(b"\x80\x04\x95 a pickle")
    assert run("favorites", user="anna") == (78, [])
    assert "the original program's database" in capsys.readouterr().err
    assert path.read_bytes() == b"\x80\x04\x95 a pickle"


def test_an_output_that_cannot_be_is_73(run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").touch()
    assert run("favorites", user="anna", folder="x", db="0", output=str(tmp_path / "file" / "x")) == (73, [])
    assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.parametrize("args", [[], ["favorites", "users"]])
def test_one_spider_is_named(run: Run, args: list[str]) -> None:
    with pytest.raises(UsageError, match="name one spider"):
        run(*args)

"""What failed pages mean: only what comes in a row says anything of the site."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from scrapy.http import HtmlResponse
from scrapy.utils.test import get_crawler

from imagefap_scraper.pages.urls import DEFAULT_SITE_URL
from imagefap_scraper.spiders.arguments import Arguments
from imagefap_scraper.spiders.base import ArchiveSpider
from imagefap_scraper.spiders.steps import Step

if TYPE_CHECKING:
    from collections.abc import Iterator


class ReadingStep(Step):
    kind = "photo"
    url = "https://www.imagefap.com/photo/1/"

    def read(self, text: str, url: str) -> Iterator[Any]:
        yield from ()

    def missed(self, error: Exception) -> Iterator[Any]:
        yield from ()


class StillSpider(ArchiveSpider):
    name = "still"

    @classmethod
    def open_archive(cls, arguments: Any, settings: Any) -> None:
        return None

    def next_step(self) -> None:
        return None


@pytest.mark.parametrize(
    ("statuses", "unreachable"),
    [([500, 500, 500], True), ([500, 500, 200, 500], False), ([500, 500, 404, 500], False), ([404] * 9, False)],
)
def test_only_failures_in_a_row_make_the_site_unreachable(statuses: list[int], unreachable: bool) -> None:
    settings = {"TWISTED_REACTOR_ENABLED": False, "IMAGEFAP_SITE_URL": DEFAULT_SITE_URL, "EXTENSIONS": {}}
    settings["IMAGEFAP_IMAGE_CONCURRENCY"] = 4
    crawler = get_crawler(StillSpider, settings)
    spider = StillSpider(crawler=crawler, arguments=Arguments(), archive=None)
    spider._set_crawler(crawler)
    for status in statuses:
        list(spider.parse_page(HtmlResponse(ReadingStep.url, status=status, body=b"<html></html>"), ReadingStep()))
    assert [error.exit_code for error in spider.errors] == ([69] if unreachable else [])

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import pytest
from scrapy.settings import Settings

from imagefap_scraper.extensions.quiet import calm_logging

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(autouse=True)
def _loud_again(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    caplog.set_level(logging.INFO)
    yield
    calm_logging(Settings({"LOG_LEVEL": "DEBUG"}))


def log() -> None:
    logging.getLogger("scrapy.middleware").info("Enabled extensions")
    logging.getLogger("scrapy.middleware").warning("careful")
    logging.getLogger("scrapy.crawler").info("Received %(signame)s, shutting down", {"signame": "SIGINT"})
    logging.getLogger("scrapy.extensions.feedexport").info("Stored items")
    logging.getLogger("imagefap_scraper.spiders").info("ours")


def test_only_chatter_is_left_out(caplog: pytest.LogCaptureFixture) -> None:
    calm_logging(Settings({"LOG_LEVEL": "INFO"}))
    log()
    assert caplog.messages == ["careful", "Received SIGINT, shutting down", "Stored items", "ours"]


def test_debug_shows_all(caplog: pytest.LogCaptureFixture) -> None:
    calm_logging(Settings({"LOG_LEVEL": "INFO"}))
    calm_logging(Settings({"LOG_LEVEL": "DEBUG"}))
    log()
    assert "Enabled extensions" in caplog.messages

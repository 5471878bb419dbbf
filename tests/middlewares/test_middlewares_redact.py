from __future__ import annotations

import io
import logging
from typing import TYPE_CHECKING

import pytest
from scrapy import Request

from imagefap_scraper.middlewares import redact as module
from imagefap_scraper.middlewares.redact import SignatureLogFilter, install, redact

if TYPE_CHECKING:
    from collections.abc import Iterator

PLAIN = "https://cdn.imagefap.com/images/full/64/123/1234.jpg"


@pytest.mark.parametrize(
    "query",
    ["end=1700000000&secure=0123abcd", "se=1700000000&ss=0123abcd", "secure=tok-EN_x==,1700000000", "anything"],
)
@pytest.mark.parametrize("around", ["{}", "<GET {}>", "'{}'", "see {}, then", "({})", "x {}.", "[{}]"])
def test_queries_of_image_addresses_go(query: str, around: str) -> None:
    assert redact(around.format(f"{PLAIN}?{query}")) == around.format(PLAIN)


def test_a_signed_address_without_a_known_extension() -> None:
    assert redact("http://127.0.0.1:8080/images/full/1234?x=1&secure=abc&y=2 done") == (
        "http://127.0.0.1:8080/images/full/1234 done"
    )


@pytest.mark.parametrize(
    "text",
    [
        "https://www.imagefap.com/photo/1234/?gid=55&idx=24&partial=true",
        "https://www.imagefap.com/showfavorites.php?userid=1&page=2&folderid=-1",
        "no address? none",
        PLAIN,
    ],
)
def test_everything_else_stays(text: str) -> None:
    assert redact(text) == text


def test_two_addresses_in_one_line() -> None:
    assert redact(f"{PLAIN}?secure=a -> {PLAIN}?secure=b") == f"{PLAIN} -> {PLAIN}"


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    factory = logging.getLogRecordFactory()
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    logger = logging.getLogger("redact-test.child")
    logger.addHandler(handler)
    install()
    yield stream
    logger.removeHandler(handler)
    logging.setLogRecordFactory(factory)


def test_records_of_any_logger_are_cleaned(log: io.StringIO) -> None:
    logger = logging.getLogger("redact-test.child")
    request = Request(f"{PLAIN}?end=1&secure=geheim")
    logger.warning("Crawled (%(status)s) %(request)s", {"status": 200, "request": request})
    logger.warning("Retrying %s: %s", request, "reset")
    try:
        raise ValueError(f"bad answer from {request.url}")
    except ValueError:
        logger.exception("it failed")
    logger.warning("fifty%% of %d", 7)
    text = log.getvalue()
    assert "geheim" not in text
    assert f"Crawled (200) <GET {PLAIN}>" in text
    assert "ValueError: bad answer from" in text
    assert "fifty% of 7" in text


def test_a_record_with_wrong_arguments_is_left_to_its_handler() -> None:
    record = logging.LogRecord("x", logging.INFO, "f", 1, "%d", ("no number",), None)
    assert SignatureLogFilter().filter(record) is True
    assert record.args == ("no number",)


def test_installing_twice_wraps_once(log: io.StringIO) -> None:
    factory = logging.getLogRecordFactory()
    module.install()
    assert logging.getLogRecordFactory() is factory

from __future__ import annotations

import pytest
from scrapy.settings import Settings

from imagefap_scraper import settings as module
from imagefap_scraper.commands.checks import check_settings
from imagefap_scraper.exceptions import SettingError


def _settings(**changes: object) -> Settings:
    return Settings({name: getattr(module, name) for name in dir(module) if name.isupper()} | changes)


def test_the_defaults_are_right() -> None:
    check_settings(_settings())


@pytest.mark.parametrize(
    "changes",
    [
        {"IMAGEFAP_PAGE_LIMITS": "", "IMAGEFAP_PAGE_GAP": "0"},
        {"IMAGEFAP_SITE_URL": "http://127.0.0.1:8080"},
        {"IMAGEFAP_DURABILITY": "grouped", "IMAGEFAP_PROGRESS": "off"},
        {"IMAGEFAP_FOLDER_REST": "0", "IMAGEFAP_RETRY_WAIT": "0.05", "IMAGEFAP_INSPECT_WORKERS": "0"},
        {"IMAGEFAP_IMAGE_CONCURRENCY": 1, "IMAGEFAP_FOLDER_REST": 1.5},
    ],
)
def test_values_that_can_be(changes: dict[str, object]) -> None:
    check_settings(_settings(**changes))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("IMAGEFAP_SITE_URL", "nonsense"),
        ("IMAGEFAP_SITE_URL", "ftp://www.imagefap.com"),
        ("IMAGEFAP_PAGE_LIMITS", "100"),
        ("IMAGEFAP_PAGE_LIMITS", "0/60"),
        ("IMAGEFAP_PAGE_LIMIT_SHARE", "1.5"),
        ("IMAGEFAP_PAGE_LIMIT_SHARE", "0"),
        ("IMAGEFAP_PAGE_GAP", "-1"),
        ("IMAGEFAP_PAGE_GAP", "nan"),
        ("IMAGEFAP_IMAGE_BACKLOG", "many"),
        ("IMAGEFAP_BLOCK_PAUSE", "soon"),
        ("IMAGEFAP_BLOCK_MAX_PAUSES", "1.5"),
        ("IMAGEFAP_INSPECT_WORKERS", "-1"),
        ("IMAGEFAP_INSPECT_MAX_PIXELS", "0"),
        ("IMAGEFAP_FOLDER_REST", "-1"),
        ("IMAGEFAP_FOLDER_REST", "three days"),
        ("IMAGEFAP_RETRY_WAIT", "inf"),
        ("IMAGEFAP_PROGRESS_INTERVAL", "-5"),
        ("IMAGEFAP_IMAGE_CONCURRENCY", "0"),
        ("IMAGEFAP_IMAGE_CONCURRENCY", "x"),
        ("IMAGEFAP_DURABILITY", "fast"),
        ("IMAGEFAP_DURABILITY", ""),
        ("IMAGEFAP_PROGRESS", "yes"),
    ],
)
def test_a_value_that_cannot_be_is_named_in_one_line(name: str, value: str) -> None:
    with pytest.raises(SettingError, match=name) as caught:
        check_settings(_settings(**{name: value}))
    assert value in str(caught.value)
    assert "\n" not in str(caught.value)
    assert caught.value.exit_code == 78

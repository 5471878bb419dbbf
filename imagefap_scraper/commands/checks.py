"""Every setting of ours, checked before a crawl makes or asks for anything."""

from __future__ import annotations

from typing import TYPE_CHECKING

from imagefap_scraper.exceptions import SettingError
from imagefap_scraper.pace.config import number, read_config, whole_number
from imagefap_scraper.pages.urls import Site
from imagefap_scraper.pipelines.inspection import read_limits

if TYPE_CHECKING:
    from scrapy.settings import BaseSettings

_CHOICES = {
    "IMAGEFAP_DURABILITY": ("durable", "grouped"),
    "IMAGEFAP_PROGRESS": ("auto", "off"),
    "IMAGEFAP_DUPS_AFTER_CRAWL": ("on", "off"),
    "IMAGEFAP_SIDECARS": ("0", "1"),
}


def check_settings(settings: BaseSettings) -> None:
    """Check them all.

    Raises:
        SettingError: for the first one that cannot be right; names it and its value.
    """
    Site(str(settings["IMAGEFAP_SITE_URL"]))
    read_config(settings)
    read_limits(settings)
    number(settings, "IMAGEFAP_FOLDER_REST")
    number(settings, "IMAGEFAP_AUDIT_HOURS")
    number(settings, "IMAGEFAP_RETRY_WAIT")
    number(settings, "IMAGEFAP_PROGRESS_INTERVAL")
    if whole_number(settings, "IMAGEFAP_IMAGE_CONCURRENCY") < 1:
        raise SettingError("IMAGEFAP_IMAGE_CONCURRENCY=0: give a number from 1 on")
    for name, choices in _CHOICES.items():
        if str(settings[name]) not in choices:
            raise SettingError(f"{name}={settings[name]}: give one of {', '.join(choices)}")

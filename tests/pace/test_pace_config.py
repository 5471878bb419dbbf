from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from imagefap_scraper.exceptions import SettingError
from imagefap_scraper.pace.budget import Window
from imagefap_scraper.pace.config import read_config

USUAL: dict[str, Any] = {
    "IMAGEFAP_SITE_URL": "https://www.imagefap.com",
    "IMAGEFAP_PAGE_LIMITS": "100/60,200/300,1000/3600",
    "IMAGEFAP_PAGE_LIMIT_SHARE": 0.8,
    "IMAGEFAP_PAGE_GAP": 1.0,
    "IMAGEFAP_IMAGE_BACKLOG": 48,
    "IMAGEFAP_PACE_FILE": "",
    "IMAGEFAP_BLOCK_PAUSE": 900,
    "IMAGEFAP_BLOCK_PAUSE_MAX": 7200,
    "IMAGEFAP_BLOCK_MAX_PAUSES": 4,
}


def test_the_usual_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", "/somewhere/state")
    config = read_config(USUAL)
    assert config.limits.windows == (Window(80, 60.0), Window(160, 300.0), Window(800, 3600.0))
    assert config.limits.gap == 1.0
    assert config.host == "imagefap.com:443"
    assert config.file == Path("/somewhere/state/imagefap_scraper/pace.sqlite3")
    assert (config.policy.first, config.policy.longest, config.policy.max_pauses) == (900.0, 7200.0, 4)
    assert config.backlog == 48


def test_settings_from_the_command_line_are_strings() -> None:
    strings = {name: str(value) for name, value in USUAL.items()}
    assert read_config(strings) == read_config(USUAL)


def test_off() -> None:
    config = read_config(USUAL | {"IMAGEFAP_PAGE_LIMITS": "", "IMAGEFAP_PAGE_GAP": "0"})
    assert config.limits.off


def test_the_file_in_the_home_directory_and_the_host_of_another_site(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/somebody")
    config = read_config(USUAL | {"IMAGEFAP_PACE_FILE": "~/p", "IMAGEFAP_SITE_URL": "http://127.0.0.1:8080"})
    assert config.file == Path("/home/somebody/p")
    assert config.host == "127.0.0.1:8080"


def test_a_share_never_leaves_a_pace_of_nothing_and_loses_nothing_to_rounding() -> None:
    small = read_config(USUAL | {"IMAGEFAP_PAGE_LIMITS": "1/10", "IMAGEFAP_PAGE_LIMIT_SHARE": "0.1"})
    assert small.limits.windows == (Window(1, 10.0),)
    exact = read_config(USUAL | {"IMAGEFAP_PAGE_LIMITS": "100/10", "IMAGEFAP_PAGE_LIMIT_SHARE": "0.29"})
    assert exact.limits.windows == (Window(29, 10.0),)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("IMAGEFAP_PAGE_LIMITS", "100"),
        ("IMAGEFAP_PAGE_LIMITS", "0/60"),
        ("IMAGEFAP_PAGE_LIMITS", "5/0"),
        ("IMAGEFAP_PAGE_LIMITS", "5/inf"),
        ("IMAGEFAP_PAGE_LIMITS", "many/60"),
        ("IMAGEFAP_PAGE_LIMIT_SHARE", "0"),
        ("IMAGEFAP_PAGE_LIMIT_SHARE", "1.5"),
        ("IMAGEFAP_PAGE_GAP", "-1"),
        ("IMAGEFAP_PAGE_GAP", "nan"),
        ("IMAGEFAP_PAGE_GAP", "inf"),
        ("IMAGEFAP_PAGE_GAP", ""),
        ("IMAGEFAP_IMAGE_BACKLOG", "2.5"),
        ("IMAGEFAP_IMAGE_BACKLOG", None),
        ("IMAGEFAP_BLOCK_PAUSE", "0"),
        ("IMAGEFAP_BLOCK_PAUSE_MAX", "long"),
        ("IMAGEFAP_BLOCK_MAX_PAUSES", "-1"),
        ("IMAGEFAP_PACE_FILE", "~nobody-of-that-name/p"),
        ("IMAGEFAP_SITE_URL", "imagefap"),
    ],
)
def test_a_wrong_setting_is_named_with_its_value(name: str, value: object) -> None:
    with pytest.raises(SettingError) as caught:
        read_config(USUAL | {name: value})
    assert name in str(caught.value)
    assert repr(value) in str(caught.value)

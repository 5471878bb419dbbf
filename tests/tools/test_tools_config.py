from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner, Result

from imagefap_scraper import settings
from tools.commands import _config
from tools.process import cli

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("IMAGEFAP_")]:
        monkeypatch.delenv(name)


def run(*words: str) -> Result:
    result = CliRunner().invoke(cli, list(words))
    assert result.exit_code == 0, result.output
    return result


def told(*words: str) -> dict[str, Any]:
    return {one["name"]: one for one in json.loads(run(*words, "config", "--json").stdout)["settings"]}


def test_every_setting_is_there_with_section_effect_and_default() -> None:
    found = told()
    assert list(found) == [name for name in vars(settings) if name.startswith("IMAGEFAP_")]
    assert all(one["effect"] and one["section"] and one["origin"] == "default" for one in found.values())
    assert all(one["value"] == one["default"] for one in found.values())
    assert found["IMAGEFAP_PAGE_GAP"]["effect"] == "Seconds from one page to the next, at least. 0: none."
    assert found["IMAGEFAP_PAGE_GAP"]["section"] == "Pace"
    # A comment of several lines is one text.
    assert found["IMAGEFAP_DURABILITY"]["effect"].endswith("For fast disks and imports.")


def test_the_environment_goes_before_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IMAGEFAP_PAGE_GAP", "2.5")
    # Empty is a value as well: of this one, no limit.
    monkeypatch.setenv("IMAGEFAP_PAGE_LIMITS", "")
    found = told()
    assert (found["IMAGEFAP_PAGE_GAP"]["value"], found["IMAGEFAP_PAGE_GAP"]["default"]) == ("2.5", "1.0")
    assert found["IMAGEFAP_PAGE_LIMITS"]["value"] == ""
    assert {name for name, one in found.items() if one["origin"] == "environment"} == {
        "IMAGEFAP_PAGE_GAP",
        "IMAGEFAP_PAGE_LIMITS",
    }


def test_the_directory_option_goes_before_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("IMAGEFAP_OUTPUT", "/elsewhere")
    output = told("--dir", str(tmp_path))["IMAGEFAP_OUTPUT"]
    assert (output["value"], output["origin"]) == (str(tmp_path), "option")
    assert told()["IMAGEFAP_OUTPUT"]["value"] == "/elsewhere"


def test_text_says_where_values_come_from_when_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IMAGEFAP_PAGE_GAP", "2.5")
    text = run("config", "--show-origin").stdout
    assert (
        "  IMAGEFAP_PAGE_GAP = 2.5\n      from: environment variable IMAGEFAP_PAGE_GAP (default: 1.0)\n"
        "      Seconds from one page" in text
    )
    assert "from:" not in run("config").stdout
    assert text.index("an argument of the crawl") < text.index("-s NAME=VALUE") < text.index("an environment variable")


def test_a_variable_that_is_no_setting_is_told_with_the_one_that_was_meant(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IMAGEFAP_OUTPT", "x")
    # A command's own variable is no mistake.
    monkeypatch.setenv("IMAGEFAP_LEGACY_PASSWORD", "hidden")
    result = run("config")
    assert result.stderr == "Warning: the environment's IMAGEFAP_OUTPT is no setting; IMAGEFAP_OUTPUT is one.\n"
    assert json.loads(run("config", "--json").stdout)["unknown"] == [
        {"name": "IMAGEFAP_OUTPT", "meant": "IMAGEFAP_OUTPUT"}
    ]


def test_no_password_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IMAGEFAP_DATABASE_URL", "postgresql://me:hidden@host/name")
    assert told()["IMAGEFAP_DATABASE_URL"]["value"] == "postgresql://…@host/name"
    assert "hidden" not in run("config", "--show-origin").stdout


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("json://me:hidden@host/hidden?key=hidden, tgram://hidden/hidden", "json://…, tgram://…"),
        ("hidden", "(no address)"),
        ("", ""),
    ],
)
def test_of_addresses_for_messages_only_the_service_is_shown(
    monkeypatch: pytest.MonkeyPatch, value: str, shown: str
) -> None:
    monkeypatch.setattr(_config, "_declared", lambda: iter([("IMAGEFAP_NOTIFY", "People", "Addresses.", "")]))
    (found,) = _config.read_settings(environment={"IMAGEFAP_NOTIFY": value})
    assert found.value == shown


def test_control_characters_of_a_value_do_not_reach_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IMAGEFAP_PACE_FILE", "/a\x1b[2J")
    assert "/a\\x1b[2J" in run("config").stdout

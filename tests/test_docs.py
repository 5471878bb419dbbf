"""README.md and the code say the same."""

from __future__ import annotations

import ast
import re
import tomllib
from pathlib import Path
from typing import Any, get_args

import pytest
from scrapy.settings import Settings
from scrapy.spiderloader import SpiderLoader

from imagefap_scraper import exceptions
from imagefap_scraper.exceptions import ArchiveError
from tools.process import cli

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
_FENCED = re.compile(r"^```\n(.*?)^```", re.DOTALL | re.MULTILINE)
#: The layers as a tree; every other block is commands.
TREE = next(block for block in _FENCED.findall(README) if block.startswith("imagefap_scraper/"))


def code_in(text: str) -> list[str]:
    """Return everything that a document sets as code, the tree of the layers apart."""
    return [*_FENCED.findall(text.replace(TREE, "")), *re.findall(r"`([^`\n]+)`", _FENCED.sub("", text))]


CODE = code_in(README)
COLLECTION = (ROOT / "docs" / "collection.md").read_text(encoding="utf-8")


def table(heading: str) -> list[list[str]]:
    """Return the cells of the rows of the table in a section."""
    section = re.split(r"^## ", README, flags=re.MULTILINE)
    lines = next(part for part in section if part.startswith(heading + "\n")).splitlines()
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("|")]
    return rows[2:]


def settings_in_code() -> dict[str, str]:
    """Return the defaults of our settings, whatever the environment says."""
    source = (ROOT / "imagefap_scraper" / "settings.py").read_text(encoding="utf-8")
    found = {}
    for node in ast.parse(source).body:
        if not isinstance(node, ast.Assign) or not isinstance(node.targets[0], ast.Name):
            continue
        name = node.targets[0].id
        if name.startswith("IMAGEFAP_"):
            assert isinstance(node.value, ast.Call), f"{name} cannot be set by the environment"
            given, default = (ast.literal_eval(argument) for argument in node.value.args)
            assert given == name, "the environment's name is another one"
            found[name] = str(default)
    return found


def models() -> dict[str, Any]:
    """Return the arguments' model of each spider."""
    loader = SpiderLoader.from_settings(Settings({"SPIDER_MODULES": ["imagefap_scraper.spiders"]}))
    return {name: loader.load(name).arguments_model for name in loader.list()}  # type: ignore[attr-defined]


def as_typed(default: object) -> str:
    """Return a default as a person would write it; nothing for none."""
    if isinstance(default, bool):
        return str(int(default))
    return "" if default is None else str(default)


def literals(annotation: object) -> set[str]:
    """Return the words that an argument may be."""
    found: set[str] = set()
    for part in get_args(annotation):
        found |= {part} if isinstance(part, str) else literals(part)
    return found


def exit_codes(error: type[ArchiveError]) -> set[int]:
    """Return the exit codes of an error and of all below it."""
    return {error.exit_code}.union(*(exit_codes(below) for below in error.__subclasses__()))


def test_settings_and_their_defaults_are_those_of_the_code() -> None:
    told = [(row[0].strip("`"), row[1].strip("`")) for row in table("Settings")]
    assert len(told) == len(dict(told)), "a setting is there twice"
    assert dict(told) == settings_in_code()


def test_the_code_reads_no_setting_that_is_not_told() -> None:
    read = set()
    for path in [*(ROOT / "imagefap_scraper").rglob("*.py"), *(ROOT / "tools").rglob("*.py")]:
        read |= set(re.findall(r"\bIMAGEFAP_[A-Z_]*[A-Z]\b", path.read_text(encoding="utf-8")))
    # What one command alone reads, and no crawl, is told where that command is.
    assert read - {"IMAGEFAP_LEGACY_PASSWORD"} == set(settings_in_code())
    assert "`IMAGEFAP_LEGACY_PASSWORD`" in COLLECTION


def test_arguments_and_their_defaults_are_those_of_the_models() -> None:
    told = [
        (spider.strip(), row[0].strip("`"), row[2].strip("`"))
        for row in table("Arguments")
        for spider in row[1].split(",")
    ]
    coded = [
        (spider, name, as_typed(field.default))
        for spider, model in models().items()
        for name, field in model.model_fields.items()
    ]
    assert sorted(told) == sorted(coded)


def test_every_word_that_an_argument_may_be_is_told() -> None:
    rows = {
        (spider.strip(), row[0].strip("`")): "|".join(row) for row in table("Arguments") for spider in row[1].split(",")
    }
    words = [
        (spider, name, word)
        for spider, model in models().items()
        for name, field in model.model_fields.items()
        for word in literals(field.annotation)
    ]
    assert words
    assert [word for word in words if f"`{word[2]}`" not in rows[word[:2]]] == []


def test_commands_of_process_are_told_and_are_there() -> None:
    told = {
        name
        for code in CODE
        for names in re.findall(r"\bprocess\.py ([a-z][a-z|-]*)", code)
        for name in names.split("|")
    }
    tabled = {name for row in table("Looking through it") for name in re.findall(r"`([a-z]+)`", row[0])}
    with cli.make_context("process.py", [], resilient_parsing=True) as context:
        assert tabled == set(cli.list_commands(context))
    assert told <= tabled


def test_exit_codes_are_those_of_the_errors() -> None:
    told = [int(row[0].strip("`")) for row in table("Exit codes")]
    ends = {exceptions.EX_OK, exceptions.EX_FAILED_IMAGES, exceptions.EX_INTERRUPTED}
    assert told == sorted(ends | exit_codes(ArchiveError))


def test_targets_of_make_exist() -> None:
    told = {target for code in CODE for target in re.findall(r"\bmake ([a-z][a-z-]*)", code)}
    there = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    assert {"demo", "test"} <= told
    assert told - there == set()


@pytest.mark.parametrize("document", ["README.md", "CHANGELOG.md"])
def test_links_lead_to_files(document: str) -> None:
    targets = re.findall(r"\]\(([^)]+)\)", (ROOT / document).read_text(encoding="utf-8"))
    assert targets or document != "README.md"
    assert [target for target in targets if "://" not in target and not (ROOT / target).exists()] == []


@pytest.mark.parametrize("document", ["README.md", "CHANGELOG.md"])
def test_named_files_exist(document: str) -> None:
    code = code_in((ROOT / document).read_text(encoding="utf-8"))
    names = {name for text in code for name in re.findall(r"(?<!\S)[\w./-]+\.(?:py|txt|md|toml|cfg)\b", text)}
    assert names
    # process.py is named as it names itself; the others from the root.
    assert [name for name in names if not any((ROOT / place / name).exists() for place in ("", "tools"))] == []


def test_the_tree_of_the_layers_exists_and_is_whole() -> None:
    lines = TREE.splitlines()
    package = ROOT / "imagefap_scraper"
    folders = {line.split("/")[0].strip() for line in lines if line.startswith("  ") and "/" in line}
    assert folders == {path.parent.name for path in package.glob("*/__init__.py")}
    others = [line.split()[0] for line in lines if not line.startswith("  ")]
    files = re.findall(r"\w+\.py", lines[1])
    assert [name for name in others if not (ROOT / name).is_dir()] == []
    assert [name for name in files if not (package / name).is_file()] == []


def test_licence_is_that_of_the_project() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert re.findall(r"SPDX-License-Identifier: (\S+)", README) == [project["license"]]


def test_picture_asks_nobody_for_anything() -> None:
    picture = (ROOT / "docs" / "terminal.svg").read_text(encoding="utf-8")
    assert re.findall(r"@import|@font-face|href=|url\((?!#)", picture) == []

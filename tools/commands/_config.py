"""The settings as their own source tells them, with what the environment says."""

from __future__ import annotations

import ast
import os
import re
import sys
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING

from imagefap_scraper import settings as source
from tools.commands._console import Report
from tools.commands._text import json_text, printable, write

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

#: Raised when a field of `config --json` changes its meaning or goes away.
SCHEMA = 1

#: Which of several values holds, the first first.
PRECEDENCE = (
    "an argument of the crawl (-a output=DIR; of process.py --dir DIR)",
    "-s NAME=VALUE of the crawl",
    "an environment variable of the setting's name",
    "the default in imagefap_scraper/settings.py",
)

_PREFIX = "IMAGEFAP_"
_OUTPUT = "IMAGEFAP_OUTPUT"
#: Addresses of notification services carry tokens anywhere in them: of these the scheme alone is shown.
_SECRET = "IMAGEFAP_NOTIFY"  # noqa: S105 - a setting's name
#: Read by one command of process.py alone, and never shown.
_OF_COMMANDS = frozenset({"IMAGEFAP_LEGACY_PASSWORD"})
_SECTION = re.compile(r"# --- (.+?) -+")
_CREDENTIALS = re.compile(r"(?<=://)[^/@\s]*@")
_ADDRESS = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*://)[^\s,]*")


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting.

    Attributes:
        name: also of the environment variable.
        section: heading under which the source has it.
        effect: what it does, with its unit.
        default: as a person would write it.
        value: what holds, harmless to show.
        origin: `default`, `environment` or `option`.
    """

    name: str
    section: str
    effect: str
    default: str
    value: str
    origin: str


def read_settings(directory: Path | None = None, environment: Mapping[str, str] | None = None) -> list[Setting]:
    """Return all settings in the order of their source.

    Args:
        directory: what `--dir` says, if anything.
        environment: instead of this process's own.
    """
    held = os.environ if environment is None else environment
    found = []
    for name, section, effect, default in _declared():
        value, origin = held.get(name, default), "environment" if name in held else "default"
        if name == _OUTPUT and directory is not None:
            value, origin = str(directory), "option"
        found.append(Setting(name, section, effect, default, _harmless(name, value), origin))
    return found


def _declared() -> Iterator[tuple[str, str, str, str]]:
    """Yield name, section, effect and default of each setting, in order."""
    text = Path(str(source.__file__)).read_text(encoding="utf-8")
    lines = text.splitlines()
    for node in ast.parse(text).body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and isinstance(node.value, ast.Call):
            name = node.targets[0].id
            if name.startswith(_PREFIX):
                default = str(ast.literal_eval(node.value.args[1]))
                yield name, _section(lines[: node.lineno]), _comment(lines[: node.lineno - 1]), default


def _section(above: list[str]) -> str:
    return next((match[1] for line in reversed(above) if (match := _SECTION.match(line))), "")


def _comment(above: list[str]) -> str:
    """Return what the `#:` lines at the end say."""
    words: list[str] = []
    for line in reversed(above):
        if not line.startswith("#:"):
            break
        words.insert(0, line.removeprefix("#:").strip())
    return " ".join(words)


def _harmless(name: str, value: str) -> str:
    """Return the value without what nobody else should read."""
    if name == _SECRET:
        addresses = _ADDRESS.findall(value)
        return ", ".join(f"{scheme}…" for scheme in addresses) or ("(no address)" if value else "")
    return _CREDENTIALS.sub("…@", value)


def unknown(names: Iterable[str]) -> dict[str, str]:
    """Return the names with our prefix that are no settings, with the setting that was perhaps meant (or nothing)."""
    known = [name for name, *_ in _declared()]
    strays = [name for name in names if name.startswith(_PREFIX) and name not in {*known, *_OF_COMMANDS}]
    return {name: next(iter(get_close_matches(name, known, n=1)), "") for name in sorted(strays)}


def write_json(settings: list[Setting]) -> None:
    """Write the settings as one JSON object to stdout."""
    document = {
        "schema": SCHEMA,
        "precedence": list(PRECEDENCE),
        "settings": [{name: getattr(one, name) for name in Setting.__dataclass_fields__} for one in settings],
        "unknown": [{"name": name, "meant": meant or None} for name, meant in unknown(os.environ).items()],
    }
    write(json_text(document) + "\n")


def write_text(settings: list[Setting], *, show_origin: bool) -> None:
    """Write the settings for a person to stdout; on stderr, the variables that are none."""
    report = Report()
    section = None
    for one in settings:
        if one.section != section:
            report.heading(one.section if section is None else f"\n{one.section}")
            section = one.section
        report.plain(f"  {one.name} = {printable(one.value) or '(empty)'}")
        if show_origin:
            report.plain(f"      from: {_origin(one)}")
        report.plain(f"      {one.effect}")
    report.heading("\nWhich value holds, the first first")
    for line in PRECEDENCE:
        report.plain(f"  {line}")
    for name, meant in unknown(os.environ).items():
        hint = f"; {meant} is one" if meant else ""
        print(f"Warning: the environment's {printable(name)} is no setting{hint}.", file=sys.stderr)


def _origin(one: Setting) -> str:
    if one.origin == "default":
        return "default"
    told = {"environment": f"environment variable {one.name}", "option": "--dir"}[one.origin]
    return f"{told} (default: {one.default or 'empty'})"

"""All checks of `doctor` in order, for people and as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Console
from rich.text import Text

from tools.commands import _doctor_archive, _doctor_pace, _doctor_program
from tools.commands._text import json_text, printable, write

if TYPE_CHECKING:
    from pathlib import Path

    from tools.commands._doctor_check import Check

#: Raised when a field of `doctor --json` changes its meaning or goes away.
SCHEMA = 1

_COLOURS = {"ok": "green", "warn": "yellow", "bad": "red"}
_WIDTH = 14


def examine(directory: Path, *, site: bool = False) -> list[Check]:
    """Return what was found, in the order in which it is told.

    Args:
        directory: the archive's.
        site: also send one request to the site.
    """
    pace = _doctor_pace.Pace.from_environment()
    checks = [*_doctor_program.checks(), *_doctor_archive.checks(directory), *pace.checks()]
    if site:
        checks.append(pace.ask_site())
    return checks


def is_bad(checks: list[Check]) -> bool:
    """Return whether something has to be mended before the program can work."""
    return any(check.state == "bad" for check in checks)


def write_json(checks: list[Check]) -> None:
    """Write what was found as one JSON object to stdout."""
    rows = [{"name": check.name, "state": check.state, "message": check.message} for check in checks]
    write(json_text({"schema": SCHEMA, "ok": not is_bad(checks), "checks": rows}) + "\n")


def write_text(checks: list[Check]) -> None:
    """Write what was found for a person to stdout, a line each."""
    console = Console(markup=False, highlight=False, emoji=False, soft_wrap=True)
    for check in checks:
        message = printable(check.message)
        console.print(Text.assemble((f"{check.state:<4}", _COLOURS[check.state]), f"  {check.name:<{_WIDTH}}{message}"))
    bad, warned = (sum(check.state == state for check in checks) for state in ("bad", "warn"))
    console.print(f"\n{bad} bad, {warned} to know of, {len(checks) - bad - warned} ok")

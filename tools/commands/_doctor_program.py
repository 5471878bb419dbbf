"""What `doctor` says of the program itself: versions, without importing what they are of."""

from __future__ import annotations

import platform
import re
import sqlite3
import sys
import tomllib
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING

from tools.commands._doctor_check import bad, ok, warn

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tools.commands._doctor_check import Check

ROOT = Path(__file__).resolve().parents[2]

#: The release in which SQLite no longer corrupts a write-ahead log when two connections write or checkpoint at once.
_SAFE_SQLITE = (3, 51, 3)
_PYTHONS = ((3, 11), (3, 12))
_PINNED = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]*)==(\S+)")
#: Packages that are named one by one; the rest is told as a number.
_NAMED = 6


def checks(requirements: Path = ROOT / "requirements.txt") -> Iterator[Check]:
    """Yield the checks of the program, of Python, of its packages and of SQLite."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    yield ok("program", f"{project['name']} {project['version']} in {ROOT}")
    yield _python()
    yield from _packages(requirements)
    yield _sqlite()


def _python() -> Check:
    found = f"Python {platform.python_version()} at {sys.executable}"
    if sys.version_info[:2] in _PYTHONS:
        return ok("python", found)
    return bad("python", f"{found}: 3.11 or 3.12 is needed, for others imagededup has no ready package; run `make`")


def _packages(requirements: Path) -> Iterator[Check]:
    pinned = dict(_PINNED.findall("\n".join(_without_comments(requirements))))
    missing, other = [], []
    for name, wanted in pinned.items():
        try:
            found = version(name)
        except PackageNotFoundError:
            missing.append(name)
            continue
        if name == "Scrapy":
            yield ok("scrapy", found) if found == wanted else warn("scrapy", f"{found}, tested is {wanted}; run `make`")
        if found != wanted:
            other.append(f"{name} {found} (tested: {wanted})")
    if missing:
        yield bad("packages", f"missing: {_some(missing)}; run `make`")
    if other:
        yield warn("packages", f"of another version: {_some(other)}; run `make`")
    if not missing and not other:
        yield ok("packages", f"all {len(pinned)} as in {requirements.name}")


def _without_comments(requirements: Path) -> list[str]:
    return [line.partition("#")[0] for line in requirements.read_text(encoding="utf-8").splitlines()]


def _some(names: list[str]) -> str:
    rest = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + rest


def _sqlite() -> Check:
    found = f"SQLite {sqlite3.sqlite_version}"
    if sqlite3.sqlite_version_info >= _SAFE_SQLITE:
        return ok("sqlite", found)
    return warn(
        "sqlite",
        f"{found}: before 3.51.3 two programs that write at once can damage a database; those of this project take"
        " turns, so do not write into it with another one while they run",
    )

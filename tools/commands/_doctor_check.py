"""One line of what `doctor` finds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

State = Literal["ok", "warn", "bad"]


@dataclass(frozen=True, slots=True)
class Check:
    """What was found.

    Attributes:
        name: what was looked at, one word or two.
        state: `ok`, `warn` (it works, but this should be known) or `bad` (it has to be mended).
        message: what it is like, and what to do unless it is ok; one line, perhaps with text from outside.
    """

    name: str
    state: State
    message: str


def ok(name: str, message: str) -> Check:
    """Return a line about what is as it should be."""
    return Check(name, "ok", message)


def warn(name: str, message: str) -> Check:
    """Return a line about what should be known."""
    return Check(name, "warn", message)


def bad(name: str, message: str) -> Check:
    """Return a line about what has to be mended."""
    return Check(name, "bad", message)

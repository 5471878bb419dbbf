"""The human form on stdout: colours where there is a terminal that shows them, lines never wrapped or cut."""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING

from rich.console import Console
from rich.text import Text

if TYPE_CHECKING:
    from datetime import datetime

_LABEL_WIDTH = 22


class _Console(Console):
    """Rich's console, but what stdout refuses is for the command line to answer, in one place."""

    def on_broken_pipe(self) -> None:
        """Pass on that the reader of stdout has left; rich itself would end the process with 1."""
        raise BrokenPipeError(errno.EPIPE, os.strerror(errno.EPIPE))


class Report:
    """Headings and labelled lines; rich says when to leave colours out (no terminal, NO_COLOR, TERM=dumb).

    What comes from the site goes through `printable` before it comes here.
    """

    def __init__(self) -> None:
        self._console = _Console(markup=False, highlight=False, emoji=False, soft_wrap=True)

    def heading(self, text: str, depth: int = 0) -> None:
        """Write a heading, two columns in for each level of depth."""
        self._console.print(Text("  " * depth + text, style="bold"))

    def line(self, label: str, value: object) -> None:
        """Write a value behind its label."""
        self._console.print(Text.assemble((f"  {label:<{_LABEL_WIDTH}}", "cyan"), str(value)))

    def plain(self, text: str) -> None:
        """Write a line as it is; costs no styling, for the thousands."""
        self._console.file.write(text + "\n")


def day_and_time(moment: datetime) -> str:
    """Return a moment to the minute, in UTC."""
    return f"{moment:%Y-%m-%d %H:%M} UTC"


def counted(number: int, noun: str, nouns: str = "") -> str:
    """Return a number with its noun, in the plural where it is due."""
    return f"{number:,} {noun if number == 1 else nouns or noun + 's'}"

"""A progress bar on stderr for commands that take long, unseen where there is no terminal."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.progress import ProgressColumn, TaskID


@contextmanager
def live(amount: ProgressColumn) -> Iterator[Progress]:
    """Give rich's progress display with what is done now, a bar, an amount and the time that remains."""
    console = Console(stderr=True)
    seen = sys.stderr is not None and sys.stderr.isatty() and not console.is_dumb_terminal
    columns = (TextColumn("{task.description}"), BarColumn(), amount, TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not seen) as progress:
        yield progress


class Bar:
    """One piece of work after the other, counted in steps; a `review.progress.Progress`."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._task: TaskID | None = None

    def start(self, what: str, total: int | None) -> None:
        """Begin a piece of work of so many steps; None if that is not known."""
        if self._task is not None:
            self._progress.remove_task(self._task)
        self._task = self._progress.add_task(what, total=total)

    def advance(self, steps: int) -> None:
        """Say how many steps were done since."""
        if self._task is not None:
            self._progress.advance(self._task, steps)

    def reach(self, steps: int) -> None:
        """Say how many steps have been done altogether."""
        if self._task is not None:
            self._progress.update(self._task, completed=steps)


@contextmanager
def bar(what: str = "", total: int | None = None) -> Iterator[Bar]:
    """Give a bar of steps, begun already if it is said with what."""
    with live(MofNCompleteColumn()) as progress:
        shown = Bar(progress)
        if what:
            shown.start(what, total)
        yield shown

"""The state of a running crawl as a person sees it: a few lines on a terminal, or one plain line."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from rich.console import Group
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from imagefap_scraper.extensions import _format
from imagefap_scraper.extensions._holds import Holds

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderableType, RenderResult

    from imagefap_scraper.extensions._snapshot import Snapshot

#: Columns that a folder's name may take in the plain line, which has no width to go by.
_NAME_CELLS = 60


@dataclass(frozen=True)
class State:
    """A running crawl at one moment.

    Attributes:
        counts: what was counted so far.
        now: the moment, seconds since the epoch.
        pages_per_hour: measured over the last minutes; None if not yet known.
        seconds_left: estimated; None if nothing can be said.
        holds: what holds requests back.
    """

    counts: Snapshot
    now: float
    pages_per_hour: float | None = None
    seconds_left: float | None = None
    holds: Holds = field(default_factory=Holds)


@dataclass(frozen=True)
class Display:
    """A crawl's state as a Rich renderable of three or four lines; more on a very narrow terminal."""

    state: State

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Yield the lines for the width at hand."""
        separator = " | " if options.ascii_only else " · "
        lines: list[RenderableType] = [
            Text(_folder(self.state.counts, options.max_width), no_wrap=True, overflow="ellipsis", style="bold"),
            _bar(self.state.counts),
            Text(separator).join(_facts(self.state)),
        ]
        lines += [Text(f"{sentence}.", style="yellow") for sentence in self.state.holds.sentences(self.state.now)]
        yield Group(*lines)


def plain_line(state: State) -> str:
    """Return a crawl's state as one line of plain text for a log."""
    counts = state.counts
    parts = [_folder(counts, _NAME_CELLS), _images(counts), *(fact.plain for fact in _facts(state))]
    return ". ".join([", ".join(parts), *state.holds.sentences(state.now)])


def _folder(counts: Snapshot, cells: int) -> str:
    if not counts.folders_total:
        return _format.one_line(counts.folder, cells) if counts.folder else "No folder yet"
    # The folder at work is the one after those that are done.
    number = min(counts.folders_listed + bool(counts.folder), counts.folders_total)
    head = f"Folder {number:,} of {counts.folders_total:,}"
    return _format.one_line(f"{head}: {counts.folder}" if counts.folder else head, cells)


def _images(counts: Snapshot) -> str:
    if not counts.images_total:
        return "no images yet"
    # Rounded down: 100% is shown when nothing is left, not before.
    percent = counts.images_done * 100 // counts.images_total
    return f"{counts.images_done:,} of {_format.counted(counts.images_total, 'image')} ({percent}%)"


def _bar(counts: Snapshot) -> RenderableType:
    if not counts.images_total:
        return Text(_images(counts))
    row = Table.grid(padding=(0, 1), expand=True)
    row.add_column(ratio=1)
    row.add_column(no_wrap=True)
    row.add_row(ProgressBar(total=counts.images_total, completed=counts.images_done), Text(_images(counts)))
    return row


def _facts(state: State) -> list[Text]:
    counts = state.counts
    facts = [Text(_format.size(counts.bytes_stored))]
    if state.pages_per_hour is not None:
        facts.append(Text(f"{state.pages_per_hour:,.0f} pages/h"))
    if state.seconds_left is not None:
        facts.append(Text(f"about {_format.rough_duration(state.seconds_left)} left"))
    if counts.known:
        facts.append(Text(f"{counts.known:,} known"))
    if counts.gone:
        facts.append(Text(f"{counts.gone:,} gone"))
    if counts.failed:
        facts.append(Text(f"{counts.failed:,} failed", style="red"))
    return facts

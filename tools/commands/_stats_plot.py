"""`stats --plots`: the archive as one SVG. matplotlib is an extra, imported when it is asked for.

The same archive gives the same file: no date, no random ids, no display, nothing of a user's own matplotlib style.
"""

from __future__ import annotations

import importlib
import io
import os
import sys
import tempfile
import warnings
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.filesize import decimal

from imagefap_scraper.database import figures, reports
from imagefap_scraper.exceptions import SettingError
from imagefap_scraper.pace.history import Pages, pages
from imagefap_scraper.storage.disk import disk_error
from tools.commands._archive import open_archive
from tools.commands._text import printable

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sqlalchemy import Connection

    from imagefap_scraper.database.figures import Growth

#: What holds while drawing: text stays text, ids depend on content alone, and `$` in a name is no formula.
_STYLE = {
    "svg.fonttype": "none",
    "svg.hashsalt": "imagefap_scraper",
    "text.parse_math": False,
    "font.family": "sans-serif",
    "font.size": 9,
    "axes.titlesize": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.formatter.use_mathtext": False,
    "timezone": "UTC",
}
_BAR = "#4878a8"
_LINE = "#303030"
_BLOCK = "#c44e52"
#: Characters of a folder's name that are drawn.
_NAME = 40


@dataclass(frozen=True, slots=True)
class PlotData:
    """All that is drawn; `sizes` counts files by the power of two (of bytes) that they reach, the rest is bytes."""

    growth: Growth
    sizes: dict[int, int]
    formats: dict[str, int]
    folders: dict[str, int]
    pages: Pages


def collect(connection: Connection) -> PlotData:
    """Return what the archive says, and what the pace file says of the site's pages."""
    return PlotData(
        figures.growth(connection),
        figures.sizes(connection),
        figures.formats(connection),
        figures.folders(connection),
        pages(),
    )


def write_plots(directory: Path, target: Path) -> None:
    """Draw the archive into a file, which is there whole or not at all; an older one is replaced.

    Raises:
        SettingError: matplotlib is not installed.
        ArchiveError: there is no usable archive.
        StorageError: the file cannot be written.
    """
    _need_matplotlib()
    with open_archive(directory) as archive:
        reports.begin_snapshot(archive.connection)
        data = collect(archive.connection)
    _write(target, drawn(data))


def _need_matplotlib() -> None:
    try:
        importlib.import_module("matplotlib")
    except ImportError as error:
        raise SettingError(
            f"--plots needs matplotlib, which cannot be imported ({error}); install it with:"
            f" {sys.executable} -m pip install --no-deps -r requirements-extra.txt"
        ) from error


def drawn(data: PlotData) -> bytes:
    """Return the plots as SVG."""
    matplotlib: Any = importlib.import_module("matplotlib")
    figures: Any = importlib.import_module("matplotlib.figure")
    with warnings.catch_warnings(), matplotlib.rc_context():
        # A letter that the font here does not have is drawn by whoever shows the file.
        warnings.filterwarnings("ignore", message="(Glyph|Matplotlib currently does not)", category=UserWarning)
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(_STYLE)
        figure = figures.Figure(figsize=(11, 12), layout="constrained")
        places = figure.subplot_mosaic(
            [["growth", "growth"], ["sizes", "formats"], ["folders", "folders"], ["pages", "pages"]]
        )
        _growth(places["growth"], data)
        _bars(places["sizes"], "File sizes (from ... up to twice that)", "files", _sizes(data))
        _bars(places["formats"], "Space by format", "", data.formats, decimal)
        _folders(places["folders"], data)
        _pages(places["pages"], data)
        buffer = io.BytesIO()
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None, "Title": "imagefap archive"})
    return buffer.getvalue()


def _growth(axes: Any, data: PlotData) -> None:
    growth = data.growth
    axes.set_title("Growth: images and bytes stored, by day")
    if not growth.days:
        _nothing(axes)
        return
    # A single day is a point, which a line does not show.
    axes.step(growth.days, growth.images, where="post", color=_BAR, marker=".", label="images")
    axes.set_ylabel("images", color=_BAR)
    axes.set_ylim(bottom=0)
    right = axes.twinx()
    right.step(growth.days, growth.bytes, where="post", color=_LINE, linestyle=":", marker=".", label="bytes")
    right.set_ylabel("bytes", color=_LINE)
    right.set_ylim(bottom=0)
    right.yaxis.set_major_formatter(_formatter(decimal))
    right.spines["right"].set_visible(True)
    axes.tick_params(axis="x", labelrotation=20)


def _sizes(data: PlotData) -> dict[str, int]:
    return {decimal(2**power): count for power, count in data.sizes.items()}


def _bars(axes: Any, title: str, label: str, values: dict[str, int], shown: Callable[[int], str] | None = None) -> None:
    axes.set_title(title)
    if not values:
        _nothing(axes)
        return
    axes.bar(_places(values), list(values.values()), color=_BAR)
    axes.set_xticks(_places(values), [printable(name) for name in values], rotation=30, ha="right")
    axes.set_ylabel(label)
    if shown is not None:
        axes.yaxis.set_major_formatter(_formatter(shown))


def _folders(axes: Any, data: PlotData) -> None:
    axes.set_title("Space by folder (what lies in several counts in each)")
    if not data.folders:
        _nothing(axes)
        return
    axes.barh(_places(data.folders), list(data.folders.values()), color=_BAR)
    axes.set_yticks(_places(data.folders), [_short(name) for name in data.folders])
    axes.invert_yaxis()
    axes.xaxis.set_major_formatter(_formatter(decimal))


def _pages(axes: Any, data: PlotData) -> None:
    minutes, blocks = data.pages.minutes, data.pages.blocks
    total = sum(minutes.values())
    axes.set_title(f"Pages asked in the latest hour on record: {total:,} (UTC, by minute; blocked time is marked)")
    if not minutes and not blocks:
        _nothing(axes)
        return
    dates: Any = importlib.import_module("matplotlib.dates")
    # Dates count in days.
    axes.bar(list(minutes), list(minutes.values()), width=1 / 1440, align="edge", color=_BAR)
    for began, until in blocks:
        axes.axvspan(began, until, color=_BLOCK, alpha=0.3, linewidth=0)
    axes.xaxis.set_major_formatter(dates.DateFormatter("%Y-%m-%d %H:%M"))
    axes.tick_params(axis="x", labelrotation=20)
    axes.set_ylabel("pages a minute")


def _nothing(axes: Any) -> None:
    axes.set_axis_off()
    axes.text(0.5, 0.5, "nothing yet", ha="center", va="center", transform=axes.transAxes)


def _places(values: Sequence[Any] | dict[str, int]) -> list[int]:
    return list(range(len(values)))


def _formatter(shown: Callable[[int], str]) -> Callable[[float, int], str]:
    return lambda value, _position: shown(round(value))


def _short(name: str) -> str:
    text = printable(name)
    return text if len(text) <= _NAME else f"{text[: _NAME - 1]}…"


def _write(target: Path, content: bytes) -> None:
    place = target.expanduser()
    temporary = ""
    try:
        descriptor, temporary = tempfile.mkstemp(prefix=".plots-", dir=place.parent)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
        Path(temporary).chmod(0o644)
        Path(temporary).replace(place)
    except OSError as error:
        with suppress(OSError):
            Path(temporary).unlink()
        raise disk_error(error, f"cannot write {place}") from error

"""`dups find` and `dups hash`: the only commands that load what compares pictures."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import TYPE_CHECKING, NoReturn

import click

from imagefap_scraper.exceptions import EX_FAILED_IMAGES, EX_INTERRUPTED
from imagefap_scraper.review.options import read_options
from tools.commands._dups_place import open_workplace
from tools.commands._progress import bar
from tools.commands._text import json_text, write

if TYPE_CHECKING:
    from pathlib import Path

    from imagefap_scraper.review.finding import FindReport

#: Raised when a field of the JSON changes its meaning or goes away.
SCHEMA = 1


def find(ctx: click.Context, directory: Path, max_distance: int | None, *, everything: bool, as_json: bool) -> None:
    """Search for look-alikes and say what was found.

    Raises:
        ArchiveError: what settings, disk or database refuse.
    """
    options = read_options()
    if max_distance is not None:
        options = replace(options, max_distance=max_distance)
    workplace = open_workplace(directory)
    # What was refused above is said before a second is spent on numpy.
    from imagefap_scraper.review import finding  # noqa: PLC0415

    try:
        with bar() as shown:
            report = finding.find(workplace, options, shown, everything=everything)
    except KeyboardInterrupt:
        _stopped(ctx)
    if as_json:
        write(
            json_text(
                {"schema": SCHEMA, "max_distance": options.max_distance, **asdict(report), "pairs": dict(report.pairs)}
            )
            + "\n"
        )
    else:
        write(_found(report, options.max_distance))


def _stopped(ctx: click.Context) -> NoReturn:
    click.echo("Interrupted: what was looked at is on record; the same command goes on.", err=True)
    ctx.exit(EX_INTERRUPTED)


def _found(report: FindReport, distance: int) -> str:
    lines = [f"{report.new:,} of {report.pictures:,} pictures compared with all others, within {distance} bits"]
    kinds = ", ".join(f"{count:,} {kind}" for kind, count in report.pairs.most_common())
    lines.append(f"{report.looked_at:,} pairs looked at{': ' if kinds else ''}{kinds}")
    if report.unhashed:
        lines.append(f"{report.unhashed:,} pictures have no hashes yet: process.py dups hash")
    if report.by_rule:
        lines.append(f"{report.by_rule:,} groups decided by rules: process.py history shows them, undo takes them back")
    asking = ", ".join(f"{count:,} {state}" for state, count in report.asking.items() if count)
    lines.append(f"groups that ask: {asking}: process.py dups list" if asking else "no group asks anything")
    return "".join(f"{line}\n" for line in lines)


def hash_all(ctx: click.Context, directory: Path, *, as_json: bool) -> int:
    """Hash the pictures that have no hashes and say how many; return the exit code.

    Raises:
        ArchiveError: what settings, disk or database refuse.
    """
    workers = read_options().workers
    workplace = open_workplace(directory)
    from imagefap_scraper.review import hashing  # noqa: PLC0415 - as above

    try:
        with bar() as shown:
            report = hashing.hash_pictures(workplace, shown, workers=workers)
    except KeyboardInterrupt:
        _stopped(ctx)
    if as_json:
        write(json_text({"schema": SCHEMA, **asdict(report)}) + "\n")
    else:
        write(f"{report.hashed:,} pictures hashed, {report.unchecked:,} over the limits and never decoded\n")
        if report.damaged:
            write(f"{report.damaged:,} files are missing or damaged: process.py verify --read-data --repair\n")
    return EX_FAILED_IMAGES if report.damaged else 0

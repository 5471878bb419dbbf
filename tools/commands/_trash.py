"""The trash for people and as JSON Lines; bringing back, and deleting for good."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from rich.filesize import decimal

from imagefap_scraper.review import trashing
from imagefap_scraper.review.options import read_options
from tools.commands._archive import open_archive
from tools.commands._console import counted, day_and_time
from tools.commands._dups_listing import DIGITS_SHOWN
from tools.commands._dups_outcome import confirm, nothing, tell
from tools.commands._dups_place import open_workplace
from tools.commands._text import json_text, printable, write

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import click

    from imagefap_scraper.review.trashing import Trashed


def write_list(directory: Path, *, as_json: bool) -> None:
    """Write what is in the trash to stdout, the oldest first.

    Raises:
        ArchiveError: there is no usable archive.
    """
    with open_archive(directory) as archive:
        found = trashing.in_trash(archive.connection)
    write("".join(_json_line(one) if as_json else _line(one) for one in found))
    if not as_json:
        size = decimal(sum(one.size for one in found))
        write(f"{counted(len(found), 'picture')}, {size}\n" if found else "The trash is empty.\n")


def _json_line(one: Trashed) -> str:
    document = {
        "sha256": one.sha256,
        "kept_as": one.kept_as,
        "trashed_at": f"{one.trashed_at:%Y-%m-%dT%H:%M:%SZ}",
        "bytes": one.size,
        "paths": list(one.paths),
    }
    return json_text(document) + "\n"


def _line(one: Trashed) -> str:
    kept = f"for {one.kept_as[:DIGITS_SHOWN]}"
    head = f"{one.sha256[:DIGITS_SHOWN]}  {day_and_time(one.trashed_at)}  {decimal(one.size):>9}  {kept}"
    return printable(f"{head}  {', '.join(one.paths)}") + "\n"


def restore(directory: Path, words: Sequence[str], *, dry_run: bool, as_json: bool) -> int:
    """Bring pictures back; return the exit code.

    Raises:
        NotFoundError: one is not in the trash.
        UserInputError: the digits are too few.
        ArchiveError: what disk or database refuse.
    """
    workplace = open_workplace(directory)
    with workplace.reading() as connection:
        wanted = list(dict.fromkeys(trashing.named(connection, word).sha256 for word in words))
    report = trashing.restore(workplace, wanted, read_options(), dry_run=dry_run)
    return tell(report, "restored", dry_run=dry_run, as_json=as_json, noun="picture", files="moved back")


def empty(
    ctx: click.Context, directory: Path, older: timedelta | None, *, dry_run: bool, yes: bool, as_json: bool
) -> int:
    """Delete for good what is in the trash, or was so long ago; return the exit code.

    Raises:
        ArchiveError: what disk or database refuse.
    """
    workplace = open_workplace(directory)
    # Also without an age: what is thrown out while the question stands is none of it.
    before = datetime.now(UTC) - (older or timedelta())
    with workplace.reading() as connection:
        found = trashing.in_trash(connection, before)
    if not found:
        swept = 0 if dry_run else trashing.sweep(workplace)
        left = f" {counted(swept, 'file')} that an emptying had left there went for good." if swept else ""
        nothing(f"Nothing in the trash is to be deleted.{left}", as_json=as_json, dry_run=dry_run)
        return 0
    size = decimal(sum(one.size for one in found))
    what = f"Delete {counted(len(found), 'picture')} for good ({size}); this cannot be undone"
    confirm(ctx, what, yes=yes or dry_run)
    from tools.commands._progress import bar  # noqa: PLC0415 - only here: an answer costs no progress bar

    with bar("deleting", len(found)) as shown:
        report = trashing.empty(workplace, before, dry_run=dry_run, on_progress=shown.reach)
    code = tell(report, "deleted", dry_run=dry_run, as_json=as_json, noun="picture", files="for good", undone_by=False)
    if not (dry_run or as_json):
        write("This cannot be undone.\n")
    return code

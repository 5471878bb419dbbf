"""`dups rules`: what each rule may do, its record, and what it would do."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from rich.filesize import decimal

from imagefap_scraper.dedup.rules import RECORD_LENGTH, RuleMode
from imagefap_scraper.review.options import read_options
from imagefap_scraper.review.previewing import preview as preview_rule
from imagefap_scraper.review.ruling import rule_records, set_mode
from tools.commands._archive import open_archive
from tools.commands._dups_listing import DIGITS_SHOWN
from tools.commands._dups_place import open_workplace
from tools.commands._text import json_text, write

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from imagefap_scraper.review.previewing import Match, Preview

#: Raised when a field of the JSON changes its meaning or goes away.
SCHEMA = 1


def write_rules(directory: Path, *, as_json: bool) -> None:
    """Write the rules with their records to stdout.

    Raises:
        ArchiveError: there is no usable archive.
    """
    with open_archive(directory) as archive:
        records = rule_records(archive.connection)
    for record in records:
        if as_json:
            write(json_text(asdict(record)) + "\n")
        else:
            of_last = f"of the last {RECORD_LENGTH}: {record.approved} followed, {record.denied} denied"
            write(f"{record.name:<17}  {record.mode:<7}  {record.waiting:>6,} waiting, {of_last}\n")
            write(f"{'':<17}  {record.description}\n")


def change_mode(directory: Path, name: str, mode: RuleMode, *, override: bool, dry_run: bool, as_json: bool) -> None:
    """Let a rule do more or less, and say what it proposes then.

    Raises:
        NotFoundError: there is no such rule.
        UserInputError: it may not act alone yet.
        ArchiveError: what disk or database refuse.
    """
    workplace = open_workplace(directory)
    waiting = set_mode(workplace, name, mode, read_options(), override=override, dry_run=dry_run)
    if as_json:
        document = {"schema": SCHEMA, "dry_run": dry_run, "rule": name, "mode": mode, "waiting": waiting}
        write(json_text(document) + "\n")
        return
    would = "would: " if dry_run else ""
    groups = f"{waiting:,} {'group' if waiting == 1 else 'groups'}"
    write(f"{would}{name}: {mode}, proposes something for {groups}\n")
    if mode is RuleMode.AUTO:
        write(f"{would}decide them by itself from the next `process.py dups find` on\n")
    if not dry_run:
        write("undo: process.py undo\n")


def preview(directory: Path, name: str) -> Preview:
    """Return what a rule would do with the groups that ask, whatever its mode; the samples are always the same.

    Raises:
        NotFoundError: there is no such rule.
        ArchiveError: there is no usable archive, or a setting cannot be.
    """
    options = read_options()
    with open_archive(directory) as archive:
        return preview_rule(archive.connection, name, options)


def write_preview(found: Preview, *, as_json: bool) -> None:
    """Write what a rule would do to stdout."""
    if as_json:
        samples = {"random": _samples(found.random), "nearest": _samples(found.nearest)}
        write(json_text({"schema": SCHEMA, **asdict(found), **samples}) + "\n")
        return
    gain = f"{decimal(found.bytes)} to win"
    write(f"{found.rule} would decide {found.groups:,} groups: {found.pictures:,} pictures to the trash, {gain}\n")
    for heading, matches in (("at random", found.random), ("nearest to its limits", found.nearest)):
        if matches:
            write(f"\n{len(matches)} {heading}\n" + "".join(map(_line, matches)))


def _samples(matches: Sequence[Match]) -> list[dict[str, Any]]:
    return [match._asdict() for match in matches]


def _line(match: Match) -> str:
    gone = ", ".join(sha256[:DIGITS_SHOWN] for sha256 in match.skip)
    facts = f"peak {match.peak:.0f}, PHash {match.distance}, {match.margin} points ahead"
    keep = f"keep {match.keep[:DIGITS_SHOWN]}, skip {gone}"
    return f"{match.group_id:>7}  {match.kind:<15}  {decimal(match.bytes):>9}  {keep}  ({facts})\n"

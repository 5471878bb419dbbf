"""`dups rules`: what each rule may do, its record, and what it would do."""

from __future__ import annotations

import random
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from rich.filesize import decimal

from imagefap_scraper.database import groups as stored
from imagefap_scraper.database import members as blobs
from imagefap_scraper.dedup.groups import GroupRow, Member
from imagefap_scraper.dedup.kinds import GroupState, PairKind, Verdict
from imagefap_scraper.dedup.rules import RECORD_LENGTH, RULES, RuleMode
from imagefap_scraper.exceptions import NotFoundError
from imagefap_scraper.review.judging import Judge
from imagefap_scraper.review.options import read_options
from imagefap_scraper.review.ruling import rule_records, set_mode
from tools.commands._archive import open_archive
from tools.commands._dups_listing import DIGITS_SHOWN
from tools.commands._dups_place import open_workplace
from tools.commands._text import json_text, write

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from sqlalchemy import Connection

    from imagefap_scraper.database.groups import StoredGroup
    from imagefap_scraper.review.options import Options

#: Raised when a field of the JSON changes its meaning or goes away.
SCHEMA = 1
#: Groups shown of each kind of sample.
_SAMPLES = 12
#: Groups whose members are in memory at a time.
_AT_A_TIME = 500


class Match(NamedTuple):
    """A group that a rule is about.

    `peak` (of 255) and `distance` (bits) are the greatest of its pairs, `margin` is in points, `bytes` would be won.
    """

    group_id: int
    kind: str
    keep: str
    skip: tuple[str, ...]
    bytes: int
    peak: float
    distance: int
    margin: int


@dataclass(frozen=True, slots=True)
class Preview:
    """What a rule would do now: all matches counted, some of them shown."""

    rule: str
    groups: int
    pictures: int
    bytes: int
    random: list[Match]
    nearest: list[Match]


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
    if name not in RULES:
        raise NotFoundError(f"there is no rule {name}; there are {', '.join(RULES)}")
    options = read_options()
    with open_archive(directory) as archive:
        matches = list(_matches(archive.connection, name, options))
    chosen = random.Random(name)  # noqa: S311 - a sample that repeats, no secret
    return Preview(
        rule=name,
        groups=len(matches),
        pictures=sum(len(match.skip) for match in matches),
        bytes=sum(match.bytes for match in matches),
        random=sorted(chosen.sample(matches, min(_SAMPLES, len(matches)))),
        # Limits are on what differs; where nothing does, a thin lead is what comes nearest to one.
        nearest=sorted(matches, key=lambda one: (-one.peak, -one.distance, one.margin, one.group_id))[:_SAMPLES],
    )


def _matches(connection: Connection, name: str, options: Options) -> Iterator[Match]:
    modes = dict.fromkeys(RULES, str(RuleMode.OFF)) | {name: str(RuleMode.SUGGEST)}
    denied = stored.denials(connection)
    wanted = stored.group_ids(connection, states=[GroupState.NEW, GroupState.SUGGESTED])
    for start in range(0, len(wanted), _AT_A_TIME):
        groups = stored.groups(connection, wanted[start : start + _AT_A_TIME])
        members = {sha256 for group in groups for sha256, _, _ in group.members}
        limits = options.limits
        pairs = list(stored.pairs(connection, limits.phash, limits.dhash, members))
        facts = blobs.blob_facts(connection, members, options.protected)
        judge = Judge(options.weights, facts, pairs, modes, denied)
        by_first: dict[str, list[Any]] = {}
        for pair in pairs:
            by_first.setdefault(pair.first, []).append(pair)
        for group in groups:
            judged = judge.judge(_row(group))
            if judged.rule is not None and judged.keeper is not None:
                yield _match(group, judged.keeper, judged.margin or 0, judged.bytes_to_win, by_first)


def _row(group: StoredGroup) -> GroupRow:
    members = {sha256: Member(Verdict(verdict), asked) for sha256, verdict, asked in group.members}
    return GroupRow(group.group_id, PairKind(group.kind), GroupState(group.state), members)


def _match(group: StoredGroup, keeper: str, margin: int, size: int, by_first: dict[str, list[Any]]) -> Match:
    asked = [sha256 for sha256, _, is_asked in group.members if is_asked]
    inner = [pair for sha256 in asked for pair in by_first.get(sha256, ()) if pair.second in asked]
    skip = tuple(sha256 for sha256 in asked if sha256 != keeper)
    peak = max((pair.peak or 0.0 for pair in inner), default=0.0)
    distance = max((pair.distance for pair in inner), default=0)
    return Match(group.group_id, group.kind, keeper, skip, size, peak, distance, margin)


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

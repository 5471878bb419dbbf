"""`dups decide`, `accept`, `apply` and `defer`: from what was typed to a batch, and what came of it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from rich.filesize import decimal

from imagefap_scraper.database import groups as stored
from imagefap_scraper.dedup.kinds import GroupState, Verdict
from imagefap_scraper.dedup.rules import RULES
from imagefap_scraper.exceptions import NotFoundError, UserInputError
from imagefap_scraper.review import applying, deciding
from imagefap_scraper.review import queue as queries
from imagefap_scraper.review.deciding import Choice
from imagefap_scraper.review.members import named, numbered
from imagefap_scraper.review.options import read_options
from tools.commands._dups_outcome import confirm, nothing, tell
from tools.commands._dups_place import open_workplace

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from pathlib import Path

    import click
    from sqlalchemy import Connection

    from imagefap_scraper.database.groups import StoredGroup

#: The verdict of each option that gives one.
VERDICTS = {"keep": Verdict.KEEP, "skip": Verdict.SKIP, "false": Verdict.FALSE, "variant": Verdict.KEEP}


def decide(
    directory: Path,
    group_id: int,
    words: Mapping[str, Sequence[str]],
    *,
    none: bool,
    later: bool,
    dry_run: bool,
    as_json: bool,
) -> int:
    """Decide about one group; return the exit code.

    Args:
        directory: the archive's.
        group_id: its number.
        words: which members each option of `VERDICTS` names.
        none: none of those in question is like another.
        later: throw nothing out yet.
        dry_run: change nothing.
        as_json: write one JSON object.

    Raises:
        NotFoundError: there is no such group.
        UserInputError: a verdict that cannot be.
        ArchiveError: what disk or database refuse.
    """
    workplace, options = open_workplace(directory), read_options()
    with workplace.reading() as connection:
        group = queries.group(connection, group_id)
        members = [one.sha256 for one in numbered(connection, group)]
    choice = _none_alike(group) if none else _choice(group, members, words)
    report = deciding.decide(workplace, [choice], options, apply=not later, dry_run=dry_run)
    done = "decided, nothing thrown out yet (process.py dups apply)" if later else "decided"
    return tell(report, done, dry_run=dry_run, as_json=as_json)


def _choice(group: StoredGroup, members: Sequence[str], words: Mapping[str, Sequence[str]]) -> Choice:
    verdicts: dict[str, Verdict] = {}
    for option, verdict in VERDICTS.items():
        for word in _each(words[option]):
            sha256 = named(group.group_id, members, word)
            if sha256 in verdicts:
                raise UserInputError(f"group {group.group_id}: {word} is named twice; one member gets one verdict")
            verdicts[sha256] = verdict
    if words["keep"] and not any(words[option] for option in VERDICTS if option != "keep"):
        for sha256, _, asked in group.members:
            if asked:
                verdicts.setdefault(sha256, Verdict.SKIP)
    variants = [named(group.group_id, members, word) for word in _each(words["variant"])]
    return Choice(group.group_id, verdicts, variants, rev=group.rev)


def _each(words: Sequence[str]) -> list[str]:
    """Return the members that an option names, which may be several with commas between them."""
    return [word.strip() for some in words for word in some.split(",")]


def _none_alike(group: StoredGroup) -> Choice:
    """Return the choice that parts all that is in question; what was kept before stays kept."""
    asked = [(sha256, verdict) for sha256, verdict, asked in group.members if asked]
    apart = {sha256: Verdict.FALSE for sha256, verdict in asked if verdict == Verdict.NEW}
    if not apart:
        raise UserInputError(
            f"group {group.group_id} has no member in question without a verdict; say which one is to be --false"
        )
    return Choice(group.group_id, apart, rev=group.rev)


def accept(
    ctx: click.Context,
    directory: Path,
    kinds: Collection[str],
    *,
    rule: str | None,
    dry_run: bool,
    yes: bool,
    as_json: bool,
) -> int:
    """Follow the suggestions of all groups of some kinds that ask; return the exit code.

    Raises:
        NotFoundError: there is no such rule.
        ArchiveError: what disk or database refuse.
    """
    if rule is not None and rule not in RULES:
        raise NotFoundError(f"there is no rule {rule}; there are {', '.join(RULES)}")
    workplace, options = open_workplace(directory), read_options()
    with workplace.reading() as connection:
        choices = deciding.accept_choices(connection, kinds, rule=rule)
        skipped = [sha256 for one in choices for sha256, verdict in one.verdicts.items() if verdict is Verdict.SKIP]
        count, size = queries.live_bytes(connection, skipped)
    if not choices:
        nothing("Nothing to accept: no such group has a suggestion.", as_json=as_json, dry_run=dry_run)
        return 0
    _ask(ctx, f"Accept {len(choices):,} groups", count, size, yes=yes or dry_run)
    # Only here: the bar costs as much as all of a dry run of few groups.
    from tools.commands._progress import bar  # noqa: PLC0415

    with bar("deciding", len(choices)) as shown:
        report = deciding.decide(
            workplace, choices, options, kind="accept", dry_run=dry_run, strict=False, on_progress=shown.reach
        )
    return tell(report, "accepted", dry_run=dry_run, as_json=as_json)


def _ask(ctx: click.Context, what: str, count: int, size: int, *, yes: bool) -> None:
    pictures = f"{count:,} {'picture' if count == 1 else 'pictures'}"
    confirm(ctx, f"{what}: {pictures} to the trash ({decimal(size)})", yes=yes)


def apply(
    ctx: click.Context, directory: Path, group_ids: Sequence[int], *, dry_run: bool, yes: bool, as_json: bool
) -> int:
    """Throw out what was decided before; return the exit code.

    Raises:
        NotFoundError: there is no such group.
        UserInputError: in a group that was named there is nothing to throw out.
        ArchiveError: what disk or database refuse.
    """
    workplace, options = open_workplace(directory), read_options()
    with workplace.reading() as connection:
        wanted = sorted(set(group_ids)) or stored.group_ids(connection, states=[GroupState.DECIDED])
        count = size = 0
        for group_id in wanted:
            pictures, there = _waiting(connection, queries.group(connection, group_id))
            count, size = count + pictures, size + there
    if not wanted:
        nothing("Nothing to apply: every decision is carried out.", as_json=as_json, dry_run=dry_run)
        return 0
    _ask(ctx, f"Apply the decisions about {len(wanted):,} groups", count, size, yes=yes or dry_run)
    from tools.commands._progress import bar  # noqa: PLC0415 - as above

    with bar("throwing out", len(wanted)) as shown:
        report = applying.apply_decisions(
            workplace, options, wanted if group_ids else None, dry_run=dry_run, on_progress=shown.reach
        )
    return tell(report, "applied", dry_run=dry_run, as_json=as_json)


def _waiting(connection: Connection, group: StoredGroup) -> tuple[int, int]:
    """Return how many members are decided to be skipped and still there, and their bytes."""
    skipped = [sha256 for sha256, verdict, _ in group.members if verdict == Verdict.SKIP]
    count, size = queries.live_bytes(connection, skipped)
    if not count:
        raise UserInputError(f"group {group.group_id} is {group.state}: there is nothing decided to throw out")
    return count, size


def defer(directory: Path, group_ids: Sequence[int], until: datetime | None, *, dry_run: bool, as_json: bool) -> int:
    """Put groups aside, until a day (local time) or the next search; return the exit code.

    Raises:
        NotFoundError: there is no such group.
        UserInputError: one of them asks nothing, or the day has passed.
        ArchiveError: what disk or database refuse.
    """
    moment = None if until is None else until.astimezone()
    if moment is not None and moment <= datetime.now(UTC):
        raise UserInputError(f"--until {moment:%Y-%m-%d} has passed: give a day to come")
    workplace = open_workplace(directory)
    wanted = list(dict.fromkeys(group_ids))
    report = applying.defer(workplace, wanted, moment, read_options(), dry_run=dry_run)
    when = "the next search" if moment is None else f"{moment:%Y-%m-%d}"
    return tell(report, f"put aside until {when}", dry_run=dry_run, as_json=as_json)

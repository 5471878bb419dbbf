"""`dups list`: groups of look-alikes, a line each, written as they are read.

Rich's console is left out: it alone takes a tenth of the time in which the first lines are to be there.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from rich.filesize import decimal

from imagefap_scraper.review import queue as queries
from tools.commands._archive import open_archive
from tools.commands._text import json_text, write

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from imagefap_scraper.database.groups import StoredGroup
    from imagefap_scraper.review.queue import Order

#: Digits of a SHA-256 that are shown to people, as many as straight names carry.
DIGITS_SHOWN = 10


def write_list(
    directory: Path, *, kinds: Collection[str], states: Collection[str], order: Order, limit: int | None, as_json: bool
) -> None:
    """Write groups to stdout: JSON Lines, or lines for people and a sum; without kinds all but mere look-alikes.

    Raises:
        ArchiveError: there is no usable archive.
    """
    with open_archive(directory) as archive:
        found = queries.listed(archive.connection, kinds, states, order)
        shown = found[:limit]
        more = 0 if as_json or kinds else queries.count_look_alikes(archive.connection, states)
        for groups in queries.in_turn(archive.connection, [group_id for group_id, _ in shown]):
            write("".join(_json_line(group) if as_json else _line(group) for group in groups))
            if sys.stdout is not None:
                sys.stdout.flush()
    if not as_json:
        write(_sum(len(found), len(shown), sum(size for _, size in found)))
        write(_more(more))


def described(group: StoredGroup) -> dict[str, Any]:
    """Return what JSON says of a group; the first seven keys are promised to come first."""
    return {
        "id": group.group_id,
        "class": group.kind,
        "state": group.state,
        "bytes_to_win": group.bytes_to_win,
        "suggestion": group.suggestion,
        "margin": group.margin,
        "members": [
            {"sha256": sha256, "verdict": verdict, "suggested": sha256 == group.suggestion, "asked": asked}
            for sha256, verdict, asked in group.members
        ],
        "confidence": group.reasons.get("confidence"),
        "rule": group.rule,
        "deferred_until": None if group.deferred_until is None else f"{group.deferred_until:%Y-%m-%dT%H:%M:%SZ}",
        "rev": group.rev,
    }


def _json_line(group: StoredGroup) -> str:
    return json_text(described(group)) + "\n"


def _line(group: StoredGroup) -> str:
    head = f"{group.group_id:>7}  {group.kind:<15}  {group.state:<9}  {len(group.members):>3} pictures"
    return f"{head}  {decimal(group.bytes_to_win):>9}  {proposal(group)}\n"


def proposal(group: StoredGroup) -> str:
    """Return what is suggested for a group, in a few words."""
    if group.suggestion is None:
        return "no suggestion: look"
    facts = [str(group.reasons.get("confidence")), f"{group.margin} points ahead"]
    if group.rule is not None:
        facts.append(f"rule {group.rule}")
    return f"keep {group.suggestion[:DIGITS_SHOWN]} ({', '.join(facts)})"


def _sum(found: int, shown: int, size: int) -> str:
    if not found:
        return "No groups. `process.py dups find` searches, `dups list --state applied` shows what is done.\n"
    only = f" ({shown:,} shown)" if shown < found else ""
    return f"{found:,} {'group' if found == 1 else 'groups'}{only}, {decimal(size)} to win\n"


def _more(count: int) -> str:
    if not count:
        return ""
    groups = "1 more group is a mere look-alike" if count == 1 else f"{count:,} more groups are mere look-alikes"
    return f"{groups}: process.py dups list --class look-alike\n"

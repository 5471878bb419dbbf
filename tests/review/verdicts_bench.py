"""Two groups that ask, of two copies and of three; verdicts on them by letters, and what these leave behind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from click.testing import CliRunner
from review_bench import Bench, encoded, picture

from imagefap_scraper.dedup.kinds import Verdict
from imagefap_scraper.review.deciding import Choice, accept_choices, decide
from imagefap_scraper.review.options import read_options
from imagefap_scraper.review.undoing import entries_of, undo
from tools.process import cli

if TYPE_CHECKING:
    from pathlib import Path

LETTERS = {"k": Verdict.KEEP, "s": Verdict.SKIP, "f": Verdict.FALSE}
#: The next image number of `seeded`.
NEXT = 6


def seeded(root: Path) -> Path:
    """Make an archive that asks about two copies (group 1) and about three (group 2)."""
    bench = Bench(root, read_options({}))
    for seed, qualities in ((31, (92, 50)), (32, (92, 70, 50))):
        bench.add(*(encoded(picture(seed), quality=quality) for quality in qualities))
        bench.find()
    assert [len(group.members) for group in bench.groups("new", "suggested")] == [2, 3]
    return root


def blobs(bench: Bench, group_id: int) -> list[str]:
    """The members of a group, the best first."""
    rows = bench.ask(
        "SELECT sha256 FROM duplicate_members JOIN blobs USING (sha256) WHERE group_id = ? ORDER BY size DESC", group_id
    )
    return [sha256 for (sha256,) in rows]


def judge(bench: Bench, group_id: int, letters: str) -> int:
    """Give the members verdicts, `-` none, the best first; return the batch."""
    given = {
        sha256: LETTERS[letter] for sha256, letter in zip(blobs(bench, group_id), letters, strict=True) if letter != "-"
    }
    return decide(bench.workplace, [Choice(group_id, given)], bench.options).batch


def state(bench: Bench, group_id: int) -> tuple[str, str | None]:
    [row] = bench.ask("SELECT state, suggestion FROM duplicate_groups WHERE group_id = ?", group_id)
    found: tuple[str, str | None] = row
    return found


def asking(bench: Bench, group_id: int) -> list[str]:
    rows = bench.ask("SELECT sha256 FROM duplicate_members WHERE group_id = ? AND asked", group_id)
    return [sha256 for sha256 in blobs(bench, group_id) if (sha256,) in rows]


def relations(bench: Bench) -> set[tuple[str, str, str]]:
    return set(bench.ask("SELECT first, second, kind FROM relations"))


def apart(*pairs: tuple[str, str]) -> set[tuple[str, str, str]]:
    return {(min(pair), max(pair), "not_same") for pair in pairs}


def batch(bench: Bench) -> list[int]:
    """The groups that following all suggestions would be about."""
    with bench.workplace.reading() as connection:
        return [choice.group_id for choice in accept_choices(connection, ())]


def run(bench: Bench, *words: Any, code: int = 0) -> str:
    result = CliRunner().invoke(cli, [*map(str, words), "--dir", str(bench.root)])
    assert result.exit_code == code, result.output
    return result.output


def take_back(bench: Bench, batch: int) -> int:
    """Undo a batch, or do it again if it is an undoing; return the batch of that."""
    with bench.workplace.reading() as connection:
        entries = entries_of(connection, batch, whole_batch=True)
    return undo(bench.workplace, entries, bench.options).batch

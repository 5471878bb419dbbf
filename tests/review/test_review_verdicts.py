"""What verdicts of every kind leave behind: a judged group is out of the queue, and out of every batch."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner
from review_bench import Bench, encoded, picture

from imagefap_scraper.dedup.kinds import Verdict
from imagefap_scraper.review.deciding import Choice, accept_choices, decide
from imagefap_scraper.review.options import read_options
from tools.process import cli

if TYPE_CHECKING:
    from pathlib import Path

LETTERS = {"k": Verdict.KEEP, "s": Verdict.SKIP, "f": Verdict.FALSE}


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An archive that asks about two copies (group 1) and about three (group 2)."""
    bench = Bench(tmp_path_factory.mktemp("asked"), read_options({}))
    for seed, qualities in ((31, (92, 50)), (32, (92, 70, 50))):
        bench.add(*(encoded(picture(seed), quality=quality) for quality in qualities))
        bench.find()
    assert [len(group.members) for group in bench.groups("new", "suggested")] == [2, 3]
    return bench.root


@pytest.fixture
def bench(asked: Path, tmp_path: Path) -> Bench:
    shutil.copytree(asked, tmp_path, dirs_exist_ok=True)
    return Bench(tmp_path, read_options({}), next_id=6)


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


@pytest.mark.parametrize("how", ["verdicts", "one alone", "--none"])
def test_none_of_two_are_the_same(bench: Bench, how: str) -> None:
    before = bench.dump()
    best, worse = blobs(bench, 1)
    if how == "--none":
        run(bench, "dups", "decide", 1, "--none")
    else:
        judge(bench, 1, "ff" if how == "verdicts" else "f-")
    assert state(bench, 1)[0] == "applied"
    assert (asking(bench, 1), batch(bench)) == ([], [2])
    assert relations(bench) == apart((best, worse))
    # Nor is it asked by whoever looks at all groups once more.
    bench.find(everything=True)
    assert state(bench, 1)[0] == "applied"
    assert batch(bench) == [2]
    run(bench, "undo", "--yes")
    assert bench.dump() == before


def test_one_that_is_not_like_the_others_is_asked_no_more(bench: Bench) -> None:
    before = bench.dump()
    best, worse, worst = blobs(bench, 2)
    judge(bench, 2, "--f")
    assert relations(bench) == apart((best, worst), (worse, worst))
    assert (state(bench, 2), asking(bench, 2)) == (("new", best), [best, worse])
    judge(bench, 2, "ks-")
    assert dict(bench.ask("SELECT sha256, state FROM blobs WHERE sha256 IN (?, ?, ?)", best, worse, worst)) == {
        best: "live",
        worse: "trashed",
        worst: "live",
    }
    assert apart((best, worst), (worse, worst)) <= relations(bench)
    run(bench, "undo", "--yes")
    run(bench, "undo", "--yes")
    assert bench.dump() == before


def test_keep_alone_goes_on_asking_and_is_not_thrown_out_by_a_suggestion(bench: Bench) -> None:
    best, worse = blobs(bench, 1)
    judge(bench, 1, "k-")
    assert (state(bench, 1), asking(bench, 1), batch(bench)) == (("new", best), [best, worse], [1, 2])
    run(bench, "undo", "--yes")
    judge(bench, 1, "-k")
    assert (state(bench, 1), asking(bench, 1), batch(bench)) == (("new", None), [best, worse], [2])
    assert "kept already" in run(bench, "dups", "show", 1)

"""What verdicts of every kind leave behind: a judged group is out of the queue, and out of every batch."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from verdicts_bench import apart, asking, batch, blobs, judge, relations, run, state

from imagefap_scraper.database.journal import Rows
from imagefap_scraper.review.grouping import regroup

if TYPE_CHECKING:
    from review_bench import Bench


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


def test_what_comes_back_asks_at_once_about_what_it_looks_like(bench: Bench) -> None:
    best, worse = blobs(bench, 1)
    other = blobs(bench, 2)[0]
    judge(bench, 2, "ksf")
    first, second = sorted((worse, other))
    with bench.workplace.transaction() as connection:
        row = (first, second, 2, 2, 0, "look-alike", 90.0, "{}", 1, 1)
        connection.exec_driver_sql(f"INSERT INTO pairs VALUES ({', '.join('?' * len(row))})", row)
        regroup(Rows(connection), bench.options)
    groups = [group.members for group in bench.groups()]
    judge(bench, 1, "ks")
    run(bench, "trash", "restore", worse[:10])
    assert sorted((first, second)) in [
        sorted(sha for sha, _, asked in group.members if asked) for group in bench.groups()
    ]
    run(bench, "undo", "--yes")
    run(bench, "undo", "--yes")
    assert [group.members for group in bench.groups()] == groups
    assert best in [sha256 for sha256, _, _ in groups[0]]

"""Undo and redo beside what was decided since: refused in words, and never past it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from review_bench import Bench, encoded, picture
from verdicts_bench import batch, blobs, judge, run, take_back

from imagefap_scraper.dedup.kinds import Verdict
from imagefap_scraper.exceptions import UserInputError
from imagefap_scraper.review.batches import Done, run_batch
from imagefap_scraper.review.deciding import Choice, accept_choices, decide

if TYPE_CHECKING:
    from sqlalchemy import Connection

SINCE = "its pictures were changed by action {} since; undo that first"


@pytest.mark.parametrize(("first", "then"), [("sk", "k-"), ("ks", "f-"), ("ks", "ff"), ("kk", "ks"), ("k-", "sk")])
def test_nothing_is_done_again_past_a_later_decision(bench: Bench, first: str, then: str) -> None:
    before = bench.dump()
    undone = take_back(bench, judge(bench, 1, first))
    later = judge(bench, 1, then)
    decided = bench.dump()
    with pytest.raises(UserInputError, match=f"action {undone} cannot be done again: {SINCE.format(later)}"):
        take_back(bench, undone)
    assert bench.dump() == decided
    take_back(bench, later)
    again = take_back(bench, undone)
    take_back(bench, again)
    assert bench.dump() == before


@pytest.mark.parametrize(("first", "then"), [("k-", "ks"), ("kk", "ks"), ("k-", "kk"), ("-k", "sk"), ("k-", "f-")])
def test_a_decision_is_not_undone_under_a_later_one(bench: Bench, first: str, then: str) -> None:
    before = bench.dump()
    earlier, later = judge(bench, 1, first), judge(bench, 1, then)
    decided = bench.dump()
    with pytest.raises(UserInputError, match=f"action {earlier} cannot be undone: {SINCE.format(later)}"):
        take_back(bench, earlier)
    assert bench.dump() == decided
    take_back(bench, later)
    take_back(bench, earlier)
    assert bench.dump() == before


def test_what_was_done_again_stands_in_the_way_like_what_was_done(bench: Bench) -> None:
    before = bench.dump()
    earlier = judge(bench, 1, "k-")
    again = take_back(bench, take_back(bench, judge(bench, 1, "ks")))
    with pytest.raises(UserInputError, match=SINCE.format(again)):
        take_back(bench, earlier)
    undone = take_back(bench, again)
    first = take_back(bench, earlier)
    # And forward again, in the order in which it was done.
    with pytest.raises(UserInputError, match=SINCE.format(first)):
        take_back(bench, undone)
    again = take_back(bench, first)
    take_back(bench, take_back(bench, undone))
    take_back(bench, again)
    assert bench.dump() == before


def test_a_deferral_is_not_undone_under_a_decision(bench: Bench) -> None:
    run(bench, "dups", "defer", 1)
    judge(bench, 1, "ks")
    assert SINCE.format(2) in run(bench, "undo", 1, "--yes", code=64)


def test_what_is_about_other_pictures_is_undone_in_any_order(bench: Bench) -> None:
    before = bench.dump()
    first, second = judge(bench, 1, "ks"), judge(bench, 2, "kfs")
    take_back(bench, first)
    undone = take_back(bench, second)
    again = take_back(bench, undone)
    take_back(bench, again)
    assert bench.dump() == before


def test_a_batch_is_undone_as_a_whole_or_not_at_all(bench: Bench) -> None:
    with bench.workplace.reading() as connection:
        accepted = decide(bench.workplace, accept_choices(connection, ()), bench.options).batch
    assert batch(bench) == []
    bench.add(encoded(picture(31), quality=40))
    bench.find()
    (again,) = bench.groups("reopened")
    keeper = blobs(bench, again.group_id)[0]
    newest = [sha256 for sha256, verdict, _ in again.members if verdict == "new"]
    choice = Choice(again.group_id, {keeper: Verdict.KEEP, newest[0]: Verdict.SKIP})
    later = decide(bench.workplace, [choice], bench.options).batch
    decided = bench.dump()
    with pytest.raises(UserInputError, match=f"{SINCE.format(later)}; nothing of the 2 actions was undone"):
        take_back(bench, accepted)
    assert bench.dump() == decided


def test_what_the_database_refuses_is_no_damage(bench: Bench) -> None:
    def empty(connection: Connection, _item: int, _batch: int | None) -> tuple[int, Done]:
        for verdict in ("false", "skip"):
            connection.exec_driver_sql("UPDATE duplicate_members SET verdict = ? WHERE group_id = 1", (verdict,))
        raise AssertionError

    with pytest.raises(UserInputError, match="nothing was changed: one picture of a group must stay"):
        run_batch(bench.workplace, [1], empty, lambda item: item)
    report = run_batch(bench.workplace, [1], empty, lambda item: item, strict=False)
    assert report.refused == [(1, "nothing was changed: one picture of a group must stay")]

    def wrong(connection: Connection, _item: int, _batch: int | None) -> tuple[int, Done]:
        connection.exec_driver_sql("UPDATE duplicate_members SET verdict = 'nothing'")
        raise AssertionError

    with pytest.raises(Exception, match="CHECK constraint") as raised:
        run_batch(bench.workplace, [1], wrong, lambda item: item, strict=False)
    assert not isinstance(raised.value, UserInputError)


@pytest.mark.parametrize("gone", ["before", "after"])
def test_undoing_brings_back_what_is_there_and_names_what_is_missing(bench: Bench, gone: str) -> None:
    best, worse, worst = blobs(bench, 2)
    [(path,)] = bench.ask("SELECT path FROM files WHERE sha256 = ?", worst)
    if gone == "before":
        (bench.root / path).unlink()
    judge(bench, 2, "kss")
    if gone == "after":
        (bench.root / ".imagefap/trash" / path).unlink()
    said = run(bench, "undo", "--yes", code=3)
    assert f"{path} is not there any more and did not come back; a crawl fetches it again" in said
    assert "1 file moved back" in said
    # As `verify --repair` leaves it: no file on the list, its image wanted again.
    assert bench.ask("SELECT path FROM files WHERE sha256 = ?", worst) == []
    assert bench.ask("SELECT status, reason FROM images WHERE image_id = 5") == [("wanted", "its file was missing")]
    assert {sha256 for (sha256,) in bench.ask("SELECT sha256 FROM blobs WHERE state = 'live'")} >= {best, worse, worst}
    assert bench.whole() == [f"{worst[:8]} live has no file row"]
    assert not any("missing" in line or path in line for line in run(bench, "verify").splitlines()), run(
        bench, "verify"
    )
    # Once a crawl has brought it, all is as it was.
    bench.next_id = 5
    bench.add(encoded(picture(32), quality=50))
    assert bench.whole() == []
    bench.find()
    assert [group.group_id for group in bench.groups("new", "suggested")] == [1, 2]


def test_what_came_back_without_a_file_goes_again(bench: Bench) -> None:
    *_, worst = blobs(bench, 2)
    [(path,)] = bench.ask("SELECT path FROM files WHERE sha256 = ?", worst)
    judge(bench, 2, "kss")
    thrown_out = bench.dump()
    (bench.root / ".imagefap/trash" / path).unlink()
    run(bench, "undo", "--yes", code=3)
    run(bench, "undo", 2, "--yes")
    assert bench.dump()[0] == thrown_out[0]

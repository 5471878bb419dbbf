"""Tags count for the suggestion: a group says what they say now, and undoing leaves nothing of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from verdicts_bench import blobs, judge, run, take_back

from imagefap_scraper.database import tags
from imagefap_scraper.review import tag_tree, tagging
from imagefap_scraper.review.grouping import regroup

if TYPE_CHECKING:
    from review_bench import Bench


def put(bench: Bench, image_id: int, path: str, *, off: bool = False) -> int:
    with bench.workplace.reading() as connection:
        selection = tagging.select_images(connection, [image_id], None)
    words = {"add": [] if off else [path], "remove": [path] if off else []}
    batch = tagging.change_tags(bench.workplace, selection, bench.options, create=True, **words).batch
    assert batch is not None
    return batch


def margin(bench: Bench) -> int | None:
    [(found,)] = bench.ask("SELECT margin FROM duplicate_groups WHERE group_id = 1")
    settled(bench)
    return int(found) if found is not None else None


def settled(bench: Bench) -> None:
    """Deriving all groups anew changes nothing."""
    from imagefap_scraper.database.journal import Rows

    with bench.workplace.transaction() as connection:
        assert regroup(Rows(connection), bench.options) == []


def test_a_tag_counts_at_once_and_undoing_all_leaves_nothing(bench: Bench) -> None:
    before, plain = bench.dump(), margin(bench)
    assert plain is not None
    tagged = put(bench, 1, "x")
    assert margin(bench) == plain + 8
    decided = judge(bench, 1, "ks")
    take_back(bench, decided)
    assert margin(bench) == plain + 8
    take_back(bench, tagged)
    assert margin(bench) == plain
    assert bench.dump() == before


def test_a_tag_that_is_undone_under_a_decision_does_not_come_back_with_it(bench: Bench) -> None:
    before = bench.dump()
    tagged, decided = put(bench, 1, "x"), judge(bench, 1, "ks")
    take_back(bench, tagged)
    take_back(bench, decided)
    assert bench.dump() == before


@pytest.mark.parametrize("how", ["page", "command"])
def test_taking_off_and_deleting_count_too(bench: Bench, how: str) -> None:
    plain = margin(bench)
    assert plain is not None
    if how == "page":
        put(bench, 2, "a/b")
        assert margin(bench) == plain - 8
        put(bench, 2, "a/b", off=True)
        assert margin(bench) == plain
        put(bench, 2, "a/b")
        with bench.workplace.reading() as connection:
            tag = tags.TagTree(connection).need("a/b")
        tag_tree.delete_tag(bench.workplace, tag.tag_id, bench.options)
    else:
        run(bench, "tags", "add", "a/b")
        run(bench, "tags", "assign", "id:2", "a/b")
        assert margin(bench) == plain - 8
        run(bench, "tags", "rename", "a/b", "c")
        run(bench, "tags", "remove", "id:2", "a/c")
        assert margin(bench) == plain
        run(bench, "tags", "assign", "id:2", "a/c")
        run(bench, "tags", "delete", "a/c")
    assert margin(bench) == plain


def test_a_tag_of_one_about_which_nothing_is_asked_changes_no_group(bench: Bench) -> None:
    judge(bench, 1, "ks")
    groups = bench.ask("SELECT * FROM duplicate_groups")
    put(bench, 1, "x")
    assert bench.ask("SELECT * FROM duplicate_groups") == groups
    assert len(blobs(bench, 1)) == 2


def test_a_row_whose_number_another_has_by_now_comes_back_all_the_same(bench: Bench) -> None:
    before = bench.dump()
    put(bench, 1, "x")
    taken_off = put(bench, 1, "x", off=True)
    put(bench, 2, "x")
    again = take_back(bench, taken_off)
    assert sorted(bench.ask("SELECT sha256 FROM blob_tags")) == sorted((sha256,) for sha256 in blobs(bench, 1))
    take_back(bench, take_back(bench, again))
    take_back(bench, 3)
    take_back(bench, 1)
    assert bench.dump() == before

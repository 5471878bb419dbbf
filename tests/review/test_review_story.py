"""A group of three decided, and all that may happen to it afterwards: what is asked, and what is kept."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from PIL import Image
from review_bench import Bench, encoded, picture

from imagefap_scraper.dedup.kinds import Verdict
from imagefap_scraper.review.deciding import Choice, decide
from imagefap_scraper.review.options import read_options

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path, read_options({}))


def _verdicts(bench: Bench, group_id: int) -> dict[str, tuple[str, bool]]:
    (group,) = [group for group in bench.groups() if group.group_id == group_id]
    return {sha256: (verdict, asked) for sha256, verdict, asked in group.members}


def _asking(bench: Bench) -> dict[int, set[str]]:
    groups = bench.groups("new", "suggested", "reopened")
    return {group.group_id: {sha256 for sha256, _, asked in group.members if asked} for group in groups}


def test_a_decided_group_is_asked_only_about_what_is_new(bench: Bench) -> None:
    image = picture(1)
    best, worse, small = bench.add(
        encoded(image, quality=92), encoded(image, quality=60), encoded(image.resize((240, 180)), quality=85)
    )
    bench.find()
    (first,) = bench.groups()
    assert _asking(bench) == {first.group_id: {best, worse, small}}

    # Decided: one is kept, one thrown out, one is judged not to be like the others.
    choice = Choice(first.group_id, {best: Verdict.KEEP, worse: Verdict.SKIP, small: Verdict.FALSE})
    report = decide(bench.workplace, [choice], bench.options)
    assert (len(report.done), report.files) == (1, 1)
    assert bench.whole() == []
    decided = {best: ("keep", False), worse: ("skip", False), small: ("false", False)}
    assert _verdicts(bench, first.group_id) == decided
    assert _asking(bench) == {}

    # The search again, and with every other limit: nothing is asked, nothing is lost.
    for distance in (10, 4, 12):
        bench.options = replace(bench.options, max_distance=distance)
        bench.find(everything=True)
        assert _asking(bench) == {}
        assert _verdicts(bench, first.group_id) == decided

    # A fourth copy arrives: asked together with what was kept, and with what was judged apart from it.
    (fourth,) = bench.add(encoded(image, quality=75))
    bench.find()
    asking = _asking(bench)
    assert set(asking) == {first.group_id}
    assert asking[first.group_id] >= {best, fourth}
    assert worse not in asking[first.group_id]
    assert {sha: verdict for sha, (verdict, _) in _verdicts(bench, first.group_id).items()} == {
        best: "keep",
        worse: "skip",
        small: "false",
        fourth: "new",
    }
    decide(bench.workplace, [Choice(first.group_id, {best: Verdict.KEEP, fourth: Verdict.SKIP})], bench.options)
    bench.find(everything=True)
    assert {sha256: verdict for sha256, (verdict, _) in _verdicts(bench, first.group_id).items()} == {
        best: "keep",
        worse: "skip",
        small: "false",
        fourth: "skip",
    }
    # The relation of the fourth to the one judged apart follows from the first decision.
    assert not any({fourth} & asked for asked in _asking(bench).values())

    # The keeper's file is lost: the search goes on, the verdicts stay.
    before = _verdicts(bench, first.group_id)
    (path,) = [path for (path,) in bench.ask("SELECT path FROM files WHERE sha256 = ?", best)]
    (bench.root / path).unlink()
    bench.find(everything=True)
    assert _verdicts(bench, first.group_id) == before


def test_two_decided_groups_that_meet_keep_every_verdict_and_ask_about_the_new_edge(bench: Bench) -> None:
    image = picture(2)
    first = bench.add(encoded(image, quality=92), encoded(image, quality=55))
    bench.find()
    (group,) = bench.groups()
    decide(bench.workplace, [Choice(group.group_id, {first[0]: Verdict.KEEP, first[1]: Verdict.SKIP})], bench.options)
    other = picture(3)
    second = bench.add(encoded(other, quality=92), encoded(other, quality=55))
    bench.find()
    (other_group,) = bench.groups("new")
    verdicts = {second[0]: Verdict.KEEP, second[1]: Verdict.SKIP}
    decide(bench.workplace, [Choice(other_group.group_id, verdicts)], bench.options)
    # Something new that is like both: the machine's evidence, given here by hand.
    for row in _pair_rows(bench, first[0], second[0]):
        bench_insert(bench, row)
    bench.find()
    (met,) = bench.groups("reopened")
    assert met.group_id == group.group_id
    assert {sha256: verdict for sha256, verdict, _ in met.members} == {
        first[0]: "keep",
        first[1]: "skip",
        second[0]: "keep",
        second[1]: "skip",
    }
    assert {sha256 for sha256, _, asked in met.members if asked} == {first[0], second[0]}
    decide(bench.workplace, [Choice(met.group_id, {first[0]: Verdict.KEEP, second[0]: Verdict.FALSE})], bench.options)
    assert _asking(bench) == {}
    bench.find(everything=True)
    assert _asking(bench) == {}
    assert bench.whole() == []


def _pair_rows(bench: Bench, one: str, other: str) -> list[tuple[object, ...]]:
    first, second = sorted((one, other))
    version = bench.ask("SELECT max(hash_version) FROM blobs")[0][0]
    look = bench.ask("SELECT max(look_version) FROM looks")[0][0]
    return [(first, second, 6, 6, 0, "edited", 60.0, "{}", version, look)]


def bench_insert(bench: Bench, row: tuple[object, ...]) -> None:
    with bench.workplace.transaction() as connection:
        columns = (
            "first, second, distance, dhash_distance, orientation, kind, peak, details, hash_version, look_version"
        )
        connection.exec_driver_sql(f"INSERT INTO pairs ({columns}) VALUES ({', '.join('?' * 10)})", row)


def test_what_was_thrown_out_is_not_stored_again_and_its_places_show_the_keeper(bench: Bench) -> None:
    image = picture(4)
    best = encoded(image, quality=92)
    worse = encoded(image, quality=50)
    keeper, copy = bench.add(best, worse)
    bench.find()
    (group,) = bench.groups()
    decide(bench.workplace, [Choice(group.group_id, {keeper: Verdict.KEEP, copy: Verdict.SKIP})], bench.options)
    assert bench.ask("SELECT status, sha256, skipped_sha256 FROM images WHERE image_id = 2") == [
        ("skipped", None, copy)
    ]
    # The very same bytes come once more, under another number and in another folder.
    bench.add(worse, folder=11)
    assert bench.ask("SELECT status, skipped_sha256 FROM images WHERE image_id = 3") == [("skipped", copy)]
    from imagefap_scraper.database import members

    with bench.workplace.reading() as connection:
        places = members.places(connection, keeper)
    assert [(place.folder, place.image_id, place.own) for place in places] == [
        ("folder 10", 1, True),
        ("folder 10", 2, False),
        ("folder 11", 3, False),
    ]


def test_pixel_identical_copies_are_told_from_the_rest(bench: Bench) -> None:
    jpeg = encoded(picture(5), quality=90)
    png = encoded(Image.open(io.BytesIO(jpeg)), "PNG")
    shas = bench.add(jpeg, png)
    bench.find()
    (group,) = bench.groups()
    assert (group.kind, group.state, group.rule) == ("pixel-identical", "suggested", "pixel-identical")
    assert group.suggestion == shas[0]
    assert group.bytes_to_win == len(png)


def test_blank_pictures_do_not_match_each_other(bench: Bench) -> None:
    blanks = [encoded(Image.new("RGB", (300 + step, 200), (step * 20, 80, 90))) for step in range(8)]
    bench.add(*blanks)
    report = bench.find()
    assert (report.pictures, report.looked_at) == (0, 0)
    assert bench.groups() == []


def test_what_is_like_a_copy_that_was_thrown_out_is_asked_with_what_was_kept(bench: Bench) -> None:
    image = picture(6)
    keeper, copy = bench.add(encoded(image, quality=92), encoded(image, quality=40))
    bench.find()
    (group,) = bench.groups()
    decide(bench.workplace, [Choice(group.group_id, {keeper: Verdict.KEEP, copy: Verdict.SKIP})], bench.options)
    # The keeper's own hash is made to lie too far away, as that of a crop would.
    far = int(bench.ask("SELECT phash FROM blobs WHERE sha256 = ?", keeper)[0][0]) ^ 0x0FFF_F000_0FFF_F000
    with bench.workplace.transaction() as connection:
        connection.exec_driver_sql("UPDATE blobs SET phash = ?, dhash = ~dhash WHERE sha256 = ?", (far, keeper))
    (again,) = bench.add(encoded(image, quality=45))
    bench.find()
    assert _asking(bench) == {group.group_id: {keeper, again}}

"""Contradictions and leftovers in the original's database: taken over as far as they go, and said."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import legacy_world as original
import pytest
from legacy_run import Imported, run

from imagefap_scraper.inspection.formats import Format
from imagefap_scraper.inspection.result import Inspection, Outcome
from imagefap_scraper.legacy import blobs
from imagefap_scraper.legacy.ids import LOCAL_USER, Ids
from imagefap_scraper.legacy.plan import make_plan
from imagefap_scraper.legacy.records import Gone, LegacyBlob, LegacyDatabase, LegacyFolder, LegacyUser, Place

UNKNOWN = "e" * 64


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory) -> Imported:
    """Import a world in which little fits."""
    made = original.world()
    database, sha = made.database, original.sha
    database["tags"][5] = {"name": "PLANTS", "tags": {}}
    database["tags"][6] = {"name": " a/b\x07\u0301 ", "tags": None}
    database["tags"][7] = {"name": "", "tags": {}}
    database["blobs"][sha(3)]["tags"] = {6, 77}
    # The folder was deleted, the place was not.
    database["blobs"][sha(5)]["loc"][22, 300, 1005] = ("half a \ud83d character.jpg", "keep")
    database["image_ids_index"][1777] = sha(6)
    database["duplicates_registry"] = dict(
        [
            original.group({sha(1): "skip", sha(2): "false", sha(3): "false"}),
            original.group({sha(4): "keep", sha(5): "keep", UNKNOWN: "skip"}),
            original.group({sha(6): "skip", sha(7): "new"}),
            original.group({sha(8): "keep", UNKNOWN: "skip"}),
        ]
    )
    place = tmp_path_factory.mktemp("odd")
    return run(original.write(place / "old", made), place / "new")


def test_tags_get_names_that_they_may_have(odd: Imported) -> None:
    names = dict(odd.rows("SELECT tag_id, name FROM tags WHERE tag_id IN (1, 5, 6, 7)"))
    assert names == {1: "plants", 5: "PLANTS (2)", 6: "a-b\u0301", 7: "tag 7"}
    assert sum("is now called" in note for note in odd.result.notes) == 3
    assert odd.rows(f"SELECT tag_id FROM blob_tags WHERE sha256 = '{original.sha(3)}'") == [(6,)]
    assert f"{original.sha(3)}: tag 77 does not exist" in odd.result.notes


def test_a_group_that_keeps_nothing_is_asked_again(odd: Imported) -> None:
    groups = dict(odd.rows("SELECT group_id, state FROM duplicate_groups"))
    assert groups == {1: "reopened", 2: "applied", 3: "reopened"}
    verdicts = dict(odd.rows("SELECT sha256, verdict FROM duplicate_members WHERE group_id IN (1, 3)"))
    assert verdicts == {
        original.sha(1): "new",
        original.sha(2): "false",
        original.sha(3): "false",
        original.sha(6): "skip",
        original.sha(7): "new",
    }
    assert odd.rows(f"SELECT kind FROM relations WHERE '{original.sha(6)}' IN (first, second)") == []
    assert "group 1 kept nothing: what it skipped is asked again" in odd.result.notes


def test_a_member_without_a_blob_is_left_out(odd: Imported) -> None:
    assert odd.rows(f"SELECT * FROM duplicate_members WHERE sha256 = '{UNKNOWN}'") == []
    assert f"{UNKNOWN}: its verdict is left out, the original has no such blob" in odd.result.notes
    pair = tuple(sorted((original.sha(4), original.sha(5))))
    assert odd.rows("SELECT first, second, kind FROM relations WHERE kind = 'same'") == [(*pair, "same")]


def test_a_place_in_a_folder_that_is_gone_makes_the_folder(odd: Imported) -> None:
    assert odd.rows("SELECT name FROM users WHERE user_id = 22") == [("22",)]
    assert odd.rows("SELECT name FROM folders WHERE folder_id = 300") == [("300",)]
    listed = odd.rows("SELECT image_id, listed_name, verdict FROM favorites WHERE folder_id = 300")
    assert listed == [(1005, "half a \ufffd character.jpg", "keep")]


def test_an_image_that_only_the_index_knows_is_stored(odd: Imported) -> None:
    assert odd.rows("SELECT status, sha256 FROM images WHERE image_id = 1777") == [("stored", original.sha(6))]
    assert odd.result.after["images_stored"] == odd.result.before["images_stored"]


def blob(letter: str, date: int, places: list[Place], gone: list[Gone] | None = None) -> LegacyBlob:
    facts: dict[str, Any] = {"extension": "jpg", "size": 1, "width": 1, "height": 1, "animated": False}
    return LegacyBlob(
        record="blob",
        sha256=letter * 64,
        percept=None,
        diff=None,
        date=date,
        tags=[],
        places=places,
        gone=gone or [],
        **facts,
    )


def test_of_two_blobs_of_one_image_the_later_one_is_its_own() -> None:
    for dates in ((5, 9), (9, 5)):
        twice = [
            blob("a", dates[0], [Place(1, 2, 3, "n", None, "new")]),
            blob("b", dates[1], [Place(1, 2, 3, "n", None, "new")]),
        ]
        assert make_plan(LegacyDatabase(blobs=twice)).images[3].sha256 == ("b" if dates[1] == 9 else "a") * 64


@pytest.mark.parametrize(
    ("url", "address"),
    [
        (
            "https://cdn.imagefap.com/images/full/1/2/3.jpg?secure=a&end=1#x",
            "https://cdn.imagefap.com/images/full/1/2/3.jpg",
        ),
        ("https://imagefap.com.example.org/3.jpg", None),
        ("file:///etc/passwd", None),
        ("http://[broken", None),
        ("", None),
    ],
)
def test_addresses_of_the_site_alone_are_kept_and_unsigned(url: str, address: str | None) -> None:
    plan = make_plan(LegacyDatabase(blobs=[blob("a", 1, [Place(1, 2, 3, "n", url, "new")])]))
    assert plan.images[3].address == address


def test_an_image_listed_twice_in_a_folder_keeps_its_first_place() -> None:
    record = LegacyFolder("folder", 1, 2, "F", 0, 0, [7, 8, 7], [])
    (folder,) = make_plan(LegacyDatabase(folders=[record])).folders.values()
    assert [listed.image_id for listed in folder.listed] == [7, 8]


def test_numbers_of_the_disk_never_meet() -> None:
    ids = Ids({1: "LOCAL DISK"})
    numbers = [2**64 + 3, 2**65 + 3, 2**127 + 3, 2**64 + 4]
    assert len({ids.other(number) for number in numbers}) == 4
    assert all(-(2**63) < ids.other(number) < LOCAL_USER for number in numbers)
    assert [ids.other(number) for number in numbers] == [Ids({}).other(numbers[0]), *map(ids.other, numbers[1:])]
    assert (ids.user(1), ids.user(2), ids.other(5), ids.other(-1)) == (LOCAL_USER, 2, 5, -1)
    assert Ids({1: "somebody"}).user(1) == 1


def test_the_local_user_is_told_by_name() -> None:
    user = LegacyUser("user", 1, "LOCAL DISK", 0, 0, 0)
    assert list(make_plan(LegacyDatabase(users=[user])).users) == [LOCAL_USER]


def test_hashes_of_the_original_stay_where_this_program_makes_none() -> None:
    record = blob("a", 5, [])
    known = replace(record, percept="1" * 16, diff="2" * 16)
    unchecked = Inspection(Outcome.UNCHECKED, "too many pixels", Format.PNG, 99_999, 99_999)
    row = blobs._stored_row(blobs._Checked(known, b"x", unchecked))
    # Without a version nothing compares them with its own.
    assert (row["phash"], row["dhash"], row["hash_version"]) == ("1" * 16, "2" * 16, None)
    assert row["unchecked"] == "too many pixels"
    whole = Inspection(Outcome.WHOLE, format=Format.PNG, phash="3" * 16, dhash="4" * 16, hash_version=7)
    row = blobs._stored_row(blobs._Checked(known, b"x", whole))
    assert (row["phash"], row["dhash"], row["hash_version"]) == ("3" * 16, "4" * 16, 7)


def test_a_lost_blob_keeps_its_format() -> None:
    for extension, image_format in (("jpg", "JPEG"), ("jpeg", "JPEG"), ("tif", "TIFF"), ("gif", "GIF")):
        row = blobs.lost_row(replace(blob("a", 5, []), extension=extension))
        assert row is not None
        assert row["format"] == image_format
    assert blobs.lost_row(replace(blob("a", 5, []), extension="svg")) is None

"""What may be written after `-a`: what it reaches, and what a person gets for something that cannot be right."""

from __future__ import annotations

import json
import pickle
import re
import subprocess
from typing import TYPE_CHECKING

import pytest
from crawl_support import (
    ROOT,
    Outcome,
    available,
    check_blobs,
    check_order,
    crawl,
    crawl_command,
    crawl_environment,
    files_in,
    folder_of,
    rows,
    user_of,
)

from tools.demo.build import WorldBuilder, WorldOptions
from tools.demo.client import DemoSite
from tools.demo.world import ImageState

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tools.demo.world import World

#: Numbers that the builder gives to the folders below, in this order.
STONES, BIG_STONES, RIVERS, NUMBER_NAMED, GALLERIES, GONE = range(5001, 5007)


def small_world() -> World:
    """Two users with names that are easily mixed up."""
    builder = WorldBuilder(WorldOptions(image_width=32, image_height=24, per_page=5))
    gallery = builder.gallery(20)
    user = builder.user("MeadowFan")
    builder.folder(user, "stones", gallery.ids[:3])
    builder.folder(user, "Stones", gallery.ids[3:6])
    builder.folder(user, "rivers & lakes/ponds", gallery.ids[6:9])
    builder.folder(user, str(RIVERS), gallery.ids[9:11])
    folder = builder.folder(user, "liked")
    folder.holds, folder.ids = "galleries", [gallery.gallery_id]
    gone = builder.gallery(2)
    builder.world.set_state(gone.ids[:1], ImageState.NO_URL)
    builder.folder(user, "half gone", gone.ids)
    builder.folder(builder.user("Jürgen & Söhne"), "Straße", gallery.ids[12:15])
    return builder.world


@pytest.fixture(scope="module")
def running() -> Iterator[DemoSite]:
    with DemoSite.start(world=small_world()) as demo:
        yield demo


@pytest.fixture
def site(running: DemoSite) -> DemoSite:
    running.reset_log()
    return running


def check_refused(outcome: Outcome, code: int, said: str) -> None:
    """One line on the standard error that says what is wrong, and nothing else anywhere."""
    assert outcome.code == code, outcome.err
    lines = outcome.err.strip().splitlines()
    assert len(lines) == 1, outcome.err
    assert re.search(said, lines[0]), outcome.err
    assert "Traceback" not in outcome.err + outcome.out
    assert not outcome.out


def kinds(site: DemoSite) -> list[str]:
    return [entry["kind"] for entry in site.requests()]


def stored(output: Path) -> set[int]:
    return {row[0] for row in rows(output, "SELECT image_id FROM images WHERE status = 'stored'")}


NEVER_STARTED = {
    "a mode that there is not": (("favorites", "mode=x", "user=a"), 64, "mode=x"),
    "no user": (("favorites",), 64, "user=NAME"),
    "no user for the users spider": (("users",), 64, "user=NAME"),
    "an empty user": (("favorites", "user="), 64, "user"),
    "a user twice": (("favorites", "user=a", "id=7"), 64, "user.*id"),
    "a user's number that is none": (("favorites", "id=seven"), 64, "id=seven"),
    "a folder twice": (("favorites", "user=a", "folder=b", "folder_id=7"), 64, "folder_id"),
    "an unknown argument": (("favorites", "user=a", "foldr=b"), 64, "did you mean folder"),
    "an argument of another spider": (("users", "user=a", "mode=read"), 64, "mode"),
    "an unknown spider": (("favourites", "user=a"), 64, "did you mean favorites"),
    "a foreign address": (("favorites", "url=https://example.org/profile/a"), 64, "example.org"),
    "an address that names nobody": (("favorites", "url=https://www.imagefap.com/"), 64, "imagefap"),
    "no database for a whole user": (("favorites", "user=a", "db=0"), 64, "folder"),
    "no database in read mode": (("favorites", "user=a", "folder=b", "mode=read", "db=0"), 64, "db=0"),
    "no database for the address of a whole user": (
        ("favorites", "url=https://www.imagefap.com/profile/a", "db=0"),
        64,
        "folder",
    ),
    "no image": (("images",), 64, "ids="),
    "image numbers that are none": (("images", "ids=1,two"), 64, "ids"),
    "no image among the commas": (("images", "ids=,"), 64, "ids"),
    "images both ways": (("images", "ids=1", "retry=failed"), 64, "which images"),
    "a retry that there is not": (("images", "retry=all"), 64, "retry=all"),
    "a number of hours that is none": (
        ("favorites", "user=a", "-sIMAGEFAP_FOLDER_REST=long"),
        78,
        "IMAGEFAP_FOLDER_REST",
    ),
    "a concurrency that is no number": (
        ("favorites", "user=a", "-sIMAGEFAP_IMAGE_CONCURRENCY=abc"),
        78,
        "CONCURRENCY is 'abc'",
    ),
    "a concurrency of zero": (("favorites", "user=a", "-sIMAGEFAP_IMAGE_CONCURRENCY=0"), 78, "CONCURRENCY"),
    "a database elsewhere than SQLite": (
        ("favorites", "user=a", "-sIMAGEFAP_DATABASE_URL=postgresql://h/d"),
        78,
        "IMAGEFAP_DATABASE_URL",
    ),
}


@pytest.mark.parametrize(("words", "code", "said"), NEVER_STARTED.values(), ids=NEVER_STARTED.keys())
def test_refused_before_any_request_and_any_file(
    site: DemoSite, tmp_path: Path, words: tuple[str, ...], code: int, said: str
) -> None:
    output = tmp_path / "out"
    outcome = crawl(site, output, *words)
    check_refused(outcome, code, said)
    assert site.requests() == []
    assert not output.exists()


def test_wrong_site_address_is_a_bad_setting(site: DemoSite, tmp_path: Path) -> None:
    outcome = crawl(site, tmp_path / "out", "favorites", "user=a", IMAGEFAP_SITE_URL="ftp://127.0.0.1/")
    check_refused(outcome, 78, "IMAGEFAP_SITE_URL")
    assert not (tmp_path / "out").exists()


def test_unknown_user_leaves_no_file(site: DemoSite, tmp_path: Path) -> None:
    outcome = crawl(site, tmp_path / "out", "favorites", "user=MeadowFans")
    assert outcome.code == 66, outcome.err
    assert "no user 'MeadowFans'" in outcome.err.splitlines()[-1]
    assert "Traceback" not in outcome.err
    assert set(kinds(site)) == {"robots", "profile"}
    assert files_in(tmp_path / "out") <= {"imagefap.database"}


def test_unknown_number_of_a_user(site: DemoSite, tmp_path: Path) -> None:
    outcome = crawl(site, tmp_path / "out", "favorites", "id=99")
    assert outcome.code == 66, outcome.err
    assert "99" in outcome.err.splitlines()[-1]
    assert "Traceback" not in outcome.err


def test_unknown_folder_says_what_there_is(site: DemoSite, tmp_path: Path) -> None:
    outcome = crawl(site, tmp_path / "out", "favorites", "user=MeadowFan", "folder=rivers & lakes")
    assert outcome.code == 66, outcome.err
    said = outcome.err.splitlines()[-1]
    assert "did you mean 'rivers & lakes/ponds'" in said
    assert f"stones ({STONES})" in said
    assert f"Stones ({BIG_STONES})" in said
    assert "Traceback" not in outcome.err
    assert set(kinds(site)) == {"robots", "profile", "root"}
    assert files_in(tmp_path / "out") <= {"imagefap.database"}


def test_unknown_number_of_a_folder(site: DemoSite, tmp_path: Path) -> None:
    outcome = crawl(site, tmp_path / "out", "favorites", "mode=read", "user=MeadowFan", "folder_id=9999")
    assert outcome.code == 66, outcome.err
    assert "9999" in outcome.err.splitlines()[-1]
    assert rows(tmp_path / "out", "SELECT * FROM folders WHERE folder_id = 9999") == []


def test_folder_name_that_two_folders_have_but_for_case(site: DemoSite, tmp_path: Path) -> None:
    outcome = crawl(site, tmp_path / "out", "favorites", "user=MeadowFan", "folder=STONES")
    assert outcome.code == 64, outcome.err
    assert str(STONES) in outcome.err
    assert str(BIG_STONES) in outcome.err
    assert not {"folder", "photo", "image"} & set(kinds(site))


REACHED = {
    "by exact name": (("user=MeadowFan", "folder=Stones"), "Stones"),
    "by a name in another letter case, as the user's": (
        ("user=mEADOWfAN", "folder=Rivers & Lakes/PONDS"),
        "rivers & lakes/ponds",
    ),
    "by number": (("user=MeadowFan", f"folder={STONES}"), "stones"),
    "by a name that is another folder's number": (("user=MeadowFan", f"folder={RIVERS}"), str(RIVERS)),
    "by a number that is another folder's name": (
        ("user=MeadowFan", f"folder_id={RIVERS}"),
        "rivers & lakes/ponds",
    ),
    "by the user's number": (("id=1234567", "folder=stones"), "stones"),
    "by its pasted address": (
        (f"url=https://www.imagefap.com/showfavorites.php?userid=1234567&page=0&folderid={BIG_STONES}",),
        "Stones",
    ),
    "by the user's pasted profile": (
        ("url=https://www.imagefap.com/profile/meadowfan", "folder=stones"),
        "stones",
    ),
    "by the pasted list of favorites": (
        ("url=www.imagefap.com/showfavorites.php?userid=1234567", "folder=stones"),
        "stones",
    ),
}


@pytest.mark.parametrize(("words", "name"), REACHED.values(), ids=REACHED.keys())
def test_one_folder(site: DemoSite, tmp_path: Path, words: tuple[str, ...], name: str) -> None:
    output = tmp_path / "out"
    outcome = crawl(site, output, "favorites", "mode=read", *words)
    assert outcome.code == 0, outcome.err
    truth = site.truth()
    folder = folder_of(truth, "MeadowFan", name)
    check_blobs(output, truth, [folder])
    check_order(output, 1234567, [folder])
    asked = {entry["folder_id"] for entry in site.requests("folder")}
    assert asked == {folder["folder_id"]}


def test_user_with_umlauts_and_ampersand_in_another_letter_case(site: DemoSite, tmp_path: Path) -> None:
    output = tmp_path / "out"
    outcome = crawl(site, output, "favorites", "mode=read", "user=jÜRGEN & sÖHNE", "folder=STRASSE")
    assert outcome.code == 0, outcome.err
    truth = site.truth()
    check_blobs(output, truth, [folder_of(truth, "Jürgen & Söhne", "Straße")])
    assert rows(output, "SELECT name FROM users") == [("Jürgen & Söhne",)]


def test_folder_of_galleries_is_refused_by_name(site: DemoSite, tmp_path: Path) -> None:
    outcome = crawl(site, tmp_path / "out", "favorites", "user=MeadowFan", "folder=liked")
    assert outcome.code == 66, outcome.err
    assert "holds galleries" in outcome.err.splitlines()[-1]
    assert not {"photo", "image"} & set(kinds(site))


def test_folder_of_galleries_is_skipped_and_named_in_a_whole_run(site: DemoSite, tmp_path: Path) -> None:
    output = tmp_path / "out"
    outcome = crawl(site, output, "favorites", "mode=read", "user=MeadowFan")
    assert outcome.code == 3, outcome.err  # one image has no address
    assert "liked" in outcome.err
    assert "holds galleries" in outcome.err
    site.reset_log()
    again = crawl(site, output, "favorites", "mode=read", "user=MeadowFan")
    assert "liked" in again.err
    assert "galleries" in again.err
    assert GALLERIES not in {entry["folder_id"] for entry in site.requests("folder")}


def test_file_where_the_output_directory_should_be(site: DemoSite, tmp_path: Path) -> None:
    (tmp_path / "out").write_text("mine")
    outcome = crawl(site, tmp_path / "out", "favorites", "user=MeadowFan")
    check_refused(outcome, 73, "out")
    assert site.requests() == []
    assert (tmp_path / "out").read_text() == "mine"


def test_output_below_a_file(site: DemoSite, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    outcome = crawl(site, tmp_path / "file" / "out", "favorites", "user=MeadowFan")
    check_refused(outcome, 73, "file")
    assert site.requests() == []


def test_output_that_is_read_only(site: DemoSite, tmp_path: Path) -> None:
    # Nobody can write there, root included. The test's home stays where it may be written.
    words = crawl_command(site.url, None, "favorites", "user=MeadowFan", "output=/proc/nothing")
    done = subprocess.run(
        words, cwd=ROOT, env=crawl_environment(tmp_path), capture_output=True, text=True, timeout=60, check=False
    )
    check_refused(Outcome(done.returncode, done.stdout, done.stderr), 73, "/proc/nothing")
    assert site.requests() == []


def test_users_then_everybody_known(site: DemoSite, tmp_path: Path) -> None:
    output = tmp_path / "out"
    outcome = crawl(site, output, "favorites", "mode=read")
    assert outcome.code == 66, outcome.err
    assert "user=NAME" in outcome.err.splitlines()[-1]
    assert site.requests() == []

    outcome = crawl(site, output, "users", "user=jürgen & söhne")
    assert outcome.code == 0, outcome.err
    assert "Jürgen & Söhne" in outcome.out
    assert "Straße" in outcome.out
    assert set(kinds(site)) == {"robots", "profile", "root"}
    assert files_in(output) == {"imagefap.database"}

    outcome = crawl(site, output, "favorites", "mode=read")
    assert outcome.code == 0, outcome.err
    truth = site.truth()
    check_blobs(output, truth, user_of(truth, "Jürgen & Söhne")["folders"])


def test_images_by_number_and_failed_ones_once_more(site: DemoSite, tmp_path: Path) -> None:
    output = tmp_path / "out"
    truth = site.truth()
    half = folder_of(truth, "MeadowFan", "half gone")
    wanted = available(truth, half["favorites"])
    (failing,) = set(half["favorites"]) - set(wanted)
    crawl(site, output, "favorites", "mode=read", "user=MeadowFan", "folder=half gone")
    assert rows(output, "SELECT status FROM images WHERE image_id = ?", failing) == [("failed",)]

    other = folder_of(truth, "MeadowFan", "stones")["favorites"][1]
    outcome = crawl(site, output, "images", f"ids={other}, {half['favorites'][1]},999999999")
    assert outcome.code == 0, outcome.err  # an image that is not there is gone, not failed
    assert stored(output) == {*wanted, other}
    assert rows(output, "SELECT status FROM images WHERE image_id = 999999999") == [("gone",)]

    outcome = crawl(site, output, "images", "retry=failed")
    assert outcome.code == 3, outcome.err
    site.change_world(status={"ids": [failing], "status": "available"})
    try:
        site.reset_log()
        outcome = crawl(site, output, "images", "retry=failed")
    finally:
        site.change_world(status={"ids": [failing], "status": "no_url"})
    assert outcome.code == 0, outcome.err
    assert stored(output) == {*half["favorites"], other}
    assert [entry["image_id"] for entry in site.requests("image")] == [failing]


def test_no_database_leaves_only_files_and_writes_equal_bytes_once(site: DemoSite, tmp_path: Path) -> None:
    output = tmp_path / "out"
    words = ("user=MeadowFan", "folder=stones", "db=0")
    outcome = crawl(site, output, "favorites", *words)
    assert outcome.code == 0, outcome.err
    files = {path.name: (path.stat().st_mtime_ns, path.stat().st_ino) for path in output.iterdir()}
    truth = site.truth()
    folder = folder_of(truth, "MeadowFan", "stones")
    assert set(files) == {truth["images"][str(i)]["name"] for i in folder["favorites"]}

    outcome = crawl(site, output, "favorites", *words)
    assert outcome.code == 0, outcome.err
    assert {path.name: (path.stat().st_mtime_ns, path.stat().st_ino) for path in output.iterdir()} == files


def test_exported_items_have_neither_bytes_nor_signatures(site: DemoSite, tmp_path: Path) -> None:
    export = tmp_path / "items.jsonl"
    outcome = crawl(site, tmp_path / "out", "favorites", "mode=read", "user=MeadowFan", "folder=stones", f"-o{export}")
    assert outcome.code == 0, outcome.err
    text = export.read_text()
    assert "secure=" not in text + outcome.err
    items = [json.loads(line) for line in text.splitlines()]
    images = [item for item in items if "sha256" in item]
    assert len(images) == 3
    assert all("content" not in item for item in items)
    assert {item["sha256"] for item in images} == {row[0] for row in rows(tmp_path / "out", "SELECT sha256 FROM blobs")}


FOREIGN = {
    "the original's pickle": pickle.dumps({"users": {}, "blobs": {}}),
    "something else": b"hello, this is text\n" * 40,
}


@pytest.mark.parametrize("content", FOREIGN.values(), ids=FOREIGN.keys())
def test_foreign_database_is_left_alone(site: DemoSite, tmp_path: Path, content: bytes) -> None:
    output = tmp_path / "out"
    output.mkdir()
    (output / "imagefap.database").write_bytes(content)
    outcome = crawl(site, output, "favorites", "user=MeadowFan")
    check_refused(outcome, 78, "imagefap.database.*output=")
    assert site.requests() == []
    assert [path.name for path in output.rglob("*")] == ["imagefap.database"]
    assert (output / "imagefap.database").read_bytes() == content

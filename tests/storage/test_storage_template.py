"""Templates: what they refuse and where, and that hostile values stay one component each."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imagefap_scraper.exceptions import StorageError, UserInputError
from imagefap_scraper.storage.files import ArchiveDirectory
from imagefap_scraper.storage.layouts import StraightLayout
from imagefap_scraper.storage.names import prefixed
from imagefap_scraper.storage.template import FILE_FIELDS, Place, Template, Values
from imagefap_scraper.storage.tree import EmptyTree, Tree

if TYPE_CHECKING:
    from pathlib import Path

SHA = "0123456789abcdef" * 4


def fill(text: str, **values: object) -> str:
    given_values = {"image_id": 7, "extension": "jpg", "sha256": SHA} | values
    directories, name = Template(text).fill(Values(**given_values))  # type: ignore[arg-type]
    return "/".join((*directories, name))


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("{name}.{ext}", "rose.jpg"),
        ("{folder}/{num:05}-{name}.{ext}", "Flowers/00012-rose.jpg"),
        ("{user}/{folder} by {user}/{id}.{ext}", "anna/Flowers by anna/7.jpg"),
        ("{sha256:.10}_{num}.{ext}", "0123456789_12.jpg"),
        ("{tag}/{name}.{ext}", "plants/trees/rose.jpg"),
        ("x-{tag}-y/{name}", "x-plants/trees-y/rose.jpg"),
        ("{tag}.{ext}", "plants/trees.jpg"),
        ("{{{name}}}", "{rose}.jpg"),
        ("{name:.2}.{ext}", "ro.jpg"),
        ("{ext}", "7.jpg"),
        ("{name}{ext}", "rosejpg"),
        ("{num:3d}{name}", "12rose.jpg"),
        ("Ä/x\u0323 {id:09}", "Ä/x\u0323 000000007.jpg"),
    ],
)
def test_what_a_template_gives(text: str, path: str) -> None:
    assert fill(text, name="rose.png", place=Place("anna", "Flowers", 12), tag=("plants", "trees")) == path


def test_what_there_is_not_is_left_out() -> None:
    assert fill("{user}/{folder}/{tag}/{num}-{name}.{ext}") == "0-7.jpg"
    assert fill("{tag}.{ext}") == "7.jpg"


@pytest.mark.parametrize(
    ("text", "character", "words"),
    [
        ("{nam}.{ext}", 1, "no field {nam}"),
        ("{name}/{num:x}", 13, "cannot be written as 'x'"),
        ("{num:100000}", 6, "cannot be written"),
        ("{name:/>9}", 7, "cannot be written"),
        ("{name!r}", 1, "no field"),
        ("{name.x}", 1, "no field"),
        ("{}", 1, "no field"),
        ("a{name", 2, "of its own"),
        ("a}{name}", 2, "of its own"),
        ("/{name}", 1, "inside the directory"),
        ("a//{name}", 3, "an empty name"),
        ("a/{name}/", 10, "an empty name"),
        ("", 1, "inside the directory"),
        ("../{name}", 1, "leads out"),
        ("a/../{name}", 3, "leads out"),
        ("./{name}", 1, "can be no name"),
        (".imagefap/{name}", 1, "can be no name"),
        ("a/CON/{name}", 3, "can be no name"),
        ("a\\{name}", 2, "a backslash"),
        ("a:{name}", 2, "no file name can hold"),
        ("{name}\u202e", 7, "no file name can hold"),
        ("\uff0e\uff0e\uff0f{name}", 1, "no file name can hold"),
        ("{name}\0", 7, "no file name can hold"),
        ("x" * 1001, 1001, "longer than"),
    ],
)
def test_what_is_no_template_is_pointed_at(text: str, character: int, words: str) -> None:
    with pytest.raises(UserInputError, match=r"^template, character \d+: ") as caught:
        Template(text)
    assert f"character {character}:" in str(caught.value)
    assert words in str(caught.value)
    shown, carets = caught.value.__notes__
    assert carets.index("^") <= len(shown)


def test_a_file_of_the_archive_has_no_tag() -> None:
    with pytest.raises(UserInputError, match=r"no field \{tag\} here"):
        Template("{tag}/{name}", FILE_FIELDS)


HOSTILE = [
    "../../etc/passwd",
    "\uff0e\uff0e\uff0f\uff0e\uff0e\uff0fetc",
    "..",
    ".",
    "",
    "/",
    "&#47;&#46;&#46;&#47;x",
    "CON",
    "nul.txt",
    "a\u202egpj.exe",
    "a\0b",
    "x" * 5000,
    "\U0001f469\u200d\U0001f469" * 200,
    "\udcff",
    "trailing. . ",
    "{name}",
    "%2e%2e%2f",
    "C:\\x",
]


@pytest.mark.parametrize("value", HOSTILE)
@pytest.mark.parametrize("text", ["{user}/{folder}/{num:05}-{name}-{id}.{ext}", "{tag}/{name}", "{folder}{user}{name}"])
def test_hostile_values_are_one_component_each(text: str, value: str, tmp_path: Path) -> None:
    path = fill(text, name=value, place=Place(value, value, 3), tag=(value, value))
    parts = path.split("/")
    assert len(parts) == {"{user}": 3, "{tag}/": 3, "{folde": 1}[text[:6]]
    assert all(part.strip(". ") == part and part and len(part.encode()) <= 255 for part in parts)
    assert parts[-1].endswith(".jpg")
    assert parts[-1] != ".jpg"
    if "{id}" in text:
        assert parts[-1].endswith("-7.jpg"), "what is cut is the longest value, not the end"
    assert len(prefixed(parts[-1], SHA).encode()) <= 255
    assert prefixed(parts[-1], SHA).endswith(parts[-1]), "there is room for the prefix"
    assert ArchiveDirectory(tmp_path).resolve(path).is_relative_to(tmp_path.resolve())


@settings(max_examples=60, deadline=None)
@given(user=st.text(max_size=300), folder=st.text(max_size=20), name=st.text(max_size=300))
def test_any_values_stay_inside(user: str, folder: str, name: str) -> None:
    parts = fill("{user} {folder}/{name}.{ext}", name=name, place=Place(user, folder, 1)).split("/")
    assert len(parts) == 2
    assert all(part not in {"", ".", ".."} and len(part.encode()) <= 255 and "\0" not in part for part in parts)


def test_directories_are_entered_as_they_are_spelled(tmp_path: Path) -> None:
    (tmp_path / "Flowers").mkdir()
    (tmp_path / "taken").write_bytes(b"mine")
    (tmp_path / "link").symlink_to("/")
    tree = Tree(ArchiveDirectory(tmp_path), {"blobs"})
    assert tree.spelled(["flowers", "New"]) == "Flowers/New/"
    assert tree.spelled(["FLOWERS", "new"]) == "Flowers/New/"
    assert tree.spelled(["taken"]) == "taken (2)/"
    assert tree.spelled(["link"]) == "link (2)/"
    assert tree.spelled(["Blobs"]) == "__Blobs/"
    assert tree.spelled(["x", "blobs"]) == "x/blobs/"
    assert tree.spelled([]) == ""


def test_a_tree_of_given_names(tmp_path: Path) -> None:
    tree = EmptyTree(ArchiveDirectory(tmp_path / "nowhere"), ["a/b/one.jpg", "two.jpg"])
    assert tree.taken("a/b/ONE.jpg") == ["a/b/one.jpg"]
    assert tree.spelled(["A", "B"]) == "a/b/"
    assert tree.taken("two.jpg") == ["two.jpg"]
    assert tree.taken("three.jpg") == []


class TestStraightLayout:
    """get mode with a template."""

    @pytest.fixture
    def directory(self, tmp_path: Path) -> ArchiveDirectory:
        directory = ArchiveDirectory(tmp_path / "out")
        directory.prepare()
        return directory

    def place(self, store: StraightLayout, content: bytes, name: str, folder: str = "F", number: int = 1) -> str:
        sha256 = hashlib.sha256(content).hexdigest()
        where = ("anna", folder, number)
        return store.place(content, sha256, extension="jpg", name=name, image_id=7, place=where).path

    def test_names_by_template(self, directory: ArchiveDirectory) -> None:
        store = StraightLayout(directory, template=Template("{folder}/{num:03}-{name}.{ext}"))
        assert store.needs_place
        assert not StraightLayout(directory, template=Template("{id}")).needs_place
        assert not StraightLayout(directory).needs_place
        assert self.place(store, b"one", "a") == "F/001-a.jpg"
        assert self.place(store, b"two", "a", "f") == f"F/{hash_of(b'two')[:10]}-001-a.jpg"
        assert self.place(store, b"one", "other", "G") == "F/001-a.jpg"
        assert (directory.root / "F" / "001-a.jpg").read_bytes() == b"one"

    def test_the_programs_own_directories_are_avoided(self, directory: ArchiveDirectory) -> None:
        store = StraightLayout(directory, template=Template("{folder}/{name}"))
        assert self.place(store, b"one", "a", "blobs") == "__blobs/a.jpg"
        assert self.place(store, b"two", "a", ".imagefap") == "imagefap/a.jpg"

    def test_equal_bytes_below_are_found_without_a_database(self, directory: ArchiveDirectory) -> None:
        template = Template("{folder}/{name}")
        self.place(StraightLayout(directory, template=template), b"one", "a", "deep")
        again = StraightLayout(directory, match_content=True, template=template)
        assert self.place(again, b"one", "b", "other") == "deep/a.jpg"

    def test_a_linked_directory_is_not_entered(self, directory: ArchiveDirectory, tmp_path: Path) -> None:
        (tmp_path / "elsewhere").mkdir()
        (directory.root / "F").symlink_to(tmp_path / "elsewhere")
        store = StraightLayout(directory, template=Template("{folder}/{name}"))
        assert self.place(store, b"one", "a") == "F (2)/a.jpg"
        assert list((tmp_path / "elsewhere").iterdir()) == []

    def test_a_directory_that_becomes_a_link_is_refused(self, directory: ArchiveDirectory, tmp_path: Path) -> None:
        store = StraightLayout(directory, template=Template("{folder}/{name}"))
        self.place(store, b"one", "a")
        (directory.root / "F").rename(tmp_path / "moved")
        (directory.root / "F").symlink_to(tmp_path / "moved")
        with pytest.raises(StorageError, match="leads out"):
            self.place(store, b"two", "b")


def hash_of(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()

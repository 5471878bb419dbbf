"""Databases that were made to do harm, and damaged ones: each is refused on one line, and nothing of it runs."""

from __future__ import annotations

import bz2
import pickle
import resource
import signal
import struct
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import legacy_world as original
import pytest

from imagefap_scraper.exceptions import UserInputError
from imagefap_scraper.legacy import child, reading
from imagefap_scraper.legacy.reading import read_legacy
from imagefap_scraper.legacy.records import parse_record
from imagefap_scraper.legacy.unpickling import PickleRefusedError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


class Call:
    """Pickles as a call."""

    def __init__(self, function: Any, *arguments: Any) -> None:
        self._reduced = (function, arguments)

    def __reduce__(self) -> Any:
        return self._reduced


def named(module: str, name: str) -> bytes:
    """Return the opcodes that push a global."""
    return b"".join(b"\x8c" + bytes([len(text)]) + text.encode() for text in (module, name)) + b"\x93"


def small(**parts: Any) -> dict[str, Any]:
    """Return the smallest database, with some of its parts exchanged."""
    return {"users": {5: {"name": "anna"}}, "favorites": {}, "tags": {}, "blobs": {}, **parts}


def picture_of(**parts: Any) -> dict[str, Any]:
    blob = original.blob("a" * 64, b"x", {(5, 6, 7): ("n.jpg", "new")}, set(), 1, {})
    return small(blobs={"a" * 64: {**blob, **parts}})


def again_and_again() -> dict[str, Any]:
    """Return a hundred kilobytes that name the same places over and over: 90 MB of records."""
    places = {(5, 6, number): ("a name of some length.jpg", "new") for number in range(3_000)}
    blob = original.blob("a" * 64, b"x", places, set(), 1, {})
    return small(blobs={f"{number:064x}": blob for number in range(600)})


def tags_in_themselves() -> dict[str, Any]:
    tags: dict[int, Any] = {1: {"name": "a", "tags": {}}}
    tags[1]["tags"] = tags
    return small(tags=tags)


def deep_tags() -> dict[str, Any]:
    tags: dict[int, Any] = {}
    for number in range(1, 150):
        tags = {number: {"name": "t", "tags": tags}}
    return small(tags=tags)


OPEN, PROTOCOL = original.pickled(small()), b"\x80\x04"
CASES: dict[str, tuple[Callable[[str], bytes], str]] = {
    # What would run something; CANARY is the file that it would make.
    "os.system": (lambda canary: pickle.dumps(Call(__import__("os").system, f"touch {canary}")), "posix.system"),
    "eval": (lambda canary: pickle.dumps(Call(eval, f"open({canary!r}, 'w')")), "builtins.eval"),
    "open": (lambda canary: pickle.dumps(Call(open, canary, "w")), "io.open"),
    "within a database": (
        lambda canary: original.pickled(small(users={5: {"name": Call(open, canary, "w")}})),
        "io.open",
    ),
    "a class with arguments": (
        lambda canary: PROTOCOL + named("subprocess", "Popen") + b"\x8c\x05touch\x85\x81.",
        "subprocess.Popen",
    ),
    "an old global": (lambda canary: b"\x80\x04cos\nsystem\n(S'touch " + canary.encode() + b"'\ntR.", "os.system"),
    "an instance": (lambda canary: b"\x80\x04(S'touch " + canary.encode() + b"'\nios\nsystem\n.", "os.system"),
    "getattr": (
        lambda canary: PROTOCOL + named("builtins", "getattr") + named("numpy", "dtype") + b"\x8c\x09__class__\x86R.",
        "builtins.getattr",
    ),
    "a dotted name": (
        lambda canary: PROTOCOL + named("numpy", "dtype.__init__.__globals__") + b".",
        "numpy.dtype.__init__.__globals__",
    ),
    "a stub's module": (
        lambda canary: PROTOCOL + named("imagefap_scraper.legacy.unpickling", "load") + b".",
        "imagefap_scraper.legacy.unpickling.load",
    ),
    "numpy's own loader": (lambda canary: PROTOCOL + named("numpy", "load") + b".", "numpy.load"),
    "copyreg": (
        lambda canary: PROTOCOL + named("copyreg", "_reconstructor") + b")R.",
        "copyreg._reconstructor",
    ),
    "an extension code": (lambda canary: PROTOCOL + b"\x82\x01.", "damaged or none"),
    "a persistent id": (lambda canary: PROTOCOL + b"K\x01Q.", "objects outside"),
    "a buffer from outside": (lambda canary: b"\x80\x05\x97.", "damaged or none"),
    # Building on what stands for others.
    "build on a stub": (
        lambda canary: PROTOCOL + named("numpy", "dtype") + b"}\x8c\x08__call__K\x01sb.",
        "damaged or none",
    ),
    "build slots on a stub": (
        lambda canary: PROTOCOL + named("numpy", "dtype") + b"N}\x8c\x09__class__K\x01s\x86b.",
        "damaged or none",
    ),
    "a new object of a stub": (lambda canary: PROTOCOL + named("numpy", "ndarray") + b")\x81.", "damaged or none"),
    "a level that is none": (
        lambda canary: PROTOCOL + named("fapfavorites.fapdata", "_FailureLevel") + b"K\x09\x85R.",
        "level of its audits",
    ),
    # What would take all memory or time.
    "a length of a terabyte": (
        lambda canary: PROTOCOL + b"\x8e" + struct.pack("<Q", 1 << 40) + b"abc.",
        "more memory",
    ),
    "a bytearray of a terabyte": (
        lambda canary: b"\x80\x05\x96" + struct.pack("<Q", 1 << 40) + b"abc.",
        "more memory",
    ),
    # More than the child may have, less than many a machine has.
    "a bytearray of three gigabytes": (
        lambda canary: b"\x80\x05\x96" + struct.pack("<Q", 3 << 30) + b"abc.",
        "more memory",
    ),
    "a frame of a terabyte": (lambda canary: b"\x80\x04\x95" + struct.pack("<Q", 1 << 40) + b"N.", "is not imported"),
    "a place of its memory far away": (lambda canary: PROTOCOL + b"Nr\xff\xff\xff\xff.", "more memory"),
    "deep lists": (lambda canary: PROTOCOL + b"]" * 300_000 + b"a" * 299_999 + b".", "no dictionary"),
    "deep keys": (lambda canary: PROTOCOL + b"})" + b"\x85" * 1_000_000 + b"K\x01s.", "nested too deeply"),
    "doubled over and over": (
        lambda canary: PROTOCOL + b"\x8c\x01x\x94" + b"h\x00h\x00\x86\x940" * 1 + b"h\x00" + b"\x85" * 90 + b".",
        "no dictionary",
    ),
    "the same over and over": (lambda canary: original.pickled(again_and_again()), "over and over"),
    "tags within themselves": (lambda canary: original.pickled(tags_in_themselves()), "there twice"),
    "deep tags": (lambda canary: original.pickled(deep_tags()), "nested more than"),
    # What is not whole, or too much.
    "trailing bytes": (lambda canary: OPEN + b"\0", "behind its end"),
    "a second pickle": (lambda canary: OPEN + pickle.dumps(Call(open, canary, "w")), "behind its end"),
    "a second one in its frame": (
        lambda canary: b"\x80\x04\x95" + struct.pack("<Q", 8) + b"}." + b"]]]aa.",
        "behind its end",
    ),
    "cut short": (lambda canary: OPEN[:-3], "is not imported"),
    "bzip2 with more behind": (lambda canary: bz2.compress(OPEN) + b"more", "behind its end"),
    "bzip2 cut short": (lambda canary: bz2.compress(OPEN)[:-9], "cut short"),
    "bzip2 of nonsense": (lambda canary: b"BZh9" + bytes(99), "compression is damaged"),
    "a later protocol": (lambda canary: b"\x80\x06N.", "no database of the original"),
    "text": (lambda canary: b"cos\nsystem\n(S'true'\ntR.", "no database of the original"),
    "nothing at all": (lambda canary: b"", "no database of the original"),
    # Databases whose parts are of another kind.
    "a list": (lambda canary: original.pickled([]), "no dictionary"),
    "no blobs": (lambda canary: original.pickled({"users": {}, "favorites": {}}), "no blobs"),
    "a hash with a path in it": (
        lambda canary: original.pickled(small(blobs={"../../etc/passwd": {}})),
        "a SHA-256 in blobs is none",
    ),
    "an extension with a path in it": (lambda canary: original.pickled(picture_of(ext="x/../../y")), "no file name"),
    "a number of text": (lambda canary: original.pickled(small(users={"5": {"name": "a"}})), "a number in users"),
    "a number too large": (lambda canary: original.pickled(small(users={2**128: {"name": "a"}})), "a number in users"),
    "a truth for a number": (lambda canary: original.pickled(picture_of(sz=True)), "no size"),
    "an unknown verdict": (
        lambda canary: original.pickled(picture_of(loc={(5, 6, 7): ("n", "delete")})),
        "the verdict of a place",
    ),
    "an array for a name": (
        lambda canary: original.pickled(small(users={5: {"name": original.np.zeros(3)}})),
        "is no text",
    ),
    "a date after all time": (lambda canary: original.pickled(picture_of(date=2**60)), "a date in date"),
}


@pytest.mark.parametrize("case", CASES)
def test_refused_and_nothing_runs(tmp_path: Path, case: str) -> None:
    canary = tmp_path / "canary"
    make, said = CASES[case]
    database = tmp_path / "imagefap.database"
    database.write_bytes(make(str(canary)))
    with pytest.raises(UserInputError) as refusal:
        read_legacy(database, lambda: "")
    assert said in str(refusal.value)
    assert "\n" not in str(refusal.value)
    assert not canary.exists()
    # Of the greatest of all children so far, in KiB.
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss < 2 * 1024**2
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss < 2 * 1024**2


def test_the_canary_would_be_seen(tmp_path: Path) -> None:
    """The cases that would run something do so where nothing restrains them."""
    for number, case in enumerate(("os.system", "an old global")):
        canary = tmp_path / f"canary-{number}"
        pickle.loads(CASES[case][0](str(canary)))
        assert canary.exists()


def test_a_bomb_of_bzip2_is_not_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    """The limit is made small here: a real one takes half a minute to make."""
    monkeypatch.setattr(child, "_LARGEST", 100_000)
    assert len(child._unpacked(bz2.compress(bytes(100_000)))) == 100_000
    with pytest.raises(PickleRefusedError, match="too large once unpacked"):
        child._unpacked(bz2.compress(bytes(100_001)))


def test_a_real_database_is_read_whatever_wrote_it(tmp_path: Path) -> None:
    """Arrays of both generations of NumPy, pickled in both ways, and members of an enumeration by name."""
    made = original.world().database
    database = tmp_path / "imagefap.database"
    found = []
    for content in (
        original.pickled(made),
        original.pickled(made, 4),
        original.pickled(made, 4).replace(b"\x8c\x16numpy._core.multiarray", b"\x8c\x15numpy.core.multiarray"),
    ):
        # Frames count their bytes; without them nothing has to be counted again.
        database.write_bytes(pickle.PROTO + content[1:2] + content[11:] if content[2:3] == b"\x95" else content)
        found.append(read_legacy(database, lambda: "")[0])
    assert found[0] == found[1] == found[2]
    assert len(found[0].blobs) == 9


def test_an_enumeration_by_name(tmp_path: Path) -> None:
    by_name = named("builtins", "getattr") + named("fapfavorites.fapdata", "_FailureLevel") + b"\x8c\x08FULL_RES\x86R"
    blob = original.blob("a" * 64, b"x", {(5, 6, 7): ("n.jpg", "new")}, set(), 1, {7: (1, "LEVEL", "u")})
    blob.pop("cnn")
    content = pickle.dumps(small(blobs={"a" * 64: blob}), 4)
    # Without the frame, whose length would be another, and remembered as the text was.
    content = b"\x80\x04" + content[11:].replace(b"\x8c\x05LEVEL\x94", by_name + b"\x94")
    assert content.count(by_name) == 1
    database = tmp_path / "imagefap.database"
    database.write_bytes(content)
    (read,) = read_legacy(database, lambda: "")[0].blobs
    assert [gone.level for gone in read.gone] == [3]


@pytest.mark.parametrize("damage", ["another password", "a byte", "cut short", "no pickle"])
def test_a_wrong_password_is_one_line(tmp_path: Path, damage: str) -> None:
    content = original.encrypted(OPEN if damage != "no pickle" else b"text that is no pickle")
    if damage == "a byte":
        content = content[:40] + bytes([content[40] ^ 1]) + content[41:]
    database = tmp_path / "imagefap.database"
    database.write_bytes(content[:-5] if damage == "cut short" else content)
    password = "other words" if damage == "another password" else original.PASSWORD
    with pytest.raises(UserInputError) as refusal:
        read_legacy(database, lambda: password)
    said = "holds no database" if damage == "no pickle" else "the password is wrong, or"
    assert said in str(refusal.value)
    assert password not in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_an_empty_password_is_refused(tmp_path: Path) -> None:
    database = tmp_path / "imagefap.database"
    database.write_bytes(original.encrypted(OPEN))
    with pytest.raises(UserInputError, match="password is empty"):
        read_legacy(database, lambda: " ")


def test_nobody_is_asked_for_a_password_that_is_not_needed(tmp_path: Path) -> None:
    def never() -> str:
        raise AssertionError

    database = tmp_path / "imagefap.database"
    database.write_bytes(OPEN)
    assert read_legacy(database, never)[1] is None


def test_a_missing_file_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(UserInputError, match="there is no file"):
        read_legacy(tmp_path / "none", lambda: "")
    with pytest.raises(UserInputError, match="there is no file"):
        read_legacy(tmp_path, lambda: "")


def test_many_pictures_are_read_quickly(tmp_path: Path) -> None:
    blobs = {
        f"{number:064x}": original.blob(f"{number:064x}", b"x", {(5, 6, number): ("n.jpg", "new")}, set(), number, {})
        for number in range(1, 5_001)
    }
    database = tmp_path / "imagefap.database"
    database.write_bytes(original.pickled(small(blobs=blobs)))
    start = time.monotonic()
    assert len(read_legacy(database, lambda: "")[0].blobs) == 5_000
    assert time.monotonic() - start < 10


def test_the_child_limits_itself() -> None:
    """Of its limit on time only that it is there: a test of a minute is no test."""
    names = ("RLIMIT_AS", "RLIMIT_CPU", "RLIMIT_FSIZE", "RLIMIT_CORE")
    program = (
        "import resource; from imagefap_scraper.legacy.child import _limit; _limit(); "
        f"print(*(resource.getrlimit(getattr(resource, name))[1] for name in {names}))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == [str(2 * 1024**3), "60", "0", "0"]


@pytest.mark.parametrize(
    ("code", "said"),
    [(-signal.SIGXCPU, "more than 60 s"), (-signal.SIGSEGV, "crashed (SIGSEGV)"), (1, "exit code 1")],
)
def test_how_a_child_ended_is_said(code: int, said: str) -> None:
    assert said in reading._why(code)


@pytest.mark.parametrize(("module", "said"), [("this", "makes no sense"), ("no_such_module", "exit code 1")])
def test_the_child_is_not_trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, module: str, said: str) -> None:
    monkeypatch.setattr(reading, "_CHILD", module)
    database = tmp_path / "imagefap.database"
    database.write_bytes(OPEN)
    with pytest.raises(UserInputError, match=said):
        read_legacy(database, lambda: "")


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"[]",
        b'{"record": "other"}',
        b'{"record": "end", "more": 1}',
        b'{"record": "tag", "tag_id": "1", "parent_id": null, "name": "a"}',
        b'{"record": "tag", "tag_id": 1.0, "parent_id": null, "name": "a"}',
        b'{"record": "index", "image_id": 1, "sha256": "%s"}' % (b"A" * 64),
        b'{"record": "index", "image_id": 1, "sha256": "%s\\n"}' % (b"a" * 64),
        b'{"record": "index", "image_id": 340282366920938463463374607431768211456, "sha256": "%s"}' % (b"a" * 64),
        b'{"record": "group", "verdicts": [["%s", "delete"]]}' % (b"a" * 64),
    ],
)
def test_records_are_checked_once_more(line: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse_record(line)

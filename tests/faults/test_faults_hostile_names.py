"""Names that would lead out of the directory, or that no file system takes: through a whole crawl in get mode."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

import pytest
from crawl_support import available, crawl, files_in, rows, sha256_of, user_of
from faults_support import USER, separate_world, statuses

from tools.demo.client import DemoSite

if TYPE_CHECKING:
    from pathlib import Path

NAMES = [
    # Out of the directory.
    "../canary.jpg",
    "../../canary.jpg",
    "../../../../../../etc/passwd",
    "..",
    ".",
    "...",
    "/etc/passwd",
    "//server/share/x.jpg",
    "/",
    "\\",
    "..\\..\\canary.jpg",
    "C:\\Windows\\win.ini",
    "C:relative.jpg",
    "~/canary.jpg",
    "~root/.profile",
    "\uff0e\uff0e\uff0fcanary.jpg",
    "\uff0fetc\uff0fpasswd",
    "\uff3c\uff3cserver\uff3cshare",
    "\u2025\u2215canary.jpg",
    "\u2100ount of.jpg",
    "a/../../canary.jpg",
    "&#46;&#46;&#47;canary.jpg",
    "&#xFF0E;&#xFF0E;&#xFF0F;canary.jpg",
    "&amp;#x2e;&amp;#x2e;&amp;#x2f;canary.jpg",
    "%2e%2e%2fcanary.jpg",
    "..%c0%afcanary.jpg",
    # The program's own.
    ".imagefap",
    ".imagefap/lock",
    "imagefap.database",
    "IMAGEFAP.DATABASE",
    "imagefap.database-wal",
    "blobs",
    "thumbs",
    # Devices and other names that some system refuses.
    "con.jpg",
    "CON .jpg",
    "NUL",
    "COM1.tar.gz",
    "COM\u00b9.jpg",
    "CONIN$",
    "aux.jpg.png",
    "trailing dots....",
    "trailing space .jpg",
    " leading.jpg",
    "a:b.jpg",
    'a?b*c|d<e>f"g.jpg',
    # Too long, in characters or bytes alone.
    "x" * 300 + ".jpg",
    "\u6f22" * 200 + ".jpg",
    "\U0001f600" * 101 + ".jpg",
    "e" + "\u0301" * 300 + ".jpg",
    "\u1e9e" * 130 + ".jpg",
    "\U0001f468\u200d\U0001f469\u200d\U0001f467" * 40,
    # What nobody sees.
    "\u202egpj.exe",
    "\u200b\u200b",
    "zero\u200bwidth.jpg",
    "nul\x00byte.jpg",
    "line\nbreak\r.jpg",
    "bell\x07and\x1b[31mcolour.jpg",
    "delete\x7fc1\x85.jpg",
    "\u2028\u2029",
    "\ue000private\U000fffff.jpg",
    "\u3164\u115f",
    # Equal to some file system.
    "Equal.jpg",
    "equal.jpg",
    "EQUAL.JPG",
    "\u00e9qual.jpg",
    "e\u0301qual.jpg",
    "stra\u00dfe.jpg",
    "strasse.jpg",
    "same name.jpg",
    "same name.jpg",
    "same name.jpeg",
    # Of other programs.
    "-rf.jpg",
    "--output=x.jpg",
    "$(touch canary).jpg",
    "`touch canary`.jpg",
    "; rm -rf x.jpg",
    "%s%n{0}{image_id}.jpg",
    "'; DROP TABLE images; --.jpg",
    "<script>alert(1)</script>.jpg",
    "<b>.jpg",
    "picture.php",
    "picture.jpg.exe",
    ".htaccess",
    "desktop.ini",
    "",
    " ",
    "a.jpg/",
    "ends with dots..",
    "The image you are trying to access does not exist",
    "too many requests to our servers",
]
FOLDERS = ["../../canary", "..", "a/b\\c", "\uff0e\uff0e\uff0fcanary", "x" * 400]


def everything(directory: Path, *without: Path) -> dict[str, tuple[int, int]]:
    """Return size and time of every path below a directory, save some branches."""
    found = {}
    for path in directory.rglob("*"):
        if not any(path == branch or branch in path.parents for branch in without):
            found[str(path)] = (path.lstat().st_size if path.is_file() else 0, path.lstat().st_mode)
    return found


def as_any_file_system(name: str) -> str:
    return unicodedata.normalize("NFKC", name).upper().casefold()


@pytest.mark.parametrize("way", ["whole", "listed", "without a database"])
def test_hostile_names_stay_inside_and_lose_nothing(tmp_path: Path, way: str) -> None:
    world = separate_world(names=NAMES)
    world.users[0].folders[0].name = FOLDERS[0]
    for number, name in enumerate(FOLDERS[1:]):
        world.users[0].folders.append(type(world.users[0].folders[0])(9000 + number, name, ids=list(world.images)[:2]))
    deep = tmp_path / "one" / "two"
    output = deep / "out"
    output.mkdir(parents=True)
    canary = tmp_path / "one" / "canary.jpg"
    canary.write_bytes(b"mine")
    own = output / "same name.jpg"
    own.write_bytes(b"the user's own")
    (output / "Blobs").mkdir()
    before = everything(tmp_path, output, deep / "home", deep / "state")
    with DemoSite.start(world=world) as site:
        words = {"whole": (), "listed": ("names=listed",)}.get(way, ("db=0", "folder_id=5001"))
        outcome = crawl(site, output, "favorites", f"user={USER}", *words)
        truth = site.truth()
    assert outcome.code == 0, outcome.err
    assert everything(tmp_path, output, deep / "home", deep / "state") == before
    assert canary.read_bytes() == b"mine"
    assert own.read_bytes() == b"the user's own"
    assert not list(deep.glob("home/*"))
    files = files_in(output) - {"imagefap.database", "same name.jpg"}
    wanted = available(truth, user_of(truth, USER)["folders"][0]["favorites"])
    assert sorted(sha256_of(output / name) for name in files) == sorted(wanted.values())
    for name in files:
        assert "/" not in name
        assert len(name.encode()) <= 255
        assert name.endswith(".jpg")
        assert not any(unicodedata.category(char) in {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"} for char in name), ascii(name)
        assert not set(name) & set('\\/:*?"<>|')
        assert not (output / name).is_symlink()
    assert len({as_any_file_system(name) for name in files}) == len(files)
    if way == "without a database":
        assert not (output / "imagefap.database").exists()
        assert not (output / ".imagefap").exists()
        return
    assert {status for status, _ in statuses(output).values()} == {"stored"}
    assert {path for (path,) in rows(output, "SELECT path FROM files")} == files
    assert {path.name for path in (output / ".imagefap").rglob("*") if path.is_file()} <= {"lock", "write.lock"}

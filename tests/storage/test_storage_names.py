# ruff: noqa: RUF001 - look-alikes are what is tested
"""Hostile names: one component, at most 255 bytes, idempotent, never reserved."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imagefap_scraper.storage.names import collision_key, is_cut, prefixed, straight_name

if TYPE_CHECKING:
    from pathlib import Path

SHA = "0123456789abcdef" * 4
EXTENSIONS = ("jpg", "png", "gif", "webp", "bmp", "tiff", "avif")

#: What comes in, and what it is called on disk (image 7, a JPEG); None: only the rules hold.
CORPUS: list[tuple[str | None, str | None]] = [
    (None, "7.jpg"),
    ("", "7.jpg"),
    (" ", "7.jpg"),
    (".", "7.jpg"),
    ("..", "7.jpg"),
    ("...", "7.jpg"),
    (". . .", "7.jpg"),
    (".jpg", "7.jpg"),
    (" .JPEG ", "7.jpg"),
    ("?", "7.jpg"),
    ("???.png", "7.jpg"),
    ("\0", "7.jpg"),
    ("\ud800", "7.jpg"),
    ("\udfff\ud800.jpg", "7.jpg"),
    ("\u200b\u200d\ufeff", "7.jpg"),
    ("\u3164", "7.jpg"),
    ("\ue000\U000f0000", "7.jpg"),
    ("\U000e0041\u0378", "7.jpg"),
    ("__", "__.jpg"),
    ("/", "-.jpg"),
    ("../../etc/passwd", "-..-etc-passwd.jpg"),
    ("/etc/passwd", "-etc-passwd.jpg"),
    ("..\\..\\windows\\system.ini", "-..-windows-system.ini.jpg"),
    ("．．／．．／etc／passwd", "-..-etc-passwd.jpg"),
    ("／etc／passwd", "-etc-passwd.jpg"),
    ("＼＼host＼share", "--host-share.jpg"),
    ("&#xFF0F;etc", "-etc.jpg"),
    ("..&#x2F;x", "-x.jpg"),
    ("℀ sign", "a-c sign.jpg"),
    ("C：file", "Cfile.jpg"),
    ('a:b*c?d"e<f>g|h', "abcdefgh.jpg"),
    ("Tom &amp; Jerry.JPG", "Tom & Jerry.jpg"),
    ("&amp;amp;", "& amp;.jpg"),
    ("&amp;#x2F;etc", "& #x2F;etc.jpg"),
    ("＆lt;b＆gt;", "& lt;b& gt;.jpg"),
    ("&l*t;x", "& lt;x.jpg"),
    ("CON", "__CON.jpg"),
    ("con.jpg", "__con.jpg"),
    ("CON .jpg", "__CON.jpg"),
    ("Con.tar.gz", "__Con.tar.gz.jpg"),
    ("con .x", "__con .x.jpg"),
    ("nul", "__nul.jpg"),
    ("COM¹", "__COM1.jpg"),
    ("lpt³.png", "__lpt3.jpg"),
    ("COM０", "__COM0.jpg"),
    ("CONIN$", "__CONIN$.jpg"),
    ("conout$.gif", "__conout$.jpg"),
    ("c\u200bon", "__con.jpg"),
    (".con", "__con.jpg"),
    ("console", "console.jpg"),
    ("x.", "x.jpg"),
    ("x", "x.jpg"),
    ("x . . ", "x.jpg"),
    (" x", "x.jpg"),
    (".bashrc", "bashrc.jpg"),
    ("a\nb\tc\r\n.gif", "a b c.jpg"),
    ("a  b\u3000c\u00a0d", "a b c d.jpg"),
    ("a\x7fb\x85c\x9fd", "ab cd.jpg"),
    ("photo\u202egnp.exe", "photognp.exe.jpg"),
    ("\u2066left\u2069\u200f", "left.jpg"),
    ("zero\u200bwidth\u00ad", "zerowidth.jpg"),
    ("heart\u2764\ufe0f", "heart\u2764.jpg"),
    ("u\u0308ber", "\u00fcber.jpg"),
    ("u\u200b\u0308ber", "\u00fcber.jpg"),
    ("\u00fcber", "\u00fcber.jpg"),
    ("=\u200b\u0338", "\u2260.jpg"),
    ("\ufb01ne", "fine.jpg"),
    ("some long na..", "some long na.jpg"),
    ("some long na\u2026", "some long na.jpg"),
    ("name.jpg..", "name.jpg"),
    ("name.png", "name.jpg"),
    ("name.JFIF", "name.jpg"),
    ("name.jpg.jpg", "name.jpg.jpg"),
    ("name.jpg .jpg", "name.jpg.jpg"),
    ("name.php", "name.php.jpg"),
    ("name..jpg", "name.jpg"),
    ("imagefap.database", "imagefap.database.jpg"),
    ("-rf *", "-rf.jpg"),
    ("汉" * 200, "汉" * 80 + ".jpg"),
    ("\U0001f600" * 101, "\U0001f600" * 60 + ".jpg"),
    ("x" * 300 + ".png", "x" * 240 + ".jpg"),
    ("x" * 239 + "é", "x" * 239 + ".jpg"),
    ("x" * 237 + "m\u0306m\u0306", "x" * 237 + "m\u0306.jpg"),
    ("x" * 238 + "m\u0306", "x" * 238 + ".jpg"),
    ("x" * 236 + "\U0001f44d\U0001f3fd", "x" * 236 + ".jpg"),
    ("x" * 239 + ". y", "x" * 239 + ".jpg"),
    ("\u0390" * 120, "\u0390" * 80 + ".jpg"),
    ("\ufdfa" * 1000, None),  # 18 characters each
    ("m" + "\u0306" * 1000, None),
    ("\u0306" * 400, None),
]
HOSTILE = [given_name for given_name, _ in CORPUS]

_RESERVED = {"con", "prn", "aux", "nul", "conin$", "conout$", "clock$"} | {
    f"{d}{n}" for d in ("com", "lpt") for n in range(10)
}
_PIECES = st.sampled_from(
    [*"./\\&;#: -_?*", "&amp;", "&lt", "..", ".jpg", "CON", "／", "．", "\u202e", "\u0301", "\ud800", "a"]
)
_TEXTS = st.one_of(st.text(max_size=400), st.lists(st.one_of(_PIECES, st.characters()), max_size=60).map("".join))


def assert_is_safe(name: str) -> None:
    assert name not in ("", ".", "..")
    assert len(name.encode("utf-8", "strict")) <= 255
    assert not set(name) & set('/\\:*?"<>|\0')
    assert name == name.strip(". ")
    assert unicodedata.is_normalized("NFC", name)
    assert len(unicodedata.normalize("NFD", name)) <= 255
    assert not {unicodedata.category(char) for char in name} & {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
    first = unicodedata.normalize("NFKC", name).partition(".")[0].strip().casefold()
    assert first not in _RESERVED


def test_the_corpus_is_large_enough() -> None:
    assert len(CORPUS) >= 60


@pytest.mark.parametrize(("hostile", "expected"), CORPUS, ids=[f"{n}" for n in range(len(CORPUS))])
def test_hostile_name(hostile: str | None, expected: str | None) -> None:
    name = straight_name(hostile, image_id=7, extension="jpg")
    assert_is_safe(name)
    assert straight_name(name, image_id=8, extension="jpg") == name
    if expected is not None:
        assert name == expected


@settings(max_examples=400, deadline=None)
@given(text=_TEXTS, extension=st.sampled_from(EXTENSIONS))
def test_any_text_becomes_one_safe_component(text: str, extension: str) -> None:
    name = straight_name(text, image_id=123456789, extension=extension)
    assert_is_safe(name)
    assert name.endswith(f".{extension}")
    assert straight_name(name, image_id=1, extension=extension) == name
    for digits in (10, 64):
        longer = prefixed(name, SHA, digits)
        assert_is_safe(longer)
        assert longer.startswith(SHA[:digits] + "-")
        assert longer.endswith(f".{extension}")
    # Ten digits fit in front of any name, so that none of it is lost.
    assert prefixed(name, SHA) == f"{SHA[:10]}-{name}"


@pytest.mark.parametrize("hostile", [name for name in HOSTILE if name])
def test_the_file_system_takes_it_and_keeps_it_inside(hostile: str, tmp_path: Path) -> None:
    name = straight_name(hostile, image_id=7, extension="jpg")
    for candidate in (name, prefixed(name, SHA), prefixed(name, SHA, 64)):
        path = tmp_path / candidate
        assert path.resolve().parent == tmp_path.resolve()
        path.touch(exist_ok=False)
    assert len(list(tmp_path.iterdir())) == 3


@pytest.mark.parametrize(
    ("name", "cut"),
    [
        ("a..", True),
        ("a...", True),
        ("a\u2026", True),
        ("a.. ", True),
        ("a.", False),
        ("a", False),
        ("a..jpg", False),
        ("", False),
    ],
)
def test_cut_names(name: str, cut: bool) -> None:
    assert is_cut(name) is cut


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Foo.jpg", "foo.jpg"),
        ("STRASSE", "straße"),
        ("\u00e9", "e\u0301"),
        ("\u00c9", "e\u0301"),
        ("\ufb01le", "FILE"),
        ("\u212a", "k"),
        ("\u03c3", "\u03c2"),
        ("\u0131", "i"),
        ("name.", "name"),
        ("n\u00e4me. ", "N\u00c4ME"),
    ],
)
def test_names_that_some_file_system_confuses_share_a_key(one: str, other: str) -> None:
    assert collision_key(one) == collision_key(other)


def test_different_names_have_different_keys() -> None:
    assert len({collision_key(name) for name in ("a", "b", "ä", "a.jpg", "a.png", "ab", "a b")}) == 7


@settings(max_examples=300, deadline=None)
@given(text=st.text(max_size=40))
def test_a_key_is_stable_under_case_and_form(text: str) -> None:
    key = collision_key(text)
    assert collision_key(key) == key
    for form in ("NFC", "NFD", "NFKC"):
        assert collision_key(unicodedata.normalize(form, text)) == key

"""Untrusted text becomes one safe file name (the names of `mode=get`)."""

from __future__ import annotations

import html
import re
import unicodedata
from typing import Final

from sanitize_filename import sanitize

#: Bytes in one path component: the limit of ext4, XFS, Btrfs, APFS and NTFS (there characters).
MAX_NAME_BYTES: Final = 255
#: Hexadecimal digits of the SHA-256 in front of a name that is taken.
PREFIX_DIGITS: Final = 10

_PICTURE_ENDING: Final = re.compile(r"\.(?:jpe?g|jpe|jfif|png|apng|gif|webp|bmp|tiff?|avif|mpo)$", re.IGNORECASE)
_CUT: Final = re.compile(r"(?:\.{2,}|\u2026)\s*$")
_SPACES: Final = re.compile(r"\s+")
#: Devices of Windows, which opens them whatever follows the first dot; superscript digits are plain ones after NFKC.
_RESERVED: Final = re.compile(
    r"(?:CON|PRN|AUX|NUL|CLOCK\$|CONIN\$|CONOUT\$|(?:COM|LPT)[0-9])\s*(?:\..*)?$", re.IGNORECASE
)
#: What `sanitize` puts in front of a reserved name and gives for an empty one.
_FILLER: Final = "__"
#: Control, format (bidi, zero-width), lone surrogate, private, unassigned, line and paragraph separators.
_DROPPED_CATEGORIES: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
#: Letters and marks that show nothing: joiner, Hangul fillers, Khmer, Mongolian and variation selectors.
_INVISIBLE: Final = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180d\u180f\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)
#: More marks than that on one letter are noise, which may be cut apart.
_MAX_MARKS: Final = 32


def is_cut(name: str) -> bool:
    """Tell whether the site cut this name: it ends with two or more dots, or with an ellipsis.

    Listings show about 17 characters and drop the rest, the extension included.
    """
    return _CUT.search(name) is not None


def straight_name(name: str | None, *, image_id: int, extension: str) -> str:
    """Make the file name of an image; idempotent.

    Args:
        name: as the site shows it, whole or cut; None if it shows none.
        image_id: the site's number of the image, which is its name if the site's is of no use.
        extension: of the content's format, without a dot; it takes the place of any picture extension in the name.

    Returns:
        `STEM.EXTENSION`, short enough (in bytes) for the prefix that `prefixed` adds.
    """
    ending = f".{extension}"
    room = MAX_NAME_BYTES - len(f"{'':{PREFIX_DIGITS}}-{ending}".encode())
    stem = _finish(_PICTURE_ENDING.sub("", _clean(name or "")), room)
    return (stem or str(image_id)) + ending


def safe_stem(name: str | None, *, image_id: int) -> str:
    """Return the name of an image without its picture extension, as one part of a file name; its number for none."""
    return _finish(_PICTURE_ENDING.sub("", _clean(name or "")), MAX_NAME_BYTES) or str(image_id)


def safe_component(text: str) -> str:
    """Return untrusted text as one path component of at most 255 bytes; never empty, `.` or `..`; idempotent."""
    return _finish(_clean(text), MAX_NAME_BYTES) or _FILLER


def finished(text: str, room: int = MAX_NAME_BYTES) -> str:
    """Return what was put together of safe parts as one component of at most `room` bytes; perhaps empty.

    Dots and spaces at its ends go, a device's name is avoided.
    """
    return _finish(text, room)


def shortened(text: str, room: int) -> str:
    """Return as much of the text as `room` bytes take, cut between letters."""
    return _cut(text, room)


def is_plain(text: str) -> bool:
    """Tell whether a piece of text may stand in the middle of a file name as it is."""
    # Between letters, where nothing is stripped.
    return _clean(f"a{text}a") == f"a{text}a"


def prefixed(name: str, sha256: str, digits: int = PREFIX_DIGITS) -> str:
    """Put the first digits of the content's SHA-256 in front of a name, `SHA256[:10]-NAME.EXT`.

    The stem is cut where the whole would exceed 255 bytes; the extension stays.
    """
    stem, dot, extension = name.rpartition(".")
    head, ending = f"{sha256[:digits]}-", dot + extension
    return head + _cut(stem, MAX_NAME_BYTES - len((head + ending).encode())) + ending


def collision_key(name: str) -> str:
    """Return what two names have in common if some file system takes them for one.

    That is letter case (NTFS, APFS, FAT), composed and decomposed letters (APFS, HFS+) and dots and spaces at the end
    (Windows). Upper case comes first because NTFS compares that: there a dotless i is an I.
    """
    if name.isascii():
        return name.lower().rstrip(". ")
    folded = _nfkc(_nfkc(name).upper().casefold()).casefold()
    return _nfkc(folded).rstrip(". ")


def _clean(text: str) -> str:
    """Return the text with nothing in it that a file name may not hold; perhaps empty, perhaps with dots in front."""
    # Compatibility forms first: `sanitize` removes separators and normalises after that, which turns a full-width
    # solidus back into a separator. Its own cut counts characters, so that bytes are cut here before.
    text = _visible(_nfkc(_visible(_nfkc(html.unescape(text)))))
    text = _cut(text.replace("/", "-").replace("\\", "-"), MAX_NAME_BYTES)
    clean = unicodedata.normalize("NFC", sanitize(text))
    if clean == _FILLER and _FILLER not in text:
        return ""
    if html.unescape(clean) != clean:
        # What is left of a doubly escaped name must not be decoded when the result passes through here again.
        clean = clean.replace("&", "& ")
    return _SPACES.sub(" ", clean)


def _finish(text: str, room: int) -> str:
    """Strip the ends, avoid devices, cut to `room` bytes."""
    stem = text.strip(". ")
    if _RESERVED.match(stem):
        stem = _FILLER + stem
    return _cut(stem, room)


def _visible(text: str) -> str:
    text = _INVISIBLE.sub("", _SPACES.sub(" ", text))
    return "".join(char for char in text if unicodedata.category(char) not in _DROPPED_CATEGORIES)


def _nfkc(text: str) -> str:
    return unicodedata.normalize("NFKC", text)


def _cut(text: str, room: int) -> str:
    """Cut to `room` bytes of UTF-8 between letters; the marks of a letter go with it.

    Nor may the decomposed text be longer, in characters: HFS+ keeps and counts it so, and `sanitize` cuts it so.
    """
    data = text.encode()
    if len(data) <= room and _decomposed_length(text) <= room:
        return text
    end = len(data[:room].decode(errors="ignore"))
    while _decomposed_length(text[:end]) > room:
        end -= 1
    border = end
    while border and end - border < _MAX_MARKS and _belongs_to_previous(text[border]):
        border -= 1
    if not border or _belongs_to_previous(text[border]):
        border = end
    return text[:border].rstrip(". ")


def _decomposed_length(text: str) -> int:
    return len(unicodedata.normalize("NFD", text))


def _belongs_to_previous(char: str) -> bool:
    """Tell whether the character is a mark or a skin tone."""
    return unicodedata.category(char).startswith("M") or "\U0001f3fb" <= char <= "\U0001f3ff"

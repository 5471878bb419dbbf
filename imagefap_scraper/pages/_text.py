"""Small readers for what pages are made of: numbers, names, sizes, whole or cut."""

from __future__ import annotations

import re
from urllib.parse import unquote_to_bytes

#: SQLite and every other database keep 18 digits in a signed 64-bit integer.
_ID = re.compile(r"0*([1-9][0-9]{0,17})")
_FOLDER_ID = re.compile(r"-?[0-9]{1,18}")
_COUNT = re.compile(r"[0-9]{1,18}")
#: Pixels: seven digits are far above what any format here allows, and keep nonsense out.
_DIMENSION = re.compile(r"([0-9]{1,7})\s*[xX×]\s*([0-9]{1,7})")  # noqa: RUF001 - the sign is meant
_SURROGATES = re.compile("[\ud800-\udfff]")
_DOCUMENT = re.compile(r"<html[\s>]|<!doctype", re.IGNORECASE)
_DOCUMENT_END = re.compile(r"</html\s*>", re.IGNORECASE)
#: What must be closed again in a fragment; other elements are left open by old markup.
_FRAGMENT_PAIRS = tuple(
    (re.compile(rf"<{tag}[\s>]", re.IGNORECASE), re.compile(rf"</{tag}\s*>", re.IGNORECASE)) for tag in ("ul", "table")
)


def collapse(text: str | None) -> str:
    """`text` with every run of white space (also no-break spaces) as one space and none at its ends."""
    return " ".join(text.split()) if text else ""


def readable(text: str) -> str:
    """`text` as the HTML parser can take it: NUL and lone surrogates replaced by U+FFFD."""
    return _SURROGATES.sub("\ufffd", text.replace("\x00", "\ufffd"))


def parse_id(text: str | None) -> int | None:
    """A user's, image's or gallery's number: positive, at most 18 digits; else None."""
    match = _ID.fullmatch((text or "").strip())
    return int(match[1]) if match else None


def parse_folder_id(text: str | None) -> int | None:
    """A folder's number, which may be 0 or negative ("Uncategorized" is -1); else None."""
    stripped = (text or "").strip()
    return int(stripped) if _FOLDER_ID.fullmatch(stripped) else None


def parse_count(text: str | None) -> int | None:
    """A number from 0, thousands perhaps parted by commas; else None."""
    stripped = (text or "").strip().replace(",", "")
    return int(stripped) if _COUNT.fullmatch(stripped) else None


def parse_dimension(text: str | None) -> tuple[int, int] | None:
    """Width and height in pixels out of `1200x900`; None if it is anything else or one of them is 0."""
    match = _DIMENSION.fullmatch(collapse(text))
    if match is None:
        return None
    width, height = int(match[1]), int(match[2])
    return (width, height) if width and height else None


def decode_percent(value: str) -> str:
    """A value of a query or path, percent-decoded: UTF-8, or Windows-1252 where it is not UTF-8 (old names)."""
    raw = unquote_to_bytes(readable(value))
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("cp1252", errors="replace")


def name_is_cut(name: str | None) -> bool:
    """True if a listed name ends with two or more dots: the site cut it, its extension is lost."""
    return bool(name) and (name or "").endswith(("..", "…"))


def is_cut(text: str) -> bool:
    """True if an answer ended in the middle.

    A document must have its `</html>`. A fragment (a partial answer has no `<html>`) must end with a tag and close
    its lists and tables. An empty text is cut.
    """
    if _DOCUMENT.search(text):
        return _DOCUMENT_END.search(text) is None
    if not text.rstrip().endswith(">"):
        return True
    return any(len(opened.findall(text)) > len(closed.findall(text)) for opened, closed in _FRAGMENT_PAIRS)

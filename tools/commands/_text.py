"""Text on its way out: names from the site made harmless for a terminal, and JSON."""

from __future__ import annotations

import json
import re
import sys
import unicodedata
from typing import Any

#: What a terminal may obey and nobody sees: control, invisible (bidi overrides among them), lone surrogates, line ends.
_UNSEEN = {"Cc", "Cf", "Cs", "Zl", "Zp"}

#: JSON allows these raw, but terminals obey C1 controls and bidi overrides, and `splitlines` breaks JSON Lines at
#: U+0085, U+2028 and U+2029.
_RAW_IN_JSON = re.compile("[\x7f-\x9f\u2028-\u202e\u2066-\u2069]")


def write(text: str) -> None:
    """Write to stdout, if there is one; the command line flushes it at the end."""
    if sys.stdout is not None:
        sys.stdout.write(text)


def printable(text: str) -> str:
    """Return the text with everything escaped that could steer a terminal or hide in it."""
    if text.isprintable():
        return text
    return "".join(
        char.encode("unicode_escape").decode("ascii") if unicodedata.category(char) in _UNSEEN else char
        for char in text
    )


def json_text(value: Any) -> str:
    """Return the value as JSON on one line, readable and exact; lone surrogates are left to the stream's escapes."""
    text = json.dumps(value, ensure_ascii=False)
    return _RAW_IN_JSON.sub(lambda match: f"\\u{ord(match[0]):04x}", text)

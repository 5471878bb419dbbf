"""Signatures of image addresses never reach a log.

Whoever has one can fetch the image until it expires, and logs are pasted into bug reports.
"""

from __future__ import annotations

import logging
import re
import traceback
from typing import Any

#: An image address with a query: by its file name, or by the parameters that the site signs with (`secure`, `ss`).
_SIGNED = re.compile(
    r"(https?://[^\s?#\"'<>]+)\?"
    r"(?:(?<=\.jpg\?)|(?<=\.png\?)|(?<=\.gif\?)|(?<=\.bmp\?)|(?<=\.jpeg\?)|(?<=\.webp\?)|(?<=\.tiff\?)|(?<=\.avif\?)"
    r"|(?=[^\s\"'<>]*\b(?:secure|ss|end|se)=))"
    r"[^\s\"'<>]*",
    re.I,
)


def redact(text: str) -> str:
    """The same text with the queries of image addresses dropped."""
    if "?" not in text:
        return text
    return _SIGNED.sub(_without_query, text)


def _without_query(match: re.Match[str]) -> str:
    # What closes a bracket or a sentence around the address is no part of it.
    tail = re.search(r"[)\],.;:]*$", match[0])
    return match[1] + (tail[0] if tail else "")


class SignatureLogFilter(logging.Filter):
    """Drops signatures from records: message, arguments, and the text of exceptions."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Cleans a record; always lets it pass."""
        try:
            message = record.getMessage()
        except Exception:  # noqa: BLE001 - a record with wrong arguments is for its handler to report
            return True
        clean = redact(message)
        if clean != message:
            record.msg, record.args = clean, None
        if record.exc_info and record.exc_info[1] is not None and not record.exc_text:
            text = "".join(traceback.format_exception(*record.exc_info)).rstrip("\n")
            if redact(text) != text:
                record.exc_text = redact(text)  # formatters take this text instead of making their own
        return True


_cleaner = SignatureLogFilter()


def install() -> None:
    """Makes every log record of this process pass the filter, whatever logger and handler it belongs to.

    A filter of a logger does not see its children's records, and one of a handler only its own; so it sits where
    records are made. Installing it again changes nothing.
    """
    make = logging.getLogRecordFactory()
    if getattr(make, "drops_signatures", False):
        return

    def make_clean(*args: Any, **kwargs: Any) -> logging.LogRecord:
        record = make(*args, **kwargs)
        _cleaner.filter(record)
        return record

    make_clean.drops_signatures = True  # type: ignore[attr-defined]
    logging.setLogRecordFactory(make_clean)

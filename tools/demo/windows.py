"""Which part of its gallery a photo page shows in its strip, by every rule that was ever seen."""

from __future__ import annotations

from enum import StrEnum

from tools.demo.seeds import fraction

#: Entries of a strip; the site's script shows 8 a slide and loads three slides at once.
STRIP_LENGTH = 24


class WindowRule(StrEnum):
    """Where a strip starts, for the image at position `idx` of its gallery."""

    #: At the image itself.
    OWN_FIRST = "own_first"
    #: At `idx - 16 - idx mod 8`, or at 0 if that is negative: always 24 entries if there are as many.
    JD = "jd"
    #: The same, but what lies before 0 is lost: 8 or 16 entries at the start of a gallery.
    JD_TRUNCATED = "jd_truncated"
    #: At `idx - 12`, or at 0.
    CENTRED = "centred"
    #: At the multiple of 24 below.
    BLOCKS = "blocks"
    #: Own image first, but for a third of the images the strip starts one later and so lacks the image itself.
    OWN_MISSING = "own_missing"


def strip_window(rule: WindowRule, idx: int, total: int, image_id: int = 0) -> range:
    """The positions (from 0) in the gallery that the strip of the image at `idx` shows, in order."""
    start = _start(rule, idx, image_id)
    stop = start + STRIP_LENGTH
    if rule is not WindowRule.JD_TRUNCATED:
        stop = max(start, 0) + STRIP_LENGTH
    return range(max(start, 0), min(stop, total))


def partial_window(idx: int, total: int) -> range:
    """The positions that a partial strip shows: it starts exactly where it was asked to."""
    start = max(idx, 0)
    return range(start, max(start, min(start + STRIP_LENGTH, total)))


def _start(rule: WindowRule, idx: int, image_id: int) -> int:
    match rule:
        case WindowRule.OWN_FIRST:
            return idx
        case WindowRule.JD | WindowRule.JD_TRUNCATED:
            return idx - 16 - idx % 8
        case WindowRule.CENTRED:
            return idx - STRIP_LENGTH // 2
        case WindowRule.BLOCKS:
            return idx - idx % STRIP_LENGTH
        case WindowRule.OWN_MISSING:
            return idx + (fraction("own missing", image_id) < 1 / 3)

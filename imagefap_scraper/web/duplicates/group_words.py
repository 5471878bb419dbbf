"""What is said of a group in words: what two pictures are to each other, and what verdicts would do."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from imagefap_scraper.dedup.kinds import GroupState, PairKind, Verdict
from imagefap_scraper.review.showing import place_name
from imagefap_scraper.web.render import bytes_text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from imagefap_scraper.database.groups import StoredGroup
    from imagefap_scraper.review.foreseeing import Foreseen

KINDS: Final = {
    PairKind.PIXEL_IDENTICAL: "every pixel is equal",
    PairKind.COPY: "the same picture, saved again",
    PairKind.EDITED: "the same picture, with something put on it or taken off",
    PairKind.CROP: "one is a part of the other",
    PairKind.TURNED: "one is the other, mirrored or turned",
    PairKind.LOOK_ALIKE: "they look alike, and are probably different pictures",
}
STATES: Final = {
    GroupState.NEW: "",
    GroupState.SUGGESTED: "a rule proposes this",
    GroupState.DECIDED: "decided; what goes is not in the trash yet",
    GroupState.APPLIED: "decided already",
    GroupState.DEFERRED: "put aside",
    GroupState.REOPENED: "asked again: some of these were judged before",
    GroupState.STALE: "a file is missing; nothing can be decided until a crawl brings it back",
}
#: By the numbers of `dedup.orientation`: how the first of two has to be turned to look like the second.
TURNS: Final = (
    "as it is",
    "mirrored",
    "upside down and mirrored",
    "turned by half",
    "turned a quarter and mirrored",
    "turned a quarter to the right",
    "turned a quarter to the left",
    "turned a quarter and mirrored",
)
#: Levels of 255 that differ after a blur: what compressing again leaves, and where an edit begins (a small line of text
#: makes 60).
_COMPRESSED, _EDITED = 16, 32
#: Tags and places that a sentence names.
_NAMED = 3
#: Characters of a name in a sentence; all of it is in the table of facts.
_LONGEST = 80
#: Of a sentence only: in pages every name has an element of its own.
_CONTROLS: Final = re.compile("[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]")


def state_text(group: StoredGroup) -> str:
    """Return where a group stands; empty if it asks and nothing is to be said about that."""
    asks_on = group.state in (GroupState.NEW, GroupState.SUGGESTED)
    if asks_on and any(verdict != Verdict.NEW for _, verdict, _ in group.members):
        return "judged in part; the rest is still asked"
    return STATES[GroupState(group.state)]


def difference(pair: Any) -> str:
    """Return what the second look saw of a row of `pairs`."""
    if pair.kind == PairKind.PIXEL_IDENTICAL:
        return "no difference at all"
    if pair.peak is None:
        return "the difference was not measured"
    if pair.peak <= _COMPRESSED:
        return "re-encoded only"
    return "look closely" if pair.peak <= _EDITED else "edited"


def plain(name: str) -> str:
    """Return a name for the middle of a sentence: no sign in it can turn the rest of the line around."""
    shown = _CONTROLS.sub("\ufffd", name if len(name) <= _LONGEST else f"{name[: _LONGEST - 1]}\u2026")
    # First strong isolate, pop directional isolate.
    return shown if shown.isascii() else f"\u2068{shown}\u2069"


def numbers_text(numbers: Sequence[int]) -> str:
    """Return numbers as people list them: 1, 2 and 3."""
    words = [str(number) for number in numbers]
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def consequence_text(after: Foreseen, numbers: Mapping[str, int], *, later: bool = False) -> str:
    """Return what verdicts would do, as one line.

    Args:
        after: what they would do.
        numbers: of the members, by SHA-256.
        later: nothing is thrown out yet.
    """
    parts: list[str] = []
    kept = [*([after.keeper] if after.keeper else []), *after.kept]
    if kept:
        parts.append(f"keep {_list(kept, numbers)}")
    if len(kept) > 1 and not after.skipped:
        parts.append("remember that they are the same picture")
    if after.variants:
        parts.append(
            f"keep {_list(after.variants, numbers)} as {'a variant' if len(after.variants) == 1 else 'variants'}"
        )
    if after.skipped:
        when = "at the end: " if later else ""
        parts.append(f"{when}{_list(after.skipped, numbers)} to the trash ({bytes_text(after.bytes)})")
    if after.apart:
        parts.append(_apart(after, numbers))
    if after.open:
        are = "is" if len(after.open) == 1 else "are"
        parts.append(f"{_list(after.open, numbers)} {are} still to be judged")
    return "; ".join([*parts, *_gains(after, numbers)]) + "."


def _apart(after: Foreseen, numbers: Mapping[str, int]) -> str:
    if after.none_alike:
        return "keep all: none of these are the same picture"
    one = len(after.apart) == 1
    return f"{_list(after.apart, numbers)} {'is another picture and stays' if one else 'are other pictures and stay'}"


def _gains(after: Foreseen, numbers: Mapping[str, int]) -> list[str]:
    parts = []
    keeper = "" if after.keeper is None else numbers[after.keeper]
    if after.tags:
        parts.append(f"{keeper} gets the tag{'s' if len(after.tags) > 1 else ''} {_named(after.tags)}")
    if after.places:
        names = list(dict.fromkeys(place_name(place) for place in after.places))
        parts.append(f"{'and' if after.tags else keeper} is then also shown in {_named(names)}")
    return [" ".join(parts)] if parts else []


def _named(names: Sequence[str]) -> str:
    more = len(names) - _NAMED
    rest = f" and {more:,} more" if more > 0 else ""
    return ", ".join(plain(name) for name in names[:_NAMED]) + rest


def _list(sha256s: Sequence[str], numbers: Mapping[str, int]) -> str:
    return numbers_text([numbers[sha256] for sha256 in sha256s])


def refusal_text(error: str, numbers: Mapping[str, int]) -> str:
    """Return why verdicts cannot be, with the numbers of pictures in place of their digits."""
    for sha256, number in numbers.items():
        error = error.replace(sha256[:12], f"picture {number}")
    return error

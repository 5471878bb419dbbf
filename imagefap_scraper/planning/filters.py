"""Which images a person wants at all: by size, type and place in the folder.

A filter's reason is kept with the image and read again by the next crawl, which so knows without asking whether its own
filters keep the image out as well. The form is `RULE=LIMIT: FACT`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

#: Extensions that say the same as another one.
SAME_TYPE = {"jpeg": "jpg", "jfif": "jpg", "mpo": "jpg", "apng": "png", "tif": "tiff"}
#: Types that there are.
TYPES = ("avif", "bmp", "gif", "jpg", "png", "tiff", "webp")

_FACT = re.compile(
    r"\w+=[^:]*: (?:(?P<width>\d{1,18})x(?P<height>\d{1,18})|(?P<size>\d{1,18}) bytes|place (?P<place>\d{1,18})"
    r"|(?P<type>[a-z]{3,4}))"
)
_PLACE_RULE = "first="


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of an image before it is stored; None for what is not.

    Attributes:
        width: pixels.
        height: pixels.
        size: bytes.
        type: one of `TYPES`, by content.
        place: in the folder, from 1.
    """

    width: int | None = None
    height: int | None = None
    size: int | None = None
    type: str | None = None
    place: int | None = None

    @classmethod
    def of_reason(cls, reason: str) -> Facts:
        """Return the fact that a filter's reason states; its place is not believed, since folders change."""
        match = _FACT.fullmatch(reason)
        if match is None:
            return cls()
        number = {key: int(match[key]) if match[key] else None for key in ("width", "height", "size")}
        return cls(**number, type=match["type"])


@dataclass(frozen=True, slots=True)
class Filters:
    """What keeps images out.

    Attributes:
        min_pixels: fewest pixels, width times height.
        min_bytes: fewest bytes.
        max_bytes: most bytes.
        types: the types that are taken; empty for all.
        first: how many images of each folder are taken, in its order.
    """

    min_pixels: int | None = None
    min_bytes: int | None = None
    max_bytes: int | None = None
    types: frozenset[str] = frozenset()
    first: int | None = None

    @property
    def needs_content(self) -> bool:
        """Whether a file's headers or first bytes can decide."""
        return self.min_bytes is not None or self.max_bytes is not None or bool(self.types)

    def reason(self, facts: Facts) -> str:
        """Return why an image is kept out; empty if nothing that is known of it does that."""
        if self.first is not None and facts.place is not None and facts.place > self.first:
            return f"{_PLACE_RULE}{self.first}: place {facts.place}"
        if facts.width is None or facts.height is None or self.min_pixels is None:
            return self._reason_of_content(facts)
        if facts.width * facts.height < self.min_pixels:
            return f"min_pixels={self.min_pixels}: {facts.width}x{facts.height}"
        return self._reason_of_content(facts)

    def _reason_of_content(self, facts: Facts) -> str:
        if facts.size is not None and self.min_bytes is not None and facts.size < self.min_bytes:
            return f"min_bytes={self.min_bytes}: {facts.size} bytes"
        if facts.size is not None and self.max_bytes is not None and facts.size > self.max_bytes:
            return f"max_bytes={self.max_bytes}: {facts.size} bytes"
        if self.types and facts.type is not None and facts.type not in self.types:
            return f"types={','.join(sorted(self.types))}: {facts.type}"
        return ""


def rule_of(reason: str) -> str:
    """Return the rule and its limit out of a filter's reason, without the fact: what a summary counts by."""
    return reason.partition(":")[0]


def is_by_place(reason: str) -> bool:
    """Return whether an image was kept out of one folder by its place there: another folder may want it."""
    return reason.startswith(_PLACE_RULE)


def type_names(names: Iterable[str]) -> frozenset[str]:
    """Return the types that a person named, synonyms as one.

    Raises:
        ValueError: for a name that is none; says which there are.
    """
    found = frozenset(SAME_TYPE.get(name, name) for name in (one.strip().lower().lstrip(".") for one in names) if name)
    if unknown := sorted(found.difference(TYPES)):
        raise ValueError(f"{unknown[0]!r} is no type: give some of {', '.join(TYPES)}, with commas between")
    if not found:
        raise ValueError(f"is empty: give some of {', '.join(TYPES)}, with commas between")
    return found

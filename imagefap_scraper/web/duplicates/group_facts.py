"""The facts of a group's members side by side: where they differ, and which is the better one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from imagefap_scraper.web.render import bytes_text, counted

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from imagefap_scraper.database.members import BlobFacts

#: The sum of the JPEG quantisation table for lightness at Pillow's quality 50; half of it is quality 75 (of 100).
_TABLE_AT_50: Final = 3690
#: Share of the colour that a chroma subsampling keeps.
_CHROMA: Final = {"4:4:4": 4, "4:2:2": 2, "4:4:0": 2, "4:2:0": 1, "4:1:1": 1, "4:1:0": 0}


@dataclass(frozen=True, slots=True)
class Fact:
    """One value of one member.

    Attributes:
        label: what it is.
        text: the value.
        short: the value where it stands without its label; empty if it is not worth the place.
        differs: whether the members do not all have the same.
        better: why it is the better one (`more pixels`); empty if it is not.
    """

    label: str
    text: str
    short: str
    differs: bool
    better: str


@dataclass(frozen=True, slots=True)
class _Kind:
    label: str
    text: Callable[[BlobFacts], str]
    better: str = ""
    #: Put before the value where it stands without its label; None leaves it out there.
    prefix: str | None = None
    #: The higher, the better; None does not take part.
    rank: Callable[[BlobFacts], float | None] = lambda _: None


def facts_of(members: Sequence[BlobFacts]) -> list[list[Fact]]:
    """Return the facts of each member, all with the same labels; what none of them has is left out."""
    columns: list[list[Fact]] = [[] for _ in members]
    for kind in _KINDS:
        texts = [kind.text(one) for one in members]
        if not any(texts):
            continue
        ranks = [kind.rank(one) if one.state == "live" else None for one in members]
        known = [rank for rank in ranks if rank is not None]
        best = max(known) if len(set(known)) > 1 else None
        for column, text, rank in zip(columns, texts, ranks, strict=True):
            better = kind.better if best is not None and rank == best else ""
            short = f"{kind.prefix}{text}" if kind.prefix is not None and text else ""
            column.append(Fact(kind.label, text or "-", short, len(set(texts)) > 1, better))
    return columns


def _pixels(one: BlobFacts) -> str:
    return f"{one.width} \u00d7 {one.height}" if one.width and one.height else "not known"


def _quality(one: BlobFacts) -> str:
    total = one.facts.get("quantization")
    if not total:
        return ""
    percent = total * 100 / _TABLE_AT_50
    return f"about {5000 / percent if percent > 100 else (200 - percent) / 2:.0f}"


def _negative(value: float | None) -> float | None:
    return None if value is None else -value


def _extras(one: BlobFacts) -> str:
    names = [
        name
        for key, name in (("icc", "colour profile"), ("exif", "EXIF"), ("alpha", "see-through"))
        if one.facts.get(key)
    ]
    return ", ".join([*names, *(["grey"] if one.facts.get("grey") else [])])


_KINDS: Final = (
    _Kind("Pixels", _pixels, "more pixels", "", lambda one: (one.width or 0) * (one.height or 0) or None),
    _Kind("Size", lambda one: bytes_text(one.size), "more bytes", "", lambda one: one.size),
    _Kind("Format", lambda one: one.format, prefix=""),
    _Kind("JPEG quality", _quality, "finer", "quality ", lambda one: _negative(one.facts.get("quantization"))),
    _Kind(
        "Colour detail",
        lambda one: one.facts.get("subsampling") or "",
        "more colour detail",
        "colour ",
        lambda one: _CHROMA.get(one.facts.get("subsampling") or ""),
    ),
    _Kind("Frames", lambda one: counted(one.frames or 1, "frame") if one.animated else "", prefix=""),
    _Kind("Also has", _extras),
    _Kind(
        "Number on the site",
        lambda one: "" if one.lowest_id is None else str(one.lowest_id),
        "older",
        "number ",
        lambda one: _negative(one.lowest_id),
    ),
    _Kind("Folders", lambda one: str(one.folders), "in more folders", None, lambda one: one.folders),
    _Kind("On the site", lambda one: "GONE" if one.gone else "still there"),
)

"""Plain words for names of pictures, galleries and folders, and the names that make trouble."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import random

_FIRST = ("amber", "blue", "calm", "deep", "early", "faint", "green", "high", "late", "misty", "northern", "quiet")
_SECOND = ("arch", "bay", "bridge", "cloud", "field", "forest", "harbour", "hill", "lake", "meadow", "river", "stone")
_THIRD = ("at dawn", "at noon", "at dusk", "in autumn", "in rain", "in spring", "in winter", "from above")

#: Names that are hard to show, to cut or to turn into a file's name; none of them can be left out of an archive.
HOSTILE_NAMES = (
    "Fish & \"Chips\" <raw> 'n' more.jpg",
    "AT&amp;T written with an entity.jpg",
    "either/or\\neither.jpg",
    "..",
    "con.jpg",
    "fireworks \N{FIREWORKS}\N{SPARKLES} over the old harbour.jpg",
    "\N{FULLWIDTH FULL STOP}\N{FULLWIDTH FULL STOP}\N{FULLWIDTH SOLIDUS}full width dots and slash.jpg",
    "Grüße aus der Straße am Großen Öhlberg.jpg",
    "no extension at all",
    "trailing dots...",
    "a very long name " + "that goes on and on " * 14 + "until here.jpg",
    "日本の庭園の写真.jpg",
    "100% of it; $HOME `x` | more?.jpg",
    "Equal Name.jpg",
    "equal name.jpg",
    "right \N{RIGHT-TO-LEFT OVERRIDE}gpj.left.jpg",
)


def picture_name(random: random.Random, number: int, ext: str) -> str:
    """A name like `misty lake at dawn 017.jpg`: long enough to be cut in listings, or a short one now and then."""
    if random.random() < 0.25:
        return f"{random.choice(_SECOND)} {number}.{ext}"
    return f"{random.choice(_FIRST)} {random.choice(_SECOND)} {random.choice(_THIRD)} {number:03}.{ext}"


def gallery_title(random: random.Random, number: int) -> str:
    """A title like `Quiet Harbour in rain 3`."""
    return f"{random.choice(_FIRST).title()} {random.choice(_SECOND).title()} {random.choice(_THIRD)} {number}"


def folder_name(random: random.Random, number: int) -> str:
    """A name like `stones 12`."""
    return f"{random.choice(_SECOND)}s {number}"

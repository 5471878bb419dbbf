"""How much each fact counts when the better of two copies is looked for, and how a user says so."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, NoReturn

from imagefap_scraper.exceptions import SettingError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from imagefap_scraper.dedup.suggestion import Candidate

_SETTING = "IMAGEFAP_DUPS_WEIGHTS"
#: Far above the sum of all others, so that one fact can be made to decide alone.
_MOST = 1000


@dataclass(frozen=True, slots=True)
class Steps:
    """Points for a fact that has a size.

    Attributes:
        some: points for being ahead.
        much: points, instead of `some`, for being far ahead; at least as many.
    """

    some: int
    much: int


@dataclass(frozen=True, slots=True)
class Weights:
    """Points by fact, which one copy gets against another.

    The defaults of pixels, format, quality, subsampling, bytes, tags and older are those of hydrus, a manager of
    picture collections that asks the same question. The others are our own, and so small that all of them together
    only just make a suggestion.

    Attributes:
        pixels: more pixels (width times height).
        format: a JPEG against a PNG with the very same pixels, which was made from it and is only larger.
        quality: JPEG with finer quantisation.
        subsampling: JPEG with more of its colour left.
        bytes: more bytes in the same format, unless all pixels are equal.
        metadata: a colour profile or EXIF data where the other has neither.
        tags: the user's tags where the other has none.
        older: a lower image id, so longer on the site.
        folders: in more favorite folders.
        name: a real name where the other has none.
    """

    pixels: Steps = Steps(20, 50)
    format: int = 100
    quality: Steps = Steps(10, 20)
    subsampling: int = 10
    bytes: Steps = Steps(10, 20)
    metadata: int = 5
    tags: int = 8
    older: int = 4
    folders: int = 4
    name: int = 2


@dataclass(frozen=True, slots=True)
class Reason:
    """What speaks for one copy against another.

    Attributes:
        fact: which one, as `Weights` and the setting name it.
        points: more than 0.
        member: SHA-256 of the copy that it speaks for.
        over: SHA-256 of the copy that it speaks against.
        text: for a person, about `member`.
    """

    fact: str
    points: int
    member: str
    over: str
    text: str


def reasons_for(one: Candidate, other: Candidate, weights: Weights, *, identical: bool) -> tuple[Reason, ...]:
    """Return what speaks for `one` against `other`, and nothing of what speaks against it.

    Args:
        one: a copy.
        other: a copy of the same picture.
        weights: the points.
        identical: True if all their pixels are equal: then their bytes say nothing.
    """
    found = (*_size_points(one, other, weights, identical), *_jpeg_points(one, other, weights))
    found = (*found, *_site_points(one, other, weights))
    return tuple(Reason(fact, points, one.sha256, other.sha256, text) for fact, points, text in found if points)


def finer_quantised(one: Candidate, other: Candidate) -> float | None:
    """Return how many times as finely `one` is quantised as `other`; None where that cannot be compared.

    It can between two JPEGs with colour, or two without: those without (they have no subsampling) have one
    quantisation table, the others two, and so about twice the sum at the same quality.
    """
    mine, theirs = one.facts.get("quantization"), other.facts.get("quantization")
    same_tables = (one.facts.get("subsampling") is None) == (other.facts.get("subsampling") is None)
    return _ratio(theirs, mine) if mine and theirs and same_tables else None


#: Fact, points (0: it does not speak for this copy), text.
_Point = tuple[str, int, str]


def _size_points(one: Candidate, other: Candidate, weights: Weights, identical: bool) -> Iterator[_Point]:
    pixels = _ratio(one.pixels, other.pixels)
    yield "pixels", _step(weights.pixels, pixels, 1.0, 2.0), f"{pixels:.3g} times the pixels"
    if identical:
        from_jpeg = one.format == "JPEG" and other.format == "PNG"
        yield "format", weights.format * from_jpeg, "the JPEG of which the PNG is a copy"
    elif one.format == other.format:
        size = _ratio(one.size, other.size)
        yield "bytes", _step(weights.bytes, size, 1.05, 2.0), f"{size:.3g} times the bytes"


def _jpeg_points(one: Candidate, other: Candidate, weights: Weights) -> Iterator[_Point]:
    finer = finer_quantised(one, other) or 1.0
    yield "quality", _step(weights.quality, finer, 1.2, 2.0), f"JPEG quantised {finer:.3g} times as finely"
    mine, theirs = one.facts.get("subsampling"), other.facts.get("subsampling")
    more_colour = _chroma(theirs) is not None and (_chroma(mine) or 0) > (_chroma(theirs) or 0)
    yield "subsampling", weights.subsampling * more_colour, f"less of its colour left out ({mine} to {theirs})"


def _site_points(one: Candidate, other: Candidate, weights: Weights) -> Iterator[_Point]:
    yield "metadata", weights.metadata * (_has_metadata(one) and not _has_metadata(other)), "colour profile or EXIF"
    yield "tags", weights.tags * bool(one.tags and not other.tags), "has tags"
    is_older = one.image_id is not None and other.image_id is not None and one.image_id < other.image_id
    yield "older", weights.older * is_older, "older on the site"
    yield "folders", weights.folders * (one.folders > other.folders), f"in {one.folders} folders, not {other.folders}"
    yield "name", weights.name * (one.names and not other.names), "has a real name"


def _ratio(mine: int | None, theirs: int | None) -> float:
    """How many times as much; 1 where one of them is not known."""
    return mine / theirs if mine and theirs else 1.0


def _step(steps: Steps, ratio: float, some_above: float, much_above: float) -> int:
    if ratio > much_above:
        return steps.much
    return steps.some if ratio > some_above else 0


def _chroma(subsampling: str | None) -> float | None:
    """Return how many colour samples a name such as 4:2:0 leaves of each pixel's; None if it is no such name."""
    try:
        across, upper, lower = map(int, (subsampling or "").split(":"))
        return (upper + lower) / (2 * across)
    except (ValueError, ZeroDivisionError):
        return None


def _has_metadata(candidate: Candidate) -> bool:
    return bool(candidate.facts.get("icc") or candidate.facts.get("exif"))


_DEFAULTS = {field.name: getattr(Weights(), field.name) for field in fields(Weights)}


def read_weights(text: str) -> Weights:
    """Return the weights that the setting `IMAGEFAP_DUPS_WEIGHTS` asks for.

    Args:
        text: facts and points with commas between, as `pixels=20/50, format=100`; facts that are not named keep their
            defaults, so an empty text gives them all. Points are whole numbers from 0 (the fact does not count) to
            1000. `pixels`, `quality` and `bytes` take two: for being ahead, and for being far ahead.

    Raises:
        SettingError: it says anything else; the message names the part that cannot be right.
    """
    named: dict[str, int | Steps] = {}
    for piece in filter(None, map(str.strip, text.split(","))):
        name, _, value = (part.strip() for part in piece.partition("="))
        if name not in _DEFAULTS:
            _refuse(piece, f"give FACT=POINTS, where FACT is one of {', '.join(_DEFAULTS)}")
        if name in named:
            _refuse(piece, f"{name} was named before; give it once")
        named[name] = _steps(piece, value) if isinstance(_DEFAULTS[name], Steps) else _points(piece, value)
    return Weights(**{**_DEFAULTS, **named})


def _steps(piece: str, value: str) -> Steps:
    some, slash, much = value.partition("/")
    if not slash:
        _refuse(piece, "give two numbers, for being ahead and for being far ahead, as 20/50")
    steps = Steps(_points(piece, some.strip()), _points(piece, much.strip()))
    if steps.much < steps.some:
        _refuse(piece, "give no fewer points for being far ahead than for being ahead")
    return steps


def _points(piece: str, value: str) -> int:
    # int() alone would also take "1_000", "+5" and digits of other scripts, and refuse very long numbers its own way.
    if not (value.isascii() and value.isdigit() and len(value) <= len(str(_MOST)) and int(value) <= _MOST):
        _refuse(piece, f"give a whole number from 0 to {_MOST}")
    return int(value)


def _refuse(piece: str, advice: str) -> NoReturn:
    raise SettingError(f"{_SETTING} has {piece!r}: {advice}")

"""What two pictures are to each other, judged by their looks alone: no file is opened, nothing is decoded.

The one is laid on the other edge on edge, then wherever it fits as a part; what then differs decides.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import log
from typing import TYPE_CHECKING, Any, NamedTuple

from PIL import Image

from imagefap_scraper.dedup._align import WHOLE, Box, both_sampled, refine, search
from imagefap_scraper.dedup._difference import CHANGED, Difference, differ
from imagefap_scraper.dedup._motion import moved_share
from imagefap_scraper.dedup.kinds import PairKind
from imagefap_scraper.dedup.look import LOOK_SIDE
from imagefap_scraper.dedup.orientation import turn

if TYPE_CHECKING:
    from collections.abc import Iterator

    from imagefap_scraper.dedup.look import Look

# Figures in these comments are those of benchmarks/dups_quality.py's calibration seeds: 1,000 copies, 500 marks.

#: Levels up to which a peak is compression and scaling: 99.5% of the copies stay below 21 (a GIF whose 256 colours
#: leave one out reaches 32), no mark falls below 23. And how often the picture's usual noise it may be: previews at low
#: quality differ everywhere, and a mark is what stands out.
_COPY_PEAK = 22.0
_COPY_NOISE = 3.0
#: Noise (levels) beyond which nothing is the same: copies have at most 5, marked ones 7.
_NOISE = 14.0
#: A mark is lighter than what it covers, or darker, nearly everywhere (one-sided by 0.72 and more; frames of a scene by
#: 0.57 at most), and may cover so much of the area: a line of large text 6%, many lines 20%.
_ONE_SIDED = 0.7
_MARK_SHARE = 0.2
#: Or what changed is in few places (share of the cells) and small. Other words in the same layout reach 64% of the
#: cells and 10% of the area.
_SPREAD = 0.3
_PLACE_SHARE = 0.08
#: Correlation, where nothing changed, below which two pictures are not the same: empty paper proves nothing. Copies
#: have at least 0.98.
_LEAST_CORRELATION = 0.8
#: A copy may be this much lighter or darker (levels at mid grey; 10% and a gamma of 0.85 come to 26), and have so much
#: more or less contrast (10% come to 0.82 to 1.15) that it can be told at all.
_SHIFT = 40.0
_GAIN = 1.5
#: Share of what changed that one movement explains, from which it is another frame of the same scene: neighbouring
#: frames have at least 0.32, colours lost by a GIF 0.15.
_MOVED = 0.25
#: How far (share of a side) the edges of a whole picture may lie apart: a pixel or two of a preview, cut or added by
#: a converter.
_EDGES = 0.004
#: The same for a part's edges that seem to lie outside.
_OVERHANG = 0.008
#: Difference of the aspects (logarithm) up to which a picture was not stretched: a pixel of a preview is 1%. A part's
#: comes from registration.
_SAME_ASPECT = 0.015
_PART_ASPECT = 0.03
#: Least area of a part; a smaller one agrees with something by chance.
_LEAST_AREA = 0.45
#: Least correlation from which a place is worth refining.
_PLAUSIBLE = 0.45
#: Share of the steeper direction's slopes that the other must have to tell where a part lies: along a lone line, or
#: between stripes, it could lie anywhere.
_HELD = 0.01


@dataclass(frozen=True)
class Comparison:
    """What two pictures are to each other.

    Attributes:
        kind: never pixel-identical: looks cannot tell; ask `look.pixels_sha256` where kind is copy and sizes are equal.
        peak: the greatest difference (0-255 levels) of a blurred spot, less what edges and a change of brightness or
            contrast explain. Below 22 for compression and scaling of usual sizes; a mark has more.
        changed: share (0-1) of the common area that differs by more than 16 levels, edges aside.
        aspect_difference: by how much the aspects (width to height) differ, 0.01 is 1%; turned before.
        orientation: how the first picture has to be turned (`orientation.turn`) to look like the second; 0 as it is.
        crop: where the part lies in the other picture: left, top, right, bottom as shares of its width and height;
            None unless one is a part of the other.
        details: for a person, as JSON can hold it: `correlation`, `noise` (levels), `gain`, `shift` (levels),
            `part` (`first` or `second`, with crop alone), `reason` (why it is a look-alike).
    """

    kind: PairKind
    peak: float
    changed: float
    aspect_difference: float
    orientation: int
    crop: tuple[float, float, float, float] | None
    details: dict[str, Any]


class _Sheet(NamedTuple):
    """A look ready to be laid on another."""

    colour: Image.Image
    grey: Image.Image
    aspect: float
    is_grey: bool


class _Fit(NamedTuple):
    """Two pictures laid on each other, and what they are then."""

    kind: PairKind
    box: Box
    difference: Difference | None
    reason: str
    #: Which one is a part of the other, if one is: `first` or `second`. The box is where it lies.
    part: str = ""


def compare(a: Look, b: Look, orientation: int = 0) -> Comparison:
    """Return what two pictures are to each other if the first is laid in one of the 8 orientations.

    Raises:
        ValueError: there is no such orientation.
    """
    first, second = _sheet(a, orientation), _sheet(b, 0)
    stretch = abs(log(first.aspect / second.aspect))
    fit = _edge_on_edge(first, second, stretch)
    # A part that nearly fits edge on edge looks as if something moved: only a part that fits shows what it is.
    if fit.kind is PairKind.LOOK_ALIKE or (fit.kind is PairKind.EDITED and stretch > _SAME_ASPECT):
        fit = next((part for part in _parts(first, second) if part.kind is PairKind.CROP), fit)
    if a.facts.flat or b.facts.flat:
        fit = fit._replace(kind=PairKind.LOOK_ALIKE, reason="at least one shows nothing: a colour, a gradient")
    return _comparison(fit, stretch, orientation)


def _sheet(look: Look, orientation: int) -> _Sheet:
    colour = turn(Image.fromarray(look.pixels), orientation)
    # From 4 on the axes are swapped.
    width, height = (look.height, look.width) if orientation >= 4 else (look.width, look.height)
    luma = colour.convert("YCbCr")
    return _Sheet(luma, luma.getchannel(0), width / height, look.facts.grey)


def _edge_on_edge(first: _Sheet, second: _Sheet, stretch: float) -> _Fit:
    """Lay the one on the other, the edges on each other or nearly so."""
    box = refine(first.grey, second.grey, WHOLE)
    fit = _judged(first, second, box)
    if fit.kind is PairKind.LOOK_ALIKE:
        return fit
    # A pixel of the smaller one may be lost or won wherever a side is rounded.
    edges = max(_EDGES, 1 / min(*first.grey.size, *second.grey.size))
    if box.inset > edges or box.overhang > edges:
        return _part_or_beside(fit, first, second)
    if stretch > _SAME_ASPECT:
        return fit._replace(kind=PairKind.EDITED, reason="stretched")
    return fit


def _parts(first: _Sheet, second: _Sheet) -> Iterator[_Fit]:
    """Look for the second in the first, then for the first in the second."""
    for large, small, name in ((first, second, "second"), (second, first, "first")):
        box, score = search(large.grey, small.grey)
        if score >= _PLAUSIBLE:
            fit = _judged(large, small, refine(large.grey, small.grey, box))
            if fit.kind is not PairKind.LOOK_ALIKE and fit.box.inset > _EDGES:
                yield _part(fit, large, small, name)


def _part_or_beside(fit: _Fit, first: _Sheet, second: _Sheet) -> _Fit:
    """The second is a part of the first, or the other way round, or each shows something that the other does not."""
    turned = fit._replace(box=fit.box.inverse)
    ways = (_part(fit, first, second, "second"), _part(turned, second, first, "first"))
    return next((way for way in ways if way.kind is PairKind.CROP), ways[0])


def _part(fit: _Fit, large: _Sheet, small: _Sheet, name: str) -> _Fit:
    box = fit.box
    stretch = abs(log(box.width * large.aspect / (box.height * small.aspect)))
    if box.overhang > _OVERHANG or box.width * box.height < _LEAST_AREA:
        return fit._replace(kind=PairKind.LOOK_ALIKE, reason="each shows something that the other does not")
    if stretch > _PART_ASPECT:
        return fit._replace(kind=PairKind.LOOK_ALIKE, reason="like a part, but stretched")
    if fit.difference is None or fit.difference.held < _HELD:
        return fit._replace(kind=PairKind.LOOK_ALIKE, reason="like a part, but could lie anywhere")
    return fit._replace(kind=PairKind.CROP, part=name)


def _judged(large: _Sheet, small: _Sheet, box: Box) -> _Fit:
    """Tell what differs in what both show, and whether it is the same: copy, edited or look-alike."""
    colourless = large.is_grey != small.is_grey
    pictures = (large.grey, small.grey) if colourless else (large.colour, small.colour)
    both = both_sampled(*pictures, box, LOOK_SIDE)
    if both is None:
        return _Fit(PairKind.LOOK_ALIKE, box, None, "they have too little in common")
    difference = differ(*both)
    kind, reason = _verdict(difference)
    if kind is PairKind.COPY and colourless:
        kind, reason = PairKind.EDITED, "one has no colour"
    return _Fit(kind, box, difference, reason)


def _verdict(found: Difference) -> tuple[PairKind, str]:
    """Return what they are if they lie right, and why."""
    is_hard = not 1 / _GAIN < found.gain < _GAIN
    if is_hard or found.correlation < _LEAST_CORRELATION or found.usual > _NOISE:
        return PairKind.LOOK_ALIKE, "other pictures"
    if found.peak <= max(_COPY_PEAK, _COPY_NOISE * found.usual):
        is_same = abs(found.shift) <= _SHIFT
        return (PairKind.COPY, "") if is_same else (PairKind.EDITED, "much lighter or darker")
    is_mark = found.one_sided >= _ONE_SIDED and found.changed <= _MARK_SHARE
    is_place = found.spread <= _SPREAD and found.changed <= _PLACE_SHARE
    if not (is_mark or is_place):
        return PairKind.LOOK_ALIKE, "too much differs"
    # What moved is here lighter, there darker than what it leaves and covers; a mark is not.
    if not is_mark and _moved(found) > _MOVED:
        return PairKind.LOOK_ALIKE, "something moved"
    return PairKind.EDITED, "something was put on or taken off"


def _moved(found: Difference) -> float:
    step = max(1, round(max(found.map.shape) / 128))
    a, b = (grey[::step, ::step] for grey in found.greys)
    return moved_share(a, b, found.map[::step, ::step] > CHANGED)


def _comparison(fit: _Fit, stretch: float, orientation: int) -> Comparison:
    found, kind = fit.difference, fit.kind
    details: dict[str, Any] = {}
    if found is not None:
        details = {
            "correlation": round(found.correlation, 3),
            "noise": round(found.usual, 1),
            "gain": round(found.gain, 2),
            "shift": round(found.shift, 1),
            "one_sided": round(found.one_sided, 2),
            "spread": round(found.spread, 2),
        }
    if fit.reason:
        details["reason"] = fit.reason
    if fit.part:
        details["part"] = fit.part
    if orientation and kind is not PairKind.LOOK_ALIKE:
        details["turned"] = str(kind)
        kind = PairKind.TURNED
    return Comparison(
        kind=kind,
        peak=round(found.peak, 1) if found else 255.0,
        changed=round(found.changed, 4) if found else 1.0,
        aspect_difference=round(stretch, 4),
        orientation=orientation,
        crop=fit.box.rounded() if fit.part else None,
        details=details,
    )

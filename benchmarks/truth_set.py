"""Synthetic sets of pictures with known truth: what each pair of them is, made from a seed, the same every time.

A set is made of families. Every family has one base picture, variants of it (copies, edits, crops, turned ones) and
pictures that only look like it. `families(seed, count)` yields them one at a time, so that memory stays small.
"""

from __future__ import annotations

import io
import sys
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw, ImageEnhance

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.truth_pictures import BASES, font, words
from benchmarks.truth_twins import twins
from imagefap_scraper.dedup.kinds import PairKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.random import Generator

#: Pixels of the longer side: from what sites show as a preview to what cameras of today are scaled down to.
SIDES = (300, 2000)
#: Shares of the area that the crops take away.
CROPS = (0.02, 0.05, 0.10, 0.15, 0.20)
#: Pairs of two variants (rather than base and variant) taken from a family.
PAIRS_OF_VARIANTS = 30
#: Pillow's transpositions, the ones that turn.
_TURNS = {
    "mirror": Image.Transpose.FLIP_LEFT_RIGHT,
    "upside-down": Image.Transpose.FLIP_TOP_BOTTOM,
    "rotate90": Image.Transpose.ROTATE_90,
    "rotate180": Image.Transpose.ROTATE_180,
    "rotate270": Image.Transpose.ROTATE_270,
}
_COPIES = frozenset({PairKind.PIXEL_IDENTICAL, PairKind.COPY})


@dataclass(frozen=True)
class Variant:
    """One picture of a family: a name for people, what it is to the base (None: the base itself), and its file."""

    name: str
    kind: PairKind | None
    content: bytes


@dataclass(frozen=True)
class Pair:
    """Two pictures by their place in the family, what they truly are, and the least usual of the two names."""

    first: int
    second: int
    kind: PairKind
    name: str


@dataclass(frozen=True)
class Family:
    """A base and all that was made of it; `pairs` are those whose truth is known."""

    base: str
    variants: list[Variant]
    pairs: list[Pair] = field(default_factory=list)


def families(seed: int, count: int, longest: int = SIDES[1]) -> Iterator[Family]:
    """Yield so many families of a seed; `longest` bounds the longer side of the base pictures, in pixels."""
    for index in range(count):
        rng = np.random.default_rng((seed, index))
        draw = BASES[index % len(BASES)]
        base = draw(rng, random_size(rng, longest))
        variants = [_saved("base", None, base, rng, quality=int(rng.integers(85, 96)))]
        variants += [*_copies(rng, base), *_edits(rng, base), *_crops(rng, base), *_turned(rng, base)]
        family = Family(draw.__name__, variants)
        family.pairs.extend(_pairs(rng, variants))
        yield family


def negatives(seed: int, count: int, longest: int = SIDES[1]) -> Iterator[Family]:
    """Yield families of pictures that look alike and are not the same: every pair is a look-alike."""
    for index in range(count):
        rng = np.random.default_rng((seed, 1, index))
        name, pictures = twins(rng, random_size(rng, longest), index)
        variants = [
            _saved(f"{name}{number}", None, picture, rng, quality=int(rng.integers(70, 96)))
            for number, picture in enumerate(pictures)
        ]
        pairs = [Pair(a, b, PairKind.LOOK_ALIKE, name) for a, b in combinations(range(len(variants)), 2)]
        yield Family(name, variants, pairs)


def random_size(rng: Generator, longest: int) -> tuple[int, int]:
    """A size in pixels: portrait and landscape, from square to 2:1, small ones as often as large ones."""
    side = float(np.exp(rng.uniform(np.log(SIDES[0]), np.log(longest))))
    other = side / float(rng.choice([1.0, 1.25, 4 / 3, 1.5, 1.5, 16 / 9, 2.0]))
    return (round(side), round(other)) if rng.random() < 0.5 else (round(other), round(side))


def _saved(
    name: str, kind: PairKind | None, picture: Image.Image, rng: Generator, *, form: str = "JPEG", quality: int = 0
) -> Variant:
    out = io.BytesIO()
    options = {"quality": quality or int(rng.integers(75, 96))} if form in {"JPEG", "WEBP"} else {}
    picture.save(out, form, **options)
    return Variant(name, kind, out.getvalue())


def _resized(picture: Image.Image, factor: float, filter_: Image.Resampling) -> Image.Image:
    size = max(1, round(picture.width * factor)), max(1, round(picture.height * factor))
    return picture.resize(size, filter_)


def _copies(rng: Generator, base: Image.Image) -> Iterator[Variant]:
    copy = PairKind.COPY
    for quality in (30, 50, 75, 95):
        yield _saved(f"jpeg q{quality}", copy, base, rng, quality=quality)
    for form in ("PNG", "WEBP"):
        yield _saved(form.lower(), copy, base, rng, form=form)
    yield _saved("gif", copy, _in_256_colours(rng, base), rng, form="GIF")
    filters = (Image.Resampling.LANCZOS, Image.Resampling.BICUBIC, Image.Resampling.BILINEAR, Image.Resampling.BOX)
    for factor in (0.75, 0.5, 0.25, 1.5):
        # A preview has at least 100 pixels on its shorter side.
        scale = max(factor, 100 / min(base.size))
        chosen = filters[int(rng.integers(len(filters)))]
        yield _saved(f"resized {factor}", copy, _resized(base, scale, chosen), rng, quality=int(rng.integers(50, 95)))
    for step in (0.9, 1.1):
        yield _saved(f"brightness {step}", copy, ImageEnhance.Brightness(base).enhance(step), rng)
        yield _saved(f"contrast {step}", copy, ImageEnhance.Contrast(base).enhance(step), rng)
    gamma = float(rng.choice([0.85, 1.15]))
    yield _saved("gamma", copy, base.point([round(255 * (level / 255) ** gamma) for level in range(256)] * 3), rng)
    small = _resized(ImageEnhance.Brightness(base).enhance(1.06), max(0.6, 100 / min(base.size)), filters[0])
    yield _saved("resized bright q45", copy, small, rng, quality=45)


def _in_256_colours(rng: Generator, base: Image.Image) -> Image.Image:
    """With a pattern of points where a colour is missing, as most programs do, or with the nearest colour."""
    palette = base.quantize(256)
    return base.quantize(palette=palette, dither=Image.Dither.FLOYDSTEINBERG) if rng.random() < 0.5 else palette


def _edits(rng: Generator, base: Image.Image) -> Iterator[Variant]:
    marks = {
        "small text": _text(rng, base, 0.04, 1.0),
        "large text": _text(rng, base, 0.12, 1.0),
        "half transparent text": _text(rng, base, float(rng.uniform(0.06, 0.12)), float(rng.uniform(0.35, 0.6))),
        "corner logo": _logo(rng, base),
    }
    for name, marked in marks.items():
        yield _saved(name, PairKind.EDITED, marked, rng)
    shrunk = _resized(marks["small text"], max(0.7, 100 / min(base.size)), Image.Resampling.LANCZOS)
    yield _saved("small text, resized", PairKind.EDITED, shrunk, rng)


def _text(rng: Generator, base: Image.Image, share: float, opacity: float) -> Image.Image:
    """Words as high as a share of the shorter side, somewhere where they fit."""
    over = Image.new("L", base.size)
    pen = ImageDraw.Draw(over)
    height = share * min(base.size)
    text = words(rng, 2) + ".example"
    left, top, right, bottom = pen.textbbox((0, 0), text, font=font(height))
    x = rng.uniform(0.02, max(0.03, 0.98 - (right - left) / base.width)) * base.width
    y = rng.uniform(0.02, max(0.03, 0.98 - (bottom - top) / base.height)) * base.height
    pen.text((x - left, y - top), text, fill=round(255 * opacity), font=font(height))
    return _overlaid(base, over, _contrasting(base, over))


def _logo(rng: Generator, base: Image.Image) -> Image.Image:
    """A ring with a bar in a corner, 8% to 14% of the shorter side."""
    side = float(rng.uniform(0.08, 0.14)) * min(base.size)
    x = float(rng.choice([0.02 * base.width, 0.98 * base.width - side]))
    y = float(rng.choice([0.02 * base.height, 0.98 * base.height - side]))
    over = Image.new("L", base.size)
    pen = ImageDraw.Draw(over)
    pen.ellipse((x, y, x + side, y + side), outline=230, width=max(2, round(side / 7)))
    pen.rectangle((x + side * 0.4, y + side * 0.2, x + side * 0.6, y + side * 0.8), fill=230)
    return _overlaid(base, over, _contrasting(base, over))


def _contrasting(base: Image.Image, over: Image.Image) -> tuple[int, int, int]:
    """White, or near black where white would not be seen: nobody puts an invisible mark on a picture."""
    box = over.getbbox() or (0, 0, *base.size)
    return (255, 255, 255) if np.asarray(base.crop(box)).mean() < 150 else (15, 15, 15)


def _overlaid(base: Image.Image, over: Image.Image, fill: tuple[int, int, int]) -> Image.Image:
    marked = base.copy()
    marked.paste(Image.new("RGB", base.size, fill), (0, 0), over)
    return marked


def _crops(rng: Generator, base: Image.Image) -> Iterator[Variant]:
    """Cut from all sides, from one or two, by chance; some are scaled afterwards."""
    for share in CROPS:
        # Two numbers whose product is what is left: both sides about equally, or one side nearly alone.
        across = (1 - share) ** float(rng.uniform(0, 1))
        width, height = round(base.width * across), round(base.height * (1 - share) / across)
        left = round((base.width - width) * float(rng.choice([0, 0.5, 1, rng.random()])))
        top = round((base.height - height) * float(rng.choice([0, 0.5, 1, rng.random()])))
        cut = base.crop((left, top, left + width, top + height))
        if rng.random() < 0.4:
            cut = _resized(cut, max(float(rng.uniform(0.4, 0.9)), 100 / min(cut.size)), Image.Resampling.LANCZOS)
        yield _saved(f"crop {share:.0%}", PairKind.CROP, cut, rng)


def _turned(rng: Generator, base: Image.Image) -> Iterator[Variant]:
    for name, way in _TURNS.items():
        yield _saved(name, PairKind.TURNED, base.transpose(way), rng)
    small = _resized(base.transpose(_TURNS["mirror"]), max(0.5, 100 / min(base.size)), Image.Resampling.BICUBIC)
    yield _saved("mirror, resized", PairKind.TURNED, small, rng, quality=60)


def _pairs(rng: Generator, variants: list[Variant]) -> list[Pair]:
    """Base against every variant, and some of variants: those of which at least one is a plain copy."""
    pairs = [Pair(0, place, variant.kind, variant.name) for place, variant in enumerate(variants) if variant.kind]
    known = [
        (a, b)
        for a, b in combinations(range(1, len(variants)), 2)
        if variants[a].kind in _COPIES or variants[b].kind in _COPIES
    ]
    for place in rng.permutation(len(known))[:PAIRS_OF_VARIANTS]:
        a, b = known[place]
        least = b if variants[a].kind in _COPIES else a
        pairs.append(Pair(a, b, variants[least].kind or PairKind.COPY, variants[least].name))
    return pairs

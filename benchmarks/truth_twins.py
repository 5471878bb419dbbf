"""Pictures that look alike and are not the same: what a search must not call copies."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw

from benchmarks.truth_pictures import BASES, blob, colour, font, gradient, head, noise, picture_of, texture, words

if TYPE_CHECKING:
    from numpy.random import Generator

    from benchmarks.truth_pictures import Size


def twins(rng: Generator, size: Size, index: int) -> tuple[str, list[Image.Image]]:
    """Return one sort of such pictures, by turns, with its name: two to four, no two of which are the same."""
    kind = (_templates, _moved, _panned, _gradients, _pages, _heads, _one_colour)[index % 7]
    return kind.__name__.removeprefix("_"), kind(rng, size)


def _templates(rng: Generator, size: Size) -> list[Image.Image]:
    """One frame and heading, other content in it: cards, covers, pages of a gallery."""
    frame = texture(rng, size)
    width, height = size
    pen = ImageDraw.Draw(frame)
    pen.rectangle((0, 0, width, height * 0.12), fill=colour(rng))
    pen.text((width * 0.05, height * 0.02), words(rng, 2), fill="white", font=font(height * 0.07))
    # The content takes 30% to 70% of the area.
    across, down = rng.uniform(0.6, 0.9), rng.uniform(0.55, 0.8)
    inner = round(width * across), round(height * down)
    at = round((width - inner[0]) / 2), round(height * 0.14)
    made = []
    for _ in range(3):
        picture = frame.copy()
        picture.paste(BASES[int(rng.integers(4))](rng, inner), at)
        made.append(picture)
    return made


def _moved(rng: Generator, size: Size) -> list[Image.Image]:
    """Neighbouring frames: something textured moves by 1.5% to 6% a frame before a still background."""
    width, height = size
    ground = BASES[int(rng.integers(4))](rng, size)
    body = round(min(size) * float(rng.uniform(0.3, 0.55)))
    thing = texture(rng, (body, body))
    mask = Image.new("L", thing.size)
    ImageDraw.Draw(mask).ellipse((0, 0, body - 1, body - 1), fill=255)
    x, y = rng.uniform(0.05, 0.4) * width, rng.uniform(0.05, 0.4) * height
    angle, step = rng.uniform(0, 2 * np.pi), rng.uniform(0.015, 0.06) * max(size)
    made = []
    for frame in range(3):
        picture = ground.copy()
        at = round(x + np.cos(angle) * step * frame), round(y + np.sin(angle) * step * frame)
        picture.paste(thing, at, mask)
        made.append(_grained(rng, picture))
    return made


def _panned(rng: Generator, size: Size) -> list[Image.Image]:
    """Neighbouring frames: the camera turns by 2% to 6% a frame, so that each shows something that others do not."""
    width, height = size
    across, down = rng.uniform(0.02, 0.06) * width, rng.uniform(0.0, 0.03) * height
    wide = BASES[int(rng.integers(4))](rng, (round(width + 2 * across), round(height + 2 * down)))
    boxes = [(round(across * frame), round(down * frame)) for frame in range(3)]
    return [_grained(rng, wide.crop((left, top, left + width, top + height))) for left, top in boxes]


def _gradients(rng: Generator, size: Size) -> list[Image.Image]:
    """Slopes that differ a little in their corners."""
    low = int(rng.integers(0, 150))
    return [gradient(rng, size, low, low + 100) for _ in range(4)]


def _one_colour(rng: Generator, size: Size) -> list[Image.Image]:
    """Empty pictures, with nothing or with one line on them at different places."""
    ground = colour(rng)
    made = [Image.new("RGB", size, ground), Image.new("RGB", size, colour(rng))]
    for _ in range(2):
        picture = Image.new("RGB", size, ground)
        y = rng.uniform(0.1, 0.9) * size[1]
        ImageDraw.Draw(picture).line((0, y, size[0], y), fill=colour(rng), width=max(2, size[1] // 80))
        made.append(picture)
    return made


def _pages(rng: Generator, size: Size) -> list[Image.Image]:
    """Screens of the same program with other words and pictures."""
    width, height = size
    bar, ground = colour(rng, 20, 150), colour(rng, 235, 256)
    line = max(11.0, min(size) / 25)
    made = []
    for _ in range(3):
        picture = Image.new("RGB", size, ground)
        pen = ImageDraw.Draw(picture)
        pen.rectangle((0, 0, width, line * 2), fill=bar)
        pen.rectangle((0, 0, width * 0.2, height), fill=bar)
        for row in range(int((height - line * 3) / (line * 1.5))):
            text = words(rng, int(rng.integers(3, 9)))
            pen.text((width * 0.23, line * (3 + 1.5 * row)), text, fill=(20, 20, 20), font=font(line))
        made.append(picture)
    return made


def _heads(rng: Generator, size: Size) -> list[Image.Image]:
    """Portraits of the same sitter before the same wall: the face in another place, or other things around it."""
    state = rng.bit_generator.state
    made = []
    for number in range(2):
        again = np.random.default_rng()
        again.bit_generator.state = state
        made.append((again, number))
    first = head(made[0][0], size)
    other = head(made[1][0], size)
    mask = Image.new("L", size)
    for _ in range(4):
        blob(ImageDraw.Draw(mask), rng, size, 255, 0.6)
    other.paste(picture_of(np.asarray(first) * 0.5 + 90 * noise(rng, size, 0.6) + 60), (0, 0), mask)
    return [first, other, head(rng, size)]


def _grained(rng: Generator, picture: Image.Image) -> Image.Image:
    """The same light never falls twice on a sensor."""
    return picture_of(np.asarray(picture) + rng.normal(0, 2.5, (picture.height, picture.width, 1)).astype(np.float32))

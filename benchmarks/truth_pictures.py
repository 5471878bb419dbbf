"""Synthetic pictures for the truth sets: textures, shapes, drawings, pages of words, scenes; all from a seed.

Nothing here knows of hashes or of comparing. Every drawing takes a random generator and a size in pixels.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.random import Generator


WORDS = (
    *("amber", "basin", "cedar", "delta", "ember", "field", "grove", "harbour", "island", "juniper", "kettle"),
    *("lantern", "meadow", "north", "orchard", "pebble", "quarry", "river", "summit", "timber", "upland", "valley"),
    *("willow", "yonder", "zephyr"),
)

Colour = tuple[int, int, int]
Size = tuple[int, int]


def colour(rng: Generator, low: int = 0, high: int = 256) -> Colour:
    """A random colour with every channel in [low, high)."""
    red, green, blue = (int(level) for level in rng.integers(low, high, 3))
    return red, green, blue


def font(height: float) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """Pillow's own font at a height in pixels."""
    return ImageFont.load_default(max(6, height))


def words(rng: Generator, count: int) -> str:
    """So many random words."""
    return " ".join(str(word) for word in rng.choice(WORDS, count))


def noise(rng: Generator, size: Size, roughness: float, channels: int = 3) -> np.ndarray:
    """Sum of octaves, about -1 to 1; the higher `roughness` (0.4 to 0.8), the more of the fine ones. Height first."""
    width, height = size
    total = np.zeros((height, width, channels), np.float32)
    cells, strength = 2, 1.0
    while cells < max(size):
        grid = rng.uniform(-1, 1, (max(2, cells * height // width), cells, channels)).astype(np.float32)
        for channel in range(channels):
            plane = Image.fromarray(grid[..., channel]).resize(size, Image.Resampling.BICUBIC)
            total[..., channel] += strength * np.asarray(plane)
        # Two octaves at a time: half the work, and no eye sees it.
        cells, strength = cells * 4, strength * roughness**2
    return total


def picture_of(levels: np.ndarray) -> Image.Image:
    """Levels 0 to 255, cut off beyond."""
    return Image.fromarray(np.clip(levels, 0, 255).astype(np.uint8))


def gradient(rng: Generator, size: Size, low: int = 0, high: int = 256) -> Image.Image:
    """A smooth slope between four corner colours."""
    corners = rng.integers(low, high, (2, 2, 3)).astype(np.uint8)
    across, down = np.meshgrid(np.linspace(0, 1, size[0]), np.linspace(0, 1, size[1]))
    u, v = across[..., None], down[..., None]
    top, bottom = corners[0, 0] * (1 - u) + corners[0, 1] * u, corners[1, 0] * (1 - u) + corners[1, 1] * u
    return picture_of(top * (1 - v) + bottom * v)


def texture(rng: Generator, size: Size) -> Image.Image:
    """Clouds, stone, cloth: 1/f noise in two colours, with a little colour of its own."""
    grey = noise(rng, size, float(rng.uniform(0.45, 0.75)), 1)
    tint = noise(rng, size, 0.4)
    base, contrast = rng.uniform(90, 165, 3), rng.uniform(40, 110, 3)
    return picture_of(base + contrast * grey + 20 * tint)


def shapes(rng: Generator, size: Size) -> Image.Image:
    """Flat shapes on a slope."""
    picture = gradient(rng, size)
    for _ in range(int(rng.integers(8, 30))):
        blob(ImageDraw.Draw(picture), rng, size, colour(rng))
    return picture


def blob(pen: ImageDraw.ImageDraw, rng: Generator, size: Size, fill: Colour | int, share: float = 0.35) -> None:
    """One ellipse, rectangle or polygon of up to `share` of the longer side."""
    width, height = size
    reach = share * max(size)
    x, y = rng.uniform(0, width), rng.uniform(0, height)
    across, down = rng.uniform(0.15, 1, 2) * reach / 2
    kind = int(rng.integers(3))
    if kind == 0:
        pen.ellipse((x - across, y - down, x + across, y + down), fill=fill)
    elif kind == 1:
        pen.rectangle((x - across, y - down, x + across, y + down), fill=fill)
    else:
        angles = np.sort(rng.uniform(0, 2 * np.pi, int(rng.integers(3, 8))))
        pen.polygon([(x + across * np.cos(a), y + down * np.sin(a)) for a in angles], fill=fill)


def leaves(rng: Generator, size: Size) -> Image.Image:
    """Textured shapes over one another, from large to small: the statistics of photographs."""
    picture = texture(rng, size)
    for share in np.geomspace(0.8, 0.06, int(rng.integers(15, 45))):
        mask = Image.new("L", size)
        blob(ImageDraw.Draw(mask), rng, size, 255, float(share))
        box = mask.getbbox()
        if box is None:
            continue
        patch = Image.new("RGB", (box[2] - box[0], box[3] - box[1]), colour(rng))
        rough = noise(rng, patch.size, 0.6, 1) * float(rng.uniform(0, 40))
        picture.paste(picture_of(np.asarray(patch) + rough), box, mask.crop(box))
    return _finished(rng, picture)


def scene(rng: Generator, size: Size) -> Image.Image:
    """A sky, ridges one behind the other, something round in front."""
    width, height = size
    picture = gradient(rng, size, 110, 250)
    for ridge in range(int(rng.integers(2, 5))):
        steps = np.linspace(0, width, 40)
        heights = height * (0.35 + 0.15 * ridge) + np.cumsum(rng.normal(0, height * 0.02, 40))
        mask = Image.new("L", size)
        outline = [*zip(steps, heights, strict=True), (width, height), (0, height)]
        ImageDraw.Draw(mask).polygon(outline, fill=255)
        ground = np.asarray(Image.new("RGB", size, colour(rng, 20, 190))) + 45 * noise(rng, size, 0.65, 1)
        picture.paste(picture_of(ground), (0, 0), mask)
    for _ in range(int(rng.integers(1, 4))):
        blob(ImageDraw.Draw(picture), rng, size, colour(rng), 0.3)
    return _finished(rng, picture)


def head(rng: Generator, size: Size) -> Image.Image:
    """Something like a portrait: an oval with two eyes and a mouth before a soft background."""
    width, height = size
    picture = texture(rng, size).filter(ImageFilter.GaussianBlur(max(size) / 60))
    pen = ImageDraw.Draw(picture)
    x, y = width * rng.uniform(0.35, 0.65), height * rng.uniform(0.4, 0.6)
    across, down = min(size) * rng.uniform(0.2, 0.3), min(size) * rng.uniform(0.28, 0.4)
    pen.ellipse((x - across * 1.25, y - down * 1.3, x + across * 1.25, y + down), fill=colour(rng, 10, 120))
    pen.ellipse((x - across, y - down, x + across, y + down), fill=colour(rng, 140, 235))
    for side in (-0.4, 0.4):
        ex, ey, r = x + side * across, y - down * 0.2, across * 0.16
        pen.ellipse((ex - r * 1.5, ey - r, ex + r * 1.5, ey + r), fill=(245, 245, 240))
        pen.ellipse((ex - r * 0.8, ey - r * 0.8, ex + r * 0.8, ey + r * 0.8), fill=colour(rng, 10, 110))
    pen.arc((x - across * 0.5, y, x + across * 0.5, y + down * 0.6), 20, 160, (150, 50, 50), max(2, int(across / 12)))
    return _finished(rng, picture.filter(ImageFilter.GaussianBlur(max(size) / 400)))


def drawing(rng: Generator, size: Size) -> Image.Image:
    """Lines and a few filled shapes on paper."""
    width, height = size
    picture = Image.new("RGB", size, colour(rng, 225, 256))
    pen = ImageDraw.Draw(picture)
    for _ in range(int(rng.integers(4, 12))):
        blob(pen, rng, size, colour(rng, 60, 250), 0.4)
    for _ in range(int(rng.integers(15, 40))):
        x, y = rng.uniform(0, width), rng.uniform(0, height)
        turns = np.cumsum(rng.normal(0, 0.5, 14)) + rng.uniform(0, 6)
        step = max(size) / 40
        path = np.stack([x + np.cumsum(np.cos(turns)) * step, y + np.cumsum(np.sin(turns)) * step], axis=1)
        pen.line(path.ravel().tolist(), fill=colour(rng, 0, 80), width=max(1, max(size) // 250), joint="curve")
    return picture


def page(rng: Generator, size: Size) -> Image.Image:
    """A screen of words with a heading and a box or two."""
    width, height = size
    picture = Image.new("RGB", size, colour(rng, 235, 256))
    pen = ImageDraw.Draw(picture)
    line = max(11.0, min(size) / float(rng.uniform(18, 32)))
    pen.rectangle((0, 0, width, line * 2), fill=colour(rng, 20, 180))
    pen.text((line, line * 0.4), words(rng, 2), fill="white", font=font(line * 1.2))
    for _ in range(int(rng.integers(1, 4))):
        x, y = rng.uniform(0.1, 0.7) * width, rng.uniform(0.2, 0.8) * height
        pen.rectangle((x, y, x + width * rng.uniform(0.1, 0.4), y + height * rng.uniform(0.1, 0.2)), fill=colour(rng))
    for row in range(int((height - line * 3) / (line * 1.4))):
        text = words(rng, int(rng.integers(3, 12)))
        pen.text((line, line * (3 + 1.4 * row)), text, fill=(25, 25, 30), font=font(line))
    return picture


def _finished(rng: Generator, picture: Image.Image) -> Image.Image:
    """What a camera adds: a little softness and grain."""
    grain = rng.normal(0, float(rng.uniform(0, 5)), (picture.height, picture.width, 1)).astype(np.float32)
    return picture_of(np.asarray(picture.filter(ImageFilter.GaussianBlur(float(rng.uniform(0.4, 1.1))))) + grain)


BASES: tuple[Callable[[Generator, Size], Image.Image], ...] = (leaves, texture, scene, head, shapes, drawing, page)

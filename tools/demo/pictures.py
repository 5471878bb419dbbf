"""Synthetic pictures: gradients, shapes and words, made from a recipe, the same bytes every time."""

from __future__ import annotations

import base64
import functools
import hashlib
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PIL import Image, ImageDraw, ImageEnhance, ImageFont

from tools.demo.seeds import chance

if TYPE_CHECKING:
    import random
    from collections.abc import Callable

#: A JPEG comment: marker, two bytes of length (which count themselves), text.
COMMENT_MARKER = b"\xff\xfe"
JPEG_END = b"\xff\xd9"
ANIMATION_FRAMES = 4
#: A picture is asked for at least once for the page of truths and once by each crawl.
KEPT_PICTURES = 4096


@dataclass(frozen=True)
class Recipe:
    """How a picture is made.

    Attributes:
        format: a key of `ENCODERS`, or `raw` for the bytes in `data`.
        seed: what is drawn.
        width: pixels.
        height: pixels.
        edit: what makes a near duplicate of the same seed: `quality`, `bright`, `crop` or `small`; empty for none.
        size: bytes that a JPEG comes near to (within about a tenth); 0 for whatever the picture needs.
        mark: a number written into a JPEG's comment, so that one drawing gives many files; 0 for none.
        data: base64 of the bytes themselves, for `raw`.
    """

    format: str = "jpeg"
    seed: int = 0
    width: int = 160
    height: int = 120
    edit: str = ""
    size: int = 0
    mark: int = 0
    data: str = ""


@dataclass(frozen=True)
class Digest:
    """What a picture's bytes come to: `sha256` (64 hexadecimal digits) and `size` (bytes)."""

    sha256: str
    size: int


def content(recipe: Recipe) -> bytes:
    """The bytes of the picture."""
    base = _base(_unmarked(recipe))
    return base[: -len(JPEG_END)] + _mark(recipe) if recipe.mark else base


def is_ready(recipe: Recipe) -> bool:
    """True if `content` needs no drawing: the same picture was made before in this process."""
    return _unmarked(recipe) in _made


def digest(recipe: Recipe) -> Digest:
    """The digest of `content(recipe)`, without putting marked bytes together: the mark stands at the very end."""
    base = _base(_unmarked(recipe))
    if not recipe.mark:
        return Digest(hashlib.sha256(base).hexdigest(), len(base))
    running = _hash_before_mark(_unmarked(recipe)).copy()
    mark = _mark(recipe)
    running.update(mark)
    return Digest(running.hexdigest(), len(base) - len(JPEG_END) + len(mark))


def pixel_size(recipe: Recipe) -> tuple[int, int] | None:
    """Width and height in pixels, without drawing; None for `raw`."""
    if recipe.format == "raw":
        return None
    if recipe.edit == "crop":
        return recipe.width - 2 * (recipe.width // 20), recipe.height - 2 * (recipe.height // 20)
    if recipe.edit == "small":
        return recipe.width * 3 // 4, recipe.height * 3 // 4
    return recipe.width, recipe.height


_made: set[Recipe] = set()


def _unmarked(recipe: Recipe) -> Recipe:
    if not recipe.mark:
        return recipe
    return Recipe(recipe.format, recipe.seed, recipe.width, recipe.height, recipe.edit, recipe.size)


@functools.lru_cache(maxsize=KEPT_PICTURES)
def _base(recipe: Recipe) -> bytes:
    made = base64.b64decode(recipe.data) if recipe.format == "raw" else ENCODERS[recipe.format](recipe)
    _made.add(recipe)
    return made


@functools.lru_cache(maxsize=64)
def _hash_before_mark(recipe: Recipe) -> hashlib._Hash:
    return hashlib.sha256(_base(recipe)[: -len(JPEG_END)])


def _mark(recipe: Recipe) -> bytes:
    text = f"picture {recipe.mark}".encode()
    return COMMENT_MARKER + (len(text) + 2).to_bytes(2, "big") + text + JPEG_END


def draw(recipe: Recipe, frame: int = 0) -> Image.Image:
    """The picture as RGB; `frame` moves one of its shapes, for animations."""
    random = chance("picture", recipe.seed)
    width, height = recipe.width, recipe.height
    ground = Image.frombytes("RGB", (4, 3), random.randbytes(36)).resize((width, height), Image.Resampling.BICUBIC)
    if recipe.size:
        ground = _roughen(ground, random)
    pen = ImageDraw.Draw(ground)
    for _ in range(4):
        _shape(pen, random, width, height)
    left = (width // ANIMATION_FRAMES) * frame
    pen.ellipse((left, height // 3, left + width // 5, height // 3 + height // 4), fill=_colour(random))
    pen.text((4, height - 16), f"no. {recipe.seed}", fill="white", font=_font())
    return _edited(ground, recipe)


def _colour(random: random.Random) -> tuple[int, int, int]:
    return random.randrange(256), random.randrange(256), random.randrange(256)


def _shape(pen: ImageDraw.ImageDraw, random: random.Random, width: int, height: int) -> None:
    left, top = random.randrange(width), random.randrange(height)
    box = (left, top, left + random.randint(width // 8, width // 2), top + random.randint(height // 8, height // 2))
    kind = random.randrange(3)
    if kind == 0:
        pen.rectangle(box, fill=_colour(random))
    elif kind == 1:
        pen.ellipse(box, fill=_colour(random))
    else:
        pen.polygon([(box[0], box[3]), (box[2], box[3]), ((box[0] + box[2]) // 2, box[1])], fill=_colour(random))


def _roughen(ground: Image.Image, random: random.Random) -> Image.Image:
    """The same with grain in it, because a smooth picture cannot be made a large JPEG."""
    grain = Image.frombytes("RGB", ground.size, random.randbytes(ground.width * ground.height * 3))
    return Image.blend(ground, grain, 0.15)


@functools.cache
def _font() -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default()


def _edited(picture: Image.Image, recipe: Recipe) -> Image.Image:
    if recipe.edit == "bright":
        return ImageEnhance.Brightness(picture).enhance(1.05)
    if recipe.edit == "crop":
        across, down = recipe.width // 20, recipe.height // 20
        return picture.crop((across, down, recipe.width - across, recipe.height - down))
    if recipe.edit == "small":
        return picture.resize((recipe.width * 3 // 4, recipe.height * 3 // 4), Image.Resampling.LANCZOS)
    return picture


def _saved(picture: Image.Image, kind: str, **options: object) -> bytes:
    out = io.BytesIO()
    picture.save(out, kind, **options)
    return out.getvalue()


def _jpeg(recipe: Recipe, **options: object) -> bytes:
    picture = draw(recipe)
    quality = 60 if recipe.edit == "quality" else 85
    if not recipe.size:
        return _saved(picture, "JPEG", quality=quality, **options)
    low, high, best = 5, 96, b""
    # The largest quality that stays within the size: seven halvings of the range.
    while low <= high:
        quality = (low + high) // 2
        made = _saved(picture, "JPEG", quality=quality, **options)
        if len(made) <= recipe.size * 1.05:
            low, best = quality + 1, made
        else:
            high = quality - 1
    return best or _saved(picture, "JPEG", quality=5, **options)


def _cmyk(recipe: Recipe) -> bytes:
    return _saved(draw(recipe).convert("CMYK"), "JPEG", quality=85)


def _grey(recipe: Recipe) -> bytes:
    return _saved(draw(recipe).convert("L"), "JPEG", quality=85)


def _png16(recipe: Recipe) -> bytes:
    """Sixteen bits of grey, with values that eight bits cannot hold."""
    grey = draw(recipe).convert("L").tobytes()
    deep = b"".join((value * 257 ^ 0x5A).to_bytes(2, "little") for value in grey)
    return _saved(Image.frombytes("I;16", pixel_size(recipe) or (1, 1), deep), "PNG")


def _palette(recipe: Recipe) -> bytes:
    return _saved(draw(recipe).quantize(32), "PNG")


def _moving(recipe: Recipe, kind: str, **options: object) -> bytes:
    first, *rest = (draw(recipe, frame) for frame in range(ANIMATION_FRAMES))
    return _saved(first, kind, save_all=True, append_images=rest, **options)


def _still(kind: str, **options: object) -> Callable[[Recipe], bytes]:
    return lambda recipe: _saved(draw(recipe), kind, **options)


#: How each format is written.
ENCODERS: dict[str, Callable[[Recipe], bytes]] = {
    "jpeg": _jpeg,
    "jpeg_progressive": lambda recipe: _jpeg(recipe, progressive=True),
    "jpeg_cmyk": _cmyk,
    "jpeg_grey": _grey,
    "mpo": lambda recipe: _moving(recipe, "MPO", quality=85),
    "png": _still("PNG"),
    "png_palette": _palette,
    "png16": _png16,
    "apng": lambda recipe: _moving(recipe, "PNG", duration=100),
    "gif": _still("GIF"),
    "gif_animated": lambda recipe: _moving(recipe, "GIF", duration=100, loop=0),
    "webp": _still("WEBP", quality=80),
    "webp_animated": lambda recipe: _moving(recipe, "WEBP", duration=100, quality=80),
    "bmp": _still("BMP"),
    "tiff": _still("TIFF", compression="tiff_lzw"),
    "avif": _still("AVIF", quality=60),
}

#: What each format is by content: the name that Pillow has for it, and the usual end of a file's name.
FORMAT_NAMES: dict[str, tuple[str, str]] = {
    "jpeg": ("JPEG", "jpg"),
    "jpeg_progressive": ("JPEG", "jpg"),
    "jpeg_cmyk": ("JPEG", "jpg"),
    "jpeg_grey": ("JPEG", "jpg"),
    # Pictures of cameras with two lenses: a JPEG with another one behind it.
    "mpo": ("JPEG", "jpg"),
    "png": ("PNG", "png"),
    "png_palette": ("PNG", "png"),
    "png16": ("PNG", "png"),
    "apng": ("PNG", "png"),
    "gif": ("GIF", "gif"),
    "gif_animated": ("GIF", "gif"),
    "webp": ("WEBP", "webp"),
    "webp_animated": ("WEBP", "webp"),
    "bmp": ("BMP", "bmp"),
    "tiff": ("TIFF", "tiff"),
    "avif": ("AVIF", "avif"),
    "raw": ("", "jpg"),
}

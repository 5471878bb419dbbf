from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image, ImageDraw

from imagefap_scraper.dedup.encoding import draft, encode_image, encode_more, encode_phash, hamming_distance
from imagefap_scraper.dedup.hashers import load_hashers

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def picture(width: int, height: int, seed: int) -> Image.Image:
    """Return a picture with structure at several scales, like a photograph."""
    random = np.random.default_rng(seed)
    total = np.full((height, width, 3), 128.0)
    for cells in (3, 6, 14, 40):
        grid = Image.fromarray(random.integers(0, 255, (cells, cells, 3), dtype=np.uint8))
        total += (np.asarray(grid.resize((width, height), Image.Resampling.BICUBIC), dtype=float) - 128) / cells**0.4
    return Image.fromarray(total.clip(0, 255).astype(np.uint8))


def saved(image: Image.Image, image_format: str, **options: Any) -> bytes:
    stream = io.BytesIO()
    image.save(stream, image_format, **options)
    return stream.getvalue()


@pytest.mark.parametrize(
    ("image_format", "options"),
    [("JPEG", {"quality": 85}), ("PNG", {}), ("GIF", {}), ("WEBP", {}), ("BMP", {}), ("TIFF", {})],
)
# imagededup itself leaves the files of animation formats to the garbage collector.
@pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("size", [(300, 200), (383, 600), (33, 20), (9, 700)])
def test_hashes_equal_imagededups_where_nothing_is_reduced(
    image_format: str, options: dict[str, Any], size: tuple[int, int], tmp_path: Path
) -> None:
    path = tmp_path / "picture"
    path.write_bytes(saved(picture(*size, seed=5), image_format, **options))
    hashers: Any = load_hashers()
    with Image.open(path) as image:
        assert not draft(image)
        encoding = encode_image(image)
    assert encoding.phash == hashers.phash.encode_image(image_file=path)
    assert encoding.dhash == hashers.dhash.encode_image(image_file=path)


@pytest.mark.parametrize("mode", ["L", "LA", "P", "RGBA", "CMYK", "1"])
def test_hashes_equal_imagededups_for_every_mode(mode: str, tmp_path: Path) -> None:
    image = picture(120, 90, seed=2).convert(mode)
    path = tmp_path / "picture"
    path.write_bytes(saved(image, "TIFF" if mode == "CMYK" else "PNG"))
    hashers: Any = load_hashers()
    with Image.open(path) as opened:
        assert encode_image(opened).phash == hashers.phash.encode_image(image_file=path)


def test_sixteen_bits_are_hashed_by_their_upper_eight() -> None:
    """imagededup finds nearly every level of such a picture white."""
    grey = picture(120, 90, seed=2).convert("L")
    deep = Image.fromarray(np.asarray(grey).astype(np.uint16) * 257)
    assert deep.mode == "I;16"
    assert encode_image(deep) == encode_image(grey)


def test_a_large_jpeg_is_decoded_reduced_and_at_most_two_bits_differ(tmp_path: Path) -> None:
    hashers: Any = load_hashers()
    path = tmp_path / "picture.jpg"
    distances = []
    for seed in range(12):
        size = [(1200, 900), (768, 1024), (384, 384)][seed % 3]
        path.write_bytes(saved(picture(*size, seed=seed), "JPEG", quality=80, progressive=seed % 2 == 0))
        with Image.open(path) as image:
            reduced = draft(image)
            assert reduced
            assert min(image.size) >= 192
            phash = encode_phash(image, reduced=reduced)
        distances.append(hamming_distance(phash, hashers.phash.encode_image(image_file=path)))
    assert max(distances) <= 2
    assert distances.count(0) >= 10


def test_where_a_reduced_decode_ends_outside_the_picture_that_part_does_not_count(tmp_path: Path) -> None:
    """Decoded at a quarter, 769 pixels become 193, the last of which shows one pixel and three that are not there."""
    hashers: Any = load_hashers()
    path = tmp_path / "picture.jpg"
    distances = []
    for seed in range(16):
        path.write_bytes(saved(picture(769, 801, seed=seed), "JPEG", quality=90))
        with Image.open(path) as image:
            reduced = draft(image)
            assert image.size == (193, 201)
            assert reduced == (0, 0, 769 / 4, 801 / 4)
            phash = encode_phash(image, reduced=reduced)
        distances.append(hamming_distance(phash, hashers.phash.encode_image(image_file=path)))
    assert max(distances) <= 2
    assert distances.count(0) >= 14


@pytest.mark.parametrize("mode", ["RGB", "L", "P", "RGBA"])
@pytest.mark.parametrize("size", [(120, 90), (299, 180)])
def test_the_other_two_hashes_are_imagededups(mode: str, size: tuple[int, int], tmp_path: Path) -> None:
    hashers: Any = load_hashers()
    path = tmp_path / "picture"
    path.write_bytes(saved(picture(*size, seed=4).convert(mode), "PNG"))
    with Image.open(path) as image:
        more = encode_more(image)
    assert more == tuple(hasher.encode_image(image_file=path) for hasher in (hashers.ahash, hashers.whash))
    assert len({encode_image(Image.open(path)).phash, *more}) == 3


def test_phash_alone_is_the_same_phash() -> None:
    image = picture(300, 200, seed=8)
    assert encode_phash(image) == encode_image(image).phash


WIDTH, HEIGHT = 800, 600
Pen = ImageDraw.ImageDraw


def slope() -> Image.Image:
    levels = np.add.outer(np.linspace(0, 127, HEIGHT), np.linspace(0, 127, WIDTH))
    return Image.fromarray(levels.astype(np.uint8)).convert("RGB")


def noise() -> Image.Image:
    grain = 128 + np.random.default_rng(1).normal(size=(HEIGHT, WIDTH, 3)) * 4
    return Image.fromarray(grain.astype(np.uint8))


def dark() -> Image.Image:
    return Image.blend(picture(WIDTH, HEIGHT, seed=3), Image.new("RGB", (WIDTH, HEIGHT)), 0.95)


def drawn(*strokes: Callable[[Pen], None], ground: str = "white") -> Callable[[], Image.Image]:
    def draw() -> Image.Image:
        image = Image.new("RGB", (WIDTH, HEIGHT), ground)
        for stroke in strokes:
            stroke(ImageDraw.Draw(image))
        return image

    return draw


def stripes(pen: Pen) -> None:
    for left in range(0, WIDTH, 80):
        pen.rectangle((left, 0, left + 39, HEIGHT), fill="red")


def page_of_text(pen: Pen) -> None:
    for top in range(10, 590, 22):
        pen.text((10, top), f"Plain words in line {top} and more words " * 3, fill="black", font_size=16)


#: Pictures whose hash says nothing.
FLAT: dict[str, Callable[[], Image.Image]] = {
    "one colour": drawn(ground="teal"),
    "halves": drawn(lambda pen: pen.rectangle((0, 0, 367, 600), fill="navy")),
    "stripes": drawn(stripes),
    "gradient": lambda: Image.linear_gradient("L").resize((WIDTH, HEIGHT)).convert("RGB"),
    "slanting gradient": slope,
    "round gradient": lambda: Image.radial_gradient("L").resize((WIDTH, HEIGHT)).convert("RGB"),
    "noise": noise,
    "level line": drawn(lambda pen: pen.line((50, 300, 760, 300), fill="black", width=2)),
    "dot": drawn(lambda pen: pen.ellipse((390, 290, 410, 310), fill="black")),
    "frame": drawn(lambda pen: pen.rectangle((20, 20, 779, 579), outline="black", width=12)),
    "centred disc": drawn(lambda pen: pen.ellipse((200, 100, 600, 500), fill="green")),
    "centred square": drawn(lambda pen: pen.rectangle((300, 200, 500, 400), fill="green")),
    "cross": drawn(
        lambda pen: pen.rectangle((380, 100, 419, 499), fill="red"),
        lambda pen: pen.rectangle((200, 280, 599, 319), fill="red"),
    ),
}
#: Poor ones that have a hash to be known by.
TELLING: dict[str, Callable[[], Image.Image]] = {
    "photo": lambda: picture(WIDTH, HEIGHT, seed=3),
    "dark photo": dark,
    "tiny text": drawn(lambda pen: pen.text((300, 280), "Plain words", fill="black", font_size=12)),
    "white on black": drawn(lambda pen: pen.text((30, 540), "Plain words", fill="white", font_size=24), ground="black"),
    "page of text": drawn(page_of_text),
    "disc": drawn(lambda pen: pen.ellipse((240, 120, 600, 440), fill="green")),
    "slanting line": drawn(lambda pen: pen.line((50, 100, 760, 480), fill="black", width=2)),
    "drawing": drawn(
        lambda pen: pen.rectangle((100, 50, 300, 200), fill="green"),
        lambda pen: pen.ellipse((400, 300, 700, 560), fill="blue"),
    ),
}
#: Their own mirror images: half of the frequencies are zero, but by the others an exact copy can still be found.
MIRRORED: dict[str, Callable[[], Image.Image]] = {
    "bottle": drawn(
        lambda pen: pen.rectangle((350, 60, 449, 200), fill="olive"),
        lambda pen: pen.rectangle((310, 200, 489, 560), fill="green"),
        lambda pen: pen.rectangle((310, 300, 489, 420), fill="beige"),
    ),
    "face": drawn(
        lambda pen: pen.ellipse((250, 100, 549, 520), fill="tan"),
        lambda pen: pen.ellipse((320, 230, 360, 260), fill="black"),
        lambda pen: pen.ellipse((439, 230, 479, 260), fill="black"),
    ),
}
#: Bits: the greatest distance that is ever searched for.
FARTHEST = 12


@pytest.mark.parametrize("kind", FLAT)
def test_pictures_without_structure_are_flat(kind: str) -> None:
    assert encode_image(FLAT[kind]()).flat


@pytest.mark.parametrize("kind", TELLING)
def test_pictures_that_are_not_flat_keep_their_hash(kind: str) -> None:
    image = TELLING[kind]()
    encoding = encode_image(image)
    assert not encoding.flat
    for changed in (
        saved(image, "JPEG", quality=60),
        saved(image.resize((400, 300), Image.Resampling.LANCZOS), "PNG"),
        saved(image, "GIF"),
    ):
        with Image.open(io.BytesIO(changed)) as again:
            found = encode_image(again, reduced=draft(again))
        assert not found.flat
        assert hamming_distance(found.phash, encoding.phash) <= FARTHEST


def test_pictures_that_are_not_flat_are_far_from_each_other() -> None:
    hashes = [encode_image(TELLING[kind]()).phash for kind in TELLING if kind != "dark photo"]
    for place, one in enumerate(hashes):
        assert all(hamming_distance(one, other) > FARTHEST for other in hashes[:place])


@pytest.mark.parametrize("kind", MIRRORED)
def test_a_mirror_image_of_itself_is_not_flat(kind: str) -> None:
    image = MIRRORED[kind]()
    encoding = encode_image(image)
    assert not encoding.flat
    with Image.open(io.BytesIO(saved(image, "GIF"))) as again:
        assert encode_image(again) == encoding


def test_hamming_distance_counts_bits() -> None:
    assert hamming_distance("0000000000000000", "ffffffffffffffff") == 64
    assert hamming_distance("00000000000000f0", "0000000000000010") == 3
    assert hamming_distance("abcdef0123456789", "abcdef0123456789") == 0
    with pytest.raises(ValueError, match="invalid literal"):
        hamming_distance("no hash", "0000000000000000")

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image, ImageDraw

from imagefap_scraper.dedup.encoding import draft, encode_image, encode_phash, hamming_distance
from imagefap_scraper.dedup.hashers import load_hashers

if TYPE_CHECKING:
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


@pytest.mark.parametrize("mode", ["L", "LA", "P", "RGBA", "CMYK", "1", "I;16"])
def test_hashes_equal_imagededups_for_every_mode(mode: str, tmp_path: Path) -> None:
    source = picture(120, 90, seed=2)
    image = (
        source.convert("I").point(lambda value: value * 200).convert(mode) if mode == "I;16" else source.convert(mode)
    )
    path = tmp_path / "picture"
    path.write_bytes(saved(image, "TIFF" if mode == "CMYK" else "PNG"))
    hashers: Any = load_hashers()
    with Image.open(path) as opened:
        assert encode_image(opened).phash == hashers.phash.encode_image(image_file=path)


def test_a_large_jpeg_is_decoded_reduced_and_at_most_two_bits_differ(tmp_path: Path) -> None:
    hashers: Any = load_hashers()
    path = tmp_path / "picture.jpg"
    distances = []
    for seed in range(12):
        size = [(1200, 900), (768, 1024), (384, 384)][seed % 3]
        path.write_bytes(saved(picture(*size, seed=seed), "JPEG", quality=80, progressive=seed % 2 == 0))
        with Image.open(path) as image:
            assert draft(image)
            assert min(image.size) >= 192
            phash = encode_phash(image, reduced=True)
        distances.append(hamming_distance(phash, hashers.phash.encode_image(image_file=path)))
    assert max(distances) <= 2
    assert distances.count(0) >= 10


def test_phash_alone_is_the_same_phash() -> None:
    image = picture(300, 200, seed=8)
    assert encode_phash(image) == encode_image(image).phash


@pytest.mark.parametrize(
    ("kind", "flat"),
    [
        ("one colour", True),
        ("halves", True),
        ("stripes", True),
        ("gradient", True),
        ("noise", True),
        ("photo", False),
        ("dark photo", False),
        ("text", False),
        ("disc", False),
    ],
)
def test_pictures_without_structure_are_flat(kind: str, flat: bool) -> None:
    image = Image.new("RGB", (400, 300), "white")
    draw = ImageDraw.Draw(image)
    if kind == "halves":
        draw.rectangle((0, 0, 183, 300), fill="navy")
    elif kind == "stripes":
        for left in range(0, 400, 40):
            draw.rectangle((left, 0, left + 19, 300), fill="red")
    elif kind == "gradient":
        image = Image.linear_gradient("L").resize((400, 300)).convert("RGB")
    elif kind == "noise":
        image = Image.fromarray((128 + np.random.default_rng(1).normal(size=(300, 400, 3)) * 4).astype(np.uint8))
    elif kind == "photo":
        image = picture(400, 300, seed=3)
    elif kind == "dark photo":
        image = Image.blend(picture(400, 300, seed=3), Image.new("RGB", (400, 300)), 0.95)
    elif kind == "text":
        draw.text((100, 140), "Plain words", fill="black")
    elif kind == "disc":
        draw.ellipse((120, 60, 300, 220), fill="green")
    assert encode_image(image).flat is flat


def test_hamming_distance_counts_bits() -> None:
    assert hamming_distance("0000000000000000", "ffffffffffffffff") == 64
    assert hamming_distance("00000000000000f0", "0000000000000010") == 3
    assert hamming_distance("abcdef0123456789", "abcdef0123456789") == 0
    with pytest.raises(ValueError, match="invalid literal"):
        hamming_distance("no hash", "0000000000000000")

from __future__ import annotations

import io
import json
import struct
from dataclasses import asdict, replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from imagefap_scraper.dedup.look import LOOK_SIDE, Look, pixels_sha256, take_look


def picture(width: int = 640, height: int = 480, seed: int = 1) -> Image.Image:
    """Blocks of colour with sharp grain."""
    rng = np.random.default_rng(seed)
    blocks = Image.fromarray(rng.integers(40, 216, (6, 8, 3), dtype=np.uint8)).resize((width, height), 0)
    grain = rng.integers(-30, 31, (height, width, 1))
    return Image.fromarray(np.clip(np.asarray(blocks) + grain, 0, 255).astype(np.uint8))


def opened(image: Image.Image, form: str = "PNG", **options: object) -> Image.Image:
    out = io.BytesIO()
    image.save(out, form, **options)
    out.seek(0)
    return Image.open(out)


def look(image: Image.Image, form: str = "PNG", **options: object) -> Look:
    with opened(image, form, **options) as file:
        return take_look(file)


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ((640, 480), (240, 320)),
        ((480, 640), (320, 240)),
        ((100, 50), (50, 100)),
        ((2000, 3), (1, 320)),
        ((1, 1), (1, 1)),
    ],
)
def test_pixels_are_small_and_keep_the_aspect(size: tuple[int, int], expected: tuple[int, int]) -> None:
    seen = look(picture(*size))
    assert seen.pixels.shape == (*expected, 3)
    assert (seen.width, seen.height) == size
    assert max(seen.pixels.shape) <= LOOK_SIDE


def test_jpeg_facts() -> None:
    exif = Image.Exif()
    exif[0x010E] = "words"
    poor = look(picture(), "JPEG", quality=30)
    good = look(picture(), "JPEG", quality=95, subsampling=0, icc_profile=b"profile", exif=exif)
    # Pillow's own tables for lightness, summed; a grey file has no other.
    assert (poor.facts.quantization, good.facts.quantization) == (6125, 369)
    assert (poor.facts.subsampling, good.facts.subsampling) == ("4:2:0", "4:4:4")
    assert (poor.facts.icc, poor.facts.exif) == (False, False)
    assert (good.facts.icc, good.facts.exif) == (True, True)


def test_quality_of_grey_and_colour_is_the_same() -> None:
    grey, colour = look(picture().convert("L"), "JPEG", quality=60), look(picture(), "JPEG", quality=60)
    assert grey.facts.quantization == colour.facts.quantization == 2952


def test_other_formats_have_no_jpeg_facts() -> None:
    facts = look(picture()).facts
    assert (facts.quantization, facts.subsampling, facts.alpha, facts.grey) == (None, None, False, False)
    assert look(picture().convert("L"), "JPEG").facts.subsampling is None


def test_the_orientation_tag_is_not_applied() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    seen = look(picture(64, 48), "JPEG", exif=exif)
    assert (seen.width, seen.height) == (64, 48)
    assert seen.pixels.shape == (48, 64, 3)


def test_alpha_counts_only_where_something_shows_through() -> None:
    opaque = picture(60, 40).convert("RGBA")
    assert not look(opaque).facts.alpha
    holed = opaque.copy()
    holed.putpixel((5, 5), (255, 0, 0, 0))
    seen = look(holed)
    assert seen.facts.alpha
    assert tuple(seen.pixels[5, 5]) == (128, 128, 128)


def test_a_transparent_palette_colour_is_alpha() -> None:
    few = Image.new("P", (20, 20), 0)
    few.putpalette([10, 20, 30, 200, 100, 50])
    few.paste(1, (0, 0, 10, 20))
    assert not look(few).facts.alpha
    assert look(few, transparency=1).facts.alpha


@pytest.mark.parametrize("mode", ["L", "LA", "1", "I;16"])
def test_no_colour_is_grey(mode: str) -> None:
    grey = picture().convert("L")
    if mode == "I;16":
        deep = (np.asarray(grey).astype(np.uint16) * 257).tobytes()
        grey = Image.frombytes("I;16", grey.size, deep)
    else:
        grey = grey.convert(mode)
    seen = look(grey)
    assert seen.facts.grey
    assert 60 < seen.pixels.mean() < 196


def test_a_grey_jpeg_in_colour_is_grey_and_a_pale_one_is_not() -> None:
    assert look(picture().convert("L").convert("RGB"), "JPEG", quality=30).facts.grey
    pale = np.asarray(picture().convert("L").convert("RGB")).astype(int) + np.array([14, 0, -14])
    assert not look(Image.fromarray(np.clip(pale, 0, 255).astype(np.uint8))).facts.grey


def test_cmyk_looks_as_it_does_in_rgb() -> None:
    seen, plain = look(picture().convert("CMYK"), "JPEG", quality=95), look(picture(), "JPEG", quality=95)
    assert abs(seen.pixels.astype(int) - plain.pixels).mean() < 8


def test_flat_pictures() -> None:
    slope = Image.linear_gradient("L").resize((400, 300)).convert("RGB")
    for nothing in (Image.new("RGB", (300, 200), "teal"), slope, slope.rotate(90, expand=True)):
        assert look(nothing, "JPEG", quality=40).facts.flat
    halves = Image.new("RGB", (300, 200), "teal")
    ImageDraw.Draw(halves).rectangle((0, 0, 150, 200), fill="navy")
    assert not look(halves).facts.flat
    assert not look(picture()).facts.flat


def test_an_enlarged_picture_has_no_more_detail() -> None:
    small = picture(600, 450)
    original, enlarged = small.resize((1200, 900), 0), small.resize((1200, 900), 3)
    little, much = (
        look(small, "JPEG", quality=85).facts.detail,
        look(picture(1200, 900), "JPEG", quality=85).facts.detail,
    )
    assert look(enlarged, "JPEG", quality=85).facts.detail * 2 == pytest.approx(little, rel=0.3)
    assert much * 2 > little * 1.8
    assert 0 < look(original).facts.detail <= 1
    assert look(Image.new("RGB", (300, 200))).facts.detail == 0


@pytest.mark.parametrize("form", ["GIF", "PNG", "WEBP"])
def test_the_first_frame_is_seen(form: str) -> None:
    first, second = Image.new("RGB", (40, 30), (200, 30, 30)), Image.new("RGB", (40, 30), (30, 30, 200))
    seen = look(first, form, save_all=True, append_images=[second], duration=50)
    assert seen.pixels.mean(axis=(0, 1)) == pytest.approx([200, 30, 30], abs=6)


def test_a_look_survives_the_pipe() -> None:
    seen = look(picture(333, 222), "JPEG")
    back = Look.from_bytes(seen.to_bytes())
    assert (back.facts, back.width, back.height) == (seen.facts, seen.width, seen.height)
    assert np.array_equal(back.pixels, seen.pixels)
    assert json.loads(json.dumps(asdict(seen.facts))) == asdict(seen.facts)


def changed_header(data: bytes, **values: object) -> bytes:
    length = struct.unpack_from(">I", data)[0]
    header = json.dumps({**json.loads(data[4 : 4 + length]), **values}).encode()
    return struct.pack(">I", len(header)) + header + data[4 + length :]


def test_a_damaged_look_is_refused() -> None:
    data = look(picture(30, 20)).to_bytes()
    damaged = [b"", data[:3], data[:40], data[:-1], data + b"\0", b"\xff\xff\xff\xff" + data[4:]]
    damaged += [
        changed_header(data, rows=21),
        changed_header(data, rows=-20),
        changed_header(data, facts={"flat": True}),
    ]
    damaged += [
        changed_header(data, size=[30]),
        changed_header(data, size=[29, 20]),
        changed_header(data, columns=None),
    ]
    for bad in damaged:
        with pytest.raises(ValueError, match="a look"):
            Look.from_bytes(bad)


@given(st.binary(max_size=200))
def test_any_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match="a look"):
        Look.from_bytes(data)


def sha256(image: Image.Image, form: str = "PNG", **options: object) -> str:
    with opened(image, form, **options) as file:
        return pixels_sha256(file)


def test_equal_pixels_have_an_equal_hash_in_any_file() -> None:
    base = picture(40, 30)
    grey = base.convert("L")
    assert sha256(base) == sha256(base, "BMP") == sha256(base, "WEBP", lossless=True) == sha256(base.convert("RGBA"))
    assert sha256(grey) == sha256(grey.convert("RGB")) == sha256(grey, "TIFF")
    few = base.quantize(16)
    assert sha256(few) == sha256(few, "GIF") == sha256(few.convert("RGB"))


def test_other_pixels_have_another_hash() -> None:
    base = picture(40, 30)
    other = base.copy()
    other.putpixel((3, 3), (1, 2, 3))
    half = base.convert("RGBA")
    half.putalpha(128)
    hashes = [sha256(base), sha256(other), sha256(half), sha256(base.transpose(Image.Transpose.FLIP_LEFT_RIGHT))]
    same_bytes_other_shape = Image.frombytes("RGB", (30, 40), base.tobytes())
    hashes.append(sha256(same_bytes_other_shape))
    assert len(set(hashes)) == 5


def test_colours_under_full_transparency_do_not_count() -> None:
    one, other = (Image.new("RGBA", (8, 8), colour) for colour in ((255, 0, 0, 0), (0, 0, 255, 0)))
    assert sha256(one) == sha256(other)
    assert sha256(one) != sha256(Image.new("RGBA", (8, 8), (255, 0, 0, 1)))


def test_deep_pictures_differ_in_their_low_bits() -> None:
    levels = np.arange(0, 600, dtype=np.uint16).reshape(20, 30)
    one, other = (Image.frombytes("I;16", (30, 20), values.tobytes()) for values in (levels, levels ^ 1))
    assert sha256(one) != sha256(other)
    assert sha256(one) == sha256(one, "TIFF")


def test_looks_compare_by_identity_not_by_array() -> None:
    seen = look(picture(30, 20))
    assert seen != replace(seen)

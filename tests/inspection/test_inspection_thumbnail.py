from __future__ import annotations

import asyncio
import io
import struct
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from inspection_corpus import bomb, good, hostile, picture, saved
from PIL import Image, ImageCms
from PIL.TiffImagePlugin import ImageFileDirectory_v2

from imagefap_scraper.inspection import child as child_module
from imagefap_scraper.inspection.decode import preview, thumbnail
from imagefap_scraper.inspection.pool import InspectionPool, _read_webp
from imagefap_scraper.inspection.result import Inspection, Limits, Outcome, ReadFailure

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

JPEG = saved(picture(), "JPEG")
GOOD, HOSTILE = good(), hostile()
#: What EXIF says, and how the picture has to be laid to look as it says (EXIF 2.3, tag 274).
TURNS = {
    1: None,
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


@pytest.fixture
async def pool() -> AsyncIterator[InspectionPool]:
    one = InspectionPool(1)
    yield one
    await one.close()


def shown(found: bytes | Inspection | ReadFailure) -> Image.Image:
    assert isinstance(found, bytes), found
    image = Image.open(io.BytesIO(found), formats=["WEBP"])
    image.load()
    return image


def small(content: bytes) -> Image.Image:
    return shown(thumbnail(content, Limits()))


def apart(first: Image.Image, second: Image.Image) -> float:
    """Return the mean difference in levels."""
    assert first.size == second.size
    one, two = (np.asarray(image.convert("RGB"), dtype=np.float64) for image in (first, second))
    return float(np.abs(one - two).mean())


def shapes(mode: str = "RGB") -> Image.Image:
    """Return a picture that no two ways of laying it down look the same: four corners, one odd edge."""
    image = Image.new("RGB", (64, 40), (90, 90, 90))
    for box, colour in (
        ((0, 0, 16, 16), (230, 30, 30)),
        ((48, 0, 64, 16), (30, 200, 30)),
        ((0, 24, 24, 40), (0, 0, 0)),
    ):
        image.paste(colour, box)
    return image.convert(mode)


@pytest.mark.parametrize("name", GOOD)
def test_every_format_looks_like_itself(name: str) -> None:
    content = GOOD[name].content
    found = small(content)
    original = Image.open(io.BytesIO(content))
    assert max(found.size) == min(384, max(original.size))
    assert getattr(found, "n_frames", 1) == 1
    if name != "16 bit png":
        assert apart(found.resize((60, 45)), original.convert("RGB").resize((60, 45))) < 10


@pytest.mark.parametrize(
    ("size", "wanted"),
    [((3000, 2000), (384, 256)), ((777, 2331), (128, 384)), ((5000, 1), (384, 1)), ((50, 9), (50, 9))],
)
@pytest.mark.parametrize("image_format", ["JPEG", "PNG"])
def test_it_fits_and_is_never_enlarged(size: tuple[int, int], wanted: tuple[int, int], image_format: str) -> None:
    content = saved(Image.new("RGB", size, (20, 40, 60)), image_format)
    assert small(content).size == wanted
    larger = shown(preview(content, Limits()))
    assert max(larger.size) == min(2048, max(size))


def test_a_reduced_decode_shows_the_same_as_a_full_one() -> None:
    large = picture(3001, 1999)
    whole, reduced = small(saved(large, "PNG")), small(saved(large, "JPEG", quality=95))
    assert apart(whole, reduced) < 5


@pytest.mark.parametrize("orientation", TURNS)
@pytest.mark.parametrize("image_format", ["JPEG", "PNG", "AVIF", "WEBP", "TIFF"])
def test_it_is_turned_as_browsers_turn_the_original(image_format: str, orientation: int) -> None:
    """Chromium turns JPEG, PNG and AVIF by EXIF and not WebP (measured); TIFF, which it does not show, is right."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    options: dict[str, Any] = {"exif": exif.tobytes()}
    if image_format == "TIFF":
        tags = ImageFileDirectory_v2()
        tags[274] = orientation
        options = {"tiffinfo": tags}
    turn = None if image_format == "WEBP" else TURNS[orientation]
    wanted = shapes() if turn is None else shapes().transpose(turn)
    assert apart(small(saved(shapes(), image_format, **options)), wanted) < 8


def test_xmp_turns_nothing_and_damaged_exif_is_no_matter() -> None:
    """Browsers do neither; Pillow reads the orientation out of XMP as well."""
    xmp = b'<x xmlns:tiff="http://ns.adobe.com/tiff/1.0/" tiff:Orientation="6"/>'
    assert small(saved(shapes(), "JPEG", xmp=xmp)).size == (64, 40)
    for exif in (
        b"Exif\0\0",
        b"Exif\0\0garbage" * 9,
        b"Exif\0\0II*\0\xff\xff\xff\xff",
        b"Exif\0\0MM\0*\0\0\0\x08\xff\xff",
    ):
        assert small(saved(shapes(), "JPEG", exif=exif)).size == (64, 40)


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
def test_transparency_is_kept(mode: str) -> None:
    image = shapes("RGBA")
    image.paste((0, 0, 0, 0), (30, 20, 64, 40))
    content = saved(image.convert(mode) if mode == "LA" else image.quantize() if mode == "P" else image, "PNG")
    alpha = np.asarray(small(content).getchannel("A"))
    assert alpha[30, 50] == 0
    assert alpha[8, 8] == 255


def test_a_transparent_colour_is_kept() -> None:
    content = saved(shapes(), "PNG", transparency=(0, 0, 0))
    assert small(content).getpixel((8, 32))[3] == 0  # type: ignore[index]
    assert small(saved(shapes("P"), "GIF", transparency=shapes("P").getpixel((8, 32)))).mode == "RGBA"


def test_sixteen_bits_keep_their_greys() -> None:
    levels = np.linspace(0, 65535, 256)[None, :].repeat(64, 0).astype(np.uint16)
    found = np.asarray(small(saved(Image.fromarray(levels), "PNG")).convert("L"), dtype=int)
    assert np.abs(found[32] - np.arange(256)).max() < 6


def test_colours_of_a_profile_become_those_of_srgb_and_a_damaged_profile_is_no_matter() -> None:
    same = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    plain = shapes()
    assert apart(small(saved(plain, "PNG", icc_profile=same)), plain) < 4
    assert apart(small(saved(plain, "PNG", icc_profile=b"no profile")), plain) < 4
    assert apart(small(saved(plain, "PNG", icc_profile=_wide())), plain) > 4
    assert small(saved(picture(mode="CMYK"), "JPEG", icc_profile=same)).mode == "RGB"


def _wide() -> bytes:
    """Return sRGB's profile with the red and the green primary exchanged: far from any that people use."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    rows = range(132, 132 + 12 * struct.unpack_from(">I", profile, 128)[0], 12)
    at = {bytes(profile[row : row + 4]): row + 4 for row in rows}
    red, green = (bytes(profile[at[name] : at[name] + 8]) for name in (b"rXYZ", b"gXYZ"))
    profile[at[b"rXYZ"] : at[b"rXYZ"] + 8], profile[at[b"gXYZ"] : at[b"gXYZ"] + 8] = green, red
    return bytes(profile)


def test_there_is_no_metadata() -> None:
    exif = Image.Exif()
    exif[0x010E] = "a secret place"
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    for image_format in ("JPEG", "PNG", "WEBP"):
        found = thumbnail(
            saved(picture(), image_format, exif=exif.tobytes(), icc_profile=profile, xmp=b"<secret/>"), Limits()
        )
        assert isinstance(found, bytes)
        assert b"secret" not in found
        assert found[12:16] == b"VP8 "  # the simple form, which has no room for any


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_files_have_none(name: str) -> None:
    case = HOSTILE[name]
    found = thumbnail(case.content, Limits())
    assert isinstance(found, Inspection)
    assert found.outcome == case.outcome
    assert case.reason in found.reason


async def test_the_pool_survives_bombs_crashes_and_nonsense(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(child_module, "_WORKER", "inspection_crashing_worker")
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent))
    pool = InspectionPool(1)
    try:
        assert await pool.thumbnail(JPEG + b"CRASH") == ReadFailure("the decoder crashed (SIGSEGV)", Outcome.BROKEN)
        huge = b"\x89PNG\r\n\x1a\n" + bomb(20_000)[8:]
        for ask in (pool.thumbnail, pool.preview):
            assert await ask(huge) == ReadFailure("20000x20000 pixels are more than 100,000,000", Outcome.UNCHECKED)
            assert await ask(b"<svg/>") == ReadFailure("SVG instead of a picture", Outcome.BROKEN)
            assert shown(await ask(JPEG)).size == (120, 90)
    finally:
        await pool.close()


async def test_too_slow_is_a_failure_and_the_pool_goes_on() -> None:
    pool = InspectionPool(1, Limits(seconds=0.25))
    try:
        await pool.inspect(JPEG)
        over = ReadFailure("decoding takes longer than 0.25 s", Outcome.UNCHECKED)
        assert await pool.thumbnail(bomb(9_990)) == over
        assert shown(await pool.thumbnail(JPEG)).size == (120, 90)
    finally:
        await pool.close()


async def test_the_largest_preview_passes_the_pipe(pool: InspectionPool) -> None:
    noise = np.random.default_rng(1).integers(0, 256, (2048, 2048, 4), dtype=np.uint8)
    found = await pool.preview(saved(Image.fromarray(noise), "BMP"))
    assert shown(found).size == (2048, 2048)
    assert isinstance(found, bytes)
    assert len(found) > 4 * 2**20


async def test_an_answer_that_is_too_long_is_a_failure_and_the_pool_goes_on(
    pool: InspectionPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is left of it unread must not keep the pool waiting for its writer."""
    monkeypatch.setattr(child_module, "_MAX_ANSWER", 100_000)
    noise = saved(Image.fromarray(np.random.default_rng(1).integers(0, 256, (900, 900, 4), dtype=np.uint8)), "PNG")
    async with asyncio.timeout(20):
        assert await pool.preview(noise) == ReadFailure("the decoder gave up", Outcome.BROKEN)
        assert shown(await pool.preview(JPEG)).size == (120, 90)


@pytest.mark.parametrize("answer", [b"RIFF", b"RIFF\x04\0\0\0WEBP", saved(picture(), "WEBP")[:-9], b"<html>"])
def test_what_a_child_says_is_not_trusted(answer: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - JSON's error is one
        _read_webp(384, answer)
    with pytest.raises(ValueError, match="120x90 pixels"):
        _read_webp(119, saved(picture(), "WEBP"))

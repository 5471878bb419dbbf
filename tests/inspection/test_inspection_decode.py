from __future__ import annotations

import io

import pytest
from inspection_corpus import Case, animation, bomb, good, hostile, long_gif, picture, saved
from PIL import Image, ImageDraw, ImageFile, JpegImagePlugin

from imagefap_scraper.dedup.encoding import HASH_VERSION, draft, encode_image
from imagefap_scraper.dedup.look import Look, pixels_sha256, take_look
from imagefap_scraper.inspection.decode import inspect, look, pixels
from imagefap_scraper.inspection.formats import detect
from imagefap_scraper.inspection.result import Inspection, Limits, Outcome

LIMITS = Limits()
GOOD, HOSTILE = good(), hostile()


def test_the_corpus_is_large_enough() -> None:
    assert len(HOSTILE) >= 25


@pytest.mark.parametrize("case", GOOD.values(), ids=GOOD)
def test_good_files_are_whole(case: Case) -> None:
    found = inspect(case.content, LIMITS)
    assert (found.outcome, found.reason) == (Outcome.WHOLE, "")
    assert found.format == detect(case.content)
    assert (found.width, found.height) in {(120, 90), (1200, 900)}
    assert found.phash is not None
    assert found.dhash is not None
    assert len(found.phash) == len(found.dhash) == 16
    assert found.hash_version == HASH_VERSION


@pytest.mark.parametrize("case", HOSTILE.values(), ids=HOSTILE)
def test_hostile_files_are_not_whole(case: Case) -> None:
    if case.outcome == "broken" and not case.reason:
        assert inspect(case.content, LIMITS).outcome is Outcome.BROKEN
        return
    found = inspect(case.content, LIMITS)
    assert found.outcome == case.outcome, found.reason
    assert case.reason in found.reason
    assert "\n" not in found.reason
    assert found.phash is None


@pytest.mark.parametrize(
    ("name", "frames", "animated"),
    [
        ("animated gif", 4, True),
        ("apng", 4, True),
        ("animated webp", 4, True),
        ("animated avif", 4, True),
        ("tiff of pages", 2, False),
        ("mpo", 1, False),
        ("gif", 1, False),
        ("png", 1, False),
    ],
)
def test_frames_are_counted(name: str, frames: int, animated: bool) -> None:
    found = inspect(GOOD[name].content, LIMITS)
    assert (found.frames, found.animated) == (frames, animated)


@pytest.mark.parametrize("progressive", [False, True])
@pytest.mark.parametrize("missing", [0.5, 0.01, 0.001])
def test_a_reduced_decode_sees_every_cut_by_itself(progressive: bool, missing: float) -> None:
    content = saved(picture(1600, 1200), "JPEG", quality=90, progressive=progressive)
    cut = content[: int(len(content) * (1 - missing))]
    with JpegImagePlugin.JpegImageFile(io.BytesIO(cut)) as image:
        assert draft(image)
        with pytest.raises(OSError, match="truncated"):
            image.load()


def test_truncated_pictures_are_not_filled_up() -> None:
    assert not ImageFile.LOAD_TRUNCATED_IMAGES


def test_hashes_are_of_the_first_frame_and_the_stored_pixels() -> None:
    found = inspect(animation("PNG"), LIMITS)
    assert found.phash == encode_image(picture()).phash
    turned = Image.Exif()
    turned[0x0112] = 6
    for image_format in ("JPEG", "TIFF"):
        found = inspect(saved(picture(), image_format, exif=turned), LIMITS)
        assert (found.width, found.height) == (120, 90)


def test_a_flat_picture_says_so() -> None:
    assert inspect(saved(Image.new("RGB", (50, 50), "teal"), "PNG"), LIMITS).flat
    shapes = picture()
    ImageDraw.Draw(shapes).ellipse((10, 20, 70, 60), fill="orange")
    assert not inspect(saved(shapes, "PNG"), LIMITS).flat


@pytest.mark.parametrize(
    ("content", "limits", "reason"),
    [
        (bomb(300), Limits(max_pixels=300 * 300 - 1), "300x300 pixels"),
        (long_gif(30), Limits(max_frames=29), "29 frames"),
        (animation("PNG"), Limits(max_frames=3), "3 frames"),
        (animation("AVIF"), Limits(max_frames=3), "3 frames"),
        (animation("WEBP"), Limits(max_frame_pixels=4 * 120 * 90 - 1), "all frames together"),
        (GOOD["tiff of pages"].content, Limits(max_frames=1), "1 frames"),
    ],
)
def test_over_a_limit_is_unchecked_with_what_the_header_says(content: bytes, limits: Limits, reason: str) -> None:
    found = inspect(content, limits)
    assert found.outcome is Outcome.UNCHECKED
    assert reason in found.reason
    assert found.width
    assert found.format is detect(content)
    assert found.phash is None
    assert inspect(content, LIMITS).outcome is Outcome.WHOLE


@pytest.mark.parametrize("name", GOOD)
def test_good_files_can_be_looked_at_and_their_pixels_hashed(name: str) -> None:
    content = GOOD[name].content
    found = look(content, LIMITS)
    assert isinstance(found, Look)
    assert (found.width, found.height) in {(120, 90), (1200, 900)}
    digest = pixels(content, LIMITS)
    assert isinstance(digest, str)
    assert len(digest) == 64
    if "mpo" not in name:
        with Image.open(io.BytesIO(content)) as image:
            assert pixels_sha256(image) == digest
        with Image.open(io.BytesIO(content)) as image:
            assert take_look(image).to_bytes() == found.to_bytes()


@pytest.mark.parametrize("case", HOSTILE.values(), ids=HOSTILE)
def test_hostile_files_have_neither_look_nor_pixels(case: Case) -> None:
    for work in (look, pixels):
        found = work(case.content, LIMITS)
        assert isinstance(found, Inspection)
        assert found.outcome == case.outcome
        assert case.reason in found.reason

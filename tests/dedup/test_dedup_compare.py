from __future__ import annotations

import io
import json
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageEnhance, ImageFont

from imagefap_scraper.dedup.compare import Comparison, compare
from imagefap_scraper.dedup.kinds import PairKind
from imagefap_scraper.dedup.look import Look, take_look
from imagefap_scraper.dedup.orientation import ORIENTATIONS, turn


def picture(width: int = 900, height: int = 600, seed: int = 1) -> Image.Image:
    """Soft ground, sharp shapes over it, a little grain."""
    rng = np.random.default_rng(seed)
    ground = Image.fromarray(rng.integers(60, 200, (5, 7, 3), dtype=np.uint8)).resize((width, height), 3)
    pen = ImageDraw.Draw(ground)
    for _ in range(25):
        x, y, reach = rng.uniform(0, width), rng.uniform(0, height), rng.uniform(0.03, 0.15) * width
        box = (x, y, x + reach, y + reach * rng.uniform(0.5, 1.5))
        (pen.ellipse if rng.random() < 0.5 else pen.rectangle)(box, fill=tuple(rng.integers(0, 256, 3).tolist()))
    grain = rng.normal(0, 3, (height, width, 1))
    return Image.fromarray(np.clip(np.asarray(ground) + grain, 0, 255).astype(np.uint8))


def look(image: Image.Image, form: str = "JPEG", **options: Any) -> Look:
    out = io.BytesIO()
    image.save(out, form, **({"quality": 88} | options if form == "JPEG" else options))
    out.seek(0)
    with Image.open(out) as file:
        return take_look(file)


def resized(image: Image.Image, factor: float) -> Image.Image:
    return image.resize((round(image.width * factor), round(image.height * factor)), Image.Resampling.BICUBIC)


def marked(image: Image.Image, opacity: float, height: float = 0.06) -> Image.Image:
    over = Image.new("L", image.size)
    font = ImageFont.load_default(height * image.height)
    at = (image.width * 0.3, image.height * 0.45)
    ImageDraw.Draw(over).text(at, "meadow.example", fill=round(255 * opacity), font=font)
    result = image.copy()
    result.paste((255, 255, 255), (0, 0), over)
    return result


BASE = picture()
SEEN = look(BASE)


@pytest.mark.parametrize(
    "copy",
    [
        look(BASE, quality=30),
        look(BASE, "PNG"),
        look(BASE, "WEBP", quality=60),
        look(BASE.quantize(256), "GIF"),
        look(resized(BASE, 0.5)),
        look(resized(BASE, 0.17), quality=60),
        look(resized(BASE, 1.4)),
        look(BASE.resize((301, 200))),
        look(ImageEnhance.Brightness(BASE).enhance(1.1)),
        look(ImageEnhance.Brightness(BASE).enhance(0.9)),
        look(ImageEnhance.Contrast(BASE).enhance(0.88)),
        look(BASE.point([round(255 * (level / 255) ** 1.2) for level in range(256)] * 3)),
    ],
)
def test_copies(copy: Look) -> None:
    for found in (compare(SEEN, copy), compare(copy, SEEN)):
        assert found.kind is PairKind.COPY, found
        assert found.peak < 22
        assert found.crop is None
        assert found.orientation == 0


@pytest.mark.parametrize(("opacity", "height"), [(1.0, 0.04), (0.6, 0.06), (0.4, 0.15), (1.0, 0.15)])
@pytest.mark.parametrize("factor", [1.0, 0.5])
def test_words_put_on_are_an_edit(opacity: float, height: float, factor: float) -> None:
    found = compare(SEEN, look(resized(marked(BASE, opacity, height), factor)))
    assert found.kind is PairKind.EDITED
    assert found.peak > 22
    assert 0 < found.changed < 0.2


def test_a_brightened_picture_with_words_is_an_edit() -> None:
    assert compare(SEEN, look(ImageEnhance.Brightness(marked(BASE, 1.0)).enhance(1.1))).kind is PairKind.EDITED


def test_a_picture_without_its_colour_is_an_edit() -> None:
    assert compare(SEEN, look(BASE.convert("L"))).kind is PairKind.EDITED


def test_a_much_darker_picture_is_no_plain_copy() -> None:
    assert compare(SEEN, look(ImageEnhance.Brightness(BASE).enhance(0.6))).kind is not PairKind.COPY


def test_a_stretched_picture_is_no_plain_copy() -> None:
    found = compare(SEEN, look(BASE.resize((900, 500))))
    assert found.kind is PairKind.EDITED
    assert found.aspect_difference == pytest.approx(0.182, abs=0.002)


@pytest.mark.parametrize(
    "box", [(0, 0, 882, 600), (45, 30, 855, 570), (0, 60, 900, 600), (90, 0, 900, 550), (9, 6, 891, 594)]
)
@pytest.mark.parametrize("factor", [1.0, 0.6])
def test_a_part_is_found_where_it_lies(box: tuple[int, int, int, int], factor: float) -> None:
    part = look(resized(BASE.crop(box), factor), quality=70)
    expected = [box[0] / 900, box[1] / 600, box[2] / 900, box[3] / 600]
    for found, which in ((compare(SEEN, part), "second"), (compare(part, SEEN), "first")):
        assert found.kind is PairKind.CROP, found
        assert found.crop == pytest.approx(expected, abs=0.006)
        assert found.details["part"] == which


def test_a_part_with_words_on_it_is_a_part() -> None:
    assert compare(SEEN, look(marked(BASE, 1.0).crop((60, 0, 900, 560)))).kind is PairKind.CROP


def test_two_parts_that_overlap_are_only_alike() -> None:
    left, right = look(BASE.crop((0, 0, 850, 600))), look(BASE.crop((50, 0, 900, 600)))
    assert compare(left, right).kind is PairKind.LOOK_ALIKE


@pytest.mark.parametrize("orientation", ORIENTATIONS[1:])
def test_turned_pictures(orientation: int) -> None:
    found = compare(SEEN, look(turn(BASE, orientation), quality=60), orientation)
    assert (found.kind, found.orientation) == (PairKind.TURNED, orientation)
    assert found.details["turned"] == "copy"
    assert found.aspect_difference == 0
    assert compare(SEEN, look(turn(BASE, orientation)), (orientation + 1) % 8).kind is PairKind.LOOK_ALIKE


def test_an_unknown_orientation_is_refused() -> None:
    with pytest.raises(ValueError, match="orientation"):
        compare(SEEN, SEEN, 8)


def test_another_frame_of_a_scene_is_only_alike() -> None:
    thing = picture(200, 200, seed=5)
    frames = []
    for step in (0, 25):
        frame = BASE.copy()
        frame.paste(thing, (300 + step, 200 + step // 2))
        frames.append(look(frame))
    found = compare(*frames)
    assert found.kind is PairKind.LOOK_ALIKE
    assert found.details["reason"] == "something moved"


def test_other_content_in_the_same_frame_is_only_alike() -> None:
    cards = []
    for seed in (5, 6):
        card = BASE.copy()
        card.paste(picture(600, 400, seed), (150, 100))
        cards.append(look(card))
    assert compare(*cards).kind is PairKind.LOOK_ALIKE


def test_other_words_in_the_same_layout_are_only_alike() -> None:
    pages = []
    for words in ("amber basin cedar", "willow north river"):
        page = Image.new("RGB", (600, 800), "white")
        for row in range(20):
            text = f"{words[row % 7 :]} {words}"
            ImageDraw.Draw(page).text((40, 30 + 36 * row), text, fill="black", font=ImageFont.load_default(24))
        pages.append(look(page))
    assert compare(*pages).kind is PairKind.LOOK_ALIKE


def test_pictures_that_show_nothing_are_only_alike() -> None:
    slope = Image.linear_gradient("L").resize((400, 300)).convert("RGB")
    nothing = [look(slope), look(slope, quality=50), look(Image.new("RGB", (400, 300), "teal"))]
    for first in nothing:
        for second in nothing:
            assert compare(first, second).kind is PairKind.LOOK_ALIKE


@pytest.mark.parametrize("heights", [(120, 150), (140, 150), (60, 190)])
def test_a_lone_line_is_no_part_of_another(heights: tuple[int, int]) -> None:
    lines = []
    for y in heights:
        paper = Image.new("RGB", (400, 300), "teal")
        ImageDraw.Draw(paper).line((0, y, 400, y), fill="orange", width=6)
        lines.append(look(paper))
    assert compare(*lines).kind is PairKind.LOOK_ALIKE


def test_strangers_are_only_alike() -> None:
    found = compare(SEEN, look(picture(seed=9)))
    assert found.kind is PairKind.LOOK_ALIKE
    assert found.crop is None


@pytest.mark.parametrize("size", [(1, 1), (2, 300), (300, 2), (7, 5), (2000, 30), (40, 40)])
def test_any_size_can_be_compared(size: tuple[int, int]) -> None:
    odd = look(picture(*size), "PNG")
    for found in (compare(odd, odd), compare(odd, SEEN), compare(SEEN, odd), compare(odd, SEEN, 5)):
        assert isinstance(found, Comparison)
        assert 0 <= found.peak <= 255
        assert 0 <= found.changed <= 1


def test_the_details_are_json() -> None:
    found = compare(SEEN, look(BASE.crop((60, 0, 900, 560))))
    assert json.loads(json.dumps(found.details)) == found.details

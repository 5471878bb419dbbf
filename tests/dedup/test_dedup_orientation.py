from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageDraw

from imagefap_scraper.dedup.encoding import encode_phash
from imagefap_scraper.dedup.orientation import ORIENTATIONS, inverse, turn, turned


def photograph(width: int, height: int, seed: int) -> Image.Image:
    """Return a picture with a photograph's spectrum (strength falls with frequency) and some shapes before it."""
    random = np.random.default_rng(seed)
    rows, columns = np.fft.fftfreq(height)[:, np.newaxis] * height, np.fft.fftfreq(width) * width
    frequency = np.maximum(np.hypot(rows, columns), 1)
    spectrum = np.fft.fft2(random.normal(size=(height, width))) / frequency
    grey = np.fft.ifft2(spectrum).real
    image = Image.fromarray((128 + 45 * grey / grey.std()).clip(0, 255).astype(np.uint8)).convert("RGB")
    draw = ImageDraw.Draw(image)
    for _ in range(4):
        x, y = int(random.integers(width)), int(random.integers(height))
        half = int(random.integers(width // 24, width // 6))
        colour = tuple(int(value) for value in random.integers(0, 255, 3))
        (draw.ellipse if random.random() < 0.5 else draw.rectangle)((x - half, y - half, x + half, y + half), colour)
    return image


def phash(image: Image.Image) -> int:
    return int(encode_phash(image), 16)


@pytest.fixture(scope="module")
def distances() -> np.ndarray:
    """Bits between the derived and the true hash: a row an orientation, a column a picture."""
    images = [photograph(*[(200, 150), (150, 200), (160, 160)][seed % 3], seed) for seed in range(60)]
    hashes = np.array([phash(image) for image in images], np.uint64)
    true = [np.array([phash(turn(image, way)) for image in images], np.uint64) for way in ORIENTATIONS]
    return np.array([np.bitwise_count(turned(hashes, way) ^ true[way]) for way in ORIENTATIONS])


@pytest.mark.parametrize("orientation", ORIENTATIONS)
def test_the_derived_hash_is_close_to_the_true_one(orientation: int, distances: np.ndarray) -> None:
    found = distances[orientation]
    assert found.max() <= 14
    assert found.mean() <= 5
    assert (found <= 8).mean() >= 0.93


def test_nothing_is_lost_where_no_sign_changes(distances: np.ndarray) -> None:
    assert distances[0].max() == 0
    assert distances[4].max() <= 2


def test_the_hash_of_one_orientation_is_far_from_those_of_the_others() -> None:
    image = photograph(200, 150, 77)
    true = np.array([phash(turn(image, way)) for way in ORIENTATIONS], np.uint64)
    for way in ORIENTATIONS:
        derived = turned(true[:1], way)
        near = np.bitwise_count(derived ^ true)
        assert np.argmin(near) == way
        assert np.delete(near, way).min() >= 16


def test_each_orientation_is_another_way_to_lay_the_picture() -> None:
    image = Image.fromarray(np.arange(6, dtype=np.uint8).reshape(2, 3))
    seen = {orientation: np.asarray(turn(image, orientation)).tolist() for orientation in ORIENTATIONS}
    assert seen == {
        0: [[0, 1, 2], [3, 4, 5]],
        1: [[2, 1, 0], [5, 4, 3]],
        2: [[3, 4, 5], [0, 1, 2]],
        3: [[5, 4, 3], [2, 1, 0]],
        4: [[0, 3], [1, 4], [2, 5]],
        5: [[3, 0], [4, 1], [5, 2]],
        6: [[2, 5], [1, 4], [0, 3]],
        7: [[5, 2], [4, 1], [3, 0]],
    }


@pytest.mark.parametrize("orientation", ORIENTATIONS)
def test_the_inverse_lays_it_back(orientation: int) -> None:
    image = Image.fromarray(np.arange(6, dtype=np.uint8).reshape(2, 3))
    back = turn(turn(image, orientation), inverse(orientation))
    assert np.array_equal(np.asarray(back), np.asarray(image))
    hashes = np.random.default_rng(3).integers(0, 2**64, 50, dtype=np.uint64)
    assert np.array_equal(turned(turned(hashes, orientation), inverse(orientation)), hashes)


def test_rows_and_columns_of_bits_change_places() -> None:
    for row in range(8):
        for column in range(8):
            # The first bit is the highest.
            one, other = 1 << (63 - 8 * row - column), 1 << (63 - 8 * column - row)
            assert turned(np.array([one], np.uint64), 4).tolist() == [other]


def test_the_brightness_bit_stays_and_the_input_too() -> None:
    hashes = np.array([1 << 63, (1 << 63) + 5], np.uint64)
    for orientation in ORIENTATIONS:
        assert (turned(hashes, orientation) >> np.uint64(63)).tolist() == [1, 1]
    assert hashes.tolist() == [1 << 63, (1 << 63) + 5]
    assert turned(np.empty(0, np.uint64), 7).tolist() == []


@pytest.mark.parametrize("orientation", [-1, 8])
def test_other_orientations_are_refused(orientation: int) -> None:
    with pytest.raises(ValueError, match="there are 0 to 7"):
        turned(np.empty(0, np.uint64), orientation)
    with pytest.raises(ValueError, match="there are 0 to 7"):
        turn(Image.new("L", (2, 2)), orientation)
    with pytest.raises(ValueError, match="there are 0 to 7"):
        inverse(orientation)

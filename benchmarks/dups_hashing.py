"""PHash in process against imagededup's own `encode_image`, on synthetic JPEGs of 2 megapixels, one core.

A few pictures at a time go through every way in turn, in one process, round after round; times are CPU time. Prints
pictures a second and the ratio to imagededup. Entropy decoding, with one grey pixel a block, is what no way that reads
JPEGs to their end can beat. Then how far the hashes are from imagededup's (flat pictures aside), also where the shorter
side is under 384 pixels: there they must be equal.

    python benchmarks/dups_hashing.py [--pictures 120] [--rounds 3] [--seed 1]
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np
from PIL import Image, ImageDraw

from imagefap_scraper.dedup.encoding import draft, encode_image, encode_phash, hamming_distance
from imagefap_scraper.dedup.hashers import load_hashers

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

#: A picture of 2 megapixels, pixels.
_SIZE = (1600, 1200)
#: Files that one way takes before the next has its turn: what a whole decode leaves in the processor's caches is paid
#: for by the first picture after it.
_BLOCK = 15
#: What the README promises: times imagededup's speed, share of equal hashes, bits.
_LEAST_RATIO, _LEAST_EQUAL, _MOST_BITS = 3.5, 0.92, 2


@dataclass
class Way:
    """One way to a hash, and what it took.

    Attributes:
        name: for the table.
        run: makes the hash (16 hexadecimal digits; None if it only decodes) of a file.
        seconds: of CPU time, all pictures and rounds.
    """

    name: str
    run: Callable[[Path], str | None]
    seconds: float = 0.0


def photograph(width: int, height: int, random: np.random.Generator) -> Image.Image:
    """Return a picture with a photograph's spectrum (strength falls with frequency), shapes in front, and grain."""
    across, down = np.fft.rfftfreq(width)[None], np.fft.fftfreq(height)[:, None]
    frequency = np.hypot(down, across)
    frequency[0, 0] = np.inf
    slope = random.uniform(1.1, 1.6)
    shared = random.standard_normal((height, width), dtype=np.float32)
    channels = []
    for _ in range(3):
        own = shared + 0.4 * random.standard_normal((height, width), dtype=np.float32)
        texture = np.fft.irfft2(np.fft.rfft2(own) / frequency**slope, (height, width))
        channels.append(texture / texture.std() * random.uniform(35, 60) + random.uniform(90, 160))
    image = Image.fromarray(np.stack(channels, -1).clip(0, 255).astype(np.uint8))
    pen = ImageDraw.Draw(image)
    for _ in range(random.integers(2, 9)):
        left, top = random.uniform(-0.2, 0.9) * width, random.uniform(-0.2, 0.9) * height
        right, bottom = left + random.uniform(0.1, 0.6) * width, top + random.uniform(0.1, 0.6) * height
        shape = pen.ellipse if random.random() < 0.6 else pen.rectangle
        shape((left, top, right, bottom), fill=tuple(int(level) for level in random.integers(0, 255, 3)))
    grain = random.standard_normal((height, width, 1)) * random.uniform(0.5, 3)
    return Image.fromarray((np.asarray(image) + grain).clip(0, 255).astype(np.uint8))


def make_files(directory: Path, count: int, seed: int, *, small: bool) -> list[Path]:
    """Write JPEGs: every tenth grey, every twentieth progressive, all usual kinds of subsampling.

    Args:
        directory: where.
        count: how many.
        seed: of all of them.
        small: True for 250 to 383 pixels on the shorter side, False for 2 megapixels.
    """
    random = np.random.default_rng([seed, small])
    paths = []
    for number in range(count):
        size = (int(random.integers(384, 900)), int(random.integers(250, 384))) if small else _SIZE
        width, height = size if number % 2 else size[::-1]
        image = photograph(width, height, random)
        options: dict[str, Any] = {"subsampling": (0, 2, 2, 1)[number % 4], "progressive": number % 20 == 3}
        if number % 10 == 7:
            image, options = image.convert("L"), {}
        paths.append(directory / f"{'small' if small else 'large'}{number:04}.jpg")
        image.save(paths[-1], quality=int(random.integers(72, 90)), **options)
    return paths


def imagededup(path: Path) -> str | None:
    """Hash as imagededup does."""
    hasher: Any = load_hashers().phash
    found: str | None = hasher.encode_image(image_file=path)
    return found


def ours(path: Path) -> str | None:
    """Hash as this project does."""
    with Image.open(path) as image:
        return encode_phash(image, reduced=draft(image))


def entropy_alone(path: Path) -> str | None:
    """Decode one grey pixel a block, which is entropy decoding and hardly anything more."""
    with Image.open(path) as image:
        image.draft("L", (1, 1))
        image.load()
    return None


def measure(paths: Sequence[Path], rounds: int) -> tuple[Way, Way, Way]:
    """Return imagededup's way, ours and the limit, each with its time; they take turns, in changing order."""
    ways = Way("imagededup encode_image", imagededup), Way("encode_phash", ours), Way("entropy decoding", entropy_alone)
    for way in ways:
        way.run(paths[0])
    blocks = [paths[start : start + _BLOCK] for start in range(0, len(paths), _BLOCK)]
    for turn, block in enumerate(blocks * rounds):
        for place in range(len(ways)):
            way = ways[(turn + place) % len(ways)]
            start = time.process_time()
            for path in block:
                way.run(path)
            way.seconds += time.process_time() - start
    return ways


def distances(paths: Sequence[Path]) -> tuple[list[int], int]:
    """Return the bits between our hash and imagededup's, a picture each, and how many flat ones were left out."""
    bits, flat = [], 0
    for path in paths:
        with Image.open(path) as image:
            if encode_image(image, reduced=draft(image)).flat:
                flat += 1
                continue
        theirs, own = imagededup(path), ours(path)
        assert theirs is not None
        assert own is not None
        bits.append(hamming_distance(theirs, own))
    return bits, flat


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the figures; returns the exit code: 0 if all promises are kept."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pictures", type=int, default=120, help="of 2 megapixels")
    parser.add_argument("--rounds", type=int, default=3, help="of timing")
    parser.add_argument("--seed", type=int, default=1, help="of the pictures")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as name:
        large = make_files(Path(name), options.pictures, options.seed, small=False)
        small = make_files(Path(name), options.pictures, options.seed, small=True)
        kilobytes = sum(path.stat().st_size for path in large) / len(large) / 1000
        print(f"{len(large)} JPEGs of {_SIZE[0]}x{_SIZE[1]}, {kilobytes:.0f} KB on average, {options.rounds} rounds")
        ways = measure(large, options.rounds)
        bits, flat = distances(large)
        small_bits, small_flat = distances(small)
    theirs, own, _ = ways
    print(f"{'way':24} {'ms':>6} {'per s':>6} {'ratio':>6}")
    for way in ways:
        each = way.seconds / len(large) / options.rounds
        print(f"{way.name:24} {each * 1000:6.2f} {1 / each:6.0f} {theirs.seconds / way.seconds:6.2f}")
    equal = bits.count(0) / len(bits)
    print(f"2 megapixels: {equal:.1%} equal, at most {max(bits)} bits differ ({flat} flat left out)")
    small_equal = small_bits.count(0) / len(small_bits)
    print(f"shorter side under 384: {small_equal:.1%} equal of {len(small_bits)} ({small_flat} flat left out)")
    ratio = theirs.seconds / own.seconds
    kept = ratio >= _LEAST_RATIO and equal >= _LEAST_EQUAL and max(bits) <= _MOST_BITS and not any(small_bits)
    print("kept" if kept else "NOT KEPT")
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())

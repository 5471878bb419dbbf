"""How well look-alikes are found and told apart, on synthetic sets with known truth; imagededup's hash beside it.

Every picture of a set is hashed; pairs with close hashes (PHash, DHash, PHash in eight orientations) get their second
look. Two sets: one of a seed by which the limits were chosen, one of a seed that was never looked at.
Ends with 1 if a promise is not kept.

    python benchmarks/dups_quality.py [--seed 8] [--families 21] [--negatives 28]
"""

from __future__ import annotations

import argparse
import io
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np
from PIL import Image

from benchmarks.truth_set import SIDES, Family, families, negatives
from imagefap_scraper.dedup.compare import compare
from imagefap_scraper.dedup.encoding import draft, encode_image, hamming_distance
from imagefap_scraper.dedup.hashers import load_hashers
from imagefap_scraper.dedup.kinds import PairKind
from imagefap_scraper.dedup.limits import DEFAULT_LIMITS
from imagefap_scraper.dedup.look import Look, take_look
from imagefap_scraper.dedup.orientation import ORIENTATIONS, turned

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

#: The seed by which the limits of `dedup.compare` and these were chosen (others were 5, 11 and 102).
CALIBRATION_SEED = 101
#: imagededup's own limits beside ours: its default, and the one that its users fall back on.
THEIR_LIMITS = (10, 4)
#: Rows of the table by truth; crops beyond a tenth of the area are found as far as their hashes are close.
_LARGE_CROPS = frozenset({"crop 15%", "crop 20%"})
_NEGATIVE, _STRANGERS = "hard negatives", "other families"


class Picture(NamedTuple):
    """A picture of the set: where it belongs, its hashes (ours, 64 bits; imagededup's, 16 digits) and its look."""

    family: int
    phash: int
    dhash: int
    theirs: str
    look: Look


@dataclass
class Row:
    """One kind of truth: how many pairs, how many found in any kind but look-alike, in their own, and by imagededup."""

    pairs: int = 0
    found: int = 0
    right: int = 0
    theirs: list[int] = field(default_factory=lambda: [0] * len(THEIR_LIMITS))


@dataclass
class Result:
    """What came of one set.

    Attributes:
        rows: by truth.
        called: of the pairs that were called copies, what they truly are.
        looks: pictures looked at, and CPU seconds for it.
        comparisons: pairs compared, and CPU seconds for it.
        wrong: for a person: truth, name, called.
    """

    rows: dict[str, Row] = field(default_factory=dict)
    called: Counter[str] = field(default_factory=Counter)
    looks: tuple[int, float] = (0, 0.0)
    comparisons: tuple[int, float] = (0, 0.0)
    wrong: Counter[tuple[str, str, str]] = field(default_factory=Counter)

    @property
    def copy_precision(self) -> float:
        """Of the pairs called copies, the share that are."""
        return self.called[PairKind.COPY] / max(1, self.called.total())

    def promises(self) -> dict[str, bool]:
        """What the README promises, and whether this set keeps it."""
        return {
            "copies: recall >= 0.97": self._share(PairKind.COPY, right=True) >= 0.97,
            "copies: precision >= 0.99": self.copy_precision >= 0.99,
            "crops to 10%: found >= 0.9": self._share(PairKind.CROP) >= 0.9,
            "watermarks: found >= 0.9": self._share(PairKind.EDITED) >= 0.9,
            "hard negatives <= 1%": self._share(_NEGATIVE) <= 0.01,
        }

    def _share(self, truth: str, *, right: bool = False) -> float:
        row = self.rows[truth]
        return (row.right if right else row.found) / max(1, row.pairs)


def measure(seed: int, families_: int, negatives_: int, longest: int = SIDES[1]) -> Result:
    """Make a set, search it, compare what was found, and hold it against the truth."""
    result = Result()
    pictures: list[Picture] = []
    truths: dict[tuple[int, int], tuple[str, str]] = {}
    started = time.process_time()
    sets = chain(families(seed, families_, longest), negatives(seed, negatives_, longest))
    spent = 0.0
    for number, family in enumerate(sets):
        truths.update(_truths(family, len(pictures)))
        started = time.process_time()
        pictures.extend(_seen(family, number))
        spent += time.process_time() - started
    result.looks = len(pictures), spent
    _judge(result, pictures, truths)
    return result


def _truths(family: Family, offset: int) -> Iterator[tuple[tuple[int, int], tuple[str, str]]]:
    for pair in family.pairs:
        truth: str = pair.kind
        if pair.kind is PairKind.LOOK_ALIKE:
            truth = _NEGATIVE
        elif pair.name in _LARGE_CROPS:
            truth = "crop, 15% and 20%"
        yield (offset + pair.first, offset + pair.second), (truth, pair.name)


def _seen(family: Family, number: int) -> Iterator[Picture]:
    for variant in family.variants:
        with Image.open(io.BytesIO(variant.content)) as image:
            encoding = encode_image(image, reduced=draft(image))
        with Image.open(io.BytesIO(variant.content)) as image:
            look = take_look(image)
            theirs = load_hashers().phash.encode_image(image_array=np.asarray(image.convert("RGB")))
        yield Picture(number, int(encoding.phash, 16), int(encoding.dhash, 16), theirs, look)


def _judge(result: Result, pictures: Sequence[Picture], truths: dict[tuple[int, int], tuple[str, str]]) -> None:
    close = _close(pictures)
    strangers = {pair: (_STRANGERS, "") for pair in close if pictures[pair[0]].family != pictures[pair[1]].family}
    spent, compared = 0.0, 0
    for pair, (truth, name) in (truths | strangers).items():
        a, b = pictures[pair[0]], pictures[pair[1]]
        kind = PairKind.LOOK_ALIKE
        # A picture that is nearly symmetric is close as it is and mirrored: what does not fit the one may the other.
        for orientation in close.get(pair, []):
            started = time.process_time()
            kind = compare(a.look, b.look, orientation).kind
            spent, compared = spent + time.process_time() - started, compared + 1
            if kind is not PairKind.LOOK_ALIKE:
                break
        _count(result, truth, name, kind, hamming_distance(a.theirs, b.theirs))
    result.comparisons = compared, spent


def _close(pictures: Sequence[Picture]) -> dict[tuple[int, int], list[int]]:
    """Pairs with close hashes, by row, and the orientations to compare them in: as they are, the best turned one.

    Every pair by brute force: `dedup.candidates` finds the same, but leaves out pairs of many equal hashes that hang
    together anyhow.
    """
    phash = np.array([picture.phash for picture in pictures], np.uint64)
    dhash = np.array([picture.dhash for picture in pictures], np.uint64)
    found: dict[tuple[int, int], list[int]] = {}
    for first in range(len(pictures) - 1):
        rest = slice(first + 1, None)
        ways = np.stack([turned(phash[first : first + 1], way) for way in ORIENTATIONS])
        bits = np.bitwise_count(ways ^ phash[rest])
        other = np.bitwise_count(dhash[first] ^ dhash[rest])
        plain = (bits[0] <= DEFAULT_LIMITS.phash) | (other <= DEFAULT_LIMITS.dhash)
        plain &= (bits[0] <= DEFAULT_LIMITS.other) & (other <= DEFAULT_LIMITS.other)
        best = bits[1:].argmin(axis=0) + 1
        lying = bits[1:].min(axis=0) <= DEFAULT_LIMITS.turned
        for second in np.flatnonzero(plain | lying):
            orientations = [0] * bool(plain[second]) + [int(best[second])] * bool(lying[second])
            found[first, first + 1 + int(second)] = orientations
    return found


def _count(result: Result, truth: str, name: str, kind: PairKind, their_distance: int) -> None:
    row = result.rows.setdefault(truth, Row())
    row.pairs += 1
    row.found += kind is not PairKind.LOOK_ALIKE
    right = kind == (PairKind.CROP if truth.startswith("crop") else truth)
    row.right += right
    row.theirs = [count + (their_distance <= limit) for count, limit in zip(row.theirs, THEIR_LIMITS, strict=True)]
    if kind is PairKind.COPY:
        result.called[truth] += 1
    if not right and not (kind is PairKind.LOOK_ALIKE and truth in {_NEGATIVE, _STRANGERS}):
        result.wrong[truth, name, kind] += 1


def table(result: Result) -> str:
    """The table for a person: shares of the pairs of each truth."""
    heads = ("truth", "pairs", "found", "as such", *(f"imagededup <= {limit}" for limit in THEIR_LIMITS))
    lines = ["{:<20} {:>6} {:>8} {:>8} {:>17} {:>17}".format(*heads)]
    for truth, row in sorted(result.rows.items()):
        shares = (f"{count / row.pairs:.3f}" for count in (row.found, row.right, *row.theirs))
        lines.append("{:<20} {:>6} {:>8} {:>8} {:>17} {:>17}".format(truth, row.pairs, *shares))
    lines.append(f"precision of copies {result.copy_precision:.4f}; of imagededup {_their_precision(result)}")
    for what, (count, seconds) in (("hashes and look", result.looks), ("comparison", result.comparisons)):
        lines.append(f"{what}: {count}, {seconds / max(1, count) * 1000:.1f} ms of CPU time each")
    return "\n".join(lines)


def _their_precision(result: Result) -> str:
    """Of what imagededup finds at each limit, the share of copies, and of anything that is the same picture at all."""
    said = []
    for place, limit in enumerate(THEIR_LIMITS):
        found = sum(row.theirs[place] for row in result.rows.values())
        false = sum(result.rows[truth].theirs[place] for truth in (_NEGATIVE, _STRANGERS) if truth in result.rows)
        copies = result.rows[PairKind.COPY].theirs[place]
        said.append(f"at {limit}: {copies / max(1, found):.3f} (any kind: {1 - false / max(1, found):.3f})")
    return ", ".join(said)


def main() -> int:
    """Print the tables; 1 if a promise is not kept."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=8, help="of the set that no limit was chosen by")
    parser.add_argument("--families", type=int, default=21, help="of pictures with variants")
    parser.add_argument("--negatives", type=int, default=28, help="families of pictures that only look alike")
    parser.add_argument("--wrong", action="store_true", help="list what was taken for something else")
    options = parser.parse_args()
    kept = True
    for name, seed in (("calibration", CALIBRATION_SEED), ("never used for calibration", options.seed)):
        result = measure(seed, options.families, options.negatives)
        print(f"\nseed {seed} ({name})\n{table(result)}")
        for promise, holds in result.promises().items():
            print(f"  {'kept  ' if holds else 'BROKEN'}  {promise}")
            kept = kept and holds
        if options.wrong:
            for (truth, variant, kind), count in sorted(result.wrong.items()):
                print(f"    {count:3} {truth} / {variant}: {kind}")
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())

"""The second look at candidates: each picture is decoded once, in a child with limits, and compared with its own."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Self

import numpy as np
from PIL import Image

from imagefap_scraper.database import evidence
from imagefap_scraper.database.evidence import LookRow, PairRow
from imagefap_scraper.dedup.compare import compare
from imagefap_scraper.dedup.encoding import HASH_VERSION, encode_more, hamming_distance
from imagefap_scraper.dedup.kinds import PairKind
from imagefap_scraper.dedup.knowledge import DisjointSets
from imagefap_scraper.dedup.look import LOOK_VERSION
from imagefap_scraper.dedup.orientation import ORIENTATIONS, turned
from imagefap_scraper.dedup.rules import TINY_SIDE
from imagefap_scraper.inspection.batch import Batch
from imagefap_scraper.inspection.result import ReadFailure

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from imagefap_scraper.dedup.look import Look
    from imagefap_scraper.review.options import Options
    from imagefap_scraper.review.workplace import Workplace

#: Pictures whose looks are in memory at a time: 330 KB each at most.
_PICTURES_AT_A_TIME = 256
_ALL_BITS = 0xFFFF_FFFF_FFFF_FFFF


@dataclass(frozen=True, slots=True)
class Candidate:
    """Two blobs whose hashes are close (bits); `first` < `second`; the PHashes as signed 64-bit integers.

    `animated` if one of them is.
    """

    first: str
    second: str
    distance: int
    dhash_distance: int
    orientation: int
    first_phash: int
    second_phash: int
    animated: bool = False


class PairLooks:
    """Compares candidates by their pictures."""

    def __init__(self, workplace: Workplace, options: Options) -> None:
        self._workplace = workplace
        self._options = options
        self._batch = Batch(workers=options.workers)
        self._looks: dict[str, Look] = {}
        self._facts: dict[str, LookRow] = {}

    def __enter__(self) -> Self:
        """Start the child processes."""
        self._batch.__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        """End them."""
        self._batch.__exit__(*error)  # type: ignore[arg-type]

    def compare(self, wanted: Sequence[Candidate]) -> Iterator[PairRow]:
        """Yield what each candidate is; without those of which a picture cannot be decoded."""
        for some in _portions(wanted):
            self._take_looks(some)
            rows = []
            for pair in some:
                if pair.first in self._looks and pair.second in self._looks:
                    rows.append(self._one(pair))
            yield from self._told_by_pixels(rows, some)

    def write(self, pairs: Sequence[PairRow]) -> None:
        """Write pairs, and the facts of the pictures that were looked at since."""
        with self._workplace.transaction() as connection:
            evidence.record_looks(connection, self._facts.values())
            evidence.record_pairs(connection, pairs)
        self._facts = {sha256: row for sha256, row in self._facts.items() if sha256 in self._looks}

    def _one(self, pair: Candidate) -> PairRow:
        first, second = self._looks[pair.first], self._looks[pair.second]
        orientation, distance = pair.orientation, pair.distance
        found = compare(first, second, orientation)
        if found.kind is PairKind.LOOK_ALIKE:
            # A nearly symmetric picture has close hashes mirrored and as it is.
            other, far = _best_turn(pair)
            if other != orientation and far <= self._options.limits.turned:
                again = compare(first, second, other)
                if again.kind is not PairKind.LOOK_ALIKE:
                    found, orientation, distance = again, other, far
        details = {
            **found.details,
            **_small_hashes(first, second),
            "changed": found.changed,
            "aspect_difference": found.aspect_difference,
            "crop": found.crop,
        }
        return PairRow(
            pair.first,
            pair.second,
            distance,
            pair.dhash_distance,
            orientation,
            str(found.kind),
            found.peak,
            details,
            HASH_VERSION,
            LOOK_VERSION,
        )

    def _take_looks(self, some: Sequence[Candidate]) -> None:
        wanted = {sha256 for pair in some for sha256 in (pair.first, pair.second)}
        self._looks = {sha256: look for sha256, look in self._looks.items() if sha256 in wanted}
        missing = sorted(wanted - self._looks.keys())
        with self._workplace.reading() as connection:
            files = evidence.files_of(connection, missing)
            known = evidence.looks_of(connection, missing)
        paths = ((sha256, self._workplace.directory.resolve(file.path)) for sha256, file in files.items())
        for sha256, look in self._batch.look(paths):
            if not isinstance(look, ReadFailure):
                self._looks[sha256] = look
                before = known.get(sha256)
                pixels = before.pixels_sha256 if before is not None else None
                self._facts[sha256] = LookRow(sha256, LOOK_VERSION, asdict(look.facts), pixels)

    def _told_by_pixels(self, rows: Sequence[PairRow], some: Sequence[Candidate]) -> Iterator[PairRow]:
        """Yield the pairs, those pixel-identical that are equal in every pixel."""
        # Of an animation only the first frame is compared, which says little of the others.
        moving = {(pair.first, pair.second) for pair in some if pair.animated}
        may_be = {(row.first, row.second) for row in rows if self._may_be_identical(row)} - moving
        wanted = {sha256 for names in may_be for sha256 in names}
        unknown = sorted(sha256 for sha256 in wanted if self._facts[sha256].pixels_sha256 is None)
        with self._workplace.reading() as connection:
            files = evidence.files_of(connection, unknown)
        paths = ((sha256, self._workplace.directory.resolve(file.path)) for sha256, file in files.items())
        for sha256, pixels in self._batch.pixels(paths):
            if isinstance(pixels, str):
                self._facts[sha256] = replace(self._facts[sha256], pixels_sha256=pixels)
        for row in rows:
            first, second = self._facts[row.first].pixels_sha256, self._facts[row.second].pixels_sha256
            same = (row.first, row.second) in may_be and first is not None and first == second
            yield replace(row, kind=str(PairKind.PIXEL_IDENTICAL)) if same else row

    def _may_be_identical(self, row: PairRow) -> bool:
        first, second = self._looks[row.first], self._looks[row.second]
        same_size = (first.width, first.height) == (second.width, second.height)
        return row.kind == PairKind.COPY and row.orientation == 0 and same_size


def _small_hashes(first: Look, second: Look) -> dict[str, int]:
    """Return how far apart AHash and WHash are (bits) where one of the two is a thumbnail: a rule asks for them."""
    if min(max(first.width, first.height), max(second.width, second.height)) >= TINY_SIDE:
        return {}
    hashes = [encode_more(Image.fromarray(look.pixels)) for look in (first, second)]
    names = ("ahash", "whash")
    return {name: hamming_distance(one, other) for name, one, other in zip(names, *hashes, strict=True)}


def _best_turn(pair: Candidate) -> tuple[int, int]:
    """Return the orientation other than as it is that fits best, and its distance in bits."""
    first = np.array([pair.first_phash & _ALL_BITS], dtype=np.uint64)
    second = np.uint64(pair.second_phash & _ALL_BITS)
    distances = {number: int(np.bitwise_count(turned(first, number) ^ second)[0]) for number in ORIENTATIONS[1:]}
    best = min(distances, key=lambda number: (distances[number], number))
    return best, distances[best]


def _portions(wanted: Sequence[Candidate]) -> Iterator[list[Candidate]]:
    """Yield the candidates so that each portion names few pictures, those that hang together as close as can be."""
    sets = DisjointSets()
    for pair in wanted:
        sets.union(pair.first, pair.second)
    portion: list[Candidate] = []
    pictures: set[str] = set()
    for pair in sorted(wanted, key=lambda pair: (sets.find(pair.first), pair.first, pair.second)):
        if len(pictures | {pair.first, pair.second}) > _PICTURES_AT_A_TIME:
            yield portion
            portion, pictures = [], set()
        portion.append(pair)
        pictures |= {pair.first, pair.second}
    if portion:
        yield portion

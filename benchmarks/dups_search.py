"""Search for close hashes: seconds and memory of ours, and imagededup's own `find_duplicates` beside it.

The hashes are made like PHash's (the first bit set and 32 of the other 63), one in a hundred of them the head of a
cluster of 2 to 5 that differ in 0 to 10 bits, and in the large collections 10,000 that are equal. Each line is measured
in a process of its own that only loads the hashes, so that its memory is its own; what it found is compared with all
hashes for 200 rows, and at 10,000 hashes with imagededup's answer, pair by pair.

    python benchmarks/dups_search.py [--quick] [--seed N]
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
import warnings
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from imagefap_scraper.dedup.hashers import load_hashers
from imagefap_scraper.dedup.search import Matches, search_all, search_new

if TYPE_CHECKING:
    from numpy.typing import NDArray

SAMPLE = 200
NEW = 1000


@dataclass(frozen=True)
class Cell:
    """One line of the table.

    Attributes:
        name: how it is asked for.
        count: hashes in the collection.
        distance: in bits.
        way: "ours", "new" (1,000 new ones against the collection) or "imagededup".
        seconds: promised at most; 0 if nothing is.
        slow: left out by `--quick`.
    """

    name: str
    count: int
    distance: int
    way: str = "ours"
    seconds: float = 0
    slow: bool = False

    @property
    def equal(self) -> int:
        """How many hashes are equal."""
        return 10_000 if self.count >= 100_000 else 0


CELLS = [
    Cell("10k-4", 10_000, 4),
    Cell("imagededup-10k-4", 10_000, 4, way="imagededup"),
    Cell("100k-10", 100_000, 10, seconds=4),
    Cell("1M-4", 1_000_000, 4, seconds=2),
    Cell("1M-10", 1_000_000, 10, seconds=180, slow=True),
    Cell("new-1M-4", 1_000_000, 4, way="new", seconds=1),
    Cell("new-1M-10", 1_000_000, 10, way="new", seconds=1),
]
#: Megabytes that a search may take on top of the loaded hashes.
MEMORY = 500
#: How many times as fast as imagededup.
RATIO = 100


def make_hashes(count: int, equal: int, seed: int) -> NDArray[np.uint64]:
    """Return hashes like PHash's, with planted clusters and `equal` equal ones among them."""
    random = np.random.default_rng(seed)
    parts = [_balanced(min(100_000, count - at), random) for at in range(0, count, 100_000)]
    hashes = np.concatenate(parts)
    rows = random.permutation(count)
    at = equal
    hashes[rows[:equal]] = hashes[rows[0]]
    for _ in range(count // 100):
        size = int(random.integers(2, 6))
        for row in rows[at + 1 : at + size]:
            bits = random.choice(63, int(random.integers(0, 11)), replace=False)
            hashes[row] = hashes[rows[at]] ^ np.uint64(sum(1 << int(bit) for bit in bits))
        at += size
    return hashes


def _balanced(count: int, random: np.random.Generator) -> NDArray[np.uint64]:
    keys = random.random((count, 63), dtype=np.float32)
    bits = np.ones((count, 64), bool)
    bits[:, 1:] = keys >= np.partition(keys, 31, axis=1)[:, 31:32]
    return np.packbits(bits, axis=1).view(">u8").ravel().astype(np.uint64)


def measure(cell: Cell, collection: Path, new: Path) -> dict[str, Any]:
    """Run one cell in this process; return seconds, how many pairs, megabytes and, at 10,000, the pairs."""
    hashes = np.load(collection)
    probes = np.load(new)
    # The first call of anything pays for pages of code; a small search is no part of the measurement.
    search_all(hashes[:1000], cell.distance)
    search_new(probes[:10], hashes[:1000], cell.distance)
    before = memory("VmRSS")
    begin, begin_cpu = time.perf_counter(), time.process_time()
    if cell.way == "imagededup":
        pairs = imagededups_pairs(hashes, cell.distance)
        seconds = time.perf_counter() - begin
        return {"seconds": seconds, "found": len(pairs), "pairs": sorted(pairs)}
    matches = search_new(probes, hashes, cell.distance) if cell.way == "new" else search_all(hashes, cell.distance)
    seconds, cpu = time.perf_counter() - begin, time.process_time() - begin_cpu
    megabytes = memory("VmHWM") - before
    check(matches, cell.distance)
    result: dict[str, Any] = {"seconds": seconds, "cpu": cpu, "found": len(matches.first), "megabytes": megabytes}
    if cell.count <= 10_000:
        links = [np.stack([link.first, link.second, link.distance], axis=1) for link in matches.links()]
        result["pairs"] = sorted(np.concatenate(links).tolist())
        result["found"] = len(result["pairs"])
    return result


def memory(name: str) -> float:
    """Return megabytes that this process holds (`VmRSS`) or has held at most (`VmHWM`).

    `getrusage` would not do: its peak starts with what the parent process held.
    """
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return next(int(row.split()[1]) for row in status.splitlines() if row.startswith(f"{name}:")) / 1024


def check(matches: Matches, distance: int) -> None:
    """Compare the partners of some values with those that comparing with every value gives.

    Raises:
        RuntimeError: they are not the same.
    """
    random = np.random.default_rng(7)
    left, right = matches.left.hashes, matches.right.hashes
    # Half of them have partners, the others mostly have none.
    some = random.choice(len(left), min(SAMPLE // 2, len(left)), replace=False)
    if len(matches.first):
        some = np.append(some, random.choice(matches.first, SAMPLE // 2))
    for value in np.unique(some):
        true = np.flatnonzero(np.bitwise_count(right ^ left[value]) <= distance)
        found = matches.second[matches.first == value]
        if left is right:
            true = true[true != value]
            found = np.append(found, matches.first[matches.second == value])
        if not np.array_equal(np.sort(found), true):
            raise RuntimeError(f"the partners of {left[value]:016x} are {len(true)}, found were {len(found)}")


def imagededups_pairs(hashes: NDArray[np.uint64], distance: int) -> list[tuple[int, int, int]]:
    """Return what imagededup's `find_duplicates` finds with its own defaults: rows and distance, each pair once."""
    load_hashers()
    hashing = sys.modules["imagededup.methods.hashing"]
    # The project leaves out the search (scikit-learn) and what imports torch; the search is needed here.
    package = ModuleType("imagededup.utils")
    package.__path__ = [str(Path(str(hashing.__file__)).parent.parent / "utils")]
    sys.modules["imagededup.utils"] = package
    from imagededup.handlers.search.retrieval import HashEval  # noqa: PLC0415

    hashing.HashEval = HashEval  # type: ignore[attr-defined]
    named = {str(row): f"{value:016x}" for row, value in enumerate(hashes.tolist())}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = hashing.PHash(verbose=False).find_duplicates(
            encoding_map=named, max_distance_threshold=distance, scores=True
        )
    return [(int(one), int(two), int(bits)) for one, near in found.items() for two, bits in near if int(one) < int(two)]


def in_child(cell: Cell, collection: Path, new: Path) -> dict[str, Any]:
    """Run one cell in a process of its own."""
    command = [sys.executable, __file__, "--cell", cell.name, str(collection), str(new)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{cell.name} failed: {done.stderr}")
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result


def line(cell: Cell, result: dict[str, Any]) -> str:
    """Return a line of the table; a star marks a promise that is not kept."""
    megabytes = result.get("megabytes")
    late = "*" if cell.seconds and result["seconds"] > cell.seconds else " "
    large = "*" if megabytes is not None and megabytes > MEMORY else " "
    promised = f"{cell.seconds:g}" if cell.seconds else ""
    # Far more seconds than CPU seconds: the machine had other work. imagededup's own processes are not counted.
    cpu = f"{result['cpu']:.3f}" if "cpu" in result else ""
    taken = "" if megabytes is None else f"{megabytes:.0f}"
    return (
        f"{cell.way:11}{cell.count:>10,}{cell.distance:>6}{result['seconds']:>10.3f}{late}{promised:>9}{cpu:>8}"
        f"{result['found']:>9,}{taken:>8}{large}"
    )


def table(*, quick: bool, seed: int) -> None:
    """Measure and print."""
    print(f"new: {NEW:,} against the collection; * = over what is promised ({MEMORY} MB beyond the hashes)")
    print(f"{'way':11}{'hashes':>10}{'bits':>6}{'seconds':>10} {'promised':>9}{'CPU s':>8}{'pairs':>9}{'MB':>8}")
    results: dict[str, dict[str, Any]] = {}
    with tempfile.TemporaryDirectory() as directory:
        new = Path(directory) / "new.npy"
        for cell in CELLS:
            if quick and cell.slow:
                continue
            collection = Path(directory) / f"{cell.count}.npy"
            if not collection.exists():
                hashes = make_hashes(cell.count, cell.equal, seed)
                np.save(collection, hashes)
                # Half of the new ones are close to something old.
                near = hashes[-NEW // 2 :] ^ np.uint64(0b101)
                np.save(new, np.concatenate([near, make_hashes(NEW // 2, 0, seed + 1)]))
            results[cell.name] = in_child(cell, collection, new)
            print(line(cell, results[cell.name]), flush=True)
    ours, theirs = results["10k-4"], results["imagededup-10k-4"]
    ratio = theirs["seconds"] / ours["seconds"]
    same = "the same pairs and distances" if ours["pairs"] == theirs["pairs"] else "OTHER PAIRS*"
    print(f"{ratio:,.0f} times as fast as imagededup (promised: {RATIO}){'' if ratio >= RATIO else '*'}, {same}")


def main() -> None:
    """Print the table, or, asked by itself, measure one line of it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="without 1,000,000 hashes at 10 bits")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--cell", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.cell:
        cell = next(one for one in CELLS if one.name == options.cell[0])
        print(json.dumps(measure(cell, Path(options.cell[1]), Path(options.cell[2]))))
        return
    table(quick=options.quick, seed=options.seed)


if __name__ == "__main__":
    main()

"""`process.py import local` on synthetic JPEGs of 300 KB: files a second, beside what bounds it on this machine.

Three things run one after the other, in turns, each on the same files:

* `copy`: read, hash, write and sync each file one by one, with nothing decoded and no database;
* `import`: the whole import into a new archive, in a process of its own;
* `again`: the same import once more, when everything is there: it reads and hashes, and changes nothing.

Prints medians over the rounds, the ratio of the import to the copy, and the processor time that a file takes, with
decoders and all: where a machine does other things as well, that is what can be compared. Ends with 1 below the
promised speed.

    python benchmarks/import_local.py [--files 600] [--rounds 3] [--least 60]
"""

from __future__ import annotations

import argparse
import hashlib
import io
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image

ROOT = Path(__file__).resolve().parent.parent
#: A picture of 2 megapixels, pixels; bytes that one should have.
_SIZE = (1632, 1224)
_BYTES = 300_000
#: Different pictures; the files differ by a comment besides.
_PICTURES = 8
_PER_DIRECTORY = 100


def picture(seed: int) -> bytes:
    """Return a JPEG of about 300 KB: soft waves with as much grain as it takes."""
    random = np.random.default_rng(seed)
    down, across = np.mgrid[0 : _SIZE[1], 0 : _SIZE[0]]
    waves = [np.sin(across / random.uniform(40, 200) + down / random.uniform(40, 200)) for _ in range(3)]
    grain = random.normal(0, 8, (*down.shape, 1))
    image = Image.fromarray(np.clip(128 + 60 * np.stack(waves, -1) + grain, 0, 255).astype(np.uint8))
    best = b""
    for quality in range(50, 96, 3):
        stream = io.BytesIO()
        image.save(stream, "JPEG", quality=quality)
        best = stream.getvalue()
        if len(best) >= _BYTES:
            break
    return best


def make_files(directory: Path, count: int) -> list[Path]:
    """Make so many different files in directories of a hundred."""
    pictures = [picture(seed) for seed in range(_PICTURES)]
    paths = []
    for number in range(count):
        path = directory / f"{number // _PER_DIRECTORY:04}" / f"{number:06}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        # A comment in front of the end mark.
        path.write_bytes(pictures[number % _PICTURES][:-2] + b"\xff\xfe\x00\x0a%08d" % number + b"\xff\xd9")
        paths.append(path)
    return paths


def copy(paths: list[Path], target: Path) -> float:
    """Return the files a second of a loop that only copies."""
    target.mkdir()
    begin = time.perf_counter()
    for path in paths:
        content = path.read_bytes()
        with (target / hashlib.sha256(content).hexdigest()).open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    return len(paths) / (time.perf_counter() - begin)


def children_seconds() -> float:
    """Return the processor time of all processes that have ended below this one, in seconds."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def run_import(source: Path, archive: Path) -> tuple[float, float, dict[str, int]]:
    """Return files a second and processor seconds a file of a whole import, start and end included; and its counts."""
    command = [sys.executable, str(ROOT / "tools" / "process.py"), "import", "local", str(source), "--yes", "--json"]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("IMAGEFAP_")}
    used, begin = children_seconds(), time.perf_counter()
    done = subprocess.run(
        [*command, "--dir", str(archive)], env=environment, stdout=subprocess.PIPE, text=True, check=True
    )
    seconds = time.perf_counter() - begin
    counts: dict[str, int] = json.loads(done.stdout)
    return counts["pictures"] / seconds, (children_seconds() - used) / counts["pictures"], counts


def main() -> int:
    """Run the rounds and print the table; 1 if the import is slower than promised."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--files", type=int, default=600)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--least", type=float, default=60.0, help="files a second that are promised, on two cores")
    options = parser.parse_args()
    speeds: dict[str, list[float]] = {"copy": [], "import": [], "again": []}
    costs: list[float] = []
    with tempfile.TemporaryDirectory(dir=ROOT, prefix=".bench-") as work:
        source = Path(work) / "pictures"
        paths = make_files(source, options.files)
        size = sum(path.stat().st_size for path in paths) / len(paths)
        for number in range(options.rounds):
            archive = Path(work) / f"archive{number}"
            speeds["copy"].append(copy(paths, Path(work) / f"copy{number}"))
            for name, expected in (("import", "stored"), ("again", "known")):
                speed, cost, counts = run_import(source, archive)
                assert counts[expected] == options.files, counts
                speeds[name].append(speed)
                costs += [cost] * (name == "import")
    medians = {name: statistics.median(values) for name, values in speeds.items()}
    print(f"{options.files} JPEGs of {size / 1000:.0f} kB, {len(os.sched_getaffinity(0))} cores")
    for name, speed in medians.items():
        print(f"{name:>8}  {speed:8.1f} files/s   (all rounds: {', '.join(f'{one:.0f}' for one in speeds[name])})")
    cost, cores = statistics.median(costs), len(os.sched_getaffinity(0))
    print(
        f"a file takes {cost * 1000:.1f} ms of processor time: {cores / cost:.0f} files/s at most on {cores} idle cores"
    )
    print(f"import is {medians['import'] / medians['copy']:.2f} of a plain copy; promised: {options.least:g} files/s")
    return int(medians["import"] < options.least)


if __name__ == "__main__":
    sys.exit(main())

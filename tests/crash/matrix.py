"""`make crash`: every kill point by up to twelve counts, spread over the crawl.

`python -m crash.matrix [COUNTS [POINT ...]]` with `tests` on the module path: fewer counts, or these points alone.
Prints one line a point and exits with 1 if anything was wrong.
"""

from __future__ import annotations

import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from queue import SimpleQueue
from typing import TYPE_CHECKING

from crash.points import POINTS, RECOVERY_POINTS
from crash.trials import Kill, Result, passes, run_trial, small_world, spread

from tools.demo.client import DemoSite

if TYPE_CHECKING:
    from collections.abc import Sequence

COUNTS = 12
#: In get mode only what differs there is worth all counts; the rest gets a few.
COUNTS_IN_GET_MODE = 4
WORKERS = 2
#: Problems of one trial that are shown; one cause often has many.
MOST_SHOWN = 5
#: What a kill leaves there is what the next start has to recover.
LEAVES_INTENTS = ("intent_recorded", "name_linked", "named", "names_synced")


@dataclass(frozen=True)
class Plan:
    """One trial: the kills, of which the last one is at `point`."""

    mode: str
    point: str
    kills: tuple[Kill, ...]


def say(text: str) -> None:
    """Print at once, for whoever waits for the end."""
    print(text, flush=True)  # noqa: T201 - a program for people


def plans(counted: dict[str, dict[str, int]], counts: int, points: Sequence[str]) -> list[Plan]:
    """Return the trials, from how often a whole crawl passes each point."""
    made = []
    for mode, wanted in (("read", counts), ("get", min(counts, COUNTS_IN_GET_MODE))):
        for point in POINTS:
            made += [Plan(mode, point, (Kill(point, n),)) for n in spread(counted[mode][point], wanted)]
        for point in RECOVERY_POINTS:
            for index, n in enumerate(spread(counted[mode]["intent_recorded"], wanted)):
                # A file that has its name already is not named once more.
                first = LEAVES_INTENTS[0 if point == "recovery_named" else index % len(LEAVES_INTENTS)]
                made.append(Plan(mode, point, (Kill(first, n), Kill(point, 1))))
    return [plan for plan in made if not points or plan.point in points]


def run_all(directory: Path, counts: int, points: Sequence[str]) -> list[Result]:
    """Run every trial, two at a time, each worker with a site of its own; print each point's figures."""
    sites: SimpleQueue[DemoSite] = SimpleQueue()
    started = [DemoSite.start(world=small_world()) for _ in range(WORKERS)]
    for site in started:
        sites.put(site)

    def run_one(number: int, plan: Plan) -> Result:
        site = sites.get()
        try:
            return run_trial(site, directory / str(number) / "out", plan.kills, plan.mode)
        finally:
            sites.put(site)

    every: list[Result] = []
    try:
        todo = plans({mode: passes(started[0], directory, mode) for mode in ("read", "get")}, counts, points)
        say(f"{len(todo)} trials")
        say(f"{'mode':5} {'point':20} {'trials':>6} {'kills':>6} {'wrong':>6} {'refetched':>10} {'most':>5}")
        with ThreadPoolExecutor(WORKERS) as pool:
            done = zip(todo, pool.map(run_one, range(len(todo)), todo), strict=True)
            for (mode, point), some in groupby(done, key=lambda pair: (pair[0].mode, pair[0].point)):
                results = [result for _, result in some]
                say(f"{mode:5} {point:20} {_figures(results)}")
                every += results
    finally:
        for site in started:
            site.stop()
    return every


def _figures(some: Sequence[Result]) -> str:
    refetched = [number for result in some for number in result.refetched]
    kills, wrong = sum(result.kills for result in some), sum(bool(result.problems) for result in some)
    problems = "".join(f"\n    {problem}" for result in some for problem in result.problems[:MOST_SHOWN])
    return f"{len(some):6} {kills:6} {wrong:6} {sum(refetched):10} {max(refetched, default=0):5}{problems}"


def main(words: Sequence[str]) -> int:
    """Run and report; return the exit code."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as directory:
        every = run_all(Path(directory), int(words[0]) if words else COUNTS, words[1:])
    say(f"{'all':26} {_figures(every)}")
    say(f"{time.monotonic() - began:.0f} s")
    return 1 if any(result.problems for result in every) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

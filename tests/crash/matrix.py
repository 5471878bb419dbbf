"""`make crash`: every kill point by up to twelve counts, spread over the crawl; `python -m crash.matrix [COUNTS]`.

Prints one line a point and exits with 1 if anything was wrong. Runs with `tests` on the module path.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue

from crash.points import POINTS, RECOVERY_POINTS
from crash.trials import Kill, Result, passes, run_trial, small_world, spread

from tools.demo.client import DemoSite

COUNTS = 12
#: In get mode only what differs there is worth all counts; the rest gets a few.
COUNTS_IN_GET_MODE = 4
WORKERS = 2
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


def plans(counted: dict[str, dict[str, int]], counts: int) -> list[Plan]:
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
    return made


def run_all(directory: Path, counts: int) -> dict[tuple[str, str], list[Result]]:
    """Run every trial, two at a time, each worker with a site of its own."""
    results: dict[tuple[str, str], list[Result]] = defaultdict(list)
    sites: SimpleQueue[DemoSite] = SimpleQueue()
    started = [DemoSite.start(world=small_world()) for _ in range(WORKERS)]
    for site in started:
        sites.put(site)

    def run_one(number: int, plan: Plan) -> tuple[Plan, Result]:
        site = sites.get()
        try:
            return plan, run_trial(site, directory / str(number) / "out", plan.kills, plan.mode)
        finally:
            sites.put(site)

    try:
        counted = {mode: passes(started[0], directory, mode) for mode in ("read", "get")}
        with ThreadPoolExecutor(WORKERS) as pool:
            todo = plans(counted, counts)
            say(f"{len(todo)} trials")
            for plan, result in pool.map(run_one, range(len(todo)), todo):
                results[plan.mode, plan.point].append(result)
                for problem in result.problems:
                    say(f"{plan}: {problem}")
    finally:
        for site in started:
            site.stop()
    return results


def report(results: dict[tuple[str, str], list[Result]]) -> int:
    """Print the figures; return how many trials showed something wrong."""
    say(f"{'mode':5} {'point':20} {'trials':>6} {'kills':>6} {'wrong':>6} {'refetched':>10} {'most':>5}")
    for (mode, point), some in results.items():
        say(f"{mode:5} {point:20} {_figures(some)}")
    every = [result for some in results.values() for result in some]
    say(f"{'all':26} {_figures(every)}")
    return sum(bool(result.problems) for result in every)


def _figures(some: list[Result]) -> str:
    refetched = [number for result in some for number in result.refetched]
    kills, wrong = sum(result.kills for result in some), sum(bool(result.problems) for result in some)
    return f"{len(some):6} {kills:6} {wrong:6} {sum(refetched):10} {max(refetched, default=0):5}"


def main() -> int:
    """Run and report."""
    began = time.monotonic()
    counts = int(sys.argv[1]) if len(sys.argv) > 1 else COUNTS
    with tempfile.TemporaryDirectory() as directory:
        wrong = report(run_all(Path(directory), counts))
    say(f"{time.monotonic() - began:.0f} s")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())

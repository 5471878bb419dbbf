"""One trial: a crawl is killed at named points, then one quiet run of the same command, then everything is compared."""

from __future__ import annotations

import json
import signal
import subprocess
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from crash import checker
from crawl_support import ROOT, crawl_command, crawl_environment

from tools.demo.build import WorldBuilder, WorldOptions
from tools.demo.world import ImageState, World

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tools.demo.client import DemoSite

USER = "Keeper"
#: Seconds; a crawl of the small world takes two, the last one of the long test a minute.
LONGEST_RUN = 300.0
#: Image files that one kill may cost: those on their way or not yet on record, of which the gate allows eight.
REFETCHED_PER_KILL = 8
#: Seconds before each image file, so that images do not all arrive at once and kills find them at every stage.
LATENCY = {"image": 0.02}
LAYOUT = {"read": "blobs", "get": "straight"}


def small_world() -> World:
    """Return 71 images in three folders: shared ones, equal bytes, equal names, one page and one file missing."""
    builder = WorldBuilder(WorldOptions(seed=5, per_page=8, image_width=32, image_height=24))
    first = builder.gallery(34)
    second = builder.gallery(14)
    strays = [number for _ in range(4) for number in builder.gallery(4).ids[:3]]
    images = builder.world.images
    # Equal bytes: under another name, under the same name, and in another gallery.
    copies = [
        builder.picture(second, name=name, recipe=images[first.ids[place]].recipe).image_id
        for place, name in ((0, "copy one.jpg"), (3, images[first.ids[3]].name), (9, "copy two.jpg"))
    ]
    namesakes = [builder.picture(second, name=images[first.ids[0]].name).image_id for _ in range(2)]
    kinds = [
        builder.picture(second, name=f"kind {kind}.{kind}", recipe=builder.recipe(picture_format=kind)).image_id
        for kind in ("png", "gif", "webp")
    ]
    builder.world.set_state([first.ids[5]], ImageState.PAGE_MISSING)
    builder.world.set_state([second.ids[2]], ImageState.FILE_MISSING)
    user = builder.user(USER)
    builder.folder(user, "Meadows", [*first.ids[:24], *copies])
    builder.folder(user, "Shores", [*first.ids[14:], *second.ids[:9], *namesakes])
    builder.folder(user, "Both", [*strays, *second.ids[5:14], *kinds, *first.ids[:3]])
    return builder.world


@dataclass(frozen=True)
class Kill:
    """A kill: the n-th pass of a point."""

    point: str
    count: int


@dataclass
class Result:
    """What a trial showed.

    Attributes:
        kills: how many runs really ended by SIGKILL.
        problems: what was wrong; right after a kill, or at the end.
        refetched: for each kill, how many image files were asked for again.
        output: what the last run said.
    """

    kills: int = 0
    problems: list[str] = field(default_factory=list)
    refetched: list[int] = field(default_factory=list)
    output: str = ""


def expected_of(site: DemoSite, user: str = USER) -> checker.Expected:
    """Return what the site gives of the user."""
    truth = site.truth()
    (owner,) = [one for one in truth["users"] if one["name"] == user]
    return checker.Expected(truth, owner)


def run(
    site: DemoSite, output: Path, mode: str, *words: str, accident: dict[str, str] | None = None, **settings: str
) -> subprocess.CompletedProcess[str]:
    """Run a crawl in a process that an accident may befall; see `crash.crashing_crawl`."""
    settings = {"IMAGEFAP_INSPECT_WORKERS": "1", "IMAGEFAP_BLOCK_PAUSE": "0.5"} | settings
    words = (f"user={USER}", f"mode={mode}", *words)
    python, _, _, *command = crawl_command(site.url, output, "favorites", *words, **settings)
    return subprocess.run(
        [python, "-m", "crash.crashing_crawl", *command],
        cwd=ROOT,
        env=crawl_environment(output.parent) | {"PYTHONPATH": "tests"} | (accident or {}),
        capture_output=True,
        text=True,
        timeout=LONGEST_RUN,
        check=False,
    )


def accident(kill: Kill, mutant: str = "") -> dict[str, str]:
    """Return the environment of a run that is to be killed."""
    planned = {"CRASH_POINT": kill.point, "CRASH_COUNT": str(kill.count)}
    return planned | ({"CRASH_MUTANT": mutant} if mutant else {})


def run_trial(
    site: DemoSite,
    output: Path,
    kills: Sequence[Kill],
    mode: str = "read",
    *,
    mutant: str = "",
    settings: dict[str, str] | None = None,
) -> Result:
    """Kill a crawl once at each place, run the same command undisturbed, compare."""
    expected = expected_of(site)
    result = Result()
    options = {name: value.format(output=output) for name, value in (settings or {}).items()}
    quiet = {"CRASH_MUTANT": mutant} if mutant else {}
    asked: list[Counter[int]] = []
    for kill in kills:
        plan = kill
        site.set_fault(reset=True, latency=LATENCY)
        if kill.point == "pausing":
            # The block comes after so many pages; the crawl is killed when it looks at its queue the second time then.
            site.set_fault(block={"seconds": 0.8, "after": kill.count})
            plan = Kill(kill.point, 2)
        before = checker.stored_ids(output)
        site.reset_log()
        _note_end(run(site, output, mode, accident=accident(plan, mutant), **options), result)
        asked.append(_images_asked(site, before, result))
        result.problems += [f"after the kill at {kill}: {text}" for text in checker.after_kill(output, expected)]
    stored = checker.stored_ids(output)
    site.set_fault(reset=True)
    site.reset_log()
    last = run(site, output, mode, accident=quiet, **options)
    result.output = last.stdout + last.stderr
    if last.returncode != 0 or "Traceback" in last.stderr:
        result.problems.append(f"the quiet run ended with {last.returncode}: {last.stderr[-1500:]}")
    asked.append(_images_asked(site, stored, result))
    result.problems += checker.at_end(output, expected, LAYOUT[mode])
    _count_refetched(asked, result)
    return result


def _note_end(ended: subprocess.CompletedProcess[str], result: Result) -> None:
    if ended.returncode == -signal.SIGKILL:
        result.kills += 1
    elif ended.returncode != 0:
        result.problems.append(f"ended with {ended.returncode} instead of a kill: {ended.stderr[-1500:]}")


def _images_asked(site: DemoSite, stored: set[int], result: Result) -> Counter[int]:
    """Return how often each image's file was asked for; none of those may have been stored before."""
    log = site.requests()
    asked = Counter(entry["image_id"] for entry in log if entry["kind"] == "image")
    pages = {entry["image_id"] for entry in log if entry["kind"] == "photo"}
    result.problems += [f"asked for image {number}, which was stored" for number in stored & (set(asked) | pages)]
    result.problems += [f"asked {times} times for image {number}" for number, times in asked.items() if times > 1]
    return asked


def _count_refetched(asked: list[Counter[int]], result: Result) -> None:
    for index, before in enumerate(asked[:-1]):
        later = set().union(*asked[index + 1 :])
        result.refetched.append(len(set(before) & later))


def passes(site: DemoSite, directory: Path, mode: str) -> dict[str, int]:
    """Return how often an undisturbed crawl passes each point."""
    site.set_fault(reset=True, latency=LATENCY)
    site.reset_log()
    file = directory / f"passes-{mode}.json"
    ended = run(site, directory / f"counted-{mode}", mode, accident={"CRASH_PASSES": str(file)})
    assert ended.returncode == 0, ended.stderr
    counted: dict[str, int] = json.loads(file.read_text())
    # A block is ordered for each trial; it may come after any of the crawl's requests.
    counted["pausing"] = len([entry for entry in site.requests() if entry["kind"] != "image"])
    return counted


def spread(most: int, wanted: int) -> list[int]:
    """Return up to so many different counts from 1 to `most`, evenly spread, both ends among them."""
    if most <= wanted:
        return list(range(1, most + 1))
    return sorted({1 + round(step * (most - 1) / (wanted - 1)) for step in range(wanted)})


def child_processes(parent: int) -> set[int]:
    """Return the processes that a process started and that still run, theirs included."""
    parents = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with suppress(OSError):
                # Fields after the name in parentheses: state, parent.
                parents[int(entry.name)] = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
    found: set[int] = set()
    while more := {child for child, its in parents.items() if its in {parent} | found} - found:
        found |= more
    return found

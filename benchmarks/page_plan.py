"""Pages that the planner asks, against the fewest 24-image windows that hold every wanted image.

Runs `imagefap_scraper.planning` against simulated galleries: no network, no pictures. Prints a table of
pages / optimum by window rule, order of the favorites, and whether the listing names the gallery; beside it what
one page an image costs, and what opening pages in listing order costs (taking every wanted neighbour seen).

    python benchmarks/page_plan.py [--quick] [--ids shuffled] [--seed N]
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from imagefap_scraper.planning import PhotoRequest, Planner, StripRequest, Window

if TYPE_CHECKING:
    from collections.abc import Iterator

WINDOW = 24
RULES = ("own", "jd", "jd-clamped", "centred", "centred-clamped", "blocks")
ORDERS = ("gallery", "reversed", "shuffled")
IDS = ("stride 1", "gaps", "interleaved", "descending", "shuffled")


@dataclass
class World:
    """Galleries, the favorites among their images in listing order, and the window rule of the site."""

    rule: str
    galleries: dict[int, list[int]]
    favorites: list[int]

    def __post_init__(self) -> None:
        """Index the images."""
        self.place = {one: (gid, at) for gid, ids in self.galleries.items() for at, one in enumerate(ids)}

    def window_start(self, at: int, total: int) -> int:
        """First position of the window of a photo page; below 0 where the site cuts it off."""
        last = max(0, total - WINDOW)
        return {
            "own": at,
            "jd": at - 16 - at % 8,
            "jd-clamped": max(0, at - 16 - at % 8),
            "centred": at - 12,
            "centred-clamped": min(max(0, at - 12), last),
            "blocks": at - at % WINDOW,
        }[self.rule]

    def answer(self, request: PhotoRequest | StripRequest) -> Window:
        """What the site sends."""
        if isinstance(request, StripRequest):
            ids = self.galleries[request.gallery_id]
            found = ids[request.start : request.start + WINDOW]
            return Window(request.gallery_id, len(ids), request.start, tuple(found))
        gid, at = self.place[request.image_id]
        ids = self.galleries[gid]
        start = self.window_start(at, len(ids))
        return Window(gid, len(ids), at, tuple(ids[max(0, start) : start + WINDOW]))

    def _positions(self) -> list[list[int]]:
        found: dict[int, list[int]] = {}
        for one in self.favorites:
            gid, at = self.place[one]
            found.setdefault(gid, []).append(at)
        return [sorted(places) for places in found.values()]

    def optimum(self) -> int:
        """Fewest windows of 24 with every start allowed and every position known."""
        windows = 0
        for places in self._positions():
            end = -1
            for at in places:
                if at >= end:
                    windows, end = windows + 1, at + WINDOW
        return windows

    def blocks(self) -> int:
        """Fewest windows that start at multiples of 24."""
        return sum(len({at // WINDOW for at in places}) for places in self._positions())


def make_ids(rng: random.Random, sizes: list[int], kind: str) -> list[list[int]]:
    """Ids of galleries: uploads one after the other or at the same time, with the gaps that other people's leave."""
    number = 10_000_000
    made: list[list[int]] = []
    for size in sizes:
        number += rng.randrange(500, 50_000)
        steps = [1 if kind in ("stride 1", "descending") else 1 + int(rng.expovariate(0.4)) for _ in range(size)]
        ids = []
        for step in steps:
            number += step
            ids.append(number)
        made.append(ids)
    if kind == "interleaved":  # neighbours in threes share one range of ids
        for at in range(0, len(made) - 2, 3):
            pool = sorted(one for ids in made[at : at + 3] for one in ids)
            rng.shuffle(pool)
            cut = [0, len(made[at]), len(made[at]) + len(made[at + 1]), len(pool)]
            for part in range(3):
                made[at + part] = sorted(pool[cut[part] : cut[part + 1]])
    if kind == "descending":
        made = [ids[::-1] for ids in made]
    if kind == "shuffled":
        for ids in made:
            rng.shuffle(ids)
    return made


def pick(rng: random.Random, ids: list[int], kind: str) -> list[int]:
    """The favorites in one gallery: a run, several runs, a random share, or all of it."""
    if kind == "whole":
        return list(ids)
    if kind == "run":
        length = min(len(ids), rng.randrange(2, 120))
        start = rng.randrange(len(ids) - length + 1)
        return ids[start : start + length]
    share = {"2%": 0.02, "10%": 0.1, "30%": 0.3, "70%": 0.7}[kind]
    return [one for one in ids if rng.random() < share] or [rng.choice(ids)]


PICKS = ("whole", "run", "2%", "10%", "30%", "70%")


def make_world(rule: str, order: str, kind: str, *, picks: str, galleries: int, seed: int) -> World:
    """A site with `galleries` galleries of 5 to 600 images and one favorites list over them."""
    rng = random.Random(f"{kind} {picks} {seed}")
    sizes = [min(600, 5 + int(rng.expovariate(1 / 90))) for _ in range(galleries)]
    made = make_ids(rng, sizes, kind)
    rng.shuffle(made)
    chosen = [pick(rng, ids, picks if picks != "mixed" else rng.choice(PICKS)) for ids in made]
    if order == "reversed":
        chosen = [ids[::-1] for ids in chosen]
    favorites = [one for ids in chosen for one in ids]
    if order == "shuffled":
        rng.shuffle(favorites)
    return World(rule, {100 + at: ids for at, ids in enumerate(made)}, favorites)


def run(world: World, *, named: bool, partials: bool = True) -> tuple[int, float]:
    """Requests until everything is served, and seconds of the planner's own time."""
    begin = time.process_time()
    planner = Planner(partials=partials)
    for at, one in enumerate(world.favorites):
        planner.add(one, gallery_id=world.place[one][0] if named else None, rank=(0, at))
    asked = 0
    while (request := planner.next()) is not None:
        asked += 1
        planner.saw(request, world.answer(request))
    return asked, time.process_time() - begin


def neighbour_luck(world: World) -> int:
    """Pages asked when each image not served yet is opened in listing order."""
    wanted = dict.fromkeys(world.favorites)
    asked = 0
    for one in world.favorites:
        if one in wanted:
            asked += 1
            wanted.pop(one)
            for other in world.answer(PhotoRequest(one, None)).ids:
                if other is not None:
                    wanted.pop(other, None)
    return asked


def target(rule: str, *, named: bool) -> float:
    """What the ratio may be where ids ascend."""
    return 1.15 if named or rule in ("own", "blocks") else 1.6


@dataclass(frozen=True)
class Row:
    """One line of the table; ratios are pages / optimum."""

    ids: str
    rule: str
    order: str
    images: int
    optimum: int
    blocks: float
    named: float
    unnamed: float
    luck: float
    milliseconds: float

    def over(self, *, named: bool) -> bool:
        """Whether a ratio misses the target, which holds where ids ascend."""
        ratio = self.named if named else self.unnamed
        return self.ids in ("stride 1", "gaps") and ratio > target(self.rule, named=named)

    def __str__(self) -> str:
        """The line."""
        marks = ["*" if self.over(named=named) else " " for named in (True, False)]
        return (
            f"{self.ids:12}{self.rule:16}{self.order:10}{self.images:7}{self.optimum:8}{self.blocks:8.2f}"
            f"{self.named:7.2f}{marks[0]}{self.unnamed:7.2f}{marks[1]}{self.luck:7.2f}"
            f"{self.images / self.optimum:7.2f}{self.milliseconds:6.2f}"
        )


def measure(world: World, ids: str, order: str) -> Row:
    """Run the planner with and without the listing's galleries, and the two simple ways."""
    best = world.optimum()
    named, one = run(world, named=True)
    unnamed, two = run(world, named=False)
    return Row(
        ids=ids,
        rule=world.rule,
        order=order,
        images=len(world.favorites),
        optimum=best,
        blocks=world.blocks() / best,
        named=named / best,
        unnamed=unnamed / best,
        luck=neighbour_luck(world) / best,
        milliseconds=1000 * (one + two) / (named + unnamed),
    )


def table(picks: str, kinds: tuple[str, ...], galleries: int, seed: int) -> Iterator[Row]:
    """One row a kind of ids, window rule, and order."""
    for kind in kinds:
        for rule in RULES:
            for order in ORDERS:
                world = make_world(rule, order, kind, picks=picks, galleries=galleries, seed=seed)
                yield measure(world, kind, order)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="small worlds")
    parser.add_argument("--ids", choices=IDS, action="append", help="only these")
    parser.add_argument("--picks", choices=("mixed", *PICKS), default="mixed", help="which images are favorites")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    print("pages / optimum; * = over the target (1.15, without gid and with jd or centred windows 1.6; ascending ids)")
    print("blocks: fewest fixed blocks; luck: in listing order; naive: one page an image; ms: planner's time a page")
    print(
        f"{'ids':12}{'rule':16}{'order':10}{'images':>7}{'optimum':>8}{'blocks':>8}"
        f"{'gid':>7} {'no gid':>7} {'luck':>7}{'naive':>7}{'ms':>6}"
    )
    galleries = 40 if arguments.quick else 300
    for row in table(arguments.picks, tuple(arguments.ids or IDS), galleries, arguments.seed):
        print(row, flush=True)


if __name__ == "__main__":
    main()

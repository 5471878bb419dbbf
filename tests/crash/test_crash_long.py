"""Forty kills at random times in one crawl of 2,000 images: `pytest -m long`, or `make crash`."""

from __future__ import annotations

import random
import signal
import time
from collections import Counter
from typing import TYPE_CHECKING

import pytest
from crash import checker
from crash.trials import LAYOUT, REFETCHED_PER_KILL, USER, expected_of, run
from crawl_support import start_crawl

from tools.demo.build import WorldBuilder, WorldOptions
from tools.demo.client import DemoSite

if TYPE_CHECKING:
    from pathlib import Path

    from tools.demo.world import World

IMAGES = 2000
KILLS = 40
#: Seconds before each image file: four at a time are then at most 80 images a second, more than the real site gives.
LATENCY = {"image": 0.05}
SEED = 20


def _world() -> World:
    builder = WorldBuilder(WorldOptions(drawings=40, image_width=96, image_height=64, image_bytes=20_000))
    user = builder.user(USER)
    for number in range(5):
        builder.folder(user, f"Folder {number}", builder.gallery(IMAGES // 5).ids)
    return builder.world


@pytest.mark.long
@pytest.mark.parametrize("mode", ["read"])
def test_forty_kills_at_random_times(tmp_path: Path, mode: str) -> None:
    chance = random.Random(SEED)
    output = tmp_path / "out"
    asked: list[Counter[int]] = []
    problems: list[str] = []
    with DemoSite.start(world=_world()) as site:
        site.set_fault(latency=LATENCY)
        expected = expected_of(site)
        while len(asked) < KILLS:
            before = checker.stored_ids(output)
            site.reset_log()
            with start_crawl(
                site, output, "favorites", f"user={USER}", f"mode={mode}", IMAGEFAP_INSPECT_WORKERS="1"
            ) as crawl:
                # One in ten before or while it starts, the others at any moment after its first request.
                if chance.random() > 0.1:
                    _until_asked(site)
                time.sleep(chance.uniform(0, 1.5))
                crawl.send_signal(signal.SIGKILL)
                crawl.communicate()
            assert crawl.returncode == -signal.SIGKILL, f"all is here after {len(asked)} kills: kill sooner"
            asked.append(_asked(site, before, problems))
            problems += checker.after_kill(output, expected)
        before = checker.stored_ids(output)
        site.reset_log()
        last = run(site, output, mode)
        asked.append(_asked(site, before, problems))
        assert last.returncode == 0, last.stderr
        problems += checker.at_end(output, expected, LAYOUT[mode])
    refetched = [len(set(some) & set().union(*asked[index + 1 :])) for index, some in enumerate(asked[:-1])]
    print(f"{KILLS} kills, stored before the last run: {len(before)}, asked for again: {refetched} = {sum(refetched)}")  # noqa: T201
    assert problems == []
    assert max(refetched) <= REFETCHED_PER_KILL


def _until_asked(site: DemoSite) -> None:
    while not site.requests():
        time.sleep(0.05)


def _asked(site: DemoSite, stored: set[int], problems: list[str]) -> Counter[int]:
    asked = Counter(entry["image_id"] for entry in site.requests("image"))
    problems += [f"asked for image {number}, which was stored" for number in stored & set(asked)]
    return asked

"""`scrapy` with a planned accident: `python -m crash.crashing_crawl crawl favorites -a user=NAME ...`.

What is to happen comes from the environment:

    CRASH_POINT, CRASH_COUNT   SIGKILL of this process at the n-th pass of a point (`crash.points`)
    CRASH_PASSES               file: how often each point was passed, written at the end
    CRASH_FAULT                CALL:ERROR:N, the disk refuses from the n-th such call on (`crash.faults`)
    CRASH_MUTANT               one ordering rule turned around (`crash.mutants`)
    CRASH_TRACE                file: what was synced, named and recorded, in order (`crash.trace`)
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from crash import faults, mutants, points, trace
from scrapy.cmdline import execute


def main() -> None:
    """Install the accident and run the command."""
    env = os.environ
    # The project's settings are found before anything of it is imported.
    os.environ.setdefault("SCRAPY_SETTINGS_MODULE", "imagefap_scraper.settings")
    if env.get("CRASH_TRACE"):
        trace.install(Path(env["CRASH_TRACE"]))
    if env.get("CRASH_MUTANT"):
        mutants.MUTANTS[env["CRASH_MUTANT"]].install()
    if env.get("CRASH_FAULT"):
        faults.install(env["CRASH_FAULT"])
    killer = points.Killer(env.get("CRASH_POINT", ""), int(env.get("CRASH_COUNT", "0")))
    passes = env.get("CRASH_PASSES")
    if env.get("CRASH_POINT") or passes:
        killer.install()
    try:
        execute(["scrapy", *sys.argv[1:]])
    finally:
        if passes:
            Path(passes).write_text(json.dumps(killer.passes))


# Child processes that decode pictures import the main module under another name.
if __name__ == "__main__":
    main()

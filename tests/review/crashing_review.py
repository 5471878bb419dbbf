"""One decision, undoing or emptying that ends by SIGKILL at a named place: `crashing_review.py DIR WORK POINT NTH`.

`main` alone does the work to its end.
"""

from __future__ import annotations

import importlib
import os
import signal
import sys
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

#: Owner (`module` or `module:Class`), function, side; in the order in which a decision meets them.
POINTS: dict[str, tuple[str, str, str]] = {
    "keeper_read": ("imagefap_scraper.review.throwing_out", "check_keeper", "after"),
    "relation_written": ("imagefap_scraper.database.journal:Rows", "put", "after"),
    "row_written": ("imagefap_scraper.database.journal:Journal", "_apply", "after"),
    "move_noted": ("imagefap_scraper.review.throwing_out", "add_move", "after"),
    "action_unwritten": ("imagefap_scraper.database.journal:Journal", "close", "before"),
    "action_written": ("imagefap_scraper.database.journal:Journal", "close", "after"),
    "committed": ("imagefap_scraper.review.workplace", "carry_out", "before"),
    "moving": ("imagefap_scraper.storage.trash", "move_new", "before"),
    "linked": ("os", "link", "after"),
    "moved": ("imagefap_scraper.storage.trash", "move_new", "after"),
    "all_moved": ("imagefap_scraper.review.workplace", "carry_out", "after"),
    "moves_dropped": ("imagefap_scraper.review.workplace", "drop_moves", "after"),
    "removing": ("imagefap_scraper.storage.trash", "remove", "before"),
    "removed": ("imagefap_scraper.storage.trash", "remove", "after"),
    "forgotten": ("imagefap_scraper.storage.trash", "forget", "after"),
}


def arm(point: str, nth: int) -> None:
    owner, name, side = POINTS[point]
    module, _, inner = owner.partition(":")
    holder: Any = importlib.import_module(module)
    if inner:
        holder = getattr(holder, inner)
    original: Callable[..., Any] = getattr(holder, name)
    calls = 0

    def die() -> None:
        nonlocal calls
        calls += 1
        if calls == nth:
            os.kill(os.getpid(), signal.SIGKILL)

    @wraps(original)
    def armed(*arguments: Any, **options: Any) -> Any:
        if side == "before":
            die()
        result = original(*arguments, **options)
        if side == "after":
            die()
        return result

    setattr(holder, name, armed)


def main(directory: Path, work: str) -> None:
    from imagefap_scraper.database.session import DATABASE_NAME
    from imagefap_scraper.review import deciding, trashing, undoing
    from imagefap_scraper.review.options import read_options
    from imagefap_scraper.review.workplace import Workplace
    from imagefap_scraper.storage.files import ArchiveDirectory

    workplace = Workplace(ArchiveDirectory(directory), directory / DATABASE_NAME)
    options = read_options({})
    workplace.carry_out_moves()
    if work == "accept":
        with workplace.reading() as connection:
            choices = deciding.accept_choices(connection, ())
        deciding.decide(workplace, choices, options, kind="accept", strict=False)
    elif work == "undo":
        with workplace.reading() as connection:
            entries = undoing.entries_of(connection, undoing.last_batch(connection), whole_batch=True)
        undoing.undo(workplace, entries, options)
    elif work == "restore":
        with workplace.reading() as connection:
            wanted = [one.sha256 for one in trashing.in_trash(connection)]
        trashing.restore(workplace, wanted, options)
    elif work == "empty":
        trashing.empty(workplace, None)
    elif work != "nothing":
        raise SystemExit(f"unknown work {work}")


if __name__ == "__main__":
    arm(sys.argv[3], int(sys.argv[4]))
    main(Path(sys.argv[1]), sys.argv[2])

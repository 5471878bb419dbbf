"""A server that ends by SIGKILL at a named place of `crashing_review`: `crashing_server.py DIR POINT NTH`."""

from __future__ import annotations

import sys
from pathlib import Path

_HERE = Path(__file__).parent
sys.path[:0] = [str(_HERE.parents[1]), str(_HERE.parent / "review")]


def main(directory: Path) -> None:
    from imagefap_scraper.database.session import DATABASE_NAME
    from imagefap_scraper.review.options import read_options
    from imagefap_scraper.review.workplace import Workplace
    from imagefap_scraper.storage.files import ArchiveDirectory
    from imagefap_scraper.web.server import serve

    workplace = Workplace(ArchiveDirectory(directory), directory / DATABASE_NAME)
    serve(workplace, read_options({}), 0, _announce, open_browser=False)


def _announce(address: str) -> None:
    sys.stdout.write(f"{address}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    from crashing_review import POINTS, arm

    POINTS["noted"] = ("imagefap_scraper.web.work.noting:NotingWorkplace", "_note", "after")
    arm(sys.argv[2], int(sys.argv[3]))
    main(Path(sys.argv[1]))

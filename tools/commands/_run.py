"""The web server of `process.py run`: for which archive, and what is said on the terminal."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from imagefap_scraper.review.options import read_options
from imagefap_scraper.web import server
from tools.commands._dups_place import open_workplace
from tools.commands._text import write

if TYPE_CHECKING:
    from pathlib import Path


def serve(directory: Path, port: int, *, open_browser: bool) -> None:
    """Serve the archive in a directory until Ctrl-C.

    Raises:
        ArchiveError: there is no usable archive, or a setting cannot be.
        UserInputError: the port cannot be had.
    """
    server.serve(open_workplace(directory), read_options(), port, _announce, open_browser=open_browser)


def _announce(address: str) -> None:
    write(f"{address}  (this machine alone; Ctrl-C ends it)\n")
    if sys.stdout is not None:
        sys.stdout.flush()

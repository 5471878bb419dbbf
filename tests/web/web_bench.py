"""A server over an archive of known pictures: in this process for requests, in one of its own for a browser."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from review_bench import Bench, encoded, family, picture
from starlette.testclient import TestClient

from imagefap_scraper.review.options import Options
from imagefap_scraper.web.app import create_app
from imagefap_scraper.web.archive import WebArchive

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Of servers in this process, which listen on nothing.
PORT = 8713
HOME = f"http://127.0.0.1:{PORT}"
#: What a browser says of a form or a script of the page's own.
OWN = {"Origin": HOME, "Sec-Fetch-Site": "same-origin"}

_PROJECT = Path(__file__).resolve().parents[2]
__all__ = ["HOME", "OWN", "PORT", "Bench", "client", "encoded", "family", "picture", "running", "serving"]


@contextmanager
def client(bench: Bench, **headers: str) -> Iterator[TestClient]:
    """Ask the application without a socket, as our own pages do unless other headers are given."""
    app = create_app(WebArchive(bench.workplace, bench.options), PORT)
    with TestClient(app, base_url=HOME, headers={**OWN, **headers}, follow_redirects=False) as asking:
        yield asking


@contextmanager
def serving(root: Path, **environment: str) -> Iterator[str]:
    """Run `process.py run` over an archive; gives the address of the start page."""
    with running(root, **environment) as (home, _):
        yield home


@contextmanager
def running(root: Path, port: int = 0, **environment: str) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """The same at a port (0: any that is free); gives the process as well."""
    command = [sys.executable, str(_PROJECT / "tools" / "process.py"), "run", "--dir", str(root), "--port", str(port)]
    variables = {name: value for name, value in os.environ.items() if not name.startswith("IMAGEFAP_")}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**variables, **environment}) as server:
        try:
            assert server.stdout is not None
            yield server.stdout.readline().split()[0], server
        finally:
            # One that a test has stopped could not end.
            server.send_signal(signal.SIGCONT)
            server.terminate()
            server.wait(timeout=20)


def bench(root: Path, **options: Any) -> Bench:
    """An empty archive in a directory of its own, decoded by one process."""
    return Bench(root, Options(workers=1, **options))

"""`process.py run`: the archive as pages, for a browser on this machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from tools.commands._options import archive_directory, directory_option

if TYPE_CHECKING:
    from pathlib import Path

#: Of no registered service; the demo and the docs name it.
DEFAULT_PORT = 8713


@click.command(
    short_help="Look at the archive in a browser.",
    epilog="""\b
Examples:
  python tools/process.py run --open
  python tools/process.py run --dir ~/Pictures/imagefap --port 9000
""",
)
@directory_option
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=DEFAULT_PORT,
    show_default=True,
    metavar="N",
    help="The port to listen on, of 127.0.0.1 alone; 0 takes any that is free.",
)
@click.option("--open", "open_browser", is_flag=True, help="Open the start page in the browser.")
@click.pass_context
def command(ctx: click.Context, directory: Path | None, *, port: int, open_browser: bool) -> None:
    """Show the archive as pages: look, search, tag, review look-alikes. A crawl may run meanwhile.

    It listens on this machine alone (127.0.0.1) and ends with Ctrl-C.
    """
    # Here and not above: --help must not wait for the web server's libraries.
    from tools.commands import _run  # noqa: PLC0415

    _run.serve(archive_directory(ctx, directory), port, open_browser=open_browser)

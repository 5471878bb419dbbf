"""Listening on loopback, and on nothing else."""

from __future__ import annotations

import socket
import webbrowser
from typing import TYPE_CHECKING

import uvicorn

from imagefap_scraper.exceptions import UserInputError
from imagefap_scraper.web.app import create_app
from imagefap_scraper.web.archive import WebArchive

if TYPE_CHECKING:
    from collections.abc import Callable

    from imagefap_scraper.review.options import Options
    from imagefap_scraper.review.workplace import Workplace

#: The only address that the server listens on: nobody else's machine reaches it.
ADDRESS = "127.0.0.1"
#: Seconds for answers under way when the server is told to end.
_PATIENCE = 3


def serve(
    workplace: Workplace, options: Options, port: int, announce: Callable[[str], None], *, open_browser: bool
) -> None:
    """Answer requests until the process is told to end (SIGINT, SIGTERM).

    Args:
        workplace: the archive.
        options: of the duplicates workflow.
        port: to listen on; 0 lets the system choose.
        announce: told the address once requests are taken.
        open_browser: show the start page in the user's browser.

    Raises:
        UserInputError: the port cannot be had.
    """
    with _listening(port) as listener:
        chosen = listener.getsockname()[1]
        address = f"http://{ADDRESS}:{chosen}/"
        app = create_app(WebArchive(workplace, options), chosen)
        config = uvicorn.Config(
            app,
            log_level="warning",
            access_log=False,
            server_header=False,
            # Nobody stands between browser and server.
            proxy_headers=False,
            ws="none",
            timeout_graceful_shutdown=_PATIENCE,
        )
        announce(address)
        if open_browser:
            webbrowser.open(address)
        uvicorn.Server(config).run(sockets=[listener])


def _listening(port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    # A server that has just ended does not keep its port from the next one.
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((ADDRESS, port))
        listener.listen()
    except OSError as error:
        listener.close()
        raise UserInputError(
            f"port {port} cannot be had ({error.strerror or error}): is the page running already? Else --port N"
        ) from error
    return listener

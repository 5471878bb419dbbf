"""Listening on loopback, and on nothing else."""

from __future__ import annotations

import asyncio
import logging
import signal
import socket
import webbrowser
from contextlib import contextmanager
from threading import Thread
from typing import TYPE_CHECKING

import uvicorn

from imagefap_scraper.exceptions import UserInputError
from imagefap_scraper.web.app import create_app
from imagefap_scraper.web.archive import WebArchive

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType

    from imagefap_scraper.review.options import Options
    from imagefap_scraper.review.workplace import Workplace

#: The only address that the server listens on: nobody else's machine reaches it.
ADDRESS = "127.0.0.1"
#: Seconds for answers under way when the server is told to end.
_PATIENCE = 2


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
        archive = WebArchive(workplace, options)
        app = create_app(archive, chosen)
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
        logging.getLogger("uvicorn.error").addFilter(_is_worth_a_word)

        def ready() -> None:
            archive.browsing.prepare()
            announce(address)
            if open_browser:
                # Beside the server: some browsers are waited for, and wait for its answer themselves.
                Thread(target=webbrowser.open, args=(address,), daemon=True).start()

        _Server(config, ready).run(sockets=[listener])


class _Server(uvicorn.Server):
    """A server for which to be told to end is the usual end: the process goes on behind it and exits with 0.

    Uvicorn's own kills itself once more with the signal that ended it.
    """

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to take requests, then say so: from here on a signal ends it well."""
        await super().startup(sockets)
        self._ready()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Take the signals that end it, and give them back."""
        before = {number: signal.signal(number, self.handle_exit) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """End well at the first signal, and at the second whatever is under way: a killed server loses nothing."""
        if self.should_exit:
            signal.signal(sig, signal.SIG_DFL)
            signal.raise_signal(sig)
        super().handle_exit(sig, frame)


def _is_worth_a_word(record: logging.LogRecord) -> bool:
    """Tell whether the terminal is told: not of a request that was given up because the server ended."""
    kind = record.exc_info[0] if record.exc_info else None
    return kind is None or not issubclass(kind, asyncio.CancelledError)


def _listening(port: int) -> socket.socket:
    # Its protocol is named, or asyncio does not know it for TCP: then each answer's end waits 40 ms for the browser.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
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

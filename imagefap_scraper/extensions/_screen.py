"""A live display at the bottom of a terminal, with everything else that is written to it above."""

from __future__ import annotations

import atexit
import contextlib
import io
import logging
import re
import sys
import threading
from functools import partial
from typing import TYPE_CHECKING, Any, TextIO, cast

from rich.console import Console
from rich.live import Live
from rich.text import Text

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.console import RenderableType

#: What may steer a terminal beyond colours: operating system commands (titles, links), single control characters.
_STEERING = re.compile(r"\x1b[\]PX^_][^\x07\x1b\n]*(?:\x07|\x1b\\)?|[\x00-\x08\x0b-\x1a\x1c-\x1f\x7f-\x9f]")


class _AboveDisplay(io.TextIOBase):
    """Stands in for a terminal's stream: whole lines appear above the display, colours kept, other controls dropped.

    Once released it hands everything to the stream itself, for those who kept it.
    """

    def __init__(self, stream: TextIO, write_lines: Callable[[str], None]) -> None:
        self._stream = stream
        self._write_lines = write_lines
        self._unfinished = ""
        self._released = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return self._stream.encoding

    def fileno(self) -> int:
        return self._stream.fileno()

    def isatty(self) -> bool:
        return self._stream.isatty()

    def writable(self) -> bool:
        return True

    def write(self, text: str, /) -> int:
        if self._released:
            return self._stream.write(text)
        whole, newline, rest = text.rpartition("\n")
        if newline:
            lines, self._unfinished = self._unfinished + whole, rest
            self._write_lines(lines)
        else:
            self._unfinished += text
        return len(text)

    def flush(self) -> None:
        self._stream.flush()

    def release(self) -> None:
        self._released = True
        if self._unfinished:
            self._stream.write(self._unfinished)
            self._unfinished = ""


class LiveScreen:
    """A display that is redrawn on demand at the bottom of the terminal behind standard error.

    While it is open, log handlers that write to the terminal, `sys.stderr`, and `sys.stdout` if that is a terminal,
    write above it. Closing takes the display away, shows the cursor again and puts all streams back; it also happens
    when the interpreter exits.
    """

    def __init__(self, render: Callable[[], RenderableType], console: Console | None = None) -> None:
        """Prepare a display.

        Args:
            render: makes what is shown; called for every drawing.
            console: where to draw; standard error by default.
        """
        self._console = console or Console(file=sys.stderr, highlight=False, markup=False, emoji=False)
        self._live = Live(
            console=self._console,
            auto_refresh=False,  # a thread of its own would draw while the event loop counts
            transient=True,
            redirect_stdout=False,  # Rich would send a piped standard output to the terminal
            redirect_stderr=False,
            get_renderable=render,
        )
        # Worker threads log too: one at a time, or two would both believe that they know where the display stands.
        self._lock = threading.RLock()
        self._put_back: list[Callable[[], object]] = []

    @property
    def is_open(self) -> bool:
        """Whether the display is on the screen."""
        return self._live.is_started

    def open(self) -> None:
        """Draw the display and take over the terminal's streams."""
        atexit.register(self.close)
        with self._lock:
            self._live.start(refresh=True)
        self._take_over()

    def refresh(self) -> None:
        """Draw the display again; a terminal that has gone away closes it."""
        try:
            with self._lock:
                if self.is_open:
                    self._live.refresh()
        except OSError:
            self.close()

    def close(self) -> None:
        """Take the display away and put everything back; harmless if it is closed already."""
        atexit.unregister(self.close)
        # A terminal that has gone away needs no cleaning; the streams are put back all the same.
        with self._lock, contextlib.suppress(OSError):
            self._live.stop()
        # Not under the lock: a thread that logs holds its handler's lock while it waits for this one.
        while self._put_back:
            with contextlib.suppress(OSError):
                self._put_back.pop()()

    def _take_over(self) -> None:
        for name in ("stderr", "stdout"):
            stream: TextIO | None = getattr(sys, name)
            if stream is None or not (stream.isatty() or stream is self._console.file):
                continue
            above = cast("TextIO", _AboveDisplay(stream, self._write_lines))
            self._put_back.append(cast("_AboveDisplay", above).release)
            for handler in logging.root.handlers:
                if isinstance(handler, logging.StreamHandler) and handler.stream is stream:
                    handler.setStream(above)
                    self._put_back.append(partial(handler.setStream, stream))
            setattr(sys, name, above)
            self._put_back.append(partial(setattr, sys, name, stream))

    def _write_lines(self, lines: str) -> None:
        text = Text("\n").join(Text.from_ansi(_STEERING.sub("", line)) for line in lines.split("\n"))
        with self._lock:
            # The terminal wraps long lines, so that they are copied as the one line that they are.
            self._console.print(text, soft_wrap=True)

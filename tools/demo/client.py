"""Runs the demo site in a process of its own, for tests and benchmarks; needs nothing but the standard library."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from types import TracebackType

    from tools.demo.world import World

PROGRAM = Path(__file__).resolve().parent.parent / "demo_site.py"
STOP_SECONDS = 10
ANSWER_SECONDS = 120


class DemoSite:
    """A running demo site.

    Made by `DemoSite.start(...)`, which may be used as a context manager; it ends with the process that started it.

    Attributes:
        url: its address, without a slash at the end.
        process: the server.
    """

    def __init__(self, process: subprocess.Popen[str], url: str) -> None:
        self.url = url
        self.process = process
        # No proxy that the environment may name: this address is on loopback.
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    @classmethod
    def start(cls, *arguments: str | Path, world: World | None = None) -> DemoSite:
        """Start a server with these command-line arguments and wait until it takes requests.

        Args:
            arguments: of `tools/demo_site.py`, each a word of its own.
            world: a world built in Python, instead of one that the arguments describe.

        Raises:
            RuntimeError: if it does not start; what it wrote to standard error is on the caller's.
        """
        command = [sys.executable, str(PROGRAM), f"--with-parent={os.getpid()}", *map(str, arguments)]
        with tempfile.TemporaryDirectory() as directory:
            if world is not None:
                description = Path(directory) / "world.json"
                description.write_text(world.to_json(), encoding="utf-8")
                command += ["--world-file", str(description)]
            process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)  # noqa: S603 - our own program
            line = process.stdout.readline() if process.stdout else ""
        if not line.startswith("http://"):
            process.kill()
            raise RuntimeError(f"the demo site did not start: exit code {process.wait()}, it printed {line!r}")
        return cls(process, line.strip())

    def __enter__(self) -> Self:
        """Use the running site; leaving stops it."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Stop the site."""
        self.stop()

    def truth(self) -> dict[str, Any]:
        """What the site is made of now; see `tools.demo.truth`."""
        answer: dict[str, Any] = self._call("/_demo/truth")
        return answer

    def requests(self, kind: str | None = None) -> list[dict[str, Any]]:
        """The requests since the start or the last `reset_log`, in order; only those of a kind if one is given."""
        entries: list[dict[str, Any]] = self._call("/_demo/requests")
        return [entry for entry in entries if kind in (None, entry["kind"])]

    def set_fault(self, **order: object) -> dict[str, Any]:
        """Change how it misbehaves and give the state; see `tools.demo.control.FaultSwitch`.

        Raises:
            ValueError: if the order is wrong.
        """
        answer: dict[str, Any] = self._call("/_demo/faults", order)
        return answer

    def change_world(self, **order: object) -> dict[str, Any]:
        """Let it grow or shrink; see `tools.demo.control.change_world`.

        Raises:
            ValueError: if the order is wrong.
        """
        answer: dict[str, Any] = self._call("/_demo/world", order)
        return answer

    def reset_log(self) -> None:
        """Forget the requests so far."""
        self._call("/_demo/reset-log", {})

    def stop(self) -> int:
        """Stop it and wait for its end; returns its exit code. Nothing happens if it has ended."""
        if self.process.poll() is None:
            self.process.terminate()
        try:
            return self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return self.process.wait()
        finally:
            if self.process.stdout:
                self.process.stdout.close()

    def _call(self, path: str, order: dict[str, Any] | None = None) -> Any:
        data = None if order is None else json.dumps(order).encode()
        request = urllib.request.Request(self.url + path, data, {"Content-Type": "application/json"})  # noqa: S310
        try:
            with self._opener.open(request, timeout=ANSWER_SECONDS) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            with error:
                raise ValueError(f"the demo site refused the order: {error.read().decode()}") from error

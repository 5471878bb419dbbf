"""One child process that decodes, and its protocol, as the parent speaks it."""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
import signal
import socket
import sys
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from imagefap_scraper.exceptions import StorageError
from imagefap_scraper.inspection.worker import ANSWER_LENGTH, READY, REQUEST_HEAD, Task

if TYPE_CHECKING:
    from collections.abc import Callable

    from imagefap_scraper.inspection.result import Limits

_WORKER = "imagefap_scraper.inspection.worker"
#: Seconds until a child must be ready. It takes about 1; the rest is for slow disks and crowded machines.
_START_SECONDS = 60.0
#: Bytes written at a time, so that the loop does not copy a whole file at once.
_CHUNK = 1024 * 1024
#: Bytes that the kernel is asked to hold for one child: what it grants everybody by default.
_ROOM = 1024 * 1024
#: Bytes of the longest answer that is believed: a preview of 2048 x 2048 pixels of noise with noisy transparency has 7
#: million, a look is shorter than half of one MiB.
_MAX_ANSWER = 16 * 1024 * 1024

Found = TypeVar("Found")


class DiedError(Exception):
    """A child ended or talked nonsense while it had a file; `signal_number` is None if no signal ended it."""

    def __init__(self, signal_number: int | None) -> None:
        super().__init__(signal_number)
        self.signal_number = signal_number

    def __str__(self) -> str:
        """Say how it ended, for a person."""
        if self.signal_number is None:
            return "the decoder gave up"
        return f"the decoder crashed ({signal.Signals(self.signal_number).name})"


class Child:
    """A child process; it takes one file at a time.

    Attributes:
        pid: its process id.
        files: how many files it was given so far.
    """

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self.pid = process.pid
        self.files = 0

    @classmethod
    async def start(cls, limits: Limits) -> Child:
        """Start a child without waiting until it is ready.

        Raises:
            StorageError: the system refuses another process.
        """
        arguments = ("-P", "-W", "ignore", "-m", _WORKER, json.dumps(asdict(limits)), str(os.getpid()))
        try:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                *arguments,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
                env=_environment(),
                start_new_session=True,
            )
        except OSError as error:
            raise _cannot_start(error.strerror or str(error)) from error
        assert process.stdin is not None
        _enlarge(process.stdin.get_extra_info("pipe").fileno())
        return cls(process)

    async def wait_ready(self) -> None:
        """Wait for the child's sign that it takes files.

        Raises:
            StorageError: it ended or did not come so far.
        """
        assert self._process.stdout is not None
        try:
            async with asyncio.timeout(_START_SECONDS):
                sign = await self._process.stdout.read(1)
        except TimeoutError as error:
            raise _cannot_start(f"not ready after {_START_SECONDS:g} s") from error
        if sign != READY:
            raise _cannot_start("it ended at once")

    async def ask(self, task: Task, content: bytes, parse: Callable[[bytes], Found]) -> Found:
        """Return what the child answers about one file, as `parse` reads it.

        What a child says is not trusted: whatever `parse` raises on an answer counts as a death.

        Raises:
            DiedError: the child ended, or its answer cannot be read.
        """
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self.files += 1
        try:
            self._process.stdin.write(REQUEST_HEAD.pack(task, len(content)))
            for start in range(0, len(content), _CHUNK):
                self._process.stdin.write(content[start : start + _CHUNK])
                await self._process.stdin.drain()
            (length,) = ANSWER_LENGTH.unpack(await self._process.stdout.readexactly(ANSWER_LENGTH.size))
            if length > _MAX_ANSWER:
                raise ValueError(f"an answer of {length} bytes")
            return parse(await self._process.stdout.readexactly(length))
        except (OSError, asyncio.IncompleteReadError, ValueError, TypeError, LookupError, RecursionError) as error:
            raise await self._death() from error

    async def _death(self) -> DiedError:
        """Return how the child ended; it is killed if it is still there, which is no signal of its own."""
        try:
            async with asyncio.timeout(1.0):
                code = await self._process.wait()
        except TimeoutError:
            return DiedError(None)
        return DiedError(-code if code < 0 else None)

    async def kill(self) -> None:
        """End the child and wait until it is gone and its pipes are closed; may be called more than once."""
        with suppress(ProcessLookupError):
            self._process.kill()
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        # `wait` comes back only when all that the child has written is read. If somebody else reads, they come so far.
        with suppress(RuntimeError):
            while await self._process.stdout.read(_CHUNK):
                pass
        await self._process.wait()
        with suppress(OSError):
            await self._process.stdin.wait_closed()


def _environment() -> dict[str, str]:
    """Return the child's environment: this package's place, one thread a child (each more takes address space)."""
    root = str(Path(__file__).resolve().parents[2])
    inherited = os.environ.get("PYTHONPATH")
    return {
        **os.environ,
        "PYTHONPATH": f"{root}{os.pathsep}{inherited}" if inherited else root,
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
    }


def _enlarge(descriptor: int) -> None:
    """Let a whole picture fit between the processes, so that sending one is one system call; best effort.

    Python 3.11 makes a pair of sockets where later versions make a pipe.
    """
    with suppress(OSError):
        fcntl.fcntl(descriptor, fcntl.F_SETPIPE_SZ, _ROOM)
        return
    with suppress(OSError), socket.socket(fileno=os.dup(descriptor)) as pair:
        pair.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _ROOM)


def _cannot_start(why: str) -> StorageError:
    return StorageError(
        f"cannot start a decoder process: {why}; free memory or processes, or see what `python -m {_WORKER}` says"
    )

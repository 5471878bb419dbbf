"""Child processes that decode, so that a hostile picture costs itself and nothing else."""

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

from imagefap_scraper.exceptions import StorageError
from imagefap_scraper.inspection.formats import Format
from imagefap_scraper.inspection.result import Inspection, Limits, Outcome, broken, over_limit
from imagefap_scraper.inspection.worker import ANSWER_LENGTH, READY, REQUEST_LENGTH

_WORKER = "imagefap_scraper.inspection.worker"
#: Seconds until a child must be ready. It takes about 1; the rest is for slow disks and crowded machines.
_START_SECONDS = 60.0
#: Files after which a child is replaced, so that what libraries leak stays small. Starting one costs 1 s of CPU time.
_FILES_PER_WORKER = 2_000
#: Children at most by default: more pictures a second than any site sends, at 130 MB each.
_DEFAULT_WORKERS = 4
#: Bytes written at a time, so that the loop does not copy a whole file at once.
_CHUNK = 1024 * 1024
#: Bytes that the kernel is asked to hold for one child: what it grants everybody by default.
_ROOM = 1024 * 1024
#: How a child ends that used more than its share: the kernel's CPU limit, the kernel short of memory.
_LIMIT_SIGNALS = frozenset({signal.SIGXCPU, signal.SIGKILL})


class _DiedError(Exception):
    """A child ended or talked nonsense while it had a file; `signal_number` is None if no signal ended it."""

    def __init__(self, signal_number: int | None) -> None:
        super().__init__(signal_number)
        self.signal_number = signal_number

    def __str__(self) -> str:
        """Say how it ended, for a person."""
        if self.signal_number is None:
            return "the decoder gave up"
        return f"the decoder crashed ({signal.Signals(self.signal_number).name})"


class InspectionPool:
    """Inspects files in child processes that keep limits on memory, time, pixels and frames.

    Children start when they are first needed, in sessions of their own (Ctrl-C does not reach them), and end with this
    process, however it ends. All methods belong to one event loop, and `close` must be called on it.
    """

    def __init__(self, workers: int | None = None, limits: Limits | None = None) -> None:
        """Prepare a pool; nothing is started.

        Args:
            workers: children at most; None for one a usable core, up to 4.
            limits: what one file may cost; None for the defaults.
        """
        self._limits = limits or Limits()
        self._slots = asyncio.Semaphore(workers or min(_DEFAULT_WORKERS, len(os.sched_getaffinity(0))))
        self._idle: list[_Worker] = []
        self._all: set[_Worker] = set()
        self._closed = False

    async def inspect(self, content: bytes) -> Inspection:
        """Return what a file is; it waits for its turn if all children are busy.

        A child that hits a limit or crashes is replaced. A crash is tried once more in a fresh child.

        Raises:
            StorageError: a child cannot be started (no memory, no process), or the pool is closed.
        """
        async with self._slots:
            try:
                return await self._attempt(content, fresh=False)
            except _DiedError as death:
                if death.signal_number == signal.SIGXCPU:
                    return await self._over_limit(content)
            try:
                return await self._attempt(content, fresh=True)
            except _DiedError as death:
                if death.signal_number in _LIMIT_SIGNALS:
                    return await self._over_limit(content)
                return broken(str(death))

    async def close(self) -> None:
        """Kill all children and wait until they are gone; may be called again, and while files are inspected."""
        self._closed = True
        self._idle.clear()
        await asyncio.gather(*(self._retire(worker) for worker in list(self._all)))

    def pids(self) -> list[int]:
        """Return the process ids of the children that run now."""
        return [worker.pid for worker in self._all]

    async def _attempt(self, content: bytes, *, fresh: bool) -> Inspection:
        worker = await self._take(fresh=fresh)
        reusable = False
        try:
            async with asyncio.timeout(self._limits.seconds):
                result = await worker.inspect(content)
            reusable = worker.files < _FILES_PER_WORKER and not self._closed
        except TimeoutError:
            return await self._over_limit(content)
        else:
            return result
        finally:
            # Also when this task is cancelled: a child in the middle of a file cannot take another.
            if reusable:
                self._idle.append(worker)
            else:
                await self._retire(worker)

    async def _take(self, *, fresh: bool) -> _Worker:
        """Return an idle child, the one used last; or a new one."""
        if self._closed:
            raise StorageError("cannot inspect a picture: the decoders are closed; run the same command again")
        if self._idle and not fresh:
            return self._idle.pop()
        worker = await _Worker.start(self._limits)
        self._all.add(worker)
        try:
            await worker.wait_ready()
        except BaseException:
            await self._retire(worker)
            raise
        return worker

    async def _retire(self, worker: _Worker) -> None:
        await worker.kill()
        self._all.discard(worker)

    async def _over_limit(self, content: bytes) -> Inspection:
        reason = f"decoding takes longer than {self._limits.seconds:g} s"
        return await asyncio.to_thread(over_limit, content, reason)


class _Worker:
    """One child and its protocol."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self.pid = process.pid
        self.files = 0

    @classmethod
    async def start(cls, limits: Limits) -> _Worker:
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

    async def inspect(self, content: bytes) -> Inspection:
        """Have one file inspected.

        Raises:
            _DiedError: the child ended, or its answer cannot be read.
        """
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self.files += 1
        try:
            self._process.stdin.write(REQUEST_LENGTH.pack(len(content)))
            for start in range(0, len(content), _CHUNK):
                self._process.stdin.write(content[start : start + _CHUNK])
                await self._process.stdin.drain()
            head = await self._process.stdout.readexactly(ANSWER_LENGTH.size)
            answer = await self._process.stdout.readexactly(*ANSWER_LENGTH.unpack(head))
            return _parse(answer)
        except (OSError, asyncio.IncompleteReadError, ValueError, TypeError) as error:
            raise await self._death() from error

    async def _death(self) -> _DiedError:
        """Return how the child ended; it is killed if it is still there, which is no signal of its own."""
        try:
            async with asyncio.timeout(1.0):
                code = await self._process.wait()
        except TimeoutError:
            return _DiedError(None)
        return _DiedError(-code if code < 0 else None)

    async def kill(self) -> None:
        """End the child and wait until it is gone and its pipes are closed; may be called more than once."""
        with suppress(ProcessLookupError):
            self._process.kill()
        assert self._process.stdin is not None
        self._process.stdin.close()
        await self._process.wait()
        with suppress(OSError):
            await self._process.stdin.wait_closed()


def _parse(answer: bytes) -> Inspection:
    """Read a child's answer; what a child says is not trusted to have the right form.

    Raises:
        ValueError: it is not JSON, or names an unknown outcome or format.
        TypeError: it has other fields.
    """
    fields = json.loads(answer)
    fields["outcome"] = Outcome(fields["outcome"])
    fields["format"] = Format(fields["format"]) if fields["format"] else None
    return Inspection(**fields)


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

"""Child processes that decode, so that a hostile picture costs itself and nothing else."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from imagefap_scraper.exceptions import StorageError
from imagefap_scraper.inspection.child import Child, DiedError
from imagefap_scraper.inspection.formats import Format, read_header
from imagefap_scraper.inspection.result import (
    PREVIEW_SIDE,
    THUMBNAIL_SIDE,
    Inspection,
    Limits,
    Outcome,
    ReadFailure,
    broken,
    over_limit,
)
from imagefap_scraper.inspection.worker import LOOK, Task

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from imagefap_scraper.dedup.look import Look

#: Files after which a child is replaced, so that what libraries leak stays small. Starting one costs 1 s of CPU time.
_FILES_PER_WORKER = 2_000
#: Children at most by default: more pictures a second than any site sends, at 130 MB each.
_DEFAULT_WORKERS = 4
#: How a child ends that used more than its share: the kernel's CPU limit, the kernel short of memory.
_LIMIT_SIGNALS = frozenset({signal.SIGXCPU, signal.SIGKILL})

Found = TypeVar("Found")


class InspectionPool:
    """Inspects files in child processes that keep limits on memory, time, pixels and frames.

    Children start when they are first needed, in sessions of their own (Ctrl-C does not reach them), and end with this
    process, however it ends. All methods belong to one event loop, and `close` must be called on it.

    Attributes:
        workers: children at most.
    """

    def __init__(self, workers: int | None = None, limits: Limits | None = None) -> None:
        """Prepare a pool; nothing is started.

        Args:
            workers: children at most; None for one a usable core, up to 4.
            limits: what one file may cost; None for the defaults.
        """
        self._limits = limits or Limits()
        self.workers = workers or min(_DEFAULT_WORKERS, len(os.sched_getaffinity(0)))
        self._slots = asyncio.Semaphore(self.workers)
        self._idle: list[Child] = []
        self._all: set[Child] = set()
        self._closed = False

    async def inspect(self, content: bytes) -> Inspection:
        """Return what a file is; it waits for its turn if all children are busy.

        A child that hits a limit or crashes is replaced. A crash is tried once more in a fresh child.

        Raises:
            StorageError: a child cannot be started (no memory, no process), or the pool is closed.
        """
        return await self._ask(Task.INSPECT, content, _read_inspection)

    async def look(self, content: bytes) -> Look | ReadFailure:
        """Return a file's second look, or why there is none; it waits, is tried again and raises as in `inspect`."""
        return _or_why_not(await self._ask(Task.LOOK, content, _read_look))

    async def pixels(self, content: bytes) -> str | ReadFailure:
        """Return the SHA-256 of a file's pixels (`dedup.look.pixels_sha256`), or why there is none; else as `look`."""
        return _or_why_not(await self._ask(Task.PIXELS, content, _read_pixels))

    async def thumbnail(self, content: bytes) -> bytes | ReadFailure:
        """Return a file's first frame as WebP of at most `THUMBNAIL_SIDE` pixels, or why there is none; else as `look`.

        It stands as browsers show the original: turned by EXIF where they do so. It has no metadata.
        """
        return _or_why_not(await self._ask(Task.THUMBNAIL, content, partial(_read_webp, THUMBNAIL_SIDE)))

    async def preview(self, content: bytes) -> bytes | ReadFailure:
        """Return the same as `thumbnail` of at most `PREVIEW_SIDE` pixels, for what browsers do not show."""
        return _or_why_not(await self._ask(Task.PREVIEW, content, partial(_read_webp, PREVIEW_SIDE)))

    async def close(self) -> None:
        """Kill all children and wait until they are gone; may be called again, and while files are inspected."""
        self._closed = True
        self._idle.clear()
        await asyncio.gather(*(self._retire(worker) for worker in list(self._all)))

    def pids(self) -> list[int]:
        """Return the process ids of the children that run now."""
        return [worker.pid for worker in list(self._all)]

    async def _ask(
        self, task: Task, content: bytes, parse: Callable[[bytes], Found | Inspection]
    ) -> Found | Inspection:
        """Return what a child finds; if a limit or a crash forbids it, what then holds of the file."""
        async with self._slots:
            try:
                return await self._attempt(task, content, parse, fresh=False)
            except DiedError as death:
                if death.signal_number == signal.SIGXCPU:
                    return await self._over_limit(content)
            try:
                return await self._attempt(task, content, parse, fresh=True)
            except DiedError as death:
                if death.signal_number in _LIMIT_SIGNALS:
                    return await self._over_limit(content)
                return broken(str(death))

    async def _attempt(
        self, task: Task, content: bytes, parse: Callable[[bytes], Found | Inspection], *, fresh: bool
    ) -> Found | Inspection:
        worker = await self._take(fresh=fresh)
        reusable = False
        try:
            async with asyncio.timeout(self._limits.seconds):
                result = await worker.ask(task, content, parse)
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

    async def _take(self, *, fresh: bool) -> Child:
        """Return an idle child, the one used last; or a new one."""
        if self._closed:
            raise StorageError("cannot inspect a picture: the decoders are closed; run the same command again")
        if self._idle and not fresh:
            return self._idle.pop()
        worker = await Child.start(self._limits)
        self._all.add(worker)
        try:
            await worker.wait_ready()
        except BaseException:
            await self._retire(worker)
            raise
        return worker

    async def _retire(self, worker: Child) -> None:
        await worker.kill()
        self._all.discard(worker)

    async def _over_limit(self, content: bytes) -> Inspection:
        reason = f"decoding takes longer than {self._limits.seconds:g} s"
        return await asyncio.to_thread(over_limit, content, reason)


def _or_why_not(found: Found | Inspection) -> Found | ReadFailure:
    return ReadFailure(found.reason, found.outcome) if isinstance(found, Inspection) else found


def _read_inspection(answer: bytes) -> Inspection:
    """Read a child's answer; what a child says is not trusted to have the right form.

    Raises:
        ValueError: it is not JSON, or names an unknown outcome or format.
        TypeError: it has other fields.
        KeyError: it lacks fields.
    """
    return _inspection(json.loads(answer))


def _read_look(answer: bytes) -> Look | Inspection:
    """Read a child's answer to a look; errors as in `_read_inspection`."""
    # Crawls never ask for looks and should not pay for numpy.
    from imagefap_scraper.dedup.look import Look  # noqa: PLC0415

    body = answer.removeprefix(LOOK)
    return Look.from_bytes(body) if body != answer else _inspection(json.loads(answer))


def _read_pixels(answer: bytes) -> str | Inspection:
    """Read a child's answer to a question for pixels; errors as in `_read_inspection`."""
    fields = json.loads(answer)
    return str(fields["sha256"]) if "sha256" in fields else _inspection(fields)


def _read_webp(side: int, answer: bytes) -> bytes | Inspection:
    """Read a child's answer to a question for a thumbnail or preview; errors as in `_read_inspection`."""
    if not answer.startswith(b"RIFF"):
        return _inspection(json.loads(answer))
    header = read_header(answer)
    if header is None or header.format is not Format.WEBP or not header.complete:
        raise ValueError("no whole WebP file")
    if not 0 < max(header.width, header.height) <= side:
        raise ValueError(f"{header.width}x{header.height} pixels, not within {side}")
    return answer


def _inspection(fields: dict[str, Any]) -> Inspection:
    fields["outcome"] = Outcome(fields["outcome"])
    fields["format"] = Format(fields["format"]) if fields["format"] else None
    return Inspection(**fields)

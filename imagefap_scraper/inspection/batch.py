"""Many files through the child processes that decode, from ordinary code: no event loop of the caller's own needed."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from queue import SimpleQueue
from typing import TYPE_CHECKING, Self, TypeAlias, TypeVar

from imagefap_scraper.exceptions import StorageError
from imagefap_scraper.inspection.pool import InspectionPool
from imagefap_scraper.inspection.result import ReadFailure

if TYPE_CHECKING:
    from collections.abc import Awaitable, Iterable, Iterator
    from concurrent.futures import Future
    from types import TracebackType

    from imagefap_scraper.dedup.look import Look
    from imagefap_scraper.inspection.result import Inspection, Limits

#: Files at work or read ahead, for each child: it never waits for the disk, and two files a child are in memory.
_AHEAD = 2

#: Where a file's bytes come from: its place on the disk, or a function that reads them (and may raise OSError).
Source: TypeAlias = Path | Callable[[], bytes]

Key = TypeVar("Key")
Found = TypeVar("Found")


class Batch:
    """Inspects files in child processes, several at a time, and gives the answers as they come.

        with Batch() as batch:
            for sha256, found in batch.inspect(files):
                ...

    The children live in a pool on an event loop in a thread of its own. When the block is left, by an error or Ctrl-C
    as well, they are gone; and the kernel ends them with this process, however that ends.

    Each method takes pairs of a key, which comes back with the answer, and a source. Files are read in threads, and
    only a few ahead of the answers taken: neither many files nor a slow caller take more memory. Where the loop over
    the answers is left early, what is under way is given up. The files are asked for in the caller's thread.
    """

    def __init__(self, workers: int | None = None, limits: Limits | None = None) -> None:
        """Prepare; nothing is started.

        Args:
            workers: children at most; None for one a usable core, up to 4.
            limits: what one file may cost; None for the defaults.
        """
        self._pool = InspectionPool(workers, limits)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._ready = threading.Event()
        self._end: asyncio.Event | None = None
        # A daemon: should a second Ctrl-C come while it ends, the process does not wait for it.
        self._thread = threading.Thread(target=self._run, name="batch", daemon=True)

    def __enter__(self) -> Self:
        """Start the thread; children start when they are first needed.

        Raises:
            StorageError: the system refuses an event loop (no memory, no open files left).
        """
        self._thread.start()
        self._ready.wait()
        if self._loop is None:
            raise StorageError("cannot start the decoders' thread; free memory or open files and run it again")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the children and the thread, and wait until they are gone."""
        assert self._loop is not None
        assert self._end is not None
        self._loop.call_soon_threadsafe(self._end.set)
        self._thread.join()
        self._loop = None

    def inspect(self, files: Iterable[tuple[Key, Source]]) -> Iterator[tuple[Key, Inspection | ReadFailure]]:
        """Yield what each file is, in the order in which the answers come.

        Raises:
            StorageError: a child cannot be started, or the block was left.
        """
        return self._each(files, self._pool.inspect)

    def look(self, files: Iterable[tuple[Key, Source]]) -> Iterator[tuple[Key, Look | ReadFailure]]:
        """Yield each file's second look, or why there is none; order and errors as in `inspect`."""
        return self._each(files, self._pool.look)

    def pixels(self, files: Iterable[tuple[Key, Source]]) -> Iterator[tuple[Key, str | ReadFailure]]:
        """Yield the SHA-256 of each file's pixels, or why there is none; order and errors as in `inspect`."""
        return self._each(files, self._pool.pixels)

    def pids(self) -> list[int]:
        """Return the process ids of the children that run now."""
        return self._pool.pids()

    def _run(self) -> None:
        try:
            with suppress(OSError):
                asyncio.run(self._serve())
        finally:
            # Also if there is no loop: somebody waits.
            self._ready.set()

    async def _serve(self) -> None:
        """Keep the loop running until the end is wanted."""
        self._loop, self._end = asyncio.get_running_loop(), asyncio.Event()
        self._ready.set()
        try:
            await self._end.wait()
        finally:
            await self._pool.close()

    def _each(
        self, files: Iterable[tuple[Key, Source]], work: Callable[[bytes], Awaitable[Found]]
    ) -> Iterator[tuple[Key, Found | ReadFailure]]:
        answers: SimpleQueue[Future[Found | ReadFailure]] = SimpleQueue()
        under_way: dict[Future[Found | ReadFailure], Key] = {}

        def next_answer() -> tuple[Key, Found | ReadFailure]:
            future = answers.get()
            return under_way.pop(future), future.result()

        try:
            for key, source in files:
                if len(under_way) >= self._pool.workers * _AHEAD:
                    yield next_answer()
                future = self._submit(source, work)
                under_way[future] = key
                future.add_done_callback(answers.put)
            while under_way:
                yield next_answer()
        finally:
            for future in under_way:
                future.cancel()

    def _submit(self, source: Source, work: Callable[[bytes], Awaitable[Found]]) -> Future[Found | ReadFailure]:
        if self._loop is None:
            raise StorageError("cannot inspect a picture: the decoders are closed; run the same command again")
        return asyncio.run_coroutine_threadsafe(_one(source, work), self._loop)


async def _one(source: Source, work: Callable[[bytes], Awaitable[Found]]) -> Found | ReadFailure:
    try:
        content = await asyncio.to_thread(source.read_bytes if isinstance(source, Path) else source)
    except OSError as error:
        return ReadFailure(f"cannot be read: {error.strerror or error}")
    return await work(content)

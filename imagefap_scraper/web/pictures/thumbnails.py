"""Pictures made small: made once, kept as files in `thumbs/` of the output directory, which may be deleted any time."""

from __future__ import annotations

import asyncio
import hashlib
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Final

from imagefap_scraper.exceptions import StorageError
from imagefap_scraper.inspection.formats import Format, read_header
from imagefap_scraper.inspection.result import ReadFailure
from imagefap_scraper.storage.disk import make_directory
from imagefap_scraper.storage.thumbs import preview_path, thumbnail_path
from imagefap_scraper.web.pictures.originals import open_plain
from imagefap_scraper.web.pictures.turns import Turns

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from imagefap_scraper.inspection.pool import InspectionPool
    from imagefap_scraper.storage.files import ArchiveDirectory

    _Make = Callable[[bytes], Awaitable[bytes | ReadFailure]]
    _Read = Callable[[], bytes]

#: Originals in memory, for each child process: one at work and one ahead.
_AHEAD: Final = 2


class Thumbnails:
    """Makes thumbnails and previews in the pool's child processes and keeps them.

    What cannot be made is not tried again before the program starts anew. Where nothing can be written (the disk is
    full or read-only) pictures are made for every request. All methods belong to the pool's event loop.
    """

    def __init__(self, directory: ArchiveDirectory, pool: InspectionPool) -> None:
        self._directory = directory
        self._pool = pool
        self._turns = Turns(_AHEAD * pool.workers)
        self._under_way: dict[str, asyncio.Task[bytes | ReadFailure]] = {}
        self._failures: dict[str, ReadFailure] = {}

    async def thumbnail(self, sha256: str, read: _Read) -> bytes | ReadFailure:
        """Return a picture as WebP of at most 384 pixels on its longer side, or why there is none.

        It is made once, however many ask at the same time, and also if they have all gone meanwhile. Those asked for
        last are made first: a person who scrolls wants what is on the screen now.

        Args:
            sha256: of the original, 64 hexadecimal digits; it is the file's name.
            read: returns the original's bytes, in a thread; may raise OSError or StorageError.

        Raises:
            StorageError: no child process can be started, or the pool is closed.
        """
        return await self._get(thumbnail_path(sha256), sha256, read, self._pool.thumbnail)

    async def preview(self, sha256: str, read: _Read) -> bytes | ReadFailure:
        """Return the same as `thumbnail` of at most 2048 pixels, for what browsers do not show."""
        return await self._get(preview_path(sha256), sha256, read, self._pool.preview)

    async def _get(self, path: str, sha256: str, read: _Read, make: _Make) -> bytes | ReadFailure:
        if (failure := self._failures.get(path)) is not None:
            return failure
        task = self._under_way.get(path)
        if task is None:
            task = asyncio.create_task(self._find_or_make(path, sha256, read, make))
            self._under_way[path] = task
            task.add_done_callback(partial(self._done, path))
        # One who asked may go; others may wait for the same.
        return await asyncio.shield(task)

    def _done(self, path: str, task: asyncio.Task[bytes | ReadFailure]) -> None:
        del self._under_way[path]
        if not task.cancelled():
            # Looked at, for nobody may be waiting any more.
            task.exception()

    async def _find_or_make(self, path: str, sha256: str, read: _Read, make: _Make) -> bytes | ReadFailure:
        kept = await asyncio.to_thread(self._kept, path)
        if kept is not None:
            return kept
        async with self._turns:
            content = await asyncio.to_thread(_read_checked, sha256, read)
            found = content if isinstance(content, ReadFailure) else await make(content)
        if isinstance(found, bytes):
            await asyncio.to_thread(self._keep, path, found)
        elif found.outcome is not None:
            # Bytes do not get better; a disk may.
            self._failures[path] = found
        return found

    def _kept(self, path: str) -> bytes | None:
        """Return a file of the cache; None if it is not there or not whole, as after a power failure."""
        with suppress(OSError, StorageError), open_plain(self._directory.resolve(path)) as file:
            content = file.read()
            header = read_header(content)
            if header is not None and header.format is Format.WEBP and header.complete:
                return content
        return None

    def _keep(self, path: str, content: bytes) -> None:
        """Write a file of the cache, whole or not at all; a disk that refuses is no matter."""
        with suppress(OSError, StorageError):
            # Not there in an archive that was copied without its hidden directory.
            make_directory(self._directory.tmp)
            temp = self._directory.write_temp(content, fsync=False)
            try:
                self._directory.replace(temp, path, fsync=False)
            except StorageError:
                self._directory.discard(temp)


def _read_checked(sha256: str, read: _Read) -> bytes | ReadFailure:
    """Return the original's bytes: nothing is kept under the name of a picture that was made of another."""
    try:
        content = read()
    except OSError as error:
        return ReadFailure(f"cannot be read: {error.strerror or error}")
    except StorageError as error:
        return ReadFailure(str(error))
    if hashlib.sha256(content).hexdigest() != sha256:
        return ReadFailure("its file is damaged: run `process.py verify --read-data --repair`, then a crawl")
    return content

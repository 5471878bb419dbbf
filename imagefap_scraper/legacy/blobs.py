"""The original's pictures into the archive: each hashed again and inspected, its file first and its rows last."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from imagefap_scraper.database.writes import now
from imagefap_scraper.inspection.formats import Format, extension
from imagefap_scraper.inspection.pool import InspectionPool
from imagefap_scraper.inspection.result import Outcome
from imagefap_scraper.items import ImageStatus
from imagefap_scraper.legacy import rows
from imagefap_scraper.legacy.plan import moment_of
from imagefap_scraper.legacy.source import Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sqlalchemy import Connection

    from imagefap_scraper.archive import Archive
    from imagefap_scraper.inspection.result import Inspection
    from imagefap_scraper.legacy.plan import Plan
    from imagefap_scraper.legacy.records import LegacyBlob
    from imagefap_scraper.legacy.source import BlobSource

#: Pictures that are read, synced and committed together. What a kill costs is done again, and nothing else.
_GROUP = 32


@dataclass(frozen=True, slots=True)
class _Checked:
    """A picture that may be stored."""

    blob: LegacyBlob
    content: bytes
    found: Inspection


class BlobImport:
    """Brings blobs into an archive; a second time it goes on where it was stopped."""

    def __init__(self, archive: Archive, source: BlobSource, plan: Plan) -> None:
        self._archive = archive
        self._source = source
        self._images = plan.images_of()
        self._plan = plan

    async def run(self, blobs: Sequence[LegacyBlob], on_progress: Callable[[int], None]) -> list[Problem]:
        """Store those that are not there yet; return those that cannot be, in order.

        Args:
            blobs: all of the original's.
            on_progress: told how many more are done.

        Raises:
            StorageError: the disk refused, or no process could be started.
        """
        settled = await self._archive.run(rows.settled_blobs)
        waiting = [blob for blob in blobs if blob.sha256 not in settled]
        on_progress(len(blobs) - len(waiting))
        problems: list[Problem] = []
        pool = InspectionPool()
        storing: asyncio.Task[None] | None = None
        try:
            for start in range(0, len(waiting), _GROUP):
                group = waiting[start : start + _GROUP]
                looked_at = await asyncio.gather(*(self._check(pool, blob) for blob in group))
                problems += (one for one in looked_at if isinstance(one, Problem))
                if storing is not None:
                    await storing
                # While the disk takes these, the next are decoded.
                storing = asyncio.create_task(self._keep(looked_at, on_progress))
            if storing is not None:
                await storing
        finally:
            await pool.close()
        return problems

    async def _keep(self, looked_at: Sequence[_Checked | Problem], on_progress: Callable[[int], None]) -> None:
        good = [one for one in looked_at if isinstance(one, _Checked)]
        problems = [one for one in looked_at if isinstance(one, Problem)]
        paths = await asyncio.to_thread(self._store, good)
        await self._archive.run(partial(self._record, checked=good, paths=paths, problems=problems))
        on_progress(len(looked_at))

    async def _check(self, pool: InspectionPool, blob: LegacyBlob) -> _Checked | Problem:
        content = await asyncio.to_thread(self._source.read, blob)
        if isinstance(content, Problem):
            return content
        found = await pool.inspect(content)
        if found.outcome is Outcome.BROKEN:
            return Problem(blob.sha256, "broken", found.reason)
        return _Checked(blob, content, found)

    def _store(self, checked: Sequence[_Checked]) -> list[str]:
        """Give every picture its file, and wait until the disk has them; return their paths.

        No intents: the name of a blob is its hash, so the same import finds again what a kill left without a row.
        """
        store, directory = self._archive.store, self._archive.directory
        choices = [
            store.choose(one.blob.sha256, len(one.content), extension=_extension(one.found), name=None, image_id=0)
            for one in checked
        ]
        new = [
            (choice, directory.write_temp(one.content, fsync=False))
            for choice, one in zip(choices, checked, strict=True)
            if not choice.uptodate
        ]
        directory.sync_batch(temp.path for _, temp in new)
        for choice, temp in new:
            store.publish(choice, temp, fsync=False)
        paths = [choice.path for choice in choices]
        # Also those that were there: the kill may have come before they, and their names, were durable.
        directory.sync_batch(directory.resolve(choice.path) for choice in choices if choice.uptodate)
        directory.sync_batch({directory.resolve(path).parent for path in paths})
        return paths

    def _record(
        self, connection: Connection, checked: Sequence[_Checked], paths: Sequence[str], problems: Sequence[Problem]
    ) -> None:
        files = [
            {"path": path, "sha256": one.blob.sha256, "layout": "blobs"}
            for path, one in zip(paths, checked, strict=True)
        ]
        images = {image_id: one.blob.sha256 for one in checked for image_id in self._images.get(one.blob.sha256, ())}
        rows.record_blobs(connection, [_stored_row(one) for one in checked], files, images)
        for problem in problems:
            self._record_problem(connection, problem)

    def _record_problem(self, connection: Connection, problem: Problem) -> None:
        """Put the images of a blob on the list of what a crawl gets, unless the site cannot have them."""
        by_status: dict[ImageStatus, list[int]] = {}
        for image_id in self._images.get(problem.sha256, ()):
            if image_id < 0 or self._plan.images[image_id].gone is not None:
                status = ImageStatus.GONE
            else:
                status = ImageStatus.FAILED if problem.kind == "broken" else ImageStatus.WANTED
            by_status.setdefault(status, []).append(image_id)
        for status, image_ids in by_status.items():
            rows.record_unstored(connection, image_ids, status, problem.reason)


def _extension(found: Inspection) -> str:
    assert found.format is not None
    return extension(found.format)


def _stored_row(one: _Checked) -> dict[str, Any]:
    """Return the row of a stored blob.

    Hashes are those that this program makes. Where it makes none, because decoding would exceed a limit, the
    original's stay without a version: they are kept, and nothing takes them for its own.
    """
    blob, found = one.blob, one.found
    return {
        "sha256": blob.sha256,
        "extension": _extension(found),
        "format": str(found.format),
        "size": len(one.content),
        "width": found.width,
        "height": found.height,
        "frames": found.frames,
        "animated": bool(found.animated),
        "unchecked": found.reason if found.outcome is Outcome.UNCHECKED else "",
        "phash": found.phash or blob.percept,
        "dhash": found.dhash or blob.diff,
        "hash_version": found.hash_version,
        "flat": found.flat,
        "stored_at": moment_of(blob.date) or now(),
    }


_FORMATS = {extension(image_format): image_format for image_format in Format} | {
    "jpeg": Format.JPEG,
    "tif": Format.TIFF,
}


def lost_row(blob: LegacyBlob) -> dict[str, Any] | None:
    """Return the row of a blob whose bytes did not arrive, for what hangs on it; None if its format is none of ours."""
    image_format = _FORMATS.get(blob.extension)
    if image_format is None:
        return None
    return {
        "sha256": blob.sha256,
        "extension": extension(image_format),
        "format": str(image_format),
        "size": blob.size or 0,
        "width": blob.width,
        "height": blob.height,
        "frames": None,
        "animated": blob.animated,
        "unchecked": "",
        "phash": blob.percept,
        "dhash": blob.diff,
        "hash_version": None,
        "flat": False,
        "stored_at": moment_of(blob.date) or now(),
    }

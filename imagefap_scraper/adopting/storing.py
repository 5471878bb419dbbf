"""A group of pictures into the archive as a crawl stores them: files first, synced together, rows last."""

from __future__ import annotations

import os
import secrets
from dataclasses import asdict, dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from imagefap_scraper.adopting import rows
from imagefap_scraper.adopting.facts import extension_of, make_item
from imagefap_scraper.adopting.ids import local_number
from imagefap_scraper.database import writes
from imagefap_scraper.items import ImageStatus

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection

    from imagefap_scraper.adopting.candidates import Candidate
    from imagefap_scraper.adopting.facts import Facts
    from imagefap_scraper.adopting.result import Result
    from imagefap_scraper.adopting.rows import Standing
    from imagefap_scraper.archive import Archive
    from imagefap_scraper.items import ImageItem
    from imagefap_scraper.storage.files import TempFile
    from imagefap_scraper.storage.layouts import Choice

#: Random numbers for intents, as SQLite's integers take them.
_INTENT_BITS = 63


@dataclass(slots=True, eq=False)
class Ready:
    """A picture that may be stored.

    Attributes:
        candidate: the picture.
        facts: what is known of its bytes.
        thrown_out: True if the user threw these very bytes out: only a row is written.
    """

    candidate: Candidate
    facts: Facts
    thrown_out: bool = False


@dataclass(slots=True, eq=False)
class _Job:
    """A picture of the group; `item` is None if the image is settled, `temp` if its bytes need not be written."""

    ready: Ready
    image_id: int
    item: ImageItem | None = None
    choice: Choice | None = None
    temp: TempFile | None = None


class GroupStore:
    """Stores groups of pictures, one group at a time.

    A kill leaves whole files without rows at most, and intents that the next start of the archive finishes: the same
    import then finds what is there.
    """

    def __init__(self, archive: Archive, result: Result) -> None:
        self._archive = archive
        self._result = result

    def store(self, group: Sequence[Ready]) -> None:
        """Store a group and count what came of it.

        Raises:
            StorageError: the disk refused.
            DatabaseError, LockedError: the database did.
        """
        known: dict[int, Standing] = self._ask_standing(group)
        jobs = [job for ready in group if (job := self._begin(ready, known)) is not None]
        paths: dict[str, Choice] = {}
        jobs = [job for job in jobs if self._write(job, paths)]
        self._publish([job for job in jobs if job.temp is not None])
        self._archive.wait_for(partial(_record, jobs=jobs))

    def _ask_standing(self, group: Sequence[Ready]) -> dict[int, Standing]:
        wanted = {_number_of(ready.candidate) for ready in group}
        return self._archive.wait_for(partial(rows.standing, image_ids=wanted))

    def _begin(self, ready: Ready, known: dict[int, Standing]) -> _Job | None:
        """Return what is to be done for a picture; None if the archive has another under its number."""
        candidate = ready.candidate
        image_id = _number_of(candidate)
        if candidate.image_id is None:
            while (met := known.get(image_id)) is not None and _is_another(met, candidate):
                image_id -= 1
                if image_id not in known:
                    known |= self._archive.wait_for(partial(rows.standing, image_ids=[image_id]))
        met = known.get(image_id)
        if met is not None and met.is_settled():
            if met.sha256 != candidate.sha256:
                self._result.refuse(candidate.path, f"the archive holds other bytes as image {image_id}: they stay")
                return None
            self._result.known += 1
            return _Job(ready, image_id)
        item = make_item(candidate, image_id, ready.facts)
        status = ImageStatus.SKIPPED if ready.thrown_out else ImageStatus.STORED
        known[image_id] = rows.Standing(status, candidate.sha256, candidate.name, has_file=True)
        return _Job(ready, image_id, item)

    def _write(self, job: _Job, paths: dict[str, Choice]) -> bool:
        """Write a temporary file, unless the bytes are there or come with another picture; False if that is refused."""
        item, candidate = job.item, job.ready.candidate
        if item is None:
            return True
        if job.ready.thrown_out:
            self._result.thrown_out += 1
            return True
        choice = paths.get(candidate.sha256)
        if choice is None:
            choice = self._archive.store.choose(
                candidate.sha256, candidate.size, extension=extension_of(item), name=None, image_id=0
            )
            if not choice.uptodate:
                if candidate.content is None:
                    # Let go, because the archive had the same by then.
                    self._result.refuse(candidate.path, "its copy in the archive is damaged meanwhile; import again")
                    return False
                job.temp = self._archive.directory.write_temp(candidate.content, fsync=False)
            paths[candidate.sha256] = choice
        item.path, job.choice = choice.path, choice
        candidate.content = None
        if job.temp is None:
            self._result.duplicates += 1
        else:
            self._result.stored += 1
            self._result.bytes_stored += candidate.size
            self._result.unchecked += item.unchecked
        return True

    def _publish(self, written: Sequence[_Job]) -> None:
        """Give the new files their names: synced before, noted, and their directories synced afterwards."""
        if not written:
            return
        directory = self._archive.directory
        directory.sync_batch(job.temp.path for job in written if job.temp is not None)
        self._archive.wait_for(partial(writes.add_intents, rows=[_intent(job) for job in written]))
        for job in written:
            assert job.choice is not None
            assert job.temp is not None
            self._archive.store.publish(job.choice, job.temp, fsync=False)
        directory.sync_batch({directory.resolve(job.choice.path).parent for job in written if job.choice is not None})


def _record(connection: Connection, jobs: Sequence[_Job]) -> None:
    """Write the rows of a group, and fulfil its intents."""
    for job in jobs:
        item, candidate = job.item, job.ready.candidate
        if item is not None:
            writes.record_stored(connection, item, "blobs", extension_of(item), item.intent_id)
        if candidate.place is not None:
            rows.add_favorite(connection, job.image_id, candidate.place, candidate.name or "")


def _number_of(candidate: Candidate) -> int:
    """Return the image's number: the site's, or the one that its place on the disk and its bytes make."""
    if candidate.image_id is not None:
        return candidate.image_id
    return local_number(b"image", os.fsencode(candidate.path), bytes.fromhex(candidate.sha256))


def _is_another(met: Standing, candidate: Candidate) -> bool:
    """Return whether a local image only happens to have a candidate's number."""
    return met.name != candidate.name or met.sha256 not in (None, candidate.sha256)


def _intent(job: _Job) -> dict[str, Any]:
    """Return the row that says that a file is about to get its name."""
    item = job.item
    assert item is not None
    assert job.temp is not None
    item.intent_id = secrets.randbits(_INTENT_BITS)
    return {
        "intent_id": item.intent_id,
        "temporary": job.temp.relative,
        "path": item.path,
        "sha256": item.sha256,
        "size": item.size,
        "image": asdict(item) | {"layout": "blobs", "extension": extension_of(item)},
    }

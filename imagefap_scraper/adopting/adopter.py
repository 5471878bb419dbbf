"""Pictures from the disk into the archive: read and hashed ahead, decoded in child processes, stored in groups."""

from __future__ import annotations

import hashlib
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial
from typing import TYPE_CHECKING

from imagefap_scraper.adopting.facts import facts_of
from imagefap_scraper.adopting.reading import UnreadableError, read_whole
from imagefap_scraper.adopting.storing import GroupStore, Ready
from imagefap_scraper.database import reads
from imagefap_scraper.inspection.batch import Batch
from imagefap_scraper.inspection.result import Inspection, Outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import Self

    from imagefap_scraper.adopting.candidates import Candidate
    from imagefap_scraper.adopting.facts import Facts
    from imagefap_scraper.adopting.result import Result
    from imagefap_scraper.archive import Archive
    from imagefap_scraper.inspection.result import ReadFailure
    from imagefap_scraper.review.progress import Progress

#: Pictures, and bytes, that are synced and committed together. What a kill costs is done again, and nothing else.
_GROUP = 32
_GROUP_BYTES = 64 * 1024 * 1024
#: Files read ahead of the decoders.
_READ_AHEAD = 4
_READERS = 2


class Adopter:
    """Brings pictures into an open archive with the layout of blobs.

    with Adopter(archive, result, progress) as adopter:
        adopter.adopt(candidates)
    """

    def __init__(self, archive: Archive, result: Result, progress: Progress) -> None:
        self._archive = archive
        self._result = result
        self._progress = progress
        self._store = GroupStore(archive, result)
        self._marks: set[int] = archive.wait_for(reads.blob_marks)
        #: Bytes that are with the decoders, each with the pictures that turned out to be the same meanwhile.
        self._asked: dict[str, list[Candidate]] = {}
        #: Bytes that were answered for and are not on record yet.
        self._answered: dict[str, Facts] = {}
        self._group: list[Ready] = []
        self._open = ExitStack()
        self._under_way: Future[None] | None = None
        self._stored: list[Ready] = []

    def __enter__(self) -> Self:
        """Start the threads; the decoders start when they are first needed."""
        self._readers = self._open.enter_context(ThreadPoolExecutor(_READERS, "reader"))
        self._storer = self._open.enter_context(ThreadPoolExecutor(1, "storer"))
        self._batch = self._open.enter_context(Batch())
        return self

    def __exit__(self, *error: object) -> None:
        """End the decoders and the threads; a group that is being stored is finished."""
        self._open.close()

    def adopt(self, candidates: Iterable[Candidate]) -> None:
        """Store pictures; what cannot be is noted in the result.

        Raises:
            StorageError: the disk refused, or a decoder cannot be started.
            DatabaseError, LockedError: the database refused.
        """
        for candidate, found in self._batch.inspect(self._unknown(candidates)):
            self._answer(candidate, found)
        self._flush()
        self._wait()

    def _unknown(self, candidates: Iterable[Candidate]) -> Iterator[tuple[Candidate, Callable[[], bytes]]]:
        """Yield those that have to be decoded; all others are dealt with."""
        for candidate in self._read(candidates):
            content = candidate.content
            if content is None or self._is_known(candidate):
                continue
            self._asked[candidate.sha256] = []
            yield candidate, partial(_given, content)

    def _read(self, candidates: Iterable[Candidate]) -> Iterator[Candidate]:
        """Yield the candidates in their order, read, hashed, a few ahead; those that cannot be read are noted."""
        ahead: deque[tuple[Candidate, Future[str]]] = deque()

        def take() -> Candidate:
            candidate, future = ahead.popleft()
            if reason := future.result():
                self._refuse(candidate, reason)
            return candidate

        try:
            for candidate in candidates:
                if len(ahead) >= _READ_AHEAD:
                    yield take()
                ahead.append((candidate, self._readers.submit(_load, candidate)))
            while ahead:
                yield take()
        finally:
            for _, future in ahead:
                future.cancel()

    def _is_known(self, candidate: Candidate) -> bool:
        """Deal with bytes that were seen before; False if nobody knows what they are."""
        sha256 = candidate.sha256
        if sha256 in self._asked:
            # Not kept: there may be thousands, and the first one's bytes will do.
            candidate.content = None
            self._asked[sha256].append(candidate)
            return True
        if sha256 in self._answered:
            self._add(Ready(candidate, self._answered[sha256]))
            return True
        if reads.blob_mark(sha256) not in self._marks:
            return False
        blob = self._archive.wait_for(partial(reads.stored_blob, sha256=sha256))
        if blob is None:
            return False
        self._add(Ready(candidate, facts_of(blob), thrown_out=blob.state != "live"))
        return True

    def _answer(self, candidate: Candidate, found: Inspection | ReadFailure) -> None:
        """Take what a decoder found."""
        same = [candidate, *self._asked.pop(candidate.sha256)]
        if not isinstance(found, Inspection) or found.outcome is Outcome.BROKEN:
            for one in same:
                self._refuse(one, found.reason)
            return
        facts = self._answered[candidate.sha256] = facts_of(found)
        for one in same:
            self._add(Ready(one, facts))

    def _refuse(self, candidate: Candidate, reason: str) -> None:
        candidate.content = None
        self._result.refuse(candidate.path, reason)
        self._progress.advance(1)

    def _add(self, ready: Ready) -> None:
        """Put a picture into the group that is stored next."""
        self._group.append(ready)
        held = sum(len(one.candidate.content or b"") for one in self._group)
        if len(self._group) >= _GROUP or held >= _GROUP_BYTES:
            self._flush()

    def _flush(self) -> None:
        """Have the group stored while the next one is decoded."""
        self._wait()
        if self._group:
            self._stored, self._group = self._group, []
            self._under_way = self._storer.submit(self._store.store, self._stored)

    def _wait(self) -> None:
        """Wait for the group that is being stored; its bytes are on record then."""
        if self._under_way is None:
            return
        self._under_way.result()
        self._under_way = None
        for ready in self._stored:
            sha256 = ready.candidate.sha256
            self._marks.add(reads.blob_mark(sha256))
            self._answered.pop(sha256, None)
        self._progress.advance(len(self._stored))


def _load(candidate: Candidate) -> str:
    """Read and hash a file; return why that is not possible, or nothing."""
    try:
        content = read_whole(candidate.path)
    except UnreadableError as error:
        return str(error)
    candidate.content, candidate.size = content, len(content)
    candidate.sha256 = hashlib.sha256(content).hexdigest()
    return ""


def _given(content: bytes) -> bytes:
    return content

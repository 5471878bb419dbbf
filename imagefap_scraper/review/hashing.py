"""Hashes for pictures that were stored without: in parallel, in children with limits, resumable at any picture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from imagefap_scraper.database import evidence
from imagefap_scraper.dedup.encoding import HASH_VERSION
from imagefap_scraper.inspection.batch import Batch
from imagefap_scraper.inspection.result import Inspection, Outcome

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from imagefap_scraper.inspection.result import ReadFailure
    from imagefap_scraper.review.progress import Progress
    from imagefap_scraper.review.workplace import Workplace

#: Pictures in one transaction: what a kill costs at most.
_AT_A_TIME = 200


@dataclass(slots=True)
class HashReport:
    """How many pictures got hashes, how many cannot be decoded within the limits, how many files are not whole."""

    hashed: int = 0
    unchecked: int = 0
    damaged: int = 0


def hash_pictures(workplace: Workplace, progress: Progress, *, workers: int | None = None) -> HashReport:
    """Hash every live picture that has no hashes of the present version; what is done is done when it is stopped.

    A damaged file is left as it is, for `process.py verify` to tell of.

    Raises:
        StorageError: no child process can be started, or the disk refused.
        LockedError, DatabaseError: the database refused.
    """
    report = HashReport()
    with workplace.reading() as connection:
        progress.start("hashing pictures", evidence.count_unhashed(connection, HASH_VERSION))
    with Batch(workers=workers) as batch:
        for some in _files(workplace):
            results = batch.inspect((file.sha256, _path(workplace, file)) for file in some)
            found = {}
            for sha256, result in results:
                found[sha256] = result
                progress.advance(1)
            _record(workplace, found, report)
    return report


def _files(workplace: Workplace) -> Iterator[list[evidence.BlobFile]]:
    after = ""
    while True:
        with workplace.reading() as connection:
            some = evidence.unhashed_files(connection, HASH_VERSION, after, _AT_A_TIME)
        if not some:
            return
        yield some
        after = some[-1].sha256


def _path(workplace: Workplace, file: evidence.BlobFile) -> Path:
    return workplace.directory.resolve(file.path)


def _record(workplace: Workplace, found: dict[str, Inspection | ReadFailure], report: HashReport) -> None:
    rows, unchecked = [], {}
    for sha256, result in found.items():
        if isinstance(result, Inspection) and result.outcome is Outcome.WHOLE:
            hashes = {"phash": result.phash, "dhash": result.dhash}
            rows.append({"sha256": sha256, **hashes, "hash_version": result.hash_version, "flat": result.flat})
        elif isinstance(result, Inspection) and result.outcome is Outcome.UNCHECKED:
            unchecked[sha256] = result.reason
        else:
            report.damaged += 1
    with workplace.transaction() as connection:
        evidence.record_hashes(connection, rows)
        for sha256, reason in unchecked.items():
            evidence.record_unreadable(connection, [sha256], reason)
    report.hashed += len(rows)
    report.unchecked += len(unchecked)

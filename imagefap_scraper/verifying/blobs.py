"""One blob: what is wrong with its files, whether it can be fetched again, and its images back on the list."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING

from imagefap_scraper.database import checks
from imagefap_scraper.exceptions import ConflictError
from imagefap_scraper.storage.audit import Fault
from imagefap_scraper.verifying.audit import STORED_WITHOUT_FILE, Problem, file_problem
from imagefap_scraper.verifying.repair import Repair, held

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from imagefap_scraper.review.workplace import Workplace
    from imagefap_scraper.storage.files import ArchiveDirectory


@dataclass(frozen=True, slots=True)
class PutBack:
    """Images that are wanted again, by number, and the layouts of the files that were lost."""

    image_ids: tuple[int, ...]
    layouts: frozenset[str]


def blob_problems(connection: Connection, directory: ArchiveDirectory, sha256: str) -> list[Problem]:
    """Return what is wrong with the files of a blob, each read to its end; nothing if one of them is whole."""
    moving = checks.moving_files(connection)
    found = []
    for file in checks.copies(connection, sha256):
        problem = file_problem(connection, directory, file, moving, read_data=True)
        if problem is None:
            return []
        found.append(problem)
    if not found:
        images = checks.images_of(connection, sha256)
        found.append(Problem(STORED_WITHOUT_FILE, "no file with its bytes is known", sha256=sha256, image_ids=images))
    return found


def why_not_again(connection: Connection, sha256: str, problems: list[Problem]) -> str:
    """Return why a blob with these problems is not to be fetched again, in one sentence; empty if it is."""
    if checks.blob_state(connection, sha256) != "live":
        return "This picture was thrown out."
    if all(problem.kind == Fault.UNREADABLE for problem in problems):
        return "Its file may be whole: change its permissions."
    if checks.fetchable_images(connection, sha256):
        return ""
    images = checks.images_of(connection, sha256)
    if not images:
        return "The next crawl that fetches this picture brings it back."
    if max(images) < 0:
        return "This picture did not come from the site, so it cannot be fetched again."
    return "The site no longer has this picture, so it cannot be fetched again."


def lost_files(connection: Connection, directory: ArchiveDirectory, sha256: str) -> list[Problem]:
    """Return what is wrong with a blob that is to be fetched again.

    Raises:
        ConflictError: a file of it is whole, or it is not to be fetched again.
    """
    problems = blob_problems(connection, directory, sha256)
    if not problems:
        raise ConflictError("This picture is here already.")
    if why := why_not_again(connection, sha256, problems):
        raise ConflictError(f"{why} All was left as it is.")
    return problems


def put_back(workplace: Workplace, sha256: str) -> PutBack:
    """Put the images of a blob whose files are lost back on the list, as `verify --repair` does with all of them.

    Raises:
        ConflictError: see `lost_files`; nothing was changed.
        LockedError: a crawl is running into the archive; nothing was changed.
        DatabaseError, StorageError: what database and disk refuse.
    """
    # In one write transaction: nobody else moves the files between the look at them and what is written of it.
    with held(workplace), workplace.transaction() as connection:
        problems = lost_files(connection, workplace.directory, sha256)
        Repair(workplace.directory, connection, lambda: nullcontext(connection)).repair(problems)
    image_ids = {image_id for problem in problems for image_id in problem.image_ids}
    layouts = {problem.file.layout for problem in problems if problem.file is not None}
    return PutBack(tuple(sorted(image_ids)), frozenset(layouts))

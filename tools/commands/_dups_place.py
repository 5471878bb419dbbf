"""The archive that a command changes, checked before anything is written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from imagefap_scraper.exceptions import OutputError
from imagefap_scraper.review.workplace import Workplace
from imagefap_scraper.storage.files import ArchiveDirectory
from tools.commands._archive import open_archive

if TYPE_CHECKING:
    from pathlib import Path


def open_workplace(directory: Path) -> Workplace:
    """Return the archive in a directory; a crawl may run into it meanwhile.

    Raises:
        OutputError: there is no such directory, or it is not the archive's.
        DatabaseError: there is no usable database.
        LockedError: another program holds the database.
    """
    with open_archive(directory) as archive:
        path = archive.path
    place = ArchiveDirectory(directory)
    if path.parent.resolve() != place.root and not place.own.is_dir():
        # All files would be missing there.
        raise OutputError(
            f"{place.root} is not where the files of {path} are: no crawl has used it. "
            "Mount its disk, or name another: --dir DIR"
        )
    return Workplace(place, path)

"""A directory of the user's own into the archive: a local user, and a folder for each directory with pictures."""

from __future__ import annotations

import os
from contextlib import closing
from functools import partial
from typing import TYPE_CHECKING

from imagefap_scraper.adopting import rows
from imagefap_scraper.adopting.adopter import Adopter
from imagefap_scraper.adopting.candidates import Candidate
from imagefap_scraper.adopting.ids import local_number
from imagefap_scraper.adopting.order import positions
from imagefap_scraper.adopting.result import Result, shown
from imagefap_scraper.adopting.walking import Walk
from imagefap_scraper.archive import Archive

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from imagefap_scraper.adopting.walking import FoundDirectory
    from imagefap_scraper.review.progress import Progress

__all__ = ["LocalImport"]


class LocalImport:
    """One import of a directory; run again it adds what is new, and after a kill what is missing.

    Attributes:
        root: the directory, links resolved.
    """

    def __init__(self, root: Path, output: Path, *, user: str | None = None) -> None:
        """Check what was named; nothing is made yet.

        Args:
            root: the directory of pictures; only ever read.
            output: the archive's directory.
            user: name of the local user; None for the usual one.

        Raises:
            UserInputError: there is no such directory, or it is the archive's own.
        """
        self._output = output
        self._user = None if user is None else shown(user).strip() or None
        self.root = Walk(root, output, Result()).root

    def survey(self) -> Result:
        """Return what there is to import: counts, sizes, and what will not be taken; no whole file is read."""
        result = Result()
        for found in Walk(self.root, self._output, result):
            _count(found, result)
        return result

    def run(self, progress: Progress, *, url: str = "") -> Result:
        """Carry it out, or go on with it.

        Args:
            progress: told how many pictures are done.
            url: another place for the database, as in `Archive`.

        Raises:
            UserInputError: the user's name is that of a user of the site.
            OutputError: the archive's directory cannot be used.
            LockedError: another process holds it.
            DatabaseError: its database is foreign, newer or damaged.
            StorageError: the disk refused.
        """
        result = Result()
        # What a power cut takes from the database, the next import brings again: the files are synced all the same.
        with closing(Archive(self._output, "blobs", url=url, durable=False)) as archive:
            user_id = archive.wait_for(partial(rows.make_local_user, name=self._user))
            folder_ids: list[int] = []
            with Adopter(archive, result, progress) as adopter:
                adopter.adopt(self._candidates(archive, user_id, folder_ids, result))
            archive.wait_for(partial(rows.finish, user_id=user_id, folder_ids=folder_ids))
        return result

    def _candidates(self, archive: Archive, user_id: int, folder_ids: list[int], result: Result) -> Iterator[Candidate]:
        """Yield every picture with its place; note the folders."""
        for found in Walk(self.root, self._output, result):
            _count(found, result)
            folder_id = local_number(b"folder", user_id.to_bytes(8, "big", signed=True), os.fsencode(found.path))
            folder_ids.append(folder_id)
            folder = shown(found.path.relative_to(self.root.parent)) or shown(found.path)
            known = archive.wait_for(partial(rows.known_positions, user_id=user_id, folder_id=folder_id))
            names = [shown(file.path.name) for file in found.files]
            chosen = positions(names, known)
            behind = max([*chosen, *known.values()]) + 1
            for number, file in enumerate(found.files):
                place = rows.Place(user_id, folder_id, folder, chosen[number], behind + number)
                yield Candidate(file.path, name=names[number], place=place)


def _count(found: FoundDirectory, result: Result) -> None:
    result.pictures += len(found.files)
    result.size += sum(file.size for file in found.files)

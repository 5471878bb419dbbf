"""What other tools saved into the archive, under the site's own numbers: a crawl does not download it again."""

from __future__ import annotations

from contextlib import closing
from functools import partial
from typing import TYPE_CHECKING

from imagefap_scraper.adopting import rows
from imagefap_scraper.adopting.adopter import Adopter
from imagefap_scraper.adopting.candidates import Candidate
from imagefap_scraper.adopting.foreign_names import gallery_dl_numbers, imagefap_dl_number
from imagefap_scraper.adopting.gallery_dl import read_entries
from imagefap_scraper.adopting.info_files import Information, read_information
from imagefap_scraper.adopting.result import Result, shown
from imagefap_scraper.adopting.walking import Walk
from imagefap_scraper.archive import Archive

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from imagefap_scraper.adopting.walking import FoundDirectory, FoundFile
    from imagefap_scraper.review.progress import Progress

__all__ = ["TreeImport"]


class TreeImport:
    """One adoption of what other tools saved; run again it adds what is new, and after a kill what is missing."""

    def __init__(self, root: Path | None, output: Path, *, entries: Path | None = None) -> None:
        """Check what was named; nothing is made yet.

        Args:
            root: the directory with the files; None if only entries are looked at.
            output: the archive's directory.
            entries: gallery-dl's archive: then only gallery-dl's own file names count.

        Raises:
            UserInputError: there is no such directory, it is the archive's own, or the entries cannot be read.
        """
        self._output = output
        self._root = None if root is None else Walk(root, output, Result()).root
        self._entries = None if entries is None else read_entries(entries)

    def survey(self) -> Result:
        """Return what there is to adopt: counts, sizes, and what will not be taken; no picture is read whole."""
        result = Result()
        ids = {candidate.image_id for candidate in self._candidates(result)}
        self._count_entries(result, {number for number in ids if number is not None})
        return result

    def run(self, progress: Progress, *, url: str = "") -> Result:
        """Carry it out, or go on with it; arguments and errors as in `LocalImport.run`."""
        result = Result()
        ids: set[int] = set()
        with closing(Archive(self._output, "blobs", url=url, durable=False)) as archive:
            with Adopter(archive, result, progress) as adopter:
                adopter.adopt(self._noting(ids, result))
            archive.wait_for(partial(rows.finish, user_id=None, folder_ids=[]))
        self._count_entries(result, ids)
        return result

    def _noting(self, ids: set[int], result: Result) -> Iterator[Candidate]:
        """Yield the candidates and note their numbers."""
        for candidate in self._candidates(result):
            assert candidate.image_id is not None
            ids.add(candidate.image_id)
            yield candidate

    def _candidates(self, result: Result) -> Iterator[Candidate]:
        """Yield the pictures that have numbers of the site; count them and list the others."""
        if self._root is None:
            return
        for found in Walk(self._root, self._output, result):
            information = self._information(found, result)
            for file in found.files:
                candidate = self._candidate(file, information)
                if candidate is None:
                    result.unnamed.append(shown(file.path))
                    continue
                result.pictures += 1
                result.size += file.size
                yield candidate

    def _information(self, found: FoundDirectory, result: Result) -> Information:
        if self._entries is not None:
            return Information()
        information = read_information(found.path)
        for path, reason in information.problems:
            result.refuse(path, reason)
        return information

    def _candidate(self, file: FoundFile, information: Information) -> Candidate | None:
        """Return a file as the image that it is; None if nothing says which."""
        name = file.path.name
        numbers = gallery_dl_numbers(name)
        if numbers is not None:
            return Candidate(file.path, numbers.image_id, gallery_id=numbers.gallery_id)
        number = imagefap_dl_number(name)
        said = information.images.get(number) if number is not None else None
        if said is None:
            return None
        return Candidate(file.path, number, said.name, said.gallery_id)

    def _count_entries(self, result: Result, ids: set[int]) -> None:
        if self._entries is not None:
            result.entries = len(self._entries)
            result.entries_without_file = len(self._entries - ids)

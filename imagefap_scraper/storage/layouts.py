"""Where an image's file goes: blobs by SHA-256, or straight names.

One image takes four steps, so that its caller can write an intent into the database between the second and the third:
`choose` a path, `ArchiveDirectory.write_temp`, the intent, `publish`. On any failure `release` follows. All of them may
be called from several threads at once; images with equal bytes come one after the other (their caller sees to that),
for else both may be stored under names of their own.
"""

from __future__ import annotations

import hashlib
import os
from abc import ABC, abstractmethod
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING, Final, Literal

from imagefap_scraper.storage.files import AlreadyThere, ArchiveDirectory, TempFile, disk_error
from imagefap_scraper.storage.lock import OWN_DIRECTORY
from imagefap_scraper.storage.names import straight_name
from imagefap_scraper.storage.template import NOWHERE, OWN_DIRECTORIES, Place, Values
from imagefap_scraper.storage.tree import Tree, candidates

if TYPE_CHECKING:
    from collections.abc import Callable

    from imagefap_scraper.storage.template import Template

#: The directory of the blobs, which holds nothing of the user's own.
BLOBS: Final = "blobs"


@dataclass(frozen=True, slots=True)
class Choice:
    """Where the bytes go.

    Attributes:
        path: relative to the output directory, with `/`.
        uptodate: True if a file with these very bytes is there already: nothing is to be written.
        sha256: of the bytes, 64 hexadecimal digits.
        size: bytes.
    """

    path: str
    uptodate: bool
    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class Placement:
    """What came of it: `path` as in `Choice`, and whether the bytes were written or were there."""

    path: str
    outcome: Literal["downloaded", "uptodate"]


class ImageStore(ABC):
    """A layout of images in an output directory."""

    def __init__(self, directory: ArchiveDirectory) -> None:
        self.directory = directory

    @property
    def needs_place(self) -> bool:
        """Tell whether the names depend on the place of an image (user, folder, number)."""
        return False

    @abstractmethod
    def choose(
        self,
        sha256: str,
        size: int,
        *,
        extension: str,
        name: str | None,
        image_id: int,
        place: tuple[str | None, str | None, int | None] | None = None,
    ) -> Choice:
        """Choose the path of an image; until `publish` or `release`, nobody else is given it.

        Args:
            sha256: of the bytes, 64 hexadecimal digits.
            size: bytes.
            extension: of the content's format, without a dot.
            name: as the site shows it; None if it shows none.
            image_id: the site's number of the image.
            place: the user, the folder and the number in it (`template.Place`), for templates; None if not known.

        Raises:
            StorageError: the disk fails.
        """

    @abstractmethod
    def publish(self, choice: Choice, temp: TempFile, *, fsync: bool = True) -> None:
        """Put the temporary file where it was chosen to go; it is gone afterwards.

        Raises:
            AlreadyThere: somebody else took the name meanwhile: release, and choose again.
            StorageError: the disk refused.
        """

    @abstractmethod
    def release(self, choice: Choice) -> None:
        """Give up a path that was chosen and not published."""

    def place(
        self,
        content: bytes,
        sha256: str,
        *,
        extension: str,
        name: str | None,
        image_id: int,
        place: tuple[str | None, str | None, int | None] | None = None,
        intend: Callable[[Choice, TempFile], None] | None = None,
        fsync: bool = True,
    ) -> Placement:
        """Do all steps for one image.

        Args:
            content: the bytes.
            sha256: of the bytes, 64 hexadecimal digits.
            extension: of the content's format, without a dot.
            name: as the site shows it; None if it shows none.
            image_id: the site's number of the image.
            place: as in `choose`.
            intend: called between temporary and final file; again, for another path, if the first one was taken.
            fsync: wait for the disk.

        Raises:
            StorageError: the disk refused; nothing is left behind.
        """
        while True:
            choice = self.choose(sha256, len(content), extension=extension, name=name, image_id=image_id, place=place)
            if choice.uptodate:
                return Placement(choice.path, "uptodate")
            try:
                self._write(choice, content, intend, fsync)
            except AlreadyThere:
                continue
            return Placement(choice.path, "downloaded")

    def _write(
        self, choice: Choice, content: bytes, intend: Callable[[Choice, TempFile], None] | None, fsync: bool
    ) -> None:
        temp: TempFile | None = None
        try:
            temp = self.directory.write_temp(content, fsync=fsync)
            if intend is not None:
                intend(choice, temp)
            self.publish(choice, temp, fsync=fsync)
        except BaseException:
            if temp is not None:
                self.directory.discard(temp)
            self.release(choice)
            raise


class BlobLayout(ImageStore):
    """`blobs/SHA256.EXT`, flat. The name says the bytes, so nothing has to be reserved and nothing can collide."""

    def choose(
        self,
        sha256: str,
        size: int,
        *,
        extension: str,
        name: str | None = None,
        image_id: int = 0,
        place: tuple[str | None, str | None, int | None] | None = None,
    ) -> Choice:
        """Choose `blobs/SHA256.EXT`; see `ImageStore.choose`."""
        path = f"{BLOBS}/{sha256}.{extension}"
        return Choice(path, self.directory.same_bytes(path, sha256, size), sha256, size)

    def publish(self, choice: Choice, temp: TempFile, *, fsync: bool = True) -> None:
        """Publish; a file of that name with other bytes is a damaged blob of ours and is replaced."""
        try:
            self.directory.publish(temp, choice.path, fsync=fsync)
        except AlreadyThere:
            if self.directory.same_bytes(choice.path, choice.sha256, choice.size):
                self.directory.discard(temp)
            else:
                self.directory.replace(temp, choice.path, fsync=fsync)

    def release(self, choice: Choice) -> None:
        """Nothing was reserved."""


class StraightLayout(ImageStore):
    """`NAME.EXT`, or what a template says, beside whatever else the user keeps there, which is never touched.

    Each directory is listed once, at the first choice in it; after that only single names are looked up.

    Args:
        directory: the output directory.
        match_content: also find equal bytes that an earlier run stored under another name, by hashing files of equal
            size once; for runs without a database to ask.
        template: what to call the files; None calls them as the site does.
    """

    def __init__(
        self, directory: ArchiveDirectory, *, match_content: bool = False, template: Template | None = None
    ) -> None:
        super().__init__(directory)
        self._match_content = match_content
        self._template = template
        self._lock = Lock()
        self._tree = Tree(directory, OWN_DIRECTORIES)
        self._in_flight: set[str] = set()
        self._unhashed: dict[int, list[str]] | None = None
        self._stored: dict[str, str] = {}

    @property
    def needs_place(self) -> bool:
        """Tell whether the names depend on the place of an image (user, folder, number)."""
        return self._template is not None and not self._template.fields.isdisjoint(("user", "folder", "num"))

    def choose(
        self,
        sha256: str,
        size: int,
        *,
        extension: str,
        name: str | None,
        image_id: int,
        place: tuple[str | None, str | None, int | None] | None = None,
    ) -> Choice:
        """Choose the first name that is free or holds these bytes; see `ImageStore.choose`."""
        values = Values(image_id, extension, sha256, name, Place(*place) if place else NOWHERE)
        with self._lock:
            known = self._known(sha256, size)
            if known is not None:
                return Choice(known, True, sha256, size)
            for candidate in candidates(self._wanted(values), sha256):
                taken = self._tree.taken(candidate)
                if not taken:
                    self._tree.take(candidate)
                    self._in_flight.add(candidate)
                    return Choice(candidate, False, sha256, size)
                for other in taken:
                    if self.directory.same_bytes(other, sha256, size):
                        self._stored[sha256] = other
                        return Choice(other, True, sha256, size)
        raise AssertionError("the candidates have no end")

    def publish(self, choice: Choice, temp: TempFile, *, fsync: bool = True) -> None:
        """Publish under the name that was reserved; see `ImageStore.publish`."""
        self.directory.publish(temp, choice.path, fsync=fsync)
        with self._lock:
            self._in_flight.discard(choice.path)
            self._stored[choice.sha256] = choice.path

    def release(self, choice: Choice) -> None:
        """Free the name; whether a file of that name is there is looked up at the next choice."""
        with self._lock:
            if choice.path in self._in_flight:
                self._in_flight.discard(choice.path)
                self._tree.free(choice.path)

    def _wanted(self, values: Values) -> str:
        if self._template is None:
            return straight_name(values.name, image_id=values.image_id, extension=values.extension)
        directories, name = self._template.fill(values)
        return self._tree.spelled(directories) + name

    def _known(self, sha256: str, size: int) -> str | None:
        """Return the path under which these bytes are there already, as far as is known."""
        if self._match_content:
            if self._unhashed is None:
                self._unhashed = self._sizes()
            for path in self._unhashed.pop(size, []):
                try:
                    with (self.directory.root / path).open("rb") as file:
                        self._stored.setdefault(hashlib.file_digest(file, "sha256").hexdigest(), path)
                except OSError:
                    continue
        known = self._stored.get(sha256)
        return known if known is not None and self.directory.same_bytes(known, sha256, size) else None

    def _sizes(self) -> dict[int, list[str]]:
        """Return the plain files that are there by their sizes in bytes; below the root only if a template is used."""
        found: dict[int, list[str]] = {}
        waiting = [""]
        while waiting:
            above = waiting.pop()
            try:
                with os.scandir(self.directory.root / above) as entries:
                    for entry in entries:
                        path = above + entry.name
                        if entry.is_file(follow_symlinks=False):
                            found.setdefault(entry.stat(follow_symlinks=False).st_size, []).append(path)
                        elif self._template and path != OWN_DIRECTORY and entry.is_dir(follow_symlinks=False):
                            waiting.append(path + "/")
            except OSError as err:
                raise disk_error(err, f"cannot list {self.directory.root / above}") from err
        return found

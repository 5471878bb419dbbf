"""What an imported database comes to in ours: users, folders, favorites in order, images and their blobs."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit, urlunsplit

from imagefap_scraper.legacy.ids import Ids

if TYPE_CHECKING:
    from collections.abc import Iterator

    from imagefap_scraper.legacy.records import Failure, Gone, LegacyBlob, LegacyDatabase, LegacyFolder, Place

__all__ = ["FolderPlan", "ImagePlan", "Plan", "make_plan", "moment_of"]

_SITE = "imagefap.com"


class ListedPlan(NamedTuple):
    """One image in a folder, with its name there and the verdict on the place."""

    image_id: int
    name: str | None
    verdict: str


@dataclass(slots=True)
class FolderPlan:
    """A folder; `date` is when the original had last been through with it (seconds since 1970, 0 for never).

    `finished` is the same for blobs alone; `listed` is in order.
    """

    user_id: int
    folder_id: int
    name: str
    date: int = 0
    finished: int = 0
    listed: list[ListedPlan] = field(default_factory=list)


@dataclass(slots=True)
class ImagePlan:
    """An image: what the original knew of it. `sha256` is empty for what it did not store."""

    name: str | None = None
    address: str | None = None
    sha256: str | None = None
    dated: int = 0
    failed: Failure | None = None
    gone: Gone | None = None


@dataclass(slots=True)
class Plan:
    """All of it, by our numbers; `images_of` are the images of each blob."""

    users: dict[int, tuple[str, int]] = field(default_factory=dict)
    folders: dict[tuple[int, int], FolderPlan] = field(default_factory=dict)
    images: dict[int, ImagePlan] = field(default_factory=dict)

    def images_of(self) -> dict[str, list[int]]:
        """Return the images of each blob, by SHA-256."""
        found: dict[str, list[int]] = {}
        for image_id, image in self.images.items():
            if image.sha256 is not None:
                found.setdefault(image.sha256, []).append(image_id)
        return found


def moment_of(seconds: int) -> datetime | None:
    """Return the moment of seconds since 1970; None for 0, the original's never."""
    return datetime.fromtimestamp(seconds, UTC) if seconds else None


def make_plan(database: LegacyDatabase) -> Plan:
    """Return what a database comes to."""
    return _Planner(database).run()


class _Planner:
    """Goes through the records once; what contradicts itself is taken as the later record says."""

    def __init__(self, database: LegacyDatabase) -> None:
        self._database = database
        self._ids = Ids({user.user_id: user.name for user in database.users})
        self._plan = Plan()
        #: Names and verdicts of places, by user and folder, then by image.
        self._places: dict[tuple[int, int], dict[int, ListedPlan]] = {}

    def run(self) -> Plan:
        for user in self._database.users:
            first = min((date for date in (user.date_albums, user.date_finished) if date), default=0)
            self._plan.users[self._ids.user(user.user_id)] = (user.name, first)
        for blob in self._database.blobs:
            self._take_blob(blob)
        for entry in self._database.index:
            self._image(entry.image_id).sha256 = entry.sha256
        for folder in self._database.folders:
            self._take_folder(folder)
        for (user_id, folder_id), listed in self._places.items():
            place = self._folder(user_id, folder_id, str(folder_id))
            place.listed += (listed[image_id] for image_id in sorted(listed))
        return self._plan

    def _take_blob(self, blob: LegacyBlob) -> None:
        for place in blob.places:
            image = self._image(place.image_id)
            if image.sha256 is None or image.dated < blob.date:
                image.sha256, image.dated = blob.sha256, blob.date
            image.name = image.name or place.name or None
            image.address = image.address or _unsigned(place.url)
            self._note_place(place)
        for gone in blob.gone:
            image = self._image(gone.image_id)
            image.gone = gone
            image.address = image.address or _unsigned(gone.url)

    def _note_place(self, place: Place) -> None:
        key = self._ids.user(place.user_id), self._ids.other(place.folder_id)
        image_id = self._ids.other(place.image_id)
        self._places.setdefault(key, {})[image_id] = ListedPlan(image_id, place.name or None, place.verdict)

    def _take_folder(self, record: LegacyFolder) -> None:
        folder = self._folder(self._ids.user(record.user_id), self._ids.other(record.folder_id), record.name)
        folder.date, folder.finished = max(record.date_blobs, record.date_straight), record.date_blobs
        places = self._places.pop((folder.user_id, folder.folder_id), {})
        seen: set[int] = set()
        for image_id in self._order(record, places):
            if image_id not in seen:
                seen.add(image_id)
                folder.listed.append(places.get(image_id) or ListedPlan(image_id, self._name_of(image_id), "new"))

    def _order(self, record: LegacyFolder, places: dict[int, ListedPlan]) -> Iterator[int]:
        """Yield the images of a folder: as it lists them, then those only a blob knows of, then those that failed.

        The original takes what fails out of its list, so that nothing tells any more where it was.
        """
        for number in record.images:
            self._image(number)
            yield self._ids.other(number)
        yield from sorted(places)
        for failure in sorted(record.failed, key=lambda failure: (failure.moment, failure.image_id)):
            image = self._image(failure.image_id)
            image.failed = failure
            image.name = image.name or failure.name
            image.address = image.address or _unsigned(failure.url)
            yield self._ids.other(failure.image_id)

    def _name_of(self, image_id: int) -> str | None:
        return self._plan.images[image_id].name

    def _image(self, number: int) -> ImagePlan:
        return self._plan.images.setdefault(self._ids.other(number), ImagePlan())

    def _folder(self, user_id: int, folder_id: int, name: str) -> FolderPlan:
        """Return a folder, and make it and its user if no record has."""
        self._plan.users.setdefault(user_id, (str(user_id), 0))
        return self._plan.folders.setdefault((user_id, folder_id), FolderPlan(user_id, folder_id, name))


def _unsigned(url: str | None) -> str | None:
    """Return an address without its signature; None for what is none of the site's."""
    try:
        parts = urlsplit(url or "")
        host = parts.hostname or ""
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or not f".{host}".endswith(f".{_SITE}"):
        return None
    return urlunsplit((parts.scheme, parts.netloc, parts.path, "", ""))

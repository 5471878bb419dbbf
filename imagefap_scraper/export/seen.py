"""Where images are as a crawl without a database sees it: in the order in which the folder is listed."""

from __future__ import annotations

from imagefap_scraper.items import FolderItem, UserItem
from imagefap_scraper.storage.template import NOWHERE, Place


class SeenPlaces:
    """The places of the images that a crawl has listed so far."""

    def __init__(self) -> None:
        self._users: dict[int, str] = {}
        self._folders: dict[tuple[int, int], str] = {}
        self._places: dict[int, tuple[int, int, int]] = {}
        self._counts: dict[tuple[int, int], int] = {}

    def note(self, item: object) -> None:
        """Take in what an item tells; any item may be given."""
        if isinstance(item, UserItem):
            self._users[item.user_id] = item.name
        elif isinstance(item, FolderItem):
            key = (item.user_id, item.folder_id)
            self._folders[key] = item.name
            for favorite in item.favorites:
                if favorite.image_id not in self._places:
                    self._counts[key] = self._counts.get(key, 0) + 1
                    self._places[favorite.image_id] = (*key, self._counts[key])

    def place(self, image_id: int) -> Place:
        """Return where an image was seen first."""
        if image_id not in self._places:
            return NOWHERE
        user_id, folder_id, number = self._places[image_id]
        return Place(self._users.get(user_id), self._folders[user_id, folder_id], number)

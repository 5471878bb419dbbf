"""The demo site's world: users, their folders, galleries, pictures. What the pages show, and the truth behind them."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from tools.demo.pictures import Recipe
from tools.demo.windows import WindowRule

if TYPE_CHECKING:
    from collections.abc import Iterable

#: A listing shows about this many characters of a name that is longer than `LISTED_WHOLE`.
LISTED_CHARACTERS = 17
LISTED_WHOLE = 20
#: Very long names end in three dots in a listing, the others in two.
LISTED_THREE_DOTS = 60


class ImageState(StrEnum):
    """What the site still has of an image."""

    AVAILABLE = "available"
    #: Removed: no photo page, in no strip, no file. Favorites go on listing it.
    PAGE_MISSING = "page_missing"
    #: Its photo page and its place in strips are there, its full-size address is nowhere.
    NO_URL = "no_url"
    #: Page and address are there; the address answers 404.
    FILE_MISSING = "file_missing"


@dataclass
class Picture:
    """An image of the site.

    Attributes:
        image_id: its number.
        gallery_id: the gallery that it belongs to.
        name: its whole name, as it was uploaded.
        recipe: how its bytes are made.
        ext: end of its address, without the dot; need not be what the bytes are.
        state: what the site still has of it.
        gone_text: True if its missing page answers 200 with a sentence instead of 404.
        nameless_description: True if its page's description leaves the name out, as it does for odd names.
        near_of: the image that this one is a near duplicate of; None for none.
    """

    image_id: int
    gallery_id: int
    name: str
    recipe: Recipe = field(default_factory=Recipe)
    ext: str = "jpg"
    state: ImageState = ImageState.AVAILABLE
    gone_text: bool = False
    nameless_description: bool = False
    near_of: int | None = None

    @property
    def listed_name(self) -> str:
        """The name as listings show it: a long one is cut and loses its extension."""
        if len(self.name) <= LISTED_WHOLE:
            return self.name
        return self.name[:LISTED_CHARACTERS] + ("..." if len(self.name) > LISTED_THREE_DOTS else "..")


@dataclass
class Gallery:
    """A gallery: `ids` are its images in order, `window` its own strip rule (None for the world's).

    Of one that is `gone` folders still list the row, and the site shows nothing more; its images keep their pages.
    """

    gallery_id: int
    title: str
    ids: list[int] = field(default_factory=list)
    uploader: str = ""
    window: WindowRule | None = None
    gone: bool = False


@dataclass
class Folder:
    """A favorites folder.

    Attributes:
        folder_id: its number; may be negative.
        name: its name.
        holds: `images` or `galleries`: what `ids` are.
        ids: in the order in which they are listed; an id may stand there twice.
        empty_pages: numbers (from 0) of listing pages that show nothing although more follow.
        locked: True if the site asks for a password instead of showing it.
    """

    folder_id: int
    name: str
    holds: str = "images"
    ids: list[int] = field(default_factory=list)
    empty_pages: list[int] = field(default_factory=list)
    locked: bool = False

    @property
    def kind(self) -> str:
        """`images`, `galleries`, or `empty` if there is nothing in it."""
        return self.holds if self.ids or self.holds == "galleries" else "empty"

    def page_count(self, per_page: int) -> int:
        """Number of listing pages, at least 1."""
        full = -(-len(self.ids) // per_page)
        return max(1, full + sum(1 for page in self.empty_pages if page < full + len(self.empty_pages)))

    def page_ids(self, page: int, per_page: int) -> list[int]:
        """What listing page `page` (from 0) shows."""
        if page in self.empty_pages:
            return []
        start = (page - sum(1 for empty in self.empty_pages if empty < page)) * per_page
        return self.ids[start : start + per_page]


@dataclass
class User:
    """A user of the site, with the name as its owner writes it."""

    user_id: int
    name: str
    folders: list[Folder] = field(default_factory=list)

    def folder(self, folder_id: int) -> Folder | None:
        """The folder of that number; None if there is none."""
        return next((folder for folder in self.folders if folder.folder_id == folder_id), None)


@dataclass
class World:
    """Everything that the demo site shows.

    Attributes:
        seed: what the addresses' signatures are made from.
        per_page: images on a folder's listing page.
        folders_per_page: folders on a page of the folder list.
        window: where strips start, unless a gallery says otherwise.
        gid_in_link: True if a listing's photo links name the gallery.
        past_end: what a listing page past the last one shows: `empty`, or `last` for the last page once more.
        users: the users; folder numbers are unique among all of them, except -1 and 0.
        galleries: by number.
        images: by number.
    """

    seed: int = 1
    per_page: int = 20
    folders_per_page: int = 10
    window: WindowRule = WindowRule.JD
    gid_in_link: bool = False
    past_end: str = "empty"
    users: list[User] = field(default_factory=list)
    galleries: dict[int, Gallery] = field(default_factory=dict)
    images: dict[int, Picture] = field(default_factory=dict)
    _places: dict[int, dict[int, int]] = field(default_factory=dict, init=False, repr=False, compare=False)

    def user_named(self, name: str) -> User | None:
        """The user of that name in any letter case; None if there is none."""
        wanted = name.casefold()
        return next((user for user in self.users if user.name.casefold() == wanted), None)

    def user_numbered(self, user_id: int) -> User | None:
        """The user of that number; None if there is none."""
        return next((user for user in self.users if user.user_id == user_id), None)

    def folders_numbered(self, folder_id: int) -> list[Folder]:
        """The folders of that number: one, but for numbers like -1 that every user can have."""
        return [folder for user in self.users if (folder := user.folder(folder_id))]

    def add(self, picture: Picture) -> Picture:
        """Put a picture at the end of its gallery, which is made if it is not there; returns the picture."""
        gallery_id = picture.gallery_id
        gallery = self.galleries.setdefault(gallery_id, Gallery(gallery_id, f"Gallery {gallery_id}"))
        gallery.ids.append(picture.image_id)
        self.images[picture.image_id] = picture
        self._places.clear()
        return picture

    def set_state(self, image_ids: Iterable[int], state: ImageState) -> None:
        """Let the site lose images, or have them back; an image keeps its place in its gallery."""
        for image_id in image_ids:
            self.images[image_id].state = state
        self._places.clear()

    def order_gallery(self, gallery: Gallery, image_ids: Iterable[int]) -> None:
        """Let a gallery show these images, in this order."""
        gallery.ids = list(image_ids)
        self._places.clear()

    def places(self, gallery_id: int) -> dict[int, int]:
        """The gallery's images that the site still shows, in order, each with its position from 0."""
        known = self._places.get(gallery_id)
        if known is None:
            gallery = self.galleries.get(gallery_id)
            missing = ImageState.PAGE_MISSING
            ids = [i for i in gallery.ids if self.images[i].state is not missing] if gallery else []
            known = self._places[gallery_id] = {image_id: place for place, image_id in enumerate(ids)}
        return known

    def window_of(self, gallery_id: int) -> WindowRule:
        """The rule by which the strips of that gallery start."""
        gallery = self.galleries.get(gallery_id)
        return (gallery.window if gallery else None) or self.window

    def to_json(self) -> str:
        """The world as a description that `from_json` reads: one JSON object, keys sorted."""
        plain = ("seed", "per_page", "folders_per_page", "window", "gid_in_link", "past_end")
        described: dict[str, Any] = {key: getattr(self, key) for key in plain}
        described["users"] = [asdict(user) for user in self.users]
        described["galleries"] = [asdict(gallery) for gallery in self.galleries.values()]
        described["images"] = [asdict(picture) for picture in self.images.values()]
        return json.dumps(described, sort_keys=True, ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> World:
        """The world that a description gives; whatever it leaves out is as by default.

        An image that is in no gallery's `ids` is added at the end of its own, in the order of the description.

        Raises:
            TypeError: if the description has a key that a world has not.
            ValueError: if it is not JSON, or has a value that cannot be.
        """
        described: dict[str, Any] = json.loads(text)
        users = [_user(user) for user in described.pop("users", [])]
        galleries = [_gallery(gallery) for gallery in described.pop("galleries", [])]
        pictures = [_picture(picture) for picture in described.pop("images", [])]
        window = WindowRule(described.pop("window", WindowRule.JD))
        world = cls(**described, users=users, window=window)
        world.galleries = {gallery.gallery_id: gallery for gallery in galleries}
        placed = {image_id for gallery in galleries for image_id in gallery.ids}
        for picture in pictures:
            if picture.image_id in placed:
                world.images[picture.image_id] = picture
            else:
                world.add(picture)
        return world


def _user(described: dict[str, Any]) -> User:
    folders = [Folder(**folder) for folder in described.pop("folders", [])]
    return User(**described, folders=folders)


def _gallery(described: dict[str, Any]) -> Gallery:
    window = described.pop("window", None)
    return Gallery(**described, window=WindowRule(window) if window else None)


def _picture(described: dict[str, Any]) -> Picture:
    recipe = Recipe(**described.pop("recipe", {}))
    state = ImageState(described.pop("state", ImageState.AVAILABLE))
    return Picture(**described, recipe=recipe, state=state)

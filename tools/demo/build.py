"""Worlds of any size, made from a seed: galleries, and users whose folders hold a share of them."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tools.demo import names
from tools.demo.pictures import FORMAT_NAMES, Recipe
from tools.demo.seeds import chance
from tools.demo.windows import WindowRule
from tools.demo.world import Folder, Gallery, Picture, User, World

if TYPE_CHECKING:
    import random
    from collections.abc import Iterator, Sequence

FIRST_USER_ID = 1_234_567
FIRST_FOLDER_ID = 5_001
FIRST_GALLERY_ID = 70_001
FIRST_IMAGE_ID = 100_000_001
ORDERS = ("gallery", "reversed", "shuffled")
ID_ORDERS = ("ascending", "shuffled", "gaps")


@dataclass(frozen=True)
class WorldOptions:
    """What a world is made of.

    Attributes:
        seed: the same seed and options give the same world, byte by byte.
        users: how many.
        folders: how many each user has.
        images: how many favorites there are, over all folders of a user.
        order: of the favorites in a folder: as in the gallery, reversed, or shuffled over the folder.
        window: where strips start.
        gid_in_link: True if listings name the gallery in each photo link.
        per_page: images on a listing page.
        folders_per_page: folders on a page of the folder list.
        image_width: pixels.
        image_height: pixels.
        image_bytes: about how many bytes each picture has; 0 for whatever it needs.
        image_ids: numbers along a gallery: `ascending`, `shuffled`, or ascending with `gaps`.
        drawings: how many pictures are drawn; 0 for each its own. The others repeat them with another comment,
            so that every image has its own bytes and a large world costs no time.
        gallery_sizes: the smallest and the largest number of images in a gallery.
        shares: what part of a gallery's images are favorites; each gallery gets one of these.
        past_end: what a listing page past the last one shows: `empty` or `last`.
    """

    seed: int = 1
    users: int = 1
    folders: int = 4
    images: int = 300
    order: str = "gallery"
    window: WindowRule = WindowRule.JD
    gid_in_link: bool = False
    per_page: int = 20
    folders_per_page: int = 10
    image_width: int = 160
    image_height: int = 120
    image_bytes: int = 0
    image_ids: str = "ascending"
    drawings: int = 0
    gallery_sizes: tuple[int, int] = (12, 160)
    shares: tuple[float, ...] = (1.0, 0.6, 0.3, 0.1)
    past_end: str = "empty"

    def empty_world(self) -> World:
        """A world with these options and nothing in it."""
        return World(
            seed=self.seed,
            per_page=self.per_page,
            folders_per_page=self.folders_per_page,
            window=self.window,
            gid_in_link=self.gid_in_link,
            past_end=self.past_end,
        )


class WorldBuilder:
    """Adds galleries and folders to a world, numbering them as the options say."""

    def __init__(self, options: WorldOptions) -> None:
        self.options = options
        self.world = options.empty_world()
        self._image_ids = _image_ids(options.seed, options.image_ids)
        self._gallery_ids = itertools.count(FIRST_GALLERY_ID)
        self._folder_ids = itertools.count(FIRST_FOLDER_ID)
        self._drawings = itertools.count(1)

    def gallery(
        self,
        size: int,
        *,
        title: str | None = None,
        uploader: str = "Uploader One",
        window: WindowRule | None = None,
    ) -> Gallery:
        """A new gallery of `size` ordinary pictures."""
        gallery_id = next(self._gallery_ids)
        title = title or names.gallery_title(self._chance("title", gallery_id), gallery_id % 1000)
        gallery = Gallery(gallery_id, title, uploader=uploader, window=window)
        self.world.galleries[gallery_id] = gallery
        for number in range(size):
            name = names.picture_name(self._chance("name", gallery_id, number), number + 1, "jpg")
            self.picture(gallery, name=name)
        return gallery

    def picture(
        self,
        gallery: Gallery,
        *,
        name: str,
        recipe: Recipe | None = None,
        ext: str | None = None,
        near_of: int | None = None,
    ) -> Picture:
        """A new picture at the end of the gallery; without a recipe one that is drawn anew."""
        image_id = next(self._image_ids)
        recipe = recipe or self.recipe(image_id)
        ext = ext or FORMAT_NAMES[recipe.format][1]
        return self.world.add(Picture(image_id, gallery.gallery_id, name, recipe, ext, near_of=near_of))

    def recipe(self, mark: int = 0, picture_format: str = "jpeg") -> Recipe:
        """A recipe of the world's picture size that no other picture has."""
        options, drawing = self.options, next(self._drawings)
        seed = drawing % options.drawings if options.drawings else drawing
        return Recipe(
            format=picture_format,
            seed=options.seed * 1_000_000 + seed,
            width=options.image_width,
            height=options.image_height,
            size=options.image_bytes,
            mark=mark if options.drawings else 0,
        )

    def user(self, name: str) -> User:
        """A new user without folders."""
        user = User(FIRST_USER_ID + 1_111 * len(self.world.users), name)
        self.world.users.append(user)
        return user

    def folder(self, user: User, name: str, ids: Sequence[int] = (), *, folder_id: int | None = None) -> Folder:
        """A new image folder of the user, with the ids in the order that the options say."""
        number = next(self._folder_ids) if folder_id is None else folder_id
        folder = Folder(number, name, ids=self._ordered(ids, number))
        user.folders.append(folder)
        return folder

    def galleries_folder(self, user: User, name: str, galleries: Sequence[Gallery]) -> Folder:
        """A new folder of the user that holds galleries, in this order."""
        folder = self.folder(user, name)
        folder.holds, folder.ids = "galleries", [gallery.gallery_id for gallery in galleries]
        return folder

    def _ordered(self, ids: Sequence[int], folder_id: int) -> list[int]:
        ordered = list(ids)
        if self.options.order == "reversed":
            ordered.reverse()
        elif self.options.order == "shuffled":
            self._chance("order", folder_id).shuffle(ordered)
        return ordered

    def _chance(self, *parts: object) -> random.Random:
        return chance(self.options.seed, *parts)


def plain_world(options: WorldOptions) -> World:
    """Users `Plain1`, `Plain2`, ... with folders of ordinary pictures and no oddities at all.

    Every user has exactly `options.images` favorites, all of them different, in `options.folders` folders; users share
    the galleries, and each has drawn favorites of its own from them.
    """
    builder = WorldBuilder(options)
    galleries = _galleries(builder)
    for number in range(options.users):
        user = builder.user(f"Plain{number + 1}")
        chosen = _favorites(options, galleries, number)
        share = -(-options.images // options.folders)
        for index in range(options.folders):
            name = names.folder_name(chance(options.seed, "folder", number, index), index + 1)
            builder.folder(user, name, chosen[index * share : (index + 1) * share])
    return builder.world


def _galleries(builder: WorldBuilder) -> list[tuple[Gallery, float]]:
    """Galleries, each with the share of it that is favorites, until those are enough for one user."""
    options = builder.options
    random = chance(options.seed, "galleries")
    made: list[tuple[Gallery, float]] = []
    left = options.images
    while left > 0:
        share = random.choice(options.shares)
        gallery = builder.gallery(random.randint(*options.gallery_sizes))
        made.append((gallery, share))
        left -= max(1, round(len(gallery.ids) * share))
    return made


def _favorites(options: WorldOptions, galleries: list[tuple[Gallery, float]], user: int) -> list[int]:
    random = chance(options.seed, "favorites", user)
    chosen: list[int] = []
    for gallery, share in galleries:
        count = max(1, round(len(gallery.ids) * share))
        places = sorted(random.sample(range(len(gallery.ids)), count))
        chosen.extend(gallery.ids[place] for place in places)
    return chosen[: options.images]


def _image_ids(seed: int, order: str) -> Iterator[int]:
    """Numbers of images in the order in which galleries get them, each one once."""
    random = chance(seed, "ids")
    if order == "shuffled":
        # Multiplying by an odd number below a power of two visits every number once, in no visible order.
        factor = random.randrange(2**27) | 1
        return (FIRST_IMAGE_ID + number * factor % 2**28 for number in itertools.count(1))
    if order == "gaps":
        return itertools.accumulate((random.randint(1, 40) for _ in itertools.count()), initial=FIRST_IMAGE_ID)
    return itertools.count(FIRST_IMAGE_ID)

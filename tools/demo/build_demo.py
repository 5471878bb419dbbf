"""The default world: two users with every oddity that the site is known to have."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tools.demo.build import WorldBuilder, WorldOptions
from tools.demo.names import HOSTILE_NAMES
from tools.demo.pictures import ENCODERS
from tools.demo.windows import WindowRule
from tools.demo.world import Folder, ImageState

if TYPE_CHECKING:
    from tools.demo.world import User, World

FIRST_USER = "MeadowFan"
SECOND_USER = "Jürgen & Söhne"
#: More folders than two pages of the folder list show.
SMALL_FOLDERS = 12
#: Folder names that are easily mixed up or badly shown; the last is another folder's number.
FOLDER_NAMES = ("nature", "Nature", "Ärger & Öl", "Rock/Water", "Fish &amp; \"Chips\" <raw> 'n' more", "5001")


def demo_world(options: WorldOptions) -> World:
    """About 300 favorites of two users, with all the oddities; size, users and folders of `options` do not count."""
    builder = WorldBuilder(options)
    first = builder.user(FIRST_USER)
    _long_walk(builder, first)
    _odd_folder_names(builder, first)
    _formats(builder, first)
    _doubles(builder, first)
    _hostile_names(builder, first)
    _gone(builder, first)
    _small_folders(builder, first)
    _other_kinds(builder, first)
    _second_user(builder, first)
    _seen_before(builder, first)
    return builder.world


def _long_walk(builder: WorldBuilder, user: User) -> None:
    """A folder over many pages with two empty ones in it, ids listed twice, from galleries of several sizes."""
    galleries = [builder.gallery(size) for size in (40, 31, 24)]
    galleries.append(builder.gallery(22, uploader="", title="Uploaded by nobody"))
    ids = [image_id for gallery in galleries for image_id in gallery.ids[: 3 * len(gallery.ids) // 4 + 3]]
    folder = builder.folder(user, "Long walk", ids)
    folder.ids.insert(30, folder.ids[7])
    folder.ids.append(folder.ids[40])
    folder.empty_pages = [2, 3]


def _odd_folder_names(builder: WorldBuilder, user: User) -> None:
    gallery = builder.gallery(36, title='Tom &amp; "Jerry" <i>& friends</i>')
    lacking_itself = builder.gallery(12, window=WindowRule.OWN_MISSING)
    for number, name in enumerate(FOLDER_NAMES):
        builder.folder(user, name, gallery.ids[number * 4 : number * 4 + 5])
    builder.folder(user, "Uncategorized", lacking_itself.ids[:9], folder_id=-1)


def _formats(builder: WorldBuilder, user: User) -> None:
    """One picture of each format, and two whose names say another one."""
    gallery = builder.gallery(0, title="One of each")
    for picture_format in ENCODERS:
        picture = builder.picture(gallery, name="", recipe=builder.recipe(picture_format=picture_format))
        picture.name = f"{picture_format} sample.{picture.ext}"
    for picture_format in ("gif", "png"):
        name = f"really a {picture_format} whatever it says.jpg"
        builder.picture(gallery, name=name, recipe=builder.recipe(picture_format=picture_format), ext="jpg")
    builder.folder(user, "Formats", gallery.ids)


def _doubles(builder: WorldBuilder, user: User) -> None:
    """Exact duplicates (other ids, other names, the same bytes), one of them in another folder, and near ones."""
    gallery = builder.gallery(6, title="Originals")
    copies = builder.gallery(0, title="Copies", uploader="Uploader Two")
    for number, image_id in enumerate(gallery.ids[:4]):
        original = builder.world.images[image_id]
        builder.picture(copies, name=f"copied {number}.jpg", recipe=original.recipe)
    for edit in ("quality", "bright", "small", "crop"):
        original = builder.world.images[gallery.ids[4]]
        recipe = replace(original.recipe, edit=edit)
        builder.picture(copies, name=f"{edit} of it.jpg", recipe=recipe, near_of=original.image_id)
    builder.folder(user, "Doubles", gallery.ids + copies.ids[1:])
    builder.folder(user, "More doubles", [copies.ids[0], gallery.ids[0]])


def _hostile_names(builder: WorldBuilder, user: User) -> None:
    """Names that are hard to handle, and three long ones that look the same when they are cut."""
    gallery = builder.gallery(0, title="Names / of <all> & \"sorts\" 'n' more")
    for name in HOSTILE_NAMES:
        builder.picture(gallery, name=name).nameless_description = "$" in name
    for number in range(3):
        builder.picture(gallery, name=f"the same beginning and another end {number}.jpg")
    builder.folder(user, "Names", gallery.ids)


def _gone(builder: WorldBuilder, user: User) -> None:
    """Removed pages (404, and 200 with a sentence), a page without the full-size address, files that are gone."""
    gallery = builder.gallery(12, title="Half gone")
    images = builder.world.images
    states = [ImageState.PAGE_MISSING] * 3 + [ImageState.NO_URL, ImageState.FILE_MISSING, ImageState.FILE_MISSING]
    for image_id, state in zip(gallery.ids[::2], states, strict=True):
        images[image_id].state = state
    images[gallery.ids[2]].gone_text = True
    builder.folder(user, "Half gone", gallery.ids)


def _small_folders(builder: WorldBuilder, user: User) -> None:
    """Many small folders, so that the folder list has several pages; they share galleries among themselves."""
    galleries = [builder.gallery(size) for size in (30, 26, 48)]
    for number in range(SMALL_FOLDERS):
        gallery = galleries[number % len(galleries)]
        start = number * 3
        builder.folder(user, f"Set {number + 1:02}", gallery.ids[start : start + 8])


def _other_kinds(builder: WorldBuilder, user: User) -> None:
    builder.folder(user, "Nothing yet")
    builder.galleries_folder(user, "Galleries I like", list(builder.world.galleries.values())[:7])


def _seen_before(builder: WorldBuilder, user: User) -> None:
    """Pictures of the long walk once more, compressed again, smaller or brighter: what a review is for."""
    gallery = builder.gallery(0, title="Seen before", uploader="Uploader Two")
    edits = ("quality", "small", "bright")
    for number, image_id in enumerate(user.folders[0].ids[1:18:2]):
        original = builder.world.images[image_id]
        recipe = replace(original.recipe, edit=edits[number % len(edits)])
        builder.picture(gallery, name=f"seen before {number}.jpg", recipe=recipe, near_of=image_id)
    builder.folder(user, "Seen before", gallery.ids)


def _second_user(builder: WorldBuilder, first: User) -> None:
    """A user with a hard name who shares galleries and favorites with the first."""
    world = builder.world
    user = builder.user(SECOND_USER)
    walk: Folder = first.folders[0]
    own = builder.gallery(20, uploader=SECOND_USER)
    builder.folder(user, "Shared", walk.ids[5:35])
    shared = world.galleries[world.images[walk.ids[0]].gallery_id]
    builder.folder(user, "Same galleries, other pictures", shared.ids[-12:])
    builder.folder(user, "Straße", own.ids[:14])
    builder.folder(user, "nature", own.ids[10:20])

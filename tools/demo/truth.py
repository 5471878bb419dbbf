"""What is true of a world, for tests to compare an archive with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tools.demo import pictures
from tools.demo.world import ImageState

if TYPE_CHECKING:
    from tools.demo.world import Folder, Gallery, Picture, World

#: Frames of the formats that move; all others have one.
_MOVING = frozenset({"apng", "gif_animated", "webp_animated"})


def truth(world: World) -> dict[str, Any]:
    """Users with their folders, images and galleries, as values for JSON; object keys are strings."""
    return {
        "seed": world.seed,
        "per_page": world.per_page,
        "folders_per_page": world.folders_per_page,
        "users": [
            {"user_id": user.user_id, "name": user.name, "folders": [_folder(world, f) for f in user.folders]}
            for user in world.users
        ],
        "galleries": {str(gallery_id): _gallery(world, one) for gallery_id, one in world.galleries.items()},
        "images": {str(image_id): _image(world, one) for image_id, one in world.images.items()},
    }


def _folder(world: World, folder: Folder) -> dict[str, Any]:
    images = folder.ids if folder.holds == "images" else []
    return {
        "folder_id": folder.folder_id,
        "name": folder.name,
        "kind": folder.kind,
        "locked": folder.locked,
        "pages": folder.page_count(world.per_page),
        "favorites": list(images),
        "galleries": list(folder.ids) if folder.holds == "galleries" else [],
    }


def _gallery(world: World, gallery: Gallery) -> dict[str, Any]:
    ids = list(world.places(gallery.gallery_id))
    return {
        "title": gallery.title,
        "total": len(ids),
        "ids": ids,
        "window": world.window_of(gallery.gallery_id).value,
        "uploader": gallery.uploader or "Anonymous",
    }


def _image(world: World, picture: Picture) -> dict[str, Any]:
    there = picture.state is ImageState.AVAILABLE
    digest = pictures.digest(picture.recipe) if there else None
    width, height = pictures.pixel_size(picture.recipe) or (None, None)
    moving = picture.recipe.format in _MOVING
    return {
        "gallery_id": picture.gallery_id,
        "index": world.places(picture.gallery_id).get(picture.image_id),
        "name": picture.name,
        "listed_name": picture.listed_name,
        "sha256": digest.sha256 if digest else None,
        "size": digest.size if digest else None,
        "format": pictures.FORMAT_NAMES[picture.recipe.format][0] or None,
        "width": width,
        "height": height,
        "frames": pictures.ANIMATION_FRAMES if moving else 1,
        "ext": picture.ext,
        "status": picture.state.value,
        "near_of": picture.near_of,
    }

"""The JSON that imagefap-dl leaves beside its pictures: which images of the site they are."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from imagefap_scraper.adopting.reading import UnreadableError, read_whole
from imagefap_scraper.storage.names import is_cut

if TYPE_CHECKING:
    from pathlib import Path

#: Of a gallery, and of a favorites folder: the number in the second is no gallery's.
_GALLERY: Final = "gallery.json"
_FAVORITES: Final = "favorites.json"
_LARGEST_NUMBER: Final = 10**18


@dataclass(frozen=True, slots=True)
class Described:
    """What a file of information says of an image."""

    name: str | None
    gallery_id: int | None


@dataclass(slots=True)
class Information:
    """What lies beside the pictures of a directory.

    Attributes:
        images: what is said of each image, by its number.
        problems: files that were there and cannot be used, with the reason.
    """

    images: dict[int, Described] = field(default_factory=dict)
    problems: list[tuple[Path, str]] = field(default_factory=list)


def read_information(directory: Path) -> Information:
    """Return what imagefap-dl said of the pictures in a directory; nothing if it left no word."""
    found = Information()
    for name in (_FAVORITES, _GALLERY):
        path = directory / name
        if path.is_symlink() or not path.is_file():
            continue
        try:
            found.images |= _images(json.loads(read_whole(path)), is_gallery=name == _GALLERY)
        except UnreadableError as error:
            found.problems.append((path, str(error)))
        except (ValueError, RecursionError):
            found.problems.append((path, "not what imagefap-dl writes: the pictures beside it stay without numbers"))
    return found


def _images(document: Any, *, is_gallery: bool) -> dict[int, Described]:
    """Return what a document says; raises ValueError if it is another's."""
    if not isinstance(document, dict) or not isinstance(document.get("images"), list):
        raise ValueError("no images")
    gallery_id = _number(document.get("id")) if is_gallery else None
    images = {}
    for image in document["images"]:
        number = _number(image.get("id")) if isinstance(image, dict) else None
        if number is not None:
            images[number] = Described(_whole(image.get("title")), gallery_id)
    return images


def _number(value: Any) -> int | None:
    """Return one of the site's numbers; None for anything else."""
    return value if type(value) is int and 0 < value < _LARGEST_NUMBER else None


def _whole(title: Any) -> str | None:
    """Return a name that is whole; unless it was told otherwise, the tool takes cut ones from the listing."""
    if not isinstance(title, str) or not title or is_cut(title):
        return None
    return title.encode("utf-8", "backslashreplace").decode()

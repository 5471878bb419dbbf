"""The shapes of the original program's database, early and late, and the records that all of them come down to.

What is read here came out of a foreign pickle: every value is looked at before it is used. Runs in the child process,
so it imports nothing of size.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["ShapeError", "records"]

#: Names that the earliest versions used, by the later ones.
_EARLIER = {"image_ids_index": "imageidsidx", "duplicates_registry": "duplicates_index"}
_HASH = re.compile("[0-9a-f]{64}")
_PERCEPTUAL = re.compile("[0-9a-f]{16}")
_EXTENSION = re.compile("[a-z0-9]{1,8}")
#: Numbers of files on the disk were made of 128 bits of a hash; those of the site are far below.
_LARGEST_ID = 2**128
_SMALLEST_ID = -(2**63)
#: Seconds since 1970 until the end of the year 9999, the last that a date can be of.
_LAST_MOMENT = 253_402_300_799
_LARGEST_NUMBER = 2**62
#: Tags within tags; nobody keeps more in mind, and what nests deeper was made to nest.
_DEEPEST_TAG = 100


class ShapeError(Exception):
    """A part is not what any version of the original wrote; the message names it."""


def records(database: object) -> Iterator[dict[str, Any]]:
    """Yield what a database holds as plain records, whose fields `legacy.records` documents.

    Raises:
        ShapeError: it is not one of the original's.
    """
    whole = _mapping(database, "the database")
    for key in ("users", "favorites", "blobs"):
        if key not in whole:
            raise ShapeError(f"it has no {key}")
    yield from _users(_mapping(whole["users"], "users"))
    yield from _folders(_mapping(whole["favorites"], "favorites"))
    yield from _tags(_mapping(whole.get("tags") or {}, "tags"), None, set(), 1)
    placed: set[int] = set()
    for sha256, blob in _mapping(whole["blobs"], "blobs").items():
        record = _blob(_sha256(sha256, "blobs"), _mapping(blob, "a blob"))
        placed.update(place[2] for place in record["places"])
        yield record
    for image_id, sha256 in _mapping(_either(whole, "image_ids_index"), "image_ids_index").items():
        if _id(image_id, "image_ids_index") not in placed:
            yield {"record": "index", "image_id": image_id, "sha256": _sha256(sha256, "image_ids_index")}
    for members, group in _mapping(_either(whole, "duplicates_registry"), "duplicates_registry").items():
        yield _group(members, _mapping(group, "a set of duplicates"))


def _users(users: dict[object, object]) -> Iterator[dict[str, Any]]:
    for user_id, user in users.items():
        # The earliest versions kept the name alone.
        facts = {"name": user} if type(user) is str else _mapping(user, "a user")
        yield {
            "record": "user",
            "user_id": _id(user_id, "users"),
            "name": _text(facts.get("name"), "a user's name"),
            "date_albums": _moment(facts.get("date_albums"), "date_albums"),
            "date_finished": _moment(facts.get("date_finished"), "date_finished"),
            "date_audit": _moment(facts.get("date_audit"), "date_audit"),
        }


def _folders(favorites: dict[object, object]) -> Iterator[dict[str, Any]]:
    for user_id, folders in favorites.items():
        for folder_id, folder in _mapping(folders, "a user's folders").items():
            facts = _mapping(folder, "a folder")
            yield {
                "record": "folder",
                "user_id": _id(user_id, "favorites"),
                "folder_id": _id(folder_id, "favorites"),
                "name": _text(facts.get("name"), "a folder's name"),
                "date_straight": _moment(facts.get("date_straight"), "date_straight"),
                # The earliest versions had one date for both ways of saving.
                "date_blobs": _moment(facts.get("date_blobs", facts.get("date")), "date_blobs"),
                "images": [_id(image_id, "images") for image_id in _sequence(facts.get("images", []), "images")],
                "failed": [_failure(failure) for failure in _sequence(facts.get("failed_images", ()), "failed_images")],
            }


def _failure(failure: object) -> list[Any]:
    image_id, moment, name, url = _tuple(failure, 4, "failed_images")
    return [
        _id(image_id, "failed_images"),
        _moment(moment, "failed_images"),
        None if name is None else _text(name, "failed_images"),
        _url(url, "failed_images"),
    ]


def _tags(tags: dict[object, object], parent_id: int | None, seen: set[int], depth: int) -> Iterator[dict[str, Any]]:
    if depth > _DEEPEST_TAG:
        raise ShapeError(f"its tags are nested more than {_DEEPEST_TAG} deep")
    for key, tag in tags.items():
        tag_id = _id(key, "tags")
        if tag_id in seen:
            # Each number once: then neither a tag within itself nor one within many can make the tree endless.
            raise ShapeError(f"tag {tag_id} is there twice")
        seen.add(tag_id)
        facts = _mapping(tag, "a tag")
        name = _text(facts.get("name"), "a tag's name")
        yield {"record": "tag", "tag_id": tag_id, "parent_id": parent_id, "name": name}
        yield from _tags(_mapping(facts.get("tags") or {}, "tags"), tag_id, seen, depth + 1)


def _blob(sha256: str, blob: dict[object, object]) -> dict[str, Any]:
    extension = _text(blob.get("ext", "jpg"), "ext").lower()
    if not _EXTENSION.fullmatch(extension):
        raise ShapeError("the ext of a blob is no file name extension")
    return {
        "record": "blob",
        "sha256": sha256,
        "extension": extension,
        "size": _number(blob.get("sz"), "sz"),
        "width": _number(blob.get("width"), "width"),
        "height": _number(blob.get("height"), "height"),
        "animated": blob.get("animated") is True,
        "percept": _perceptual(blob.get("percept")),
        "diff": _perceptual(blob.get("diff")),
        "date": _moment(blob.get("date"), "date"),
        "tags": sorted(_id(tag_id, "tags") for tag_id in _sequence(blob.get("tags", ()), "tags")),
        "places": sorted(_places(blob.get("loc", ())), key=lambda place: place[:3]),
        "gone": [_gone(image_id, gone) for image_id, gone in _mapping(blob.get("gone") or {}, "gone").items()],
    }


def _places(places: object) -> Iterator[list[Any]]:
    """Yield user, folder, image, name, address and verdict of each place.

    Late ones have no address, early ones no verdict.
    """
    if type(places) is dict:
        for key, value in places.items():
            user_id, folder_id, image_id = _tuple(key, 3, "loc")
            name, verdict = _tuple(value, 2, "loc")
            if verdict not in ("new", "keep", "skip"):
                raise ShapeError("the verdict of a place is none of new, keep and skip")
            yield [*_ids((user_id, folder_id, image_id), "loc"), _text(name, "loc"), None, verdict]
        return
    for place in _sequence(places, "loc"):
        image_id, url, name, user_id, folder_id = _tuple(place, 5, "loc")
        yield [*_ids((user_id, folder_id, image_id), "loc"), _text(name, "loc"), _url(url, "loc"), "new"]


def _gone(image_id: object, gone: object) -> list[Any]:
    moment, level, url = _tuple(gone, 3, "gone")
    if level not in (1, 2, 3) or type(level) is not int:
        raise ShapeError("a level in gone is none of 1, 2 and 3")
    return [_id(image_id, "gone"), _moment(moment, "gone"), level, _url(url, "gone")]


def _group(members: object, group: dict[object, object]) -> dict[str, Any]:
    """Return the verdicts of a set of duplicates; its scores are not taken over. The earliest kept verdicts alone."""
    verdicts = _mapping(group["verdicts"], "verdicts") if "verdicts" in group else group
    found: list[list[str]] = []
    for key in _sequence(members, "duplicates_registry"):
        sha256 = _sha256(key, "duplicates_registry")
        verdict = verdicts.get(sha256, "new")
        if verdict not in ("new", "false", "keep", "skip"):
            raise ShapeError("a verdict is none of new, false, keep and skip")
        found.append([sha256, str(verdict)])
    return {"record": "group", "verdicts": found}


def _either(whole: dict[object, object], key: str) -> object:
    return whole.get(key) or whole.get(_EARLIER[key]) or {}


def _mapping(value: object, what: str) -> dict[object, object]:
    if type(value) is not dict:
        raise ShapeError(f"{what} is no dictionary")
    return value


def _sequence(value: object, what: str) -> list[object] | tuple[object, ...] | set[object]:
    if type(value) is list or type(value) is tuple or type(value) is set:
        return value
    raise ShapeError(f"{what} is no list")


def _tuple(value: object, length: int, what: str) -> tuple[object, ...]:
    if type(value) is not tuple or len(value) != length:
        raise ShapeError(f"an entry of {what} does not have {length} parts")
    return value


def _ids(values: tuple[object, ...], what: str) -> list[int]:
    return [_id(value, what) for value in values]


def _id(value: object, what: str) -> int:
    if type(value) is not int or not _SMALLEST_ID <= value < _LARGEST_ID:
        raise ShapeError(f"a number in {what} is none")
    return value


def _number(value: object, what: str) -> int | None:
    if value is None:
        return None
    if type(value) is not int or not 0 <= value < _LARGEST_NUMBER:
        raise ShapeError(f"the {what} of a blob is no size")
    return value


def _moment(value: object, what: str) -> int:
    """Return seconds since 1970; 0 for never, and for what a version did not keep."""
    if value is None:
        return 0
    if type(value) is not int or not 0 <= value <= _LAST_MOMENT:
        raise ShapeError(f"a date in {what} is none")
    return value


def _text(value: object, what: str) -> str:
    """Return text that UTF-8 can write: a pickle may hold halves of characters."""
    if type(value) is not str:
        raise ShapeError(f"{what} is no text")
    return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _url(value: object, what: str) -> str | None:
    return None if value is None else _text(value, what)


def _sha256(value: object, what: str) -> str:
    if type(value) is not str or not _HASH.fullmatch(value):
        raise ShapeError(f"a SHA-256 in {what} is none")
    return value


def _perceptual(value: object) -> str | None:
    return value if type(value) is str and _PERCEPTUAL.fullmatch(value) else None

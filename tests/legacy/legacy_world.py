"""Databases as the original program wrote them: each of its schemas, packings, and the pictures beside them.

Written from what its code keeps, with the objects that it keeps it in: dictionaries, sets, tuples, arrays of NumPy, and
an enumeration of its own module, which stands here under the module's name while a pickle is made.
"""

from __future__ import annotations

import base64
import bz2
import enum
import hashlib
import io
import os
import pickle
import sys
from contextlib import contextmanager
from functools import cache
from types import ModuleType
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from cryptography.fernet import Fernet
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from PIL import Image

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PASSWORD = "plain words"
#: 2023-03-05 and days after it.
DAY = 86_400
START = 1_678_000_000
LOCAL_FOLDER = 2**127 + 5
LOCAL_IMAGE = 2**126 + 7


@cache
def picture(number: int, image_format: str = "JPEG") -> bytes:
    """Return a picture of its own for each number: a gradient under a grid."""
    across = np.linspace(0, 255, 96)[None, :].repeat(72, 0)
    down = np.linspace(255, 0, 72)[:, None].repeat(96, 1)
    grid = (np.indices((72, 96)).sum(0) // (5 + number) % 2) * 255.0
    stream = io.BytesIO()
    Image.fromarray(np.stack([across, down, grid], -1).astype(np.uint8)).save(stream, image_format)
    return stream.getvalue()


def sha(number: int, image_format: str = "JPEG") -> str:
    return hashlib.sha256(picture(number, image_format)).hexdigest()


class World(NamedTuple):
    """A database in the late schema, and the bytes of its blobs."""

    database: dict[str, Any]
    blobs: dict[str, bytes]


def world() -> World:
    """Return a small world with every kind of thing the late schema holds."""
    blobs = {sha(number): picture(number) for number in range(1, 9)} | {sha(9, "GIF"): picture(9, "GIF")}
    order = [sha(number) for number in range(1, 9)] + [sha(9, "GIF")]
    places: dict[int, dict[tuple[int, int, int], tuple[str, str]]] = {
        1: {
            (20, 200, 1001): ("one.jpg", "keep"),
            (20, 201, 1001): ("one.jpg", "skip"),
            (21, 210, 1101): ("I.jpg", "new"),
        },
        2: {(20, 200, 1002): ("two & more.jpg", "new")},
        3: {(20, 200, 1003): ("drei größer.jpg", "new")},
        4: {(20, 201, 1004): ("four.jpg", "new")},
        5: {(20, 201, 1005): ("five.jpg", "new")},
        6: {(21, 210, 1006): ("six.jpg", "new")},
        7: {(21, 210, 1007): ("花.jpg", "new")},
        8: {(1, LOCAL_FOLDER, LOCAL_IMAGE): ("disk.jpg", "new")},
        9: {(21, 210, 1009): ("nine.gif", "new")},
    }
    tagged = {1: {1, 3}, 2: {2}, 9: {4}}
    gone = {4: {1004: (START + 9 * DAY, level(2), "https://www.imagefap.com/photo/1004/")}}
    database = {
        "configs": {
            "duplicates_sensitivity_regular": {"percept": 4, "cnn": 0.95},
            "duplicates_sensitivity_animated": {},
        },
        "users": {
            20: {"name": "anna", "date_albums": START, "date_finished": START + DAY, "date_audit": START + 9 * DAY},
            21: {"name": "Ben", "date_albums": 0, "date_finished": 0, "date_audit": 0},
            1: {"name": "LOCAL DISK", "date_albums": START, "date_finished": START, "date_audit": 0},
        },
        "favorites": {
            20: {
                200: folder("Flowers", [1003, 1001, 1002], START + DAY, {(1900, START + 5, None, None)}),
                201: folder("Trees", [1005, 1001, 1004], START + 2 * DAY),
            },
            21: {
                210: folder(
                    "Mixed",
                    [1009, 1101, 1006, 1007, 1950],
                    0,
                    {(1901, START + 7, "late.jpg", "https://cdn.imagefap.com/images/full/1/late.jpg?secure=x&end=1")},
                )
            },
            1: {LOCAL_FOLDER: folder("/home/pictures", [LOCAL_IMAGE], START)},
        },
        "tags": {
            1: {"name": "plants", "tags": {2: {"name": "Trees", "tags": {}}, 3: {"name": "bushes", "tags": {}}}},
            4: {"name": "moving", "tags": {}},
        },
        "blobs": {
            key: blob(key, blobs[key], places[number], tagged.get(number, set()), START + number, gone.get(number, {}))
            for number, key in enumerate(order, 1)
        },
        "image_ids_index": {},
        "duplicates_registry": dict(
            [
                group({sha(1): "keep", sha(2): "skip", sha(3): "false"}),
                group({sha(4): "false", sha(5): "false"}),
                group({sha(6): "keep", sha(7): "new"}),
                group({sha(8): "new", sha(9, "GIF"): "new"}),
            ]
        ),
        "duplicates_key_index": {},
    }
    database["image_ids_index"] = {
        image_id: key for key, value in database["blobs"].items() for _, _, image_id in value["loc"]
    }
    for members in database["duplicates_registry"]:
        database["duplicates_key_index"] |= dict.fromkeys(members, members)
    return World(database, blobs)


def folder(name: str, images: list[int], date: int, failed: set[Any] | None = None) -> dict[str, Any]:
    return {"name": name, "pages": 2, "date_blobs": date, "images": images, "failed_images": failed or set()}


def blob(  # noqa: PLR0917 - as many as the schema has
    key: str, content: bytes, places: Any, tags: set[int], date: int, gone: Any
) -> dict[str, Any]:
    return {
        "loc": places,
        "tags": tags,
        "sz": len(content),
        "sz_thumb": 100,
        "ext": "gif" if content.startswith(b"GIF") else "jpg",
        "percept": key[:16],
        "average": key[16:32],
        "diff": key[32:48],
        "wavelet": key[48:],
        "cnn": np.arange(576, dtype=np.float32) / (1 + date % 7),
        "width": 96,
        "height": 72,
        "animated": False,
        "date": date,
        "gone": gone,
    }


def group(verdicts: dict[str, str]) -> tuple[tuple[str, ...], dict[str, Any]]:
    key = tuple(sorted(verdicts))
    return key, {"sources": {"percept": {key[:2]: 3}, "cnn": {key[:2]: np.float32(0.97)}}, "verdicts": verdicts}


def early(late: dict[str, Any]) -> dict[str, Any]:
    """Return the same as the earlier program kept it: places as tuples with addresses, and two dates for a folder."""
    database = {**late, "blobs": {}, "users": {}, "favorites": {}}
    for user_id, user in late["users"].items():
        database["users"][user_id] = {key: value for key, value in user.items() if key != "date_audit"}
    for user_id, folders in late["favorites"].items():
        database["favorites"][user_id] = {
            folder_id: {**value, "date_straight": START + 3} for folder_id, value in folders.items()
        }
    for key, value in late["blobs"].items():
        kept = {name: field for name, field in value.items() if name not in {"date", "gone", "loc"}}
        places = {
            (image, f"https://cdn.imagefap.com/images/full/1/{image}.jpg?secure=s&end=2", name, user, folder_id)
            for (user, folder_id, image), (name, _) in value["loc"].items()
        }
        database["blobs"][key] = {**kept, "loc": places}
    return database


def earliest(late: dict[str, Any]) -> dict[str, Any]:
    """Return the same as the first versions kept it: users by name alone, verdicts without scores, no failures."""
    database = early(late)
    database["users"] = {user_id: user["name"] for user_id, user in late["users"].items()}
    for folders in database["favorites"].values():
        for value in folders.values():
            del value["failed_images"]
    registry = database.pop("duplicates_registry")
    database["duplicates_index"] = {key: value["verdicts"] for key, value in registry.items()}
    del database["configs"], database["duplicates_key_index"]
    return database


class _FailureLevel(enum.Enum):
    IMAGE_PAGE = 1
    URL_EXTRACTION = 2
    FULL_RES = 3


_FailureLevel.__module__ = "fapfavorites.fapdata"


def level(number: int) -> Any:
    return _FailureLevel(number)


@contextmanager
def _module() -> Iterator[None]:
    """Have the original's module there, for the pickle to name what is in it."""
    package, module = ModuleType("fapfavorites"), ModuleType("fapfavorites.fapdata")
    module._FailureLevel = _FailureLevel  # type: ignore[attr-defined]
    sys.modules |= {"fapfavorites": package, "fapfavorites.fapdata": module}
    try:
        yield
    finally:
        del sys.modules["fapfavorites"], sys.modules["fapfavorites.fapdata"]


def pickled(database: Any, protocol: int = -1) -> bytes:
    with _module():
        return pickle.dumps(database, protocol)


@cache
def key_of(password: str) -> bytes:
    salt = bytes.fromhex("da342c39328088f1c818784051952a26")
    return hashlib.pbkdf2_hmac("sha256", password.encode(), salt, 1_745_202, 32)


def encrypted(content: bytes, password: str = PASSWORD) -> bytes:
    """Return what the original makes of it: Fernet without Base64."""
    token = Fernet(base64.urlsafe_b64encode(key_of(password))).encrypt(content)
    return base64.urlsafe_b64decode(token)


def encrypted_name(sha256: str, password: str = PASSWORD) -> str:
    cipher = Cipher(algorithms.AES(key_of(password)), modes.ECB()).encryptor()
    return (cipher.update(bytes.fromhex(sha256)) + cipher.finalize()).hex()


def write(directory: Path, made: World, packing: str = "plain", schema: Any = None) -> Path:
    """Write a world as the original has it on the disk; return the path of its database."""
    content = pickled(made.database if schema is None else schema(made.database))
    blobs = directory / "blobs"
    blobs.mkdir(parents=True)
    thumbs = directory / "thumbs"
    thumbs.mkdir()
    for sha256, data in made.blobs.items():
        stem = encrypted_name(sha256) if packing == "encrypted" else sha256
        extension = made.database["blobs"][sha256]["ext"]
        (blobs / f"{stem}.{extension}").write_bytes(encrypted(data) if packing == "encrypted" else data)
        (thumbs / f"{stem}.{extension}").write_bytes(os.urandom(16))
    packed = {"plain": lambda: content, "bz2": lambda: bz2.compress(content), "encrypted": lambda: encrypted(content)}
    path = directory / "imagefap.database"
    path.write_bytes(packed[packing]())
    return path

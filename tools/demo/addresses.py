"""Addresses of pictures: signed, for one file, until a time."""

from __future__ import annotations

import base64
import hashlib
import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tools.demo.world import Picture

#: Signatures of small pictures last longer than those of full ones (seen in saved pages: 43 to 52 minutes).
THUMB_EXTRA_SECONDS = 3000


class Signer:
    """Signs addresses and checks signatures.

    Attributes:
        lifetime: seconds for which an address of a full picture is good.
        generation: changing it makes every address that was given out before bad at once.
    """

    def __init__(self, seed: int, lifetime: float = 3600.0) -> None:
        self.lifetime = lifetime
        self.generation = 0
        self._key = f"demo {seed}".encode()

    def address(self, origin: str, picture: Picture, size: str, now: float) -> str:
        """The signed address of the picture in that size (`full`, `thumb`, `mini`, `frame-thumb`)."""
        path = picture_path(picture, size)
        extra = 0 if size == "full" else THUMB_EXTRA_SECONDS
        until = math.ceil(now + self.lifetime + extra)
        return f"{origin}{path}?secure={self._token(path, until)},{until}"

    def is_good(self, path: str, signature: str, now: float) -> bool:
        """True if `signature` (the value of `secure`) was made for that path and has not expired."""
        token, _, until = signature.partition(",")
        if not until.isdecimal() or not until.isascii():
            return False
        return token == self._token(path, int(until)) and now <= int(until)

    def _token(self, path: str, until: int) -> str:
        message = f"{self.generation}{path}{until}".encode()
        digest = hashlib.blake2b(message, digest_size=16, key=self._key).digest()
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def picture_path(picture: Picture, size: str) -> str:
    """The path of a picture's file: the second directory is the start of its number, the first an upload era."""
    number = str(picture.image_id)
    return f"/images/{size}/{picture.gallery_id % 97 + 1}/{number[:3]}/{number}.{picture.ext}"

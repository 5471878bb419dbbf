"""Numbers of what never was on the site: negative, and always the same for the same thing."""

from __future__ import annotations

import hashlib

__all__ = ["local_number"]

#: SQLite's integers have 63 bits beside the sign; one is left free, for numbers that move on.
_BITS = 62


def local_number(*parts: bytes) -> int:
    """Return a number below -1 that is made of these parts.

    Two of a million things meet once in ten million archives; whoever stores them must see to that.
    """
    digest = hashlib.sha256(b"".join(len(part).to_bytes(8, "big") + part for part in parts)).digest()
    return -2 - (int.from_bytes(digest[:8], "big") >> (64 - _BITS))

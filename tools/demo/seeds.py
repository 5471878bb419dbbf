"""Chance that repeats: the same seed and the same words give the same numbers on every machine."""

from __future__ import annotations

import hashlib
import random


def chance(*parts: object) -> random.Random:
    """A random generator that depends on nothing but `parts` (never on Python's own hashing, which is salted)."""
    return random.Random("/".join(map(str, parts)))  # noqa: S311 - pictures and names, no secrets


def fraction(*parts: object) -> float:
    """A number from 0 up to 1 that depends on nothing but `parts`; cheaper than a generator of its own."""
    digest = hashlib.blake2b("/".join(map(str, parts)).encode(), digest_size=7).digest()
    return int.from_bytes(digest, "big") / 2**56

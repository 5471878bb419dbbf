"""How far apart hashes may be for two pictures to get a second look. Light to import: settings are made of it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SearchLimits:
    """Within how many of 64 bits two hashes are close; one hash is enough.

    Attributes:
        phash: of PHash, as the pictures are.
        dhash: of DHash; it sees a crop that moves every frequency a little.
        turned: of PHash in the seven other orientations, where the hash itself is a guess.
        animated: of both where one of the two is animated: its first frame says little of the others.
    """

    phash: int
    dhash: int
    turned: int
    animated: int

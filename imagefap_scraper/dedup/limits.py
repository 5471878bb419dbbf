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
        other: of the hash that is not close, where the pictures are not turned: beyond it the other is so by chance.
    """

    phash: int
    dhash: int
    turned: int
    animated: int
    other: int


#: What finds the copies, crops and watermarks of benchmarks/dups_quality.py. Of crops by up to a tenth of the area
#: PHash alone finds 92% to 94%, with DHash at 10 93% to 95%; at 10 and 8 it is 87% to 93%. The derived hash of a turned
#: picture is up to 10 bits away. Where one hash is close, the other was at most 22 bits away in every true pair, and of
#: two strangers it is 32 on average. The limit for animations is the original program's, and one more.
DEFAULT_LIMITS = SearchLimits(phash=12, dhash=10, turned=10, animated=4, other=26)

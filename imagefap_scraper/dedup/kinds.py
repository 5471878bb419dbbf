"""The words of the duplicates model: what a pair of pictures is, what a person says of it."""

from __future__ import annotations

from enum import StrEnum


class PairKind(StrEnum):
    """What two pictures that look alike are to each other, from the surest to the least sure."""

    #: Every decoded pixel is equal; only the files differ.
    PIXEL_IDENTICAL = "pixel-identical"
    #: The same picture: compressed again, resized, another format, a little brighter or darker.
    COPY = "copy"
    #: The same picture with something put on it or taken off: a watermark, a line of text.
    EDITED = "edited"
    #: One is a part of the other.
    CROP = "crop"
    #: One is the other mirrored or rotated.
    TURNED = "turned"
    #: Hashes close to each other, pictures not the same.
    LOOK_ALIKE = "look-alike"


class Relation(StrEnum):
    """What is known of two pictures, once and for all."""

    SAME = "same"
    #: Both are worth keeping and belong together: a crop, an edit, another take.
    VARIANT = "variant"
    NOT_SAME = "not_same"


class Verdict(StrEnum):
    """What becomes of a member of a group: the original program's four."""

    NEW = "new"
    KEEP = "keep"
    SKIP = "skip"
    #: It is not like the others.
    FALSE = "false"


class GroupState(StrEnum):
    """Where a group stands."""

    NEW = "new"
    #: A rule proposes what to do.
    SUGGESTED = "suggested"
    #: Judged, the files of what is skipped not yet all in the trash.
    DECIDED = "decided"
    #: Judged, and nothing is left to do.
    APPLIED = "applied"
    DEFERRED = "deferred"
    #: Judged before, and something asks about a part of it again: what is new, or groups that met.
    REOPENED = "reopened"
    #: A member's file is missing: nothing can be asked until it is back.
    STALE = "stale"

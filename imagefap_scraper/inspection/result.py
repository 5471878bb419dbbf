"""What an inspection says, and the limits that it keeps."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from imagefap_scraper.inspection.formats import Format, Header, read_header

#: Pixels on the longer side of a picture made small for a grid of many: two for each one of a tile 192 wide.
THUMBNAIL_SIDE = 384
#: The same for a picture that is to be looked at in its place: as many as most screens are wide.
PREVIEW_SIDE = 2048


class Outcome(StrEnum):
    """Exactly one of these for every file."""

    #: Decoded to its end: stored.
    WHOLE = "whole"
    #: Header and end mark are right, but decoding it would exceed a limit: stored, without hashes, never decoded later.
    UNCHECKED = "unchecked"
    #: No picture, or not all of one: kept out.
    BROKEN = "broken"


@dataclass(frozen=True)
class Limits:
    """How much decoding one file may cost. What exceeds them is stored undecoded: they protect the machine alone.

    Attributes:
        max_pixels: width x height of one frame. 100 million are more than nearly any camera takes, and 400 MB decoded.
        max_frames: frames or pages of one file. 2,000 are 80 s of animation at 25 a second.
        max_frame_pixels: all frames together. 1,000 million of GIF take 10 to 14 s to decode.
        seconds: of wall-clock time, and of CPU time, for one file: half as much again as the other limits allow.
        memory: bytes of address space of one child. Python with imagededup's imports needs 300 MB, 100 million pixels
            of RGBA another 800 MB.
    """

    max_pixels: int = 100_000_000
    max_frames: int = 2_000
    max_frame_pixels: int = 1_000_000_000
    seconds: float = 20.0
    memory: int = 1_536 * 1024 * 1024


@dataclass(frozen=True)
class Inspection:
    """What was found out about one file.

    Attributes:
        outcome: whole, unchecked or broken.
        reason: why it is unchecked or broken, one line for a person; empty if whole.
        format: by content; None if it is none of ours.
        width: stored pixels (no rotation by Exif applied); None if not known.
        height: stored pixels (no rotation by Exif applied); None if not known.
        frames: frames or pages, 1 for a still; None if not known.
        animated: True if more than one frame is meant to be played; None if not known.
        phash: imagededup's PHash of the first frame, 16 hexadecimal digits; None unless whole.
        dhash: imagededup's DHash of the first frame, 16 hexadecimal digits; None unless whole.
        hash_version: which way of decoding and hashing made the hashes; None unless whole.
        flat: True if the picture has too little structure for its hashes to mean anything.
    """

    outcome: Outcome
    reason: str = ""
    format: Format | None = None
    width: int | None = None
    height: int | None = None
    frames: int | None = None
    animated: bool | None = None
    phash: str | None = None
    dhash: str | None = None
    hash_version: int | None = None
    flat: bool = False


@dataclass(frozen=True)
class ReadFailure:
    """Why a file has no answer.

    Attributes:
        reason: one line for a person.
        outcome: broken or unchecked (over a limit), as an inspection would find; None if the disk did not give it.
    """

    reason: str
    outcome: Outcome | None = None


#: A JPEG or TIFF of several pictures is not played, a BMP has one.
_PLAYED = frozenset({Format.GIF, Format.PNG, Format.WEBP, Format.AVIF})


def is_animated(image_format: Format, frames: int | None) -> bool | None:
    """Return whether so many frames of this format are meant to be played; None if their number is not known."""
    if image_format not in _PLAYED:
        return False
    return None if frames is None else frames > 1


def broken(reason: str, header: Header | None = None) -> Inspection:
    """Return that a file is kept out, and why, with what its header says if it has one."""
    return _undecoded(Outcome.BROKEN, reason, header)


def over_limit(content: bytes, reason: str) -> Inspection:
    """Return what holds of a file that met a limit: unchecked if its header and end mark are right, else broken.

    Reads the whole file if need be (under a second for 64 MiB): not for the event loop's own thread.
    """
    header = read_header(content)
    if header is None or not header.complete or not header.width or not header.height:
        return broken(f"{reason}, and its header or end is not right", header)
    return _undecoded(Outcome.UNCHECKED, reason, header)


def _undecoded(outcome: Outcome, reason: str, header: Header | None) -> Inspection:
    if header is None:
        return Inspection(outcome, reason)
    return Inspection(
        outcome,
        reason,
        format=header.format,
        width=header.width or None,
        height=header.height or None,
        frames=header.frames,
        animated=is_animated(header.format, header.frames),
    )

"""What stands behind the end of a database, where a pickle's frames hide it, and what a real one comes to."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

import legacy_world as original
import pytest

from imagefap_scraper.exceptions import UserInputError
from imagefap_scraper.legacy.reading import read_legacy
from imagefap_scraper.legacy.unpickling import PickleRefusedError, load

if TYPE_CHECKING:
    from pathlib import Path

#: The protocol's number, and the frame that a small pickle is: its mark and its length.
_HEAD = 11
MORE = {
    "a value": b"N",
    "a value that is taken back": b"N0",
    "a value that looks like an end": b"K.",
    "a number that looks like ends": b"J....",
    "a dictionary": b"}K\x01K\x02s",
    "an end": b".",
    "a pickle": b"N.",
    "a text that is cut short": b"X\xff\0\0\0",
    "nonsense": b"\xff",
}


def with_more_in_its_frame(content: bytes, more: bytes) -> bytes:
    """Return a pickle of one frame that goes on behind its end, and whose frame says so."""
    assert content[2:3] == b"\x95"
    body = content[_HEAD:]
    return content[:3] + struct.pack("<Q", len(body) + len(more)) + body + more


@pytest.mark.parametrize("more", MORE.values(), ids=MORE.keys())
@pytest.mark.parametrize("protocol", [4, 5])
def test_what_stands_behind_the_end_within_the_last_frame_is_refused(
    tmp_path: Path, more: bytes, protocol: int
) -> None:
    content = original.pickled({"users": {}, "favorites": {}, "blobs": {}}, protocol)
    path = tmp_path / "imagefap.database"
    path.write_bytes(content)
    read_legacy(path, str)
    path.write_bytes(with_more_in_its_frame(content, more))
    with pytest.raises(UserInputError, match="it goes on behind its end"):
        read_legacy(path, str)


def test_many_frames_and_values_outside_of_them_end_where_they_end() -> None:
    """Long texts stand between frames, and the end may come in a frame of its own or in none."""
    value = {number: "x" * length for number, length in enumerate([1, 70_000, 3, 200_000, 66_000] * 4)}
    for protocol in (4, 5):
        content = original.pickled([value, "y" * 100_000], protocol)
        assert load(content) == [value, "y" * 100_000]
        with pytest.raises(PickleRefusedError, match="behind its end"):
            load(content + b"N")
    assert load(b"\x80\x04N.") is None
    assert load(original.pickled("z" * 100_000)) == "z" * 100_000

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from inspection_corpus import bomb, good, hostile, long_gif, picture, saved

from imagefap_scraper.inspection.formats import Format, detect, extension, read_header

GOOD = good()


@pytest.mark.parametrize("name", GOOD)
def test_header_says_size_and_completeness(name: str) -> None:
    header = read_header(GOOD[name].content)
    assert header is not None
    size = (1200, 900) if name == "large jpeg" else (120, 90)
    assert (header.width, header.height) == size
    assert header.complete


@pytest.mark.parametrize(
    ("name", "frames"), [("animated gif", 4), ("apng", 4), ("animated webp", 4), ("tiff of pages", 2), ("jpeg", 1)]
)
def test_header_counts_frames(name: str, frames: int) -> None:
    header = read_header(GOOD[name].content)
    assert header is not None
    assert header.frames == frames


@pytest.mark.parametrize("name", GOOD)
def test_the_last_byte_missing_is_seen(name: str) -> None:
    if " and " in name or name in {"mpo", "tiff", "big tiff", "packed tiff", "tiff of pages"}:
        pytest.skip("bytes after the end, or data that does not lie at the end")
    header = read_header(GOOD[name].content[:-1])
    assert header is not None
    assert not header.complete


def test_detection_is_by_content_and_extensions_follow() -> None:
    formats = {"jpeg": "jpg", "png": "png", "gif": "gif", "webp": "webp", "bmp": "bmp", "tiff": "tiff", "avif": "avif"}
    for name, expected in formats.items():
        found = detect(GOOD[name].content)
        assert found == name.upper()
        assert found is not None
        assert extension(found) == expected
    assert detect(b"BM, a text that begins so") is None
    assert detect(b"\0\0\0\x10ftypmp42\0\0\0\0") is None
    assert read_header(b"") is None


SEEDS = [case.content for case in {**GOOD, **hostile()}.values() if len(case.content) < 20_000]


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from(SEEDS),
    st.lists(st.tuples(st.integers(0, 20_000), st.binary(max_size=8)), max_size=6),
    st.floats(0, 1),
)
def test_no_bytes_make_it_raise(seed: bytes, changes: list[tuple[int, bytes]], cut: float) -> None:
    content = bytearray(seed)
    for place, data in changes:
        content[place : place + len(data)] = data
    read_header(bytes(content[: int(len(content) * cut) + 1]))
    header = read_header(bytes(content))
    assert header is None or (header.width >= 0 and header.height >= 0)


@pytest.mark.parametrize(
    "content",
    [
        b"\xff\xd8" + b"\xff" * 2**24,
        b"\xff\xd8" + b"\xff\xe0\0\2" * 2**22,
        b"\xff\xd8\xff\xda\0\2" + b"\xff\0" * 2**23,
        b"\x89PNG\r\n\x1a\n" + bytes(2**24),
        b"GIF89a\x08\0\x08\0\0\0\0!\xfe" + b"\1\1" * 2**23,
        b"GIF89a\x08\0\x08\0\0\0\0" + bytes(2**24),
        b"RIFF\xff\xff\xff\xffWEBP" + bytes(2**24),
        b"II*\0\x08\0\0\0" + b"\xff\0" * 2**23,
        b"\0\0\0\x10ftypavif\0\0\0\0" + b"\0\0\0\x08meta" * 2**21,
        b"\0\0\0\x10ftypavif\0\0\0\0\0\0\0\0meta" + b"ispe" * 2**22,
    ],
    ids=range(10),
)
def test_bytes_built_to_be_slow_are_read_in_time(content: bytes) -> None:
    start = time.process_time()
    header = read_header(content)
    assert time.process_time() - start < 2.0
    assert header is not None
    assert not header.complete


def test_a_file_of_more_blocks_than_are_walked_is_judged_by_its_end() -> None:
    comment = b"!\xfe" + b"\1x" * 1_100_000 + b"\0"
    content = saved(picture(8, 8), "GIF")
    long = content[:-1] + comment + b";"
    header = read_header(long)
    assert header is not None
    assert header.complete
    cut = read_header(long[:-1])
    assert cut is not None
    assert not cut.complete


def test_bombs_cost_nothing_to_look_at() -> None:
    header = read_header(bomb(20_000))
    assert header is not None
    assert (header.format, header.width, header.height, header.complete) == (Format.PNG, 20_000, 20_000, True)
    counted = read_header(long_gif(10_000))
    assert counted is not None
    assert counted.frames == 10_000

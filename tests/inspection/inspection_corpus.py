"""Good and hostile files, all made here."""

from __future__ import annotations

import io
import struct
import zlib
from functools import cache
from typing import Any, NamedTuple

import numpy as np
from PIL import Image


class Case(NamedTuple):
    """A file, what it must be found to be, and a piece of the reason."""

    content: bytes
    outcome: str
    reason: str = ""


def picture(width: int = 120, height: int = 90, mode: str = "RGB") -> Image.Image:
    """Return a coloured gradient with a grid in it."""
    across = np.linspace(0, 255, width)[None, :].repeat(height, 0)
    down = np.linspace(0, 255, height)[:, None].repeat(width, 1)
    grid = (np.indices((height, width)).sum(0) // 13 % 2) * 255.0
    return Image.fromarray(np.stack([across, down, grid], -1).astype(np.uint8)).convert(mode)


def saved(image: Image.Image, image_format: str, **options: Any) -> bytes:
    stream = io.BytesIO()
    # A copy: saving a JPEG leaves its options in the picture, and other formats then stumble over them.
    image.copy().save(stream, image_format, **options)
    return stream.getvalue()


def frames(count: int) -> list[Image.Image]:
    return [picture().rotate(10 * number) for number in range(count)]


def animation(image_format: str, count: int = 4) -> bytes:
    first, *others = frames(count)
    return saved(first, image_format, save_all=True, append_images=others, duration=100)


def png_chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width: int, height: int, data: bytes) -> bytes:
    """Return a PNG of one bit a pixel with this compressed data."""
    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    chunks = png_chunk(b"IHDR", header) + png_chunk(b"IDAT", data) + png_chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + chunks


@cache
def bomb(side: int) -> bytes:
    """Return a square PNG of zeros: a few kilobytes that unfold to side x side pixels."""
    packer = zlib.compressobj(9)
    row = bytes(1 + (side + 7) // 8)
    data = b"".join(packer.compress(row) for _ in range(side)) + packer.flush()
    return png(side, side, data)


@cache
def long_gif(count: int, side: int = 8) -> bytes:
    """Return a GIF of so many equal frames of one colour."""
    single = saved(Image.new("P", (side, side)), "GIF")
    flags = single[10]
    start = 13 + (3 << ((flags & 7) + 1) if flags & 0x80 else 0)
    return single[:start] + single[start:-1] * count + b";"


def slow_gif() -> bytes:
    """Return a GIF within the limits that takes seconds to decode."""
    return long_gif(600, 1000)


def good() -> dict[str, Case]:
    """Return files that must be whole, each of another kind."""
    jpeg, plain = saved(picture(), "JPEG"), picture()
    sixteen_bit = Image.fromarray((np.arange(120 * 90).reshape(90, 120) * 6).astype(np.uint16))
    files = {
        "jpeg": jpeg,
        "progressive": saved(plain, "JPEG", progressive=True),
        "grey jpeg": saved(picture(mode="L"), "JPEG"),
        "cmyk jpeg": saved(picture(mode="CMYK"), "JPEG"),
        "mpo": saved(plain, "MPO", save_all=True, append_images=[picture(60, 45)]),
        "mpo without its second picture": stripped_mpo(),
        "large jpeg": saved(picture(1200, 900), "JPEG"),
        "jpeg with a thumbnail inside": with_thumbnail(jpeg),
        "jpeg and zip": jpeg + b"PK\x05\x06" + bytes(18),
        "jpeg and html": jpeg + b"<html><script>alert(1)</script></html>",
        "jpeg with garbage in its data": jpeg[:-300] + bytes(range(1, 101)) + jpeg[-200:],
        "png": saved(plain, "PNG"),
        "png and pdf": saved(plain, "PNG") + b"%PDF-1.7\n",
        "palette png": saved(picture(mode="P"), "PNG"),
        "16 bit png": saved(sixteen_bit, "PNG"),
        "transparent png": saved(picture(mode="RGBA"), "PNG"),
        "apng": animation("PNG"),
        "gif": saved(plain, "GIF"),
        "animated gif": animation("GIF"),
        "gif and zeros": animation("GIF") + bytes(7),
        "webp": saved(plain, "WEBP"),
        "lossless webp": saved(plain, "WEBP", lossless=True),
        "animated webp": animation("WEBP"),
        "bmp": saved(plain, "BMP"),
        "palette bmp": saved(picture(mode="P"), "BMP"),
        "tiff": saved(plain, "TIFF"),
        "packed tiff": saved(plain, "TIFF", compression="tiff_lzw"),
        "tiff of pages": saved(plain, "TIFF", save_all=True, append_images=[picture(60, 45)]),
        "big tiff": saved(plain, "TIFF", big_tiff=True),
        "avif": saved(plain, "AVIF"),
        "animated avif": animation("AVIF"),
    }
    return {name: Case(content, "whole") for name, content in files.items()}


def stripped_mpo() -> bytes:
    both = saved(picture(), "MPO", save_all=True, append_images=[picture(60, 45)])
    return both[: both.index(b"\xff\xd9") + 2]


def with_thumbnail(jpeg: bytes) -> bytes:
    """Put a whole small JPEG, its end mark included, into an application segment."""
    thumbnail = saved(picture(20, 15), "JPEG")
    return jpeg[:2] + b"\xff\xe5" + struct.pack(">H", len(thumbnail) + 2) + thumbnail + jpeg[2:]


def hostile() -> dict[str, Case]:
    """Return files that must be kept out, or stored without being decoded."""
    jpeg, whole_png = saved(picture(), "JPEG"), saved(picture(), "PNG")
    middle = len(whole_png) // 2
    cases = {
        "nothing": Case(b"", "broken", "empty"),
        "one byte": Case(b"\xff", "broken", "none of the picture formats"),
        "signature alone": Case(b"\xff\xd8\xff", "broken", "cut: JPEG"),
        "jpeg without a scan": Case(jpeg[: jpeg.index(b"\xff\xda")] + b"\xff\xd9", "broken", "cut: JPEG"),
        "html": Case(b"\n<!DOCTYPE html><title>Not found</title>", "broken", "text/HTML instead"),
        "text": Case(b"Too many requests\n", "broken", "text instead"),
        "svg": Case(b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>', "broken", "SVG"),
        "pdf": Case(b"%PDF-1.7\n" + jpeg, "broken", "PDF"),
        "eps": Case(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "broken", "EPS"),
        "zip": Case(b"PK\x03\x04" + bytes(40) + jpeg, "broken", "ZIP"),
        "photoshop": Case(b"8BPS\0\1" + bytes(60), "broken", "Photoshop"),
        "ppm": Case(saved(picture(), "PPM"), "broken", "none of"),
        "tga": Case(saved(picture(), "TGA"), "broken", "none of"),
        "jpeg scan of zeros": Case(jpeg[:200] + bytes(4000) + b"\xff\xd9", "broken", ""),
        "png garbage in the middle": Case(
            whole_png[:middle] + b"\xa5" * 200 + whole_png[middle + 200 :], "broken", "damaged PNG"
        ),
        "png without data": Case(png(10, 10, b"")[:33] + png_chunk(b"IEND", b""), "broken", "cut: PNG"),
        "png of too few rows": Case(png(100, 100, zlib.compress(bytes(50))), "broken", "damaged PNG"),
        "png of no width": Case(png(0, 10, zlib.compress(bytes(10))), "broken", "damaged PNG"),
        "png that is twenty thousand square": Case(bomb(20_000), "unchecked", "20000x20000 pixels"),
        "png that claims two thousand million": Case(
            png(2**31 - 1, 2**31 - 1, zlib.compress(bytes(9))), "unchecked", "pixels"
        ),
        "huge and cut": Case(bomb(20_000)[:-20], "broken", "cut: PNG"),
        "gif of ten thousand frames": Case(long_gif(10_000), "unchecked", "2,000 frames"),
        "gif of large frames": Case(long_gif(1_100, 1000), "unchecked", "1,000,000,000 pixels"),
        "gif without a frame": Case(b"GIF89a\x08\0\x08\0\0\0\0;", "broken", "cut: GIF"),
        "gif of no size": Case(b"GIF89a\0\0\0\0\0\0\0,\0\0\0\0\0\0\0\0\0\x02\x01\x01\0;", "broken", "damaged GIF"),
        "webp of nothing": Case(b"RIFF\x0c\0\0\0WEBPVP8 \0\0\0\0", "broken", "damaged WEBP"),
        "avif of nothing": Case(b"\0\0\0\x10ftypavif\0\0\0\0", "broken", "cut: AVIF"),
        "tiff whose pages go in a circle": Case(circular_tiff(), "broken", ""),
        "bmp of a negative width": Case(negative_bmp(), "broken", "cut: BMP"),
    }
    for name in ("jpeg", "progressive", "png", "apng", "animated gif", "webp", "animated webp", "bmp", "tiff", "avif"):
        content = good()[name].content
        for share in (0.5, 0.99, 0.999):
            cases[f"{name} cut at {share}"] = Case(content[: int(len(content) * share)], "broken", "cut")
    return cases


def circular_tiff() -> bytes:
    """Return a TIFF whose first page names itself as the next, and no data."""
    entry = struct.pack("<HHII", 256, 3, 1, 4)
    return b"II*\0" + struct.pack("<I", 8) + struct.pack("<H", 1) + entry + struct.pack("<I", 8)


def negative_bmp() -> bytes:
    content = bytearray(saved(picture(), "BMP"))
    content[18:22] = struct.pack("<i", -120)
    return bytes(content)

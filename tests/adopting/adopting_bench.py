"""Small pictures, directories of them, and what an archive holds afterwards."""

from __future__ import annotations

import hashlib
import io
import os
import sqlite3
import struct
import zlib
from functools import cache
from pathlib import Path
from typing import Any

from PIL import Image

from imagefap_scraper.review.progress import Silence

SILENCE = Silence()


@cache
def gradient(seed: int) -> Image.Image:
    image = Image.new("RGB", (48, 36))
    image.putdata([(x * 5 % 256, y * 7 % 256, (x * y + 31 * seed) % 256) for y in range(36) for x in range(48)])
    return image


@cache
def picture(number: int, image_format: str = "JPEG") -> bytes:
    """Return a small picture whose bytes no other number has."""
    stream = io.BytesIO()
    gradient(number % 4).copy().save(stream, image_format)
    content = stream.getvalue()
    if image_format == "JPEG":
        return content[:-2] + b"\xff\xfe\x00\x0a%08d" % number + b"\xff\xd9"
    return content


@cache
def too_large() -> bytes:
    """Return a small PNG that unfolds to more pixels than are decoded."""
    side = 10_500

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    data = zlib.compress(bytes(1 + (side + 7) // 8) * side)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def write(path: Path | bytes, content: bytes) -> None:
    place = Path(os.fsdecode(path))
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(content)


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def ask(archive: Path, query: str, *parameters: Any) -> list[tuple[Any, ...]]:
    connection = sqlite3.connect(f"file:{archive / 'imagefap.database'}?mode=ro", uri=True)
    try:
        return connection.execute(query, parameters).fetchall()
    finally:
        connection.close()


def dump(archive: Path) -> dict[str, list[tuple[Any, ...]]]:
    """Return every row of what an import writes, attempts and dates among them."""
    tables = ("users", "folders", "images", "favorites", "blobs", "files", "intents")
    return {table: ask(archive, f"SELECT * FROM {table} ORDER BY 1, 2, 3") for table in tables}


def blobs_on_disk(archive: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (archive / "blobs").iterdir()}


def tree_state(root: Path) -> dict[str, tuple[int, int, bytes | str]]:
    """Return what a directory holds, with times and link counts: what was read must be as it was."""
    found: dict[str, tuple[int, int, bytes | str]] = {}
    for path in sorted(root.rglob("*")):
        status = path.lstat()
        content = path.read_bytes() if path.is_file() and not path.is_symlink() and os.access(path, os.R_OK) else ""
        found[os.fsencode(path).hex()] = (status.st_mtime_ns, status.st_nlink, content)
    return found


def check_whole(archive: Path) -> None:
    """No row without its file, no file without its row, nothing left over."""
    files = {path for (path,) in ask(archive, "SELECT path FROM files")}
    assert files == {f"blobs/{name}" for name in blobs_on_disk(archive)}
    for name, content in blobs_on_disk(archive).items():
        assert name.split(".")[0] == sha256(content)
    stored = {digest for (digest,) in ask(archive, "SELECT sha256 FROM images WHERE status = 'stored'")}
    assert {name.split(".")[0] for name in blobs_on_disk(archive)} == stored
    assert ask(archive, "SELECT * FROM intents") == []
    assert list((archive / ".imagefap" / "tmp").iterdir()) == []

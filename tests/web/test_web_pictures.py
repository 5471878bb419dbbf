from __future__ import annotations

import hashlib
import io
import os
import struct
import zlib
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import TYPE_CHECKING, NamedTuple

import httpx2 as httpx
import pytest
from fastapi import FastAPI
from PIL import Image
from sqlalchemy.orm import Session

from imagefap_scraper.database.migrations import upgrade
from imagefap_scraper.database.models import Blob, StoredFile
from imagefap_scraper.database.session import DATABASE_NAME, database_url, open_writer
from imagefap_scraper.inspection.pool import InspectionPool
from imagefap_scraper.review.workplace import Workplace
from imagefap_scraper.storage.files import ArchiveDirectory
from imagefap_scraper.web.pictures.thumbnails import Thumbnails
from imagefap_scraper.web.routes.pictures import router

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

SEEN = datetime(2024, 1, 1, tzinfo=UTC)
SVG = b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
HTML = b"<!doctype html><script>alert(1)</script>"
TYPES = {
    "JPEG": ("image/jpeg", "jpg"),
    "PNG": ("image/png", "png"),
    "GIF": ("image/gif", "gif"),
    "WEBP": ("image/webp", "webp"),
    "BMP": ("image/bmp", "bmp"),
    "AVIF": ("image/avif", "avif"),
    "TIFF": ("image/tiff", "tiff"),
}
ROUTES = ("blobs", "thumbs", "previews")


def saved(image_format: str, red: int = 200, size: tuple[int, int] = (800, 600)) -> bytes:
    stream = io.BytesIO()
    Image.new("RGB", size, (red, 90, 40)).save(stream, image_format)
    return stream.getvalue()


def bomb() -> bytes:
    """Return a PNG of a few bytes whose header says 50,000 x 50,000 pixels."""
    parts = [
        (b"IHDR", struct.pack(">IIBBBBB", 50_000, 50_000, 8, 2, 0, 0, 0)),
        (b"IDAT", zlib.compress(bytes(9))),
        (b"IEND", b""),
    ]
    chunks = [
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in parts
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


class World(NamedTuple):
    """An archive, and a browser's way to it."""

    directory: ArchiveDirectory
    client: httpx.AsyncClient
    archive: SimpleNamespace

    def store(
        self, content: bytes, image_format: str, *, state: str = "live", paths: tuple[str, ...] = ()
    ) -> tuple[str, Path]:
        """Store bytes as a crawl does; return their SHA-256 and where the first file is."""
        sha256 = hashlib.sha256(content).hexdigest()
        extension = TYPES.get(image_format, ("", "xyz"))[1]
        paths = paths or (f"blobs/{sha256}.{extension}",)
        kept = None
        engine = open_writer(database_url(self.directory.root))
        with Session(engine) as session:
            if state != "live":
                kept = hashlib.sha256(sha256.encode()).hexdigest()
                session.add(Blob(sha256=kept, extension="jpg", format="JPEG", size=1, stored_at=SEEN))
                session.flush()
            session.add(
                Blob(
                    sha256=sha256,
                    extension=extension,
                    format=image_format,
                    size=len(content),
                    stored_at=SEEN,
                    state=state,
                    kept_as=kept,
                    trashed_at=None if state == "live" else SEEN,
                )
            )
            session.flush()
            session.add_all(StoredFile(path=path, sha256=sha256, layout="blobs") for path in paths)
            session.commit()
        engine.dispose()
        for path in paths:
            if not path.startswith(("/", "..")):
                file = self.directory.root / path
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(content)
        return sha256, self.directory.root / paths[0]


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    directory = ArchiveDirectory(tmp_path / "archive")
    directory.prepare()
    engine = open_writer(database_url(directory.root))
    upgrade(engine)
    engine.dispose()
    workplace = Workplace(directory, directory.root / DATABASE_NAME)
    pool = InspectionPool(1)
    app = FastAPI(openapi_url="/api/openapi.json")
    app.include_router(router)
    archive = SimpleNamespace(workplace=workplace, reading=workplace.reading, thumbnails=Thumbnails(directory, pool))
    app.state.archive = archive
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000") as client:
        yield World(directory, client, archive)
    await pool.close()


@pytest.mark.parametrize("image_format", TYPES)
async def test_every_format_is_sent_as_what_it_is(world: World, image_format: str) -> None:
    content = saved(image_format)
    sha256, _ = world.store(content, image_format)
    answer = await world.client.get(f"/blobs/{sha256}")
    media_type, extension = TYPES[image_format]
    assert (answer.status_code, answer.content) == (200, content)
    assert answer.headers["content-type"] == media_type
    assert answer.headers["content-length"] == str(len(content))
    assert answer.headers["content-disposition"] == f'inline; filename="{sha256[:10]}.{extension}"'
    assert answer.headers["cache-control"] == "private, max-age=31536000, immutable"
    assert answer.headers["etag"] == f'"{sha256}"'


@pytest.mark.parametrize(("route", "size"), [("thumbs", (384, 192)), ("previews", (2048, 1024))])
@pytest.mark.parametrize("image_format", ["JPEG", "TIFF", "GIF"])
async def test_small_ones_are_webp(world: World, route: str, size: tuple[int, int], image_format: str) -> None:
    sha256, _ = world.store(saved(image_format, size=(4000, 2000)), image_format)
    answer = await world.client.get(f"/{route}/{sha256}")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "image/webp"
    assert answer.headers["content-disposition"] == f'inline; filename="{sha256[:10]}.webp"'
    assert answer.headers["content-length"] == str(len(answer.content))
    with Image.open(io.BytesIO(answer.content), formats=["WEBP"]) as image:
        assert image.size == size


async def test_each_kind_has_a_tag_of_its_own_and_is_not_sent_twice(world: World) -> None:
    sha256, _ = world.store(saved("JPEG"), "JPEG")
    tags = []
    for route in ROUTES:
        address = f"/{route}/{sha256}"
        whole = await world.client.get(address)
        tags.append(whole.headers["etag"])
        for named in (tags[-1], f'"x", W/{tags[-1]}', "*"):
            again = await world.client.get(address, headers={"If-None-Match": named})
            assert (again.status_code, again.content) == (304, b"")
            assert again.headers["etag"] == tags[-1]
            assert again.headers["cache-control"] == whole.headers["cache-control"]
        other = await world.client.get(address, headers={"If-None-Match": f'"{sha256}x"'})
        assert other.status_code == 200
    assert len(set(tags)) == 3


@pytest.mark.parametrize("route", ROUTES)
async def test_head_says_the_same_as_get(world: World, route: str) -> None:
    sha256, _ = world.store(saved("JPEG"), "JPEG")
    got, head = [await world.client.request(method, f"/{route}/{sha256}") for method in ("GET", "HEAD")]
    assert head.status_code == 200
    assert dict(head.headers) == dict(got.headers)
    assert (await world.client.head(f"/{route}/{'0' * 64}")).status_code == 404
    assert (await world.client.post(f"/{route}/{sha256}")).status_code == 405


@pytest.mark.parametrize("route", ROUTES)
async def test_what_is_no_sha256_is_not_found(world: World, route: str) -> None:
    sha256, _ = world.store(saved("JPEG"), "JPEG")
    secret = world.directory.root.parent / "secret.jpg"
    secret.write_bytes(saved("JPEG"))
    # The database is not even asked.
    world.archive.reading = None
    for name in (
        "..", "%2e%2e", "..%2fsecret.jpg", "%2e%2e%2fsecret.jpg", "../secret.jpg", "....//secret.jpg", "%00", "",
        sha256[:-1], f"{sha256}0", sha256.upper(), f"{sha256}.jpg", f"{sha256}%0a", f"{sha256}%00", f" {sha256[1:]}",
        f"{sha256}/..", f"blobs%2f{sha256}.jpg", str(secret), "\N{FULLWIDTH DIGIT ONE}" * 64, "g" * 64, "' OR 1=1 --",
    ):  # fmt: skip
        answer = await world.client.get(f"/{route}/{name}")
        assert answer.status_code == 404, name
        assert b"\xff\xd8" not in answer.content


@pytest.mark.parametrize("route", ROUTES)
async def test_states(world: World, route: str) -> None:
    trashed, _ = world.store(saved("JPEG", 20), "JPEG", state="trashed", paths=(".imagefap/trash/blobs/one.jpg",))
    purged, _ = world.store(saved("JPEG", 80), "JPEG", state="purged")
    foreign, _ = world.store(SVG, "SVG")
    missing, path = world.store(saved("JPEG", 140), "JPEG")
    path.unlink()
    status = {}
    for name, sha256 in {
        "trashed": trashed,
        "purged": purged,
        "foreign": foreign,
        "missing": missing,
        "no": "0" * 64,
    }.items():
        answer = await world.client.get(f"/{route}/{sha256}")
        status[name] = answer.status_code
        if answer.status_code != 200:
            assert answer.headers["content-type"].startswith("text/plain")
            assert answer.headers["cache-control"] == "no-store"
            assert len(answer.text) < 150
    assert status == {"trashed": 200, "purged": 404, "foreign": 404, "missing": 404, "no": 404}


@pytest.mark.parametrize("size", ["another", "the same"])
async def test_any_of_its_files_will_do(world: World, size: str) -> None:
    content = saved("JPEG")
    sha256, first = world.store(content, "JPEG", paths=("anna/Flowers/1.jpg", "anna/Flowers/2.jpg"))
    first.write_bytes(HTML if size == "another" else content[:600].ljust(len(content)))
    assert (await world.client.get(f"/blobs/{sha256}")).content == content
    assert (await world.client.get(f"/thumbs/{sha256}")).status_code == 200


async def test_what_the_disk_changed_is_sent_and_never_kept(world: World) -> None:
    content = saved("JPEG")
    sha256, path = world.store(content, "JPEG")
    damaged = content[:600].ljust(len(content))
    path.write_bytes(damaged)
    for method in ("GET", "HEAD"):
        answer = await world.client.request(method, f"/blobs/{sha256}")
        assert answer.status_code == 200
        assert answer.content == (damaged if method == "GET" else b"")
        assert answer.headers["cache-control"] == "no-store"
        assert "etag" not in answer.headers
    assert (await world.client.get(f"/thumbs/{sha256}")).status_code == 404
    path.write_bytes(content)
    assert "immutable" in (await world.client.get(f"/blobs/{sha256}")).headers["cache-control"]


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize(
    ("swap", "words"),
    [
        ("html", "has another size"),
        ("svg", "has another size"),
        ("other format", "bytes have changed"),
        ("same size html", "bytes have changed"),
        ("cut", "has another size"),
        ("longer", "has another size"),
        ("link", "taken its place"),
        ("directory", "taken its place"),
        ("pipe", "taken its place"),
    ],
)
async def test_a_file_that_was_swapped_is_not_sent(world: World, route: str, swap: str, words: str) -> None:
    content = saved("JPEG")
    sha256, path = world.store(content, "JPEG")
    others = {
        "html": HTML,
        "svg": SVG,
        "other format": saved("PNG").ljust(len(content), b"\0")[: len(content)],
        "same size html": HTML.ljust(len(content)),
        "cut": content[:-1],
        "longer": content + b"<script>",
    }
    path.unlink()
    if swap == "link":
        outside = world.directory.root.parent / "outside.jpg"
        outside.write_bytes(content)
        path.symlink_to(outside)
    elif swap == "directory":
        path.mkdir()
    elif swap == "pipe":
        os.mkfifo(path)
    else:
        path.write_bytes(others[swap])
    answer = await world.client.get(f"/{route}/{sha256}")
    assert answer.status_code == 404
    assert answer.text.startswith("File damaged. ")
    assert words in answer.text


@pytest.mark.parametrize("path", ["../outside.jpg", "/etc/outside.jpg", "linked/outside.jpg"])
async def test_a_path_that_leads_out_is_not_followed(world: World, path: str) -> None:
    content = saved("JPEG")
    outside = world.directory.root.parent / "elsewhere"
    outside.mkdir()
    (outside / "outside.jpg").write_bytes(content)
    (world.directory.root.parent / "outside.jpg").write_bytes(content)
    (world.directory.root / "linked").symlink_to(outside, target_is_directory=True)
    sha256, _ = world.store(content, "JPEG", paths=(path,))
    for route in ROUTES:
        assert (await world.client.get(f"/{route}/{sha256}")).status_code == 404


@pytest.mark.parametrize(
    ("content", "image_format", "reason"),
    [
        (saved("JPEG")[:-9], "JPEG", "cut: JPEG without its end"),
        (bomb(), "PNG", "50000x50000 pixels"),
        (HTML, "JPEG", None),
        (SVG, "PNG", None),
    ],
)
@pytest.mark.parametrize("route", ["thumbs", "previews"])
async def test_what_cannot_be_made_small(
    world: World, content: bytes, image_format: str, reason: str | None, route: str
) -> None:
    sha256, _ = world.store(content, image_format)
    for _ in range(2):
        answer = await world.client.get(f"/{route}/{sha256}")
        assert answer.status_code == (422 if reason else 404)
        assert answer.headers["content-type"].startswith("text/plain")
        assert (reason or "The file of this picture cannot be shown.") in answer.text
        assert answer.headers["cache-control"] == "no-store"


async def test_the_description_names_each_address_once(world: World) -> None:
    described = (await world.client.get("/api/openapi.json")).json()
    assert sorted(described["paths"]) == ["/blobs/{sha256}", "/previews/{sha256}", "/thumbs/{sha256}"]
    assert {tuple(found) for found in described["paths"].values()} == {("get",)}

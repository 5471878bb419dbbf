"""An archive with pictures of known kinship, as a read crawl leaves it, and what a person sees of it afterwards."""

from __future__ import annotations

import hashlib
import io
import sqlite3
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image, ImageDraw

from imagefap_scraper.archive import Archive
from imagefap_scraper.database import groups as stored
from imagefap_scraper.database import writes
from imagefap_scraper.database.session import DATABASE_NAME
from imagefap_scraper.inspection.decode import inspect
from imagefap_scraper.inspection.result import Limits
from imagefap_scraper.items import FavoriteItem, FolderItem, FolderKind, ImageItem, ImageStatus, UserItem
from imagefap_scraper.review.finding import FindReport, find
from imagefap_scraper.review.progress import Silence
from imagefap_scraper.review.workplace import Workplace
from imagefap_scraper.storage.files import ArchiveDirectory

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from imagefap_scraper.database.groups import StoredGroup
    from imagefap_scraper.review.options import Options

#: What the journal itself keeps; everything else is as before once a decision is undone.
JOURNAL = ("actions",)


def picture(seed: int, width: int = 480, height: int = 360) -> Image.Image:
    """A picture with structure at every scale, different for each seed."""
    random = np.random.default_rng(seed)
    field = np.zeros((height, width, 3))
    for scale in (4, 9, 20, 45):
        coarse = random.random((scale, scale, 3)).astype(np.float32)
        for channel in range(3):
            grey = Image.fromarray(coarse[:, :, channel] * 255).resize((width, height), Image.Resampling.BICUBIC)
            field[:, :, channel] += np.asarray(grey) / scale
    field -= field.min()
    image = Image.fromarray((field / field.max() * 255).astype(np.uint8))
    draw = ImageDraw.Draw(image)
    for _ in range(6):
        x, y, size = random.integers(0, width), random.integers(0, height), random.integers(20, 120)
        colour = tuple(int(level) for level in random.integers(0, 256, 3))
        draw.ellipse((x, y, x + size, y + size), fill=colour)
    return image


def encoded(image: Image.Image, form: str = "JPEG", **options: Any) -> bytes:
    """The file of a picture."""
    buffer = io.BytesIO()
    image.save(buffer, form, **options)
    return buffer.getvalue()


@dataclass
class Bench:
    """An archive in a directory of its own."""

    root: Path
    options: Options
    next_id: int = 1

    @property
    def workplace(self) -> Workplace:
        return Workplace(ArchiveDirectory(self.root), self.root / DATABASE_NAME)

    def add(self, *contents: bytes, folder: int = 10, user: int = 1) -> list[str]:
        """Store files as a read crawl does, each in the folder; return their SHA-256."""
        archive = Archive(self.root, "blobs")
        hashes = []
        try:
            archive.wait_for(lambda connection: writes.record_user(connection, UserItem(user, f"user{user}")))
            for content in contents:
                hashes.append(self._store(archive, content, folder, user))
        finally:
            archive.close()
        return hashes

    def _store(self, archive: Archive, content: bytes, folder: int, user: int) -> str:
        image_id, self.next_id = self.next_id, self.next_id + 1
        sha256 = hashlib.sha256(content).hexdigest()
        favorites = [FavoriteItem(image_id, listed_name=f"picture {image_id}.jpg")]
        item = FolderItem(user, folder, f"folder {folder}", FolderKind.IMAGES, 1, favorites)
        archive.wait_for(lambda connection: writes.record_folder(connection, item))
        found = inspect(content, Limits())
        facts = {
            name: getattr(found, name)
            for name in ("width", "height", "frames", "animated", "phash", "dhash", "hash_version", "flat")
        }
        image = ImageItem(
            image_id, ImageStatus.STORED, sha256=sha256, format=str(found.format), size=len(content), **facts
        )
        choice = archive.store.choose(
            sha256, len(content), extension=str(found.format).lower(), name=None, image_id=image_id
        )
        image.path = choice.path
        if not choice.uptodate:
            archive.store.publish(choice, archive.directory.write_temp(content), fsync=False)
        record = {"layout": "blobs", "extension": choice.path.rpartition(".")[2], "intent_id": None}
        archive.wait_for(lambda connection: writes.record_stored(connection, image, **record))
        return sha256

    def find(self, **options: Any) -> FindReport:
        return find(self.workplace, self.options, Silence(), **options)

    def groups(self, *states: str) -> list[StoredGroup]:
        with self.workplace.reading() as connection:
            return stored.groups(connection, stored.group_ids(connection, states=states))

    def ask(self, sql: str, *values: Any) -> list[Any]:
        connection = sqlite3.connect(self.root / DATABASE_NAME)
        try:
            return connection.execute(sql, values).fetchall()
        finally:
            connection.close()

    def dump(self) -> tuple[list[str], dict[str, str]]:
        """The whole database but the journal, and every file of the directory by its SHA-256."""
        connection = sqlite3.connect(self.root / DATABASE_NAME)
        lines = [
            line for line in connection.iterdump() if not line.startswith(tuple(f'INSERT INTO "{t}"' for t in JOURNAL))
        ]
        connection.close()
        files = {
            str(path.relative_to(self.root)): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in sorted(self.root.rglob("*"))
            if path.is_file()
            and not path.name.startswith(DATABASE_NAME)
            and path.suffix != ".lock"
            and path.name != "lock"
        }
        return lines, files

    def whole(self) -> list[str]:
        """What is wrong between rows and files: nothing, one hopes."""
        wrong = []
        for sha256, state in self.ask("SELECT sha256, state FROM blobs"):
            paths = [path for (path,) in self.ask("SELECT path FROM files WHERE sha256 = ?", sha256)]
            if not paths and state != "purged":
                wrong.append(f"{sha256[:8]} {state} has no file row")
            for path in paths:
                file = self.root / path
                if not file.is_file() or hashlib.sha256(file.read_bytes()).hexdigest() != sha256:
                    wrong.append(f"{sha256[:8]} {state}: {path} is not there or not whole")
        known = {path for (path,) in self.ask("SELECT path FROM files")}
        for place in ("blobs", ".imagefap/trash"):
            for path in (self.root / place).rglob("*"):
                if path.is_file() and str(path.relative_to(self.root)) not in known:
                    wrong.append(f"{path.relative_to(self.root)} has no row")
        return wrong


def family(seed: int) -> Sequence[bytes]:
    """A picture, and three copies of it: compressed again, smaller, another format of the same pixels."""
    image = picture(seed)
    best = encoded(image, quality=92)
    decoded = Image.open(io.BytesIO(best))
    return best, encoded(image, quality=60), encoded(image.resize((240, 180)), quality=85), encoded(decoded, "PNG")
